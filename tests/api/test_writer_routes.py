from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from api.settings import Settings, from_environment
from ledger.core.errors import Invalid
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, Treasury, done, entry_id, money, refused, tonnes, treasury


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        opened.open_plain()
        yield opened


def test_one_entry_sent_by_many_at_once_is_recorded_once(house: Treasury) -> None:
    answers = house.client.post_together(20, f"/v1/books/{BOOK}/entries", json.dumps(money(1)))

    receipts = [done(answer) for answer in answers]
    assert {receipt["seq"] for receipt in receipts} == {1}
    assert [receipt["is_replay"] for receipt in receipts].count(False) == 1
    assert done(house.get(""))["tree_size"] == 1


def test_a_refusal_that_came_through_the_queue_stays_recorded(house: Treasury) -> None:
    first = refused(house.post("/entries", tonnes(1, "-5")))
    again = refused(house.post("/entries", tonnes(1, "-5")))

    assert first == again
    assert first[0] == 409


def test_a_stopping_server_says_when_to_come_again(house: Treasury, app: FastAPI) -> None:
    app.state.surroundings.writer.close()

    answer = house.post("/entries", money(1))

    assert refused(answer) == (503, "server.stopping")
    assert answer.headers["retry-after"] == "1"


def test_an_entry_with_a_key_keeps_its_answer_and_its_own_transaction(house: Treasury, app: FastAPI) -> None:
    app.state.surroundings.writer.close()

    first = house.post("/entries", money(1), Idempotency_Key="k")
    again = house.post("/entries", money(1), Idempotency_Key="k")

    assert done(first)["entry_id"] == entry_id(1)
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"


def test_a_reversal_goes_through_the_queue_too(house: Treasury, app: FastAPI) -> None:
    done(house.post("/entries", money(1)))
    reversal = {"entry_id": entry_id(2), "effective_on": "2025-03-04"}

    receipt = done(house.post(f"/entries/{entry_id(1)}/reverse", reversal))
    app.state.surroundings.writer.close()
    stopped = house.post(f"/entries/{entry_id(1)}/reverse", {**reversal, "entry_id": entry_id(3)})

    assert receipt["seq"] == 2
    assert refused(stopped) == (503, "server.stopping")


def test_the_length_of_the_queue_is_a_setting() -> None:
    assert from_environment({"TONNE_WRITER_QUEUE": "64"}).writer_queue == 64
    assert Settings().writer_queue == 8_000


@pytest.mark.parametrize("length", ["0", "100001", "many", "-1", "1.5"])
def test_a_length_that_cannot_be_is_refused(length: str) -> None:
    with pytest.raises(Invalid) as wrong:
        from_environment({"TONNE_WRITER_QUEUE": length})

    assert wrong.value.code == "settings.writer_queue"
