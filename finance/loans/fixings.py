"""Index fixings and the base rate they give: which published value counts on which day, never a silent old one.

Owns the lookup, the repricing days and compounding in arrears. Fixings come in as values; a day after the last known
publication is refused, or takes the stated assumption and says so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from finance.conventions.calendars import BusinessCalendar, previous_open_day
from finance.conventions.day_counts import units_per_year
from finance.conventions.fields import check_identifier, refused
from finance.conventions.rates import basis_points
from finance.loans.base_rates import (
    CompoundedIndexRate,
    FixedRate,
    IndexRate,
    RepricingKind,
    RepricingRule,
    check_yearly_rate,
)
from finance.loans.interest_periods import day_of_month
from ledger.core.amounts import RoundingMode, round_exact
from ledger.core.errors import Conflict, NotFound

_AREA = "fixings"
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixingSeries:
    """One index as published: ``rates`` rise by day, each counts until the next, up to ``known_through`` inclusive.

    ``assumed`` is the rate taken after ``known_through``, for projections only; None refuses those days.
    """

    index: str
    rates: tuple[tuple[date, Fraction], ...]
    known_through: date
    assumed: Fraction | None = None

    def __post_init__(self) -> None:
        """Refuse values out of order, beyond one, or published after what is known."""
        check_identifier(self.index, area=_AREA, field="index")
        days = [day for day, _ in self.rates]
        if not days or any(later <= earlier for earlier, later in pairwise(days)):
            raise refused(area=_AREA, field="rates", expected="at least one, rising days, none twice", value=self.index)
        if days[-1] > self.known_through:
            raise refused(
                area=_AREA, field="known_through", expected=f"a day from {days[-1]} on", value=self.known_through
            )
        for _, rate in self.rates:
            check_yearly_rate(rate, field="fixing")
        if self.assumed is not None:
            check_yearly_rate(self.assumed, field="assumed")

    def on(self, day: date) -> Fixing:
        """Return what counts on ``day``: the last value published on or before it."""
        if day > self.known_through:
            if self.assumed is None:
                raise Conflict(
                    "fixings.unknown",
                    f"{self.index} is known to {self.known_through}; load the fixing that counts on {day}",
                    index=self.index,
                    day=day.isoformat(),
                )
            return Fixing(published_on=None, rate=self.assumed)
        place = bisect_right(self.rates, day, key=lambda item: item[0])
        if place == 0:
            raise Conflict(
                "fixings.unknown",
                f"{self.index} is known from {self.rates[0][0]}; load the fixing that counts on {day}",
                index=self.index,
                day=day.isoformat(),
            )
        published_on, rate = self.rates[place - 1]
        return Fixing(published_on=published_on, rate=rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixing:
    """One value of an index; ``published_on`` is None for an assumption."""

    published_on: date | None
    rate: Fraction


Fixings = Mapping[str, FixingSeries]
"""The series by index name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BasePiece:
    """The base rate on [start, end) before margin adjustment; ``fixing`` is what it was read from, None if fixed."""

    start: date
    end: date
    rate: Fraction
    fixing: Fixing | None

    @property
    def is_projected(self) -> bool:
        """Return whether the rate rests on an assumption."""
        return self.fixing is not None and self.fixing.published_on is None


def base_pieces(
    base: FixedRate | IndexRate,
    *,
    bounds: Sequence[date],
    fixings: Fixings,
    calendar: BusinessCalendar,
) -> tuple[BasePiece, ...]:
    """Return the base rate over the life that ``bounds`` (period starts, then maturity) cut: pieces that tile it.

    1Y LPR minus 89 bp at an LPR of 3.00 % is 2.11 %. The index counts from each repricing day, read the stated number
    of open days earlier. Missing fixings are refused with ``fixings.index`` or ``fixings.unknown``.
    """
    start, end = bounds[0], bounds[-1]
    if isinstance(base, FixedRate):
        return (BasePiece(start=start, end=end, rate=base.rate, fixing=None),)
    series = series_of(fixings, base.index)
    days = (start, *repricing_days(base.repricing, bounds=bounds), end)
    pieces = []
    for opening, closing in pairwise(days):
        fixing = series.on(open_days_before(calendar, opening, base.fixing_lag_business_days))
        index = fixing.rate if base.index_floor is None else max(base.index_floor, fixing.rate)
        rate = index * base.multiplier + basis_points(base.spread_bp)
        pieces.append(BasePiece(start=opening, end=closing, rate=rate, fixing=fixing))
    return tuple(pieces)


