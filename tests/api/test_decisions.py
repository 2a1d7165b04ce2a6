"""Decisions over the API: the next tonne, the next MWh, sensitivity and the cheapest plan, with and without a book."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from tests.api.ledger_calls import BOOK, NO_BOOK, SQLITE, Treasury, done, refused
from tests.api.test_compliance_outlook import leaves, ready
from tests.api.test_loans_examples import World, code, world
from tests.api.test_market_prices import HEADER, SNAPSHOT, close, snapshot, upload
from tests.api.test_market_worth import book, house

__all__ = ["house", "world"]

PROCESS = {"year": 2025, "emissions_t": "800000", "output_t": "500000", "balance_value": "1.60"}
ASKED: dict[str, Any] = {"on": "2026-11-20", "process": PROCESS, "price_cny_per_t": "100"}
POWER = {"operational_kg_per_kwh": "0.5942", "footprint_kg_per_kwh": "0.6", "evidence": "market_contract"}
MWH: dict[str, Any] = {"mwh": "1", "power": POWER, "premium_cny_per_mwh": "60"}
STAKE = {
    "name": "loan A",
    "target": "10.00",
    "intensity": "10.05",
    "output_t": "1000000",
    "principal_cny": "200000000.00",
    "effect_start": "2026-06-20",
    "effect_end": "2027-06-20",
    "down_bp": "10",
}
DUTY = {
    "duty": {
        "year": 2025,
        "region": "CN-YN",
        "on": "2026-06-30",
        "ratio": "0.7",
        "power": [{"evidence": "grid_residual", "kwh": "800000"}, {"evidence": "market_contract", "kwh": "200000"}],
    },
    "gec_price_cny": "5.96",
}
CBAM = {
    "flow": {
        "year": 2026,
        "lines": [
            {
                "line": "SHIP-1",
                "cn_code": "76011000",
                "imported_on": "2026-02-10",
                "mass_t": "50000",
                "route": "primary",
                "see_tco2_per_t": "3.0",
                "is_verified": True,
            }
        ],
        "prices": [{"period": "2026-Q1", "price_eur": "75.36"}],
        "cny_per_eur": "7.90",
    },
    "output_t": "500000",
}
PRODUCT = {
    "terms": {
        "footprint_tco2e_per_t": "12",
        "sold_t": "100000",
        "footprint_price": {
            "reference_tco2e_per_t": "12",
            "price_cny_per_tco2e": "50",
            "is_two_sided": True,
            "source": "c",
        },
    },
    "output_t": "500000",
}
PLAN: dict[str, Any] = {
    "on": "2026-11-20",
    "process": {**PROCESS, "balance_value": "1.50"},
    "allowances": [{"name": "market", "most": 10000, "price_cny": "97.81"}],
    "goals": [{"name": "loan A", "operational_t": "1000594.2", "output_t": "100000", "target": "10"}],
    "contracts": [
        {
            "name": "wind",
            "step_mwh": 100,
            "most_steps": 100,
            "premium_cny_per_mwh": "60.00",
            "operational_t_per_mwh": "0.5942",
        }
    ],
}


def ask(world: World, what: str, body: dict[str, Any], *, book: str = "") -> Any:
    return world.post(world.borrower, f"{book and f'/books/{book}'}/decisions/{what}", body)


def worth(answer: dict[str, Any]) -> dict[str, str | None]:
    return {each["kind"]: each["worth_exact_cny"] for each in answer["channels"]}


# --- the next tonne ---


def test_the_next_tonne_adds_up_its_channels_each_once(world: World) -> None:
    """0.1 t of the goods at 75.36 x 7.90 are 59.5344; a fifth of the output at 50 CNY/tCO2e is 10; the loan needs 50,000 t."""
    body = {**ASKED, "stakes": [STAKE], "cbam": CBAM, "duty": DUTY, "product": PRODUCT}
    found = world.done(ask(world, "next-tonne", body), 200)

    assert worth(found) == {
        "ets": "14.99998125",
        "loan_rate": "0",
        "cbam": "59.5344",
        "renewable_duty": "0",
        "product_premium": "10",
    }
    assert found["total"] == {"amount": "84.53", "unit": "CNY"}
    assert found["total_exact_cny"] == "84.53438125"
    assert (found["is_complete"], found["missing"], found["point"]) == (True, [], None)
    figures = {each["name"]: each["value"] for each in found["channels"][1]["figures"]}
    assert figures["loan A: needed_t"] == "50000"
    assert figures["loan A: breakeven_cny_per_t"] == "4.055555555556"
    assert found["channels"][3]["state"] == "nothing_under_law"
    assert all(leaf["source"] for leaf in leaves(found["explanation"]))


def test_what_was_not_given_is_unknown_and_named(world: World) -> None:
    found = world.done(ask(world, "next-tonne", ASKED), 200)

    assert found["missing"] == ["loan_rate", "cbam", "renewable_duty", "product_premium"]
    assert worth(found)["cbam"] is None
    assert found["is_complete"] is False


def test_a_book_brings_its_gap_and_its_recorded_year(world: World) -> None:
    """The example's year: 860,481 t due at BP 1.70, a gap of 1,136 t with nothing held."""
    ready(world)
    body = {
        "on": "2026-08-19",
        "process": {"year": 2025, "methodology": "cets-ag-04.01", "balance_value": "1.70"},
        "price_cny_per_t": "97.81",
    }
    found = world.done(ask(world, "next-tonne", body, book=BOOK), 200)

    figures = {each["name"]: each["value"] for each in found["channels"][0]["figures"]}
    assert figures["gap_t"] == "1136"
    assert "need not be bought" in found["channels"][0]["words_en"]
    assert found["point"]["as_of"] == "2026-08-19"
    assert any("12 recorded months of 2025" in leaf["source"] for leaf in leaves(found["explanation"]))


