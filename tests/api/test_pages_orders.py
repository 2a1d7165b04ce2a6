"""The pages of orders, counterparties, limits and the inbox: for whom, in both languages, with the API's figures."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import Member
from tests.api.ledger_calls import BOOK, NO_BOOK, done
from tests.api.people import member
from tests.api.trading_world import House, fresh_id, house_of

ENGLISH = {"Accept": "text/html", "Accept-Language": "en"}
CHINESE = {"Accept": "text/html", "Accept-Language": "zh-CN"}
OF_A_BOOK = ("orders", "counterparties", "trading-limits")


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    with Client(app, "") as client:
        made = house_of(app, client, database, clock, randomness)
        made.open_book()
        yield made


def page(house: House, path: str, *, key: str | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
    return house.client.get(path, key=key, headers=headers or ENGLISH)


@pytest.mark.parametrize(
    ("path", "english", "chinese"),
    [
        (f"/books/{BOOK}/orders", "No order yet", "暂无订单"),
        (f"/books/{BOOK}/orders/new", "Checks before sending", "提交前检查"),
        (f"/books/{BOOK}/counterparties", "Propose a counterparty", "提议交易对手"),
        (f"/books/{BOOK}/trading-limits", "Most money", "金额上限"),
        ("/inbox", "Nothing waits for you", "没有待您处理的事项"),
        ("/inbox/mine", "Nothing of yours waits", "您没有等待中的事项"),
    ],
)
def test_each_page_speaks_both_languages(house: House, path: str, english: str, chinese: str) -> None:
    in_english, in_chinese = page(house, path), page(house, path, headers=CHINESE)

    assert (in_english.status_code, in_chinese.status_code) == (200, 200)
    assert english in in_english.text
    assert chinese in in_chinese.text


def test_what_a_limit_is_for_is_chosen_from_a_list(house: House) -> None:
    shown = page(house, f"/books/{BOOK}/trading-limits").text
    offered = shown.partition('<datalist id="f-key-list">')[2].partition("</datalist>")[0]

    for each in house.get(f"/books/{BOOK}/counterparties")["counterparties"]:
        assert f'<option value="{each["counterparty_id"]}">{each["legal_name"]}' in offered
    assert '<option value="CEA:2025">CEA 2025' in offered
    assert '<option value="CEA25">' in offered


def test_the_maker_sees_no_way_to_approve_and_a_colleague_does(house: House) -> None:
    order = done(house.propose())
    path = f"/orders/{order['order_id']}"

    own, colleagues = page(house, path).text, page(house, path, key=house.checker.key).text

    assert 'id="confirm-approve"' not in own
    assert 'id="confirm-approve"' in colleagues
    assert order["sha256"] in colleagues


def test_an_order_is_shown_with_the_apis_figures_on_its_whole_way(house: House) -> None:
    order = house.placed()
    path = f"/orders/{order['order_id']}"
    assert 'id="fill"' in page(house, path).text
    done(house.fill(order))
    assert 'id="settle"' in page(house, path).text
    house.clock.now = house.clock.now.replace(day=23)
    done(house.settle(order))

    shown = page(house, path).text
    assert "¥97.40/t" in shown
    assert shown.count("10,000") >= 2
    assert "Correct a fill" in shown
    assert "¥97.40/t" in page(house, f"/books/{BOOK}/orders").text


def test_the_inbox_shows_the_exact_proposal_and_what_to_send(house: House) -> None:
    order = done(house.propose())
    (item,) = house.get("/inbox", key=house.checker.key)["waiting"]

    shown = page(house, "/inbox", key=house.checker.key).text

    assert item["approve_body"] == item["reject_body"] == {"sha256": order["sha256"]}
    assert f'data-api="POST {item["approve"]}"' in shown
    assert f'data-api="POST {item["reject"]}"' in shown
    assert "Nothing waits for you" in page(house, "/inbox").text
    assert order["sha256"] in page(house, "/inbox/mine").text


def test_the_inbox_links_to_the_page_of_what_waits(house: House) -> None:
    order = done(house.propose())

    assert f'href="/orders/{order["order_id"]}"' in page(house, "/inbox", key=house.checker.key).text
    assert f'href="/orders/{order["order_id"]}"' in page(house, "/inbox/mine").text


def test_what_the_inbox_says_to_send_decides(house: House) -> None:
    done(house.propose())
    (item,) = house.get("/inbox", key=house.checker.key)["waiting"]

    rejected = done(
        house.post(
            item["reject"].removeprefix("/v1"), {**item["reject_body"], "reason": "too dear"}, key=house.checker.key
        )
    )

    assert rejected["state"] == "rejected"


@pytest.mark.parametrize("part", OF_A_BOOK)
def test_a_foreign_book_is_an_absent_one(house: House, borrower: Member, part: str) -> None:
    foreign, absent = (page(house, f"/books/{book}/{part}", key=borrower.key) for book in (BOOK, NO_BOOK))

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace(BOOK, NO_BOOK) == absent.text


def test_a_foreign_order_is_an_absent_one(house: House, borrower: Member) -> None:
    order, nothing = done(house.propose())["order_id"], fresh_id()
    foreign, absent = (page(house, f"/orders/{each}", key=borrower.key) for each in (order, nothing))

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace(order, nothing) == absent.text


@pytest.mark.parametrize(("part", "status"), [*((part, 404) for part in OF_A_BOOK), ("orders/new", 403)])
def test_a_bank_sees_no_page_of_a_book(house: House, randomness: Randomness, part: str, status: int) -> None:
    scopes = (Scope.LEDGER_READ,)
    bank = member(house.database, house.clock, randomness, OrganisationKind.LENDER, "A Bank", scopes)

    assert page(house, f"/books/{BOOK}/{part}", key=bank.key).status_code == status


def test_who_may_not_trade_writes_no_ticket(house: House, borrower: Member) -> None:
    assert page(house, f"/books/{BOOK}/orders/new", key=borrower.key).status_code == 403


def test_a_hostile_note_is_text(house: House) -> None:
    order = done(house.propose(note="<img src=x onerror=alert(1)>"))

    shown = page(house, f"/orders/{order['order_id']}").text

    assert not re.search(r"<img src=x", shown)
    assert "&lt;img src=x" in shown
