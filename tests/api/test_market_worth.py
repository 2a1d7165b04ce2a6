from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import OTHER_BOOK, SQLITE, Treasury, done, entry_id, refused, treasury
from tests.api.test_market_prices import CSV, HEADER, SNAPSHOT, close, snapshot, upload

COLUMNS = "trade_ref,kind,traded_on,instrument,quantity_t,price_cny_per_t,fee_cny,counterparty,venue,compliance_year,doc_ref,note\n"
TRADES = (
    COLUMNS + "T-1,opening,2025-01-02,CEA24,100,60.00,,,,,,\n"
    "T-2,free_allocation,2025-03-03,CEA25,1000,,,,,2025,,\n"
    "T-3,purchase,2025-11-20,CEA25,200,80.00,48.00,,,,,\n"
    "T-4,sale,2025-11-21,CEA25,1100,97.81,293.43,,,,,\n"
)
DAY = "as_of=2026-08-14"
FIXING = "EUR_CNY,European Central Bank,fixing,2026-08-14,2026-08-14,7.9341,CNY,EUR,,reference rate\n"


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        done(opened.open_book())
        for code, year in (("CEA24", 2024), ("CEA25", 2025)):
            body = {"code": code, "kind": "CEA", "vintage_year": year, "opened_on": "2025-01-01"}
            done(opened.post("/instruments", body))
        yield opened


def book(house: Treasury, content: str = TRADES, query: str = "") -> httpx.Response:
    return house.client.post(f"/v1/books/{house.book}/trades{query}", content, headers=CSV)


