"""Four eyes at the API: price files, held prices, calendars, feeds, overrides and closes, with who may and who may not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.auth.principal import Scope
from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import SQLITE, TREASURY, Treasury, colleague, done, entry_id, refused, treasury
from tests.api.people import person as new_person
from tests.api.people import proof

CSV = {"Content-Type": "text/csv"}
HEADER = "instrument,exchange,price_basis,trade_date,last_trade_date,value,currency,unit,volume_t,source\n"
UPLOADS, HELD, YEARS = "/v1/observation-uploads", "/v1/observations/held", "/v1/calendar-years"
YEAR_2027 = "kind,first_day,last_day\nclosed,2027-01-01,2027-01-01\nclosed,2027-02-05,2027-02-11\n"
NOTICE = "?market=cn_exchange&year=2027&source=notice%20of%20the%20exchange"
DIGEST = json.dumps({"sha256": "0" * 64})
REASON = json.dumps({"reason": "looked at"})


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        yield Treasury(client, owner)


@pytest.fixture
def checker(database: Database, clock: Clock, randomness: Randomness, house: Treasury) -> str:
    return colleague(database, clock, randomness, house.owner)


@pytest.fixture
def stranger(database: Database, clock: Clock, randomness: Randomness) -> str:
    return treasury(database, clock, randomness, "Second Smelter").key


def person(
    database: Database, clock: Clock, randomness: Randomness, house: Treasury, name: str, *keys: tuple[Scope, ...]
) -> list[str]:
    """Return the proofs of one more person of the house."""
    user = new_person(database, clock, randomness, house.owner.organisation_id, f"{name}@borrower.example", name)
    return [proof(database, clock, randomness, user, scopes).key for scopes in keys]


def close(price: str, *, source: str = "close of the day", day: str = "2026-08-14") -> str:
    return f"CEA25,Exchange,listed_close,{day},{day},{price},CNY,t,1000,{source}\n"


def upload(house: Treasury, *rows: str, query: str = "", key: str | None = None) -> httpx.Response:
    return house.client.post(f"{UPLOADS}{query}", HEADER + "".join(rows), headers=CSV, key=key)


def decide(house: Treasury, made: Any, verb: str = "approve", key: str | None = None) -> httpx.Response:
    body = json.dumps({"sha256": made["sha256"]}) if verb == "approve" else REASON
    return house.client.post(f"{UPLOADS}/{made['upload_id']}/{verb}", body, key=key)


def prices(house: Treasury) -> list[str]:
    listed = done(house.client.get("/v1/observations?instrument=CEA25&as_of=2026-08-14"))["observations"]
    return [one["price"]["amount"] for one in listed if one["price"]]


def test_a_file_shows_what_it_would_do_and_counts_after_a_second_persons_approval(
    house: Treasury, checker: str
) -> None:
    done(decide(house, done(upload(house, close("97.40"))), key=checker))
    made = done(upload(house, close("97.50"), close("90.00", source="a newspaper")))

    own = decide(house, made)
    wrong = house.client.post(f"{UPLOADS}/{made['upload_id']}/approve", DIGEST, key=checker)
    before = prices(house)
    approved = done(decide(house, made, key=checker))

    assert (made["counts"]["revised"], made["counts"]["conflict"], made["decision"]) == (1, 1, None)
    assert sorted(one["acceptance"] for one in made["findings"]) == ["conflict", "revised"]
    assert refused(own) == (403, "market.same_person")
    assert refused(wrong) == (409, "market.digest")
    assert before == ["97.40"]
    assert prices(house) == ["97.40", "97.50"]
    assert approved["imported"] == {"new": 0, "duplicate": 0, "revised": 1, "corroborated": 0, "held": 1}
    read = done(house.client.get(f"{UPLOADS}/{made['upload_id']}"))
    assert (read["decision"]["verdict"], read["findings"]) == ("approved", [])
    assert made["upload_id"] in {one["upload_id"] for one in done(house.client.get(UPLOADS))["uploads"]}


def test_a_rejected_file_never_counts(house: Treasury, checker: str) -> None:
    made = done(upload(house, close("97.40"), query=f"?upload_id={entry_id(5)}"))
    again = done(upload(house, close("97.40"), query=f"?upload_id={entry_id(5)}"))

    rejected = done(decide(house, made, "reject", key=checker))

    assert again["sha256"] == made["sha256"]
    assert rejected["decision"]["reason"] == "looked at"
    assert refused(decide(house, made, key=checker)) == (409, "market.decided")
    assert prices(house) == []


def test_a_held_price_is_decided_by_another_than_its_uploader(house: Treasury, checker: str) -> None:
    done(decide(house, done(upload(house, close("97.40"))), key=checker))
    done(decide(house, done(upload(house, close("98.40", source="a newspaper"))), key=checker))
    (held,) = done(house.client.get(HELD))["held"]
    path = f"{HELD}/{held['content_sha256']}"

    own = house.client.post(f"{path}/accept", REASON)
    accepted = done(house.client.post(f"{path}/accept", REASON, key=checker))

    assert refused(own) == (403, "market.same_person")
    assert (accepted["verdict"], accepted["held"]["observation"]["price"]["amount"]) == ("accepted", "98.40")
    assert done(house.client.get(HELD))["held"] == []
    assert done(house.client.get(f"{HELD}/decided"))["reviews"] == [accepted]
    assert sorted(prices(house)) == ["97.40", "98.40"]
    body = {"snapshot_id": entry_id(1), "as_of": "2026-08-14", "instruments": ["CEA25"]}
    (mark,) = done(house.client.post("/v1/snapshots", json.dumps(body)))["marks"]
    assert (mark["price"]["amount"], mark["source"][-11:]) == ("98.40", "a newspaper")


@SQLITE
def test_a_foreign_record_and_an_absent_one_look_the_same(house: Treasury, stranger: str) -> None:
    made = done(upload(house, close("97.40")))
    year = done(house.client.post(f"{YEARS}{NOTICE}", YEAR_2027, headers=CSV))

    for path, own, body in (
        (f"{UPLOADS}/{{}}/approve", made["upload_id"], DIGEST),
        (f"{UPLOADS}/{{}}/reject", made["upload_id"], REASON),
        (f"{YEARS}/{{}}/approve", year["proposal_id"], DIGEST),
        (f"{YEARS}/{{}}/reject", year["proposal_id"], REASON),
    ):
        foreign = house.client.post(path.format(own), body, key=stranger)
        absent = house.client.post(path.format(entry_id(9)), body, key=stranger)
        assert foreign.status_code == absent.status_code == 404
        assert foreign.content == absent.content
    for path, own in ((UPLOADS, made["upload_id"]), (YEARS, year["proposal_id"])):
        assert house.client.get(f"{path}/{own}", key=stranger).status_code == 404
    assert house.client.get(f"{YEARS}/{made['upload_id']}").status_code == 404
    assert refused(house.client.post(f"{HELD}/{'0' * 64}/accept", REASON)) == (404, "market.held_unknown")
    assert done(house.client.get(UPLOADS, key=stranger))["uploads"] == []


@SQLITE
def test_each_write_asks_for_its_scope(
    database: Database, clock: Clock, randomness: Randomness, house: Treasury
) -> None:
    (reader,) = person(database, clock, randomness, house, "reader", (Scope.LEDGER_READ,))
    made = done(upload(house, close("97.40")))

    for path, body in (
        (f"{UPLOADS}/{made['upload_id']}/approve", DIGEST),
        (f"{UPLOADS}/{made['upload_id']}/reject", REASON),
        (f"{HELD}/{'0' * 64}/accept", REASON),
        (f"{HELD}/{'0' * 64}/reject", REASON),
        (f"{YEARS}/{entry_id(1)}/approve", DIGEST),
        ("/v1/feeds/ecb.daily/switch", json.dumps({"is_on": False, "reason": "x"})),
        ("/v1/closing-snapshots/beijing/2026-08-14/refreeze", REASON),
        (f"/v1/market-marks/{entry_id(1)}/second-check", DIGEST),
    ):
        assert refused(house.client.post(path, body, key=reader)) == (403, "auth.scope_missing"), path
    assert refused(upload(house, close("1"), key=reader)) == (403, "auth.scope_missing")


def test_a_year_is_imported_by_two_persons_and_unknown_until_then(house: Treasury, checker: str, clock: Clock) -> None:
    asked = "/v1/calendars/cn_exchange/2027"
    unknown = house.client.get(asked)
    made = done(house.client.post(f"{YEARS}{NOTICE}", YEAR_2027, headers=CSV))
    path = f"{YEARS}/{made['proposal_id']}/approve"
    body = json.dumps({"sha256": made["sha256"]})

    own = house.client.post(path, body)
    still_unknown = house.client.get(asked)
    approved = done(house.client.post(path, body, key=checker))
    days = done(house.client.get(asked))

    assert refused(unknown) == refused(still_unknown) == (409, "calendar.unknown")
    assert "2027" in unknown.json()["detail"]
    assert refused(own) == (403, "market.same_person")
    assert (made["is_new"], made["closed_weekdays"][0], len(made["closed_weekdays"])) == (True, "2027-01-01", 6)
    assert approved["decision"]["verdict"] == "approved"
    assert (days["open_days"][0], len(days["open_days"]), "2027 v1" in days["edition"]) == ("2027-01-04", 255, True)
    shown = {one["market"]: one for one in done(house.client.get("/v1/calendars"))["calendars"]}
    assert (shown["cn_exchange"]["last_known"], shown["target"]["last_known"]) == ("2027-12-31", "2027-12-31")
    earlier = done(house.client.get("/v1/calendars?known_at=2026-11-21T07:59:59Z"))["calendars"]
    assert {one["market"]: one["last_known"] for one in earlier}["cn_exchange"] == "2026-12-31"
    assert done(house.client.get(YEARS))["calendar_years"][0]["proposal_id"] == made["proposal_id"]


@SQLITE
def test_a_year_that_is_none_is_refused(house: Treasury) -> None:
    for query, content, status, code in (
        (NOTICE, b"\xff\xfe", 422, "import.encoding_utf8"),
        (NOTICE, b"x", 422, "import.rows_unreadable"),
        (NOTICE, YEAR_2027.encode() + b"closed,2027-02-05,2027-02-05\n", 422, "import.rows_unreadable"),
        (NOTICE.replace("2027", "99999999"), YEAR_2027.encode(), 422, "calendar.year"),
        (
            NOTICE.replace("2027", "2029"),
            b"kind,first_day,last_day\nclosed,2029-01-01,2029-01-01\n",
            409,
            "calendar.gap",
        ),
        (NOTICE.replace("cn_exchange", "moon"), YEAR_2027.encode(), 404, "calendar.market"),
        (f"{NOTICE}&status=assumed", YEAR_2027.encode(), 422, "calendar.status"),
        (f"{NOTICE}&status=guess", YEAR_2027.encode(), 422, "request.invalid"),
        ("?market=cn_exchange&year=2027", YEAR_2027.encode(), 422, "request.invalid"),
    ):
        assert refused(house.client.post(f"{YEARS}{query}", content, headers=CSV)) == (status, code), (query, content)
    assert refused(house.client.get("/v1/calendars/moon/2026")) == (404, "calendar.market")
    assert refused(house.client.get("/v1/calendars/cn_exchange/0")) == (422, "calendar.year")


def test_feeds_show_their_terms_and_one_that_needs_permission_is_switched_on_with_its_hash(house: Treasury) -> None:
    listed = {one["feed"]: one for one in done(house.client.get("/v1/feeds"))["feeds"]}
    path = "/v1/feeds/cneeex.market/switch"
    evidence = hashlib.sha256(b"the contract").hexdigest()

    bare = house.client.post(path, json.dumps({"is_on": True, "reason": "we asked"}))
    on = done(house.client.post(path, json.dumps({"is_on": True, "reason": "contract", "evidence_sha256": evidence})))
    off = done(house.client.post(path, json.dumps({"is_on": False, "reason": "contract ended"})))

    market = listed["cneeex.market"]
    assert (market["is_on"], market["is_on_by_default"], bool(market["why_en"] and market["why_zh"])) == (
        False,
        False,
        True,
    )
    assert listed["ecb.daily"]["is_on"]
    assert listed["ecb.daily"]["health"]["state"] == "silent"
    assert listed["ecb.daily"]["health"]["explain"]["children"][0]["value"] == "2026-11-20"
    assert refused(bare) == (403, "feed.permission_missing")
    assert (on["is_on"], on["switch"]["evidence_sha256"], off["is_on"]) == (True, evidence, False)
    assert done(house.client.get("/v1/feeds/cneeex.market/runs"))["runs"] == []
    assert done(house.client.get("/v1/job-alerts"))["alerts"] == []
    assert refused(house.client.get("/v1/feeds/moon")) == (404, "feed.unknown")
    assert refused(house.client.post("/v1/feeds/moon/switch", json.dumps({"is_on": False, "reason": "x"})))[0] == 404


def quote(**change: object) -> str:
    body = {
        "mark_id": entry_id(1001), "instrument": "CEA25", "price": "98.00", "currency": "CNY", "unit": "t",
        "reason": "two broker quotes", "evidence_sha256": "ab" * 32, "valid_from": "2026-08-14", "is_override": True, **change,
    }  # fmt: skip
    return json.dumps(body)


def agree(house: Treasury, made: Any, verb: str, key: str) -> httpx.Response:
    return house.client.post(
        f"/v1/market-marks/{made['mark_id']}/{verb}", json.dumps({"sha256": made["sha256"]}), key=key
    )


def test_an_override_far_from_the_feed_waits_for_a_third_person(
    database: Database, clock: Clock, randomness: Randomness, house: Treasury, checker: str
) -> None:
    (third,) = person(database, clock, randomness, house, "third", TREASURY)
    done(decide(house, done(upload(house, close("97.00"))), key=checker))
    made = done(house.client.post("/v1/market-marks", quote(price="107.00")))

    approved = done(agree(house, made, "approve", checker))
    same = agree(house, made, "second-check", checker)
    agreed = done(agree(house, made, "second-check", third))

    assert (made["valid_to"], made["is_override"]) == ("2026-08-15", True)
    assert approved["check"]["deviation"] == "10/97"
    assert (approved["check"]["bound"], approved["is_waiting_for_second"]) == ("1/10", True)
    assert refused(same) == (403, "market.same_person")
    assert not agreed["is_waiting_for_second"]
    body = {"snapshot_id": entry_id(1), "as_of": "2026-08-14", "instruments": ["CEA25"]}
    snapshot = done(house.client.post("/v1/snapshots", json.dumps(body)))
    assert snapshot["overrides"] == ["CEA25"]
    assert snapshot["marks"][0]["price"]["amount"] == "107.00"
    assert snapshot["calendars"][0]["market"] == "cn_exchange"


def test_a_person_who_trades_neither_makes_nor_checks_a_price_with_whichever_key(
    database: Database, clock: Clock, randomness: Randomness, house: Treasury
) -> None:
    trading, pricing = person(database, clock, randomness, house, "trader", (Scope.TRADING_WRITE,), TREASURY)
    (mixed,) = person(database, clock, randomness, house, "both", (*TREASURY, Scope.TRADING_WRITE))
    made = done(house.client.post("/v1/market-marks", quote()))

    assert trading != pricing
    for key in (pricing, mixed):
        assert refused(house.client.post("/v1/market-marks", quote(mark_id=entry_id(7)), key=key)) == (
            403,
            "market.trader",
        )
        for verb in ("approve", "second-check"):
            assert refused(agree(house, made, verb, key)) == (403, "market.trader")


@SQLITE
def test_closes_and_differences_refuse_what_they_do_not_know(house: Treasury, stranger: str) -> None:
    body = {"snapshot_id": entry_id(1), "as_of": "2026-08-14", "instruments": ["CEA25"]}
    done(house.client.post("/v1/snapshots", json.dumps(body)))
    own, path = f"/v1/snapshots/{entry_id(1)}/differences?other={entry_id(1)}", "/v1/closing-snapshots"

    assert done(house.client.get(own))["differences"] == []
    assert refused(house.client.get(own, key=stranger)) == (404, "market_snapshot.not_found")
    assert refused(house.client.get(own.replace(f"other={entry_id(1)}", f"other={entry_id(2)}")))[0] == 404
    assert done(house.client.get(f"{path}/beijing?since=2026-08-01&until=2026-08-31"))["closings"] == []
    assert refused(house.client.get(f"{path}/beijing?since=2026-08-02&until=2026-08-01")) == (422, "query.until")
    assert refused(house.client.get(f"{path}/beijing?since=1990-01-01&until=2026-08-01")) == (422, "query.until")
    assert refused(house.client.get(f"{path}/moon?since=2026-08-01&until=2026-08-01")) == (404, "market.close_unknown")
    assert refused(house.client.post(f"{path}/beijing/2026-08-14/refreeze", REASON)) == (404, "market.close_not_frozen")
