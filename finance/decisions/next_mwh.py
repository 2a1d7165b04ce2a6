"""The value of the next MWh of green power, and whether its premium is worth paying.

Owns the comparison of a premium with the channels and the points of its chart. Knows no contract and no feed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from finance.decisions.channels import ChannelKind, StepValue
from finance.decisions.ets_channel import AccountingCase, EtsSituation, ets_channel
from finance.decisions.next_tonne import Situation, value_of
from finance.decisions.parity import PremiumParity, premium_parity
from finance.decisions.steps import GreenPower, Step, green_mwh
from ledger.core import amounts
from ledger.core.errors import Invalid

_MOST_POINTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MwhValue:
    """What green power is worth through every channel, and the parity with a premium where one was given."""

    value: StepValue
    parity: PremiumParity


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPoint:
    """One point of the parity chart, exact: at this carbon price, this premium per MWh breaks even."""

    price_cny_per_t: Fraction
    premium_cny_per_mwh: Fraction


def next_mwh(
    situation: Situation,
    power: GreenPower,
    *,
    mwh: Fraction = Fraction(1),
    premium_cny_per_mwh: Fraction | None = None,
) -> MwhValue:
    """Return what ``mwh`` MWh of green power are worth, and the parity with ``premium_cny_per_mwh``.

    Under the law in force the allowance position is worth nothing here; the duty at 5.96 CNY a certificate makes 5.96 CNY
    per MWh, and a premium of 60 CNY/MWh then loses 54.04.
    """
    value = value_of(situation, green_mwh(mwh, power, is_power_in_cbam=situation.is_power_in_cbam))
    counts_power = situation.ets is not None and situation.ets.case is AccountingCase.DRAFT_WITH_POWER
    ets_t_per_mwh = value.step.operational_t / mwh if counts_power else Fraction(0)
    ets = value.channel(ChannelKind.ETS).worth_cny or Fraction(0)
    return MwhValue(
        value=value,
        parity=premium_parity(
            value_cny_per_mwh=value.per_unit_cny,
            other_cny_per_mwh=(value.total_cny - ets) / mwh,
            position_t_per_mwh=ets_t_per_mwh,
            premium_cny_per_mwh=premium_cny_per_mwh,
        ),
    )


def parity_chart(situation: Situation, power: GreenPower, prices: Sequence[Fraction]) -> tuple[ChartPoint, ...]:
    """Return the parity premium of one MWh at each carbon price, exact, in the order asked: 1 to 200 prices.

    Under the law in force the line is flat: the carbon price does not reach green power.
    """
    if not 0 < len(prices) <= _MOST_POINTS:
        raise Invalid("decision.chart", f"prices: expected 1 to {_MOST_POINTS} carbon prices", field="prices")
    if any(not 0 <= each <= amounts.MAX_UNITS for each in prices):
        raise Invalid("decision.chart_price", "prices: expected carbon prices of zero or more", field="prices")
    if situation.ets is None:
        raise Invalid(
            "decision.chart_process", "ets: expected the process whose position the prices value", field="ets"
        )
    value = next_mwh(situation, power).value
    # The carbon price reaches green power through the position alone; every other channel is the same at each price.
    rest = value.total_cny - (value.channel(ChannelKind.ETS).worth_cny or Fraction(0))
    return tuple(
        ChartPoint(price_cny_per_t=price, premium_cny_per_mwh=rest + _position_cny(situation.ets, value.step, price))
        for price in prices
    )


def _position_cny(ets: EtsSituation, step: Step, price: Fraction) -> Fraction:
    worth = ets_channel(dataclasses.replace(ets, price_cny_per_t=price), step).worth_cny
    assert worth is not None, "a price was given"
    return worth
