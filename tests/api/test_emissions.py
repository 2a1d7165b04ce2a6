"""Emissions over the API: recipes, comparison, report forms, another metal, and who may not look."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.api.test_loans_activity import HEADER, METHODOLOGY, ROWS, file_of
from tests.api.test_loans_examples import World, code, world
from tests.loan_terms import SITE

__all__ = ["world"]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

COPPER = (
    "month,site,production_t,captive_coal_kwh,grid_kwh,own_nonfossil_direct_kwh,market_nonfossil_contract_kwh,"
    "natural_gas_10k_m3,steam_gj\n2025-01,Tank house,25000,0,8000000,0,0,12.5,30000\n"
)


def upload_copper(world: World) -> None:
    path = "/v1/activity?template=copper-electrorefining&file_name=copper.csv"
    answer = world.client.post(path, COPPER.encode(), key=world.borrower.key, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 201, answer.text


def test_the_components_and_the_power_sources_sum_to_the_whole(world: World) -> None:
    world.upload_example()

    answer = world.done(world.get(world.borrower, f"/emissions?year=2025&{METHODOLOGY}"), 200)

    parts = sum(Fraction(each["emissions_tco2e"]) for each in answer["components"])
    assert parts == Fraction(answer["emissions_tco2e"])
    assert sum(Fraction(each["ac_kwh"]) for each in answer["power"]) == Fraction(answer["ac_kwh"])
    assert {each["source"]: each["evidence"] for each in answer["power"]}["grid_certificate"] == "certificate"
    assert (answer["data_status"], answer["missing_months"]) == ("claimed", [])


def test_a_year_with_a_gap_states_it_or_is_refused(world: World) -> None:
    world.done(world.upload(file_of([row for row in ROWS if not row.startswith("2025-07")])))

    stated = world.done(world.get(world.borrower, f"/emissions?year=2025&{METHODOLOGY}"), 200)
    refused = world.get(world.borrower, f"/emissions?year=2025&{METHODOLOGY}&whole=true")

    assert (stated["is_complete"], stated["missing_months"]) == (False, [f"{SITE} 2025-07"])
    assert code(refused) == (409, "emissions.year_incomplete")


def test_a_named_report_verifies_and_the_same_figures_without_it_say_nothing_new(world: World) -> None:
    world.upload_example()
    raw = "\n".join([HEADER, *ROWS]).encode()
    path = "/v1/activity?verification=Report%2017"
    headers = {"Content-Type": "text/csv"}

    verified = world.client.post(path, raw, key=world.borrower.key, headers=headers)
    again = world.upload(raw)

    assert (verified.json()["recorded"], again.json()["recorded"]) == (24, 0)
    months = world.get(world.borrower, "/activity").json()["months"]
    assert {(each["data_status"], each["verification"], each["revision"]) for each in months} == {
        ("verified", "Report 17", 2)
    }
    answer = world.done(world.get(world.borrower, f"/emissions?year=2025&{METHODOLOGY}"), 200)
    assert answer["data_status"] == "verified"


def test_another_metal_is_uploaded_and_reckoned_beside_the_first(world: World) -> None:
    world.upload_example()
    upload_copper(world)

    copper = world.done(world.get(world.borrower, "/emissions?year=2025&methodology=copper-electrorefining"), 200)
    smelter = world.done(world.get(world.borrower, f"/emissions?year=2025&{METHODOLOGY}"), 200)
    month = next(
        each for each in world.get(world.borrower, "/activity").json()["months"] if each["site"] == "Tank house"
    )

    assert copper["sites"] == ["Tank house"]
    assert {each["component"] for each in copper["components"]} >= {"natural_gas", "steam", "grid"}
    assert smelter["sites"] == [SITE]
    assert (month["template"], month["measured"]) == (
        "copper-electrorefining",
        {"natural_gas_10k_m3": "12.5", "steam_gj": "30000"},
    )


def test_two_methodologies_stand_side_by_side(world: World) -> None:
    world.upload_example()

    answer = world.done(
        world.get(world.borrower, f"/emissions/comparison?year=2025&{METHODOLOGY}&second_methodology=cets-ag-04.01"),
        200,
    )

    parts = sum(Fraction(each["difference_tco2e"]) for each in answer["components"])
    # each figure is printed to twelve decimals
    assert abs(parts - Fraction(answer["difference_tco2e"])) < Fraction(1, 10**9)
    assert (answer["first"]["measure"], answer["second"]["measure"]) == ("operational_incl_power", "ets_direct")
    assert next(each for each in answer["components"] if each["component"] == "grid")["second_tco2e"] is None
    assert answer["explain"]["children"]


def test_a_report_form_prints_by_its_own_rows(world: World) -> None:
    world.upload_example()

    answer = world.done(world.get(world.borrower, "/emissions/report?year=2024&methodology=cets-ag-04.01"), 200)

    lines = {(each["month"], each["figure"]): each["printed"] for each in answer["lines"]}
    assert lines["", "emissions_tco2e"] == "873026.08"
    assert lines["2024-01", "cf4_kg_per_t"] == "0.037"  # 0.143 x 0.262 = 0.037466


def test_region_and_warming_potentials_change_the_version_and_the_figure(world: World) -> None:
    world.upload_example()
    path = "/emissions?year=2025&methodology=cets-direct-location-based&methodology_version=grid-2023"

    national = world.done(world.get(world.borrower, path), 200)
    yunnan = world.done(world.get(world.borrower, f"{path}&grid_region=CN-YN&gwp_set=ar6"), 200)

    assert yunnan["methodology_version"] == "grid-2023@CN-YN+ar6"
    assert Fraction(yunnan["emissions_tco2e"]) < Fraction(national["emissions_tco2e"])


def test_every_methodology_is_listed_with_its_boundary(world: World) -> None:
    answer = world.done(world.get(world.assessor, "/methodologies"), 200)

    measures = {each["measure"] for each in answer["methodologies"]}
    assert measures == {"ets_direct", "operational_incl_power", "product_footprint", "cbam_embedded"}
    assert all(each["boundary_zh"] for each in answer["methodologies"])


def test_what_cannot_be_answered_has_a_code(world: World) -> None:
    world.upload_example()
    base = f"year=2025&{METHODOLOGY}"

    for path, expected in (
        ("/emissions?year=2025&methodology=cets-direct-with-power", (404, "methodology.version")),
        (f"/emissions?{base}&grid_region=CN-XX", (404, "reference.missing")),
        (f"/emissions?{base}&gwp_set=ar6", (422, "methodology.no_gwp")),
        ("/emissions?year=2025&methodology=cets-ag-04.01&gwp_set=ar9", (404, "reference.missing")),
        ("/emissions?year=2025&methodology=cets-ag-04.01&grid_region=CN-YN", (422, "methodology.no_grid_factor")),
        (f"/emissions?{base}&site=nowhere", (404, "emissions.no_activity")),
        (f"/emissions?{base}&whole=yes", (422, "request.invalid")),
        (f"/emissions/report?{base}", (409, "report.unknown")),
        (f"/emissions/comparison?{base}&second_methodology=copper-electrorefining", (409, "comparison.template")),
        (f"/emissions/comparison?{base}", (422, "request.invalid")),
    ):
        answer = world.get(world.borrower, path)
        assert (answer.status_code, answer.json().get("code")) == expected, path


def test_an_unknown_form_is_refused(world: World) -> None:
    headers = {"Content-Type": "text/csv"}

    answer = world.client.post("/v1/activity?template=zinc", b"x", key=world.borrower.key, headers=headers)

    assert code(answer) == (404, "template.unknown")


def test_figures_are_the_borrowers_own(world: World) -> None:
    world.upload_example()

    for who in (world.lender, world.assessor):
        for path in ("emissions", "emissions/report"):
            refused = world.get(who, f"/{path}?year=2025&{METHODOLOGY}")
            assert code(refused) == (403, "auth.organisation_kind")
