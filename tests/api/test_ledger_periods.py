"""Periods through the API: hard and soft close, reopening, and what is posted in a softly closed day."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BANK, BOOK, SUPPLIER, Treasury, done, entry_id, money, refused, treasury
from tests.api.people import place, proof


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        opened.open_plain()
        done(opened.post("/entries", money(1, "12.50", day="2025-03-03")))
        yield opened


@pytest.fixture
def clerk(
    app: FastAPI, house: Treasury, database: Database, clock: Clock, randomness: Randomness
) -> Iterator[Treasury]:
    """A key of the same organisation that posts and does not close."""
    clerk = proof(database, clock, randomness, place(database, house.owner), {Scope.LEDGER_READ, Scope.LEDGER_WRITE})
    with Client(app, clerk.key) as client:
        yield Treasury(client, house.owner)


def test_a_hard_close_keeps_the_state_root_of_its_day(house: Treasury) -> None:
    closed = done(house.post("/periods/close", {"through": "2025-03-31"}))

    said = f"{BANK}|CNY|1250\n{SUPPLIER}|CNY|1250\n"
    assert closed["state_root"] == hashlib.sha256(said.encode()).hexdigest()
    assert (closed["locked_through"], closed["tree_size"]) == ("2025-03-31", 2)
    (closing,) = done(house.get("/periods"))["closings"]
    assert (closing["closing"], closing["through"]) == ("hard", "2025-03-31")
    assert (closing["state_root"], closing["tree_size"]) == (closed["state_root"], 2)
    assert closing["recorded_by"] == str(house.owner.user_id)


def test_the_same_close_again_changes_nothing(house: Treasury) -> None:
    first = done(house.post("/periods/close", {"through": "2025-03-31"}))

    assert done(house.post("/periods/close", {"through": "2025-03-31"})) == first


def test_only_a_closer_posts_in_a_softly_closed_day(house: Treasury, clerk: Treasury) -> None:
    done(house.post("/periods/close-softly", {"through": "2025-03-31"}))

    late = clerk.post("/entries", money(2, day="2025-03-31"))
    batch = done(clerk.post("/entries/batch", {"entries": [money(3, day="2025-03-31")]}))

    assert refused(late) == (409, "ledger.period_soft_closed")
    assert batch["results"][0]["refusal"]["code"] == "ledger.period_soft_closed"
    done(clerk.post("/entries", money(4, day="2025-04-01")))
    done(house.post("/entries", money(5, day="2025-03-31"), Idempotency_Key="late"))
    assert done(house.post("/entries/batch", {"entries": [money(6, day="2025-03-31")]}))["accepted"] == 1


def test_a_softly_closed_book_opens_again(house: Treasury, clerk: Treasury) -> None:
    done(house.post("/periods/close-softly", {"through": "2025-03-31"}))

    opened = done(house.post("/periods/reopen", {}))

    assert opened["soft_locked_through"] is None
    done(clerk.post("/entries", money(2, day="2025-03-31")))
    assert refused(house.post("/periods/reopen", {})) == (409, "period.not_softly_closed")


def test_what_is_closed_for_good_is_not_closed_softly(house: Treasury) -> None:
    done(house.post("/periods/close", {"through": "2025-03-31"}))

    assert refused(house.post("/periods/close-softly", {"through": "2025-03-31"})) == (
        409,
        "ledger.period_closed_already",
    )


def test_closing_asks_for_its_own_scope(house: Treasury, clerk: Treasury) -> None:
    for path in ("close", "close-softly", "reopen"):
        body = {} if path == "reopen" else {"through": "2025-03-31"}
        assert refused(clerk.post(f"/periods/{path}", body)) == (403, "auth.scope_missing"), path

    assert done(clerk.get("/periods"))["closings"] == []


def test_a_day_that_has_not_begun_is_not_closed(house: Treasury) -> None:
    for path in ("close", "close-softly"):
        answer = house.post(f"/periods/{path}", {"through": "2026-11-22"})
        assert refused(answer) == (422, "period.not_begun"), path
        assert answer.json()["errors"][0]["field"] == "through"

    done(house.post("/periods/close", {"through": "2026-11-21"}))


def test_closings_are_listed_newest_first_page_by_page(house: Treasury) -> None:
    done(house.post("/periods/close", {"through": "2025-03-31"}))
    done(house.post("/periods/close-softly", {"through": "2025-04-30"}))
    done(house.post("/periods/reopen", {}))

    first = done(house.get("/periods?limit=2"))
    rest = done(house.get(f"/periods?limit=2&after={first['next_cursor']}"))

    assert [one["closing"] for page in (first, rest) for one in page["closings"]] == ["reopened", "soft", "hard"]
    assert rest["next_cursor"] is None
    assert refused(house.get("/periods?after=AAAA")) == (422, "cursor.format")


def test_an_entry_of_a_kind_that_the_ledger_makes_is_refused_from_a_client(house: Treasury) -> None:
    for number, kind in enumerate(("close", "expire", "record", "hold", "release", "capture")):
        single = house.post("/entries", money(20 + number, kind=kind))
        (item,) = done(house.post("/entries/batch", {"entries": [money(30 + number, kind=kind)]}))["results"]

        assert refused(single) == (422, "entry.kind"), kind
        assert single.json()["errors"][0]["field"] == "kind"
        assert (item["refusal"]["code"], item["refusal"]["field"]) == ("entry.kind", "entries[0].kind")

    assert done(house.get(""))["tree_size"] == 1


def test_a_linked_group_is_recorded_whole_or_not_at_all(house: Treasury) -> None:
    link = {"link": entry_id(77)}
    good = [money(2, **link), money(3, **link), money(4)]
    poor = [money(5, **link), money(6, "0", **link), money(7)]
    unread = [money(8, **link), money(9, "1.234", **link), money(10)]

    codes = [
        [
            item["refusal"] and item["refusal"]["code"]
            for item in done(house.post("/entries/batch", {"entries": sent}))["results"]
        ]
        for sent in (good, poor, unread)
    ]

    assert codes[0] == [None, None, None]
    assert codes[1] == ["ledger.linked_refused", "ledger.leg_amount", None]
    assert codes[2] == ["ledger.linked_refused", "amount.scale", None]
    assert done(house.get(""))["tree_size"] == 6


def test_a_group_stands_side_by_side(house: Treasury) -> None:
    link = {"link": entry_id(77)}

    answer = house.post("/entries/batch", {"entries": [money(2, **link), money(3), money(4, **link)]})

    assert refused(answer) == (422, "entry.link_split")
    assert answer.json()["errors"][0]["field"] == "entries[2].link"


def test_an_empty_account_closes_and_then_takes_nothing(house: Treasury) -> None:
    path = "Assets:Bank:B"
    done(house.post("/accounts", {"path": path, "commodity": "CNY", "opened_on": "2025-01-01", "floor": "0"}))

    closed = done(house.post(f"/accounts/{path}/close", {"closed_on": "2025-06-01"}))

    assert (closed["opened_on"], closed["closed_on"]) == ("2025-01-01", "2025-06-01")
    listed = {one["account"]: one for one in done(house.get("/accounts?as_of=2025-12-31"))["accounts"]}
    assert (listed[path]["closed_on"], listed[path]["floor"]["amount"]) == ("2025-06-01", "0.00")
    assert refused(house.post(f"/accounts/{BANK}/close", {"closed_on": "2025-06-01"})) == (409, "account.not_empty")
    none = house.post("/accounts/Assets:Nowhere/close", {"closed_on": "2025-06-01"})
    assert refused(none) == (404, "account.not_found")
    assert house.client.get(f"/v1/books/{BOOK}").status_code == 200
