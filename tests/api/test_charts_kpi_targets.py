"""A KPI against its targets: every kind of target is drawn as what it compares, with the numbers of the comparison that decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from uuid import UUID

import pytest

from api.charts import render
from api.charts.kpi_targets import kpi_targets
from api.charts.look import Language, Look, Theme
from api.schemas.bank_desk import KpiPathOut
from finance.kpi.definitions import KpiMeasure
from finance.kpi.outcomes import Beside, YearValue, judge_target
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
    goal_of,
)
from finance.loans.price_effects import OutcomeStatus
from finance.operations.kpi_paths import KpiPath, KpiStep
from finance.operations.portfolio import KpiPoint
from tests.api.ledger_calls import refused
from tests.api.test_charts import picture
from tests.api.test_loans_examples import World, world
from tests.loan_terms import terms_of

__all__ = ["world"]

INTENSITY = KpiMeasure.OPERATIONAL_INCL_POWER
KINDS: dict[str, tuple[TargetRule, KpiMeasure, str, str, str]] = {
    "level": (
        Level(bound=Bound.AT_MOST, value=Fraction(9)),
        INTENSITY,
        "8.5",
        "9 tCO2e/t",
        "8.5 tCO2e/t",
    ),
    "reduction": (ReductionVsBase(reduction=Fraction(1, 20)), INTENSITY, "9.4", "5 %", "6 %"),
    "year_on_year": (YearOnYear(reduction=Fraction(1, 50)), INTENSITY, "9.5", "2 %", "5 %"),
    "avoided": (
        Avoided(tonnes=Fraction(500), since_year=2025),
        INTENSITY,
        "9.4",
        "500 tCO2e",
        "600 tCO2e",
    ),
    "share": (Share(bound=Bound.AT_LEAST, value=Fraction(3, 10)), KpiMeasure.SHARE, "0.312", "30 %", "31.2 %"),
    "count": (Count(bound=Bound.AT_MOST, number=2), KpiMeasure.COUNT, "3", "2 tCO2e/t", "3 tCO2e/t"),
    "status": (
        StatusHeld(status="label", least_share=Fraction(1)),
        KpiMeasure.STATUS,
        "2025-01-01/2026-01-01",
        "100 %",
        "100 %",
    ),
    "grade": (ExternalRank(issuer="CDP", scale=("A", "B", "C"), at_least="B"), KpiMeasure.GRADE, "A", "B", "A"),
    "benchmark": (
        VsBenchmark(benchmark_id="line", reduction=Fraction(1, 10)),
        INTENSITY,
        "9",
        "10 %",
        "25 %",
    ),
    "mean": (
        MultiYearMean(years=2, bound=Bound.AT_MOST, value=Fraction(10)),
        INTENSITY,
        "9",
        "10 tCO2e/t",
        "9.5 tCO2e/t",
    ),
}


def path_of(rule: TargetRule, measure: KpiMeasure, observed: str) -> KpiPath:
    definition = replace(terms_of("borrower", "lender").kpis[0].definition, measure=measure)
    target = PerformanceTarget(
        period_start=date(2025, 1, 1),
        period_end=date(2026, 1, 1),
        rule=rule,
        compare_digits=None,
        is_strict=False,
        source="clause 6",
    )
    outcome = judge_target(
        observed,
        definition=definition,
        baseline=Baseline(
            value=Fraction(10), period_start=date(2024, 1, 1), period_end=date(2025, 1, 1), attestation_id="base"
        ),
        target=target,
        observed_source="attestation",
        beside=Beside(
            years=(YearValue(year=2024, value=Fraction(10), output_t=Fraction(1000), source="attestation"),),
            output_t=Fraction(1000),
            benchmark=Fraction(12),
            benchmark_source="notice",
        ),
    )
    assert outcome.threshold == goal_of(rule).value
    point = KpiPoint(
        kpi_id="intensity",
        unit="tCO2e/t",
        target=target,
        kpi_period_id=None,
        observed=observed,
        is_attested=True,
        status=OutcomeStatus.MET,
    )
    later = KpiPoint(
        kpi_id="intensity",
        unit="tCO2e/t",
        target=PerformanceTarget(
            period_start=date(2026, 1, 1),
            period_end=date(2027, 1, 1),
            rule=rule,
            compare_digits=None,
            is_strict=False,
            source="clause 6",
        ),
        kpi_period_id=None,
        observed=None,
        is_attested=False,
        status=None,
    )
    return KpiPath(
        facility_id=UUID(int=1),
        definition=definition,
        known_at=datetime(2026, 5, 6, tzinfo=UTC),
        steps=(
            KpiStep(point=point, goal=goal_of(rule), outcome=outcome, code=None),
            KpiStep(point=later, goal=goal_of(rule), outcome=None, code=None),
        ),
    )


@pytest.mark.parametrize("kind", list(KINDS))
def test_each_kind_of_target_is_drawn_as_what_it_compares(kind: str) -> None:
    rule, measure, observed, wanted, reached = KINDS[kind]
    answer = KpiPathOut.from_core(path_of(rule, measure, observed))

    chart = kpi_targets(answer, Look())
    drawn = render.chart_svg(kpi_targets(answer, Look(language=Language.CHINESE, theme=Theme.DARK)).spec)

    side = "target: at most" if goal_of(rule).bound is Bound.AT_MOST else "target: at least"
    assert [(row[0], row[2], row[4]) for row in chart.rows] == [
        ("2025", side, wanted),
        ("2025", "result", reached),
        ("2026", side, wanted),
        ("2026", "result", ""),
    ]
    is_named = kind in ("status", "grade")
    assert chart.rows[1][5:] == (observed if is_named else f"{observed} tCO2e/t", "met")
    assert wanted in chart.description
    assert reached in str(drawn)


def test_the_path_of_the_example_s_loan_is_for_its_parties_with_the_decision(world: World) -> None:
    chain = world.attested()
    path = f"/facilities/{chain.facility_id}"
    before = world.done(world.get(world.borrower, f"{path}/kpi-path?kpi_id=intensity"), 200)
    world.approve(world.propose(chain))

    chart = world.done(world.get(world.lender, f"{path}/charts/kpi-path?kpi_id=intensity"), 200)

    (step,) = before["steps"]
    assert (step["bound"], step["threshold"], step["compared_unit"], step["observed"]) == (
        "at_least",
        "0.03",
        "1",
        "8.1636",
    )
    assert step["compared"].startswith("0.0436")
    assert step["explain"]["value"] == "met"
    assert step["status"] is None
    assert chart["rows"][0][4] == "3 %"
    assert chart["rows"][1][6] == "met"
    picture(world.get(world.borrower, f"{path}/charts/kpi-path.svg?kpi_id=intensity&lang=zh&theme=dark"))
    assert world.get(world.lender, f"{path}/charts/kpi-path.xlsx?kpi_id=intensity").status_code == 200
    assert refused(world.get(world.assessor, f"{path}/charts/kpi-path?kpi_id=intensity"))[0] == 403
    unknown = refused(world.get(world.lender, f"{path}/kpi-path?kpi_id=nothing"))
    assert unknown == (422, "terms.kpi_id")


def test_a_value_without_the_baseline_it_is_measured_from_is_not_compared_and_says_why(world: World) -> None:
    world.upload_example()
    facility_id = world.open_facility()
    world.reported_period(facility_id, 2025, "test")

    (step,) = world.done(world.get(world.lender, f"/facilities/{facility_id}/kpi-path?kpi_id=intensity"), 200)["steps"]

    assert (step["observed"], step["compared"], step["code"]) == ("8.1636", None, "determination.baseline_missing")
