"""Industry, CBAM, renewable duty and product worth over the API: known numbers, hostile bodies, and recorded power."""

from __future__ import annotations

from typing import Any

import pytest

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from tests.api.ledger_calls import SQLITE
from tests.api.test_loans_examples import World, code, world

__all__ = ["world"]

PLANTS = [
    {"name": "north", "emissions_t": "800000", "intensity": "1.50"},
    {"name": "south", "emissions_t": "800000", "intensity": "1.70"},
]
GOODS = {"line": "S1", "cn_code": "76011000", "imported_on": "2026-02-10", "mass_t": "1000", "route": "primary"}
FLOW = {
    "year": 2026,
    "lines": [GOODS],
    "prices": [{"period": "2026-Q1", "price_eur": "75.36"}],
    "cny_per_eur": "7.9",
}
DUTY = {
    "year": 2025,
    "region": "CN-YN",
    "on": "2026-06-30",
    "power": [{"evidence": "grid_residual", "kwh": "800000"}, {"evidence": "market_contract", "kwh": "200000"}],
    "holdings": [{"production_month": "2025-06", "kind": "market", "quantity": 100}],
}
STEP = {"threshold_tco2e_per_t": "4", "premium_cny_per_t": "150", "source": "contract"}
WORTH = {"footprint_tco2e_per_t": "3.9", "sold_t": "1000", "premium_steps": [STEP]}
BODIES: dict[str, dict[str, Any]] = {
    "/industry/balance": {"year": 2025, "plants": PLANTS},
    "/industry/benchmark": {"methodology": "article-2024-draft"},
    "/cbam/flows": FLOW,
    "/renewable-duties": DUTY,
    "/green-certificates/issues": {"on": "2026-06-30", "months": [{"month": "2026-01", "kwh": "1600"}]},
    "/product-worth": WORTH,
}


def asked(world: World, path: str, **change: object) -> dict[str, Any]:
    return world.done(world.post(world.borrower, path, {**BODIES[path], **change}), 200)


