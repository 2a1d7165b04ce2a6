"""The page that posts a general entry: its rows and accounts, and where a refusal of the ledger stands in the request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.ledger_calls import SQLITE, entry_id, refused
from tests.api.test_month_close import Office, office, r14
from tests.api.test_pages_books import ENGLISH, of_book

__all__ = ["office"]

BANK, OPENING, CARBON = "Assets:Bank:CNY", "Equity:Opening:CNY", "Assets:Carbon:CEA25"


def leg(account: str, amount: str, commodity: str = "CNY", **more: Any) -> dict[str, Any]:
    return {"account": account, "commodity": commodity, "amount": amount, **more}


def answered(office: Office, *legs: dict[str, Any], on: str = "2026-10-20", number: int = 700, **more: Any) -> Any:
    entry = {"entry_id": entry_id(number), "kind": "general", "effective_on": on, "legs": list(legs), **more}
    return office.treasury.post("/entries", entry)


def places(answer: Any) -> list[str]:
    return [each["field"] for each in answer.json()["errors"]]


@SQLITE
def test_the_form_has_rows_the_accounts_that_take_entries_and_leads_to_the_entry(office: Office) -> None:
    shown = of_book(office, "/new-entry")
    longer = of_book(office, f"/new-entry?rows=12&account={BANK}")
    chinese = of_book(office, "/new-entry", chinese=True)

    book = office.treasury.book
    assert f'data-api="POST /v1/books/{book}/entries"' in shown
    assert f'data-then="/books/{book}/entries/{{seq}}"' in shown
    assert f'<option value="{BANK}" data-commodity="CNY">' in shown
    assert (shown.count("data-row>"), longer.count("data-row>")) == (4, 12)
    assert f'name="legs[0].account" type="text" value="{BANK}"' in longer
    assert 'value="CNY" selected' in longer
    assert "新增分录" in chinese


@SQLITE
def test_only_who_may_post_is_offered_the_form(office: Office) -> None:
    client, book = office.treasury.client, office.treasury.book
    answer = client.get(f"/books/{book}/new-entry", key=office.colleague, headers=ENGLISH)

    assert answer.status_code == 403
    for path in ("/statement", "/accounts", "/accounts/Assets%3ABank%3ACNY"):
        assert f"/books/{book}/new-entry" in of_book(office, path)
        assert f"/books/{book}/new-entry" not in of_book(office, path, key=office.colleague)


@pytest.mark.parametrize(
    ("legs", "code", "place"),
    [
        ([leg(BANK, "5.00"), leg("Assets:Nowhere", "-5.00")], "ledger.account_unknown", "legs[1].account"),
        ([leg(BANK, "5", "CEA25"), leg(CARBON, "-5", "CEA25")], "ledger.commodity_mismatch", "legs[0].commodity"),
        ([leg(BANK, "5.00"), leg(OPENING, "-4.00")], "ledger.entry_unbalanced", "legs[1].amount"),
        (
            [leg("Equity:Registry:CEA25", "9", "CEA25"), leg(CARBON, "-9", "CEA25")],
            "ledger.insufficient_available",
            "legs[1].amount",
        ),
        (
            [leg(CARBON, "9", "CEA25"), leg("Equity:Registry:CEA25", "-9", "CEA25")],
            "ledger.lot_cost_missing",
            "legs[0].lot_cost",
        ),
        ([leg(BANK, "5.00"), leg(OPENING, "0.00")], "ledger.leg_amount", "legs[1].amount"),
        ([leg(BANK, "5.00"), leg(OPENING, "-5.00", lot_cost="1.00")], "ledger.leg_lot_cost", "legs[1].lot_cost"),
        ([leg(BANK, "5.001"), leg(OPENING, "-5.00")], None, "legs[0].amount"),
    ],
)
def test_a_refusal_names_the_row_and_the_field_it_is_about(
    office: Office, legs: list[dict[str, Any]], code: str | None, place: str
) -> None:
    answer = answered(office, *legs)

    assert 400 <= answer.status_code < 500
    assert code in {None, refused(answer)[1]}
    assert places(answer) == [place]


def test_a_refused_account_of_costs_and_a_closed_day_are_named_too(office: Office) -> None:
    r14(office)
    costs = {
        "cost_account": "Assets:CarbonCost:CEA25",
        "gain_account": "Income:Nowhere",
        "loss_account": "Expenses:Nowhere",
    }
    unknown = answered(office, leg("Equity:Registry:CEA25", "9", "CEA25"), leg(CARBON, "-9", "CEA25"), cost_legs=costs)
    early = answered(office, leg(BANK, "5.00"), leg(OPENING, "-5.00"), on="2020-01-01", number=701)

    assert places(unknown) == ["cost_legs.loss_account"]
    assert places(early) == ["legs[0].account"]  # the account is not open yet
