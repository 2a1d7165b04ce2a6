from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.e2e.browser import watched
from tests.e2e.conftest import Demo

MOST_BYTES = 400_000
TITLES = {"en": "Overview", "zh": "总览"}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("party", ["borrower", "lender", "assessor"])
def test_the_overview_is_whole_quiet_and_accessible(
    browser: Browser, demo: Demo, party: str, language: str, theme: str
) -> None:
    with watched(browser, demo.address, key=demo.key_by_party[party], language=language, theme=theme) as tab:
        answer = tab.go("/")
        tab.keep(f"overview-{party}-{language}-{theme}")

        assert answer.status == 200
        assert tab.page.title().startswith(TITLES[language])
        assert tab.serious() == []
        assert (tab.said, tab.asked_elsewhere) == ([], [])
        assert tab.weight() < MOST_BYTES
        assert not tab.overflows()


@pytest.mark.parametrize("party", ["borrower", "lender", "assessor"])
def test_the_overview_fits_a_phone(browser: Browser, demo: Demo, party: str) -> None:
    with watched(browser, demo.address, key=demo.key_by_party[party], language="zh", width=390) as tab:
        tab.go("/")
        tab.keep(f"overview-{party}-phone")

        assert not tab.overflows()
        tab.page.click(".burger")
        assert tab.page.is_visible("#side")
        assert tab.serious() == []


def test_why_opens_the_tree_down_to_its_sources_and_closes_by_key(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo.address, key=demo.key_by_party["borrower"]) as tab:
        tab.go("/")
        tab.page.click("table .why >> nth=0")

        assert tab.page.is_visible("dialog[open] .source")
        assert tab.serious() == []
        tab.page.keyboard.press("Escape")
        assert not tab.page.is_visible("dialog[open]")


def test_the_reader_changes_language_and_colours(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo.address, key=demo.key_by_party["borrower"]) as tab:
        tab.go("/")
        tab.page.click("[data-language]")
        tab.page.wait_for_function("document.documentElement.lang === 'zh-CN'")
        tab.page.select_option("[data-theme-choice]", "dark")
        tab.go("/")

        assert tab.page.title().startswith("总览")
        assert tab.page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_table_sorts_by_worth_not_by_letters(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo.address, key=demo.key_by_party["borrower"]) as tab:
        tab.go("/")
        box = tab.page.locator("[data-sorts]").first
        box.locator("th button.sort").nth(2).click()
        shown = [
            int(text.split()[0].replace(",", "")) for text in box.locator("tbody td:nth-child(3)").all_inner_texts()
        ]

        assert shown == sorted(shown)
        assert len(shown) > 1


def test_an_unknown_page_says_what_to_do(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo.address, language="zh") as tab:
        assert tab.go("/nowhere").status == 404
        tab.keep("problem-404-zh")

        assert tab.page.is_visible("text=前往总览")
        assert tab.serious() == []


def test_a_stranger_is_led_to_sign_in(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo.address) as tab:
        tab.go("/account")
        tab.keep("sign-in-en")

        assert tab.page.url == f"{demo.address}/sign-in?next=/account"
        assert tab.page.is_visible("input[name=password]")
        assert tab.serious() == []
        assert (tab.said, tab.asked_elsewhere) == ([], [])


@pytest.mark.parametrize("path", ["/sign-in", "/invitation", "/first-run"])
def test_the_ways_in_are_accessible_and_fit_a_phone(browser: Browser, demo: Demo, path: str) -> None:
    with watched(browser, demo.address, language="zh", theme="dark", width=390) as tab:
        assert tab.go(path).status == 200
        tab.keep(f"way-in-{path[1:]}-zh-phone")

        assert tab.serious() == []
        assert not tab.overflows()
        assert (tab.said, tab.asked_elsewhere) == ([], [])


def test_a_token_in_the_address_is_taken_over_and_out_of_it(browser: Browser, demo: Demo) -> None:
    with watched(browser, demo.address) as tab:
        tab.go("/invitation#once-7")

        assert tab.page.input_value("input[name=token]") == "once-7"
        assert tab.page.url == f"{demo.address}/invitation"
