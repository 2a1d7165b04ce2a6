"""The pages of positions, statement and entries: for whom, in both languages, with the API's figures."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import Member
from tests.api.ledger_calls import BOOK, NO_BOOK
from tests.api.trading_world import House, house_of

ENGLISH = {"Accept": "text/html", "Accept-Language": "en"}
CHINESE = {"Accept": "text/html", "Accept-Language": "zh-CN"}
CELL = '<td class="number"><span class="figure">97,400 <span class="unit">t</span></span></td>'
OF_A_BOOK = ("positions", "statement", "entries/1")


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    with Client(app, "") as client:
        made = house_of(app, client, database, clock, randomness)
        made.open_book(held=97_400)
        yield made


def page(house: House, path: str, *, key: str | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
    return house.client.get(path, key=key, headers=headers or ENGLISH)


@pytest.mark.parametrize(
    ("path", "english", "chinese"),
    [
        ("/positions", "Positions", "持仓"),
        ("/positions?by=vintage", "CEA 2025", "CEA 2025"),
        ("/positions?by=book&as_of=2026-11-20", "smelter", "按主体"),
        (f"/books/{BOOK}/positions", "Open lots", "未结批次"),
        (f"/books/{BOOK}/statement", "Postings", "明细"),
        (f"/books/{BOOK}/entries/2", "Legs", "借贷行"),
    ],
)
def test_each_page_speaks_both_languages(house: House, path: str, english: str, chinese: str) -> None:
    in_english, in_chinese = page(house, path), page(house, path, headers=CHINESE)

    assert (in_english.status_code, in_chinese.status_code) == (200, 200)
    assert english in in_english.text
    assert chinese in in_chinese.text


def test_the_figures_are_the_apis(house: House) -> None:
    (line,) = house.get("/holdings?as_of=2026-11-20")["lines"]
    shown = page(house, "/positions").text

    assert line["free"]["amount"] == "97400"
    assert shown.count(CELL) == 2  # posted and free; nothing is set aside
    assert 'data-opens="why-line-1"' in shown


def test_a_statement_goes_on_at_the_record_point_of_its_first_page(house: House) -> None:
    house.trades(*(f"B-{n},free_allocation,2026-10-{n % 28 + 1:02},CEA25,{n},,,,,2025,," for n in range(1, 61)))
    first = page(house, f"/books/{BOOK}/statement").text
    known = house.get(f"/books/{BOOK}")["tree_size"]

    (further,) = re.findall(r'rel="next" href="([^"]+)"', first)
    house.trades("C-1,free_allocation,2026-10-30,CEA25,7,,,,,2025,,")
    second = page(house, further.replace("&amp;", "&"))

    assert second.status_code == 200
    assert f"up to entry {known}" in second.text
    assert "To the first page" in second.text


def test_an_entry_shows_the_proof_of_the_api(house: House) -> None:
    entry = house.get(f"/books/{BOOK}/entries/2")
    proof = house.get(f"/books/{BOOK}/entries/{entry['entry_id']}/proof")
    shown = page(house, f"/books/{BOOK}/entries/2").text

    assert proof["leaf_hash"] in shown
    assert proof["tree_root"] in shown
    assert "First Person" in shown


@pytest.mark.parametrize("part", OF_A_BOOK)
def test_a_foreign_book_is_an_absent_one(house: House, borrower: Member, part: str) -> None:
    foreign, absent = (page(house, f"/books/{book}/{part}", key=borrower.key) for book in (BOOK, NO_BOOK))

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace(BOOK, NO_BOOK) == absent.text


@pytest.mark.parametrize("path", ["/positions", *(f"/books/{BOOK}/{part}" for part in OF_A_BOOK)])
def test_who_may_not_read_the_ledger_sees_no_page(house: House, lender: Member, path: str) -> None:
    assert page(house, path, key=lender.key).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/positions?by=colour",
        "/positions?as_of=yesterday",
        f"/books/{BOOK}/positions?known=99999",
        f"/books/{BOOK}/positions?after=nonsense",
        f"/books/{BOOK}/statement?under=%3Cscript%3E",
        f"/books/{BOOK}/entries/999999999999999999999",
        f"/books/{BOOK}/entries/0",
    ],
)
def test_nonsense_is_a_page_that_says_so(house: House, path: str) -> None:
    answer = page(house, path)

    assert answer.status_code in {200, 404, 409, 422}
    assert "<script>" not in answer.text
    assert answer.headers["content-type"].startswith("text/html")
