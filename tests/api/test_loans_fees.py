"""The schedule's prices beside interest over HTTP: fees, redemption premiums and the swap's leg, before and after a decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.api.test_loans_examples import Chain, World, world
from tests.loan_terms import put, terms_document

__all__ = ["world"]
FEE: Mapping[str, Any] = {
    "name": "commitment",
    "basis": "undrawn",
    "rate_bp": "40",
    "day_count": "ACT/360",
    "periods": {"kind": "settlement_rule", "day": 20, "months": [3, 6, 9, 12], "payment_lag_days": 0},
}
MARGIN: Mapping[str, Any] = {"item": "margin", "tranche_id": "A", "fee": None, "factor": "1"}
WITH_FEE: Mapping[str, Any] = {
    "tranches.0.commitment_minor": 30_000_000_000,  # CNY 200 m of 300 m are drawn on 20 December 2024
    "tranches.0.fees": [FEE],
    "ratchet.effects.0.applies_to": [MARGIN, {"item": "fee", "tranche_id": "A", "fee": "commitment", "factor": "0.1"}],
}
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def tranches(world: World, facility_id: str) -> list[dict[str, Any]]:
    answer = world.done(world.get(world.lender, f"/facilities/{facility_id}/schedule"), 200)
    found: list[dict[str, Any]] = answer["tranches"]
    return found


def decided(world: World, changed: Mapping[str, Any]) -> tuple[Chain, str]:
    """A loan stepped down by 10 bp from 20 June 2026, and the determination's id."""
    chain = world.attested(changed)
    return chain, str(world.approve(world.propose(chain))["id"])


