"""Every entry of everybody's navigation, in both languages: whole, quiet, accessible, light, narrow enough, and in one language.

On a phone nothing that can be done with a row is out of sight.
"""

from __future__ import annotations

import json
import re

import httpx
import pytest
from playwright.sync_api import Browser, ViewportSize

from api.translations import Language, catalog
from tests.e2e.browser import Watched, watched
from tests.e2e.conftest import Demo
from tests.e2e.forms import Description

MOST_BYTES = 400_000
PHONE, DESK = ViewportSize(width=390, height=860), ViewportSize(width=1366, height=860)
NAMES = {"evidence"}
"""What is called like a word of the pages: the code of the example's second book."""
PEOPLE = ("borrower", "lender", "assessor", "auditor", "operator")
_HAN = re.compile(r"[\u4e00-\u9fff]{2}")
_TEXTS = """
Array.from((function* () {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent.closest('script, style, template, code, [lang]:not(html), option')) yield walker.currentNode.data.trim();
  }
})()).filter(Boolean)
"""


@pytest.fixture(scope="module")
def description(demo: Demo) -> Description:
    return Description(json.loads(httpx.get(f"{demo.address}/v1/openapi.json", timeout=60).text))


@pytest.fixture(scope="module")
def looked_at() -> set[tuple[str, str]]:
    """The pages by language that the browser has shown: what the next person is shown there differs by forms at most."""
    return set()


def navigation(tab: Watched) -> list[str]:
    tab.go("/")
    found: list[str] = tab.page.locator("nav.side a").evaluate_all(
        "links => links.map(each => each.getAttribute('href'))"
    )
    return list(dict.fromkeys(found))


def in_another_language(tab: Watched, language: str) -> list[str]:
    """What stands on the page in the language that the reader has not chosen, word for word as the translations have it."""
    texts = {key: text for key, text in catalog(Language.ZH).texts.items() if not key.startswith("problem\x04")}
    english = {key.rpartition("\x04")[2]: text for key, text in texts.items() if _HAN.search(text)}
    wrong = set(english.values()) if language == "en" else {key for key, text in english.items() if key != text}
    return sorted(text for text in set(tab.page.evaluate(_TEXTS)) if text in wrong - NAMES and len(text) > 1)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("party", PEOPLE)
def test_every_page_of_the_navigation_is_sound(
    browser: Browser, demo: Demo, description: Description, looked_at: set[tuple[str, str]], party: str, language: str
) -> None:
    theme = "light" if language == "en" else "dark"
    complaints: dict[str, object] = {}
    with watched(browser, demo.address, key=demo.key_by_party[party], language=language, theme=theme) as tab:
        for address in navigation(tab):
            if (address, language) in looked_at:
                status = tab.page.request.get(f"{tab.address}{address}").status
                complaints |= {} if status == 200 else {address: status}
                continue
            looked_at.add((address, language))
            tab.received.clear()
            tab.said.clear()
            answer = tab.go(address)
            name = re.sub(r"[^a-z]+", "-", address.rpartition("/books/")[2].lower()).strip("-") or "overview"
            tab.keep(f"every-{party}-{language}-{name[-60:]}")
            found = {
                "status": [] if answer.status == 200 else [answer.status],
                "weight": [] if tab.weight() < MOST_BYTES else [tab.weight()],
                "axe": tab.serious(only=() if language == "en" else ("color-contrast",)),
                "language": in_another_language(tab, language),
                "forms": description.complaints(tab),
            }
            tab.page.set_viewport_size(PHONE)
            found["width"] = (["wider than a phone"] if tab.overflows() else []) + tab.acts_out_of_sight()
            tab.keep(f"phone-{party}-{language}-{name[-60:]}")
            tab.page.set_viewport_size(DESK)
            found |= {"console": list(tab.said), "elsewhere": list(tab.asked_elsewhere)}
            complaints |= {address: {kind: each for kind, each in found.items() if each}} if any(found.values()) else {}

    assert complaints == {}
