"""A lender's list of the pledge loans on which it lends: its own alone, with what is owed to it and nothing of the borrower's house."""

from __future__ import annotations

import io
from html import unescape
from typing import Any

import pytest
from openpyxl import load_workbook

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from tests.api.client import Randomness
from tests.api.contract_world import END, ContractHouse, desk
from tests.api.ledger_calls import SQLITE, done, refused
from tests.api.people import member

__all__ = ["desk"]

LIST = "/v1/carbon-contracts"


def lent(desk: ContractHouse, query: str = "", *, key: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = done(desk.house.client.get(f"{LIST}{query}", key=key or desk.bank.key))
    return found


def test_a_lender_lists_the_pledge_loans_on_which_it_lends_and_no_other_contract(desk: ContractHouse) -> None:
    desk.opened("repo", quantity_t="1000")
    loan = desk.opened("pledge_loan")

    (only,) = lent(desk)["contracts"]

    assert (only["contract_id"], only["state"], only["borrower_name"]) == (
        loan["contract_id"],
        "open",
        "Trading Smelter",
    )
    assert only["encumbered"] == {"amount": "10000", "unit": "t"}
    assert only["principal"] == {"amount": "600000.00", "unit": "CNY"}
    assert (only["rate"], only["ltv_call"], only["may_release"]) == ("0.045", "0.7", True)
    assert only["next_due"]["on"] == END


def test_what_is_due_to_the_lender_is_positive(desk: ContractHouse) -> None:
    loan = desk.opened("pledge_loan")
    borrowers = done(desk.house.client.get(f"{LIST}/{loan['contract_id']}", key=desk.house.maker.key))["next_due"]

    (only,) = lent(desk)["contracts"]

    assert borrowers["amount"]["amount"].startswith("-")
    assert only["next_due"]["amount"]["amount"] == borrowers["amount"]["amount"].removeprefix("-")


def test_a_wording_that_the_borrowers_house_has_not_agreed_to_is_not_listed(desk: ContractHouse) -> None:
    draft = done(desk.propose("pledge_loan"))
    before = lent(desk)["contracts"]

    done(desk.approve(draft))

    (only,) = lent(desk)["contracts"]
    assert (before, only["state"], only["principal"]) == ([], "agreed", None)


def test_nothing_of_the_borrowers_house_is_told(desk: ContractHouse) -> None:
    desk.opened("pledge_loan", note="we would have paid five per cent")

    answer = desk.house.client.get(LIST, key=desk.bank.key)

    (only,) = answer.json()["contracts"]
    assert "five per cent" not in answer.text
    assert not {"counterparty_id", "book_id", "lots", "versions", "events", "explanation"} & set(only)


def test_pages_of_the_list_join_without_gap_or_repeat(desk: ContractHouse) -> None:
    made = {desk.agreed("pledge_loan", quantity_t=str(tonnes))["contract_id"] for tonnes in (1000, 2000, 3000)}

    first = lent(desk, "?limit=2")
    second = lent(desk, f"?limit=2&after={first['next_after']}")

    ids = [each["contract_id"] for each in (*first["contracts"], *second["contracts"])]
    assert (set(ids), len(ids), second["next_after"]) == (made, 3, None)


def test_another_lender_sees_none_and_a_borrower_has_no_such_list(desk: ContractHouse) -> None:
    desk.opened("pledge_loan")
    house = desk.house
    scopes = (Scope.LEDGER_READ, Scope.TRADING_APPROVE)
    other = member(house.database, house.clock, Randomness(9_500), OrganisationKind.LENDER, "Other Bank", scopes)

    assert lent(desk, key=other.key) == {"contracts": [], "next_after": None}
    assert refused(house.client.get(LIST, key=house.maker.key))[0] == 403


@SQLITE
def test_the_list_is_a_workbook_too_with_its_fields_named_in_both_languages(desk: ContractHouse) -> None:
    desk.opened("pledge_loan")

    for language, heading in (("en", "borrower name"), ("zh", "借款人")):
        answer = desk.house.client.get(f"{LIST}.xlsx?lang={language}", key=desk.bank.key)
        sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
        cells = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert any(heading in cell for cell in cells)
        assert "C-2026-1" in cells


@SQLITE
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_banks_page_lists_them_and_leads_to_the_contract(desk: ContractHouse, language: str) -> None:
    client, headers = desk.house.client, {"Accept": "text/html", "Accept-Language": language}
    empty = unescape(client.get("/bank/carbon-contracts", key=desk.bank.key, headers=headers).text)
    loan = desk.opened("pledge_loan")

    shown = unescape(client.get("/bank/carbon-contracts", key=desk.bank.key, headers=headers).text)
    contract = client.get(f"/carbon-contracts/{loan['contract_id']}", key=desk.bank.key, headers=headers)

    assert {"en": "No pledge loan yet", "zh-CN": "尚无质押贷款"}[language] in empty
    assert f'href="/carbon-contracts/{loan["contract_id"]}"' in shown
    assert "600,000.00" in shown
    assert 'href="/bank/carbon-contracts"' in shown
    assert contract.status_code == 200