def leaves(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [leaf for child in tree["children"] for leaf in leaves(child)] if tree["children"] else [tree]


def test_two_plants_balance_between_their_intensities(world: World) -> None:
    found = asked(world, "/industry/balance")

    assert (found["balance_value_low"], found["balance_value_high"]) == ("1.6", "1.6")
    assert [each["surplus"]["amount"] for each in found["balance"]["plants"]] == ["7500", "-7500"]
    assert all(leaf["source"] for leaf in leaves(found["explanation"]))


def test_the_articles_industry_balances_near_9_264(world: World) -> None:
    found = asked(world, "/industry/benchmark", benchmark="9")

    assert found["balance_benchmark_tco2e_per_t"].startswith("9.263")
    assert found["balance"]["net"]["amount"].startswith("-105")
    assert len(found["balance"]["plants"]) == 87
    assert "never became law" in found["note_en"]
    assert all(leaf["source"] for leaf in leaves(found["explanation"]))


def test_uploaded_plants_take_the_place_of_generated_ones(world: World) -> None:
    one = {"name": "a", "output_t": "100", "ac_kwh_per_t": "13100", "green_share": "0"}

    assert asked(world, "/industry/benchmark", plants=[one])["balance_benchmark_tco2e_per_t"] == "9.35342"


def test_a_shipment_needs_certificates_and_says_when(world: World) -> None:
    found = asked(world, "/cbam/flows")

    assert (found["certificates"], found["declaration_due"]) == ("1913", "2027-09-30")
    assert found["cost_eur"] == {"amount": "144163.68", "unit": "EUR"}
    assert found["cost_cny"] == {"amount": "1138893.07", "unit": "CNY"}
    assert all(leaf["source"] for leaf in leaves(found["explanation"]))


def test_a_quarter_without_a_price_is_unpriced(world: World) -> None:
    found = asked(world, "/cbam/flows", prices=[])

    assert (found["unpriced_periods"], found["cost_eur"], found["certificates"]) == (["2026-Q1"], None, "1913")


def test_only_what_was_paid_at_home_is_taken_off(world: World) -> None:
    paid = {"paid_cny": "79000", "rebate_cny": "7900", "evidence": "receipt"}

    assert asked(world, "/cbam/flows", carbon_price_paid=paid)["certificates"] == "1794"


def test_the_duty_of_given_power(world: World) -> None:
    found = asked(world, "/renewable-duties")

    assert (found["needed"], found["gap"], found["ratio_status"]) == ("500", "400", "assumed")
    assert {each["production_year"]: each["cost"]["amount"] for each in found["costs"]} == {
        2024: "516.00",
        2025: "1620.00",
        2026: "2384.00",
    }


def test_the_duty_of_recorded_power_counts_direct_lines_and_contracts(world: World) -> None:
    world.upload_example()
    body = {"year": 2025, "region": "CN-YN", "on": "2026-06-30", "methodology": "cets-ag-04.01"}

    found = world.done(world.post(world.borrower, "/renewable-duties", body), 200)
    emitted = world.done(world.get(world.borrower, "/emissions?year=2025&methodology=cets-ag-04.01"), 200)

    power = {each["evidence"]: int(each["ac_kwh"]) for each in emitted["power"] if int(each["ac_kwh"])}
    assert int(found["used_kwh"]) == sum(power.values())
    assert int(found["counted_kwh"]) == power["direct_line"] + power["market_contract"]
    assert found["missing_months"] == []


def test_certificates_are_issued_with_the_remainder_carried(world: World) -> None:
    months = [{"month": "2026-01", "kwh": "1600"}, {"month": "2026-02", "kwh": "1500"}]

    (first, second) = asked(world, "/green-certificates/issues", months=months)["issues"]

    assert (first["certificates"], first["expires_on"]) == ("1", "2028-01-01")
    assert (second["certificates"], second["carried_kwh"]) == ("2", "100")


def test_premium_and_footprint_price_are_told_apart(world: World) -> None:
    price = {"reference_tco2e_per_t": "12", "price_cny_per_tco2e": "50", "source": "contract"}

    found = asked(world, "/product-worth", footprint_price=price)

    assert found["green_premium"]["worth"] == {"amount": "150000.00", "unit": "CNY"}
    assert found["footprint_price"]["cny_per_t"] == "405"


@pytest.mark.parametrize(
    ("path", "change", "answer"),
    [
        ("/industry/balance", {"year": 2024}, (422, "industry.no_balance_value")),
        ("/industry/balance", {"year": 2019}, (404, "allocation.no_rule")),
        ("/industry/balance", {"year": 10**14}, (422, "rule.year")),
        ("/industry/balance", {"plants": []}, (422, "request.invalid")),
        ("/industry/balance", {"plants": PLANTS[:1] * 2}, (422, "industry.names")),
        ("/industry/balance", {"plants": [{**PLANTS[0], "intensity": "0"}]}, (422, "industry.plant")),
        ("/industry/balance", {"plants": [{**PLANTS[0], "emissions_t": "-1"}]}, (422, "industry.plant")),
        ("/industry/balance", {"plants": [{**PLANTS[0], "emissions_t": "25999"}]}, (409, "industry.no_balance")),
        ("/industry/balance", {"balance_value": "0"}, (422, "industry.balance_value")),
        ("/industry/benchmark", {"methodology": "cets-ag-04.01"}, (422, "methodology.no_power")),
        ("/industry/benchmark", {"plant_count": 0}, (422, "distribution.count")),
        ("/industry/benchmark", {"plant_count": 10**9}, (422, "distribution.count")),
        ("/industry/benchmark", {"ac_low": "14000"}, (422, "distribution.bounds")),
        ("/industry/benchmark", {"ac_share_below": "0.9"}, (422, "distribution.unreachable")),
        ("/industry/benchmark", {"green_share": "1.1"}, (422, "industry.green_share")),
        ("/industry/benchmark", {"green_plants": 88}, (422, "distribution.green_count")),
        ("/industry/benchmark", {"output_t": "0"}, (422, "industry.output_t")),
        ("/industry/benchmark", {"benchmark": "0"}, (422, "industry.benchmark")),
        ("/industry/benchmark", {"step": "1"}, (422, "industry.step")),
        ("/industry/benchmark", {"grid_factor_kg_per_kwh": "0"}, (422, "industry.grid_factor")),
        ("/industry/benchmark", {"plants": [], "seed": 1}, (422, "industry.plants")),
        ("/cbam/flows", {"year": 2025}, (404, "cbam.no_rule")),
        ("/cbam/flows", {"year": 2027}, (422, "cbam.year")),
        ("/cbam/flows", {"lines": [{**GOODS, "cn_code": "7602"}]}, (422, "cbam.good_unknown")),
        ("/cbam/flows", {"lines": [{**GOODS, "mass_t": "0"}]}, (422, "cbam.mass_t")),
        ("/cbam/flows", {"lines": [{**GOODS, "mass_t": "1" + "0" * 39}]}, (422, "cbam.mass_t")),
        ("/cbam/flows", {"lines": [{**GOODS, "is_verified": True}]}, (422, "cbam.see_unverified")),
        ("/cbam/flows", {"lines": [GOODS, GOODS]}, (409, "cbam.line_twice")),
        ("/cbam/flows", {"lines": [{**GOODS, "route": "green"}]}, (422, "request.invalid")),
        ("/cbam/flows", {"prices": FLOW["prices"] * 2}, (422, "cbam.period_twice")),  # type: ignore[operator]
        ("/cbam/flows", {"prices": [{"period": "2026-Q5", "price_eur": "1"}]}, (422, "request.invalid")),
        ("/cbam/flows", {"cny_per_eur": "0"}, (422, "cbam.fixing")),
        ("/cbam/flows", {"importer_mass_t": "1"}, (422, "cbam.importer_mass_t")),
        ("/renewable-duties", {"region": "CN-SD"}, (404, "duty.no_ratio")),
        ("/renewable-duties", {"region": "Yunnan"}, (422, "duty.region")),
        ("/renewable-duties", {"ratio": "70"}, (422, "duty.ratio")),
        ("/renewable-duties", {"power": []}, (422, "duty.power")),
        ("/renewable-duties", {"methodology": "cets-ag-04.01"}, (422, "query.exclusive")),
        ("/renewable-duties", {"power": None}, (422, "query.exclusive")),
        ("/renewable-duties", {"power": [{"evidence": "grid_residual", "kwh": "-1"}]}, (422, "duty.kwh")),
        ("/renewable-duties", {"power": None, "methodology": "cets-ag-04.01"}, (404, "emissions.no_activity")),
        ("/green-certificates/issues", {"carried_kwh": "1000"}, (422, "gec.carried_kwh")),
        ("/product-worth", {"premium_steps": []}, (422, "premium.steps")),
        ("/product-worth", {"premium_steps": [STEP, STEP]}, (422, "premium.steps")),
        ("/product-worth", {"sold_t": "-1"}, (422, "premium.quantity")),
    ],
)
@SQLITE
def test_what_cannot_be_computed_is_refused_with_its_own_code(
    world: World, path: str, change: dict[str, object], answer: tuple[int, str]
) -> None:
    assert code(world.post(world.borrower, path, {**BODIES[path], **change})) == answer


@pytest.mark.parametrize("path", BODIES)
@SQLITE
def test_a_calculation_asks_for_a_key_that_reads(world: World, path: str) -> None:
    clerk = world.member_of(OrganisationKind.BORROWER, "Other Smelter", (Scope.MARKET_WRITE,))

    assert code(world.post(clerk, path, BODIES[path])) == (403, "auth.scope_missing")
    assert world.post(world.lender, path, BODIES[path]).status_code == 200


HOSTILE: tuple[object, ...] = (None, 1, "", "NaN", "1e400", "-0", "9" * 40, "٣", [], {}, "x" * 5000, True)


@pytest.mark.parametrize("path", BODIES)
@SQLITE
def test_no_hostile_value_in_any_field_is_a_crash(world: World, path: str) -> None:
    for name in BODIES[path]:
        for hostile in HOSTILE:
            status = world.post(world.borrower, path, {**BODIES[path], name: hostile}).status_code

            assert status in {200, 404, 409, 413, 422}, (name, hostile)
