"""Day count conventions: which part of a year lies between two days, exactly.

Owns the five conventions by name. Days are local calendar dates and periods half-open [start, end): the first day
counts, the last does not (算头不算尾). Knows no calendar of holidays and no rate.
"""

from __future__ import annotations

import calendar
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import assert_never

from finance.conventions.fields import parse_choice
from ledger.core.errors import Invalid

_FEBRUARY = 2
_DAY_30 = 30
_DAY_31 = 31
_ISDA_UNITS = 365 * 366


class DayCount(StrEnum):
    """A convention by its full name; a bare ``ACT/ACT`` or ``30/360`` does not say which variant and is no member."""

    ACT_360 = "ACT/360"
    ACT_365F = "ACT/365F"
    ACT_ACT_ISDA = "ACT/ACT ISDA"
    THIRTY_360_US = "30/360 US"
    THIRTY_E_360 = "30E/360"


def parse_day_count(text: str, *, field: str = "day_count") -> DayCount:
    """Return the convention ``text`` names exactly; others are refused with the allowed names."""
    try:
        return parse_choice(DayCount, text, area="day_count", field=field)
    except Invalid as error:
        raise Invalid("day_count.name", error.message, **error.data) from error


def year_fraction(start: date, end: date, day_count: DayCount) -> Fraction:
    """Return the exact part of a year in [start, end); zero when both are the same day.

    Source: 2006 ISDA Definitions section 4.16: (b) ACT/ACT, (d) ACT/365 Fixed, (e) ACT/360, (g) 30E/360; 30/360 US with
    the end-of-February rule of the US bond market (SIFMA standard securities calculation methods). RMB loans: ACT/360.
    20 Mar to 20 Jun 2024 in ACT/360 is 92/360. An end before the start is refused with ``day_count.order``.
    """
    return Fraction(day_units(start, end, day_count), units_per_year(day_count))


def units_per_year(day_count: DayCount) -> int:
    """Return how many of the convention's units make one year: 360, 365, or 365 x 366 for ACT/ACT ISDA."""
    match day_count:
        case DayCount.ACT_360 | DayCount.THIRTY_360_US | DayCount.THIRTY_E_360:
            return 360
        case DayCount.ACT_365F:
            return 365
        case DayCount.ACT_ACT_ISDA:
            return _ISDA_UNITS
        case _:
            assert_never(day_count)


def day_units(start: date, end: date, day_count: DayCount) -> int:
    """Return the whole units in [start, end), so that loops over many loans need no fraction.

    A unit is a counted day, or 1/133,590 of a year in ACT/ACT ISDA, where a day of a common year has 366 of them and a
    day of a leap year 365. An end before the start is refused with ``day_count.order``.
    """
    if end < start:
        raise Invalid(
            "day_count.order",
            "end: expected a day on or after the start",
            start=start.isoformat(),
            end=end.isoformat(),
        )
    match day_count:
        case DayCount.ACT_360 | DayCount.ACT_365F:
            return end.toordinal() - start.toordinal()
        case DayCount.ACT_ACT_ISDA:
            return _actual_actual(end) - _actual_actual(start)
        case DayCount.THIRTY_360_US:
            return _thirty_us(start, end)
        case DayCount.THIRTY_E_360:
            return _thirty(start, end, min(start.day, _DAY_30), min(end.day, _DAY_30))
        case _:
            assert_never(day_count)


def _actual_actual(day: date) -> int:
    """Return the units from the beginning of the calendar to ``day``: whole years, then the days of its own year."""
    of_year = day.timetuple().tm_yday - 1
    per_day = 365 if calendar.isleap(day.year) else 366
    return day.year * _ISDA_UNITS + of_year * per_day


def _thirty_us(start: date, end: date) -> int:
    """Return 30/360 with the month-end rules in their order: February ends first, then the 31sts."""
    start_day, end_day = start.day, end.day
    if _ends_february(start):
        end_day = _DAY_30 if _ends_february(end) else end_day
        start_day = _DAY_30
    if end_day == _DAY_31 and start_day >= _DAY_30:
        end_day = _DAY_30
    start_day = min(start_day, _DAY_30)
    return _thirty(start, end, start_day, end_day)


def _thirty(start: date, end: date, start_day: int, end_day: int) -> int:
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + (end_day - start_day)


def _ends_february(day: date) -> bool:
    return day.month == _FEBRUARY and day.day == calendar.monthrange(day.year, _FEBRUARY)[1]
