"""Pages of decisions: the question stands in the address, the page shows what the API answers, to a borrower only."""

from __future__ import annotations

import json
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.client import Client
from tests.api.conftest import Member
from tests.api.ledger_calls import BOOK, NO_BOOK, done
from tests.api.test_decisions import ASKED, MWH, PLAN
from tests.api.test_pages_base import BROWSER, CHINESE

QUESTIONS: dict[str, dict[str, Any]] = {
    "next-tonne": ASKED,
    "next-mwh": {**ASKED, "step": MWH, "chart_prices_cny_per_t": ["0", "100"]},
    "cheapest-plan": PLAN,
}


def asked(view: str, question: object) -> str:
    return f"/decisions/{view}?ask={quote(json.dumps(question))}"


@pytest.mark.parametrize("view", QUESTIONS)
def test_each_page_asks_first_in_both_languages(client: Client, view: str) -> None:
    english, chinese = (client.get(f"/decisions/{view}", headers=each) for each in (BROWSER, CHINESE))

    assert (english.status_code, chinese.status_code) == (200, 200)
    assert "Nothing asked yet" in english.text
    assert "尚未提问" in chinese.text


@pytest.mark.parametrize(
    ("view", "place"), [("next-tonne", ("total",)), ("next-mwh", ("value", "total")), ("cheapest-plan", ("net_cost",))]
)
def test_the_figure_on_the_page_is_the_figure_of_the_api(client: Client, view: str, place: tuple[str, ...]) -> None:
    figure = done(client.post(f"/v1/decisions/{view}", json.dumps(QUESTIONS[view])))
    for step in place:
        figure = figure[step]

    page = client.get(asked(view, QUESTIONS[view]), headers=BROWSER)

    assert page.status_code == 200, page.text
    whole, _, fen = figure["amount"].partition(".")
    assert f"{int(whole):,}.{fen}" in unescape(page.text)
    assert 'src="data:image/svg+xml;base64,' in page.text
    assert "why-dialog" in page.text


def test_the_form_is_filled_in_again_with_what_was_asked(client: Client) -> None:
    page = client.get(asked("next-tonne", ASKED), headers=BROWSER).text

    assert 'name="process.emissions_t" type="text" value="800000"' in page
    assert 'name="price_cny_per_t" type="text" value="100"' in page


@pytest.mark.parametrize("ask", ["{", "[]", '{"on":"never"}', '{"on":"2026-11-20","ghost":1}', "9" * 400])
@pytest.mark.parametrize("view", QUESTIONS)
def test_what_is_no_question_is_refused_in_the_place_of_the_answer(client: Client, view: str, ask: str) -> None:
    page = client.get(f"/decisions/{view}?ask={quote(ask)}", headers=BROWSER)

    assert page.status_code == 200
    assert 'class="refused"' in page.text


def test_an_impossible_plan_names_what_stands_against_it(client: Client) -> None:
    without_contract = {**PLAN, "contracts": []}

    page = client.get(asked("cheapest-plan", without_contract), headers=BROWSER).text

    assert "No plan meets everything" in page
    assert "loan A" in page


@pytest.mark.parametrize("view", QUESTIONS)
def test_an_absent_book_is_not_found_and_a_bank_is_refused(client: Client, lender: Member, view: str) -> None:
    absent = client.get(f"/decisions/{view}?book_id={NO_BOOK}", headers=BROWSER)
    bank = client.get(f"/decisions/{view}", headers=BROWSER, key=lender.key)

    assert (absent.status_code, bank.status_code) == (404, 403)


@pytest.mark.parametrize("view", QUESTIONS)
def test_a_borrower_with_a_book_may_ask_with_its_position(client: Client, view: str) -> None:
    body = {"book_id": BOOK, "code": "smelter", "functional_currency": "CNY"}
    done(client.post("/v1/books", json.dumps(body)))

    page = client.get(f"/decisions/{view}?book_id={BOOK}", headers=BROWSER)

    assert page.status_code == 200, page.text
    assert f"/decisions/{view}?book_id={BOOK}" in page.text
