"""Search: everything the caller may see, in pages, and never a foreign row."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from api.app import declared_routes
from api.routes.search import SOURCES
from api.schemas.search import SearchKind
from tests.api.example_people import Example, example_on


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    with example_on(request.param, request, tmp_path_factory) as found:
        yield found


def hits(example: Example, typed: str, who: str = "borrower", more: str = "") -> dict[str, list[str]]:
    found = example.get(f"/search?q={quote(typed)}&limit=50{more}", who)
    return {group["kind"]: [hit["title"] for hit in group["hits"]] for group in found["groups"]}


def test_every_kind_has_a_source() -> None:
    assert set(SOURCES) == set(SearchKind)


def test_a_trade_is_found_by_the_beginning_of_its_reference_whatever_the_case(example: Example) -> None:
    assert hits(example, "t-2025-001")["trade"] == ["T-2025-001"]
    assert "T-2025-002" in hits(example, "T-2025")["trade"]


def test_an_instrument_is_found_with_its_accounts(example: Example) -> None:
    found = hits(example, "cea23")

    assert found["instrument"] == ["CEA23"]
    assert found["account"]
    assert all("CEA23" in path for path in found["account"])


def test_an_entry_is_found_by_its_place_and_by_its_id(example: Example) -> None:
    book = example.get("/books")["books"][0]["book_id"]
    third = example.get(f"/books/{book}/entries/3")

    assert example.get("/search?q=3&kind=entry")["groups"][0]["hits"][0]["key"] == "3"
    (group,) = example.get(f"/search?q={third['entry_id']}")["groups"]
    assert (group["kind"], group["hits"][0]["key"]) == ("entry", "3")


def test_a_lot_is_found_by_its_number(example: Example) -> None:
    book = example.get("/books")["books"][0]["book_id"]
    lot = example.get(f"/books/{book}/lots?as_of=2026-11-20")["lots"][0]["lot_id"]

    assert hits(example, str(lot))["lot"] == [str(lot)]


def test_records_of_the_loan_are_found_by_both_parties_to_it(example: Example) -> None:
    number = example.get("/facilities")["facilities"][0]["facility_number"]

    for who in ("borrower", "lender"):
        found = hits(example, number.lower(), who)
        assert found["facility"] == [number], who
        assert {"kpi_period", "engagement", "determination"} <= set(found), who


def test_an_assessor_finds_its_engagements_and_nothing_that_is_priced(example: Example) -> None:
    number = example.get("/facilities")["facilities"][0]["facility_number"]

    found = hits(example, number, "assessor")

    assert set(found) == {"facility", "kpi_period", "engagement"}


def test_a_bank_finds_nothing_of_the_borrowers_book(example: Example) -> None:
    assert hits(example, "CEA", "lender") == {}
    assert hits(example, "T-2025", "lender") == {}


@pytest.mark.parametrize("typed", ["CEA", "T-2025", "3", "2025", "Assets", "treasur", "%", "_"])
def test_a_stranger_finds_nothing_of_another_group(example: Example, typed: str) -> None:
    assert hits(example, typed, "stranger") == {}


def test_every_hit_is_answered_whole_by_its_path(example: Example) -> None:
    number = example.get("/facilities")["facilities"][0]["facility_number"]
    for typed in ("CEA23", "T-2025-001", "3", number):
        for group in example.get(f"/search?q={quote(typed)}")["groups"]:
            for hit in group["hits"]:
                query = "?as_of=2026-11-20" if hit["api_path"].endswith("/lots") else ""
                answer = example.ask(hit["api_path"].removeprefix("/v1") + query)
                assert answer.status_code == 200, (hit, answer.text)


def test_people_are_found_by_an_administrator(example: Example) -> None:
    assert hits(example, "treasurer")["person"] == ["Treasury manager"]


def test_pages_go_on_by_key_without_gap_or_repeat(example: Example) -> None:
    whole = [hit["key"] for hit in example.get("/search?q=T-&kind=trade&limit=50")["groups"][0]["hits"]]

    paged, after = list[str](), ""
    while True:
        (group,) = example.get(f"/search?q=T-&kind=trade&limit=3{after}")["groups"]
        paged += [hit["key"] for hit in group["hits"]]
        if group["next_cursor"] is None:
            break
        after = f"&after={group['next_cursor']}"

    assert paged == whole
    assert len(whole) == len(set(whole)) > 6


def test_loan_records_go_on_by_key_too(example: Example) -> None:
    number = example.get("/facilities")["facilities"][0]["facility_number"]
    first = example.get(f"/search?q={quote(number)}&kind=kpi_period&limit=1")["groups"][0]
    second = example.get(f"/search?q={quote(number)}&kind=kpi_period&limit=1&after={first['next_cursor']}")["groups"][0]

    assert first["hits"][0]["key"] < second["hits"][0]["key"]
    assert second["next_cursor"] is None


def test_signs_of_patterns_stand_for_themselves(example: Example) -> None:
    assert hits(example, "T_2025") == {}
    assert hits(example, "%") == {}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("q=", "search.q"),
        ("q=%20%20", "search.q"),
        (f"q={'a' * 101}", "search.q"),
        ("q=a%00b", "search.q"),
        ("q=a%0Ab", "search.q"),
        ("q=a&after=MDE5", "search.kind"),
        ("q=a&kind=trade&after=MDE5", "cursor.format"),
        ("q=99999999999999999999999999", None),
        ("q=999999999999999", None),
        ("q=0000-13-99", None),
        ("q=%F0%9F%92%A3", None),
    ],
)
def test_what_cannot_be_searched_for_is_refused_by_name(example: Example, query: str, code: str | None) -> None:
    answer = example.ask(f"/search?{query}")

    assert (answer.status_code, answer.json().get("code")) == ((422, code) if code else (200, None))


def test_a_cursor_of_another_search_is_refused(example: Example) -> None:
    cursor = example.get("/search?q=T-&kind=trade&limit=3")["groups"][0]["next_cursor"]

    assert example.ask(f"/search?q=T-2&kind=trade&after={cursor}").json()["code"] == "cursor.format"


def test_every_kind_that_is_found_by_path_names_a_route() -> None:
    reads = {route.path for route in declared_routes() if route.method == "GET"}

    assert {"/v1/orders/{order_id}", "/v1/books/{book_id}/counterparties", "/v1/books/{book_id}/lots"} <= reads
