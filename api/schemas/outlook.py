"""What leaves about the forecast of a compliance year: the gap to come, its interval and cost, and the replay of a past year.

Only shapes: the cores forecast and judge.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from api.schemas.amounts import AmountOut, tonnes_out
from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.market import price_out
from api.schemas.points import PointOut
from api.schemas.trades import PriceOut
from api.schemas.worth import COST_DISPLAY
from finance.accounting.chart import BOOK_CURRENCY
from finance.compliance.gap_forecast import METHOD, AlertLevel, GapBackTest, GapCut, MonthOutlook
from finance.conventions.exact_text import decimal_text
from finance.operations.compliance_outlook import OutlookAnswer
from ledger.core.amounts import format_exact

_CNY_PLACES = 2
_Month = Annotated[str, Field(examples=["2026-07"])]


class MonthOutlookOut(Schema):
    """One month's direct emissions: recorded or expected."""

    month: _Month
    emissions_tco2e: Annotated[str, Field(examples=["72041.5"])]
    is_over: bool

    @classmethod
    def from_core(cls, each: MonthOutlook) -> MonthOutlookOut:
        """Return the shape of ``each``."""
        return cls(month=each.month, emissions_tco2e=decimal_text(each.emissions_t), is_over=each.is_over)


class ExhaustionOut(Schema):
    """The month at whose end cumulative emissions exceed a quantity; null when they do not in this year."""

    what: Annotated[str, Field(examples=["free_allocation"])]
    quantity: AmountOut
    month: _Month | None


class OutlookOut(PointOut):
    """The gap that a compliance year is expected to end with (below zero: left over); an estimate, not a promise."""

    year: int
    method: Annotated[str, Field(examples=[METHOD])]
    methodology_id: Annotated[str, Field(examples=["cets-ag-04.01"])]
    methodology_version: str
    factor_set_sha256: str
    level: Annotated[AlertLevel, Field(examples=[AlertLevel.WARNING])]
    confidence: Annotated[str, Field(examples=["0.9"])]
    months_over: int
    expected_emissions: AmountOut
    low_emissions: AmountOut | None
    high_emissions: AmountOut | None
    production: AmountOut
    balance_value_low: Annotated[str | None, Field(description="tCO2e/t.")]
    balance_value_high: str | None
    due: AmountOut
    allocation: AmountOut
    gap: AmountOut
    low_gap: Annotated[AmountOut | None, Field(description="Null before two months.")]
    high_gap: AmountOut | None
    price: PriceOut | None
    price_source: str
    gap_cost: Annotated[AmountOut | None, Field(description="Null without a usable mark: unvalued, never zero.")]
    high_gap_cost: AmountOut | None
    exhaustions: Array[ExhaustionOut]
    months: Array[MonthOutlookOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, answer: OutlookAnswer, point: PointOut) -> OutlookOut:
        """Return the shape of ``answer`` at ``point``."""
        found = answer.forecast
        emissions, expected, balance = found.emissions, found.expected, found.balance
        mark = expected.mark
        return cls(
            **point.carried(),
            year=emissions.year,
            method=METHOD,
            methodology_id=answer.methodology_id,
            methodology_version=answer.methodology_version,
            factor_set_sha256=answer.factor_set_hash,
            level=found.level,
            confidence=decimal_text(emissions.confidence),
            months_over=emissions.months_over,
            expected_emissions=_emitted(emissions.expected_t),
            low_emissions=None if emissions.low_t is None else _emitted(emissions.low_t),
            high_emissions=None if emissions.high_t is None else _emitted(emissions.high_t),
            production=AmountOut(amount=decimal_text(emissions.production_t), unit="t"),
            balance_value_low=None if balance is None else decimal_text(balance.low),
            balance_value_high=None if balance is None else decimal_text(balance.high),
            due=tonnes_out(expected.due_t),
            allocation=tonnes_out(expected.allocation_t),
            gap=tonnes_out(found.gap_t),
            low_gap=None if found.low_t is None else tonnes_out(found.low_t),
            high_gap=None if found.high_t is None else tonnes_out(found.high_t),
            price=None if mark is None else price_out(mark.value, mark.currency, mark.unit),
            price_source=expected.mark_source,
            gap_cost=_cost(found.cost_cny(found.gap_t)),
            high_gap_cost=_cost(found.cost_cny(found.high_t)),
            exhaustions=tuple(
                ExhaustionOut(what=each.what, quantity=tonnes_out(each.quantity_t), month=each.month)
                for each in found.exhaustions
            ),
            months=tuple(MonthOutlookOut.from_core(each) for each in emissions.months),
            explanation=ExplanationOut.from_core(found.explain()),
        )


class OutlookCutOut(Schema):
    """What the forecast would have said at the end of one month."""

    after: _Month
    gap: AmountOut
    low_gap: AmountOut | None
    high_gap: AmountOut | None
    error: Annotated[AmountOut, Field(description="Forecast minus actual.")]
    is_covered: Annotated[bool | None, Field(description="Null without an interval.")]
    level: AlertLevel

    @classmethod
    def from_core(cls, cut: GapCut) -> OutlookCutOut:
        """Return the shape of ``cut``."""
        found = cut.forecast
        return cls(
            after=cut.month,
            gap=tonnes_out(found.gap_t),
            low_gap=None if found.low_t is None else tonnes_out(found.low_t),
            high_gap=None if found.high_t is None else tonnes_out(found.high_t),
            error=tonnes_out(cut.error_t),
            is_covered=cut.is_covered,
            level=found.level,
        )


class OutlookBackTestOut(Schema):
    """The forecast replayed on a year that is over, on the allocation alone."""

    method: str
    actual_gap: AmountOut
    coverage: Annotated[str | None, Field(description="Share of intervals that held the actual.")]
    largest_error: AmountOut
    first_warning: Annotated[_Month | None, Field(description="From when on a gap was expected without a break.")]
    cuts: Array[OutlookCutOut]

    @classmethod
    def from_core(cls, test: GapBackTest) -> OutlookBackTestOut:
        """Return the shape of ``test``."""
        return cls(
            method=METHOD,
            actual_gap=tonnes_out(test.cuts[0].actual_gap_t),
            coverage=None if test.coverage is None else decimal_text(test.coverage),
            largest_error=tonnes_out(test.largest_error_t),
            first_warning=test.first_warning,
            cuts=tuple(OutlookCutOut.from_core(cut) for cut in test.cuts),
        )


def _emitted(tonnes: Fraction) -> AmountOut:
    return AmountOut(amount=decimal_text(tonnes), unit="tCO2e")


def _cost(cost: Fraction | None) -> AmountOut | None:
    return None if cost is None else AmountOut(amount=format_exact(cost, _CNY_PLACES, COST_DISPLAY), unit=BOOK_CURRENCY)