def recorded_loan(world: World, **change: str) -> dict[str, Any]:
    chain = world.attested()
    tranche = world.facility_body()["terms"]["tranches"][0]["tranche_id"]
    return {"kpi_period_id": chain.period_id, "tranche_id": tranche, "approved_on": "2026-05-06", **change}


def test_a_recorded_loan_brings_its_clauses_forecast_and_window(world: World) -> None:
    """10 bp on CNY 200 m from 2026-06-20 for a year of 365 days ACT/360: 202,777.78; the year met its target."""
    body = {"on": "2026-11-20", "loans": [recorded_loan(world)], "step": {"tonnes": "1", "origin": "power"}}
    found = world.done(ask(world, "next-tonne", body), 200)

    figures = {each["name"].rpartition(": ")[2]: each["value"] for each in found["channels"][1]["figures"]}
    assert figures["ratchet_cny"] == "202777.777777777778"
    assert (figures["ratchet_bp"], figures["needed_t"], figures["breakeven_cny_per_t"]) == ("10", "0", None)
    assert (figures["chance_before"], figures["chance_after"], figures["worth_cny"]) == ("1", "1", "0")
    assert any("assumed approved on 2026-05-06" in leaf["source"] for leaf in leaves(found["explanation"]))


def test_in_mid_year_a_tonne_moves_the_chance_and_is_an_estimate(world: World) -> None:
    loan = recorded_loan(world, through="2025-04")
    found = world.done(
        ask(world, "next-tonne", {"on": "2026-11-20", "loans": [loan], "step": {"tonnes": "500", "origin": "power"}}),
        200,
    )

    figures = {each["name"].rpartition(": ")[2]: each["value"] for each in found["channels"][1]["figures"]}
    assert found["is_estimate"]
    assert 0 < Fraction(figures["chance_before"]) < Fraction(figures["chance_after"]) < 1
    assert figures["worth_cny"] != "0"


@SQLITE
def test_a_loan_that_cannot_be_valued_says_why(world: World) -> None:
    loan = recorded_loan(world)

    for change, answer in (
        ({"tranche_id": "ghost"}, (422, "terms.tranche_unknown")),
        ({"approved_on": "2030-01-01"}, (409, "decision.no_window")),
        ({"kpi_period_id": NO_BOOK}, (404, "kpi_period.not_found")),
    ):
        body = {"on": "2026-11-20", "loans": [{**loan, **change}]}
        assert code(ask(world, "next-tonne", body)) == answer


# --- the next MWh ---


