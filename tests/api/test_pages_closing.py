"""The pages of month close and vouchers: what they show is what the API answers, to whom it answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.pages.base.formats import plain_amount
from api.schemas.amounts import AmountOut
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import member
from tests.api.ledger_calls import Treasury, done, entry_id
from tests.api.test_month_close import MAKER, MONTH, Office, colleague, numbered, r14

BROWSER = {"Accept": "text/html"}
CHINESE = {**BROWSER, "Accept-Language": "zh-CN"}


@pytest.fixture
def office(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Office]:
    owner = member(database, clock, randomness, OrganisationKind.BORROWER, "First Smelter", MAKER)
    with Client(app, owner.key) as client:
        treasury = Treasury(client, owner)
        done(treasury.open_book())
        done(
            treasury.post(
                "/instruments", {"code": "CEA25", "kind": "CEA", "vintage_year": 2025, "opened_on": "2026-01-01"}
            )
        )
        yield Office(treasury, colleague(database, clock, randomness, owner))


def page(office: Office, path: str, *, key: str | None = None, chinese: bool = False) -> str:
    answer = office.treasury.client.get(
        f"/books/{office.treasury.book}{path}", key=key, headers=CHINESE if chinese else BROWSER
    )
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def test_an_empty_month_says_what_to_do_next(office: Office) -> None:
    assert "No money moved in this month" in page(office, f"/vouchers?month={MONTH}")
    assert "No day closed yet" in page(office, f"/month-close?month={MONTH}")


def test_the_checklist_shows_every_item_with_the_words_of_the_api(office: Office) -> None:
    r14(office)
    answer = done(office.treasury.get(f"/month-closes/{MONTH}"))

    english, chinese = (page(office, f"/month-close?month={MONTH}", chinese=asked) for asked in (False, True))

    assert [item["name_en"] for item in answer["items"] if item["name_en"] not in english] == []
    assert [item["name_zh"] for item in answer["items"] if item["name_zh"] not in chinese] == []
    assert f">{len(answer['blocking'])}</p>" in english
    assert "月末关账" in chinese


def test_the_vouchers_page_offers_numbering_then_shows_every_voucher(office: Office) -> None:
    r14(office)
    before = page(office, f"/vouchers?month={MONTH}")
    listed = numbered(office)

    after = page(office, f"/vouchers?month={MONTH}")

    assert "Number the vouchers" in before
    assert "Number the vouchers" not in after
    assert [one["number"] for one in listed if f"/vouchers/{MONTH}/{one['number']}" not in after] == []
    assert f"/voucher-months/{MONTH}/export?erp=kingdee" in after


def test_what_vouchers_lack_against_the_ledger_is_told_in_yuan_with_its_unit(office: Office) -> None:
    r14(office)
    differences = done(office.treasury.get(f"/voucher-months/{MONTH}"))["differences"]

    text = page(office, f"/vouchers?month={MONTH}")

    (bank,) = (one for one in differences if one["account"] == "Assets:Bank:CNY")
    assert bank["vouchers"] == {"amount": "0.00", "unit": "CNY"}
    assert bank["difference"]["amount"] == f"-{bank['ledger']['amount']}".replace("--", "")
    assert plain_amount(AmountOut(**bank["ledger"])) in text
    assert plain_amount(AmountOut(**bank["difference"])) in text


def test_a_preparer_is_not_offered_the_review_of_its_own_vouchers_and_a_colleague_is(office: Office) -> None:
    r14(office)
    listed = numbered(office)

    mine = page(office, f"/vouchers/{MONTH}/1")
    theirs = page(office, f"/vouchers/{MONTH}/1", key=office.colleague)

    assert "waits for a second person" in mine
    assert "Review this voucher?" not in mine
    assert "Review this voucher?" in theirs
    assert listed[0]["digest"] in theirs


def test_one_voucher_shows_the_amounts_of_the_api(office: Office) -> None:
    r14(office)
    shown = numbered(office)[0]

    text = page(office, f"/vouchers/{MONTH}/{shown['number']}", chinese=True)

    amounts = [side["amount"] for line in shown["lines"] for side in (line["debit"], line["credit"]) if side]
    assert [each for each in amounts if f"{int(each.split('.')[0]):,}" not in text] == []
    assert shown["summary_zh"] in text


def test_what_a_waiver_asks_for_is_offered_to_the_second_person_only(office: Office) -> None:
    r14(office)
    done(office.treasury.post(f"/month-closes/{MONTH}/waive", {"item": "feeds", "reason": "the exchange was closed"}))

    mine = page(office, f"/month-close?month={MONTH}")
    theirs = page(office, f"/month-close?month={MONTH}", key=office.colleague)

    assert "the exchange was closed" in mine
    assert "/approve-waiver" not in mine
    assert "/approve-waiver" in theirs


@pytest.mark.parametrize("path", ["/month-close", "/vouchers", f"/vouchers/{MONTH}/1"])
def test_a_stranger_and_a_wrong_id_meet_the_same_page(
    office: Office, database: Database, clock: Clock, randomness: Randomness, path: str
) -> None:
    stranger = member(database, clock, randomness, OrganisationKind.LENDER, "Example Bank", (Scope.LEDGER_READ,))
    client, book = office.treasury.client, office.treasury.book

    foreign = client.get(f"/books/{book}{path}", key=stranger.key, headers=BROWSER)
    absent = client.get(f"/books/{entry_id(999)}{path}", key=stranger.key, headers=BROWSER)

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace(book, "") == absent.text.replace(entry_id(999), "")


@pytest.mark.parametrize("path", ["/month-close", "/vouchers", f"/vouchers/{MONTH}/1"])
def test_a_key_without_the_scope_is_told_so(
    office: Office, database: Database, clock: Clock, randomness: Randomness, path: str
) -> None:
    reader = member(database, clock, randomness, OrganisationKind.ASSESSOR, "Assessor", (Scope.ATTESTATION_WRITE,))

    answer = office.treasury.client.get(f"/books/{office.treasury.book}{path}", key=reader.key, headers=BROWSER)

    assert answer.status_code == 403


@pytest.mark.parametrize("month", ["2026-13", "x", "2026-1", "99999-01"])
def test_a_month_that_is_none_is_refused_in_place(office: Office, month: str) -> None:
    answer = office.treasury.client.get(f"/books/{office.treasury.book}/month-close?month={month}", headers=BROWSER)

    assert answer.status_code == 422
