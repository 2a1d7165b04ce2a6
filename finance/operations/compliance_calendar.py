"""What a shortfall would cost, which older years are in arrears, and how the calendar's steps stand in a book.

Reads only. Prices come from the organisation's own observations, duties from approved verifications, surrenders from the
ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.compliance import deadline_calendar, penalties
from finance.compliance.allocation_steps import AllocationState
from finance.compliance.deadline_calendar import CalendarStep, DeadlineState, Sector
from finance.compliance.penalties import BaseKind, BasePrice, Penalty, PricedDay
from finance.loans.ics import CalendarEvent, calendar_text
from finance.market.marks import Mark
from finance.market.observations import PriceBasis, current_revisions
from finance.operations.allocations import standing_verification, state_of
from finance.operations.compliance import surrendered_by
from finance.store import compliance as store
from finance.store import market as market_store
from finance.store import reference
from finance.store import trades as trade_store
from finance.store.compliance import ProposalKind
from ledger.core.errors import NotFound

CALENDAR_NAME = "Tonne: carbon compliance 碳市场履约"
_CLOSES = (PriceBasis.COMPOSITE_CLOSE, PriceBasis.LISTED_CLOSE)
_SURRENDER = "surrender"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrear:
    """An older year whose deadline has passed with tonnes missing; vintages that may settle it are the rules'."""

    year: int
    due_t: int
    surrendered_t: int
    due_on: date

    @property
    def missing_t(self) -> int:
        """Return what is still due."""
        return self.due_t - self.surrendered_t


def fine_for(
    session: Session,
    organisation_id: UUID,
    *,
    year: int,
    missing_t: int,
    on: date,
    known_at: datetime,
    mark: Mark | None,
) -> Penalty | None:
    """Return the range of the fine for tonnes missing at the deadline of ``year``, None without a deadline or any price.

    The base is the mean of the month before the deadline by what was known; until that month is over the mark stands in
    and the fine says that it is provisional.
    """
    sanctions = reference.shipped_sanctions()
    deadline = surrender_day(year)
    if deadline is None:
        return None
    first, last, _ = penalties.base_window(sanctions, deadline=deadline)
    series = sanctions.lookup("fine_base_instrument", on=deadline).word().upper()
    seen = market_store.list_observations(
        session, organisation_id, instruments=(series,), since=first, until=last, known_at=known_at
    )
    days = {
        each.trade_date: PricedDay(on=each.trade_date, price_cny_per_t=each.value, volume_t=each.volume_t)
        for basis in reversed(_CLOSES)
        for each in current_revisions(seen)
        if each.price_basis is basis and each.value is not None and (each.currency, each.unit) == ("CNY", "t")
    }
    base = penalties.base_price(
        tuple(days[day] for day in sorted(days)),
        first=first,
        last=last,
        seen_on=min(on, known_at.date()) if days else on,
        source=f"{series}, closes of {first} to {last} as observed",
        mark=_provisional(mark, first=first, last=last),
    )
    return None if base is None else penalties.penalty(sanctions, missing_t=missing_t, base=base, on=deadline)


def arrears_of(session: Session, book_id: int, *, before: int, on: date, known_at: datetime) -> tuple[Arrear, ...]:
    """Return the years before ``before`` with a deadline on file that has passed and tonnes still missing, oldest first."""
    found = []
    for year in deadline_calendar.deadline_years(reference.shipped_deadlines()):
        due_on = surrender_day(year)
        if year >= before or due_on is None or on <= due_on:
            continue
        verification = standing_verification(session, book_id, year=year, on=on, known_at=known_at)
        if verification is None:
            continue
        arrear = Arrear(
            year=year,
            due_t=int(verification.document["tonnes"]),
            surrendered_t=surrendered_by(session, book_id, [on], year=year)[0],
            due_on=due_on,
        )
        if arrear.missing_t > 0:
            found.append(arrear)
    return tuple(found)


def surrender_day(year: int) -> date | None:
    """Return the last day of the year's surrender, None where none is on file; 2025: 2026-12-31."""
    try:
        return deadline_calendar.due_day(
            reference.shipped_deadlines(), year=year, step=_SURRENDER, sector=Sector.ALUMINIUM
        )
    except NotFound:
        return None


