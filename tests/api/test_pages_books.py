"""Pages by which a group sets itself up: entities, books, accounts, instruments and the accounting policy, shown as the API answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.deps import unit_of_work
from api.schemas.vouchers import PolicyTermsOut
from api.store.access import OrganisationKind
from finance.accounting.policies import Settlement, Standard, VoucherWords
from finance.operations.account_codes import coded_accounts
from finance.store.reference_files import reference_file
from ledger import operations as ledger
from ledger.core.accounts import AccountOpening, LotMethod
from ledger.store import books
from ledger.store.database import Database
from ledger.store.reports import MAX_PAGE
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, NO_BOOK, OTHER_BOOK, SQLITE, Treasury, done, entry_id, refused
from tests.api.people import Member, colleague_of, member
from tests.api.test_month_close import MAKER, MONTH, Office, office, proposed, r14

__all__ = ["office"]

ENGLISH = {"Accept": "text/html", "Accept-Language": "en"}
CHINESE = {"Accept": "text/html", "Accept-Language": "zh-CN"}
EVERY = ("/entities", f"/books/{BOOK}/accounts", f"/books/{BOOK}/instruments", f"/books/{BOOK}/accounting-policy")
CREDIT_CODE = "91350100M000100Y43"


@pytest.fixture
def group(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    """A group of one administrator who also books, without entity and book."""
    owner = member(
        database,
        clock,
        randomness,
        OrganisationKind.BORROWER,
        "New Smelting Group",
        (Scope.ADMIN, Scope.ACCESS_READ, *MAKER),
    )
    with Client(app, owner.key) as client:
        yield Treasury(client, owner)


def page(client: Client, path: str, *, key: str | None = None, chinese: bool = False) -> str:
    answer = client.get(path, key=key, headers=CHINESE if chinese else ENGLISH)
    assert answer.status_code == 200, answer.text[:500]
    return unescape(answer.text)


def of_book(office: Office, path: str, *, key: str | None = None, chinese: bool = False) -> str:
    return page(office.treasury.client, f"/books/{office.treasury.book}{path}", key=key, chinese=chinese)


def cleared(office: Office) -> None:
    """Open the clearing account of money and let cost leave over it, as a transfer between books does."""
    account = {"path": "Equity:Clearing:CNY", "commodity": "CNY", "opened_on": "2026-01-01"}
    done(office.treasury.post("/accounts", account))
    legs = [
        {"account": "Equity:Clearing:CNY", "commodity": "CNY", "amount": "100.00"},
        {"account": "Assets:Bank:CNY", "commodity": "CNY", "amount": "-100.00"},
    ]
    entry = {"entry_id": entry_id(77), "kind": "general", "effective_on": "2026-10-20", "legs": legs}
    done(office.treasury.post("/entries", entry))


def test_a_new_group_is_told_at_every_step_what_comes_next(group: Treasury) -> None:
    client = group.client
    first = page(client, "/")
    empty = page(client, "/entities")
    entity = done(client.post("/v1/legal-entities", json.dumps({"name": "新冶有限公司", "credit_code": CREDIT_CODE})))
    done(client.post("/v1/books", json.dumps({"book_id": BOOK, "code": "smelter", "functional_currency": "CNY"})))
    unplaced = page(client, "/entities")
    done(client.post(f"/v1/legal-entities/{entity['id']}/books", json.dumps({"book_id": BOOK})))
    placed = page(client, "/entities")

    assert 'href="/entities"' in first
    assert "No legal entity yet" in empty
    assert 'data-api="POST /v1/legal-entities"' in empty
    assert 'data-ids="book_id"' in empty
    assert 'data-api="POST /v1/legal-entities/{entity_id}/books"' in unplaced
    assert "Every book has its legal entity." in placed
    assert CREDIT_CODE in placed
    assert f'href="/books/{BOOK}/accounting-policy"' in placed
    assert "No instrument yet" in page(client, f"/books/{BOOK}/instruments")
    assert "No account yet" in page(client, f"/books/{BOOK}/accounts")
    assert "No account of money yet" in page(client, f"/books/{BOOK}/accounting-policy")


@SQLITE
def test_who_may_not_add_sees_no_form(
    group: Treasury, database: Database, clock: Clock, randomness: Randomness
) -> None:
    done(group.open_book())
    viewer = colleague_of(database, clock, randomness, group.owner, "viewer@new.example", (Scope.LEDGER_READ,))

    for path in EVERY:
        shown = page(group.client, path, key=viewer.key)
        assert "<form data-api" not in shown, path


@SQLITE
def test_an_administrator_without_a_reading_role_is_told_whom_to_ask(
    group: Treasury, database: Database, clock: Clock, randomness: Randomness
) -> None:
    done(group.open_book())
    administrator = colleague_of(database, clock, randomness, group.owner, "admin@new.example", (Scope.ADMIN,))

    shown = page(group.client, "/entities", key=administrator.key)

    assert 'data-api="POST /v1/legal-entities"' in shown
    assert "Your roles read no books." in shown


@pytest.mark.parametrize("part", ["accounts", "instruments", "accounting-policy", "accounts/Assets%3ABank%3ACNY"])
def test_a_foreign_book_is_an_absent_one(office: Office, borrower: Member, part: str) -> None:
    mine = office.treasury.book
    foreign, absent = (
        office.treasury.client.get(f"/books/{book}/{part}", key=borrower.key, headers=ENGLISH)
        for book in (mine, NO_BOOK)
    )

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace(str(mine), NO_BOOK) == absent.text


@SQLITE
@pytest.mark.parametrize("path", EVERY)
def test_a_bank_has_no_such_page(office: Office, lender: Member, path: str) -> None:
    assert office.treasury.client.get(path, key=lender.key, headers=ENGLISH).status_code == 403


def test_the_accounts_stand_by_path_with_their_balance_and_closed_ones_say_from_when(office: Office) -> None:
    r14(office)
    done(office.treasury.post("/accounts", {"path": "Assets:Bank:Old", "commodity": "CNY", "opened_on": "2026-01-01"}))
    done(office.treasury.post("/accounts/Assets:Bank:Old/close", {"closed_on": "2026-03-01"}))

    shown = of_book(office, "/accounts?as_of=2026-10-31")
    below = of_book(office, "/accounts?as_of=2026-10-31&under=Assets%3ABank")
    closed = of_book(office, "/accounts/Assets%3ABank%3AOld")
    standing = of_book(office, "/accounts/Assets%3ACarbon%3ACEA25", chinese=True)

    assert '2,500 <span class="unit">t</span>' in shown  # 10,000 - 6,000 - 1,000 - 500
    assert shown.index("Assets:Bank</th>") < shown.index("Assets:Carbon</th>") < shown.index("Equity:")
    assert "1 Mar 2026" in below
    assert "Assets:Carbon</th>" not in below
    assert "closed from 1 Mar 2026" in closed
    assert "/close" not in closed
    assert "先进先出" in standing
    assert "/accounts/Assets%3ACarbon%3ACEA25/close" in standing


@SQLITE
def test_an_account_that_is_not_there_is_absent(office: Office) -> None:
    path = f"/books/{office.treasury.book}/accounts/Assets%3ANothing"

    assert office.treasury.client.get(path, headers=ENGLISH).status_code == 404


@SQLITE
def test_a_long_list_of_accounts_goes_on_by_path_on_the_next_page(office: Office, database: Database) -> None:
    with unit_of_work(database) as session:
        book_id = books.named(session, "smelter").book_id
        for number in range(MAX_PAGE + 1):
            opening = AccountOpening(path=f"Assets:Bank:N{number:04}", commodity="CNY", opened_on=date(2026, 1, 1))
            ledger.open_account(session, book_id, opening)

    first = of_book(office, "/accounts?under=Assets%3ABank&as_of=2026-10-31")
    (link,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = page(office.treasury.client, link)

    assert "Assets%3ABank%3AN0000" in first
    assert f"Assets%3ABank%3AN{MAX_PAGE:04}" in second
    assert "Assets%3ABank%3AN0000" not in second


def test_what_waits_shows_its_exact_difference_to_a_colleague_and_to_its_maker_no_button(office: Office) -> None:
    digest = proposed(office)["digest"]

    mine, theirs = of_book(office, "/accounting-policy"), of_book(office, "/accounting-policy", key=office.colleague)
    inbox = page(office.treasury.client, "/inbox", key=office.colleague)

    for shown in (mine, theirs):
        assert "<del>No VAT booked</del>" in shown
        assert "<ins>6 % as other intangible asset</ins>" in shown
        assert "<ins>100201 工行滨州分行</ins>" in shown
        assert digest in shown
        assert "<del>First in, first out</del>" not in shown  # what stays is no difference
    assert "/approve" not in mine
    assert "Version 1 still waits" in mine
    assert f"/v1/accounting-policies/{proposed(office)['policy_id']}/approve" in theirs
    assert f'href="/books/{office.treasury.book}/accounting-policy"' in inbox


def test_the_policy_in_force_is_told_by_day_with_source_and_meaning_in_both_languages(office: Office) -> None:
    made = proposed(office)
    done(office.approve(f"/accounting-policies/{made['policy_id']}/approve", {"digest": made["digest"]}))

    before, after = (of_book(office, f"/accounting-policy?on={day}") for day in ("2025-12-31", "2026-10-01"))
    chinese = of_book(office, "/accounting-policy?on=2026-10-01", chinese=True)

    assert "the product's default" in before
    assert "version 1, approved by" in after
    assert "财会[2019]22号" in after
    assert "配额成本计价方法" in chinese
    assert "移动加权平均法" in chinese
    assert "100201" in after


def test_every_choice_of_a_policy_is_explained_with_its_source() -> None:
    rows = {
        row[0]: dict(zip(reference_file("accounting_choices").columns, row, strict=True))
        for row in reference_file("accounting_choices").rows
    }
    values = {
        *(f"lot.{each}" for each in LotMethod),
        *(f"settlement.{each}" for each in Settlement),
        *(f"standard.{each}" for each in Standard),
        *(f"voucher_words.{each}" for each in VoucherWords),
    }

    assert set(PolicyTermsOut.model_fields) | values | {"clearing"} == set(rows)
    assert [row_id for row_id, row in rows.items() if not (row["label_en"] and row["label_zh"] and row["source"])] == []
    assert [name for name in PolicyTermsOut.model_fields if not (rows[name]["text_en"] and rows[name]["text_zh"])] == []


def test_the_codes_are_those_of_the_vouchers_and_a_clearing_account_has_none(office: Office) -> None:
    cleared(office)

    found = done(office.treasury.get("/account-codes?on=2026-10-31"))
    without = office.treasury.post(f"/voucher-months/{MONTH}/number", {})

    by_account = {each["account"]: each for each in found["accounts"]}
    assert by_account["Assets:Bank:CNY"]["code"] == "1002"
    assert by_account["Assets:CarbonCost:CEA25"]["code"] == "1489.01"
    assert "Assets:Carbon:CEA25" not in by_account  # tonnes have no code
    clearing = by_account["Equity:Clearing:CNY"]
    assert (clearing["code"], clearing["is_clearing"], found["missing"]) == (None, True, 1)
    assert refused(without) == (409, "voucher.account_unmapped")


def test_a_missing_code_is_given_in_one_step_and_the_vouchers_are_numbered(office: Office) -> None:
    cleared(office)
    shown = of_book(office, "/accounting-policy?on=2026-10-31")
    vouchers = of_book(office, f"/vouchers?month={MONTH}")

    own = [{"path": "Equity:Clearing:CNY", "code": "1221.90", "name": "内部往来"}]
    policy = {"policy_id": entry_id(901), "effective_from": "2026-10-01", "own_codes": own}
    made = done(office.treasury.post("/accounting-policies", policy))
    done(office.approve(f"/accounting-policies/{made['policy_id']}/approve", {"digest": made["digest"]}))
    done(office.treasury.post(f"/voucher-months/{MONTH}/number", {}))
    after = of_book(office, "/accounting-policy?on=2026-10-31")

    assert 'id="give-codes"' in shown
    assert 'value="Equity:Clearing:CNY"' in shown
    assert "内部往来" in shown  # what practice does, with its source
    assert 'value="2026-10-01"' in shown  # the month whose vouchers are wanted
    assert "/accounting-policy?on=2026-10-31#codes" in vouchers
    assert 'id="give-codes"' not in after
    assert "1221.90" in after


@SQLITE
def test_accounts_of_another_book_are_not_among_the_codes(office: Office, database: Database) -> None:
    done(
        office.treasury.client.post(
            "/v1/books", json.dumps({"book_id": OTHER_BOOK, "code": "south", "functional_currency": "CNY"})
        )
    )
    with database.reader() as session:
        other = books.named(session, "south")
        day = other.last_recorded_at.date()
        assert coded_accounts(session, other.book_id, day) == ()


def asked(client: Client, question: dict[str, Any], *, chinese: bool = False) -> str:
    return page(client, f"/allocation-estimate?{httpx.QueryParams(ask=json.dumps(question))}", chinese=chinese)


def test_the_allocation_of_an_entity_is_asked_and_shown_as_the_api_answers_it(client: Client) -> None:
    question: dict[str, Any] = {
        "year": 2025,
        "balance_value": "1.60",
        "processes": [{"process_id": "P1", "emissions_t": "800000", "intensity": "1.50"}],
    }
    answer = done(client.post("/v1/entity-allocations", json.dumps(question)))

    empty, english, chinese = (
        page(client, "/allocation-estimate"),
        asked(client, question),
        asked(client, question, chinese=True),
    )

    assert "Nothing asked yet" in empty
    assert f"{int(answer['allocation']['amount']):,}" in english
    assert "by the coefficient of its intensity" in english
    assert "按强度系数" in chinese
    assert "why-dialog" in english