def amounts(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["amount_before"]["amount"], row["amount_after"]["amount"], row["saving"]["amount"]


def leaves(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [tree] if not tree["children"] else [leaf for child in tree["children"] for leaf in leaves(child)]


def second_tranche(**changed: Any) -> list[dict[str, Any]]:
    document = terms_document("borrower", "lender")
    second = terms_document("borrower", "lender")["tranches"][0]
    for path, value in changed.items():
        put(second, path, value)
    return [*document["tranches"], second]


def test_a_commitment_fee_stands_before_and_after_the_decision_to_the_fen(world: World) -> None:
    chain, determination_id = decided(world, WITH_FEE)

    (tranche,) = tranches(world, chain.facility_id)

    (fee,) = tranche["fees"]
    row = next(each for each in fee["payments"] if each["start"] == "2026-06-20")
    assert (fee["name"], fee["basis"], fee["not_computable"]) == ("commitment", "undrawn", None)
    # 100,000,000 undrawn for 92 days of 360: 102,222.22 at 40 bp, 99,666.67 at 39 bp.
    assert amounts(row) == ("102222.22", "99666.67", "2555.55")
    assert (row["payment_date"], row["determination_ids"]) == ("2026-09-21", [determination_id])
    assert row["segments"] == [
        {
            "start": "2026-06-20",
            "end": "2026-09-20",
            "days": 92,
            "base": {"amount": "100000000.00", "unit": "CNY"},
            "rate_before": {"bp": "40", "exact": "40/1"},
            "rate_after": {"bp": "39", "exact": "39/1"},
        }
    ]
    facts = leaves(row["explain"])
    assert all(fact["source"] and fact["label_zh"] for fact in facts)
    assert [fact["value"] for fact in facts][:3] == ["100000000.00", "40", "-1"]


def test_a_fee_runs_from_signing_and_falls_with_the_first_drawdown(world: World) -> None:
    facility_id = world.open_facility(WITH_FEE)

    (tranche,) = tranches(world, facility_id)

    first = tranche["fees"][0]["payments"][0]
    # Signed on 12 December: 300 m for the 8 days to the drawdown on the 20th, which also ends the period.
    assert (first["start"], first["end"]) == ("2024-12-12", "2024-12-20")
    assert [each["base"]["amount"] for each in first["segments"]] == ["300000000.00"]
    assert amounts(first) == ("26666.67", "26666.67", "0.00")


@sqlite
def test_before_and_after_are_the_same_without_a_decision(world: World) -> None:
    facility_id = world.open_facility(WITH_FEE)

    (fee,) = tranches(world, facility_id)[0]["fees"]

    assert fee["total_before"] == fee["total_after"]
    assert {row["saving"]["amount"] for row in fee["payments"]} == {"0.00"}
    assert {tuple(row["determination_ids"]) for row in fee["payments"]} == {()}


@sqlite
def test_a_line_that_nobody_drew_on_shows_its_fee_and_no_interest(world: World) -> None:
    line = second_tranche(tranche_id="R", what="revolving", drawdowns=[], fees=[FEE])

    term, revolving = tranches(world, world.open_facility({"tranches": line}))

    assert (term["tranche_id"], term["fees"]) == ("A", [])
    assert (revolving["tranche_id"], revolving["periods"], revolving["principal"]) == ("R", [], [])
    # CNY 200 m undrawn for 90 days of 360 at 40 bp.
    assert next(row for row in revolving["fees"][0]["payments"] if row["start"] == "2024-12-20")["amount_after"] == {
        "amount": "200000.00",
        "unit": "CNY",
    }


@sqlite
def test_what_is_drawn_later_lowers_the_fee_from_its_day(world: World) -> None:
    line = second_tranche(tranche_id="R", what="revolving", drawdowns=[], fees=[FEE])
    facility_id = world.open_facility({"tranches": line})
    drawn = {"tranche_id": "R", "what": "drawdown", "on": "2025-02-03", "amount": "100000000.00"}

    answer = world.done(world.post(world.borrower, f"/facilities/{facility_id}/principal", drawn))

    row = next(row for row in answer["tranches"][1]["fees"][0]["payments"] if row["start"] == "2024-12-20")
    # 45 days on 200 m and 45 on 100 m: 100,000.00 and 50,000.00.
    assert [(each["days"], each["base"]["amount"]) for each in row["segments"]] == [
        (45, "200000000.00"),
        (45, "100000000.00"),
    ]
    assert row["amount_after"]["amount"] == "150000.00"


@sqlite
def test_a_fee_that_the_terms_do_not_say_enough_about_says_so(world: World) -> None:
    facility_id = world.open_facility({"tranches.0.fees": [{**FEE, "basis": "issued"}]})

    (fee,) = tranches(world, facility_id)[0]["fees"]

    assert fee["payments"] == []
    assert fee["not_computable"].startswith("basis: expected a tranche of letters of credit")


def test_a_redemption_price_moves_once_on_the_principal_at_maturity(world: World) -> None:
    applied = [{"item": "redemption_price", "tranche_id": "A", "fee": None, "factor": "4"}]
    chain, determination_id = decided(world, {"ratchet.effects.0.applies_to": applied})

    (tranche,) = tranches(world, chain.facility_id)

    (row,) = tranche["redemption"]
    assert (row["on"], row["principal"]["amount"]) == ("2027-12-20", "200000000.00")
    assert (row["premium_before"]["exact"], row["premium_after"]["exact"]) == ("0/1", "-40/1")
    assert amounts(row) == ("0.00", "-800000.00", "800000.00")
    assert row["determination_ids"] == [determination_id]
    assert leaves(row["explain"])[-1]["source"].endswith(f"determination {determination_id}")
    assert tranche["total_saving"]["amount"] == "0.00"


def test_one_decision_moves_loan_and_swap_side_by_side(world: World) -> None:
    swap = second_tranche(tranche_id="S", what="swap", paired_with="A")
    leg = {"item": "swap_leg", "tranche_id": "S", "fee": None, "factor": "-1"}
    chain, determination_id = decided(world, {"tranches": swap, "ratchet.effects.0.applies_to": [MARGIN, leg]})

    loan, own = tranches(world, chain.facility_id)

    (shown,) = loan["swap_leg"]
    row = next(each for each in shown["periods"] if each["start"] == "2026-06-20")
    interest = next(each for each in loan["periods"] if each["start"] == "2026-06-20")
    assert (shown["swap_tranche_id"], shown["not_computable"], own["swap_leg"]) == ("S", None, [])
    assert row["amount"]["amount"] == interest["saving"]["amount"] == "51111.11"
    (segment,) = row["segments"]
    assert (segment["spread_move"]["bp"], segment["margin_move"]["bp"]) == ("10", "-10")
    assert row["determination_ids"] == [determination_id]
    assert all(leaf["source"] for leaf in leaves(row["explain"]))


@sqlite
def test_a_swap_in_another_currency_says_why_it_has_no_amounts(world: World) -> None:
    swap = second_tranche(tranche_id="S", what="swap", paired_with="A", currency="USD")
    leg = {"item": "swap_leg", "tranche_id": "S", "fee": None, "factor": "-1"}
    facility_id = world.open_facility({"tranches": swap, "ratchet.effects.0.applies_to": [MARGIN, leg]})

    (shown,) = tranches(world, facility_id)[0]["swap_leg"]

    assert (shown["periods"], "expected a swap in CNY" in shown["not_computable"]) == ([], True)
