"""Pages of what compliance costs: the question stands in the address, the page shows what the API answers, to a borrower only."""

from __future__ import annotations

import json
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from api.pages.compliance_costs import AGREEMENT_WORDS, BASIS_WORDS, KIND_WORDS, STRATEGY_WORDS
from finance.compliance.cbam import SeeBasis
from finance.compliance.green_certificates import CertificateKind
from finance.compliance.purchase_plan import Strategy
from finance.market.cbam_price import Agreement
from tests.api.client import Client
from tests.api.conftest import Member
from tests.api.ledger_calls import done
from tests.api.test_compliance_abroad import BODIES, DUTY, FLOW, WORTH
from tests.api.test_pages_base import BROWSER, CHINESE

PLAN: dict[str, Any] = {
    "instrument": "CEA25",
    "quantity_t": "60636",
    "first_month": "2026-09",
    "deadline_month": "2026-12",
    "price_cny_per_t": "97.40",
    "prices": [
        {"month": month, "price_cny_per_t": price}
        for month, price in (("2025-09", "57.97"), ("2025-10", "51.96"), ("2025-11", "59.65"), ("2025-12", "74.63"))
    ],
    "changes": [{"name": "UP20", "change": "0.2"}],
}
QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "/purchase-plan": ("/purchase-plans", PLAN),
    "/cbam": ("/cbam/flows", FLOW),
    "/renewable-duty": ("/renewable-duties", DUTY),
    "/renewable-duty/certificates": ("/green-certificates/issues", BODIES["/green-certificates/issues"]),
    "/renewable-duty/product": ("/product-worth", WORTH),
}
FIGURES: dict[str, tuple[str | int, ...]] = {
    "/purchase-plan": ("ranks", 0, "worst_cost", "amount"),
    "/cbam": ("cost_eur", "amount"),
    "/renewable-duty": ("costs", 0, "cost", "amount"),
    "/renewable-duty/certificates": ("issues", 0, "carried_kwh"),
    "/renewable-duty/product": ("green_premium", "worth", "amount"),
}


def shown(client: Client, path: str, question: object) -> str:
    page = client.get(f"{path}?ask={quote(json.dumps(question))}", headers=BROWSER)
    assert page.status_code == 200, page.text
    return unescape(page.text)


@pytest.mark.parametrize("path", QUESTIONS)
def test_each_page_asks_first_in_both_languages(client: Client, path: str) -> None:
    english, chinese = (client.get(path, headers=each) for each in (BROWSER, CHINESE))

    assert (english.status_code, chinese.status_code) == (200, 200), english.text
    assert "Nothing asked yet" in english.text
    assert "尚未提问" in chinese.text


@pytest.mark.parametrize("path", QUESTIONS)
def test_the_figure_on_the_page_is_the_figure_of_the_api(client: Client, path: str) -> None:
    api, question = QUESTIONS[path]
    figure = done(client.post(f"/v1{api}", json.dumps(question)))
    for step in FIGURES[path]:
        figure = figure[step]

    page = shown(client, path, question)

    whole, point, rest = str(figure).partition(".")
    assert f"{int(whole):,}{point}{rest}" in page
    assert "why-dialog" in page or path.endswith("certificates")


@pytest.mark.parametrize("ask", ["{", "[]", '{"year":"x"}', "9" * 400])
@pytest.mark.parametrize("path", QUESTIONS)
def test_what_is_no_question_is_refused_in_the_place_of_the_answer(client: Client, path: str, ask: str) -> None:
    page = client.get(f"{path}?ask={quote(ask)}", headers=BROWSER)

    assert page.status_code == 200
    assert 'class="refused"' in page.text


@pytest.mark.parametrize("path", QUESTIONS)
def test_a_bank_is_refused(client: Client, lender: Member, path: str) -> None:
    assert client.get(path, headers=BROWSER, key=lender.key).status_code == 403


def test_the_advised_plan_is_named_with_its_reason(client: Client) -> None:
    answer = done(client.post("/v1/purchase-plans", json.dumps(PLAN)))

    page = shown(client, "/purchase-plan", PLAN)

    assert STRATEGY_WORDS[Strategy(answer["advised"])] in page
    assert answer["reason_en"] in page


def test_goods_without_a_price_are_unpriced_and_not_free(client: Client) -> None:
    page = shown(client, "/cbam", {**FLOW, "prices": []})

    assert "Without a price: 2026-Q1." in page
    assert "unpriced is not zero" in page


def test_the_price_of_a_period_is_refused_in_its_place_beside_the_form(client: Client) -> None:
    page = client.get("/cbam?period=2026-Q9", headers=BROWSER)

    assert page.status_code == 200
    assert 'class="refused"' in page.text
    assert "POST /v1/cbam/flows" in page.text


def test_every_code_that_a_page_says_has_its_words() -> None:
    assert set(STRATEGY_WORDS) == set(Strategy)
    assert set(BASIS_WORDS) == set(SeeBasis)
    assert set(AGREEMENT_WORDS) == set(Agreement)
    assert set(KIND_WORDS) == set(CertificateKind)
