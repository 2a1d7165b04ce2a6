"""What leaves about a decision: the channels of a step, parity, chart and sensitivity, each with its reasons.

Only shapes. Exact numbers leave as decimals (half-up at twelve places where they do not end), money rounded once beside.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from api.schemas.amounts import AmountOut
from api.schemas.base import Array, Schema
from api.schemas.explain import ExplanationOut
from api.schemas.points import PointOut
from finance.accounting.chart import BOOK_CURRENCY
from finance.conventions.exact_text import decimal_text
from finance.conventions.rounding import VALUATION
from finance.decisions.channels import Channel, ChannelKind, ChannelState, StepValue
from finance.decisions.next_mwh import ChartPoint, MwhValue
from finance.decisions.parity import PremiumParity, explain_parity
from finance.decisions.sensitivity import Bar, Tornado
from ledger.core.amounts import format_exact

_CNY_PLACES = 2


class MeasuredOut(Schema):
    """A figure beside a channel's worth; null where there is none."""

    name: str
    value: str | None
    unit: str


class ChannelOut(Schema):
    """What the step is worth through one channel; null when its inputs were not given: unknown, never zero."""

    kind: ChannelKind
    state: ChannelState
    worth: AmountOut | None
    worth_exact_cny: str | None
    words_en: str
    words_zh: str
    changes_en: Annotated[str, Field(description="What would make a worthless channel count; else empty.")]
    changes_zh: str
    is_estimate: bool
    figures: Array[MeasuredOut]

    @classmethod
    def from_core(cls, channel: Channel) -> ChannelOut:
        """Return the shape of ``channel``."""
        worth = channel.worth_cny
        return cls(
            kind=channel.kind,
            state=channel.state,
            worth=None if worth is None else cny_out(worth),
            worth_exact_cny=_shown(worth),
            words_en=channel.words_en,
            words_zh=channel.words_zh,
            changes_en=channel.changes_en,
            changes_zh=channel.changes_zh,
            is_estimate=channel.is_estimate,
            figures=tuple(
                MeasuredOut(name=each.name, value=_shown(each.value), unit=each.unit) for each in channel.figures
            ),
        )


class StepValueOut(Schema):
    """What a step is worth through every channel, each once; ``point`` names the book's state that was read, if any."""

    point: PointOut | None
    quantity: str
    unit: str
    total: AmountOut
    total_exact_cny: str
    per_unit_cny: str
    is_complete: bool
    is_estimate: bool
    missing: Array[ChannelKind]
    channels: Array[ChannelOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, value: StepValue, point: PointOut | None) -> StepValueOut:
        """Return the shape of ``value``."""
        return cls(
            point=point,
            quantity=decimal_text(value.step.quantity),
            unit=value.step.unit,
            total=cny_out(value.total_cny),
            total_exact_cny=decimal_text(value.total_cny),
            per_unit_cny=decimal_text(value.per_unit_cny),
            is_complete=value.is_complete,
            is_estimate=value.is_estimate,
            missing=value.missing,
            channels=tuple(ChannelOut.from_core(each) for each in value.channels),
            explanation=ExplanationOut.from_core(value.explanation),
        )


class ParityOut(Schema):
    """The premium at which green power equals its worth, and the carbon price at which a given premium does.

    ``price_cny_per_t`` is null when no carbon price makes it pay; ``is_price_decisive`` false says that, under the law in
    force, the carbon price does not reach green power at all.
    """

    premium_cny_per_mwh: str
    premium_cny_per_kwh: str
    given_premium_cny_per_mwh: str | None
    net_cny_per_mwh: str | None
    price_cny_per_t: str | None
    is_price_decisive: bool
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, parity: PremiumParity) -> ParityOut:
        """Return the shape of ``parity``."""
        return cls(
            premium_cny_per_mwh=decimal_text(parity.parity_cny_per_mwh),
            premium_cny_per_kwh=decimal_text(parity.parity_cny_per_kwh),
            given_premium_cny_per_mwh=_shown(parity.premium_cny_per_mwh),
            net_cny_per_mwh=_shown(parity.net_cny_per_mwh),
            price_cny_per_t=_shown(parity.price_cny_per_t),
            is_price_decisive=parity.is_price_decisive,
            explanation=ExplanationOut.from_core(explain_parity(parity, worth="the value beside, by its explanation")),
        )


class ChartPointOut(Schema):
    """One point of the parity chart."""

    price_cny_per_t: str
    premium_cny_per_mwh: str


class NextMwhOut(Schema):
    """The value of green power, its parity and the chart asked for."""

    value: StepValueOut
    parity: ParityOut
    chart: Array[ChartPointOut]

    @classmethod
    def from_core(cls, found: MwhValue, chart: tuple[ChartPoint, ...], point: PointOut | None) -> NextMwhOut:
        """Return the shape of ``found``."""
        return cls(
            value=StepValueOut.from_core(found.value, point),
            parity=ParityOut.from_core(found.parity),
            chart=tuple(
                ChartPointOut(
                    price_cny_per_t=decimal_text(each.price_cny_per_t),
                    premium_cny_per_mwh=decimal_text(each.premium_cny_per_mwh),
                )
                for each in chart
            ),
        )


class BarOut(Schema):
    """One driver at its two ends; ``effect`` is the larger distance from the base value."""

    driver: str
    unit: str
    base: str
    low: str
    high: str
    at_low: str
    at_high: str
    effect: str
    source: str

    @classmethod
    def from_core(cls, bar: Bar) -> BarOut:
        """Return the shape of ``bar``."""
        driver = bar.driver
        return cls(
            driver=driver.name,
            unit=driver.unit,
            base=decimal_text(driver.base),
            low=decimal_text(driver.low),
            high=decimal_text(driver.high),
            at_low=decimal_text(bar.at_low),
            at_high=decimal_text(bar.at_high),
            effect=decimal_text(bar.effect),
            source=driver.source,
        )


class SensitivityOut(Schema):
    """The value per unit in the base case and its drivers, the largest effect first."""

    point: PointOut | None
    value: str
    unit: str
    bars: Array[BarOut]
    explanation: ExplanationOut

    @classmethod
    def from_core(cls, found: Tornado, point: PointOut | None) -> SensitivityOut:
        """Return the shape of ``found``."""
        return cls(
            point=point,
            value=decimal_text(found.base),
            unit=found.unit,
            bars=tuple(BarOut.from_core(each) for each in found.bars),
            explanation=ExplanationOut.from_core(found.explanation),
        )


def cny_out(value: Fraction) -> AmountOut:
    """Return an exact amount of CNY rounded half-up once to the fen."""
    return AmountOut(amount=format_exact(value, _CNY_PLACES, VALUATION), unit=BOOK_CURRENCY)


def _shown(value: Fraction | None) -> str | None:
    return None if value is None else decimal_text(value)
