"""Control charts of energy use: limits by hand, signals named, and what cannot be judged."""

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.tables import parse_reference_rows
from finance.kpi.forecast_energy import ChartRules, EnergyReading, Signal, energy_chart
from ledger.core.errors import Conflict, Invalid

ROWS = {
    row.row_id: row
    for row in parse_reference_rows(
        (Path(__file__).parents[2] / "finance" / "reference" / "control_charts.csv").read_text(encoding="utf-8"),
        file="control_charts.csv",
    )
}
RULES = ChartRules(
    limit_factor=ROWS["xmr.limit_factor"],
    run_length=ROWS["xmr.run_length"],
    least_readings=ROWS["xmr.least_readings"],
)
SIX = [10, 12, 10, 12, 10, 12]


def readings(values: Sequence[int | str], *, line: str = "Line 1", year: int = 2025) -> tuple[EnergyReading, ...]:
    return tuple(
        EnergyReading(line=line, period=f"{year}-{n:02d}", ac_kwh=Fraction(value), production_t=Fraction(1))
        for n, value in enumerate(values, start=1)
    )


def test_limits_are_the_mean_and_266_moving_ranges() -> None:
    chart = energy_chart(readings(SIX), readings(SIX), rules=RULES)

    assert (chart.mean_kwh_per_t, chart.lower_kwh_per_t, chart.upper_kwh_per_t) == (
        Fraction(11),
        Fraction("5.68"),
        Fraction("16.32"),
    )
    assert chart.anomalies == ()


def test_a_month_outside_its_own_limits_is_named() -> None:
    judged = readings(["16.32", "16.33", "5.67"], year=2026)

    chart = energy_chart(readings(SIX), judged, rules=RULES)

    assert [(each.period, each.signal) for each in chart.anomalies] == [
        ("2026-02", Signal.ABOVE),
        ("2026-03", Signal.BELOW),
    ]


def test_eight_months_on_one_side_are_a_shift() -> None:
    chart = energy_chart(readings(SIX), readings([12] * 9, year=2026), rules=RULES)

    assert [(each.period, each.signal) for each in chart.anomalies] == [
        ("2026-08", Signal.RUN_ABOVE),
        ("2026-09", Signal.RUN_ABOVE),
    ]


def test_a_month_on_the_mean_ends_a_run() -> None:
    judged = readings([12] * 7 + [11] + [12] * 4, year=2026)

    assert energy_chart(readings(SIX), judged, rules=RULES).anomalies == ()


def test_a_month_without_production_is_set_aside_by_name() -> None:
    idle = EnergyReading(line="Line 1", period="2026-01", ac_kwh=Fraction(500), production_t=Fraction(0))

    chart = energy_chart(readings(SIX), (idle,), rules=RULES)

    assert (chart.not_judged, chart.anomalies) == (("2026-01",), ())


def test_too_few_readings_have_no_limits() -> None:
    with pytest.raises(Conflict) as refused:
        energy_chart(readings(SIX[:5]), readings(SIX), rules=RULES)

    assert refused.value.code == "energy.too_few"


def test_two_lines_are_never_mixed() -> None:
    with pytest.raises(Invalid) as refused:
        energy_chart(readings(SIX), readings(SIX, line="Line 2"), rules=RULES)

    assert refused.value.code == "energy.lines"


def test_readings_out_of_order_are_refused() -> None:
    with pytest.raises(Invalid) as refused:
        energy_chart(readings(SIX)[::-1], (), rules=RULES)

    assert refused.value.code == "energy.periods"


def test_a_rule_in_halves_is_refused() -> None:
    rules = dataclasses.replace(RULES, run_length=dataclasses.replace(RULES.run_length, value="7.5"))

    with pytest.raises(Invalid):
        energy_chart(readings(SIX), readings(SIX), rules=rules)


@given(st.lists(st.integers(min_value=12000, max_value=14000), min_size=6, max_size=12))
def test_limits_lie_evenly_around_the_mean_and_move_with_every_reading(values: list[int]) -> None:
    chart = energy_chart(readings(values), readings(values), rules=RULES)
    higher = energy_chart(readings([each + 7 for each in values]), (), rules=RULES)

    assert chart.upper_kwh_per_t - chart.mean_kwh_per_t == chart.mean_kwh_per_t - chart.lower_kwh_per_t
    assert (higher.mean_kwh_per_t, higher.upper_kwh_per_t) == (chart.mean_kwh_per_t + 7, chart.upper_kwh_per_t + 7)
