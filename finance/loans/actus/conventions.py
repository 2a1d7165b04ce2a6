"""The standard's conventions for days: business day shifts, calendars, day counts, as named by the ACTUS dictionary.

Owns the nine shift conventions, the two calendars and the six day counts. Knows nothing of contracts; the four day
counts the house already has are used from there.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from finance.conventions.day_counts import DayCount, year_fraction
from finance.loans.actus.instants import Instant

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
_FEBRUARY = 2


class Calendar(StrEnum):
    """Which days are business days: every day, or Monday to Friday."""

    EVERY_DAY = "NC"
    MONDAY_TO_FRIDAY = "MF"


class BusinessDayShift(StrEnum):
    """Where a scheduled day goes that is no business day; S..: interest runs to the new day, C..: to the old one."""

    NONE = "NOS"
    SHIFT_CALCULATE_FOLLOWING = "SCF"
    SHIFT_CALCULATE_MODIFIED_FOLLOWING = "SCMF"
    CALCULATE_SHIFT_FOLLOWING = "CSF"
    CALCULATE_SHIFT_MODIFIED_FOLLOWING = "CSMF"
    SHIFT_CALCULATE_PRECEDING = "SCP"
    SHIFT_CALCULATE_MODIFIED_PRECEDING = "SCMP"
    CALCULATE_SHIFT_PRECEDING = "CSP"
    CALCULATE_SHIFT_MODIFIED_PRECEDING = "CSMP"

    @property
    def calculates_on_shifted_day(self) -> bool:
        """Return whether interest runs to the shifted day."""
        return self.value.startswith("SC")


class YearFraction(StrEnum):
    """A day count by its identifier in the dictionary."""

    ACTUAL_ACTUAL = "AA"
    ACTUAL_360 = "A360"
    ACTUAL_365 = "A365"
    THIRTY_E_360_ISDA = "30E360ISDA"
    THIRTY_E_360 = "30E360"
    TWENTY_EIGHT_E_336 = "28E336"


_HOUSE: Mapping[YearFraction, DayCount] = {
    YearFraction.ACTUAL_ACTUAL: DayCount.ACT_ACT_ISDA,
    YearFraction.ACTUAL_360: DayCount.ACT_360,
    YearFraction.ACTUAL_365: DayCount.ACT_365F,
    YearFraction.THIRTY_E_360: DayCount.THIRTY_E_360,
}
"""The day counts the house computes already, by their identifier here."""


def shifted(instant: Instant, shift: BusinessDayShift, holidays: Calendar) -> Instant:
    """Return ``instant`` on its business day; the clock time stays.

    Following and preceding go to the next open day that way; the modified kinds turn round rather than leave the month.
    Source: ACTUS technical specification, "Business Day Shift Convention". Sunday 2013-06-30 is Monday 2013-07-01 under
    SCF and Friday 2013-06-28 under SCMF.
    """
    if shift is BusinessDayShift.NONE or _is_open(instant.day, holidays):
        return instant
    step = -_ONE_DAY if shift.value[2:].endswith("P") else _ONE_DAY
    moved = _walk(instant.day, step, holidays)
    if shift.value[2] == "M" and moved.month != instant.day.month:
        moved = _walk(instant.day, -step, holidays)
    return Instant(moved, instant.second)


def part_of_year(start: date, end: date, day_count: YearFraction, *, maturity: date | None) -> Fraction:
    """Return the exact part of a year in [start, end); zero if ``end`` is not after ``start``.

    Source: ACTUS dictionary, term dayCountConvention; 2006 ISDA Definitions section 4.16 (b), (d), (e), (g), (h).
    ``30E360ISDA`` makes month ends the 30th, but not an end of February that is ``maturity``. ``28E336`` counts 28 days
    a month and 336 a year, days after the 28th as the 28th. 28 February to 31 March 2013 in 30E360: 32/360.
    """
    if end <= start:
        return Fraction(0)
    if day_count in _HOUSE:
        return year_fraction(start, end, _HOUSE[day_count])
    if day_count is YearFraction.THIRTY_E_360_ISDA:
        keeps_february = end == maturity and end.month == _FEBRUARY
        last = end.day if keeps_february else _day_of_thirty(end)
        return _by_months(start, end, _day_of_thirty(start), last, month_days=30)
    assert day_count is YearFraction.TWENTY_EIGHT_E_336, "every day count of the dictionary is computed here"
    return _by_months(start, end, min(start.day, 28), min(end.day, 28), month_days=28)


def _day_of_thirty(day: date) -> int:
    return 30 if day.day == calendar.monthrange(day.year, day.month)[1] else day.day


def _by_months(start: date, end: date, start_day: int, end_day: int, *, month_days: int) -> Fraction:
    months = 12 * (end.year - start.year) + end.month - start.month
    return Fraction(months * month_days + end_day - start_day, 12 * month_days)


def _is_open(day: date, holidays: Calendar) -> bool:
    return holidays is Calendar.EVERY_DAY or day.weekday() < _SATURDAY


def _walk(day: date, step: timedelta, holidays: Calendar) -> date:
    while not _is_open(day, holidays):
        day += step
    return day
