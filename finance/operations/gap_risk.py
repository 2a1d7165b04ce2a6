"""What a compliance year's gap may cost: the scenario ladder and the cost at risk, with the rule in force asked exactly.

Loads the cover once, asks allocation and obligation (compliance) for every assumed year and hands the numbers to the risk
cores, which know no rule. Saves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy.orm import Session

from finance.compliance.allocation import allocate, allocation_rule
from finance.compliance.obligation import ComplianceRules, ObligationYear, obligation_year
from finance.market.marks import Mark
from finance.market.risk.gap_cost import GapCostAtRisk, GapModel, gap_cost_at_risk
from finance.market.risk.hedging import cover
from finance.market.risk.methods import check_confidence
from finance.market.risk.parameters import RiskParameters
from finance.market.risk.scenario_ladder import Ladder, LadderSteps, YearCase, scenario_ladder
from finance.market.risk.scenarios import SCENARIO_PRICE
from finance.market.snapshots import Snapshot
from finance.operations.compliance import cover_of
from finance.operations.risk_series import parameters_on
from finance.store import reference
from ledger.core.amounts import round_exact
from ledger.core.errors import Conflict, Invalid

_CNY_PER_T = ("CNY", "t")
_LARGEST_OUTPUT_T = 10**12
_LARGEST_RATIO = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class GapQuestion:
    """A compliance year of a book at a snapshot: the assumed year, tonnes bought forward, and what prices the gap."""

    book_id: int
    known: int | None
    year: int
    case: YearCase
    forward_t: int
    mark_instrument: str

    def __post_init__(self) -> None:
        """Refuse figures beyond any plant, so that no product of them leaves its range, and forward sales."""
        ratios = (self.case.benchmark, self.case.direct_intensity, self.case.power_mwh_per_t, self.case.grid_factor)
        if self.case.output_t > _LARGEST_OUTPUT_T or max(ratios) > _LARGEST_RATIO:
            raise Invalid("risk.year_large", "expected output up to 10^12 t and ratios up to 10^6")
        if not 0 <= self.forward_t <= _LARGEST_OUTPUT_T:
            raise Invalid("risk.forward", "forward_t: expected zero up to 10^12 t")


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderAnswer:
    """The table, the mark behind its prices and the parameters behind its steps.

    ``cover`` is usable held and forward tonnes over the emissions due at the base; ``None`` when nothing is due.
    """

    snapshot: Snapshot
    mark: Mark
    parameters: RiskParameters
    ladder: Ladder
    cover: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty:
    """How uncertain output, benchmark and price are until the surrender, as shares, and how they move together."""

    output_spread: Fraction
    benchmark_spread: Fraction
    price_volatility: Fraction
    correlation: tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRiskAnswer:
    """The cost at risk in units of 10^-``places`` CNY with the expected gap and the mark behind it."""

    snapshot: Snapshot
    mark: Mark
    parameters: RiskParameters
    places: int
    expected_gap_t: int
    result: GapCostAtRisk


def ladder_of_year(
    session: Session, snapshot: Snapshot, question: GapQuestion, *, other_factors: tuple[Fraction, ...]
) -> LadderAnswer:
    """Return gap x price over the rungs of the parameter rows, each gap by the year's own rule."""
    parameters = parameters_on(snapshot.as_of)
    mark = _mark(snapshot, question.mark_instrument)
    duty_of = _duty_of(session, snapshot, question)
    base = duty_of(question.case)
    held_t = base.eligible_held_t + base.ccer_usable_t
    covered = cover(held_t=held_t, forward_t=question.forward_t, forecast_t=base.due_t) if base.due_t else None
    steps = LadderSteps(
        price=_step(parameters, "price"),
        benchmark=_step(parameters, "benchmark"),
        output=_step(parameters, "output"),
        green_share=_step(parameters, "green"),
    )
    assert mark.value is not None, "checked when the mark was taken"
    ladder = scenario_ladder(
        question.case,
        Fraction(mark.value),
        lambda case: duty_of(case).gap_t - question.forward_t,
        steps=steps,
        other_factors=other_factors,
    )
    return LadderAnswer(snapshot=snapshot, mark=mark, parameters=parameters, ladder=ladder, cover=covered)


