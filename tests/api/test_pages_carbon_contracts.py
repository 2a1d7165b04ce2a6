"""The pages of carbon contracts: the API's figures in both languages, and the forms that a person and a state allow."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.pages.carbon_contracts import KIND_WORDS, TERM_WORDS
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.contract_world import END, END_MORNING, KINDS, MIDWAY, MIDWAY_MORNING, START, ContractHouse, desk
from tests.api.ledger_calls import BOOK, done, entry_id
from tests.api.people import member
from tests.api.test_pages_base import BROWSER, CHINESE

__all__ = ["desk"]


def page(desk: ContractHouse, path: str, *, key: str | None = None, chinese: bool = False) -> httpx.Response:
    return desk.house.client.get(path, headers=CHINESE if chinese else BROWSER, key=key)


def shown(desk: ContractHouse, contract: dict[str, Any], *, key: str | None = None, chinese: bool = False) -> str:
    answer = page(desk, f"/carbon-contracts/{contract['contract_id']}", key=key, chinese=chinese)
    assert answer.status_code == 200, answer.text
    return answer.text


def senders(text: str) -> set[str]:
    """Return the last word of each route that the page's forms and buttons send to."""
    return {
        each.rpartition("/")[2] for each in re.findall(r'data-api="POST ([^"]+)"', text) if "carbon-contracts" in each
    }


def test_a_book_without_contracts_says_what_to_do(desk: ContractHouse) -> None:
    answer = page(desk, f"/books/{BOOK}/carbon-contracts")

    assert "Word the first one" in answer.text
    assert f'href="/books/{BOOK}/carbon-contracts/new"' in answer.text


def test_the_list_shows_kind_tonnes_money_days_and_what_is_due_next(desk: ContractHouse) -> None:
    desk.opened("repo")

    english, chinese = (page(desk, f"/books/{BOOK}/carbon-contracts", chinese=each).text for each in (False, True))

    for told in ("Repo", "Example Carbon Trading", "15,000", "¥1,000,000.00", ">28<", "18 Dec 2026", "Buy-back amount"):
        assert told in english
    assert "碳资产回购" in chinese
    assert "履行中" in chinese
    assert f"/v1/books/{BOOK}/carbon-contracts.xlsx" in english


@pytest.mark.parametrize("kind", KINDS)
def test_the_draft_of_each_kind_has_a_field_for_every_term(desk: ContractHouse, kind: str) -> None:
    text = page(desk, f"/books/{BOOK}/carbon-contracts/new?kind={kind}").text

    names = set(re.findall(r'name="terms\.([a-z_]+)', text))
    assert set(desk.terms(kind)) - {"kind"} <= names
    assert names <= set(TERM_WORDS)
    assert f"&#34;kind&#34;: &#34;{kind}&#34;" in text


