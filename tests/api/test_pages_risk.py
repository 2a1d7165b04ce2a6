"""The risk pages: the question in the address is asked of the API, and what it answers or refuses is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import quote

import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import member
from tests.api.ledger_calls import NO_BOOK, Treasury, done, treasury
from tests.api.test_market_prices import SNAPSHOT
from tests.api.test_risk import ask, furnish, ready

BROWSER = {"Accept": "text/html"}
CHINESE = {**BROWSER, "Accept-Language": "zh-CN"}
PATHS = ("", "/back-test", "/gap")
QUESTION: dict[str, object] = {"snapshot_id": SNAPSHOT, "window": 100, "confidence": "0.95"}
GAP: dict[str, object] = {
    "snapshot_id": SNAPSHOT,
    "mark_instrument": "CEA25",
    "year": 2025,
    "output_t": "1000000",
    "benchmark": "1.60",
    "direct_intensity": "1.65",
    "output_spread": "0.03",
    "benchmark_spread": "0.01",
    "price_volatility": "0.25",
    "seed": 7,
    "paths": 500,
}


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        furnish(opened)
        yield opened


def page(house: Treasury, path: str, question: object = None, *, chinese: bool = False) -> str:
    text = question if isinstance(question, str) else json.dumps(question)
    query = "" if question is None else f"?ask={quote(text)}"
    answer = house.client.get(f"/books/{house.book}/risk{path}{query}", headers=CHINESE if chinese else BROWSER)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def shown(amount: str) -> str:
    return f"{Decimal(amount):,}"


@pytest.mark.parametrize("path", PATHS)
def test_before_any_price_is_frozen_the_way_to_the_valuation_is_shown(house: Treasury, path: str) -> None:
    text = page(house, path)

    assert "No frozen prices yet" in text
    assert f"/books/{house.book}/valuation" in text


def test_value_at_risk_on_the_page_is_that_of_the_api_in_both_languages(house: Treasury) -> None:
    ready(house)
    answer = done(ask(house, confidence="0.95"))

    english, chinese = (page(house, "", QUESTION, chinese=asked) for asked in (False, True))

    figures = [answer[name]["amount"] for name in ("value_at_risk", "expected_shortfall")]
    figures += [one["loss"]["amount"] for one in answer["worst"]]
    assert [each for each in figures if shown(each) not in english] == []
    assert answer["method_text_zh"] in chinese
    assert "data:image/svg+xml;base64," in english
    assert "no price" in english


def test_the_back_test_shows_the_tests_and_the_zone_of_the_api(house: Treasury) -> None:
    ready(house, 230)
    answer = done(house.post("/risk/back-test", {**QUESTION, "window": 100}))

    text = page(house, "/back-test", {**QUESTION, "window": 100})

    assert [
        answer[name]["statistic"]
        for name in ("kupiec", "independence", "joint")
        if answer[name]["statistic"] not in text
    ] == []
    assert f">{answer['zone']}<" in text


def test_the_cost_of_the_gap_stands_with_the_ladder_of_the_same_year(house: Treasury) -> None:
    ready(house)
    answer = done(house.post("/gap-risk", GAP))

    text = page(house, "/gap", GAP)

    assert shown(answer["cost_at_risk"]["amount"]) in text
    assert shown(answer["expected_gap"]["amount"]) in text
    assert "/charts/risk-ladder?snapshot_id=" in text
    assert "As assumed" in text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("question", ["{", "[]", '{"snapshot_id": "x"}', '{"window": 1e999}'])
def test_a_question_that_is_none_is_refused_in_place(house: Treasury, path: str, question: str) -> None:
    ready(house)

    answer = page(house, path, question).split('<div id="answer">')[1].partition("</div>")[0]
    assert answer.strip()
    assert "data:image/svg+xml" not in answer


def test_a_window_longer_than_the_prices_is_refused_in_place_and_the_form_keeps_it(house: Treasury) -> None:
    ready(house)

    text = page(house, "", {**QUESTION, "window": 5000})

    assert 'value="5000"' in text
    assert "data:image/svg+xml" not in text


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_book_is_as_absent_as_none(
    house: Treasury, database: Database, clock: Clock, randomness: Randomness, path: str
) -> None:
    stranger = member(database, clock, randomness, OrganisationKind.BORROWER, "Second Smelter", (Scope.LEDGER_READ,))

    foreign, absent = (
        house.client.get(f"/books/{book}/risk{path}", key=stranger.key, headers=BROWSER)
        for book in (house.book, NO_BOOK)
    )

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace(str(house.book), NO_BOOK) == absent.text
