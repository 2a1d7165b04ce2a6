"""Loads the business calendars by which marks are aged: what ships (version 0) with the years that two persons approved.

Takes a session first and never commits. Everything that marks a price asks here; pure calculators use what ships.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.conventions.calendar_years import CalendarYear, with_years
from finance.conventions.calendars import BusinessCalendar
from finance.conventions.tables import ReferenceStatus
from finance.store import reference
from finance.store.market_proposals import Proposal, Verdict
from finance.store.tables.feeds import CalendarYearRow, MarketProposalRow
from ledger.core.errors import NotFound
from ledger.store import books


@dataclass(frozen=True, slots=True, kw_only=True)
class YearVersion:
    """One approved version of a market's year."""

    version: int
    year: CalendarYear
    proposal_id: UUID
    sha256: str
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCalendar:
    """A market's calendar by what was known at an instant, and what that edition is called.

    ``edition``: ``shipped 1a2b3c4d5e6f; 2027 v1 9f86d081884c``, the versions of every year that is not as shipped.
    """

    calendar: BusinessCalendar
    edition: str
    versions: tuple[YearVersion, ...]


def load_calendars(session: Session, organisation_id: UUID, *, known_at: datetime) -> Mapping[str, HeldCalendar]:
    """Return every market's calendar by what was known at ``known_at``, by market name."""
    newest: dict[tuple[str, int], YearVersion] = {}
    for one in list_years(session, organisation_id, known_at=known_at):
        newest[one.year.market, one.year.year] = one
    held = {}
    for shipped in reference.shipped_calendars():
        versions = tuple(one for (market, _), one in sorted(newest.items()) if market == shipped.market)
        edition = [f"shipped {reference.shipped_version('calendars')}"]
        edition += [f"{one.year.year} v{one.version} {one.sha256[:12]}" for one in versions]
        held[shipped.market] = HeldCalendar(
            calendar=with_years(shipped, [(one.year, one.known_at.date()) for one in versions]),
            edition="; ".join(edition),
            versions=versions,
        )
    return held


def load_calendar(session: Session, organisation_id: UUID, market: str, *, known_at: datetime) -> HeldCalendar:
    """Return one market's calendar; an unlisted market is ``calendar.market`` with the known ones."""
    held = load_calendars(session, organisation_id, known_at=known_at)
    if market not in held:
        raise NotFound("calendar.market", f"market: expected one of {', '.join(sorted(held))}", market=market[:80])
    return held[market]


def load_calendar_of_book(session: Session, book_id: int, market: str, *, known_at: datetime) -> BusinessCalendar:
    """Return one market's calendar as the organisation that keeps the book knows it; see ``load_calendar``."""
    return load_calendar(session, books.keeper(session, book_id), market, known_at=known_at).calendar


def list_years(session: Session, organisation_id: UUID, *, known_at: datetime) -> tuple[YearVersion, ...]:
    """Return every approved version known at ``known_at`` by market, year and version."""
    wanted = (
        select(CalendarYearRow, MarketProposalRow)
        .join(
            MarketProposalRow,
            (MarketProposalRow.organisation_id == CalendarYearRow.organisation_id)
            & (MarketProposalRow.proposal_id == CalendarYearRow.proposal_id),
        )
        .where(CalendarYearRow.organisation_id == organisation_id, CalendarYearRow.known_at <= known_at)
        .order_by(CalendarYearRow.market, CalendarYearRow.year, CalendarYearRow.version)
    )
    return tuple(
        YearVersion(
            version=row.version,
            year=year_of(json.loads(proposal.content)),
            proposal_id=row.proposal_id,
            sha256=proposal.sha256,
            known_at=row.known_at,
        )
        for row, proposal in session.execute(wanted)
    )


def save_year(session: Session, organisation_id: UUID, proposal: Proposal, *, at: datetime) -> int:
    """Insert the next version of the proposal's year and return its number, from 1."""
    year = year_of(proposal.content)
    last = session.scalar(
        select(func.max(CalendarYearRow.version)).where(
            CalendarYearRow.organisation_id == organisation_id,
            CalendarYearRow.market == year.market,
            CalendarYearRow.year == year.year,
        )
    )
    version = (last or 0) + 1
    session.execute(
        insert(CalendarYearRow).values(
            organisation_id=organisation_id,
            market=year.market,
            year=year.year,
            version=version,
            proposal_id=proposal.proposal_id,
            verdict=Verdict.APPROVED.value,
            known_at=at,
        )
    )
    return version


def content_of(year: CalendarYear, raw_sha256: str) -> Mapping[str, Any]:
    """Return a year as a proposal's content."""
    return {
        "market": year.market,
        "year": year.year,
        "closed_weekdays": [day.isoformat() for day in year.closed_weekdays],
        "open_weekend_days": [day.isoformat() for day in year.open_weekend_days],
        "source": year.source,
        "status": year.status.value,
        "raw_sha256": raw_sha256,
    }


def year_of(content: Mapping[str, Any]) -> CalendarYear:
    """Return the year that a proposal's content holds."""
    return CalendarYear(
        market=content["market"],
        year=content["year"],
        closed_weekdays=tuple(date.fromisoformat(day) for day in content["closed_weekdays"]),
        open_weekend_days=tuple(date.fromisoformat(day) for day in content["open_weekend_days"]),
        source=content["source"],
        status=ReferenceStatus(content["status"]),
    )
