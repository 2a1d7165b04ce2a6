"""Whether one year's observed intensity met its target: exact, explained, and the same for quote, decision and audit.

Owns the comparison. Knows no attestation rule and no rate; whoever asks says where the observed value comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.conventions.rounding import KPI_COMPARISON
from finance.kpi.definitions import Baseline, KpiDefinition, PerformanceTarget, TargetKind
from ledger.core.amounts import round_exact
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiOutcome:
    """The result of one test: exact values, never display roundings.

    ``achieved_reduction`` is (base - observed) / base, negative when the intensity rose, None without a baseline.
    ``threshold`` is the level at which the target is just met. ``margin_to_target`` is how far ``observed`` lies on the
    good side of it, in the KPI's unit, before any ``compare_digits`` rounding.
    """

    is_met: bool
    observed: Fraction
    achieved_reduction: Fraction | None
    threshold: Fraction
    margin_to_target: Fraction
    explanation: Explanation


def observed_intensity(*, emissions_t: Fraction, production_t: Fraction) -> Fraction:
    """Return emissions over production, exact, in tCO2e per tonne of product.

    Without production the intensity is undefined, and an intensity of zero or less is no plausible smelter: both are
    refused (``kpi.intensity_undefined``, ``kpi.intensity_not_positive``). 926,360 t over 100,000 t is 9.2636.
    """
    if production_t <= 0:
        raise Invalid(
            "kpi.intensity_undefined",
            "production_t: expected production above zero; an intensity without it is undefined",
            production_t=decimal_text(production_t),
        )
    return _positive(emissions_t / production_t)


def evaluate(
    observed: Fraction,
    *,
    definition: KpiDefinition,
    baseline: Baseline | None,
    target: PerformanceTarget,
    observed_source: str,
) -> KpiOutcome:
    """Return whether ``observed`` (in the KPI's unit) meets ``target``, with the exact distance and the reasons.

    LEVEL: observed at most / at least the value. REDUCTION: (base - observed) / base at least the value
    (sustainability- linked loan principles 2025, "SPT"; the contract's clause is the target's source). Exact unless
    ``compare_digits`` is set: 9.26449 against at most 9.264 passes at 3 digits and fails exactly. A tie meets unless
    strict. A reduction target without a baseline is refused with ``kpi.baseline_missing``, an observation of zero or
    less with ``kpi.intensity_not_positive``. Base 10, reduction 5 %: the threshold is 9.5, and 9.4 is met with 0.1 to
    spare.
    """
    _positive(observed)
    if baseline is None and target.kind is TargetKind.REDUCTION_VS_BASE:
        raise Invalid("kpi.baseline_missing", "baseline: expected a verified baseline, the target is a reduction")
    reduction = None if baseline is None else (baseline.value - observed) / baseline.value
    match target.kind:
        case TargetKind.LEVEL_AT_MOST:
            threshold, compared, sign = target.value, observed, -1
        case TargetKind.LEVEL_AT_LEAST:
            threshold, compared, sign = target.value, observed, 1
        case TargetKind.REDUCTION_VS_BASE:
            assert baseline is not None, "a reduction target without a baseline was refused above"
            assert reduction is not None, "a baseline gives a reduction"
            threshold, compared, sign = baseline.value * (1 - target.value), reduction, 1
        case _:
            assert_never(target.kind)
    spare = sign * (_as_printed(compared, target) - target.value)
    level_sign = 1 if target.kind is TargetKind.LEVEL_AT_LEAST else -1
    is_met = spare > 0 if target.is_strict else spare >= 0
    return KpiOutcome(
        is_met=is_met,
        observed=observed,
        achieved_reduction=reduction,
        threshold=threshold,
        margin_to_target=level_sign * (observed - threshold),
        explanation=_explain(
            observed=observed,
            reduction=reduction,
            is_met=is_met,
            definition=definition,
            baseline=baseline,
            target=target,
            observed_source=observed_source,
        ),
    )


def _as_printed(compared: Fraction, target: PerformanceTarget) -> Fraction:
    if target.compare_digits is None:
        return compared
    scale = 10**target.compare_digits
    return Fraction(round_exact(compared * scale, KPI_COMPARISON), scale)


def _positive(observed: Fraction) -> Fraction:
    if observed <= 0:
        raise Invalid(
            "kpi.intensity_not_positive",
            "observed: expected an intensity above zero; check emissions and production",
            observed=decimal_text(observed),
        )
    return observed


def _explain(
    *,
    observed: Fraction,
    reduction: Fraction | None,
    is_met: bool,
    definition: KpiDefinition,
    baseline: Baseline | None,
    target: PerformanceTarget,
    observed_source: str,
) -> Explanation:
    observed_node = Explanation(
        label_en=f"observed {definition.measure} intensity {target.test_year}",
        label_zh=f"{target.test_year} 年实测碳排放强度",
        value=decimal_text(observed),
        unit=definition.unit,
        source=observed_source,
    )
    is_reduction = target.kind is TargetKind.REDUCTION_VS_BASE
    target_node = Explanation(
        label_en=f"target {target.test_year} ({target.kind.replace('_', ' ')})",
        label_zh=f"{target.test_year} 年绩效目标",
        value=decimal_text(target.value),
        unit="1" if is_reduction else definition.unit,
        source=target.source,
    )
    compared = observed_node
    if is_reduction:
        assert baseline is not None, "a reduction target has a baseline"
        assert reduction is not None, "a baseline gives a reduction"
        compared = Explanation(
            label_en="achieved reduction against the base",
            label_zh="相对基准的实际降幅",
            value=decimal_text(reduction),
            unit="1",
            formula="(base - observed) / base",
            children=(_baseline_node(baseline, definition), observed_node),
        )
    return Explanation(
        label_en=f"KPI {definition.kpi_id} in {target.test_year}",
        label_zh=f"{target.test_year} 年 KPI {definition.kpi_id}",
        value="met" if is_met else "missed",
        unit="1",
        formula=_comparison(target),
        children=(compared, target_node),
    )


def _baseline_node(baseline: Baseline, definition: KpiDefinition) -> Explanation:
    return Explanation(
        label_en=f"verified baseline, {baseline.period_start} to {baseline.period_end} (exclusive)",
        label_zh="经核验的基准值",
        value=decimal_text(baseline.value),
        unit=definition.unit,
        source=f"attestation {baseline.attestation_id}",
    )


def _comparison(target: PerformanceTarget) -> str:
    compared = "reduction" if target.kind is TargetKind.REDUCTION_VS_BASE else "observed"
    if target.compare_digits is not None:
        compared = f"half-up({compared}, {target.compare_digits} decimals)"
    sign = "<" if target.kind is TargetKind.LEVEL_AT_MOST else ">"
    return f"{compared} {sign}{'' if target.is_strict else '='} target"
