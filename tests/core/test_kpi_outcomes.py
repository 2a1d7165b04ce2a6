"""Tests of KPIs: worked numbers for the ten kinds, ties and printed digits, and what is missing or cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.kpi.definitions import DataStatus, KpiDefinition, KpiMeasure
from finance.kpi.outcomes import Beside, KpiOutcome, YearValue, held_intervals, judge_target
from finance.kpi.targets import (
    Avoided,
    Baseline,
    Bound,
    Count,
    ExternalRank,
    Level,
    MultiYearMean,
    PerformanceTarget,
    ReductionVsBase,
    Share,
    StatusHeld,
    TargetRule,
    VsBenchmark,
    YearOnYear,
)
from ledger.core.errors import Invalid

F = Fraction
BASE = Baseline(value=F(10), period_start=date(2024, 1, 1), period_end=date(2025, 1, 1), attestation_id="base-1")
INTENSITY = KpiDefinition(
    kpi_id="intensity",
    measure=KpiMeasure.OPERATIONAL_INCL_POWER,
    unit="tCO2e/t",
    boundary="Beihe smelter",
    methodology_id="article-2024-draft",
    methodology_version="1",
    factor_set_version="2023.1",
    data_status_required=DataStatus.VERIFIED,
    report_digits=4,
)
YEARS = (
    YearValue(year=2024, value=F(10), output_t=F(1000), source="report 2024"),
    YearValue(year=2025, value=F(96, 10), output_t=F(2000), source="report 2025"),
)
HELD = StatusHeld(status="carbon label", least_share=F(1, 2))
RANK = ExternalRank(issuer="example rating", scale=("A", "B", "C"), at_least="B")


def target_of(rule: TargetRule, *, digits: int | None = None, is_strict: bool = False) -> PerformanceTarget:
    return PerformanceTarget(
        period_start=date(2026, 1, 1),
        period_end=date(2027, 1, 1),
        rule=rule,
        compare_digits=digits,
        is_strict=is_strict,
        source="schedule 2",
    )


def judged(
    observed: str,
    rule: TargetRule,
    *,
    measure: KpiMeasure = KpiMeasure.OPERATIONAL_INCL_POWER,
    digits: int | None = None,
    is_strict: bool = False,
    beside: Beside | None = None,
    baseline: Baseline | None = BASE,
) -> KpiOutcome:
    return judge_target(
        observed,
        definition=replace(INTENSITY, measure=measure),
        baseline=baseline,
        target=target_of(rule, digits=digits, is_strict=is_strict),
        observed_source="report 2026",
        beside=beside,
    )


LEVEL = Level(bound=Bound.AT_MOST, value=F("9.264"))


@pytest.mark.parametrize(
    ("observed", "digits", "is_met"),
    [
        ("9.264", None, True),
        ("9.26449", 3, True),
        ("9.26449", None, False),
        ("9.2645", 3, False),  # half-up
        ("9.2639", None, True),
    ],
)
def test_a_level_compares_exact_unless_digits_are_printed(*, observed: str, digits: int | None, is_met: bool) -> None:
    assert judged(observed, LEVEL, digits=digits).is_met is is_met


def test_a_tie_meets_unless_the_target_is_strict() -> None:
    assert judged("9.264", LEVEL).is_met
    assert not judged("9.264", LEVEL, is_strict=True).is_met
    assert judged("9.264", Level(bound=Bound.AT_LEAST, value=F("9.264"))).is_met


@pytest.mark.parametrize(
    ("observed", "compared", "is_met"), [("9.4", "0.06", True), ("9.5", "0.05", True), ("9.6", "0.04", False)]
)
def test_a_reduction_is_measured_from_the_base(*, observed: str, compared: str, is_met: bool) -> None:
    found = judged(observed, ReductionVsBase(reduction=F(1, 20)))

    assert (found.compared, found.achieved_reduction, found.is_met) == (F(compared), F(compared), is_met)
    assert found.margin_to_target == F(compared) - F(1, 20)


def test_a_reduction_year_on_year_is_measured_from_the_year_before() -> None:
    found = judged("9.12", YearOnYear(reduction=F(1, 20)), beside=Beside(years=YEARS), baseline=None)

    assert found.compared == F(1, 20)
    assert found.is_met


def test_a_benchmark_is_met_at_or_below_its_reduced_value() -> None:
    beside = Beside(benchmark=F("9.5"), benchmark_source="plan 2026")

    assert judged("9.405", VsBenchmark(benchmark_id="cn", reduction=F(1, 100)), beside=beside).is_met
    assert not judged("9.406", VsBenchmark(benchmark_id="cn", reduction=F(1, 100)), beside=beside).is_met


def test_avoided_tonnes_are_summed_over_the_years_with_their_own_output() -> None:
    beside = Beside(years=YEARS, output_t=F(3000))

    found = judged("9.5", Avoided(tonnes=F(2300), since_year=2025), beside=beside)

    assert found.compared == 2300  # 0.4 x 2000 + 0.5 x 3000
    assert found.is_met


def test_avoided_tonnes_of_a_worse_year_count_against() -> None:
    beside = Beside(years=YEARS, output_t=F(3000))

    assert judged("10.1", Avoided(tonnes=F(1), since_year=2025), beside=beside).compared == 500


def test_tonnes_that_another_loan_counts_are_not_avoided_again() -> None:
    beside = Beside(
        years=YEARS, output_t=F(3000), claimed_elsewhere_t=F(1), claimed_elsewhere_source="CCER issue of 2026"
    )

    found = judged("9.5", Avoided(tonnes=F(2300), since_year=2025), beside=beside)

    assert (found.compared, found.is_met) == (F(2299), False)


def test_a_mean_counts_each_year_alike() -> None:
    found = judged("9.2", MultiYearMean(years=3, bound=Bound.AT_MOST, value=F("9.6")), beside=Beside(years=YEARS))

    assert found.compared == F("9.6")
    assert found.is_met


@pytest.mark.parametrize(("observed", "is_met"), [("0.3", True), ("3/10", True), ("0.2999", False), ("1", True)])
def test_a_share_is_a_part_of_one(*, observed: str, is_met: bool) -> None:
    rule = Share(bound=Bound.AT_LEAST, value=F(3, 10))

    assert judged(observed, rule, measure=KpiMeasure.SHARE).is_met is is_met


@pytest.mark.parametrize(("observed", "is_met"), [("0", True), ("2", True), ("3", False)])
def test_a_count_is_whole(*, observed: str, is_met: bool) -> None:
    assert judged(observed, Count(bound=Bound.AT_MOST, number=2), measure=KpiMeasure.COUNT).is_met is is_met


@pytest.mark.parametrize(("observed", "is_met"), [("A", True), ("B", True), ("C", False)])
def test_a_grade_is_met_at_or_above_the_agreed_one(*, observed: str, is_met: bool) -> None:
    assert judged(observed, RANK, measure=KpiMeasure.GRADE).is_met is is_met


@pytest.mark.parametrize(
    ("observed", "days", "is_met"),
    [
        ("2026-01-01/2027-01-01", 365, True),
        ("2026-01-01/2026-02-01,2026-07-01/2026-12-01", 184, True),
        ("2026-07-02/2026-12-31", 182, False),
        ("none", 0, False),
    ],
)
def test_a_status_counts_the_days_on_which_it_was_held(*, observed: str, days: int, is_met: bool) -> None:
    found = judged(observed, HELD, measure=KpiMeasure.STATUS)

    assert (found.observed, found.is_met) == (F(days, 365), is_met)


def test_held_intervals_are_half_open() -> None:
    found = held_intervals("2026-01-01/2026-02-01,2026-02-01/2026-03-01", target_of(HELD))

    assert found == ((date(2026, 1, 1), date(2026, 2, 1)), (date(2026, 2, 1), date(2026, 3, 1)))


@pytest.mark.parametrize(
    ("observed", "rule", "measure", "code"),
    [
        ("0", LEVEL, KpiMeasure.OPERATIONAL_INCL_POWER, "kpi.observed_intensity"),
        ("-9", LEVEL, KpiMeasure.OPERATIONAL_INCL_POWER, "kpi.observed_intensity"),
        ("1.01", Share(bound=Bound.AT_LEAST, value=F(3, 10)), KpiMeasure.SHARE, "kpi.observed_share"),
        ("30", Share(bound=Bound.AT_LEAST, value=F(3, 10)), KpiMeasure.SHARE, "kpi.observed_share"),
        ("2.5", Count(bound=Bound.AT_MOST, number=2), KpiMeasure.COUNT, "kpi.observed_count"),
        ("-1", Count(bound=Bound.AT_MOST, number=2), KpiMeasure.COUNT, "kpi.observed_count"),
        ("D", RANK, KpiMeasure.GRADE, "kpi.observed_grade"),
        ("a", RANK, KpiMeasure.GRADE, "kpi.observed_grade"),
        ("2025-12-31/2026-02-01", HELD, KpiMeasure.STATUS, "kpi.observed_interval"),
        ("2026-02-01/2026-02-01", HELD, KpiMeasure.STATUS, "kpi.observed_interval"),
        ("2026-02-01/2026-03-01,2026-02-15/2026-04-01", HELD, KpiMeasure.STATUS, "kpi.observed_interval"),
        ("", HELD, KpiMeasure.STATUS, "kpi.observed"),
        ("2026-02-01", HELD, KpiMeasure.STATUS, "kpi.observed"),
        (",".join(["2026-02-01/2026-03-01"] * 401), HELD, KpiMeasure.STATUS, "kpi.observed_intervals"),
    ],
)
def test_an_observation_that_its_kind_cannot_have_is_refused(
    observed: str, rule: TargetRule, measure: KpiMeasure, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        judged(observed, rule, measure=measure)

    assert refusal.value.code == code


@pytest.mark.parametrize("observed", ["", "NaN", "1e3", "9,2", "\uff19", "1/0", "+9", " 9", "9" * 50])
def test_an_observation_that_is_no_number_is_refused(observed: str) -> None:
    with pytest.raises(Invalid):
        judged(observed, LEVEL)


@pytest.mark.parametrize(
    ("rule", "beside", "code"),
    [
        (ReductionVsBase(reduction=F(0)), Beside(), "kpi.baseline_missing"),
        (YearOnYear(reduction=F(0)), Beside(), "kpi.year_missing"),
        (MultiYearMean(years=2, bound=Bound.AT_MOST, value=F(9)), Beside(), "kpi.year_missing"),
        (VsBenchmark(benchmark_id="cn", reduction=F(0)), Beside(), "kpi.benchmark_missing"),
        (
            VsBenchmark(benchmark_id="cn", reduction=F(0)),
            Beside(benchmark=F(0), benchmark_source="plan"),
            "kpi.benchmark",
        ),
        (Avoided(tonnes=F(1), since_year=2026), Beside(), "kpi.baseline_missing"),
    ],
)
def test_what_a_rule_needs_and_nobody_gave_is_refused_by_name(rule: TargetRule, beside: Beside, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        judged("9", rule, beside=beside, baseline=None)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("beside", "since_year", "code"),
    [
        (Beside(years=YEARS), 2025, "kpi.output_missing"),
        (Beside(years=YEARS, output_t=F(-1)), 2025, "kpi.output_t"),
        (Beside(years=YEARS, output_t=F(1)), 2027, "kpi.since_year"),
        (Beside(years=YEARS, output_t=F(1)), 2023, "kpi.year_missing"),
        (
            Beside(years=(replace(YEARS[1], output_t=None),), output_t=F(1)),
            2025,
            "kpi.year_output_missing",
        ),
    ],
)
def test_avoided_tonnes_need_every_years_output(beside: Beside, since_year: int, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        judged("9", Avoided(tonnes=F(1), since_year=since_year), beside=beside)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"benchmark": F(9)}, "kpi.benchmark_source"),
        ({"claimed_elsewhere_t": F(-1)}, "kpi.claimed_elsewhere_t"),
        ({"claimed_elsewhere_t": F(1)}, "kpi.claimed_elsewhere_source"),
    ],
)
def test_a_number_beside_the_observed_one_names_its_source(arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Beside(**arguments)

    assert refusal.value.code == code


def test_every_leaf_of_the_explanation_has_a_source() -> None:
    found = judged("9.5", Avoided(tonnes=F(2300), since_year=2025), beside=Beside(years=YEARS, output_t=F(3000)))

    sources = {leaf.source for leaf in found.explanation.leaves()}

    assert sources == {"attestation base-1", "period data", "report 2025", "report 2026", "schedule 2"}
    assert found.explanation.value == "met"


@given(
    low=st.decimals(min_value="0.01", max_value=20, places=4),
    high=st.decimals(min_value="0.01", max_value=20, places=4),
    reduction=st.fractions(min_value=0, max_value=F(99, 100), max_denominator=1000),
)
def test_less_never_misses_what_more_meets(low: object, high: object, reduction: Fraction) -> None:
    first, second = sorted((F(str(low)), F(str(high))))
    rule = ReductionVsBase(reduction=reduction)

    at_less, at_more = (judged(f"{each.numerator}/{each.denominator}", rule) for each in (first, second))

    assert at_less.is_met or not at_more.is_met
    assert at_less.margin_to_target >= at_more.margin_to_target
