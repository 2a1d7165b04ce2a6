"""One tranche as the engine takes it: what was drawn, how it is repaid, which rate, and every convention by name.

Owns the value and its consistency. It is made from a terms version by the caller; it knows no lender, no KPI and no
reason for an adjustment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.conventions.calendars import BusinessDayConvention
from finance.conventions.day_counts import DayCount
from finance.conventions.fields import refused
from finance.conventions.rounding import INTEREST_PAYMENT
from finance.loans.base_rates import BaseRate
from finance.loans.interest_periods import PeriodRule
from finance.loans.prepayment import PrepaymentRule
from finance.loans.repayment import Repayment
from ledger.core.amounts import MAX_UNITS, RoundingMode
from ledger.core.errors import Invalid

_AREA = "tranche"
_FIRST_YEAR, _LAST_YEAR = 1900, 2300
_WIDEST_ADJUSTMENT_BP = 10_000


class RoundingUnit(StrEnum):
    """What is rounded to the minor unit: the payment, which is the rule, or each segment of it."""

    PER_PAYMENT = "per_payment"
    PER_SEGMENT = "per_segment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """``amount_minor`` drawn on ``on``; interest runs on it from that day."""

    on: date
    amount_minor: int

    def __post_init__(self) -> None:
        """Refuse an amount that is none."""
        if not 0 < self.amount_minor <= MAX_UNITS:
            expected = "an amount above zero, at most 10^15 minor units"
            raise refused(area=_AREA, field="amount_minor", expected=expected, value=self.amount_minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentInterval:
    """The margin adjustment in force on [start, end), in exact basis points; minus is a step-down."""

    start: date
    end: date
    adjustment_bp: Fraction

    def __post_init__(self) -> None:
        """Refuse an interval without a day and an adjustment that no contract has."""
        if self.end <= self.start:
            raise refused(area=_AREA, field="adjustments", expected=f"an end after {self.start}", value=self.end)
        if abs(self.adjustment_bp) > _WIDEST_ADJUSTMENT_BP:
            expected = "basis points between -10000 and 10000"
            raise refused(area=_AREA, field="adjustment_bp", expected=expected, value=self.adjustment_bp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tranche:
    """What the schedule of one tranche is computed from; amounts in minor units of ``currency``.

    Life is [first drawdown, maturity). Drawdowns rise by day. ``rounding`` is applied once per ``rounding_unit``.
    """

    currency: str
    drawdowns: tuple[Drawdown, ...]
    maturity: date
    base_rate: BaseRate
    periods: PeriodRule
    day_count: DayCount
    convention: BusinessDayConvention
    is_accrual_adjusted: bool
    repayment: Repayment
    prepayment: PrepaymentRule | None = None
    rounding: RoundingMode = INTEREST_PAYMENT
    rounding_unit: RoundingUnit = RoundingUnit.PER_PAYMENT

    def __post_init__(self) -> None:
        """Refuse drawdowns out of order, none at all, or outside the life."""
        days = [drawdown.on for drawdown in self.drawdowns]
        if not days or days != sorted(set(days)):
            raise refused(
                area=_AREA, field="drawdowns", expected="at least one, rising days, none twice", value=len(days)
            )
        if days[0].year < _FIRST_YEAR or self.maturity.year > _LAST_YEAR:
            expected = f"days from {_FIRST_YEAR} to {_LAST_YEAR}"
            raise refused(area=_AREA, field="maturity", expected=expected, value=self.maturity)
        if days[-1] >= self.maturity:
            raise refused(area=_AREA, field="maturity", expected=f"a day after {days[-1]}", value=self.maturity)
        if self.drawn_minor > MAX_UNITS:
            raise refused(area=_AREA, field="drawdowns", expected="at most 10^15 minor units", value=self.drawn_minor)

    @property
    def start(self) -> date:
        """Return the first drawdown's day."""
        return self.drawdowns[0].on

    @property
    def drawn_minor(self) -> int:
        """Return all that is drawn."""
        return sum(drawdown.amount_minor for drawdown in self.drawdowns)


def tiled(adjustments: Sequence[AdjustmentInterval], *, start: date, end: date) -> tuple[AdjustmentInterval, ...]:
    """Return the adjustments if they tile [start, end); none at all is one interval of zero.

    A gap, an overlap or another life is refused with ``tranche.adjustments``.
    """
    if not adjustments:
        return (AdjustmentInterval(start=start, end=end, adjustment_bp=Fraction(0)),)
    expected_start = start
    for interval in adjustments:
        if interval.start != expected_start:
            raise _not_tiled(expected_start, interval.start)
        expected_start = interval.end
    if expected_start != end:
        raise _not_tiled(end, expected_start)
    return tuple(adjustments)


def _not_tiled(expected: date, found: date) -> Invalid:
    text = f"intervals that tile the life without gap or overlap; one must begin or end on {expected}"
    return refused(area=_AREA, field="adjustments", expected=text, value=found)
