"""Business calendars: which days a market is open, as far as its calendar has been published, and not one day further.

Owns the calendar value, day adjustment and counting. A day outside the known interval is unknown and refused; nothing
is guessed. Which holidays exist is data (``finance/reference/calendars.csv``), read by the caller and parsed by
``calendar_rows``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import assert_never

from finance.conventions.fields import check_identifier
from ledger.core.errors import Conflict, Invalid, NotFound

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
_CHINA_STANDARD_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")


def china_day(instant: datetime) -> date:
    """Return the day that ``instant`` (aware) falls on in China, which keeps no summer time: 16:00 UTC is the next day."""
    return instant.astimezone(_CHINA_STANDARD_TIME).date()


class BusinessDayConvention(StrEnum):
    """Where a date goes that falls on a closed day (2006 ISDA Definitions section 4.12)."""

    UNADJUSTED = "unadjusted"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modified_following"
    PRECEDING = "preceding"
    MODIFIED_PRECEDING = "modified_preceding"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessCalendar:
    """One market's open days on [first_known, last_known], both inclusive: Monday to Friday but for the exceptions.

    ``open_weekend_days`` are the make-up working Saturdays and Sundays (调休). ``known_at`` is the day on which the
    newest row was taken over; ``source`` names where all of them come from.
    """

    market: str
    first_known: date
    last_known: date
    closed_weekdays: frozenset[date]
    open_weekend_days: frozenset[date]
    source: str
    known_at: date

    def __post_init__(self) -> None:
        """Refuse an exception that is none, or that lies outside the known interval."""
        check_identifier(self.market, area="calendar", field="market")
        if self.last_known < self.first_known:
            raise Invalid("calendar.interval", "last_known: expected a day on or after first_known", market=self.market)
        if any(day.weekday() >= _SATURDAY for day in self.closed_weekdays):
            raise Invalid(
                "calendar.closed_weekdays", "closed_weekdays: expected Mondays to Fridays", market=self.market
            )
        if any(day.weekday() < _SATURDAY for day in self.open_weekend_days):
            raise Invalid("calendar.open_weekend_days", "open_weekend_days: expected weekend days", market=self.market)
        if any(not self.knows(day) for day in self.closed_weekdays | self.open_weekend_days):
            raise Invalid("calendar.exception_unknown", "exceptions lie inside the known interval", market=self.market)

    def knows(self, day: date) -> bool:
        """Return whether the market's calendar is published for ``day``."""
        return self.first_known <= day <= self.last_known

    def is_open(self, day: date) -> bool:
        """Return whether the market is open on ``day``; an unpublished day is refused with ``calendar.unknown``."""
        if not self.knows(day):
            raise Conflict(
                "calendar.unknown",
                f"the {self.market} calendar is known from {self.first_known} to {self.last_known}; "
                f"import the published calendar of {day.year}, which covers {day}",
                market=self.market,
                year=str(day.year),
                day=day.isoformat(),
            )
        if day.weekday() >= _SATURDAY:
            return day in self.open_weekend_days
        return day not in self.closed_weekdays


def adjust(day: date, *, convention: BusinessDayConvention, calendar: BusinessCalendar) -> date:
    """Return ``day`` moved off a closed day by ``convention``; an open day stays.

    The modified kinds turn round rather than leave the month. Saturday 2026-06-20 in ``cn_exchange``, following: Monday
    2026-06-22. Unadjusted needs no calendar and never refuses; the others refuse unknown days with
    ``calendar.unknown``.
    """
    match convention:
        case BusinessDayConvention.UNADJUSTED:
            return day
        case BusinessDayConvention.FOLLOWING:
            return open_on_or_after(calendar, day)
        case BusinessDayConvention.PRECEDING:
            return open_on_or_before(calendar, day)
        case BusinessDayConvention.MODIFIED_FOLLOWING:
            moved = open_on_or_after(calendar, day)
            return moved if _same_month(moved, day) else open_on_or_before(calendar, day)
        case BusinessDayConvention.MODIFIED_PRECEDING:
            moved = open_on_or_before(calendar, day)
            return moved if _same_month(moved, day) else open_on_or_after(calendar, day)
        case _:
            assert_never(convention)


def open_on_or_after(calendar: BusinessCalendar, day: date) -> date:
    """Return ``day`` if open, else the first open day after it."""
    while not calendar.is_open(day):
        day += _ONE_DAY
    return day


def open_on_or_before(calendar: BusinessCalendar, day: date) -> date:
    """Return ``day`` if open, else the last open day before it."""
    while not calendar.is_open(day):
        day -= _ONE_DAY
    return day


def next_open_day(calendar: BusinessCalendar, day: date) -> date:
    """Return the first open day strictly after ``day``, which must itself be a known day."""
    calendar.is_open(day)
    return open_on_or_after(calendar, day + _ONE_DAY)


def previous_open_day(calendar: BusinessCalendar, day: date) -> date:
    """Return the last open day strictly before ``day``, which must itself be a known day."""
    calendar.is_open(day)
    return open_on_or_before(calendar, day - _ONE_DAY)


def add_open_days(calendar: BusinessCalendar, day: date, count: int) -> date:
    """Return the ``count``-th open day strictly after ``day``; ``count`` is at least one."""
    if count < 1:
        raise Invalid("calendar.count", "count: expected one open day or more", count=str(count))
    for _ in range(count):
        day = next_open_day(calendar, day)
    return day


def trading_days_between(calendar: BusinessCalendar, start: date, end: date) -> int:
    """Return the number of open days after ``start`` up to and including ``end``: the age in trading days of a mark.

    From a Friday to the next Monday it is 1 if that Monday is open. ``end`` before ``start`` is refused.
    """
    if end < start:
        raise Invalid("calendar.order", "end: expected a day on or after the start", start=str(start), end=str(end))
    if start == end:
        return 0
    calendar.is_open(start + _ONE_DAY)
    calendar.is_open(end)
    weekdays = _weekdays_through(end) - _weekdays_through(start)
    closed = sum(start < day <= end for day in calendar.closed_weekdays)
    made_up = sum(start < day <= end for day in calendar.open_weekend_days)
    return weekdays - closed + made_up


def calendar_of(calendars: Sequence[BusinessCalendar], market: str) -> BusinessCalendar:
    """Return the calendar of ``market``; an unlisted market is refused with ``calendar.market``."""
    for calendar in calendars:
        if calendar.market == market:
            return calendar
    known = ", ".join(sorted(calendar.market for calendar in calendars))
    raise NotFound("calendar.market", f"market: expected one of {known}", market=market[:80])


def _weekdays_through(day: date) -> int:
    """Return how many Mondays to Fridays lie on or before ``day``; ordinal 1 (1 January of year 1) is a Monday."""
    weeks, rest = divmod(day.toordinal(), 7)
    return 5 * weeks + min(rest, 5)


def _same_month(left: date, right: date) -> bool:
    return (left.year, left.month) == (right.year, right.month)