def test_green_power_is_worth_the_duty_and_nothing_in_the_market_under_the_law(world: World) -> None:
    body = {**ASKED, "duty": DUTY, "cbam": CBAM, "step": MWH, "chart_prices_cny_per_t": ["0", "100"]}
    found = world.done(ask(world, "next-mwh", body), 200)

    assert worth(found["value"])["ets"] == "0"
    assert worth(found["value"])["renewable_duty"] == "5.96"
    ets, cbam = found["value"]["channels"][0], found["value"]["channels"][2]
    assert (ets["state"], cbam["state"]) == ("nothing_under_law", "nothing_under_law")
    assert "direct emissions only" in ets["words_en"]
    assert "直接排放" in ets["words_zh"]
    assert found["parity"]["premium_cny_per_kwh"] == "0.00596"
    assert found["parity"]["net_cny_per_mwh"] == "-54.04"
    assert (found["parity"]["price_cny_per_t"], found["parity"]["is_price_decisive"]) == (None, False)
    assert [each["premium_cny_per_mwh"] for each in found["chart"]] == ["5.96", "5.96"]


def test_the_drafts_what_if_gives_the_articles_parity(world: World) -> None:
    body = {**ASKED, "process": {**PROCESS, "case": "draft_with_power"}, "step": MWH}
    found = world.done(ask(world, "next-mwh", body), 200)

    assert found["parity"]["premium_cny_per_kwh"] == "0.05942"
    assert found["parity"]["price_cny_per_t"] == "100.976102322450"[:-2] + "5" or found["parity"][
        "price_cny_per_t"
    ].startswith("100.976")
    assert "not the law" in found["value"]["channels"][0]["words_en"]


# --- sensitivity ---


def test_the_tornado_is_sorted_by_effect(world: World) -> None:
    found = world.done(ask(world, "sensitivity", {**ASKED, "duty": DUTY, "mwh": MWH, "change": "0.1"}), 200)
    effects = {each["driver"]: each["effect"] for each in found["bars"]}

    assert found["value"] == "-54.04"
    assert [each["driver"] for each in found["bars"]][:2] == ["green premium", "certificate price"]
    assert (effects["green premium"], effects["certificate price"]) == ("6", "0.596")
    assert (effects["carbon price"], effects["grid factor"]) == ("0", "0")


def test_the_tonnes_drivers_move_price_and_balance_value(world: World) -> None:
    """One tonne at BP: 0.15 x 100; BP 10 % lower gives 0.15 x (2 / 0.9 - 1)."""
    found = world.done(ask(world, "sensitivity", {**ASKED, "tonne": {"tonnes": "1"}, "change": "0.1"}), 200)

    assert [each["driver"] for each in found["bars"]] == ["balance value", "carbon price", "output"]
    assert found["bars"][0]["at_low"].startswith("18.33")
    assert found["unit"] == "CNY/t"


# --- the cheapest plan ---


def test_the_cheapest_plan_meets_target_and_obligation_exactly(world: World) -> None:
    found = world.done(ask(world, "cheapest-plan", PLAN), 200)

    assert found["state"] == "optimal"
    assert {each["name"]: each["quantity"] for each in found["lines"]} == {
        "wind": {"amount": "1000", "unit": "MWh"},
        "market": {"amount": "8000", "unit": "t"},
    }
    assert found["net_cost"] == {"amount": "842480.00", "unit": "CNY"}
    assert all(each["is_met"] for each in found["constraints"])
    assert {each["name"]: each["is_tight"] for each in found["constraints"]} == {
        "kpi: loan A": True,
        "obligation": True,
        "no more than is due": True,
        "ccer cap": False,
    }
    saves = {each["name"]: each["saves"]["amount"] for each in found["reliefs"] if each["is_binding"]}
    assert saves == {"obligation": "97.81"}  # a tonne of the target spares no step of 59.42 t


def test_a_plan_that_cannot_be_names_its_conflict(world: World) -> None:
    found = world.done(ask(world, "cheapest-plan", {**PLAN, "cash_limit_cny": "800000.00"}), 200)

    assert (found["state"], found["net_cost"]) == ("infeasible", None)
    assert {each["name"] for each in found["conflict"]} == {"kpi: loan A", "obligation", "cash"}
    assert next(each["missing"] for each in found["conflict"] if each["name"] == "cash") == "42480"


def test_a_plan_of_a_book_surrenders_what_the_book_holds(world: World) -> None:
    ready(world)
    body = {
        "on": "2026-08-19",
        "process": {"year": 2025, "methodology": "cets-ag-04.01", "balance_value": "1.70"},
        "allowances": [{"name": "market", "most": 10000, "price_cny": "97.81"}],
    }
    found = world.done(ask(world, "cheapest-plan", body, book=BOOK), 200)

    assert found["cash"] == {"amount": "111112.16", "unit": "CNY"}  # 1,136 t
    assert found["point"]["as_of"] == "2026-08-19"


