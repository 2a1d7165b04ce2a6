"""A Chinese reader is refused in Chinese, in a real browser: beside the field, in the summary, and on a page of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator

from api.translations import Language, catalog
from tests.e2e.browser import Watched, watched
from tests.e2e.conftest import Demo

_HAN = re.compile(r"[\u4e00-\u9fff]{2}")
_SAID = catalog(Language.ZH).refusals()
_NO_SUCH_ID = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def reader(browser: Browser, demo: Demo) -> Iterator[Watched]:
    with watched(browser, demo.address, key=demo.key_by_party["borrower"], language="zh") as tab:
        yield tab
        assert tab.asked_elsewhere == []


@pytest.fixture(scope="module")
def book(demo: Demo) -> str:
    """The id of the borrower's first book."""
    headers = {"Authorization": f"Bearer {demo.key_by_party['borrower']}"}
    books = httpx.get(f"{demo.address}/v1/books", headers=headers, timeout=60).json()["books"]
    return str(books[0]["book_id"])


def _send(tab: Watched, form: str, **values: str) -> Locator:
    """Fill in a form by the end of its address, send it, and return it once it says why not."""
    found = tab.page.locator(f"form[data-api$='{form}']")
    for name, value in values.items():
        field = found.locator(f"[name='{name}']")
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    found.locator("button[type=submit]").click()
    found.locator(".summary:not([hidden])").wait_for()
    return found


def _language(element: Locator) -> str:
    return str(element.evaluate("each => each.closest('[lang]').lang"))


def _is_told_in_chinese(element: Locator, code: str) -> None:
    """The code's sentence in Chinese, and below it the API's own, marked as English."""
    sentence, original = element.locator("span").first, element.locator(".original")
    assert sentence.inner_text() == _SAID[code]
    assert _language(sentence) == "zh-CN"
    assert _language(original) == "en"
    assert original.inner_text()
    assert not _HAN.search(original.inner_text())


def test_a_field_that_cannot_be_read_says_so_in_chinese_beside_itself(reader: Watched, book: str) -> None:
    reader.go(f"/books/{book}/counterparties")

    form = _send(reader, "/counterparties", legal_name="云南示例电力有限公司", max_amount_cny="a lot", reason="test")

    _is_told_in_chinese(form.locator("[data-field='registration_no'] .error"), "field.missing")
    _is_told_in_chinese(form.locator("[data-field='max_amount_cny'] .error"), "amount.format")
    assert form.locator("[data-field='legal_name'] .error").is_hidden()
    assert _SAID["field.missing"] in form.locator(".summary").inner_text()
    assert form.locator("[name='max_amount_cny']").get_attribute("aria-invalid") == "true"
    assert reader.serious() == []
    reader.keep("refusal-fields-zh")


def test_a_rule_that_refuses_says_so_in_chinese_beside_the_field_it_names(reader: Watched, book: str) -> None:
    reader.go(f"/books/{book}/trading-limits")

    form = _send(reader, "/trading-limits", scope="vintage", key="copper", max_amount_cny="100.00", reason="test")

    _is_told_in_chinese(form.locator("[data-field='key'] .error"), "limit.key")


@pytest.mark.parametrize(("language", "row"), [("zh", "第2行 · 数额"), ("en", "Row 2 · Amount")])
def test_the_summary_says_in_which_row_the_refused_field_stands(
    browser: Browser, demo: Demo, book: str, language: str, row: str
) -> None:
    with watched(browser, demo.address, key=demo.key_by_party["borrower"], language=language) as tab:
        tab.go(f"/books/{book}/new-entry")
        of_rows = {f"legs[{n}].account": "Assets:Bank:CNY" for n in (0, 1)}
        amounts = {"legs[0].amount": "10.00", "legs[1].amount": "-10.005"}

        form = _send(tab, "/entries", **of_rows, **{f"legs[{n}].commodity": "CNY" for n in (0, 1)}, **amounts)

        assert form.locator(".summary a").inner_text().startswith(row)
        assert form.locator("[data-field='legs[1].amount'] .error").is_visible()
        tab.keep(f"refusal-row-{language}")


def test_a_refusal_of_no_field_stands_in_the_summary_in_chinese(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo.address, language="zh") as tab:
        tab.go("/sign-in")

        form = _send(tab, "/v1/sign-in", email="nobody@example.com", password="not the password")

        _is_told_in_chinese(form.locator(".summary strong"), "sign_in.refused")
        assert "operation" not in form.locator(".summary").inner_text()


def test_a_page_that_is_refused_says_why_in_chinese(reader: Watched) -> None:
    answer = reader.go(f"/orders/{_NO_SUCH_ID}")

    told = reader.page.locator(".problem p:has(.original)")
    assert answer.status == 404
    assert told.inner_text().startswith(_SAID["order.not_found"])
    assert _language(told) == "zh-CN"
    assert _language(told.locator(".original")) == "en"
    assert reader.serious() == []
    reader.keep("refusal-page-zh")


def test_an_english_reader_is_told_once_in_english(browser: Browser, demo: Demo, book: str) -> None:
    with watched(browser, demo.address, key=demo.key_by_party["borrower"]) as tab:
        tab.go(f"/books/{book}/trading-limits")

        form = _send(tab, "/trading-limits", scope="vintage", key="copper", max_amount_cny="100.00", reason="test")

        error = form.locator("[data-field='key'] .error")
        assert error.locator(".original").count() == 0
        assert not _HAN.search(error.inner_text())
        assert error.inner_text()
        assert not [each for each in tab.received if "refusals.json" in each.url]


def test_without_the_sentences_the_english_is_shown_and_marked(reader: Watched, book: str) -> None:
    reader.page.route("**/refusals.json", lambda route: route.abort())
    reader.go(f"/books/{book}/trading-limits")

    form = _send(reader, "/trading-limits", scope="vintage", key="copper", max_amount_cny="100.00", reason="test")

    sentence = form.locator("[data-field='key'] .error span").first
    assert _language(sentence) == "en"
    assert sentence.inner_text()
