"""Targets: ten kinds, each with exactly the arguments it needs, and nothing that cannot be tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from finance.kpi.definitions import KpiMeasure
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
    kind_matches,
)
from ledger.core.errors import Invalid

F = Fraction
LEVEL = Level(bound=Bound.AT_MOST, value=F(9264, 1000))
RANK = ExternalRank(issuer="example rating", scale=("A", "B", "C"), at_least="B")
TARGET = PerformanceTarget(
    period_start=date(2026, 1, 1),
    period_end=date(2027, 1, 1),
    rule=LEVEL,
    compare_digits=3,
    is_strict=False,
    source="schedule 2",
)
BASELINE = Baseline(
    value=F(10), period_start=date(2024, 1, 1), period_end=date(2025, 1, 1), attestation_id="statement-1"
)


@pytest.mark.parametrize(
    ("kind", "arguments", "code"),
    [
        (ReductionVsBase, {"reduction": F(1)}, "kpi.reduction"),
        (ReductionVsBase, {"reduction": F(-1, 100)}, "kpi.reduction"),
        (YearOnYear, {"reduction": F(5)}, "kpi.reduction"),
        (VsBenchmark, {"benchmark_id": "cn", "reduction": F(-1)}, "kpi.reduction"),
        (VsBenchmark, {"benchmark_id": "", "reduction": F(0)}, "kpi.benchmark_id"),
        (Avoided, {"tonnes": F(0), "since_year": 2025}, "kpi.tonnes"),
        (Avoided, {"tonnes": F(1), "since_year": 1900}, "kpi.since_year"),
        (Share, {"bound": Bound.AT_LEAST, "value": F(30)}, "kpi.value"),
        (Count, {"bound": Bound.AT_MOST, "number": -1}, "kpi.number"),
        (StatusHeld, {"status": "label", "least_share": F(0)}, "kpi.least_share"),
        (StatusHeld, {"status": " label", "least_share": F(1)}, "kpi.status"),
        (ExternalRank, {"issuer": "x", "scale": ("A",), "at_least": "A"}, "kpi.scale"),
        (ExternalRank, {"issuer": "x", "scale": ("A", "A", "B"), "at_least": "B"}, "kpi.scale"),
        (ExternalRank, {"issuer": "x", "scale": ("A", "B"), "at_least": "D"}, "kpi.at_least"),
        (MultiYearMean, {"years": 1, "bound": Bound.AT_MOST, "value": F(9)}, "kpi.years"),
        (MultiYearMean, {"years": 11, "bound": Bound.AT_MOST, "value": F(9)}, "kpi.years"),
    ],
)
def test_an_impossible_target_is_refused_by_its_field(
    kind: Callable[..., object], arguments: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        kind(**arguments)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"period_end": date(2026, 1, 1)}, "kpi.period_end"),
        ({"period_end": date(2202, 1, 1)}, "kpi.period_end"),
        ({"period_start": date(1989, 12, 31)}, "kpi.period_start"),
        ({"compare_digits": 13}, "kpi.compare_digits"),
        ({"compare_digits": -1}, "kpi.compare_digits"),
        ({"compare_digits": 2}, "kpi.target_digits"),
        ({"rule": RANK}, "kpi.compare_digits"),
        ({"source": ""}, "kpi.source"),
    ],
)
def test_a_target_that_cannot_be_tested_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        replace(TARGET, **change)

    assert refusal.value.code == code


def test_a_level_of_zero_or_less_is_legal() -> None:
    target = replace(TARGET, rule=Level(bound=Bound.AT_MOST, value=F(-3)), compare_digits=None)

    assert target.printed_number == -3


@pytest.mark.parametrize(
    ("rule", "needs_baseline", "printed"),
    [
        (ReductionVsBase(reduction=F(1, 20)), True, F(1, 20)),
        (Avoided(tonnes=F(1000), since_year=2025), True, F(1000)),
        (YearOnYear(reduction=F(1, 50)), False, F(1, 50)),
        (VsBenchmark(benchmark_id="cn", reduction=F(0)), False, F(0)),
        (MultiYearMean(years=3, bound=Bound.AT_MOST, value=F(9)), False, F(9)),
        (Count(bound=Bound.AT_MOST, number=2), False, None),
        (RANK, False, None),
    ],
)
def test_a_rule_says_whether_it_needs_a_base_and_which_number_is_printed(
    *, rule: TargetRule, needs_baseline: bool, printed: Fraction | None
) -> None:
    target = replace(TARGET, rule=rule, compare_digits=None)

    assert target.needs_baseline is needs_baseline
    assert target.printed_number == printed


@pytest.mark.parametrize(
    ("start", "end", "year"),
    [
        (date(2026, 1, 1), date(2027, 1, 1), 2026),
        (date(2026, 7, 1), date(2027, 7, 1), 2027),
        (date(2026, 6, 1), date(2026, 12, 31), 2026),
    ],
)
def test_the_test_year_is_that_of_the_last_day(start: date, end: date, year: int) -> None:
    assert replace(TARGET, period_start=start, period_end=end).test_year == year


@pytest.mark.parametrize(
    ("rule", "measures"),
    [
        (Share(bound=Bound.AT_LEAST, value=F(1, 3)), {KpiMeasure.SHARE}),
        (Count(bound=Bound.AT_MOST, number=0), {KpiMeasure.COUNT}),
        (StatusHeld(status="label", least_share=F(1)), {KpiMeasure.STATUS}),
        (RANK, {KpiMeasure.GRADE}),
        (Avoided(tonnes=F(1), since_year=2025), {each for each in KpiMeasure if each.is_intensity}),
        (LEVEL, set(KpiMeasure) - {KpiMeasure.STATUS, KpiMeasure.GRADE}),
    ],
)
def test_a_kind_of_target_goes_with_its_measures_only(rule: TargetRule, measures: set[KpiMeasure]) -> None:
    assert {measure for measure in KpiMeasure if kind_matches(rule, measure)} == measures


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value": F(0)}, "kpi.value"),
        ({"period_end": date(2024, 1, 1)}, "kpi.period_end"),
        ({"attestation_id": "no such id"}, "kpi.attestation_id"),
    ],
)
def test_a_base_nothing_can_be_measured_from_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        replace(BASELINE, **change)

    assert refusal.value.code == code
