"""Early warning over the API: a forecast mid-year, its back-test, energy charts, and that only the borrower sees them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.api.test_loans_activity import METHODOLOGY, ROWS, file_of
from tests.api.test_loans_examples import World, code, world
from tests.loan_terms import SITE

__all__ = ["world"]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ASKED = f"year=2025&{METHODOLOGY}&target_tco2e_per_t=8.28"


def test_after_june_the_year_is_forecast_from_last_years_season(world: World) -> None:
    world.upload_example()

    answer = world.done(world.get(world.borrower, f"/forecasts?{ASKED}&through=2025-06"), 200)

    assert (answer["outlook"], answer["months_over"]) == ("on_track", 6)
    assert Fraction(answer["low_tco2e_per_t"]) < Fraction("8.1636") < Fraction(answer["high_tco2e_per_t"])
    assert abs(Fraction(answer["forecast_tco2e_per_t"]) - Fraction("8.1636")) < Fraction("0.01")
    assert Fraction(answer["chance_to_meet"]) > Fraction("0.99")
    assert "2024-07" in str(answer["explain"])
    assert len(answer["periods"]) == 12


def test_a_target_that_cannot_be_met_names_the_month_it_was_lost(world: World) -> None:
    world.upload_example()

    answer = world.done(
        world.get(world.borrower, f"/forecasts?year=2025&{METHODOLOGY}&target_tco2e_per_t=8.0&through=2025-06"), 200
    )

    assert answer["outlook"] == "out_of_reach"
    assert answer["lost_is_past"]
    assert answer["lost_after"].startswith("2025-0")
    assert Fraction(answer["required_rest_tco2e_per_t"]) < Fraction(8)


def test_a_plan_changes_the_weights_of_the_months_to_come(world: World) -> None:
    world.upload_example()

    usual = world.done(world.get(world.borrower, f"/forecasts?{ASKED}&through=2025-10"), 200)
    planned = world.done(
        world.get(world.borrower, f"/forecasts?{ASKED}&through=2025-10&plan=2025-11:0;2025-12:90000"), 200
    )

    assert planned["periods"][10]["production_t"] == "0"
    assert planned["forecast_tco2e_per_t"] != usual["forecast_tco2e_per_t"]


def test_the_back_test_shows_every_month_of_a_past_year(world: World) -> None:
    world.upload_example()

    answer = world.done(world.get(world.borrower, f"/forecasts/back-test?{ASKED}"), 200)

    assert len(answer["cuts"]) == 11
    assert answer["actual_tco2e_per_t"].startswith("8.1635")
    assert Fraction(answer["coverage"]) >= Fraction(9, 10)


def test_a_month_of_high_energy_use_is_named(world: World) -> None:
    cells = next(row for row in ROWS if row.startswith("2025-05")).split(",")
    cells[4] = str(int(cells[4]) + 20_000_000)
    world.upload_example()
    world.done(world.upload(file_of([",".join(cells)])))

    answer = world.done(world.get(world.borrower, "/energy-charts?year=2025"), 200)

    (chart,) = answer["charts"]
    assert chart["line"] == SITE
    assert {"period": "2025-05", "signal": "above"}.items() <= {
        key: value for each in chart["anomalies"] if each["period"] == "2025-05" for key, value in each.items()
    }.items()


def test_the_forecast_of_a_kpi_period_follows_its_contract(world: World) -> None:
    world.upload_example()
    facility_id = world.open_facility()
    period_id = world.open_period(facility_id, 2025, "test")
    path = f"/kpi-periods/{period_id}/forecast"

    unattested = world.get(world.borrower, path)
    given = world.done(world.get(world.borrower, f"{path}?target_tco2e_per_t=8.28&through=2025-06"), 200)

    assert code(unattested) == (409, "forecast.baseline_missing")
    assert (given["methodology_id"], given["outlook"]) == ("article-2024-draft", "on_track")


def test_only_the_borrower_reads_a_forecast(world: World) -> None:
    world.upload_example()
    period_id = world.open_period(world.open_facility(), 2025, "test")

    for who in (world.lender, world.assessor):
        for path in (
            f"/forecasts?{ASKED}",
            f"/forecasts/back-test?{ASKED}",
            "/energy-charts?year=2025",
            f"/kpi-periods/{period_id}/forecast?target_tco2e_per_t=8",
        ):
            assert code(world.get(who, path)) == (403, "auth.organisation_kind"), path


def test_a_year_with_a_gap_is_not_forecast_over_it(world: World) -> None:
    world.done(world.upload(file_of([row for row in ROWS if not row.startswith("2025-03")])))

    assert code(world.get(world.borrower, f"/forecasts?{ASKED}")) == (409, "forecast.gap")


def test_what_cannot_be_asked_has_a_code(world: World) -> None:
    world.upload_example()

    for query, expected in (
        (f"{ASKED}&through=2024-06", (422, "forecast.through")),
        (f"{ASKED}&through=2025-13", (422, "request.invalid")),
        (f"{ASKED}&plan=2025-11:x", (422, "amount.format")),
        (f"{ASKED}&plan=2025-11:1;2025-11:1", (422, "forecast.plan")),
        (f"{ASKED}&plan=;;;;;;;;;;;;;;;", (422, "amount.format")),
        (f"{ASKED}&confidence=0.93&through=2025-06", (422, "forecast.confidence")),
        (f"{ASKED}&confidence=2", (422, "forecast.argument")),
        (f"{ASKED}&last_months=0", (422, "request.invalid")),
        (f"{ASKED}&technical_minimum=-1", (422, "forecast.argument")),
        (f"year=2025&{METHODOLOGY}&target_tco2e_per_t=0", (422, "forecast.argument")),
        (f"year=2030&{METHODOLOGY}&target_tco2e_per_t=8", (404, "emissions.no_activity")),
    ):
        assert code(world.get(world.borrower, f"/forecasts?{query}")) == expected, query
