"""The rate before any margin adjustment: fixed, an index plus a spread, or an index compounded in arrears.

Owns the three forms as value types and when an index is read again. The fixings themselves, and the rate on a day,
are in ``fixings``; the adjustment decided by KPIs is added later and the floor and cap apply to the sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.conventions.day_counts import DayCount
from finance.conventions.fields import check_identifier, refused
from finance.loans.interest_periods import day_of_month

_AREA = "base_rate"
_LONGEST_LAG = 60
_HIGHEST_MULTIPLIER = 100
_WIDEST_SPREAD_BP = 10_000
_MOST_DATES = 1_000
_LEAP_YEAR = 2000
_FEWEST_PLACES, _MOST_PLACES = 4, 12


class RepricingKind(StrEnum):
    """When an index is read again (重定价)."""

    EACH_INTEREST_PERIOD = "each_interest_period"
    ANNIVERSARY = "anniversary"  # of the drawdown, each year (对月对日)
    YEARLY_ON = "yearly_on"  # one day of each year; 1 January is usual in China
    ON_DATES = "on_dates"
    NEVER = "never"  # read once at drawdown


@dataclass(frozen=True, slots=True, kw_only=True)
class RepricingRule:
    """The repricing clause; exactly the arguments its kind needs are set.

    ``month`` and ``day`` with ``yearly_on`` (29 February means the month's last day), rising ``dates`` with
    ``on_dates``. The index is always read at drawdown as well.
    """

    kind: RepricingKind
    month: int | None = None
    day: int | None = None
    dates: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        """Refuse missing or superfluous arguments."""
        is_yearly = self.kind is RepricingKind.YEARLY_ON
        if (self.month is not None, self.day is not None) != (is_yearly, is_yearly):
            raise refused(area=_AREA, field="repricing", expected="month and day with yearly_on only", value=self.kind)
        if bool(self.dates) != (self.kind is RepricingKind.ON_DATES):
            raise refused(area=_AREA, field="repricing", expected="dates with on_dates only", value=self.kind)
        if self.month is not None and self.day is not None:
            _check_yearly_day(self.month, self.day)
        if list(self.dates) != sorted(set(self.dates)) or len(self.dates) > _MOST_DATES:
            expected = f"at most {_MOST_DATES} days, rising, none twice"
            raise refused(area=_AREA, field="repricing_dates", expected=expected, value=len(self.dates))


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedRate:
    """One yearly rate for the whole life, as a fraction of one: 3.45 % is 69/2000.

    ``rate_floor`` and ``rate_cap`` bound the sum with the margin adjustment.
    """

    rate: Fraction
    rate_floor: Fraction | None = None
    rate_cap: Fraction | None = None

    def __post_init__(self) -> None:
        """Refuse a rate beyond one: nearly always a percentage typed by mistake."""
        check_yearly_rate(self.rate, field="rate")
        _check_bounds(floor=self.rate_floor, cap=self.rate_cap, index_floor=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRate:
    """``index`` x ``multiplier`` + ``spread_bp``, read again by ``repricing``: 1Y LPR minus 89 bp has spread -89.

    The index is read ``fixing_lag_business_days`` open days before the day it counts from, as last published by then.
    ``index_floor`` bounds the index alone; ``rate_floor`` and ``rate_cap`` bound the sum after the margin adjustment
    (order: index, margin, floor and cap). All rates are fractions of one.
    """

    index: str
    multiplier: Fraction
    spread_bp: Fraction
    repricing: RepricingRule
    fixing_lag_business_days: int
    rate_floor: Fraction | None = None
    rate_cap: Fraction | None = None
    index_floor: Fraction | None = None

    def __post_init__(self) -> None:
        """Refuse figures that no contract has; the code names the field."""
        check_identifier(self.index, area=_AREA, field="index")
        if not 0 < self.multiplier <= _HIGHEST_MULTIPLIER:
            expected = f"a multiplier above 0, at most {_HIGHEST_MULTIPLIER}"
            raise refused(area=_AREA, field="multiplier", expected=expected, value=self.multiplier)
        _check_spread(self.spread_bp, field="spread_bp")
        _check_lag(self.fixing_lag_business_days, field="fixing_lag_business_days")
        _check_bounds(floor=self.rate_floor, cap=self.rate_cap, index_floor=self.index_floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompoundedIndexRate:
    """A daily index compounded over each interest period and known at its end, plus adjustment and margin.

    ``credit_adjustment_bp`` is the credit adjustment spread (CAS) that replaced a term index, ``spread_bp`` the
    margin; neither is compounded. The index of ``lookback_business_days`` open days earlier counts for each day; with
    ``is_observation_shifted`` the days' weights are taken from the observed days too. ``day_count`` is the index's own
    (SOFR: ACT/360). ``rate_places`` rounds the compounded rate half-up to that many decimals of a fraction of one
    (2006 ISDA Definitions: 7, a hundred-thousandth of a percentage point); None keeps it exact.
    """

    index: str
    day_count: DayCount
    lookback_business_days: int
    is_observation_shifted: bool
    credit_adjustment_bp: Fraction
    spread_bp: Fraction
    rate_floor: Fraction | None = None
    rate_cap: Fraction | None = None
    index_floor: Fraction | None = None
    rate_places: int | None = None

    def __post_init__(self) -> None:
        """Refuse figures that no contract has; the code names the field."""
        check_identifier(self.index, area=_AREA, field="index")
        if self.rate_places is not None and not _FEWEST_PLACES <= self.rate_places <= _MOST_PLACES:
            expected = f"{_FEWEST_PLACES} to {_MOST_PLACES} decimals of a fraction of one, or none"
            raise refused(area=_AREA, field="rate_places", expected=expected, value=self.rate_places)
        if self.day_count not in {DayCount.ACT_360, DayCount.ACT_365F}:
            expected = "ACT/360 or ACT/365F, the bases of daily indices"
            raise refused(area=_AREA, field="day_count", expected=expected, value=self.day_count)
        _check_lag(self.lookback_business_days, field="lookback_business_days")
        _check_spread(self.credit_adjustment_bp, field="credit_adjustment_bp")
        _check_spread(self.spread_bp, field="spread_bp")
        _check_bounds(floor=self.rate_floor, cap=self.rate_cap, index_floor=self.index_floor)


BaseRate = FixedRate | IndexRate | CompoundedIndexRate
"""The rate clause of a tranche, before KPI adjustments."""


def check_yearly_rate(rate: Fraction, *, field: str) -> Fraction:
    """Return ``rate`` if it lies in [-1, 1], else refuse it with ``base_rate.<field>``."""
    if not -1 <= rate <= 1:
        expected = "a fraction of one between -1 and 1; write 3.45 % as 0.0345"
        raise refused(area=_AREA, field=field, expected=expected, value=rate)
    return rate


def _check_yearly_day(month: int, day: int) -> None:
    is_day = 1 <= month <= 12 and 1 <= day <= 31 and day_of_month(_LEAP_YEAR, month, day).day == day  # noqa: PLR2004 - the calendar
    if not is_day:
        expected = "a month from 1 to 12 and a day that it has"
        raise refused(area=_AREA, field="repricing_day", expected=expected, value=f"{month}-{day}")


def _check_spread(spread_bp: Fraction, *, field: str) -> None:
    if abs(spread_bp) > _WIDEST_SPREAD_BP:
        raise refused(area=_AREA, field=field, expected="basis points between -10000 and 10000", value=spread_bp)


def _check_lag(business_days: int, *, field: str) -> None:
    if not 0 <= business_days <= _LONGEST_LAG:
        expected = f"0 to {_LONGEST_LAG} business days"
        raise refused(area=_AREA, field=field, expected=expected, value=business_days)


def _check_bounds(*, floor: Fraction | None, cap: Fraction | None, index_floor: Fraction | None) -> None:
    for field, bound in (("rate_floor", floor), ("rate_cap", cap), ("index_floor", index_floor)):
        if bound is not None:
            check_yearly_rate(bound, field=field)
    if floor is not None and cap is not None and floor > cap:
        raise refused(area=_AREA, field="rate_cap", expected="a cap at or above the floor", value=cap)
