"""What a step changes in the allowance position: the difference of two exact allocations, priced.

Owns the marginal position under the law in force, where only direct emissions count and the allocation moves with the
emissions, and the what-if of the draft that counted power. Knows no holding beyond the gap's sign and no feed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from finance.compliance.allocation import (
    Allocation,
    AllocationMethod,
    AllocationRule,
    AllocationSources,
    ProcessState,
    allocate,
    row_leaf,
)
from finance.compliance.offsets import OffsetCap
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.conventions.tables import ReferenceRow
from finance.decisions.channels import (
    PLACES,
    Channel,
    ChannelKind,
    ChannelState,
    Measured,
    leaf_of,
    not_given,
    nothing,
    worth_node,
)
from finance.decisions.steps import Step
from ledger.core import amounts
from ledger.core.errors import Invalid


class AccountingCase(StrEnum):
    """Which rule the position is reckoned by."""

    LAW_IN_FORCE = "law_in_force"  # direct emissions; A = E x (1 + alpha)
    DRAFT_WITH_POWER = "draft_with_power"  # what-if: power counts, a benchmark per tonne of metal (draft of 2024-03)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditSwap:
    """Credits used up to the cap: a tonne less due takes ``share`` of a credit out of use, an allowance steps in.

    ``price_cny_per_t`` is what the freed credit is worth; ``cap`` names the rule.
    """

    share: Fraction
    price_cny_per_t: Fraction
    cap: OffsetCap
    source: str

    def __post_init__(self) -> None:
        """Refuse a share that is none and a price below zero."""
        if not 0 <= self.share <= 1 or self.price_cny_per_t < 0:
            raise Invalid("decision.credits", "credits: expected a share of 0 to 1 and a price of zero or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class EtsSituation:
    """A process and its market: emissions and output above zero, BP where the rule needs it, price of an allowance.

    Intensity is emissions / output. ``price_cny_per_t`` None leaves the channel unpriced. ``gap_t`` above zero is a
    shortage (a tonne saved need not be bought), below a surplus (it can be sold), None unknown.
    """

    rule: AllocationRule
    emissions_t: Fraction
    output_t: Fraction
    balance_value: Fraction | None
    price_cny_per_t: Fraction | None
    price_source: str
    power_row: ReferenceRow
    draft_row: ReferenceRow
    case: AccountingCase = AccountingCase.LAW_IN_FORCE
    state: ProcessState = ProcessState.OPERATING
    gap_t: int | None = None
    gap_source: str = "not given"
    credits: CreditSwap | None = None
    sources: AllocationSources = field(default_factory=AllocationSources)

    def __post_init__(self) -> None:
        """Refuse no output, and numbers below zero."""
        if not 0 < self.output_t <= amounts.MAX_UNITS:
            raise Invalid("decision.output_t", "output_t: expected above zero tonnes of metal", field="output_t")
        if not 0 <= self.emissions_t <= amounts.MAX_UNITS:
            raise Invalid("decision.emissions_t", "emissions_t: expected zero or more tCO2e", field="emissions_t")
        if self.price_cny_per_t is not None and not 0 <= self.price_cny_per_t <= amounts.MAX_UNITS:
            raise Invalid("decision.price", "price_cny_per_t: expected zero or more CNY/t", field="price_cny_per_t")

    @property
    def intensity(self) -> Fraction:
        """Direct emissions per tonne of metal."""
        return self.emissions_t / self.output_t


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionChange:
    """What a step does to allocation less duty: exact tonnes before the floors, and whole tonnes after them.

    ``slope_t_per_t`` is the change per tonne of an infinitely small step at this point (0 where A = E).
    """

    before: Allocation
    after: Allocation
    exact_t: Fraction
    whole_t: int
    slope_t_per_t: Fraction


def position_change(situation: EtsSituation, tonnes: Fraction) -> PositionChange:
    """Return the change of the position A - E when ``tonnes`` of direct emissions are saved at unchanged output.

    A - E = E x alpha(I), so the change is (E - s) x alpha((E - s) / P) - E x alpha(E / P); inside the band its slope is
    slope x (2 I / BP - 1): at I = BP one tonne saved is 0.15 t of position, not one tonne, because the allocation falls
    with the emissions (draft plan 2025/26 of 2026-07-27, tables 3 and 2-4). At the upper cap it is -0.03, at the lower
    0.03, with A = E nothing. 800,000 t at 1.60, BP 1.60, 1,000 t less: 149.8125 t exactly. A step beyond the emissions
    is ``decision.step``.
    """
    if tonnes > situation.emissions_t:
        raise Invalid(
            "decision.step_process", "step: expected at most the direct emissions of the process", field="step"
        )
    before, after = _allocated(situation, situation.emissions_t), _allocated(situation, situation.emissions_t - tonnes)
    return PositionChange(
        before=before,
        after=after,
        exact_t=(situation.emissions_t - tonnes) * after.alpha - situation.emissions_t * before.alpha,
        whole_t=before.gap_t - after.gap_t,
        slope_t_per_t=_slope(situation, before),
    )


def ets_channel(situation: EtsSituation, step: Step) -> Channel:
    """Return what the step is worth in allowances under the case asked for.

    The worth prices the exact tonnes before the floors; whole tonnes stand beside it. A step without direct emissions is
    worth nothing under the law in force, and the channel says which law would change that.
    """
    if situation.case is AccountingCase.DRAFT_WITH_POWER:
        return _under_draft(situation, step)
    if not step.ets_t:
        return nothing(
            ChannelKind.ETS,
            words=(
                "Green power changes nothing in the allowance position: the law in force counts direct emissions only.",
                "现行规则只核算直接排放，绿电不改变电解铝企业的配额盈缺，该渠道价值为零。",
            ),
            changes=(
                "A rule that counts electricity (as the draft of March 2024 did): grid factor x price; ask draft_with_power.",
                "若规则计入用电排放（如2024年3月征求意见稿），价值为电网因子乘以碳价；可用 draft_with_power 情景测算。",
            ),
            leaf=row_leaf(situation.power_row),
        )
    if situation.price_cny_per_t is None:
        return not_given(
            ChannelKind.ETS,
            words=("No usable carbon price was given: the position is unvalued.", "未提供可用碳价，配额头寸无法估值。"),
        )
    change = position_change(situation, step.ets_t)
    swap = situation.credits
    swapped = (
        Fraction(0) if swap is None else -swap.share * step.ets_t * (situation.price_cny_per_t - swap.price_cny_per_t)
    )
    worth = change.exact_t * situation.price_cny_per_t + swapped
    figures = (
        Measured(name="position_change_t", value=change.exact_t, unit="t"),
        Measured(name="position_change_whole_t", value=Fraction(change.whole_t), unit="t"),
        Measured(name="slope_t_per_t", value=change.slope_t_per_t, unit="t/t"),
        Measured(name="gap_t", value=None if situation.gap_t is None else Fraction(situation.gap_t), unit="t"),
        Measured(name="credit_swap_cny", value=swapped, unit="CNY"),
    )
    words = _words(change, situation.gap_t)
    return Channel(
        kind=ChannelKind.ETS,
        state=ChannelState.COUNTED,
        worth_cny=worth,
        words_en=words[0],
        words_zh=words[1],
        figures=figures,
        explanation=worth_node(
            ChannelKind.ETS,
            worth,
            formula="(position after - position before) x price, position = E x alpha; less the credit swap at the cap",
            children=_children(situation, step, change),
        ),
    )


def _allocated(situation: EtsSituation, emissions_t: Fraction) -> Allocation:
    return allocate(
        situation.rule,
        emissions_t=emissions_t,
        intensity=emissions_t / situation.output_t,
        balance_value=situation.balance_value,
        state=situation.state,
        sources=situation.sources,
    )


def _slope(situation: EtsSituation, before: Allocation) -> Fraction:
    """Return the one-sided derivative towards fewer emissions: at a join the side that the next tonne saved lies on."""
    coefficient = situation.rule.coefficient
    if coefficient is None or before.case != AllocationMethod.INTENSITY_COEFFICIENT:
        return Fraction(0)
    assert before.deviation is not None, "the coefficient case has a deviation"
    if before.deviation >= coefficient.saturation:
        return -coefficient.cap
    if before.deviation < -coefficient.saturation:
        return coefficient.cap
    return coefficient.slope * (2 * (1 - before.deviation) - 1)


def _under_draft(situation: EtsSituation, step: Step) -> Channel:
    if situation.price_cny_per_t is None:
        return not_given(
            ChannelKind.ETS,
            words=("No usable carbon price was given: the what-if is unvalued.", "未提供可用碳价，情景无法估值。"),
        )
    worth = step.operational_t * situation.price_cny_per_t
    return Channel(
        kind=ChannelKind.ETS,
        state=ChannelState.COUNTED,
        worth_cny=worth,
        words_en="What-if, not the law: under the draft of March 2024 power counts and a tonne saved is a whole tonne.",
        words_zh="情景测算，非现行法规：按2024年3月征求意见稿计入用电，减排一吨即一吨配额头寸。",
        is_estimate=True,
        figures=(Measured(name="position_change_t", value=step.operational_t, unit="t"),),
        explanation=worth_node(
            ChannelKind.ETS,
            worth,
            formula="tonnes with power x price: a benchmark per tonne of metal does not fall with the emissions",
            children=(
                leaf_of(("tonnes saved, power included", "含电减排量"), step.operational_t, "tCO2e", step.source),
                _price_leaf(situation, situation.price_cny_per_t),
                row_leaf(situation.draft_row),
            ),
        ),
    )


def _children(situation: EtsSituation, step: Step, change: PositionChange) -> tuple[Explanation, ...]:
    assert situation.price_cny_per_t is not None, "an unpriced channel has no tree of its worth"
    swap = situation.credits
    more: tuple[Explanation, ...] = ()
    if swap is not None:
        more = (
            leaf_of(("price of a credit freed", "释放的CCER价格"), swap.price_cny_per_t, "CNY/t", swap.source),
            row_leaf(swap.cap.row),
        )
    if situation.gap_t is not None:
        gap = leaf_of(("gap of the year", "年度缺口"), Fraction(situation.gap_t), "t", situation.gap_source)
        more = (gap, *more)
    return (
        Explanation(
            label_en="change of the position, before the floors",
            label_zh="头寸变化（取整前）",
            value=decimal_text(change.exact_t, places=PLACES),
            unit="t",
            formula="(E - s) x alpha((E - s) / P) - E x alpha(E / P)",
            children=(
                leaf_of(("direct tonnes saved (s)", "直接减排量"), step.ets_t, "tCO2e", step.source),
                leaf_of(("output (P)", "铝产量"), situation.output_t, "t", situation.sources.intensity),
                change.before.explanation,
                change.after.explanation,
            ),
        ),
        _price_leaf(situation, situation.price_cny_per_t),
        *more,
    )


def _price_leaf(situation: EtsSituation, price: Fraction) -> Explanation:
    return leaf_of(
        ("price of an allowance", "配额价格"), price, "CNY/t", situation.price_source or "given with the request"
    )


def _words(change: PositionChange, gap_t: int | None) -> tuple[str, str]:
    if change.before.case != AllocationMethod.INTENSITY_COEFFICIENT:
        return (
            f"Here the allocation equals the emissions ({change.before.case}): a tonne saved takes its own allowance along.",
            "此情形下配额等于排放量，减排不改变头寸。",
        )
    if change.exact_t < 0:
        return (
            "The allocation is at its upper cap and falls with the emissions: a tonne saved lowers the surplus.",
            "配额已达上限并随排放量下降，减排会减少盈余。",
        )
    if gap_t is None:
        return ("A tonne saved improves the position by this much.", "减排相应改善配额头寸。")
    if gap_t > 0:
        return ("The year is short: what is saved need not be bought.", "年度存在缺口，减排相应减少需购配额。")
    return ("The year is not short: what is saved can be sold or kept.", "年度无缺口，减排形成可出售或留存的配额。")
