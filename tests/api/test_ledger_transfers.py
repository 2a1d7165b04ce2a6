"""Transfers between two books of one organisation through the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BANK, BOOK, OTHER_BOOK, Treasury, done, entry_id, refused, treasury

CLEARING = "Equity:Clearing:CNY"


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        first, second = Treasury(client, owner), Treasury(client, owner, OTHER_BOOK)
        done(first.open_book("north"))
        done(second.open_book("south"))
        for book in (first, second):
            for path in (BANK, CLEARING):
                done(book.post("/accounts", {"path": path, "commodity": "CNY", "opened_on": "2025-01-01"}))
        yield first


def side(book: str, number: int, amount: str) -> dict[str, Any]:
    opposite = amount[1:] if amount.startswith("-") else f"-{amount}"
    return {
        "book_id": book,
        "entry_id": entry_id(number),
        "effective_on": "2025-03-03",
        "legs": [
            {"account": BANK, "commodity": "CNY", "amount": amount},
            {"account": CLEARING, "commodity": "CNY", "amount": opposite},
        ],
    }


def send(house: Treasury, out_of: object, into: object, number: int = 90) -> httpx.Response:
    body = {"transfer_id": entry_id(number), "out_of": out_of, "into": into}
    return house.client.post("/v1/transfers", json.dumps(body))


def sizes(house: Treasury) -> list[int]:
    return [done(house.client.get(f"/v1/books/{book}"))["tree_size"] for book in (BOOK, OTHER_BOOK)]


def test_a_transfer_is_recorded_in_both_books(house: Treasury) -> None:
    told = done(send(house, side(BOOK, 1, "-5.00"), side(OTHER_BOOK, 2, "5.00")))

    assert (told["out_of"]["entry_id"], told["into"]["entry_id"]) == (entry_id(1), entry_id(2))
    read = done(house.client.get(f"/v1/transfers/{entry_id(90)}"))
    assert [one["book_id"] for one in read["sides"]] == [BOOK, OTHER_BOOK]
    assert done(house.get("/entries/1"))["transfer_id"] == entry_id(90)


def test_the_same_transfer_again_is_a_replay(house: Treasury) -> None:
    first = done(send(house, side(BOOK, 1, "-5.00"), side(OTHER_BOOK, 2, "5.00")))

    again = done(send(house, side(BOOK, 1, "-5.00"), side(OTHER_BOOK, 2, "5.00")))

    assert again["into"] == {**first["into"], "is_replay": True}
    assert sizes(house) == [1, 1]


def test_a_transfer_whose_sides_do_not_meet_leaves_no_trace(house: Treasury) -> None:
    done(house.post("/accounts", {"path": "Equity:Other", "commodity": "CNY", "opened_on": "2025-01-01"}))
    elsewhere = side(OTHER_BOOK, 2, "5.00")
    elsewhere["legs"][1]["account"] = "Equity:Other"

    for into, code in (
        (side(OTHER_BOOK, 2, "4.00"), "ledger.transfer_unmatched"),
        (side(OTHER_BOOK, 2, "-5.00"), "ledger.transfer_unmatched"),
        (side(BOOK, 2, "5.00"), "ledger.transfer_one_book"),
        (elsewhere, "ledger.transfer_unmatched"),
    ):
        assert refused(send(house, side(BOOK, 1, "-5.00"), into)) == (422, code), into

    assert sizes(house) == [0, 0]
    done(send(house, side(BOOK, 1, "-5.00"), side(OTHER_BOOK, 2, "5.00")))


def test_a_refused_side_refuses_the_other(house: Treasury) -> None:
    into = side(OTHER_BOOK, 2, "5.00")
    into["legs"][0]["account"] = "Assets:Bank:Nowhere"

    assert refused(send(house, side(BOOK, 1, "-5.00"), into)) == (409, "ledger.account_unknown")

    assert sizes(house) == [0, 0]


def test_a_transfers_id_names_one_transfer(house: Treasury) -> None:
    done(send(house, side(BOOK, 1, "-5.00"), side(OTHER_BOOK, 2, "5.00")))

    for numbers in ((3, 4), (1, 4), (3, 2)):
        answer = send(house, side(BOOK, numbers[0], "-5.00"), side(OTHER_BOOK, numbers[1], "5.00"))
        assert refused(answer) == (409, "transfer.id_reused"), numbers

    assert sizes(house) == [1, 1]


def test_both_books_are_the_callers_own(
    house: Treasury, app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    done(send(house, side(BOOK, 1, "-5.00"), side(OTHER_BOOK, 2, "5.00")))
    other = treasury(database, clock, randomness, "Second Smelter")
    key = other.key
    body = {"transfer_id": entry_id(91), "out_of": side(BOOK, 3, "-5.00"), "into": side(OTHER_BOOK, 4, "5.00")}

    assert refused(house.client.post("/v1/transfers", json.dumps(body), key=key)) == (404, "book.not_found")
    assert refused(house.client.get(f"/v1/transfers/{entry_id(90)}", key=key)) == (404, "transfer.not_found")


def test_a_side_names_its_field(house: Treasury) -> None:
    answer = send(house, side(BOOK, 1, "-5.00"), side(OTHER_BOOK, 2, "5.001"))

    assert refused(answer) == (422, "amount.scale")
    assert answer.json()["errors"][0]["field"] == "into.legs[0].amount"
