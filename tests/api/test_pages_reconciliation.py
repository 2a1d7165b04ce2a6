"""The pages of reconciliation: breaks, matches, statements and asserted balances, as the API answers them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import member
from tests.api.ledger_calls import BANK, NO_BOOK, Treasury, done, money, treasury
from tests.api.people import colleague_of
from tests.api.test_reconciliation import FIRST, SOURCE, confirm, mapping, upload

BROWSER = {"Accept": "text/html"}
CHINESE = {**BROWSER, "Accept-Language": "zh-CN"}
DAY = "?as_of=2025-03-31"
PATHS = ("", "/matches", "/statements", "/balances")


@pytest.fixture
def empty(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        kept = Treasury(client, owner)
        kept.open_plain()
        yield kept


@pytest.fixture
def books(empty: Treasury) -> Treasury:
    done(empty.post("/entries", money(1, "12.50", doc_ref="B1")))
    done(empty.post(SOURCE, mapping()))
    done(upload(empty, FIRST))
    return empty


def page(books: Treasury, path: str, *, key: str | None = None, chinese: bool = False) -> str:
    answer = books.client.get(
        f"/books/{books.book}/reconciliation{path}", key=key, headers=CHINESE if chinese else BROWSER
    )
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


@pytest.mark.parametrize("path", PATHS)
def test_every_view_is_whole_in_both_languages(books: Treasury, path: str) -> None:
    english, chinese = page(books, path), page(books, path, chinese=True)

    assert english.count("<h1>") == chinese.count("<h1>") == 1
    assert "Matches" in english
    assert "余额声明" in chinese


def test_before_any_source_the_page_leads_to_where_one_is_added(empty: Treasury) -> None:
    assert "Nothing to compare with yet" in page(empty, "")
    assert "No source yet" in page(empty, "/statements")
    assert "Save the source" in page(empty, "/statements")


def test_the_breaks_and_proposals_of_a_day_are_those_of_the_api(books: Treasury) -> None:
    (proposed,) = done(books.get(f"/reconciliation/proposals{DAY}"))["accounts"]
    (account,) = done(books.get(f"/reconciliation/breaks{DAY}"))["accounts"]

    text = page(books, DAY)

    assert account["account"] == BANK
    assert proposed["proposals"][0]["why"] in text
    assert proposed["proposals"][0]["why_zh"] in page(books, DAY, chinese=True)
    assert text.count("A match waits above") == sum(one["proposed"] is not None for one in account["breaks"])
    assert "not in the book" in text
    assert account["balance_differs"]["difference"]["amount"].lstrip("-") in text


def test_one_rule_confirms_by_the_body_the_api_takes(books: Treasury) -> None:
    text = page(books, DAY)

    assert "&#34;lines&#34;: [1]" in text
    assert f"POST /v1/books/{books.book}/reconciliation/matches" in text


def test_a_confirmed_match_can_be_taken_back_and_stays_on_record(books: Treasury) -> None:
    (match,) = done(confirm(books, [1], (1, 1)))["matches"]
    before = page(books, "/matches")
    done(books.post(f"/reconciliation/matches/{match['match']}/undo", {"reason": "wrong payment"}))

    after = page(books, "/matches")

    assert f"/matches/{match['match']}/undo" in before
    assert f"/matches/{match['match']}/undo" not in after
    assert "wrong payment" in after


def test_a_match_on_record_shows_both_sides_with_day_reference_and_amount(books: Treasury) -> None:
    (match,) = done(confirm(books, [1], (1, 1)))["matches"]

    text = page(books, "/matches")

    (line,), (posting,) = match["statement"], match["book"]
    assert (line["booked_on"], line["reference"], line["amount"]) == (
        "2025-03-03",
        "B1",
        {"amount": "12.50", "unit": "CNY"},
    )
    assert (posting["reference"], posting["amount"]) == ("B1", {"amount": "12.50", "unit": "CNY"})
    assert text.count("¥12.50") == 2
    assert "3 Mar 2025 · B1 · 示例交易所" in text


def test_lines_show_where_they_were_read_and_what_reconciles_them(books: Treasury) -> None:
    done(confirm(books, [1], (1, 1)))

    text = page(books, "/statements?source=icbc")

    assert "march.csv" in text
    assert f"/books/{books.book}/entries/1" in text
    assert "电力公司" in text


def test_an_asserted_balance_stands_with_its_verdict(books: Treasury) -> None:
    body = {"account": BANK, "as_of": "2025-03-31", "expected": "99.00", "source": "bank statement of March"}
    (check,) = done(books.post("/balance-assertions", body))["checks"]

    text = page(books, "/balances")

    assert check["verdict"] == "failed"
    assert ">fails<" in text
    assert check["difference"]["amount"] in text
    assert "bank statement of March" in page(books, DAY)


def test_who_only_reads_is_offered_no_form(
    books: Treasury, database: Database, clock: Clock, randomness: Randomness
) -> None:
    reader = colleague_of(database, clock, randomness, books.owner, "reader@borrower.example", (Scope.LEDGER_READ,))

    texts = [page(books, path, key=reader.key) for path in PATHS]

    assert [text for text in texts if "data-api=" in text] == []


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_book_is_as_absent_as_none(
    books: Treasury, database: Database, clock: Clock, randomness: Randomness, path: str
) -> None:
    stranger = member(database, clock, randomness, OrganisationKind.BORROWER, "Second Smelter", (Scope.LEDGER_READ,))

    foreign, absent = (
        books.client.get(f"/books/{book}/reconciliation{path}", key=stranger.key, headers=BROWSER)
        for book in (books.book, NO_BOOK)
    )

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace(str(books.book), NO_BOOK) == absent.text


def test_without_the_scope_the_page_is_refused(
    books: Treasury, database: Database, clock: Clock, randomness: Randomness
) -> None:
    lender = member(database, clock, randomness, OrganisationKind.LENDER, "Example Bank", (Scope.LEDGER_WRITE,))

    answer = books.client.get(f"/books/{books.book}/reconciliation", key=lender.key, headers=BROWSER)

    assert answer.status_code in {403, 404}


@pytest.mark.parametrize("query", ["?as_of=2025-13-01", "?known=-1", "?source=none", "?facts=999", "?other=1"])
def test_a_question_that_cannot_be_is_refused_in_place(books: Treasury, query: str) -> None:
    answer = books.client.get(f"/books/{books.book}/reconciliation{query}", headers=BROWSER)

    assert 400 <= answer.status_code < 500


def test_a_statement_is_brought_from_its_source_and_only_sources_of_its_kind_are_offered(books: Treasury) -> None:
    statements = page(books, "/statements")
    bank, registry = (
        books.client.get(f"/imports/new/{path}", headers=BROWSER).text
        for path in (f"bank-statement?into={books.book}&source=icbc", "registry-statement")
    )

    assert f"/imports/new/bank-statement?into={books.book}&amp;source=icbc" in statements
    assert '<option value="icbc" selected>' in bank
    assert 'value="icbc"' not in registry
