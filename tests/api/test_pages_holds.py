"""The pages of holds and transfers: for whom, in both languages, with the API's figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import Member, member
from tests.api.ledger_calls import BOOK, NO_BOOK, OTHER_BOOK, done
from tests.api.trading_world import House, fresh_id, house_of

ENGLISH = {"Accept": "text/html", "Accept-Language": "en"}
CHINESE = {"Accept": "text/html", "Accept-Language": "zh-CN"}


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    with Client(app, "") as client:
        made = house_of(app, client, database, clock, randomness)
        made.open_book(held=97_400)
        yield made


def page(house: House, path: str, *, key: str | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
    return house.client.get(path, key=key, headers=headers or ENGLISH)


def held(house: House, **change: object) -> dict[str, Any]:
    """Set 400 t aside and return the hold."""
    (account,) = {
        each["account"]
        for each in house.get(f"/books/{BOOK}/positions?as_of=2026-11-20&under=Assets:Carbon")["positions"]
    }
    body = {
        "entry_id": fresh_id(),
        "kind": "freeze",
        "account": account,
        "amount": "400",
        "agreement_ref": "COURT-7",
        "effective_on": "2026-11-20",
        **change,
    }
    placed: dict[str, Any] = done(house.post(f"/books/{BOOK}/holds", body))["hold"]
    return placed


def test_the_list_and_one_hold_speak_both_languages_with_the_apis_figures(house: House) -> None:
    hold = held(house)
    one = f"/books/{BOOK}/holds/{hold['hold_id']}"

    for path, english, chinese in (
        (f"/books/{BOOK}/holds", "Set it aside", "设立占用"),
        (one, "Let go of it", "解除占用"),
        (f"/books/{BOOK}/transfer", "Only one book", "只有一个账簿"),
    ):
        in_english, in_chinese = page(house, path), page(house, path, headers=CHINESE)
        assert (in_english.status_code, in_chinese.status_code) == (200, 200), in_english.text
        assert english in in_english.text
        assert chinese in in_chinese.text
    assert f'href="{one}"' in page(house, f"/books/{BOOK}/holds").text
    assert page(house, one).text.count('400 <span class="unit">t</span>') == 2  # set aside and left
    assert "COURT-7" in page(house, one).text


def test_a_hold_that_ended_is_among_the_past_ones_only(house: House) -> None:
    hold = held(house, kind="hold", agreement_ref=None, expires_at="2026-11-20T08:00:00+00:00")
    house.clock.now = house.clock.now.replace(day=21)

    assert hold["hold_id"] not in page(house, f"/books/{BOOK}/holds").text
    assert hold["hold_id"] in page(house, f"/books/{BOOK}/holds?state=any").text
    assert 'id="release"' not in page(house, f"/books/{BOOK}/holds/{hold['hold_id']}").text


def test_a_transfer_names_both_books_and_the_clearing_accounts(house: House) -> None:
    done(house.post("/books", {"book_id": OTHER_BOOK, "code": "south", "functional_currency": "CNY"}))
    (line,) = house.get(f"/books/{BOOK}/positions?as_of=2026-11-20&under=Assets:Carbon")["positions"]

    asked = page(house, f"/books/{BOOK}/transfer").text
    unopened = page(house, f"/books/{BOOK}/transfer?account={line['account']}").text
    code = line["commodity"]
    instrument = {"code": code, "kind": "CEA", "vintage_year": 2025, "opened_on": "2026-01-01"}
    done(house.post(f"/books/{OTHER_BOOK}/instruments", instrument))
    for book in (BOOK, OTHER_BOOK):
        assert f'data-api="POST /v1/books/{book}/accounts"' in unopened
        for commodity in (code, "CNY"):
            account = {"path": f"Equity:Clearing:{commodity}", "commodity": commodity, "opened_on": "2026-01-01"}
            done(house.post(f"/books/{book}/accounts", account))
    shown = page(house, f"/books/{BOOK}/transfer?account={line['account']}").text

    assert f"?account={line['account'].replace(':', '%3A')}" in asked
    assert 'data-api="POST /v1/transfers"' not in unopened
    assert 'data-api="POST /v1/transfers"' in shown
    assert f'<option value="{OTHER_BOOK}">south</option>' in shown
    assert f"Equity:Clearing:{line['commodity']}" in shown


@pytest.mark.parametrize("part", ["holds", "transfer"])
def test_a_foreign_book_is_an_absent_one(house: House, borrower: Member, part: str) -> None:
    foreign, absent = (page(house, f"/books/{book}/{part}", key=borrower.key) for book in (BOOK, NO_BOOK))

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace(BOOK, NO_BOOK) == absent.text


def test_a_foreign_hold_is_an_absent_one(house: House, borrower: Member) -> None:
    hold, nothing = held(house)["hold_id"], fresh_id()
    foreign, absent = (page(house, f"/books/{BOOK}/holds/{each}", key=borrower.key) for each in (hold, nothing))

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace(hold, nothing) == absent.text


def test_a_bank_finds_what_is_pledged_to_it_and_a_borrower_has_no_such_page(
    house: House, database: Database, clock: Clock, randomness: Randomness
) -> None:
    lender = member(database, clock, randomness, OrganisationKind.LENDER, "Pledgee Bank", (Scope.LEDGER_READ,))
    hold = held(house, kind="pledge", agreement_ref="PL-7", beneficiary_id=str(lender.organisation_id))

    shown = page(house, "/pledges", key=lender.key)

    assert f'href="/books/{BOOK}/holds/{hold["hold_id"]}"' in shown.text
    assert "PL-7" in shown.text
    assert "质押给我行" in page(house, "/pledges", key=lender.key, headers=CHINESE).text
    assert page(house, "/pledges").status_code == 403


def test_a_form_of_the_ledger_has_no_id_of_its_own_so_that_a_corrected_one_is_another_request(house: House) -> None:
    one = f"/books/{BOOK}/holds/{held(house)['hold_id']}"

    assert 'data-ids="entry_id"' in page(house, f"/books/{BOOK}/holds").text
    assert page(house, one).text.count('data-ids="entry_id"') == 2
    assert "entry_id&#34;" not in page(house, one).text