def steps_of(
    session: Session, book_id: int, *, year: int, sector: Sector, on: date, days_ahead: int, known_at: datetime
) -> tuple[CalendarStep, ...]:
    """Return the year's calendar with the state of each step in the book on ``on``: facts say what is done."""
    return deadline_calendar.deadline_calendar(
        reference.shipped_deadlines(),
        year=year,
        sector=sector,
        on=on,
        days_ahead=days_ahead,
        done=done_steps(session, book_id, year=year, on=on, known_at=known_at),
    )


def done_steps(session: Session, book_id: int, *, year: int, on: date, known_at: datetime) -> dict[str, date]:
    """Return the day on which each step was done, by step: from the life cycle, surrenders, and approved milestones."""
    done: dict[str, date] = {}
    for each in store.list_proposals(session, book_id, year=year):
        if not each.is_approved or each.decision is None or each.decision.decided_at > known_at:
            continue
        if each.kind is ProposalKind.MILESTONE:
            done[str(each.document["step"])] = each.dated_on
        if each.kind is ProposalKind.CARRY_OVER:
            done["carry_over"] = each.dated_on
        if each.kind is ProposalKind.SETTLEMENT and each.is_executed:
            done["issue"] = each.dated_on
    state = state_of(session, book_id, year=year, on=on, known_at=known_at)
    for step, fact in (
        ("preallocation", state.preallocation),
        ("verification", state.verification),
        ("determination", state.determination),
    ):
        if fact is not None:
            done[step] = fact.dated_on
    if state.determination is None or state.difference_t:
        done.pop("issue", None)
    surrendered_on = _surrendered_on(session, book_id, state, year=year, on=on)
    if surrendered_on is not None:
        done[_SURRENDER] = surrendered_on
    return done


def calendar_file(steps: tuple[CalendarStep, ...], *, book_uuid: UUID, now: datetime) -> str:
    """Return the steps as one RFC 5545 calendar, each an event of its day with a name that never changes."""
    return calendar_text(step_events(steps, book_uuid=book_uuid), stamp=now.replace(microsecond=0), name=CALENDAR_NAME)


def step_events(steps: tuple[CalendarStep, ...], *, book_uuid: UUID) -> tuple[CalendarEvent, ...]:
    """Return the event of each step."""
    return tuple(
        CalendarEvent(
            uid=f"{step.step}.{step.sector or 'all'}.{step.year}.{book_uuid}@tonne",
            at=step.due_on,
            summary=f"{step.label_en} ({step.year})",
            description="\n".join(
                (step.label_en, step.label_zh, _STATE_WORDS[step.state], f"Source 依据: {step.row.source}")
            ),
            category=step.step,
            is_tentative=False,
        )
        for step in steps
    )


_STATE_WORDS = {
    DeadlineState.DONE: "done 已完成",
    DeadlineState.OPEN: "open 未到期",
    DeadlineState.DUE_SOON: "due soon 即将到期",
    DeadlineState.OVERDUE: "overdue 已逾期",
}


def _surrendered_on(session: Session, book_id: int, state: AllocationState, *, year: int, on: date) -> date | None:
    """Return the day of the surrender that completed the year's verified duty, None while tonnes are missing."""
    if state.verification is None:
        return None
    verified = store.find_proposal(session, UUID(state.verification.step_id))
    assert verified is not None, "a step is a proposal"
    due_t = int(verified.document["tonnes"])
    days = trade_store.surrender_days(session, book_id, year=year, until=on)
    tonnes = surrendered_by(session, book_id, days, year=year)
    return next((day for day, total in zip(days, tonnes, strict=True) if total >= due_t), None)


def _provisional(mark: Mark | None, *, first: date, last: date) -> BasePrice | None:
    if mark is None or mark.value is None or (mark.currency, mark.unit) != ("CNY", "t"):
        return None
    return BasePrice(
        price_cny_per_t=Fraction(mark.value),
        kind=BaseKind.PROVISIONAL,
        first=first,
        last=last,
        source=f"mark of {mark.instrument}, {mark.state.value}, in place of a month that is not over",
    )
