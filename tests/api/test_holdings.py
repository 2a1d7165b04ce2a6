"""What all books of an organisation hold, added up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from fastapi import FastAPI

from api.store import legal_entities
from api.store.legal_entities import LegalEntity
from ledger.store import books
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.conftest import Member
from tests.api.ledger_calls import BOOK
from tests.api.trading_world import House, fresh_id, house_of


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    with Client(app, "") as client:
        made = house_of(app, client, database, clock, randomness)
        made.open_book(held=98_000)
        made.register({"code": "CEA24", "kind": "CEA", "vintage_year": 2024})
        made.trades("A-2,free_allocation,2026-09-30,CEA24,500,,,,,2024,,")
        yield made


def lines(house: House, by: str) -> dict[str, tuple[str, str, str]]:
    found = house.get(f"/holdings?as_of=2026-11-20&by={by}")
    return {one["key"]: tuple(one[name]["amount"] for name in ("posted", "held", "free")) for one in found["lines"]}


def test_what_is_pledged_is_held_and_the_rest_is_free(house: House) -> None:
    hold = {"entry_id": fresh_id(), "kind": "hold", "account": "Assets:Carbon:CEA25", "amount": "1000"}
    house.post(f"/books/{BOOK}/holds", {**hold, "effective_on": "2026-11-20", "expires_at": "2026-12-20T00:00:00Z"})

    assert lines(house, "instrument") == {"CEA24": ("500", "0", "500"), "CEA25": ("98000", "1000", "97000")}
    assert lines(house, "vintage") == {"CEA 2024": ("500", "0", "500"), "CEA 2025": ("98000", "1000", "97000")}
    assert lines(house, "book") == {"smelter": ("98500", "1000", "97500")}
    assert lines(house, "entity") == {"smelter": ("98500", "1000", "97500")}  # kept for no entity yet


def test_books_of_one_legal_entity_are_one_line(house: House, database: Database) -> None:
    with database.writer() as session:
        (book,) = books.list_books(session, house.maker.organisation_id)
        entity = LegalEntity(
            entity_id=UUID(fresh_id()),
            organisation_id=house.maker.organisation_id,
            name="Beihe Smelting Ltd",
            credit_code="91371602MA3C000009",
            created_at=datetime(2026, 11, 20, tzinfo=UTC),
        )
        legal_entities.add_entity(session, entity)
        legal_entities.add_book(session, entity.entity_id, book.book_id, now=datetime(2026, 11, 20, tzinfo=UTC))
        session.commit()

    assert lines(house, "entity") == {"Beihe Smelting Ltd": ("98500", "0", "98500")}
    assert lines(house, "book") == {"smelter": ("98500", "0", "98500")}


def test_a_sum_is_explained_down_to_accounts_and_their_record_point(house: House) -> None:
    found = house.get("/holdings?as_of=2026-11-20&by=book")

    (line,) = found["lines"]
    posted = line["explanation"]["children"][0]
    known = found["points"][0]["known"]
    assert [each["value"] for each in posted["children"]] == ["500", "98000"]
    assert posted["children"][1]["source"] == (f"book smelter, account Assets:Carbon:CEA25, record point {known}")


def test_a_day_before_anything_came_has_no_line(house: House) -> None:
    assert house.get("/holdings?as_of=2026-09-29")["lines"] == []


def test_another_organisation_sees_its_own_books_only(house: House, borrower: Member) -> None:
    found = house.get("/holdings?as_of=2026-11-20", key=borrower.key)

    assert (found["lines"], found["points"]) == ([], [])


def test_who_may_not_read_the_ledger_reads_no_holdings(house: House, lender: Member) -> None:
    answer = house.client.get("/v1/holdings?as_of=2026-11-20", key=lender.key)

    assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope_missing")


def test_colleagues_are_those_of_the_own_organisation(house: House, borrower: Member) -> None:
    own, other = house.get("/colleagues"), house.get("/colleagues", key=borrower.key)

    assert {"First Person", "second", "third"} <= {each["name"] for each in own["colleagues"]}
    assert [each["id"] for each in other["colleagues"]] == [str(borrower.user_id)]
