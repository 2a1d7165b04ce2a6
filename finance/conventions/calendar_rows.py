"""Reading business calendars from rows: the known intervals of a market and the days that differ from Monday to Friday.

Owns the file's columns and its refusals. Reads text, opens no file; the calendar itself is in ``calendars``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from finance.conventions.calendars import BusinessCalendar
from finance.conventions.fields import check_identifier, check_text, parse_choice, parse_day
from finance.conventions.table_rules import exact_header, no_csv
from ledger.core.errors import Expected, ImportRefused, Invalid, RowError

COLUMNS = ("market", "kind", "first_day", "last_day", "known_at", "status", "source")
_FILE = "calendars.csv"
_LONGEST_ROW = timedelta(days=20_000)
_SATURDAY = 5


class _Kind(StrEnum):
    KNOWN = "known"  # the calendar is published for these days
    CLOSED = "closed"  # weekdays inside are closed
    OPEN = "open"  # these weekend days are open


class _Status(StrEnum):
    OFFICIAL = "official"
    SECONDARY = "secondary"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    number: int
    market: str
    kind: _Kind
    first_day: date
    last_day: date
    known_at: date
    source: str

    def days(self) -> Iterator[date]:
        """Yield every day of the row; both ends are inclusive."""
        for offset in range((self.last_day - self.first_day).days + 1):
            yield self.first_day + timedelta(days=offset)


def parse_calendars(text: str, *, file: str = _FILE) -> tuple[BusinessCalendar, ...]:
    """Return one calendar per market, by market name, from CSV text with the columns ``COLUMNS``.

    Both days of a row are inclusive. ``known`` rows of a market join to one interval without a gap; a ``closed`` row
    closes the weekdays inside it, an ``open`` row opens the weekend days it names. A row that cannot be read, that
    says nothing (a closed weekend, an open weekday), that repeats a day or lies outside the known interval refuses
    the whole file with ``import.rows_unreadable``.
    """
    rows, errors = [], []
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            header = ",".join(reader.fieldnames or ())[:80]
            raise ImportRefused(file, (RowError(file=file, row=1, value=header, expected=exact_header(COLUMNS)),))
        for number, cells in enumerate(reader, start=2):
            try:
                rows.append(_row(number, cells))
            except Invalid as error:
                errors.append(_row_error(file, number, error))
    except csv.Error as error:
        errors.append(RowError(file=file, row=reader.reader.line_num, expected=no_csv(error)))
    errors += _contradictions(rows, file=file)
    if errors:
        raise ImportRefused(file, tuple(errors))
    return tuple(_calendar(market, rows) for market in sorted({row.market for row in rows}))


def _row(number: int, cells: Mapping[str | None, str | list[str] | None]) -> _Row:
    plain = {name: cell for name, cell in cells.items() if isinstance(name, str) and isinstance(cell, str)}
    if set(plain) != set(COLUMNS) or len(cells) != len(COLUMNS):
        raise Invalid("calendar.cells", f"cells: expected {len(COLUMNS)} cells", field="", value=str(len(cells)))
    first_day = parse_day(plain["first_day"], area="calendar", field="first_day")
    last_day = parse_day(plain["last_day"], area="calendar", field="last_day")
    if not first_day <= last_day <= first_day + _LONGEST_ROW:
        raise Invalid(
            "calendar.last_day",
            "last_day: expected a day on or after first_day, at most 20,000 days later",
            field="last_day",
            value=plain["last_day"],
        )
    parse_choice(_Status, plain["status"], area="calendar", field="status")
    return _Row(
        number=number,
        market=check_identifier(plain["market"], area="calendar", field="market"),
        kind=parse_choice(_Kind, plain["kind"], area="calendar", field="kind"),
        first_day=first_day,
        last_day=last_day,
        known_at=parse_day(plain["known_at"], area="calendar", field="known_at"),
        source=check_text(plain["source"], area="calendar", field="source"),
    )


def _row_error(file: str, number: int, error: Invalid) -> RowError:
    return RowError(
        file=file,
        row=number,
        column=error.data.get("field", ""),
        value=error.data.get("value", ""),
        expected=Expected.of(error),
    )


def _contradictions(rows: Sequence[_Row], *, file: str) -> list[RowError]:
    """Return what is wrong between readable rows: gaps of knowledge, repeated days, exceptions that are none."""
    errors: list[RowError] = []
    known: dict[str, tuple[date, date]] = {}
    for row in sorted((row for row in rows if row.kind is _Kind.KNOWN), key=lambda row: (row.market, row.first_day)):
        held = known.get(row.market)
        if held and row.first_day != held[1] + timedelta(days=1):
            errors.append(_about(row, file, _no_gap(held[1])))
        known[row.market] = (held[0] if held else row.first_day, row.last_day)
    seen: set[tuple[str, date]] = set()
    for row in rows:
        if row.kind is _Kind.KNOWN:
            continue
        start, end = known.get(row.market, (date.max, date.min))
        days = _exceptional(row)
        if not start <= row.first_day <= row.last_day <= end:
            errors.append(_about(row, file, _INSIDE))
        elif not days:
            errors.append(_about(row, file, _EXCEPTION))
        elif any((row.market, day) in seen for day in days):
            errors.append(_about(row, file, _ONCE))
        seen |= {(row.market, day) for day in days}
    return errors


def _exceptional(row: _Row) -> frozenset[date]:
    days = frozenset(row.days())
    weekend = frozenset(day for day in days if day.weekday() >= _SATURDAY)
    if row.kind is _Kind.OPEN:
        return days if days == weekend else frozenset()
    return days - weekend


_INSIDE = Expected("row.calendar_known", "days inside the market's known rows")
_EXCEPTION = Expected("row.calendar_exception", "a closed row with a weekday, an open row of weekend days only")
_ONCE = Expected("row.calendar_once", "days that no other row of the market names")


def _no_gap(last: date) -> Expected:
    text = f"the day after {last}, so that what is known has no gap or overlap"
    return Expected("row.calendar_gap", text, day=last.isoformat())


def _about(row: _Row, file: str, expected: Expected) -> RowError:
    return RowError(file=file, row=row.number, column="first_day", value=row.first_day.isoformat(), expected=expected)


def _calendar(market: str, rows: Sequence[_Row]) -> BusinessCalendar:
    mine = [row for row in rows if row.market == market]
    known = [row for row in mine if row.kind is _Kind.KNOWN]
    return BusinessCalendar(
        market=market,
        first_known=min(row.first_day for row in known),
        last_known=max(row.last_day for row in known),
        closed_weekdays=frozenset(day for row in mine if row.kind is _Kind.CLOSED for day in _exceptional(row)),
        open_weekend_days=frozenset(day for row in mine if row.kind is _Kind.OPEN for day in _exceptional(row)),
        source="; ".join(dict.fromkeys(row.source for row in mine)),
        known_at=max(row.known_at for row in mine),
    )
