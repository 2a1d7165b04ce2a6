from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import (
    BOOK,
    HELD,
    NO_BOOK,
    OTHER_BOOK,
    SQLITE,
    Treasury,
    done,
    entry_id,
    money,
    refused,
    tonnes,
    treasury,
)


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        yield Treasury(client, owner)


@pytest.fixture
def stranger(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness, "Second Smelter")
    with Client(app, owner.key) as client:
        yield Treasury(client, owner)


def test_a_book_opens_empty_and_is_listed(house: Treasury) -> None:
    opened = done(house.open_book())

    listed = done(house.client.get("/v1/books"))["books"]
    assert opened["book_id"] == BOOK
    assert (opened["tree_size"], opened["locked_through"]) == (0, None)
    assert opened["tree_root"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert listed == [opened]
    assert done(house.get("")) == opened


def test_the_same_book_again_is_the_same_and_other_facts_are_refused(house: Treasury) -> None:
    first = done(house.open_book())

    assert done(house.open_book()) == first
    assert refused(house.open_book(code="other")) == (409, "book.exists")


def test_a_book_of_another_organisation_answers_as_one_that_does_not_exist(house: Treasury, stranger: Treasury) -> None:
    house.open_plain()
    done(house.post("/entries", money(1)))
    day = "as_of=2025-12-31"
    reads = [
        "", "/commodities", f"/accounts?{day}", "/entries/1", f"/positions?{day}", f"/trial-balance?{day}",
        f"/lots?{day}", f"/accounts/{HELD}/statement?{day}", "/instruments", f"/trades?{day}",
        f"/valuation?{day}&snapshot_id={NO_BOOK}", f"/compliance?{day}&year=2025&emissions_t=1",
        "/balances", f"/accounts/{HELD}/balance", "/periods", f"/disposals?{day}", f"/statement?{day}&under=Assets", "/holds",
    ]  # fmt: skip
    writes: list[tuple[str, object]] = [
        ("/commodities", {"code": "GEC", "kind": "certificate", "scale": 0}),
        ("/accounts", {"path": "Assets:Bank:B", "commodity": "CNY", "opened_on": "2025-01-01"}),
        ("/entries", money(2)),
        ("/entries/batch", {"entries": [money(3)]}),
        (f"/entries/{entry_id(1)}/reverse", {"entry_id": entry_id(4), "effective_on": "2025-03-04"}),
        ("/periods/close", {"through": "2025-12-31"}),
        ("/periods/close-softly", {"through": "2025-12-31"}),
        ("/periods/reopen", {}),
        (f"/accounts/{HELD}/close", {"closed_on": "2025-12-31"}),
        (
            "/holds",
            {"kind": "hold", "account": HELD, "effective_on": "2025-03-03", "expires_at": "2027-01-01T00:00:00Z"},
        ),
        ("/instruments", {"code": "CEA25", "kind": "CEA", "vintage_year": 2025, "opened_on": "2025-01-01"}),
    ]
    absent = Treasury(stranger.client, stranger.owner, NO_BOOK)

    foreign = [stranger.get(path) for path in reads] + [stranger.post(path, body) for path, body in writes]
    unknown = [absent.get(path) for path in reads] + [absent.post(path, body) for path, body in writes]

    assert {refused(answer) for answer in foreign} == {(404, "book.not_found")}
    assert [answer.content for answer in foreign] == [answer.content for answer in unknown]
    assert done(house.get(""))["tree_size"] == 1
    assert done(stranger.client.get("/v1/books"))["books"] == []


def test_an_upload_into_a_book_of_another_organisation_is_not_found(house: Treasury, stranger: Treasury) -> None:
    house.open_plain()

    answer = stranger.client.post(f"/v1/books/{BOOK}/trades", "a,b\n1,2\n", headers={"Content-Type": "text/csv"})

    assert refused(answer) == (404, "book.not_found")


def test_an_entry_of_another_book_cannot_be_reversed_through_ones_own(house: Treasury, stranger: Treasury) -> None:
    house.open_plain()
    done(house.post("/entries", money(1)))
    own = Treasury(stranger.client, stranger.owner, OTHER_BOOK)
    own.open_plain()

    foreign = own.post(f"/entries/{entry_id(1)}/reverse", {"entry_id": entry_id(9), "effective_on": "2025-03-04"})
    absent = own.post(f"/entries/{entry_id(77)}/reverse", {"entry_id": entry_id(9), "effective_on": "2025-03-04"})

    assert refused(foreign) == (404, "entry.not_found")
    assert foreign.content == absent.content


def test_a_key_without_the_scope_can_neither_read_nor_write_a_book(
    app: FastAPI, lender: object, house: Treasury
) -> None:
    house.open_plain()
    key = lender.key  # type: ignore[attr-defined]

    assert refused(house.client.get(f"/v1/books/{BOOK}", key=key)) == (403, "auth.scope_missing")
    posted = house.client.post(f"/v1/books/{BOOK}/entries", json.dumps(money(1)), key=key)
    assert refused(posted) == (403, "auth.scope_missing")


def test_a_commodity_keeps_its_decimals_for_ever(house: Treasury) -> None:
    done(house.open_book())
    body = {"code": "GEC", "kind": "certificate", "scale": 0, "attrs": {"unit": "MWh"}}

    added = done(house.post("/commodities", body))

    assert (added["unit"], added["step"]) == ("MWh", {"amount": "1", "unit": "MWh"})
    assert done(house.post("/commodities", body)) == added
    assert refused(house.post("/commodities", {**body, "scale": 2})) == (409, "commodity.exists")
    kept = done(house.get("/commodities"))["commodities"]
    assert [(one["code"], one["unit"], one["scale"]) for one in kept] == [("CNY", "CNY", 2), ("GEC", "MWh", 0)]


@SQLITE
def test_a_commodity_outside_the_rules_is_refused(house: Treasury) -> None:
    done(house.open_book())

    for change, code in (
        ({"code": "cea"}, "commodity.code"),
        ({"step": "0.5"}, "amount.scale"),
        ({"step": "0"}, "commodity.step"),
        ({"step": "-1"}, "commodity.step"),
        ({"scale": 10}, "request.invalid"),
        ({"scale": "0"}, "request.invalid"),
        ({"kind": "share"}, "request.invalid"),
        ({"attrs": {"instrument_kind": "CEA"}}, "request.invalid"),
        ({"attrs": {"Unit": "t"}}, "request.invalid"),
        ({"attrs": {"unit": 1}}, "request.invalid"),
        ({"unit": "t"}, "request.invalid"),
    ):
        answer = house.post("/commodities", {"code": "EUA", "kind": "allowance", "scale": 0, **change})

        assert refused(answer) == (422, code), change


def test_an_account_says_its_limits_in_the_commoditys_units(house: Treasury) -> None:
    done(house.open_book())
    body = {
        "path": "Assets:Bank:CNY", "commodity": "CNY", "opened_on": "2025-01-01", "floor": "-12.50", "ceiling": "100",
    }  # fmt: skip

    opened = done(house.post("/accounts", body))

    assert opened["floor"] == {"amount": "-12.50", "unit": "CNY"}
    assert opened["ceiling"] == {"amount": "100.00", "unit": "CNY"}
    assert done(house.post("/accounts", body)) == opened
    assert refused(house.post("/accounts", {**body, "floor": "0"})) == (409, "account.exists")


@SQLITE
def test_an_account_outside_the_rules_is_refused(house: Treasury) -> None:
    done(house.open_book())

    for change, status, code in (
        ({"path": "assets:bank"}, 422, "account.path"),
        ({"path": "Assets"}, 422, "account.path"),
        ({"commodity": "XYZ", "floor": "0"}, 409, "commodity.unknown"),
        ({"commodity": "XYZ"}, 409, "commodity.unknown"),
        ({"floor": "0.005"}, 422, "amount.scale"),
        ({"floor": "9", "ceiling": "1"}, 422, "account.limits_crossed"),
        ({"floor": "1"}, 422, "account.limits_empty"),
        ({"floor": "10000000000000.01"}, 422, "amount.range"),
        ({"lot_method": "hifo"}, 422, "request.invalid"),
        ({"opened_on": "2025-02-30"}, 422, "request.invalid"),
        ({"path": "Income:X", "lot_method": "fifo"}, 422, "account.lot_method"),
    ):
        answer = house.post(
            "/accounts", {"path": "Assets:Bank:CNY", "commodity": "CNY", "opened_on": "2025-01-01", **change}
        )

        assert refused(answer) == (status, code), change


@SQLITE
def test_a_book_outside_the_rules_is_refused(house: Treasury) -> None:
    for body, code in (
        ({"code": "Smelter"}, "book.code"),
        ({"functional_currency": "XXQ"}, "currency.unknown"),
        ({"functional_currency": "cny"}, "currency.unknown"),
        ({"book_id": "1"}, "request.invalid"),
        ({"book_id": BOOK.upper()}, "request.invalid"),
        ({"tenant_id": BOOK}, "request.invalid"),
    ):
        sent = {"book_id": BOOK, "code": "smelter", "functional_currency": "CNY", **body}

        answer = house.client.post("/v1/books", json.dumps(sent))

        assert refused(answer) == (422, code), body


def test_a_closed_period_takes_no_entry_and_does_not_reopen(house: Treasury) -> None:
    house.open_plain()

    closed = done(house.post("/periods/close", {"through": "2025-03-31"}))

    assert closed["locked_through"] == "2025-03-31"
    assert refused(house.post("/entries", money(1, day="2025-03-31"))) == (409, "ledger.period_closed")
    done(house.post("/entries", money(2, day="2025-04-01")))
    assert refused(house.post("/periods/close", {"through": "2025-03-30"})) == (409, "ledger.period_reopened")


def test_an_instrument_brings_its_commodity_and_accounts(house: Treasury) -> None:
    done(house.open_book())
    credit = {
        "code": "CCER_BJ.1", "kind": "CCER", "project": "BJ-1", "methodology": "并网海上风力发电",
        "registered_on": "2025-03-06", "is_inside_national_ets": False, "opened_on": "2025-01-01",
    }  # fmt: skip

    done(house.post("/instruments", {"code": "CEA25", "kind": "CEA", "vintage_year": 2025, "opened_on": "2025-01-01"}))
    registered = done(house.post("/instruments", credit))

    assert registered["price_instrument"] == "CCER"
    assert [one["code"] for one in done(house.get("/instruments"))["instruments"]] == ["CCER_BJ.1", "CEA25"]
    accounts = done(house.get("/accounts?as_of=2025-12-31&under=Assets:Carbon"))["accounts"]
    assert [(one["account"], one["balance"]) for one in accounts] == [
        ("Assets:Carbon:CCER-BJ-1", {"amount": "0", "unit": "t"}),
        ("Assets:Carbon:CEA25", {"amount": "0", "unit": "t"}),
    ]


@SQLITE
def test_an_instrument_whose_facts_do_not_fit_its_kind_is_refused(house: Treasury) -> None:
    done(house.open_book())

    for body, status, code in (
        ({"code": "CEA25", "kind": "CEA"}, 422, "instrument.vintage_year"),
        ({"code": "CEA25", "kind": "CEA", "vintage_year": 2025, "project": "P"}, 422, "instrument.project"),
        ({"code": "C1", "kind": "CCER", "methodology": "M", "registered_on": "2025-01-01"}, 422, "instrument.project"),
        ({"code": "C1", "kind": "CCER", "methodology": "M", "project": "P"}, 422, "instrument.registered_on"),
        ({"code": "CEA25", "kind": "CEA", "vintage_year": 25}, 422, "request.invalid"),
        ({"code": "CEA25", "kind": "EUA", "vintage_year": 2025}, 422, "instrument.vintage_year"),
        ({"code": "VCU25", "kind": "VCU", "vintage_year": 2025}, 422, "request.invalid"),
    ):
        assert refused(house.post("/instruments", {"opened_on": "2025-01-01", **body})) == (status, code), body


def test_an_instrument_needs_a_book_in_cny(house: Treasury) -> None:
    done(house.open_book(currency="EUR"))

    body = {"code": "CEA25", "kind": "CEA", "vintage_year": 2025, "opened_on": "2025-01-01"}

    assert refused(house.post("/instruments", body)) == (409, "trade.book_currency")


def test_lots_show_what_is_left_of_quantity_and_cost(house: Treasury) -> None:
    house.open_plain()
    done(house.post("/entries", tonnes(1, "3", cost="10.00", day="2025-03-01")))
    done(house.post("/entries", tonnes(2, "-1", day="2025-03-02")))

    (lot,) = done(house.get("/lots?as_of=2025-03-02"))["lots"]

    assert (lot["acquired_quantity"], lot["acquired_cost"]) == (
        {"amount": "3", "unit": "t"},
        {"amount": "10.00", "unit": "CNY"},
    )
    assert (lot["quantity"], lot["cost"]) == ({"amount": "2", "unit": "t"}, {"amount": "6.67", "unit": "CNY"})