def test_a_book_gives_its_lots_and_a_frozen_mark_its_price(house: Treasury) -> None:
    """900 t short at I = BP with 100 t of CEA25 held (and CEA24, which settles no 2025): the market sells the rest."""
    done(book(house))
    done(upload(house, HEADER + close("CEA25", "2026-08-14", "97.40")))
    done(snapshot(house))
    process = {"year": 2025, "emissions_t": "1300000", "output_t": "812500", "balance_value": "1.60"}
    marked = {"on": "2026-08-14", "process": process, "snapshot_id": SNAPSHOT, "mark_instrument": "CEA25"}
    plan = {
        "on": "2026-08-14",
        "process": process,
        "allowances": [{"name": "market", "most": 5000, "price_cny": "97.40"}],
        "lot_worth_cny_per_t": "97.39",
    }

    tonne = done(house.post("/decisions/next-tonne", marked))
    found = done(house.post("/decisions/cheapest-plan", plan))
    stale = done(house.post("/decisions/next-tonne", {**marked, "mark_instrument": "CEA24"}))

    assert tonne["channels"][0]["worth_exact_cny"] == "14.609988761538"  # 97.40 x 0.15 x (1 - 1 / 1,300,000)
    assert any("CEA25 fresh" in leaf["source"] for leaf in leaves(tonne["explanation"]))
    assert {each["name"]: each["quantity"]["amount"] for each in found["lines"]} == {"CEA25": "100", "market": "900"}
    assert stale["missing"][0] == "ets"
    for body, answer in (
        ({**marked, "price_cny_per_t": "1"}, "query.exclusive"),
        ({**marked, "on": "2026-08-13"}, "compliance.snapshot_day"),
    ):
        assert refused(house.post("/decisions/next-tonne", body))[1] == answer


# --- who may ask, and what is refused ---


def test_lenders_assessors_and_keys_without_the_scope_ask_nothing(world: World) -> None:
    clerk = world.member_of(OrganisationKind.BORROWER, "Other Smelter", (Scope.COMPLIANCE_READ,))

    for what, body in (("next-tonne", ASKED), ("next-mwh", {**ASKED, "step": MWH}), ("cheapest-plan", PLAN)):
        for who, answer in (
            (world.lender, (403, "auth.organisation_kind")),
            (world.assessor, (403, "auth.organisation_kind")),
            (clerk, (403, "auth.scope_missing")),
        ):
            assert code(world.post(who, f"/decisions/{what}", body)) == answer


def test_another_smelters_book_period_and_snapshot_do_not_exist(world: World) -> None:
    ready(world)
    other = world.member_of(OrganisationKind.BORROWER, "Other Smelter")
    period = world.open_period(world.open_facility(), 2025, "test")
    loan = {"kpi_period_id": period, "tranche_id": "T1", "approved_on": "2026-05-06"}

    assert code(world.post(other, f"/books/{BOOK}/decisions/next-tonne", ASKED)) == (404, "book.not_found")
    assert code(world.post(other, "/decisions/next-tonne", {**ASKED, "loans": [loan]})) == (404, "kpi_period.not_found")
    marked = {"on": "2026-11-20", "snapshot_id": period, "mark_instrument": "CEA25"}
    assert code(world.post(other, "/decisions/next-tonne", marked)) == (404, "market_snapshot.not_found")


