"""KPI tests: exact comparison, ties, printed digits, and what cannot be evaluated."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.kpi.definitions import (
    Baseline,
    DataStatus,
    IntensityMeasure,
    KpiDefinition,
    PerformanceTarget,
    TargetKind,
)
from finance.kpi.evaluation import KpiOutcome, evaluate, observed_intensity
from ledger.core.errors import Invalid

DEFINITION = KpiDefinition(
    kpi_id="intensity",
    measure=IntensityMeasure.OPERATIONAL_INCL_POWER,
    unit="tCO2e/t",
    boundary="liquid aluminium, direct and power",
    methodology_id="article-2024-draft",
    methodology_version="1",
    factor_set_version="2024-1",
    report_digits=6,
    data_status_required=DataStatus.VERIFIED,
)
BASE_TEN = Baseline(
    value=Fraction(10), period_start=date(2024, 1, 1), period_end=date(2025, 1, 1), attestation_id="att-2024"
)
FIVE_PERCENT = PerformanceTarget(
    kind=TargetKind.REDUCTION_VS_BASE,
    value=Fraction(1, 20),
    test_year=2025,
    compare_digits=None,
    is_strict=False,
    source="terms clause 5.2",
)
AT_MOST = replace(FIVE_PERCENT, kind=TargetKind.LEVEL_AT_MOST, value=Fraction("9.264"))
AT_LEAST = replace(FIVE_PERCENT, kind=TargetKind.LEVEL_AT_LEAST, value=Fraction("0.3"))

levels = st.fractions(min_value=Fraction(1, 1000), max_value=100)
targets = st.builds(
    replace,
    st.sampled_from([FIVE_PERCENT, AT_MOST, AT_LEAST]),
    compare_digits=st.sampled_from([None, 3, 5]),
    is_strict=st.booleans(),
)


def test_six_percent_less_meets_five_with_a_tenth_to_spare() -> None:
    outcome = outcome_of("9.4", FIVE_PERCENT)

    assert outcome.is_met
    assert outcome.achieved_reduction == Fraction(3, 50)
    assert outcome.threshold == Fraction("9.5")
    assert outcome.margin_to_target == Fraction("0.1")


def outcome_of(observed: str, target: PerformanceTarget, baseline: Baseline | None = BASE_TEN) -> KpiOutcome:
    return evaluate(
        Fraction(observed), definition=DEFINITION, baseline=baseline, target=target, observed_source="attestation att-1"
    )


@pytest.mark.parametrize(
    ("observed", "target", "is_met"),
    [
        ("9.5", FIVE_PERCENT, True),
        ("9.5", replace(FIVE_PERCENT, is_strict=True), False),
        ("9.500000000001", FIVE_PERCENT, False),
        ("10.5", FIVE_PERCENT, False),
        ("9.264", AT_MOST, True),
        ("9.264", replace(AT_MOST, is_strict=True), False),
        ("9.26449", AT_MOST, False),
        ("9.26449", replace(AT_MOST, compare_digits=3), True),
        ("9.2645", replace(AT_MOST, compare_digits=3), False),
        ("9.2636", AT_MOST, True),
        ("0.3", AT_LEAST, True),
        ("0.2999", AT_LEAST, False),
        ("0.2995", replace(AT_LEAST, compare_digits=3), True),
        ("9.505", replace(FIVE_PERCENT, compare_digits=2), True),  # a reduction of 0.0495 prints as 0.05
    ],
)
def test_a_target_is_met_exactly_where_the_contract_says(
    observed: str, target: PerformanceTarget, *, is_met: bool
) -> None:
    assert outcome_of(observed, target).is_met is is_met


def test_a_rise_is_a_negative_reduction_and_a_negative_margin() -> None:
    outcome = outcome_of("10.5", FIVE_PERCENT)

    assert outcome.achieved_reduction == Fraction(-1, 20)
    assert outcome.margin_to_target == -1


def test_a_level_needs_no_baseline() -> None:
    outcome = outcome_of("9.2", AT_MOST, baseline=None)

    assert outcome.achieved_reduction is None
    assert outcome.margin_to_target == Fraction("0.064")


def test_a_reduction_without_a_verified_base_is_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "kpi.baseline_missing"):
        outcome_of("9.4", FIVE_PERCENT, baseline=None)


@pytest.mark.parametrize("observed", ["0", "-1"])
def test_an_intensity_of_zero_or_less_is_refused(observed: str) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "kpi.intensity_not_positive"):
        outcome_of(observed, FIVE_PERCENT)


def test_an_intensity_is_emissions_over_production() -> None:
    assert observed_intensity(emissions_t=Fraction(926_360), production_t=Fraction(100_000)) == Fraction("9.2636")


@pytest.mark.parametrize("production", [0, -5])
def test_without_production_the_intensity_is_undefined(production: int) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "kpi.intensity_undefined"):
        observed_intensity(emissions_t=Fraction(1), production_t=Fraction(production))


def test_the_explanation_ends_in_sourced_facts() -> None:
    explanation = outcome_of("9.4", FIVE_PERCENT).explanation

    sources = [(leaf.value, leaf.source) for leaf in explanation.leaves()]
    assert explanation.value == "met"
    assert sources == [
        ("10", "attestation att-2024"),
        ("9.4", "attestation att-1"),
        ("0.05", "terms clause 5.2"),
    ]


def test_the_explanation_says_how_it_was_compared() -> None:
    strict = replace(AT_MOST, compare_digits=3, is_strict=True)

    assert outcome_of("9.2", strict).explanation.formula == "half-up(observed, 3 decimals) < target"


@given(lower=levels, higher=levels, target=targets)
def test_a_better_observation_never_turns_met_into_missed(
    lower: Fraction, higher: Fraction, target: PerformanceTarget
) -> None:
    lower, higher = sorted((lower, higher))
    better, worse = (higher, lower) if target.kind is TargetKind.LEVEL_AT_LEAST else (lower, higher)

    results = [
        evaluate(observed, definition=DEFINITION, baseline=BASE_TEN, target=target, observed_source="s").is_met
        for observed in (better, worse)
    ]

    assert results[0] >= results[1]


@given(observed=levels, target=targets)
def test_without_printed_digits_met_is_the_sign_of_the_margin(observed: Fraction, target: PerformanceTarget) -> None:
    exact = replace(target, compare_digits=None)

    outcome = evaluate(observed, definition=DEFINITION, baseline=BASE_TEN, target=exact, observed_source="s")

    spare = outcome.margin_to_target
    assert outcome.is_met == (spare > 0 if target.is_strict else spare >= 0)
