"""The value of the next tonne emitted less, through every channel at once.

Owns which channels there are and in which order one feeds another. Computes nothing that a channel has not computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from finance.decisions.channels import ChannelKind, ChannelState, StepValue, not_given, total_of
from finance.decisions.ets_channel import AccountingCase, EtsSituation, ets_channel
from finance.decisions.loan_channel import RateStake, loan_channel
from finance.decisions.product_channels import (
    CbamExposure,
    DutyExposure,
    ProductSituation,
    cbam_channel,
    duty_channel,
    premium_channel,
)
from finance.decisions.steps import Origin, Step, saved_tonnes


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything a step is valued by; what is None (or empty) leaves its channel unknown, never zero."""

    ets: EtsSituation | None = None
    stakes: tuple[RateStake, ...] = ()
    cbam: CbamExposure | None = None
    duty: DutyExposure | None = None
    product: ProductSituation | None = None
    is_power_in_cbam: bool = False


def next_tonne(situation: Situation, *, tonnes: Fraction = Fraction(1), origin: Origin = Origin.DIRECT) -> StepValue:
    """Return what ``tonnes`` tCO2e less are worth, output unchanged, each channel once.

    At I = BP and 100 CNY/t the first tonne of 800,000 is worth 0.15 t x 100 less the curvature: 14.9999812 CNY through
    the allowance position; loan, CBAM and premium come on top.
    """
    return value_of(situation, saved_tonnes(tonnes, origin=origin, is_power_in_cbam=situation.is_power_in_cbam))


def value_of(situation: Situation, step: Step) -> StepValue:
    """Return the worth of any step through every channel.

    The home saving that a deducted carbon price is lowered by is that of the law in force, never of the what-if.
    """
    if situation.ets is None:
        ets = not_given(ChannelKind.ETS, words=("No process and its emissions were given.", "未提供工序排放数据。"))
    else:
        ets = ets_channel(situation.ets, step)
    is_paid_at_home = (
        situation.ets is not None
        and situation.ets.case is AccountingCase.LAW_IN_FORCE
        and ets.state is ChannelState.COUNTED
    )
    home_saving = ets.worth_cny if is_paid_at_home and ets.worth_cny is not None else Fraction(0)
    return total_of(
        step,
        (
            ets,
            loan_channel(situation.stakes, step),
            cbam_channel(situation.cbam, step, home_saving_cny=home_saving),
            duty_channel(situation.duty, step),
            premium_channel(situation.product, step),
        ),
    )