def leaves(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [leaf for child in tree["children"] for leaf in leaves(child)] if tree["children"] else [tree]


def test_a_file_of_trades_is_booked_once(house: Treasury) -> None:
    first = done(book(house))
    again = done(book(house))

    assert [(one["trade_ref"], one["entry_seq"]) for one in first["booked"]] == [
        ("T-1", 1), ("T-2", 2), ("T-3", 3), ("T-4", 4),
    ]  # fmt: skip
    assert again == {"booked": [], "standing": ["T-1", "T-2", "T-3", "T-4"]}
    assert first["booked"][2]["price"] == {"amount": "80.00", "unit": "CNY/t"}
    assert first["booked"][2]["fee"] == {"amount": "48.00", "unit": "CNY"}
    assert done(house.get(""))["tree_size"] == 4


def test_trades_are_listed_page_by_page(house: Treasury) -> None:
    done(book(house))

    first = done(house.get(f"/trades?{DAY}&limit=3"))
    second = done(house.get(f"/trades?{DAY}&limit=3&after={first['next_after']}"))

    assert [one["trade_ref"] for page in (first, second) for one in page["trades"]] == ["T-1", "T-2", "T-3", "T-4"]
    assert second["next_after"] is None
    assert [one["trade_ref"] for one in done(house.get("/trades?as_of=2025-06-30&known=1"))["trades"]] == ["T-1"]


def test_a_file_that_oversells_books_nothing(house: Treasury) -> None:
    answer = book(house, TRADES + "T-5,sale,2025-11-24,CEA25,101,97.81,,,,,,\n")

    assert refused(answer) == (409, "ledger.insufficient_available")
    assert "T-5" in answer.json()["detail"]
    assert done(house.get(""))["tree_size"] == 0


def test_a_reference_with_other_content_is_refused(house: Treasury) -> None:
    done(book(house))

    assert refused(
        book(house, TRADES.replace("T-1,opening,2025-01-02,CEA24,100", "T-1,opening,2025-01-02,CEA24,101"))
    ) == (
        409,
        "trade.ref_reused",
    )


def test_every_unreadable_cell_of_a_trade_is_named(house: Treasury) -> None:
    content = COLUMNS + "T-1,sale,2025-11-21,CEA25,1.5,9 7,,,,,,\nT-2,gift,2025-11-21,CEA25,1,97,,,,,,\n"

    answer = book(house, content, "?file_name=november.csv")

    assert refused(answer) == (422, "import.rows_unreadable")
    assert [(one["row"], one["field"]) for one in answer.json()["errors"]] == [
        (2, "quantity_t"), (2, "price_cny_per_t"), (3, "kind"),
    ]  # fmt: skip
    assert {one["file"] for one in answer.json()["errors"]} == {"november.csv"}
    assert done(house.get(""))["tree_size"] == 0


def test_a_file_that_holds_no_trades_fails_no_server(house: Treasury) -> None:
    for content in (b"x", b"\x00", b"PK\x03\x04", b"=cmd|x\n", b"<html>", COLUMNS.encode() + b",,,,\n"):
        answer = house.client.post(f"/v1/books/{house.book}/trades", content, headers=CSV)

        assert answer.status_code in {201, 400, 422}, content


def test_a_book_is_valued_lot_by_lot_and_says_what_it_cannot_value(house: Treasury) -> None:
    """Left of CEA25: 100 of 200 t bought for 16,048.00; 100 x 97.40 = 9,740.00 less 8,024.00 of cost. CEA24 is stale."""
    done(book(house))
    stale = close("CEA24", "2026-08-14", "81.00", last="2026-02-13")
    done(upload(house, HEADER + stale + close("CEA25", "2026-08-14", "97.40")))
    frozen = done(snapshot(house))

    worth = done(house.get(f"/valuation?{DAY}&snapshot_id={SNAPSHOT}"))

    assert (worth["known"], worth["snapshot_sha256"]) == (4, frozen["sha256"])
    old, new = worth["lots"]
    assert (old["instrument"], old["market_value"], old["unvalued_reason"]) == ("CEA24", None, "mark_stale")
    assert (old["mark"]["state"], old["mark"]["last_trade_date"]) == ("stale", "2026-02-13")
    assert (new["quantity"]["amount"], new["cost"]["amount"]) == ("100", "8024.00")
    assert (new["market_value"]["amount"], new["unrealised"]["amount"]) == ("9740.00", "1716.00")
    assert all(leaf["source"] for lot in worth["lots"] for leaf in leaves(lot["explanation"]))
    total = worth["total"]
    assert (total["is_complete"], total["unvalued_lot_ids"]) == (False, [old["lot_id"]])
    assert (total["market_value"]["amount"], total["unvalued_cost"]["amount"]) == ("9740.00", "6000.00")
    # 1,100 t x 97.81 = 107,591.00, less 293.43 of fees and 8,024.00 of cost (100 t; 1,000 were free)
    assert worth["realised_net"] == {"amount": "99273.57", "unit": "CNY"}


def test_a_valuation_of_a_record_point_reproduces(house: Treasury) -> None:
    done(book(house))
    done(upload(house, HEADER + close("CEA25", "2026-08-14", "97.40")))
    done(snapshot(house))
    path = f"/valuation?{DAY}&snapshot_id={SNAPSHOT}&known=4"
    before = house.get(path).content

    done(book(house, COLUMNS + "T-6,sale,2025-12-01,CEA25,50,90.00,,,,,,\n"))
    done(upload(house, HEADER + close("CEA25", "2026-08-14", "98.00")))

    assert house.get(path).content == before
    assert done(house.get(f"/valuation?{DAY}&snapshot_id={SNAPSHOT}"))["known"] == 5


def test_a_valuation_needs_a_snapshot_of_its_day_and_of_its_own(
    house: Treasury, app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    other = treasury(database, clock, randomness, "Second Smelter")
    with Client(app, other.key) as client:
        done(snapshot(Treasury(client, other)))

    foreign = house.get(f"/valuation?{DAY}&snapshot_id={SNAPSHOT}")
    absent = house.get(f"/valuation?{DAY}&snapshot_id={entry_id(9)}")
    done(snapshot(house, entry_id(2002)))

    assert refused(foreign) == (404, "market_snapshot.not_found")
    assert foreign.content == absent.content
    assert refused(house.get(f"/valuation?as_of=2026-08-13&snapshot_id={entry_id(2002)}")) == (
        422,
        "valuation.snapshot_day",
    )
    assert refused(house.get(f"/valuation?{DAY}")) == (422, "request.invalid")


def test_a_book_in_another_currency_is_valued_in_its_own(house: Treasury) -> None:
    """10 t at 97.40 CNY and 7.9341 CNY per EUR: 974.00 / 7.9341 = 122.7612, shown as 122.76 EUR."""
    done(upload(house, HEADER + close("CEA25", "2026-08-14", "97.40") + FIXING))
    done(snapshot(house, instruments=["CEA25", "EUR_CNY"]))
    euros = Treasury(house.client, house.owner, OTHER_BOOK)
    done(euros.open_book(code="euros", currency="EUR"))
    done(euros.post("/commodities", {"code": "CEA25", "kind": "allowance", "scale": 0}))
    for path, more in (("Assets:Carbon:CEA25", {"floor": "0", "lot_method": "fifo"}), ("Equity:Registry:CEA25", {})):
        done(euros.post("/accounts", {"path": path, "commodity": "CEA25", "opened_on": "2025-01-01", **more}))
    held = {"account": "Assets:Carbon:CEA25", "commodity": "CEA25", "amount": "10", "lot_cost": "100.00"}
    other = {"account": "Equity:Registry:CEA25", "commodity": "CEA25", "amount": "-10"}
    body = {"entry_id": entry_id(31), "kind": "transfer", "effective_on": "2025-03-03", "legs": [held, other]}
    done(euros.post("/entries", body))

    worth = done(euros.get(f"/valuation?{DAY}&snapshot_id={SNAPSHOT}"))

    (lot,) = worth["lots"]
    assert lot["market_value"] == {"amount": "122.76", "unit": "EUR"}
    assert lot["unrealised"] == {"amount": "22.76", "unit": "EUR"}
    assert lot["exchange_rate_direction"] == "/ EUR_CNY (CNY per 1 EUR)"
    assert lot["exchange_rate"]["trade_date"] == "2026-08-14"


def test_an_obligation_says_what_is_due_what_covers_it_and_what_the_gap_costs(house: Treasury) -> None:
    """At I = BP the 2025 rule allocates what was emitted; 1,000 t of it are issued and 100 t of CEA25 are left: 900 x 97.40 = 87,660.00."""
    done(book(house))
    done(upload(house, HEADER + close("CEA25", "2026-08-14", "97.40")))
    done(snapshot(house))
    path = f"/compliance?{DAY}&year=2025&intensity=1.60&balance_value=1.60&emissions_t=1300000.9"

    priced = done(house.get(f"{path}&snapshot_id={SNAPSHOT}&mark_instrument=CEA25"))
    unpriced = done(house.get(f"{path}&snapshot_id={SNAPSHOT}&mark_instrument=CEA24"))
    bare = done(house.get(path))

    assert priced["due"] == {"amount": "1300000", "unit": "t"}
    assert (priced["alpha"], priced["allocation"]["amount"]) == ("0", "1300000")
    assert priced["ccer_cap"]["amount"] == "65000"
    assert (priced["eligible_held"]["amount"], priced["unissued"]["amount"]) == ("100", "1299000")
    assert (priced["gap"]["amount"], priced["gap_cost"]) == ("900", {"amount": "87660.00", "unit": "CNY"})
    assert (unpriced["price"], unpriced["gap_cost"]) == (None, None)
    assert (bare["gap"], bare["gap_cost"], bare["price_source"]) == (priced["gap"], None, "")
    assert all(leaf["source"] for leaf in leaves(priced["explanation"]))
    assert [one["instrument"] for one in priced["allowances"]] == ["CEA24", "CEA25"]


def test_an_obligation_that_cannot_be_told_is_refused(house: Treasury) -> None:
    for query, status, code in (
        ("year=2025", 422, "query.exclusive"),
        ("year=2025&emissions_t=1&methodology=cets-ag-04.01", 422, "query.exclusive"),
        ("year=2025&intensity=1&methodology=cets-ag-04.01", 422, "query.exclusive"),
        ("year=2025&emissions_t=1e400&intensity=1", 422, "request.invalid"),
        ("year=2025&emissions_t=NaN", 422, "request.invalid"),
        ("year=2025&emissions_t=%EF%BC%91", 422, "request.invalid"),
        ("year=2025&emissions_t=-1&intensity=1&balance_value=1", 422, "allocation.emissions_t"),
        ("year=2025&emissions_t=1000000", 422, "allocation.missing"),
        ("year=2025&emissions_t=1000000&intensity=1&balance_value=0", 422, "allocation.balance_value"),
        ("year=2025&emissions_t=1000000&intensity=-1&balance_value=1", 422, "allocation.intensity"),
        ("year=2019&emissions_t=1", 404, "allocation.no_rule"),
        ("year=1&emissions_t=1", 422, "query.year"),
        ("year=999999999999999&emissions_t=1", 422, "query.year"),
        ("year=2025&methodology=none", 404, "methodology.unknown"),
        ("year=2025&methodology=cets-ag-04.01", 404, "emissions.no_activity"),
        (f"year=2025&emissions_t=1&snapshot_id={SNAPSHOT}", 422, "query.together"),
        ("year=2025&emissions_t=1&mark_instrument=CEA25", 422, "query.together"),
        (f"year=2025&emissions_t=1&snapshot_id={SNAPSHOT}&mark_instrument=CEA25", 404, "market_snapshot.not_found"),
    ):
        assert refused(house.get(f"/compliance?{DAY}&{query}")) == (status, code), query


@SQLITE
def test_every_write_shows_an_example(app: FastAPI) -> None:
    with Client(app) as stranger:
        described = stranger.get("/v1/openapi.json").json()
    schemas = described["components"]["schemas"]
    shown = 0
    mine = {"books", "accounts", "entries", "instruments", "market"}

    for path, operations in described["paths"].items():
        post = operations.get("post")
        body = (
            post and mine & set(post["tags"]) and post.get("requestBody", {}).get("content", {}).get("application/json")
        )
        if body and "$ref" in body["schema"]:
            assert schemas[body["schema"]["$ref"].rpartition("/")[2]].get("examples"), path
            shown += 1
    assert shown == 18


def test_frozen_snapshots_are_listed_the_newest_day_first(house: Treasury) -> None:
    done(snapshot(house, entry_id(2001), as_of="2026-08-13"))
    done(snapshot(house, entry_id(2002), as_of="2026-08-14"))

    newest = done(house.client.get("/v1/snapshots?until=2026-08-14"))["snapshots"]
    before = done(house.client.get("/v1/snapshots?until=2026-08-13&limit=1"))["snapshots"]

    assert [one["as_of"] for one in newest] == ["2026-08-14", "2026-08-13"]
    assert [one["snapshot_id"] for one in before] == [entry_id(2001)]
    assert refused(house.client.get("/v1/snapshots?until=2026-08-14&limit=0")) == (422, "request.invalid")