def gap_risk_of_year(
    session: Session,
    snapshot: Snapshot,
    question: GapQuestion,
    uncertainty: Uncertainty,
    *,
    confidence: Fraction,
    paths: int,
    seed: int,
) -> GapRiskAnswer:
    """Return the quantile of the gap's cost beyond its mean; output and benchmark of the case are the means."""
    check_confidence(confidence)
    parameters = parameters_on(snapshot.as_of)
    fewest, most = parameters.whole("gap_min_paths"), parameters.whole("gap_max_paths")
    if not fewest <= paths <= most:
        raise Invalid("risk.paths", f"paths: expected {fewest} to {most}", paths=str(paths)[:40])
    mark = _mark(snapshot, question.mark_instrument)
    assert mark.value is not None, "checked when the mark was taken"
    places = parameters.whole("scenario_price_places")
    case = question.case
    if case.output_t.denominator != 1:
        raise Invalid("risk.whole_tonnes", "output_t: expected whole tonnes for a simulation")
    model = GapModel(
        output_t=case.output_t.numerator,
        output_spread=uncertainty.output_spread,
        benchmark=case.benchmark,
        benchmark_spread=uncertainty.benchmark_spread,
        price=round_exact(Fraction(mark.value) * 10**places, SCENARIO_PRICE),
        price_volatility=uncertainty.price_volatility,
        correlation=uncertainty.correlation,
    )
    duty_of = _duty_of(session, snapshot, question)

    def gap_of(output_t: int, benchmark: Fraction) -> int:
        duty = duty_of(
            YearCase(
                output_t=Fraction(output_t),
                benchmark=benchmark,
                direct_intensity=case.direct_intensity,
                power_mwh_per_t=case.power_mwh_per_t,
                grid_factor=case.grid_factor,
                green_share=case.green_share,
                counts_power=case.counts_power,
            )
        )
        return duty.gap_t - question.forward_t

    result = gap_cost_at_risk(model, gap_of, confidence=confidence, paths=paths, seed=seed, places=places)
    return GapRiskAnswer(
        snapshot=snapshot,
        mark=mark,
        parameters=parameters,
        places=places,
        expected_gap_t=duty_of(case).gap_t - question.forward_t,
        result=result,
    )


def _duty_of(session: Session, snapshot: Snapshot, question: GapQuestion) -> Callable[[YearCase], ObligationYear]:
    """Return the obligation of an assumed year as a pure function of the case: the cover is loaded once, here."""
    rule = allocation_rule(reference.shipped_allocation_rules(), question.year)
    held = cover_of(session, question.book_id, year=question.year, on=snapshot.as_of, known=question.known)
    rules = ComplianceRules(vintages=reference.shipped_vintage_rules(), offsets=reference.shipped_offset_rules())

    def duty_of(case: YearCase) -> ObligationYear:
        return obligation_year(
            allocation=allocate(
                rule, emissions_t=case.emissions_t, intensity=case.intensity, balance_value=case.benchmark
            ),
            cover=held,
            rules=rules,
            on=snapshot.as_of,
            mark=None,
            mark_source="",
        )

    return duty_of


def _mark(snapshot: Snapshot, instrument: str) -> Mark:
    mark = snapshot.mark(instrument)
    if mark is None or mark.value is None or (mark.currency, mark.unit) != _CNY_PER_T:
        raise Conflict(
            "risk.not_marked",
            f"mark_instrument: expected a usable mark in CNY per t in the snapshot of {snapshot.as_of}; "
            "freeze one that has it, or have one approved",
        )
    return mark


def _step(parameters: RiskParameters, name: str) -> tuple[Fraction, int]:
    return parameters.exact(f"ladder_{name}_step"), parameters.whole(f"ladder_{name}_steps")
