"""Business calendars by which marks are aged: what is known, and years imported under four eyes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import Query

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.proposal_kinds import CALENDAR_YEAR
from api.deps import Call, ThisCall
from api.schemas.amounts import WholeNumber
from api.schemas.base import Choice
from api.schemas.fields import CodeString, InstantString, NameText, UuidString
from api.schemas.proposals import (
    ApprovalIn,
    CalendarDaysOut,
    CalendarOut,
    CalendarsOut,
    CalendarYearOut,
    CalendarYearsOut,
    RejectionIn,
)
from finance.conventions.calendar_years import FIRST_YEAR, LAST_YEAR, parse_year
from finance.conventions.tables import ReferenceStatus
from finance.operations import calendar_years, four_eyes
from finance.store import calendar_years as calendar_store
from finance.store import market_proposals
from finance.store.market import RawFile
from finance.store.market_proposals import Proposal, ProposalKind
from ledger.core.errors import Invalid

routes = Routes(tag="calendars")

_PAGE = 200
_EXAMPLE = (
    "kind,first_day,last_day\nclosed,2027-01-01,2027-01-01\nclosed,2027-02-05,2027-02-11\nopen,2027-02-14,2027-02-14\n"
)


@routes.upload("/calendar-years", policy=asks(Scope.MARKET_WRITE), types=("text/csv",), example=_EXAMPLE)
def propose_calendar_year(
    call: ThisCall,
    market: CodeString,
    year: Annotated[WholeNumber, Query(description="1990 to 2200.", examples=["2027"])],
    source: Annotated[NameText, Query(description="The notice it was read from, with its date.")],
    status: Annotated[Choice[ReferenceStatus], Query(examples=["official"])] = ReferenceStatus.OFFICIAL,
    file_name: NameText = "calendar.csv",
    proposal_id: UuidString | None = None,
) -> CalendarYearOut:
    """Propose a market's published year: its closed weekdays and open weekend days; it counts once another person approved it."""
    raw = RawFile(file_name=file_name, content=call.upload)
    found = parse_year(_text(raw), market=market, year=_year(year), source=source, status=status, file=raw.file_name)
    proposal = calendar_years.propose_year(
        call.session,
        call.principal.organisation_id,
        found,
        raw,
        proposal_id=proposal_id or call.new_id(),
        actor=call.principal.actor,
        now=call.now,
    )
    return _shown(call, proposal)


@routes.post("/calendar-years/{proposal_id}/approve", policy=asks(Scope.MARKET_APPROVE), status=200)
def approve_calendar_year(proposal_id: UuidString, body: ApprovalIn, call: ThisCall) -> CalendarYearOut:
    """Approve a proposed year as a second person: from now on it is the market's calendar of that year."""
    proposal = call.load(CALENDAR_YEAR, proposal_id)
    change = _change(call, proposal)
    decided = calendar_years.approve_year(
        call.session,
        call.principal.organisation_id,
        proposal,
        sha256=body.sha256,
        actor=call.principal.actor,
        now=call.now,
    )
    return CalendarYearOut.from_core(decided, change)


@routes.post("/calendar-years/{proposal_id}/reject", policy=asks(Scope.MARKET_APPROVE), status=200)
def reject_calendar_year(proposal_id: UuidString, body: RejectionIn, call: ThisCall) -> CalendarYearOut:
    """Reject a proposed year as a second person, with a reason."""
    decided = four_eyes.reject(
        call.session,
        call.principal.organisation_id,
        call.load(CALENDAR_YEAR, proposal_id),
        reason=body.reason,
        actor=call.principal.actor,
        now=call.now,
    )
    return _shown(call, decided)


@routes.get("/calendar-years", policy=asks(Scope.LEDGER_READ))
def list_calendar_years(call: ThisCall) -> CalendarYearsOut:
    """Return the proposed years, the newest first, with what each would change now."""
    found = market_proposals.list_proposals(
        call.session, call.principal.organisation_id, ProposalKind.CALENDAR_YEAR, limit=_PAGE
    )
    return CalendarYearsOut(calendar_years=tuple(_shown(call, proposal) for proposal in found))


@routes.get("/calendar-years/{proposal_id}", policy=asks(Scope.LEDGER_READ))
def read_calendar_year(proposal_id: UuidString, call: ThisCall) -> CalendarYearOut:
    """Return a proposed year with what it would change now."""
    return _shown(call, call.load(CALENDAR_YEAR, proposal_id))


@routes.get("/calendars", policy=asks(Scope.LEDGER_READ))
def list_calendars(call: ThisCall, known_at: InstantString | None = None) -> CalendarsOut:
    """Return every market's calendar by what was known at ``known_at`` (now when absent)."""
    instant = known_at or call.now
    held = calendar_store.load_calendars(call.session, call.principal.organisation_id, known_at=instant)
    return CalendarsOut(
        known_at=instant, calendars=tuple(CalendarOut.from_core(one) for _, one in sorted(held.items()))
    )


@routes.get("/calendars/{market}/{year}", policy=asks(Scope.LEDGER_READ))
def read_calendar_days(
    market: CodeString, year: WholeNumber, call: ThisCall, known_at: InstantString | None = None
) -> CalendarDaysOut:
    """Return the open days of a market's year; a year that is not known is refused, never guessed."""
    instant = known_at or call.now
    held = calendar_store.load_calendar(call.session, call.principal.organisation_id, market, known_at=instant)
    first = date(_year(year), 1, 1)
    days = (first + timedelta(days=number) for number in range(366))
    return CalendarDaysOut(
        market=market,
        year=first.year,
        known_at=instant,
        edition=held.edition,
        open_days=tuple(day for day in days if day.year == first.year and held.calendar.is_open(day)),
    )


def _shown(call: Call, proposal: Proposal) -> CalendarYearOut:
    return CalendarYearOut.from_core(proposal, _change(call, proposal))


def _change(call: Call, proposal: Proposal) -> calendar_years.YearChange:
    year = calendar_store.year_of(proposal.content)
    held = calendar_store.load_calendar(call.session, call.principal.organisation_id, year.market, known_at=call.now)
    return calendar_years.change_by(year, held)


def _year(number: int) -> int:
    if not FIRST_YEAR <= number <= LAST_YEAR:
        raise Invalid("calendar.year", f"year: expected {FIRST_YEAR} to {LAST_YEAR}", field="year")
    return number


def _text(raw: RawFile) -> str:
    try:
        return raw.content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("import.encoding_utf8", f"{raw.file_name}: expected UTF-8 text; export it again") from error