@pytest.mark.parametrize(
    ("what", "change", "answer"),
    [
        ("next-tonne", {"step": {"tonnes": "0"}}, (422, "decision.step")),
        ("next-tonne", {"step": {"tonnes": "-1"}}, (422, "decision.step")),
        ("next-tonne", {"step": {"tonnes": "900000"}}, (422, "decision.step_process")),
        ("next-tonne", {"step": {"tonnes": "NaN"}}, (422, "request.invalid")),
        ("next-tonne", {"step": {"tonnes": "1e9"}}, (422, "request.invalid")),
        ("next-tonne", {"step": {"tonnes": "9" * 40}}, (422, "decision.step")),
        ("next-tonne", {"process": {**PROCESS, "output_t": "0"}}, (422, "decision.output_t")),
        ("next-tonne", {"process": {**PROCESS, "output_t": None}}, (422, "query.exclusive")),
        ("next-tonne", {"process": {**PROCESS, "emissions_t": "-1"}}, (422, "decision.emissions_t")),
        ("next-tonne", {"process": {**PROCESS, "balance_value": "0"}}, (422, "allocation.balance_value")),
        ("next-tonne", {"process": {**PROCESS, "balance_value": None}}, (422, "allocation.missing")),
        ("next-tonne", {"process": {**PROCESS, "year": 1999}}, (404, "allocation.no_rule")),
        ("next-tonne", {"process": {**PROCESS, "methodology": "cets-ag-04.01"}}, (422, "query.exclusive")),
        ("next-tonne", {"price_cny_per_t": "-1"}, (422, "decision.price")),
        ("next-tonne", {"known": 1}, (422, "query.book_only")),
        ("next-tonne", {"mark_instrument": "CEA25"}, (422, "query.together")),
        ("next-tonne", {"stakes": [STAKE, STAKE]}, (409, "decision.stake_twice")),
        ("next-tonne", {"stakes": [{**STAKE, "effect_end": "2026-06-20"}]}, (422, "decision.window")),
        ("next-tonne", {"stakes": [{**STAKE, "down_bp": "100000"}]}, (422, "ratchet.down_bp")),
        ("next-tonne", {"stakes": [{**STAKE, "output_t": "0"}]}, (422, "decision.kpi")),
        ("next-tonne", {"cbam": {**CBAM, "output_t": "1"}}, (422, "decision.cbam_mass")),
        ("next-tonne", {"product": {**PRODUCT, "output_t": "1"}}, (422, "decision.sold_t")),
        ("next-tonne", {"surprise": 1}, (422, "request.invalid")),
        ("next-mwh", {"step": {**MWH, "premium_cny_per_mwh": "-1"}}, (422, "parity.premium_cny_per_mwh")),
        ("next-mwh", {"step": {**MWH, "power": {**POWER, "operational_kg_per_kwh": "-1"}}}, (422, "decision.factor")),
        ("next-mwh", {"step": MWH, "chart_prices_cny_per_t": ["-1"]}, (422, "decision.chart_price")),
        ("next-mwh", {}, (422, "request.invalid")),
        ("sensitivity", {}, (422, "query.exclusive")),
        ("sensitivity", {"tonne": {}, "change": "1.5"}, (422, "decision.change")),
        ("sensitivity", {"tonne": {}, "change": "1"}, (422, "allocation.balance_value")),
    ],
)
@SQLITE
def test_a_question_that_makes_no_sense_is_refused(
    world: World, what: str, change: dict[str, Any], answer: tuple[int, str]
) -> None:
    assert code(ask(world, what, {**ASKED, **change})) == answer


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"allowances": [{"name": "a", "most": 1, "price_cny": "1.234"}]}, (422, "amount.scale")),
        ({"allowances": [{"name": "a", "most": 10**12, "price_cny": "1"}]}, (422, "plan.quantity")),
        ({"allowances": [{"name": "wind", "most": 1, "price_cny": "1"}]}, (409, "plan.name_twice")),
        (
            {
                "measures": [
                    {"name": "m", "size_t": 5, "cost_cny_per_t": "1", "origin": "direct", "is_all_or_nothing": False}
                ]
            },
            (422, "plan.measure"),
        ),
        ({"contracts": [{**PLAN["contracts"][0], "operational_t_per_mwh": "0.12345678"}]}, (422, "plan.factor")),
        ({"cash_limit_cny": "-1"}, (422, "plan.amount")),
        ({"process": {**PROCESS, "case": "draft_with_power"}}, (422, "plan.case")),
        ({"on": "2010-01-01"}, (422, "reference.missing")),
        ({"product": PRODUCT}, (422, "plan.product")),
    ],
)
@SQLITE
def test_a_plan_that_makes_no_sense_is_refused(world: World, change: dict[str, Any], answer: tuple[int, str]) -> None:
    assert code(ask(world, "cheapest-plan", {**PLAN, **change})) == answer


@SQLITE
def test_a_book_that_is_not_there_is_not_found(world: World) -> None:
    for what, body in (("next-tonne", ASKED), ("cheapest-plan", PLAN)):
        assert code(ask(world, what, body, book=NO_BOOK)) == (404, "book.not_found")
