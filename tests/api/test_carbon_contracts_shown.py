"""What a contract shows to those who work it: its head, what is due next, what it moved, what may be done, and the field refused."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import openpyxl
import pytest

from tests.api.contract_world import (
    BANK,
    END,
    END_MORNING,
    HELD,
    MIDWAY,
    MIDWAY_MORNING,
    OUT,
    START,
    ContractHouse,
    desk,
)
from tests.api.ledger_calls import BOOK, done, refused

__all__ = ["desk"]


def one(desk: ContractHouse, contract: dict[str, Any], *, key: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = desk.house.get(f"/carbon-contracts/{contract['contract_id']}", key=key)
    return found


def test_the_head_has_tonnes_money_and_days_of_the_terms_in_force(desk: ContractHouse) -> None:
    agreed = desk.agreed("repo")

    assert (agreed["instrument"], agreed["quantity"], agreed["contract_amount"]["amount"]) == (
        "CEA25",
        {"amount": "15000", "unit": "t"},
        "1000000.00",
    )
    assert (agreed["first_day"], agreed["last_day"], agreed["days"], agreed["as_of"]) == (START, END, 28, START)
    assert agreed["counterparty_id"] == desk.counterparty_id


def test_due_next_is_the_sale_then_the_buy_back_then_nothing(desk: ContractHouse) -> None:
    agreed = desk.agreed("repo")
    opened = done(desk.open(agreed))
    desk.at(END_MORNING)
    settled = done(desk.step(opened, "settle", END))

    assert agreed["next_due"] == {
        "on": START,
        "what": "sale",
        "instrument": None,
        "amount": {"amount": "1000000.00", "unit": "CNY"},
    }
    assert (opened["next_due"]["on"], opened["next_due"]["what"]) == (END, "buyback")
    assert settled["next_due"] is None


def test_a_margin_call_that_is_not_met_is_due_before_all_else(desk: ContractHouse) -> None:
    desk.house.price("CEA25", START, "80.00")
    desk.at(END_MORNING.replace(month=11, day=20, hour=9))
    opened = desk.opened("pledge_loan")
    path = f"/carbon-contracts/{opened['contract_id']}"
    called = done(desk.house.post(f"{path}/call-margin", {"snapshot_id": desk.snapshot(START)}))
    met = done(desk.step(opened, "margin", START, add_t="2500"))

    assert (called["next_due"]["what"], called["next_due"]["amount"]["amount"]) == ("margin_call", "-120000.00")
    assert met["next_due"]["what"] == "interest"


def test_interest_booked_and_paid_are_told_apart_with_the_day_they_reach(desk: ContractHouse) -> None:
    opened = desk.opened("repo")
    desk.at(MIDWAY_MORNING)
    booked = done(desk.house.post(f"/carbon-contracts/{opened['contract_id']}/accrue", {"on": MIDWAY}))

    assert (booked["interest_booked"]["amount"], booked["interest_paid"]["amount"]) == ("1750.00", "0.00")
    assert booked["accrued_to"] == MIDWAY


def test_movements_are_the_legs_and_holds_of_each_step_with_their_entries(desk: ContractHouse) -> None:
    opened = desk.opened("repo")
    desk.at(END_MORNING)
    done(desk.step(opened, "settle", END))
    path = f"/carbon-contracts/{opened['contract_id']}/movements"

    found = desk.house.get(path)["movements"]
    first = desk.house.get(f"{path}?limit=1")

    opening = [line for line in found if line["number"] == 1]
    assert opening[0]["kind"] == "record"
    moved = {(line["account"], line["amount"]["amount"]) for line in opening if line["amount"] and not line["hold_id"]}
    assert {(HELD, "-15000"), (OUT, "10000"), (OUT, "5000"), (BANK, "1000000.00")} <= moved  # lot by lot
    assert [line["amount"]["amount"] for line in found if line["hold_id"]] == ["15000", "-15000"]
    assert {line["what"] for line in found} == {"opened", "settled"}
    assert all(desk.house.get(f"/books/{BOOK}/entries/{line['seq']}")["entry_id"] == line["entry_id"] for line in found)
    assert (first["next_after"], {line["number"] for line in first["movements"]}) == (1, {1})
    assert {line["number"] for line in desk.house.get(f"{path}?limit=1&after=1")["movements"]} == {2}


def test_the_lender_sees_the_contract_and_not_the_entries_of_the_book(desk: ContractHouse) -> None:
    opened = desk.opened("pledge_loan")

    seen = one(desk, opened, key=desk.bank.key)
    entries = desk.house.client.get(f"/v1/carbon-contracts/{opened['contract_id']}/movements", key=desk.bank.key)

    assert seen["encumbered"]["amount"] == "10000"
    assert entries.status_code == 404


def test_a_wording_is_nothing_to_its_lender_before_its_house_has_agreed(desk: ContractHouse) -> None:
    draft = done(desk.propose("pledge_loan"))

    answer = desk.house.client.get(f"/v1/carbon-contracts/{draft['contract_id']}", key=desk.bank.key)

    assert refused(answer) == (404, "pledged_contract.not_found")


def test_the_lender_sees_what_was_agreed_and_not_what_its_borrower_wrote_for_itself(desk: ContractHouse) -> None:
    dear = next(lot for lot in desk.lots() if lot[3] == "900000.00")
    words: dict[str, Any] = {
        "note": "another bank asks 4.8 %",
        "lots": [{"lot_id": dear[1], "quantity_t": "10000"}],
    }
    opened = desk.opened("pledge_loan", **words)
    terms = desk.terms("pledge_loan", **words, ltv_call="0.75")
    done(desk.house.post(f"/carbon-contracts/{opened['contract_id']}/amend", {"terms": terms}))

    own, seen = one(desk, opened, key=desk.house.maker.key), one(desk, opened, key=desk.bank.key)

    (agreed,) = seen["versions"]
    assert [each["version"] for each in own["versions"]] == [1, 2]
    assert own["versions"][0]["terms"]["note"] == words["note"]
    assert own["versions"][0]["terms"]["lots"]
    assert (agreed["version"], agreed["terms"]["note"], agreed["terms"]["lots"]) == (1, "", [])
    assert (agreed["terms"]["principal_cny"], agreed["terms"]["ltv_call"]) == ("600000.00", "0.7")
    assert seen["sha256"] == own["versions"][0]["sha256"] != own["sha256"]


def test_people_of_another_organisation_are_told_by_its_name_and_never_by_id(desk: ContractHouse) -> None:
    opened = desk.opened("pledge_loan")
    done(desk.step(opened, "release", START, key=desk.bank.key, quantity_t="4000"))
    house, one_path = desk.house, f"/carbon-contracts/{opened['contract_id']}"
    lenders, houses = {str(desk.bank.user_id)}, {str(house.maker.user_id), str(house.checker.user_id)}

    for key, strangers, named in (
        (desk.bank.key, houses, "Trading Smelter"),
        (house.maker.key, lenders, "Example Bank"),
    ):
        told = done(house.client.get(f"/v1{one_path}", key=key))
        pages = [
            house.client.get(one_path, key=key, headers={"Accept": "text/html", "Accept-Language": language}).text
            for language in ("en", "zh-CN")
        ]
        sheet = openpyxl.load_workbook(BytesIO(house.client.get(f"/v1{one_path}/events.xlsx", key=key).content))
        cells = {str(cell) for row in sheet.worksheets[0].iter_rows(values_only=True) for cell in row}
        shown = "".join((str(told), *pages, *cells))

        assert not {stranger for stranger in strangers if stranger in shown or f"· {stranger[:8]}…" in pages[0]}
        assert (told["organisation_name"], told["lender_name"]) == ("Trading Smelter", "Example Bank")
        assert str(desk.bank.organisation_id) not in "".join(pages)
        assert f"a person of {named}" in pages[0]
        assert "的人员" in pages[1]


def test_the_lenders_page_names_the_borrower_in_place_of_whom_its_book_trusts(desk: ContractHouse) -> None:
    opened = desk.opened("pledge_loan")

    page = desk.house.client.get(
        f"/carbon-contracts/{opened['contract_id']}", key=desk.bank.key, headers={"Accept": "text/html"}
    ).text

    assert "Trading Smelter" in page
    assert "Example Bank" in page
    assert desk.counterparty_id not in page
    assert str(desk.bank.organisation_id) not in page
    assert '<div class="refused"' not in page


def test_a_contract_is_settled_from_its_last_day_on_and_not_before(desk: ContractHouse) -> None:
    opened = desk.opened("repo")
    before = one(desk, opened, key=desk.house.checker.key)["next_actions"]
    desk.at(END_MORNING)
    on_the_day = one(desk, opened, key=desk.house.checker.key)["next_actions"]

    assert "close" in before
    assert "settle" not in before
    assert "settle" in on_the_day


def test_only_an_enforcing_role_is_offered_to_enforce_or_release_a_pledge(desk: ContractHouse) -> None:
    opened = desk.opened("pledge_loan")

    checker = one(desk, opened, key=desk.house.checker.key)["next_actions"]
    enforcer = one(desk, opened, key=desk.enforcer())["next_actions"]

    assert not {"default", "release"} & set(checker)
    assert {"default", "release"} <= set(enforcer)


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("repo", {"buyback_amount_cny": "999.00"}, "terms.buyback_amount_cny"),
        ("repo", {"ends_on": START}, "terms.ends_on"),
        ("repo", {"instrument": "CEA99"}, "terms.instrument"),
        ("swap", {"takes": "CCER-9"}, "terms.takes"),
        ("swap", {"takes": "CEA25"}, "terms.takes"),
        ("lending", {"margin_cny": "-1.00"}, "terms.margin_cny"),
        ("custody", {"quantity_t": "1.5"}, "terms.quantity_t"),
        ("forward", {"counterparty_id": "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a"}, "terms.counterparty_id"),
    ],
)
def test_a_refused_term_is_named_as_it_was_sent(
    desk: ContractHouse, kind: str, change: dict[str, str], field: str
) -> None:
    answer = desk.propose(kind, **change)

    assert refused(answer)[0] in {409, 422}
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_every_table_of_a_contract_is_a_workbook_with_chinese_headings(desk: ContractHouse) -> None:
    opened = desk.opened("repo")
    one_path = f"/v1/carbon-contracts/{opened['contract_id']}"

    for path in (
        f"/v1/books/{BOOK}/carbon-contracts.xlsx",
        *(
            f"{one_path}/{name}.xlsx"
            for name in ("cash-flows", "expected-tonnes", "encumbrances", "events", "movements")
        ),
        f"/v1/books/{BOOK}/allocations/2025/objections.xlsx?as_of={START}",
        f"/v1/books/{BOOK}/compliance-proposals.xlsx?year=2025",
        f"/v1/books/{BOOK}/compliance-deadlines.xlsx?year=2025&as_of={START}",
    ):
        answer = desk.house.client.get(f"{path}{'&' if '?' in path else '?'}lang=zh")
        assert answer.status_code == 200, (path, answer.text)
        sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
        assert sheet is not None
        rows = [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]
        headings = max(rows, key=len)
        assert [str(each) for each in headings if str(each).isascii()] == [], path
