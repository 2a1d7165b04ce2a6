"""Importing the published calendar of a market's year: proposed by one person, approved by another.

Joins the caller's transaction and commits nothing. A frozen snapshot names the edition it used and never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.calendar_years import CalendarYear, check_joins
from finance.operations import four_eyes
from finance.store import calendar_years as calendar_store
from finance.store.calendar_years import HeldCalendar
from finance.store.market import RawFile
from finance.store.market_proposals import Proposal, ProposalKind
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class YearChange:
    """What a proposed year would change: days that would newly be closed, and days that would newly be open.

    Both empty for a year that is not known yet: then every day of it is new, and ``is_new`` says so.
    """

    year: CalendarYear
    is_new: bool
    newly_closed: tuple[date, ...]
    newly_open: tuple[date, ...]


def propose_year(
    session: Session,
    organisation_id: UUID,
    year: CalendarYear,
    raw: RawFile,
    *,
    proposal_id: UUID,
    actor: Actor,
    now: datetime,
) -> Proposal:
    """Record a year that ``actor`` read from ``raw``; it ages no mark until somebody else approves it.

    A market nobody knows is ``calendar.market``; a year that would leave a gap is ``calendar.gap``.
    """
    held = calendar_store.load_calendar(session, organisation_id, year.market, known_at=now)
    check_joins(held.calendar, year.year)
    proposal = Proposal(
        proposal_id=proposal_id,
        kind=ProposalKind.CALENDAR_YEAR,
        content=calendar_store.content_of(year, raw.sha256),
        raw_sha256=raw.sha256,
        maker_id=actor.user_id,
        proposed_at=now,
    )
    return four_eyes.propose(session, organisation_id, proposal, raw)


def approve_year(
    session: Session, organisation_id: UUID, proposal: Proposal, *, sha256: str, actor: Actor, now: datetime
) -> Proposal:
    """Approve a proposed year as a second person: it is the next version, known from ``now`` on."""
    year = calendar_store.year_of(proposal.content)
    held = calendar_store.load_calendar(session, organisation_id, year.market, known_at=now)
    check_joins(held.calendar, year.year)
    decided, is_ours = four_eyes.approve(session, organisation_id, proposal, sha256=sha256, actor=actor, now=now)
    if is_ours:
        calendar_store.save_year(session, organisation_id, decided, at=now)
    return decided


def change_by(year: CalendarYear, held: HeldCalendar) -> YearChange:
    """Return what ``year`` would change in the calendar as held: what the approver has to look at."""
    calendar = held.calendar
    if not calendar.knows(year.first_day):
        return YearChange(year=year, is_new=True, newly_closed=(), newly_open=())
    closed = {day for day in calendar.closed_weekdays if day.year == year.year}
    opened = {day for day in calendar.open_weekend_days if day.year == year.year}
    now_closed, now_open = set(year.closed_weekdays), set(year.open_weekend_days)
    return YearChange(
        year=year,
        is_new=False,
        newly_closed=tuple(sorted((now_closed - closed) | (opened - now_open))),
        newly_open=tuple(sorted((closed - now_closed) | (now_open - opened))),
    )
