from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from openpyxl import Workbook

from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import SQLITE, Treasury, colleague, done, entry_id, refused, treasury
from tests.api.price_calls import approve_upload

CSV = {"Content-Type": "text/csv"}
JSON = {"Content-Type": "application/json"}
XLSX = {"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
HEADER = "instrument,exchange,price_basis,trade_date,last_trade_date,value,currency,unit,volume_t,source\n"
EXCHANGE = "Shanghai Environment and Energy Exchange"
MARK, SNAPSHOT = entry_id(1001), entry_id(2001)
EVIDENCE = hashlib.sha256(b"two broker quotes").hexdigest()


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


def close(instrument: str, day: str, price: str, *, last: str | None = None, source: str = "close of the day") -> str:
    return f"{instrument},{EXCHANGE},listed_close,{day},{day if last is None else last},{price},CNY,t,1000,{source}\n"


def bring(house: Treasury, content: str | bytes, query: str = "", **headers: str) -> httpx.Response:
    """Propose a file; it counts for nothing yet."""
    return house.client.post(f"/v1/observation-uploads{query}", content, headers={**CSV, **headers})


def take_in(house: Treasury, checker: str, content: str | bytes, query: str = "", **headers: str) -> Any:
    """Propose a file and let a second person approve it; return what it did, with the alerts."""
    proposed = done(bring(house, content, query, **headers))
    path = f"/v1/observation-uploads/{proposed['upload_id']}/approve"
    approved = done(house.client.post(path, json.dumps({"sha256": proposed["sha256"]}), key=checker))
    return {**approved["imported"], "file_sha256": approved["file_sha256"], "alerts": approved["alerts"]}


def upload(house: Treasury, content: str | bytes, query: str = "", **headers: str) -> httpx.Response:
    """Propose a file and let a person who joins for that approve it; return the approval, or the refused proposal."""
    proposed = bring(house, content, query, **headers)
    if proposed.status_code != 201:
        return proposed
    return approve_upload(house.client, house.owner.organisation_id, proposed)


def approve_mark(house: Treasury, made: Any, key: str | None = None) -> httpx.Response:
    path = f"/v1/market-marks/{made['mark_id']}/approve"
    return house.client.post(path, json.dumps({"sha256": made["sha256"]}), key=key)


def snapshot(house: Treasury, number: str = SNAPSHOT, *, as_of: str = "2026-08-14", **more: object) -> httpx.Response:
    body = {"snapshot_id": number, "as_of": as_of, "instruments": ["CEA24", "CEA25"], **more}
    return house.client.post("/v1/snapshots", json.dumps(body))


def proposal(**change: object) -> dict[str, object]:
    return {
        "mark_id": MARK,
        "instrument": "CEA24",
        "price": "80.50",
        "currency": "CNY",
        "unit": "t",
        "reason": "two broker quotes",
        "evidence_sha256": EVIDENCE,
        "valid_from": "2026-08-14",
        "valid_to": "2026-08-19",
        **change,
    }


def test_a_file_of_prices_is_counted_and_taken_once(house: Treasury, checker: str) -> None:
    content = HEADER + close("CEA25", "2026-08-13", "97.20") + close("CEA25", "2026-08-14", "97.40")

    first = take_in(house, checker, content)
    again = take_in(house, checker, content)

    assert (first["new"], first["duplicate"], first["held"]) == (2, 0, 0)
    assert first["file_sha256"] == hashlib.sha256(content.encode()).hexdigest()
    assert (again["new"], again["duplicate"]) == (0, 2)
    listed = done(house.client.get("/v1/observations?instrument=CEA25&as_of=2026-08-14"))
    assert [one["price"] for one in listed["observations"]] == [
        {"amount": "97.20", "unit": "CNY/t"},
        {"amount": "97.40", "unit": "CNY/t"},
    ]


def test_a_workbook_is_read_like_the_csv_and_its_empty_sheets_are_left_out(house: Treasury, checker: str) -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    for line in (HEADER + close("CEA25", "2026-08-14", "97.40")).splitlines():
        sheet.append(line.split(","))
    workbook.create_sheet("Sheet2")
    content = io.BytesIO()
    workbook.save(content)

    answer = take_in(house, checker, content.getvalue(), **XLSX)

    assert (answer["new"], answer["file_sha256"]) == (1, hashlib.sha256(content.getvalue()).hexdigest())


def test_a_contradiction_is_held_and_listed(house: Treasury, checker: str) -> None:
    take_in(house, checker, HEADER + close("CEA25", "2026-08-14", "97.40"))

    answer = take_in(house, checker, HEADER + close("CEA25", "2026-08-14", "98.40", source="a newspaper"))

    assert (answer["new"], answer["held"]) == (0, 1)
    (held,) = done(house.client.get("/v1/observations/held"))["held"]
    assert (held["acceptance"], held["observation"]["price"]["amount"]) == ("conflict", "98.40")
    assert done(house.client.get("/v1/observations/held")) == {"held": [held], "is_complete": True}


def test_unreadable_rows_are_named_and_nothing_of_the_file_is_written(house: Treasury) -> None:
    content = (
        HEADER
        + close("CEA25", "2026-08-13", "97.20")
        + close("CEA25", "2026-08-14", "97,40").replace("97,40", '"97,40"')
    )

    answer = upload(house, content, "?file_name=august.csv")

    assert refused(answer) == (422, "import.rows_unreadable")
    (error,) = answer.json()["errors"]
    assert (error["file"], error["row"], error["field"], error["value"]) == ("august.csv", 3, "value", "97,40")
    assert done(house.client.get("/v1/observations?instrument=CEA25&as_of=2026-12-31"))["observations"] == []


ECB = "Date,USD,CNY,\n2026-08-14,1.1700,8.3000,\n2026-08-13,1.1690,N/A,\n"
EEX = (
    "Date,Time,Auction Name,Contract,Status,Auction Price EUR/tCO2,Minimum Bid EUR/tCO2,Maximum Bid EUR/tCO2,"
    "Mean EUR/tCO2,Median EUR/tCO2,Auction Volume tCO2\n"
)
MARKET_DAY = {
    "success": True,
    "data": [
        {
            "subjCode": "CEA25", "quotPoin": "20260814", "lowPric": "97.00", "highPric": "98.00", "closPric": "97.40",
            "lastClosPric": "97.20", "dealQty": "1,000 ",
        }
    ],
}  # fmt: skip
STATISTICS_DAY = {
    "success": True,
    "data": [
        {
            "subjectCode": "CEA25", "tradeMethod": "20", "tradeDate": "20260814", "tradeVolume": "500,000",
            "tradeAmount": "46,945,000.00",
        }
    ],
}  # fmt: skip


def test_the_ecb_history_gives_fixings(house: Treasury, checker: str) -> None:
    answer = take_in(house, checker, ECB, "?format=ecb_history")

    none, seen = done(house.client.get("/v1/observations?instrument=EUR_CNY&as_of=2026-08-14"))["observations"]
    assert answer["new"] == 2
    assert (seen["price"], seen["price_basis"]) == ({"amount": "8.3000", "unit": "CNY/EUR"}, "fixing")
    assert (none["price"], bool(none["missing_reason"])) == (None, True)


def test_the_exchanges_answers_give_closes_and_block_averages(house: Treasury, checker: str) -> None:
    closes = take_in(house, checker, json.dumps(MARKET_DAY), "?format=cneeex_market", **JSON)
    blocks = take_in(house, checker, json.dumps(STATISTICS_DAY), "?format=cneeex_statistics", **JSON)

    assert [alert["code"] for alert in closes["alerts"]] == ["feed.unknown_instrument"]
    assert blocks["new"] == 1
    seen = done(house.client.get("/v1/observations?instrument=CEA25&as_of=2026-08-14"))["observations"]
    assert [(one["price_basis"], one["price"]["amount"]) for one in seen] == [
        ("listed_close", "97.40"),
        ("vwap_block", "93.89"),
    ]


def test_a_code_that_a_book_keeps_raises_no_alert(house: Treasury) -> None:
    done(house.open_book())
    done(house.post("/instruments", {"code": "CEA25", "kind": "CEA", "vintage_year": 2025, "opened_on": "2025-01-01"}))

    assert done(upload(house, json.dumps(MARKET_DAY), "?format=cneeex_market", **JSON))["alerts"] == []


@SQLITE
def test_a_file_that_is_none_is_refused(house: Treasury) -> None:
    for name in ("prices", "ecb_history", "eex_auction", "cneeex_market", "cneeex_statistics"):
        for content in (
            b"x",
            b"\x00" * 100,
            b"PK\x03\x04broken",
            b"\xff\xfe\x00",
            b"<html>busy</html>",
            b'{"success":false}',
            b"[]",
            b"=1+1,2\n",
            b"{" * 1000,
            b",,,\n,,,\n",
            b'{"success":true,"data":[{}]}',
            b'{"success":true,"data":[1e400]}',
        ):
            answer = upload(house, content, f"?format={name}")

            assert answer.status_code in {400, 409, 422}, (name, content)
            assert answer.headers["content-type"] == "application/problem+json"


def test_an_empty_file_and_an_unknown_format_are_refused(house: Treasury) -> None:
    assert upload(house, b"").status_code == 422
    assert refused(upload(house, HEADER, "?format=csv")) == (422, "request.invalid")
    assert refused(upload(house, HEADER, "?file_name=a%00b")) == (422, "request.invalid")
    assert refused(upload(house, HEADER, **{"Content-Type": "text/html"})) == (415, "body.content_type")


def test_an_auction_report_without_its_columns_is_refused(house: Treasury) -> None:
    answer = upload(house, EEX.replace("Auction Price", "Price"), "?format=eex_auction")

    assert answer.status_code == 422


def test_observations_page_through_what_was_known_on_the_first_page(
    house: Treasury, checker: str, clock: Clock
) -> None:
    days = [f"2026-08-{day}" for day in (10, 11, 12, 13, 14)]
    take_in(house, checker, HEADER + "".join(close("CEA25", day, "97.40") for day in days))
    path = "/v1/observations?instrument=CEA25&as_of=2026-08-14&limit=2"

    first = done(house.client.get(path))
    clock.advance(minutes=1)
    take_in(house, checker, HEADER + close("CEA25", "2026-08-07", "97.30"))
    second = done(house.client.get(f"{path}&after={first['next_cursor']}"))
    third = done(house.client.get(f"{path}&after={second['next_cursor']}"))

    assert [one["trade_date"] for page in (first, second, third) for one in page["observations"]] == days
    assert (second["known_at"], third["next_cursor"]) == (first["known_at"], None)
    assert len(done(house.client.get("/v1/observations?instrument=CEA25&as_of=2026-08-14"))["observations"]) == 6


@SQLITE
def test_a_malformed_cursor_of_observations_is_refused(house: Treasury) -> None:
    for after in ("AAAA", "x", "_" * 200, "MTIz"):
        path = f"/v1/observations?instrument=CEA25&as_of=2026-08-14&after={after}"

        assert refused(house.client.get(path)) == (422, "cursor.format"), after


def test_a_query_that_names_no_instrument_or_day_is_refused(house: Treasury) -> None:
    for query in ("instrument=%00&as_of=2026-08-14", "instrument=CEA25", "instrument=&as_of=2026-08-14"):
        assert refused(house.client.get(f"/v1/observations?{query}")) == (422, "request.invalid"), query
    assert refused(house.client.get("/v1/market-marks?instrument=%00")) == (422, "request.invalid")


@SQLITE
def test_a_page_of_observations_has_1_to_200(house: Treasury) -> None:
    for limit in ("0", "201", "1000000000", "-1"):
        answer = house.client.get(f"/v1/observations?instrument=CEA25&as_of=2026-08-14&limit={limit}")

        assert answer.status_code == 422, limit


def test_another_organisation_sees_no_price(house: Treasury, checker: str, stranger: str) -> None:
    take_in(house, checker, HEADER + close("CEA25", "2026-08-14", "97.40"))

    seen = done(house.client.get("/v1/observations?instrument=CEA25&as_of=2026-08-14", key=stranger))

    assert seen["observations"] == []


def test_a_snapshot_is_frozen_whatever_is_learned_later(house: Treasury, checker: str, clock: Clock) -> None:
    take_in(house, checker, HEADER + close("CEA25", "2026-08-14", "97.40"))
    first = done(snapshot(house))

    clock.advance(hours=1)
    take_in(house, checker, HEADER + close("CEA25", "2026-08-14", "97.50"))

    assert done(snapshot(house)) == first
    assert done(house.client.get(f"/v1/snapshots/{SNAPSHOT}")) == first
    assert [(mark["instrument"], mark["state"], mark["price"]) for mark in first["marks"]] == [
        ("CEA24", "missing", None),
        ("CEA25", "fresh", {"amount": "97.40", "unit": "CNY/t"}),
    ]
    assert refused(snapshot(house, instruments=["CEA25"])) == (409, "market.snapshot_exists")
    newer = done(snapshot(house, entry_id(2002)))
    assert newer["marks"][1]["price"]["amount"] == "97.50"


@SQLITE
def test_a_snapshot_outside_the_rules_is_refused(house: Treasury) -> None:
    for change, status, code in (
        ({"instruments": []}, 422, "request.invalid"),
        ({"instruments": ["cea25"]}, 404, "market.instrument_unknown"),
        ({"instruments": ["GOLD"]}, 404, "market.instrument_unknown"),
        ({"as_of": "2199-01-01"}, 409, "calendar.unknown"),
        ({"known_at": "2026-11-21T08:00:01Z"}, 422, "market.known_at"),
        ({"known_at": "2026-11-21T08:00:00"}, 422, "request.invalid"),
        ({"snapshot_id": "1"}, 422, "request.invalid"),
        ({"sha256": "00"}, 422, "request.invalid"),
    ):
        body = {"snapshot_id": SNAPSHOT, "as_of": "2026-08-14", "instruments": ["CEA25"], **change}

        assert refused(house.client.post("/v1/snapshots", json.dumps(body))) == (status, code), change


def test_a_snapshot_of_another_organisation_is_not_found(house: Treasury, stranger: str) -> None:
    done(snapshot(house))

    foreign = house.client.get(f"/v1/snapshots/{SNAPSHOT}", key=stranger)
    absent = house.client.get(f"/v1/snapshots/{entry_id(9)}", key=stranger)

    assert refused(foreign) == (404, "market_snapshot.not_found")
    assert foreign.content == absent.content


def test_a_mark_values_only_after_a_second_person_approves_it(house: Treasury, checker: str, clock: Clock) -> None:
    take_in(house, checker, HEADER + close("CEA24", "2026-08-14", "81.00", last="2026-02-13"))
    made = done(house.client.post("/v1/market-marks", json.dumps(proposal())))
    before = done(snapshot(house))["marks"][0]
    own = approve_mark(house, made)

    approved = done(approve_mark(house, made, checker))
    after = done(snapshot(house, entry_id(2002)))["marks"][0]

    assert (before["state"], before["price"], before["last_price"]["amount"]) == ("stale", None, "81.00")
    assert refused(own) == (403, "market.same_person")
    assert (made["checker_id"], made["approved_at"]) == (None, None)
    assert approved["approved_at"] == "2026-11-21T08:00:00.000000+00:00"
    assert (after["state"], after["price"]) == ("stale", {"amount": "80.50", "unit": "CNY/t"})
    clock.advance(hours=1)
    withdrawn = house.client.post(f"/v1/market-marks/{MARK}/withdraw", json.dumps({"reason": "wrong quotes"}))
    assert done(withdrawn)["withdrawn_at"] == "2026-11-21T09:00:00.000000+00:00"
    assert done(snapshot(house, entry_id(2003)))["marks"][0]["price"] is None
    assert done(house.client.get("/v1/market-marks?instrument=CEA24"))["marks"] == [withdrawn.json()]


def test_a_mark_of_another_organisation_is_not_found(house: Treasury, stranger: str) -> None:
    done(house.client.post("/v1/market-marks", json.dumps(proposal())))
    reason = json.dumps({"reason": "no"})

    digest = json.dumps({"sha256": "0" * 64})
    for path, body in ((f"{MARK}/approve", digest), (f"{MARK}/withdraw", reason)):
        foreign = house.client.post(f"/v1/market-marks/{path}", body, key=stranger)
        absent = house.client.post(f"/v1/market-marks/{path.replace(MARK, entry_id(9))}", body, key=stranger)
        assert refused(foreign) == (404, "market_mark.not_found")
        assert foreign.content == absent.content
    assert refused(house.client.get(f"/v1/market-marks/{MARK}", key=stranger)) == (404, "market_mark.not_found")
    assert done(house.client.get("/v1/market-marks?instrument=CEA24", key=stranger))["marks"] == []


@SQLITE
def test_a_mark_outside_the_rules_is_refused(house: Treasury) -> None:
    for change, status, code in (
        ({"price": "0"}, 422, "market.price"),
        ({"price": "-1"}, 422, "market.price"),
        ({"price": 80.5}, 422, "json.number"),
        ({"price": "\uff18\uff10"}, 422, "request.invalid"),
        ({"currency": "XXQ"}, 422, "currency.unknown"),
        ({"instrument": "GOLD"}, 404, "market.instrument_unknown"),
        ({"evidence_sha256": EVIDENCE.upper()}, 422, "market.format"),
        ({"valid_to": "2026-08-20"}, 422, "market.validity"),
        ({"valid_to": "2026-08-14"}, 422, "market.validity_order"),
        ({"maker_id": MARK}, 422, "request.invalid"),
    ):
        answer = house.client.post("/v1/market-marks", json.dumps(proposal(**change)))

        assert refused(answer) == (status, code), change
