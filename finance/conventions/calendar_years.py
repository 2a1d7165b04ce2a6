"""One published year of a market's calendar, and a calendar in which such years replace or extend what ships.

Owns the year as a value, its reading from a small CSV and the join without a gap. Opens no file and knows no person: who
proposed and who approved a year is recorded elsewhere.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from finance.conventions import calendar_rows
from finance.conventions.calendars import BusinessCalendar
from finance.conventions.fields import check_identifier, check_text
from finance.conventions.table_rules import exact_header, no_csv
from finance.conventions.tables import ReferenceStatus
from ledger.core.errors import Conflict, Expected, ImportRefused, Invalid, RowError

COLUMNS = ("kind", "first_day", "last_day")
FIRST_YEAR, LAST_YEAR = 1990, 2200
STATUSES = (ReferenceStatus.OFFICIAL, ReferenceStatus.SECONDARY)
_MOST_TEXT = 100_000
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarYear:
    """A market's whole calendar year as published: Monday to Friday but for the exceptional days.

    ``source`` names the notice; ``status`` is official (the notice was read) or secondary (a copy or a library).
    """

    market: str
    year: int
    closed_weekdays: tuple[date, ...]
    open_weekend_days: tuple[date, ...]
    source: str
    status: ReferenceStatus

    def __post_init__(self) -> None:
        """Refuse a year outside 1990 to 2200, an unpublished status and exceptions that are none."""
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise Invalid("calendar.year", f"year: expected {FIRST_YEAR} to {LAST_YEAR}", year=str(self.year)[:20])
        if self.status not in STATUSES:
            raise Invalid("calendar.status", "status: expected official or secondary; a guess is no calendar")
        check_text(self.source, area="calendar", field="source")
        self.calendar(known_at=self.first_day)

    @property
    def first_day(self) -> date:
        """Return 1 January."""
        return date(self.year, 1, 1)

    @property
    def last_day(self) -> date:
        """Return 31 December."""
        return date(self.year, 12, 31)

    def calendar(self, *, known_at: date) -> BusinessCalendar:
        """Return the year alone as a calendar."""
        return BusinessCalendar(
            market=self.market,
            first_known=self.first_day,
            last_known=self.last_day,
            closed_weekdays=frozenset(self.closed_weekdays),
            open_weekend_days=frozenset(self.open_weekend_days),
            source=self.source,
            known_at=known_at,
        )


def parse_year(text: str, *, market: str, year: int, source: str, status: ReferenceStatus, file: str) -> CalendarYear:
    """Return the year that CSV text with the columns ``COLUMNS`` spells; both days of a row are inclusive.

    A ``closed`` row closes the weekdays inside it, an ``open`` row opens the weekend days it names. Every unreadable
    row refuses the file with ``import.rows_unreadable``. Example: ``closed,2027-01-01,2027-01-01`` closes New Year.
    """
    check_identifier(market, area="calendar", field="market")
    check_text(source, area="calendar", field="source")
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid("calendar.year", f"year: expected {FIRST_YEAR} to {LAST_YEAR}", year=str(year)[:20])
    if status not in STATUSES:
        raise Invalid("calendar.status", "status: expected official or secondary; a guess is no calendar")
    first, last = date(year, 1, 1).isoformat(), date(year, 12, 31).isoformat()
    rows = _rows(text, file=file)
    whole = io.StringIO(newline="")
    writer = csv.writer(whole, lineterminator="\n")
    writer.writerow(calendar_rows.COLUMNS)
    writer.writerows([market, *row, first, status.value, source] for row in rows)
    # The known row comes last, so that the rows of the file keep their numbers in a refusal.
    writer.writerow([market, "known", first, last, first, status.value, source])
    (calendar,) = calendar_rows.parse_calendars(whole.getvalue(), file=file)
    return CalendarYear(
        market=market,
        year=year,
        closed_weekdays=tuple(sorted(calendar.closed_weekdays)),
        open_weekend_days=tuple(sorted(calendar.open_weekend_days)),
        source=source,
        status=status,
    )


def with_years(shipped: BusinessCalendar, years: Iterable[tuple[CalendarYear, date]]) -> BusinessCalendar:
    """Return ``shipped`` with each year put in its place, given with the day on which it became known.

    A year inside what is known replaces that year's exceptions; the year before or after extends it. A year that would
    leave a gap raises ``calendar.gap``: what lies between is unknown. Example: 2021 to 2026 known, with 2027: to
    2027-12-31.
    """
    calendar = shipped
    for year, known_at in sorted(years, key=lambda one: one[0].year):
        if year.market != calendar.market:
            raise Invalid("calendar.market", f"market: expected {calendar.market}", market=year.market)
        check_joins(calendar, year.year)
        calendar = replace(
            calendar,
            first_known=min(calendar.first_known, year.first_day),
            last_known=max(calendar.last_known, year.last_day),
            closed_weekdays=_outside(calendar.closed_weekdays, year.year) | frozenset(year.closed_weekdays),
            open_weekend_days=_outside(calendar.open_weekend_days, year.year) | frozenset(year.open_weekend_days),
            source="; ".join(dict.fromkeys([*calendar.source.split("; "), year.source])),
            known_at=max(calendar.known_at, known_at),
        )
    return calendar


def check_joins(calendar: BusinessCalendar, year: int) -> None:
    """Raise ``calendar.gap`` when ``year`` would leave unknown days between itself and what is known."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    if first > calendar.last_known + _ONE_DAY or last < calendar.first_known - _ONE_DAY:
        wanted = calendar.last_known.year + 1 if first > calendar.last_known else calendar.first_known.year - 1
        raise Conflict(
            "calendar.gap",
            f"year: the {calendar.market} calendar is known from {calendar.first_known} to {calendar.last_known}; "
            f"import {wanted} first",
            market=calendar.market,
            year=str(year),
        )


def _outside(days: frozenset[date], year: int) -> frozenset[date]:
    return frozenset(day for day in days if day.year != year)


_NO_DAY = Expected("row.calendar_none", "at least one exceptional day of the year")
_CELLS = Expected("row.calendar_cells", "closed or open, and two days")


def _rows(text: str, *, file: str) -> list[list[str]]:
    if len(text) > _MOST_TEXT:
        raise Invalid("calendar.too_large", f"{file}: expected one year's exceptional days, a few kilobytes")
    try:
        header, *rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)) or [[]]
    except csv.Error as error:
        raise ImportRefused(file, (RowError(file=file, row=1, expected=no_csv(error)),)) from error
    if tuple(header) != COLUMNS:
        shown = ",".join(header)[:80]
        raise ImportRefused(file, (RowError(file=file, row=1, value=shown, expected=exact_header(COLUMNS)),))
    if not rows:
        raise ImportRefused(file, (RowError(file=file, row=2, expected=_NO_DAY),))
    errors = [
        RowError(file=file, row=number, column="kind", value=",".join(row)[:80], expected=_CELLS)
        for number, row in enumerate(rows, start=2)
        if len(row) != len(COLUMNS) or row[0] not in {"closed", "open"}
    ]
    if errors:
        raise ImportRefused(file, tuple(errors))
    return rows
