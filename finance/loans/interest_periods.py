"""Where interest periods begin and end before any calendar: settlement days of the year, or a cycle of months.

Owns the two rules as value types and the days they give inside a life. Knows no open day, no payment date and no rate.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from finance.conventions.fields import refused

_AREA = "interest_periods"
_LONGEST_LAG_DAYS = 31
_LONGEST_CYCLE_MONTHS = 120
_MONTHS = frozenset(range(1, 13))
_LAST_DAY = 31
_SHORTEST_MONTH = 28
_ONE_DAY = timedelta(days=1)


class StubRule(StrEnum):
    """Where the irregular period of a cycle stands when the life is no whole number of cycles."""

    SHORT_FRONT = "short_front"
    LONG_FRONT = "long_front"
    SHORT_BACK = "short_back"
    LONG_BACK = "long_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRule:
    """When interest is settled (结息): ``day`` of each of ``months``.

    RMB practice: the 20th of March, June, September and December. A day beyond a month's end means its last day. The
    settlement day itself begins the next interest period. Interest is paid ``payment_lag_days`` calendar days after
    it (0: on it; 1: settled on the 20th, paid on the 21st), then adjusted. The first and the last period may be short.
    """

    day: int
    months: tuple[int, ...]
    payment_lag_days: int

    def __post_init__(self) -> None:
        """Refuse days and months that are none."""
        if not 1 <= self.day <= _LAST_DAY:
            raise refused(area=_AREA, field="settlement_day", expected="a day from 1 to 31", value=self.day)
        months = list(self.months)
        if not months or months != sorted(set(months)) or not set(months) <= _MONTHS:
            expected = "months from 1 to 12, rising, none twice"
            raise refused(area=_AREA, field="settlement_months", expected=expected, value=months)
        _check_lag(self.payment_lag_days)

    def settlement_days(self, year: int) -> tuple[date, ...]:
        """Return the year's settlement days in order."""
        return tuple(day_of_month(year, month, self.day) for month in self.months)

    def days_between(self, start: date, end: date) -> tuple[date, ...]:
        """Return the settlement days strictly between ``start`` and ``end``, in order."""
        years = range(start.year, end.year + 1)
        return tuple(day for year in years for day in self.settlement_days(year) if start < day < end)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodCycle:
    """Periods of ``months`` months: from the drawdown on with a back stub, back from maturity with a front stub.

    ``anchor`` (optional) is a day the cycle runs through instead: the periods end on the days that lie whole cycles
    from it, and ``stub`` then says for both irregular ends whether they join their neighbour (long) or stand alone
    (short). ``is_end_of_month``: when the anchor is a month's last day, every other day is one too (30 June follows
    31 March, and 30 June is followed by 30 September, 31 December).
    """

    months: int
    stub: StubRule
    is_end_of_month: bool
    payment_lag_days: int
    anchor: date | None = None

    def __post_init__(self) -> None:
        """Refuse a cycle of no length."""
        if not 1 <= self.months <= _LONGEST_CYCLE_MONTHS:
            expected = f"1 to {_LONGEST_CYCLE_MONTHS} months"
            raise refused(area=_AREA, field="months", expected=expected, value=self.months)
        _check_lag(self.payment_lag_days)

    def days_between(self, start: date, end: date) -> tuple[date, ...]:
        """Return the days strictly between ``start`` and ``end`` on which one period ends and the next begins.

        [2025-01-31, 2025-12-15), three months, short back, end of month: 30 April, 31 July, 31 October. A long stub
        drops the day nearest the irregular end; a life shorter than one cycle is one period.
        """
        is_front = self.stub in {StubRule.SHORT_FRONT, StubRule.LONG_FRONT}
        anchor = self.anchor or (end if is_front else start)
        days = [day for day in self._cycle(anchor, start, end) if start < day < end]
        if self.stub in {StubRule.SHORT_FRONT, StubRule.SHORT_BACK} or not days:
            return tuple(days)
        if (self.anchor or is_front) and self._step(days[0], anchor, -1) != start:
            days = days[1:]
        if days and (self.anchor or not is_front) and self._step(days[-1], anchor, 1) != end:
            days = days[:-1]
        return tuple(days)

    def _cycle(self, anchor: date, start: date, end: date) -> Iterator[date]:
        first = _months_from(anchor, start) // self.months - 1
        last = _months_from(anchor, end) // self.months + 1
        for number in range(first, last + 1):
            day = add_months(anchor, number * self.months, is_end_of_month=self.is_end_of_month)
            if day is not None:
                yield day

    def _step(self, day: date, anchor: date, count: int) -> date | None:
        number = _months_from(anchor, day) // self.months + count
        return add_months(anchor, number * self.months, is_end_of_month=self.is_end_of_month)


PeriodRule = SettlementRule | PeriodCycle
"""How interest periods are cut: on settlement days, or by a cycle of months."""


def period_bounds(rule: PeriodRule, *, start: date, end: date) -> tuple[date, ...]:
    """Return drawdown, each inner period end, maturity, unadjusted and rising.

    Settled on the 20th of the last month of a quarter, [2025-11-03, 2026-11-03): 3 Nov, 20 Dec, 20 Mar, 20 Jun,
    20 Sep, 3 Nov. An end on or before the start is refused with ``interest_periods.end``.
    """
    if end <= start:
        raise refused(area=_AREA, field="end", expected=f"a day after {start}", value=end)
    return (start, *rule.days_between(start, end), end)


def add_months(day: date, months: int, *, is_end_of_month: bool) -> date | None:
    """Return ``day`` moved by ``months`` months, cut to the month's last day; None beyond the calendar's years.

    30 January plus one month is 28 or 29 February, never 1 March. With ``is_end_of_month`` a month's last day gives
    a month's last day: 30 April plus one is 31 May. Steps count from the first day, so nothing drifts.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return None
    stays_last = is_end_of_month and (day + _ONE_DAY).month != day.month
    return day_of_month(year, month + 1, _LAST_DAY if stays_last else day.day)


def day_of_month(year: int, month: int, day: int) -> date:
    """Return the day, or the month's last day where the month is shorter: the 31st of April is the 30th."""
    if day > _SHORTEST_MONTH:  # the days that every month has need no look at the calendar
        day = min(day, calendar.monthrange(year, month)[1])
    return date(year, month, day)


def _months_from(anchor: date, day: date) -> int:
    return (day.year - anchor.year) * 12 + day.month - anchor.month


def _check_lag(payment_lag_days: int) -> None:
    if not 0 <= payment_lag_days <= _LONGEST_LAG_DAYS:
        expected = f"0 to {_LONGEST_LAG_DAYS} calendar days"
        raise refused(area=_AREA, field="payment_lag_days", expected=expected, value=payment_lag_days)
