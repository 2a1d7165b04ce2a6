"""The duties of an organisation's facilities as it may see them, and as one calendar text.

Reads only. Borrower and lenders see every duty of a loan, an assessor the dates of its own engagements, anyone else none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.loans.facility_terms import PartyRole
from finance.loans.ics import CalendarEvent, calendar_text
from finance.loans.obligation_words import standing_of, title_of
from finance.loans.obligations import Obligation
from finance.operations.loan_duties import DueAmount, LoanDuties, assessed_duties, duties_of, load_state
from finance.store import attestations, reviews
from finance.store.facilities import Facility
from ledger.core.amounts import currency_scale, format_units
from ledger.core.errors import DomainError

SEEING = (PartyRole.BORROWER, PartyRole.LENDER, PartyRole.ASSESSOR)
CALENDAR_NAME = "Tonne: loan obligations 贷款义务"


def duties_for(session: Session, facility: Facility, organisation_id: UUID, *, now: datetime) -> LoanDuties:
    """Return the facility's duties that the organisation may see; a loan that cannot be read says why and stops no other."""
    try:
        state = load_state(session, facility, now=now)
        if facility.has_party(organisation_id, PartyRole.BORROWER, PartyRole.LENDER):
            return duties_of(session, state, now=now)
        engaged = attestations.list_engagements(session, assessor_id=organisation_id, facility_id=facility.facility_id)
        return assessed_duties(session, state, engaged, now=now)
    except DomainError as refusal:
        return LoanDuties(facility=facility, duties=(), amounts={}, unknown=(refusal.code,))


def page_duties(
    session: Session, organisation_id: UUID, *, after: UUID | None, limit: int, now: datetime
) -> tuple[LoanDuties, ...]:
    """Return the duties of up to ``limit`` of the organisation's facilities, by id from the one after ``after`` on."""
    found = reviews.page_facilities(session, organisation_id, roles=SEEING, after=after, limit=limit)
    return tuple(duties_for(session, each, organisation_id, now=now) for each in found)


def duty_calendar(found: Iterable[LoanDuties], *, since: date, until: date, now: datetime) -> str:
    """Return one RFC 5545 calendar of the duties whose day lies in [``since``, ``until``), stamped with ``now``.

    What is owed until a cut-off stands at that UTC instant, everything else on its day. A duty keeps its UID for ever.
    """
    events = [event for each in found for event in duty_events(each, since=since, until=until)]
    return calendar_text(events, stamp=now.replace(microsecond=0), name=CALENDAR_NAME)


def duty_events(found: LoanDuties, *, since: date, until: date) -> Iterator[CalendarEvent]:
    """Yield the event of each duty whose day lies in [``since``, ``until``)."""
    for duty in found.duties:
        if since <= duty.due_on < until:
            yield _event(found.facility, duty, found.amounts.get(duty.obligation_id))


def _event(facility: Facility, duty: Obligation, amount: DueAmount | None) -> CalendarEvent:
    (title_en, title_zh), (state_en, state_zh) = title_of(duty), standing_of(duty)
    lines = [title_en, title_zh, state_en, state_zh, f"Facility 贷款: {facility.facility_number}"]
    if amount is not None:
        shown = format_units(amount.minor, currency_scale(amount.currency))
        lines.append(f"Amount 金额: {shown} {amount.currency}{' (projected 预计)' if amount.is_projected else ''}")
    if duty.is_provisional:
        lines.append("The day may still move: its calendar is not published. 日期待日历公布后确定。")
    return CalendarEvent(
        uid=f"{duty.obligation_id}.{facility.facility_id}@tonne",
        at=duty.due_at or duty.due_on,
        summary=f"{title_en} ({facility.facility_number})",
        description="\n".join(lines),
        category=duty.duty.value,
        is_tentative=duty.is_provisional,
    )
