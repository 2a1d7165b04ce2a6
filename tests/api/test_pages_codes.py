"""What the pages of the example say: every page that a party reaches by links has words for codes and no more digits than are read."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from functools import cache
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from api.pages.base.declaring import declared_pages
from tests.api.example_people import Example, example_on

MOST_OF_A_KIND = 3
"""So many pages of one path are read for a party and language: orders are alike, and all of them would take minutes."""
ALLOWED: Mapping[str, str] = {
    "eur_cny": "a rule's own id in the sentence of the rule",
    "exchange_calendars": "the library that a calendar's source names",
}
"""Codes that may stand in the text of a page, by why."""
_CODE = re.compile(r"(?<![\w./-])[a-z]+(?:_[a-z0-9]+)+(?![\w/]|\.(?:csv|xlsx|json|zip|pdf)\b)", re.ASCII)
_MANY_DECIMALS = re.compile(r"\d\.\d{7,}", re.ASCII)
_UNREAD = {"script", "style", "template", "code", "pre", "option", "textarea", "svg"}
_QUOTED = {"code", "formula", "source", "original", "refused", "error", "clamp"}
"""Classes of what is quoted: ids of rules and files in a source, the API's own sentence with the fields that it names."""
_VOID = {"br", "circle", "hr", "img", "input", "link", "meta", "path", "source", "wbr"}
_DATA_PAGES = ("/reference/{set_id}", "/reference")
"""Pages that show sets of rules as their files have them, column by column."""


class Reader(HTMLParser):
    """What a person reads on a page, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "a" and facts.get("href"):
            self.links.append(str(facts["href"]))
        if tag not in _VOID:
            hidden = tag in _UNREAD or bool(_QUOTED & set((facts.get("class") or "").split()))
            self._open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        if tag in {each for each, _ in self._open}:
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(hidden for _, hidden in self._open):
            self.texts.append(data.strip())


@pytest.fixture(scope="module")
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    with example_on("sqlite", request, tmp_path_factory) as found:
        yield found


def walked(example: Example, who: str, *, chinese: bool) -> Iterator[tuple[str, Reader]]:
    """Yield every page that ``who`` reaches from the declared ones without a parameter, a few of each path."""
    ahead = deque(path for _, path in _paths() if "{" not in path)
    seen: set[str] = set()
    count: Counter[str] = Counter()
    while ahead:
        address = ahead.popleft()
        kind = next((path for is_there, path in _paths() if is_there.fullmatch(urlsplit(address).path)), None)
        if kind is None or address in seen or count[kind] >= MOST_OF_A_KIND:
            continue
        seen.add(address)
        count[kind] += 1
        answer = example.page(address, who, chinese=chinese)
        if answer.status_code == 200:
            read = Reader(answer.text)
            ahead += [urljoin(address, each).partition("#")[0] for each in read.links]
            yield kind, read


@cache
def _paths() -> tuple[tuple[re.Pattern[str], str], ...]:
    paths = [page.declared.path for page in declared_pages()]
    return tuple((re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path) for path in paths)


@pytest.mark.parametrize("who", ["borrower", "lender", "assessor"])
@pytest.mark.parametrize("chinese", [False, True])
def test_no_page_says_a_code_where_a_person_reads(example: Example, who: str, *, chinese: bool) -> None:
    said: dict[str, set[str]] = {}
    count = 0
    for kind, page in walked(example, who, chinese=chinese):
        count += 1
        if kind in _DATA_PAGES:
            continue
        for text in page.texts:
            for code in _CODE.findall(text):
                if code not in ALLOWED:
                    said.setdefault(f"{code}: {text[:80]}", set()).add(kind)

    assert count > 30
    told = "\n".join(f"{each}  {sorted(kinds)}" for each, kinds in sorted(said.items()))
    assert not said, f"say it in words (word, coded), or quote it as <code>:\n{told}"


@pytest.mark.parametrize("who", ["borrower", "lender", "assessor"])
def test_no_page_shows_a_figure_with_more_than_six_decimals(example: Example, who: str) -> None:
    pages = [(kind, text) for kind, page in walked(example, who, chinese=False) for text in page.texts]

    assert not [(kind, text) for kind, text in pages if kind not in _DATA_PAGES and _MANY_DECIMALS.search(text)], (
        "figure(unit), or traced(unit) in the tree behind it"
    )


def test_an_intensity_has_four_decimals_and_its_exact_digits_beside_it(example: Example) -> None:
    page = example.page("/emissions?year=2025").text

    assert re.search(r"<span title=\"\d+\.\d{5,}\">\d+\.\d{4}</span> tCO2e/t", page)


def test_a_measure_has_its_name_and_keeps_its_code_beside_it(example: Example) -> None:
    pages = {chinese: list(walked(example, "assessor", chinese=chinese)) for chinese in (False, True)}
    texts = {chinese: {text for _, page in found for text in page.texts} for chinese, found in pages.items()}

    assert {"operational intensity including power", "ISAE 3410"} <= texts[False]
    assert {"含用电运营排放强度", "ISAE 3410"} <= texts[True]


def test_why_a_price_is_held_is_said_in_the_reader_s_language(example: Example) -> None:
    english, chinese = (example.page("/prices/held", chinese=each).text for each in (False, True))

    assert "beyond the hard bound" in english
    assert "超出硬性界限" in chinese
    assert "beyond the" not in chinese
