"""The pages of prices, valuation, results and loans: to whom they answer, in both languages, with the figures of the API."""

from __future__ import annotations

from decimal import Decimal

import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from api.store.access import OrganisationKind
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import member
from tests.api.ledger_calls import BOOK, done, entry_id
from tests.api.trading_world import TRADER, House, fresh_id, house_of

BROWSER = {"Accept": "text/html"}
CHINESE = {**BROWSER, "Accept-Language": "zh-CN"}
OF_BOOK = (f"/books/{BOOK}/valuation", f"/books/{BOOK}/profit")
OF_PRICES = ("/prices", "/prices/held", "/prices/uploads", "/prices/marks", "/prices/calendars")


@pytest.fixture
def house(app: FastAPI, client: Client, database: Database, clock: Clock, randomness: Randomness) -> House:
    made = house_of(app, client, database, clock, randomness)
    made.open_book()
    return made


def page(house: House, path: str, *, key: str | None = None, chinese: bool = False) -> str:
    answer = house.client.get(path, key=key, headers=CHINESE if chinese else BROWSER)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def frozen(house: House, day: str = "2026-11-19") -> str:
    snapshot_id = fresh_id()
    done(house.post("/snapshots", {"snapshot_id": snapshot_id, "as_of": day, "instruments": ["CEA25"]}))
    return snapshot_id


def test_before_anything_is_frozen_the_page_says_what_to_do(house: House) -> None:
    assert [path for path in OF_BOOK if "No frozen prices yet" not in page(house, path)] == []


def test_the_valuation_shows_the_figures_of_the_api_and_how_each_price_stands(house: House) -> None:
    snapshot_id = frozen(house)
    answer = house.get(f"/books/{BOOK}/valuation?snapshot_id={snapshot_id}&as_of=2026-11-19")

    text = page(house, f"/books/{BOOK}/valuation?snapshot_id={snapshot_id}")

    shown = [answer["total"][name]["amount"] for name in ("market_value", "unrealised", "unvalued_quantity")]
    assert [each for each in shown if f"{Decimal(each):,}" not in text] == []
    assert [lot["mark"]["source"] for lot in answer["lots"] if lot["mark"]["source"] not in text] == []
    assert (">missing<" in text) == any(lot["mark"]["state"] == "missing" for lot in answer["lots"])


def test_results_need_two_frozen_days_to_tell_a_change(house: House) -> None:
    frozen(house, "2026-11-18")
    one = page(house, f"/books/{BOOK}/profit")
    frozen(house)

    two = page(house, f"/books/{BOOK}/profit", chinese=True)

    assert "Only one day is frozen" in one
    assert "价值变动原因" in two
    assert "/charts/pnl-explain" in two


@pytest.mark.parametrize("by", ["instrument", "lot", "account", "price_currency"])
def test_results_are_told_by_every_dimension_that_is_offered(house: House, by: str) -> None:
    frozen(house)

    assert 'aria-current="page"' in page(house, f"/books/{BOOK}/profit?by={by}")


@pytest.mark.parametrize("path", OF_PRICES)
def test_every_view_of_prices_is_whole_in_both_languages(house: House, path: str) -> None:
    english, chinese = page(house, path), page(house, path, chinese=True)

    assert english.count("<h1>") == chinese.count("<h1>") == 1
    assert english != chinese


def test_a_proposed_price_is_offered_for_approval_to_another_person_only(house: House) -> None:
    body = {
        "mark_id": fresh_id(),
        "instrument": "CEA25",
        "price": "80.50",
        "currency": "CNY",
        "unit": "t",
        "reason": "two broker quotes of the day",
        "evidence_sha256": "9f" * 32,
        "valid_from": "2026-11-20",
    }
    answer = house.post("/market-marks", body)
    text = page(house, "/prices/marks?instrument=CEA25")

    assert (answer.status_code < 300) == ("two broker quotes of the day" in text)
    assert "Approve this price?" not in text


@pytest.mark.parametrize("path", OF_BOOK)
def test_a_foreign_book_is_as_absent_as_none(
    house: House, database: Database, clock: Clock, randomness: Randomness, path: str
) -> None:
    stranger = member(database, clock, randomness, OrganisationKind.LENDER, "Example Bank", TRADER)

    foreign = house.client.get(path, key=stranger.key, headers=BROWSER)
    absent = house.client.get(path.replace(BOOK, entry_id(999)), key=stranger.key, headers=BROWSER)

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text.replace(BOOK, "") == absent.text.replace(entry_id(999), "")


@pytest.mark.parametrize("path", [*OF_BOOK, *OF_PRICES])
def test_a_key_without_the_scope_is_told_so(
    house: House, database: Database, clock: Clock, randomness: Randomness, path: str
) -> None:
    reader = member(database, clock, randomness, OrganisationKind.ASSESSOR, "Assessor", (Scope.ATTESTATION_WRITE,))

    assert house.client.get(path, key=reader.key, headers=BROWSER).status_code == 403


def test_a_borrower_without_a_loan_is_told_so_and_a_bank_has_its_own_pages(
    house: House, database: Database, clock: Clock, randomness: Randomness
) -> None:
    bank = member(database, clock, randomness, OrganisationKind.LENDER, "Example Bank", TRADER)

    assert "No loan yet" in page(house, "/loans")
    assert "暂无贷款" in page(house, "/loans", chinese=True)
    assert house.client.get("/loans", key=bank.key, headers=BROWSER).status_code == 403
    assert house.client.get(f"/loans/{entry_id(999)}", headers=BROWSER).status_code == 404