def test_every_kind_has_its_name() -> None:
    assert set(KIND_WORDS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_shown_proposed_and_opened_in_both_languages(desk: ContractHouse, kind: str) -> None:
    proposed = done(desk.propose(kind))
    waiting = shown(desk, proposed, key=desk.house.checker.key)
    opened = done(desk.open(done(desk.approve(proposed))))

    assert waiting.count(proposed["sha256"]) >= 2
    assert {"approve", "reject"} <= senders(waiting)
    assert "Terms in force" in shown(desk, opened)
    assert "现行条款" in shown(desk, opened, chinese=True)


def test_the_maker_is_offered_no_approval_and_the_second_person_every_term_with_the_digest(desk: ContractHouse) -> None:
    proposed = done(desk.propose("repo"))

    mine, theirs = shown(desk, proposed), shown(desk, proposed, key=desk.house.checker.key)

    assert not {"approve", "reject"} & senders(mine)
    for told in ("15,000 t", "¥1,003,500.00", "ACT/360", "9%", "Seller, buys back", "18 Dec 2026"):
        assert f"<ins>{told}</ins>" in theirs


def test_an_amendment_shows_what_stands_and_what_is_asked(desk: ContractHouse) -> None:
    opened = desk.opened("repo")
    path = f"/carbon-contracts/{opened['contract_id']}"
    form = page(desk, f"{path}/amend").text
    terms = desk.terms("repo", buyback_amount_cny="1004000.00")
    done(desk.house.post(f"{path}/amend", {"terms": terms}))

    theirs = shown(desk, opened, key=desk.house.checker.key)

    assert 'value="1003500.00"' in form
    assert (
        '<tr class="changed"><th scope="row">Buy-back amount</th><td><del>¥1,003,500.00</del></td><td><ins>¥1,004,000.00</ins></td></tr>'
        in theirs
    )
    assert theirs.count('<tr class="changed"><th scope="row">') == 2  # on the page and in what is confirmed


def test_each_state_offers_its_own_steps_and_no_other(desk: ContractHouse) -> None:
    agreed = desk.agreed("repo")
    maker, checker = None, desk.house.checker.key
    offered = {"agreed": (senders(shown(desk, agreed, key=maker)), senders(shown(desk, agreed, key=checker)))}
    opened = done(desk.open(agreed))
    offered["open"] = (senders(shown(desk, opened, key=maker)), senders(shown(desk, opened, key=checker)))
    desk.at(END_MORNING)
    offered["due"] = (senders(shown(desk, opened, key=maker)), senders(shown(desk, opened, key=checker)))
    settled = done(desk.step(opened, "settle", END))

    assert offered["agreed"][0] == {"open"}
    assert "close" in offered["agreed"][1]
    assert offered["open"][0] == {"accrue"}
    assert offered["open"][1] >= {"margin", "close", "default"}
    assert "settle" not in offered["open"][1]
    assert "settle" in offered["due"][1]
    assert senders(shown(desk, settled, key=checker)) == set()


@pytest.mark.parametrize(
    ("now", "step", "on", "says"),
    [
        (END_MORNING, "settle", END, "Settled, nothing runs on, since</dt><dd>18 Dec 2026"),
        (MIDWAY_MORNING, "close", MIDWAY, "Closed early, nothing runs on, since</dt><dd>4 Dec 2026"),
    ],
)
def test_a_contract_that_has_ended_says_so_and_not_how_far_it_is_booked(
    desk: ContractHouse, now: datetime, step: str, on: str, says: str
) -> None:
    opened = desk.opened("repo")
    running = shown(desk, opened)
    desk.at(now)
    done(desk.step(opened, step, on))

    ended = shown(desk, opened)

    assert "Booked for the days before" in running
    assert "Booked for the days before" not in ended
    assert says in ended


def test_what_bears_no_interest_says_nothing_of_days_booked(desk: ContractHouse) -> None:
    assert "Booked for the days before" not in shown(desk, desk.opened("forward"))


def test_holds_and_entries_of_a_contract_are_linked(desk: ContractHouse) -> None:
    opened = desk.opened("repo")
    text = shown(desk, opened)
    moved = desk.house.get(f"/carbon-contracts/{opened['contract_id']}/movements")["movements"]

    for line in moved:
        assert f'href="/books/{BOOK}/entries/{line["seq"]}"' in text
    assert f'href="/books/{BOOK}/holds/{opened["encumbrances"][0]["hold_id"]}"' in text


def test_the_lender_opens_the_page_of_a_pledge_loan_and_may_release(desk: ContractHouse) -> None:
    opened = desk.opened("pledge_loan")

    text = shown(desk, opened, key=desk.bank.key)

    assert senders(text) == {"release"}
    assert "/entries/" not in text


def test_only_an_enforcing_role_has_the_form_that_sets_off_a_pledge(desk: ContractHouse) -> None:
    opened = desk.opened("pledge_loan")

    assert "default" not in senders(shown(desk, opened, key=desk.house.checker.key))
    assert {"default", "release"} <= senders(shown(desk, opened, key=desk.enforcer()))


def test_a_passed_loan_to_value_is_shown_with_what_cures_it(desk: ContractHouse) -> None:
    desk.house.price("CEA25", START, "80.00")
    desk.at(END_MORNING.replace(month=11, day=20, hour=9))
    opened = desk.opened("pledge_loan")
    before = shown(desk, opened)
    snapshot = desk.snapshot(START)

    text = shown(desk, opened)

    assert "No snapshot of prices yet" in before
    for told in ("above the limit", "75%", "2,500", snapshot):
        assert told in text
    assert "call-margin" in senders(text)


def test_a_foreign_and_an_absent_contract_look_the_same(
    desk: ContractHouse, database: Database, clock: Clock, randomness: Randomness
) -> None:
    opened = desk.opened("repo")
    scopes = (Scope.LEDGER_READ, Scope.TRADING_WRITE)
    stranger = member(database, clock, randomness, OrganisationKind.BORROWER, "Other Smelter", scopes).key

    for ending in ("", "/amend"):
        foreign, absent = (
            page(desk, f"/carbon-contracts/{each}{ending}", key=stranger)
            for each in (opened["contract_id"], entry_id(997))
        )
        assert foreign.status_code == absent.status_code == 404
        assert re.sub(r"[0-9a-f-]{36}", "", foreign.text) == re.sub(r"[0-9a-f-]{36}", "", absent.text)


def test_who_only_reads_sees_the_contract_and_no_form(
    desk: ContractHouse, database: Database, clock: Clock, randomness: Randomness, app: FastAPI
) -> None:
    scopes = (Scope.LEDGER_READ, Scope.LEDGER_WRITE)
    viewer = member(database, clock, randomness, OrganisationKind.BORROWER, "Viewer", scopes)
    with Client(app, viewer.key) as client:
        done(
            client.post("/v1/books", json.dumps({"book_id": entry_id(78), "code": "own", "functional_currency": "CNY"}))
        )
        listed = client.get(f"/books/{entry_id(78)}/carbon-contracts", headers=BROWSER)
        form = client.get(f"/books/{entry_id(78)}/carbon-contracts/new", headers=BROWSER)

    assert listed.status_code == 200
    assert "/carbon-contracts/new" not in listed.text
    assert form.status_code == 403


def test_the_inbox_leads_to_the_contract_that_waits(desk: ContractHouse) -> None:
    proposed = done(desk.propose("repo"))

    assert (
        f'href="/carbon-contracts/{proposed["contract_id"]}"' in page(desk, "/inbox", key=desk.house.checker.key).text
    )
