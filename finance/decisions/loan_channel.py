"""What a step is worth in interest: the ratchet's step times the change of its chance, or a scale's exact move.

Owns the value of the ratchet over its effect window, the expected value and the break-even price of abatement. Knows no
store: clauses, principal by stretch, forecast and the other KPIs' results arrive as values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from finance.conventions.day_counts import DayCount, year_fraction
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.conventions.rates import basis_points
from finance.decisions.channels import (
    PLACES,
    Channel,
    ChannelKind,
    ChannelState,
    Measured,
    leaf_of,
    not_given,
    step_leaf,
    worth_node,
)
from finance.decisions.steps import Step
from finance.emissions.methodologies import INTENSITY_NAMES, Measure
from finance.kpi.forecast import Forecast, forecast_year
from finance.kpi.forecast_quantiles import QuantileTable
from finance.loans.adjustments import KpiResult, adjustments, moves_of
from finance.loans.price_effects import (
    AppliesTo,
    Consequence,
    DeadBand,
    Direction,
    KpiStep,
    Linear,
    OutcomeStatus,
    PricedItem,
    PriceEffect,
    Ratchet,
    StepPerKpi,
)
from ledger.core import amounts
from ledger.core.errors import Conflict, Invalid

_FEN = 100
_MOST_STRETCHES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalStretch:
    """Principal in fen that stands still on [start, end); ``discount`` (0 to 1] values its interest today, 1 for undiscounted."""

    start: date
    end: date
    principal_fen: int
    discount: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        """Refuse no day, no principal and a factor that is none."""
        if not self.start < self.end:
            raise Invalid("decision.window", "effect_end: expected a day after effect_start", field="effect_end")
        if not 0 <= self.principal_fen <= amounts.MAX_UNITS:
            raise Invalid(
                "decision.principal", "principal: expected zero or more, at most 10^13 CNY", field="principal"
            )
        if not 0 < self.discount <= 1:
            raise Invalid("decision.discount", "discount: expected a factor above 0, at most 1", field="discount")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateStake:
    """What hangs on one KPI of one tranche: its target (at most), where the year is expected to end, and what the rate does.

    ``intensity`` is the year's expected value of ``measure`` in tCO2e/t at ``output_t``. With ``forecast`` the chance of
    meeting is the forecast's; without, the intensity decides as if certain. ``others`` are the results assumed of the
    ratchet's other KPIs. ``stretches`` cover the days on which the test's result counts.
    """

    name: str
    measure: Measure
    kpi_id: str
    tranche_id: str
    target: Fraction
    is_strict: bool
    intensity: Fraction
    output_t: Fraction
    ratchet: Ratchet
    day_count: DayCount
    stretches: tuple[PrincipalStretch, ...]
    source: str
    others: Mapping[str, KpiResult] = field(default_factory=dict)
    forecast: Forecast | None = None
    quantiles: QuantileTable | None = None

    def __post_init__(self) -> None:
        """Refuse no output, stretches that overlap, and a forecast without its table."""
        if not 0 < self.output_t <= amounts.MAX_UNITS or self.intensity < 0 or self.target < 0:
            raise Invalid(
                "decision.kpi", f"{self.name}: expected output above zero, intensity and target of zero or more"
            )
        if not 0 < len(self.stretches) <= _MOST_STRETCHES:
            raise Invalid("decision.stretches", f"{self.name}: expected 1 to {_MOST_STRETCHES} stretches of principal")
        for one, after in zip(self.stretches, self.stretches[1:], strict=False):
            if after.start < one.end:
                raise Invalid(
                    "decision.stretches_order", f"{self.name}: expected stretches in time order without overlap"
                )
        assert (self.forecast is None) == (self.quantiles is None), "a forecast comes with the table it was made by"

    @property
    def is_scale(self) -> bool:
        """Whether some clause follows the value itself, so that the rate moves without a threshold."""
        return any(
            isinstance(effect.rule, Linear | DeadBand) and effect.rule.kpi_id == self.kpi_id
            for effect in self.ratchet.effects
        )

    @property
    def cny_per_bp(self) -> Fraction:
        """CNY of interest that one basis point is worth over the window: sum of principal x bp x year fraction x discount.

        200,000,000 CNY over 365 days ACT/360: 20,277.777... CNY, so that 10 bp are 202,777.78 CNY.
        """
        parts = (
            each.principal_fen * year_fraction(each.start, each.end, self.day_count) * each.discount
            for each in self.stretches
        )
        return sum(parts, Fraction(0)) * basis_points(1) / _FEN

    def is_met(self, intensity: Fraction) -> bool:
        """Return whether a year at ``intensity`` meets the target; a tie does unless the target is strict."""
        return intensity < self.target if self.is_strict else intensity <= self.target

    def margin_bp(self, intensity: Fraction, *, is_met: bool) -> Fraction:
        """Return by how many bp the margin moves when the KPI ends at ``intensity``, the other KPIs as assumed."""
        status = OutcomeStatus.MET if is_met else OutcomeStatus.MISSED
        found = adjustments(
            self.ratchet,
            {**self.others, self.kpi_id: KpiResult(status=status, observed=intensity)},
            before={},
            is_last_period=False,
        )
        by_effect = {each.effect_id: each.adjustment_bp for each in found}
        return moves_of(self.ratchet, by_effect, PricedItem.MARGIN, tranche_id=self.tranche_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class StakeWorth:
    """What a step is worth in one stake, exact CNY.

    ``ratchet_cny`` is met against missed at the target. ``needed_t`` are the tonnes of the measure still to be saved to
    meet (0: met as expected), ``breakeven_cny_per_t`` the ratchet over them (None when none are needed). Chances are None
    without a forecast that gives them.
    """

    stake: RateStake
    worth_cny: Fraction
    ratchet_cny: Fraction
    ratchet_bp: Fraction
    needed_t: Fraction
    breakeven_cny_per_t: Fraction | None
    chance_before: Fraction | None
    chance_after: Fraction | None
    is_estimate: bool


def simple_ratchet(*, kpi_id: str, tranche_id: str, down_bp: Fraction, up_bp: Fraction) -> Ratchet:
    """Return the plainest ratchet: ``down_bp`` off the margin when the KPI is met, ``up_bp`` on it when missed."""
    effect = PriceEffect(
        effect_id="step",
        rule=StepPerKpi(steps=(KpiStep(kpi_id=kpi_id, down_bp=down_bp, up_bp=up_bp),)),
        applies_to=(AppliesTo(item=PricedItem.MARGIN, tranche_id=tranche_id, fee=None, factor=Fraction(1)),),
        direction=Direction.TWO_WAY,
        cap_down_bp=down_bp,
        cap_up_bp=up_bp,
        kpi_cap_down_bp=None,
        kpi_cap_up_bp=None,
        is_cumulative=False,
        resets_in_last_period=False,
    )
    return Ratchet(
        effects=(effect,),
        total_cap_down_bp=None,
        total_cap_up_bp=None,
        on_missing=Consequence.BASE_RATE,
        on_late=Consequence.BASE_RATE,
        on_qualified=Consequence.BASE_RATE,
        premium_bp=None,
    )


def tonnes_of(step: Step, measure: Measure) -> Fraction:
    """Return by how many tonnes the step lowers a measure."""
    return {
        Measure.ETS_DIRECT: step.ets_t,
        Measure.OPERATIONAL_INCL_POWER: step.operational_t,
        Measure.PRODUCT_FOOTPRINT: step.footprint_t,
        Measure.CBAM_EMBEDDED: step.cbam_t,
    }[measure]


def stake_worth(stake: RateStake, step: Step) -> StakeWorth:
    """Return what the step is worth in one stake.

    Value of the ratchet = sum of N x dm x tau x DF (carbon positions: value of the ratchet); with a forecast the worth is
    that value x (chance after - chance before), the chance of the same forecast with the target one step nearer. Without
    one the whole step falls due when the step crosses the target and nothing before. A clause that follows the value is
    taken at the expected value before and after. 200 m CNY, 10 bp, 50,000 t to pass, a year of ACT/360: 202,777.78 CNY,
    4.06 CNY per tonne.
    """
    saved_t = tonnes_of(step, stake.measure)
    after = stake.intensity - saved_t / stake.output_t
    if after < 0:
        raise Invalid(
            "decision.step_year", f"{stake.name}: step: expected at most the emissions of the year", field="step"
        )
    met_bp = stake.margin_bp(min(stake.target, stake.intensity), is_met=True)
    missed_bp = stake.margin_bp(max(stake.target, stake.intensity), is_met=False)
    ratchet_cny = (missed_bp - met_bp) * stake.cny_per_bp
    needed_t = max(Fraction(0), (stake.intensity - stake.target) * stake.output_t)
    chances = None if stake.is_scale else _chances(stake, saved_t)
    if chances is not None:
        worth = (chances[1] - chances[0]) * ratchet_cny
    else:
        moved = stake.margin_bp(stake.intensity, is_met=stake.is_met(stake.intensity)) - stake.margin_bp(
            after, is_met=stake.is_met(after)
        )
        worth = moved * stake.cny_per_bp
    return StakeWorth(
        stake=stake,
        worth_cny=worth,
        ratchet_cny=ratchet_cny,
        ratchet_bp=missed_bp - met_bp,
        needed_t=needed_t,
        breakeven_cny_per_t=ratchet_cny / needed_t if needed_t else None,
        chance_before=None if chances is None else chances[0],
        chance_after=None if chances is None else chances[1],
        is_estimate=stake.forecast is not None,
    )


def loan_channel(stakes: Sequence[RateStake], step: Step) -> Channel:
    """Return what the step is worth through every stake together; one KPI of one tranche twice is refused."""
    if not stakes:
        return not_given(
            ChannelKind.LOAN,
            words=("No loan whose rate follows a KPI was given.", "未提供与KPI挂钩的贷款。"),
        )
    keys = [(each.name, each.tranche_id, each.kpi_id) for each in stakes]
    if len(set(keys)) != len(keys):
        raise Conflict("decision.stake_twice", "loans: expected each KPI of a tranche once; it would count twice")
    found = tuple(stake_worth(each, step) for each in stakes)
    worth = sum((each.worth_cny for each in found), Fraction(0))
    words = _words(found, step)
    return Channel(
        kind=ChannelKind.LOAN,
        state=ChannelState.COUNTED,
        worth_cny=worth,
        words_en=words[0],
        words_zh=words[1],
        is_estimate=any(each.is_estimate for each in found),
        figures=tuple(figure for each in found for figure in _figures(each)),
        explanation=worth_node(
            ChannelKind.LOAN,
            worth,
            formula="sum over the stakes",
            children=tuple(_explain(each, step) for each in found),
        ),
    )


def _chances(stake: RateStake, saved_t: Fraction) -> tuple[Fraction, Fraction] | None:
    """Return the chance of meeting before and after the step; None when the forecast gives none yet."""
    found = stake.forecast
    if found is None or found.chance is None or stake.quantiles is None:
        return None
    produced = sum((each.production_t for each in found.periods), Fraction(0))
    after = forecast_year(
        found.periods,
        target=found.target + saved_t / produced,
        best_tco2e_per_t=found.best_tco2e_per_t,
        confidence=found.confidence,
        quantiles=stake.quantiles,
    )
    assert after.chance is not None, "the same periods give a chance again"
    return found.chance.value, after.chance.value


def _figures(found: StakeWorth) -> tuple[Measured, ...]:
    name = found.stake.name
    return (
        Measured(name=f"{name}: worth_cny", value=found.worth_cny, unit="CNY"),
        Measured(name=f"{name}: ratchet_cny", value=found.ratchet_cny, unit="CNY"),
        Measured(name=f"{name}: ratchet_bp", value=found.ratchet_bp, unit="bp"),
        Measured(name=f"{name}: needed_t", value=found.needed_t, unit="tCO2e"),
        Measured(name=f"{name}: breakeven_cny_per_t", value=found.breakeven_cny_per_t, unit="CNY/t"),
        Measured(name=f"{name}: chance_before", value=found.chance_before, unit="1"),
        Measured(name=f"{name}: chance_after", value=found.chance_after, unit="1"),
    )


def _words(found: Sequence[StakeWorth], step: Step) -> tuple[str, str]:
    if not any(tonnes_of(step, each.stake.measure) for each in found):
        return (
            "The step changes no measure that a KPI of these loans looks at.",
            "该步不改变贷款KPI所依据的排放口径，利率渠道价值为零。",
        )
    if any(each.chance_before is not None for each in found):
        return (
            "Expected: the value of the rate step times the change of the chance to meet; it is due in full or not at all.",
            "期望值：利率调整价值乘以达标概率的变化；实际只会全得或不得。",
        )
    if any(each.worth_cny for each in found):
        return ("The expected value moves the rate.", "预期值的变化使利率发生调整。")
    return (
        "A step short of the target earns nothing yet; the tonnes needed and their break-even price stand beside it.",
        "尚未跨越目标值，暂无利率收益；达标所需吨数与盈亏平衡价格见明细。",
    )


def _explain(found: StakeWorth, step: Step) -> Explanation:
    stake = found.stake
    english, chinese = INTENSITY_NAMES[stake.measure]
    leaves = [
        step_leaf(step, tonnes_of(step, stake.measure), (f"tonnes saved, {english}", f"减排量（{chinese}）")),
        leaf_of(("expected intensity of the year", "年度预期强度"), stake.intensity, "tCO2e/t", stake.source),
        leaf_of(("target, at most", "目标值上限"), stake.target, "tCO2e/t", stake.source),
        leaf_of(("margin, missed less met", "未达标与达标的利差"), found.ratchet_bp, "bp", stake.source),
    ]
    if found.chance_before is not None and found.chance_after is not None:
        source = "Student's t of the year's forecast"
        leaves += [
            leaf_of(("chance to meet, before", "减排前达标概率"), found.chance_before, "1", source),
            leaf_of(("chance to meet, after", "减排后达标概率"), found.chance_after, "1", source),
        ]
    window = Explanation(
        label_en="interest of one basis point over the window",
        label_zh="一个基点在生效期内的利息",
        value=decimal_text(stake.cny_per_bp, places=PLACES),
        unit="CNY",
        formula=f"sum of principal x 1/10,000 x days by {stake.day_count} x discount",
        children=tuple(
            leaf_of(
                (f"principal from {each.start} to before {each.end}", f"{each.start}至{each.end}（不含）本金"),
                Fraction(each.principal_fen, _FEN),
                "CNY",
                stake.source,
            )
            for each in stake.stretches
        ),
    )
    return Explanation(
        label_en=f"{stake.name}: worth of the step in interest",
        label_zh=f"{stake.name}：该步的利息价值",
        value=decimal_text(found.worth_cny, places=PLACES),
        unit="CNY",
        formula="change of the chance x (missed - met) x interest of a bp"
        if found.chance_before is not None
        else "bp before less bp after x interest of a bp",
        children=(*leaves, window),
    )