def series_of(fixings: Fixings, index: str) -> FixingSeries:
    """Return the series of ``index``; an index that was not passed in is refused with ``fixings.index``."""
    if index not in fixings:
        known = ", ".join(sorted(fixings)) or "none"
        raise NotFound("fixings.index", f"index: expected fixings of {index}; passed in: {known}", index=index)
    return fixings[index]


def repricing_days(rule: RepricingRule, *, bounds: Sequence[date]) -> tuple[date, ...]:
    """Return the days strictly inside the life on which the index is read again.

    Yearly on 1 January, [2024-03-01, 2026-03-01): 2025-01-01 and 2026-01-01. A drawdown on 29 February has its
    anniversary on 28 February in common years.
    """
    start, end = bounds[0], bounds[-1]
    years = range(start.year, end.year + 1)
    match rule.kind:
        case RepricingKind.NEVER:
            days: Sequence[date] = ()
        case RepricingKind.EACH_INTEREST_PERIOD:
            days = bounds
        case RepricingKind.ANNIVERSARY:
            days = [day_of_month(year, start.month, start.day) for year in years]
        case RepricingKind.YEARLY_ON:
            assert rule.month is not None, "a yearly rule holds its month"
            assert rule.day is not None, "a yearly rule holds its day"
            days = [day_of_month(year, rule.month, rule.day) for year in years]
        case RepricingKind.ON_DATES:
            days = rule.dates
    return tuple(day for day in days if start < day < end)


def open_days_before(calendar: BusinessCalendar, day: date, count: int) -> date:
    """Return the ``count``-th open day before ``day``; zero is the day itself, open or not."""
    for _ in range(count):
        day = previous_open_day(calendar, day)
    return day


@dataclass(frozen=True, slots=True, kw_only=True)
class CompoundedSpan:
    """The days [start, end) of an interest period that began on ``period_start``."""

    period_start: date
    start: date
    end: date


def compounded_rate(
    base: CompoundedIndexRate, span: CompoundedSpan, *, fixings: Fixings, calendar: BusinessCalendar
) -> BasePiece:
    """Return the yearly rate of the span, spreads included: the growth it adds to the period's compounding.

    With U(t) the product of (1 + r x days / base) over the period's open days before t, less one, the span earns
    U(end) - U(start), annualised by the index's day count; spans of one principal add up to the period's rate. A
    closed day carries the open day before it. Two days at 3.60 % from a Thursday: (1 + 1/10000)^2 - 1 over 2/360.
    Source: compounding the rate in arrears (cumulative and non-cumulative rate), Loan Market Association; ISDA 2021.
    """
    series = series_of(fixings, base.index)
    per_year = units_per_year(base.day_count)
    growth, at_start, is_projected = Fraction(1), Fraction(1), False
    day = span.period_start
    while day < span.end:
        following = _next_step(calendar, day, span.end)
        observed = open_days_before(calendar, _on_or_before(calendar, day), base.lookback_business_days)
        fixing = series.on(observed)
        is_projected = is_projected or fixing.published_on is None
        rate = fixing.rate if base.index_floor is None else max(base.index_floor, fixing.rate)
        earned = rate * Fraction(_weight(base, calendar, day, following, observed), per_year)
        if day <= span.start < following:
            # Inside a run of closed days nothing compounds: the run's growth is shared by days.
            at_start = growth * (1 + earned * Fraction((span.start - day).days, (following - day).days))
        growth *= 1 + earned
        day = following
    annual = (growth - at_start) * Fraction(per_year, (span.end - span.start).days)
    if base.rate_places is not None:
        scale = 10**base.rate_places
        annual = Fraction(round_exact(annual * scale, RoundingMode.HALF_UP), scale)
    rate = annual + basis_points(base.credit_adjustment_bp + base.spread_bp)
    published_on = None if is_projected else span.end
    return BasePiece(start=span.start, end=span.end, rate=rate, fixing=Fixing(published_on=published_on, rate=annual))


def _next_step(calendar: BusinessCalendar, day: date, end: date) -> date:
    following = day + _ONE_DAY
    while following < end and not calendar.is_open(following):
        following += _ONE_DAY
    return following


def _on_or_before(calendar: BusinessCalendar, day: date) -> date:
    while not calendar.is_open(day):
        day -= _ONE_DAY
    return day


def _weight(base: CompoundedIndexRate, calendar: BusinessCalendar, day: date, following: date, observed: date) -> int:
    """Return the days a fixing counts for: those of the interest day, or with an observation shift its own."""
    if not base.is_observation_shifted:
        return (following - day).days
    shifted_end = open_days_before(calendar, _on_or_before(calendar, following), base.lookback_business_days)
    return (shifted_end - observed).days
