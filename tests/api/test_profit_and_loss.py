"""Results and why they changed, over HTTP: two views, two points, several books in one currency, files."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from openpyxl import load_workbook

from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import OTHER_BOOK, SQLITE, Treasury, colleague, done, entry_id, refused, treasury
from tests.api.test_market_prices import CSV, HEADER, approve_mark, close, proposal, snapshot, upload
from tests.api.test_market_worth import COLUMNS, FIXING, book, leaves

FIRST, LAST, AGAIN = entry_id(2001), entry_id(2002), entry_id(2003)
MONDAY, TUESDAY = "2026-08-10", "2026-08-14"
TRADES = (
    COLUMNS + "T-1,free_allocation,2025-03-03,CEA25,1000,,,,,2025,,\n"
    "T-2,purchase,2025-11-20,CEA25,200,80.00,48.00,,,,,\n"
    "T-3,opening,2025-01-02,CEA24,100,60.00,,,,,,\n"
)
LATER = (
    COLUMNS + "T-4,purchase,2026-08-12,CEA25,100,95.00,20.00,,,,,\n"
    "T-5,sale,2026-08-13,CEA25,1100,96.00,50.00,,,,,\n"
    "T-6,fee,2026-08-13,,,,7.00,,,,,\n"
)
PERIOD = f"opening_snapshot_id={FIRST}&closing_snapshot_id={LAST}"


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[Treasury]:
    owner = treasury(database, clock, randomness)
    with Client(app, owner.key) as client:
        opened = Treasury(client, owner)
        done(opened.open_book())
        for code, year in (("CEA24", 2024), ("CEA25", 2025)):
            done(
                opened.post(
                    "/instruments", {"code": code, "kind": "CEA", "vintage_year": year, "opened_on": "2025-01-01"}
                )
            )
        done(book(opened, TRADES))
        yield opened


def frozen(house: Treasury, number: str, day: str, **more: object) -> Any:
    return done(snapshot(house, number, as_of=day, instruments=["CEA24", "CEA25", "EUR_CNY"], **more))


@pytest.fixture
def week(house: Treasury, clock: Clock) -> Treasury:
    """Monday at 94.00, Friday at 97.40; CEA24 stale; bought 100 t at 95.00, sold 1,100 t at 96.00 in between."""
    fixing = FIXING.replace(TUESDAY, MONDAY).replace("7.9341", "7.9000")
    done(upload(house, HEADER + close("CEA25", MONDAY, "94.00") + fixing))
    clock.advance(minutes=1)
    frozen(house, FIRST, MONDAY)
    clock.advance(hours=1)
    done(book(house, LATER))
    done(upload(house, HEADER + close("CEA25", TUESDAY, "97.40") + FIXING))
    frozen(house, LAST, TUESDAY)
    return house


def amounts(change: dict[str, Any]) -> dict[str, str]:
    return {one["effect"]: one["amount"]["amount"] for one in change["effects"] if one["amount"]["amount"] != "0.00"}


def test_both_views_stand_side_by_side_and_a_forecast_stands_apart(week: Treasury) -> None:
    """Sold 1,000 free t and 100 t of the bought lot (cost 8,024.00) for 105,600 - 50: realised 97,526.00."""
    query = f"as_of={TUESDAY}&snapshot_id={LAST}"
    forecast = "&unissued_instrument=CEA25&unissued_t=300&unissued_source=pre-allocation notice"

    told = done(week.get(f"/pnl?{query}{forecast}"))

    left = 802_400 + 952_000  # 100 t of T-2 and T-4
    statutory, economic = told["statutory"], told["economic"]
    assert statutory["carrying"]["amount"] == statutory["ledger_carrying"]["amount"] == f"{(left + 600_000) // 100}.00"
    assert (statutory["is_tied_to_ledger"], statutory["free_quantity"]["amount"]) == (True, "0")
    assert statutory["realised"]["amount"] == economic["realised"]["amount"] == "97526.00"
    assert (economic["market_value"]["amount"], economic["unrealised"]["amount"]) == ("19480.00", "1936.00")
    assert (economic["is_complete"], economic["unvalued_quantity"]["amount"]) == (False, "100")
    (one,) = economic["forecasts"]
    assert (one["quantity"]["amount"], one["market_value"]["amount"]) == ("300", "29220.00")
    assert "forecast" in one["label"]
    assert told["standing_fees"]["amount"] == "7.00"
    assert told["explanation"]["value"] == "99462.00"
    assert all(leaf["source"] for leaf in leaves(told["explanation"]))


@pytest.mark.parametrize("by", ["lot", "account", "instrument", "price_currency", "book"])
def test_lines_by_any_dimension_sum_to_the_book(week: Treasury, by: str) -> None:
    told = done(week.get(f"/pnl?as_of={TUESDAY}&snapshot_id={LAST}&by={by}"))

    assert sum(cents(line["realised"]["amount"]) for line in told["lines"]) == 9_752_600
    assert sum(cents(line["market_value"]["amount"]) for line in told["lines"]) == 1_948_000


def test_a_change_is_told_effect_by_effect_and_sums(week: Treasury) -> None:
    """1,200 t x 94.00 = 112,800.00; bought for 9,520.00, sold for 105,550.00; closing 200 t x 97.40 = 19,480.00."""
    told = done(week.get(f"/pnl-explain?{PERIOD}&opening_known=3"))

    total = told["total"]
    assert (total["opening"]["amount"], total["closing"]["amount"]) == ("112800.00", "19480.00")
    # price: 200 t x 3.40 = 680.00, bought 1.00 above the mark -100.00, sold 2.00 above it 2,200.00
    assert amounts(total) == {"purchases": "9520.00", "sales": "-105550.00", "fees": "-70.00", "price": "2780.00"}
    assert (total["money_put_in"]["amount"], total["result"]["amount"]) == ("-96030.00", "2710.00")
    assert (told["opening_known"], told["closing_known"], told["standing_fees"]["amount"]) == (3, 6, "7.00")
    assert [line["key"] for line in told["lines"]] == ["CEA24", "CEA25"]
    assert all(leaf["source"] for leaf in leaves(told["explanation"]))


def test_without_a_record_point_the_opening_is_what_was_recorded_at_its_freezing(week: Treasury) -> None:
    assert done(week.get(f"/pnl-explain?{PERIOD}"))["opening_known"] == 3


def test_a_revised_mark_and_a_trade_booked_late_are_new_data(week: Treasury, clock: Clock) -> None:
    done(upload(week, HEADER + close("CEA25", MONDAY, "94.50")))
    done(
        book(
            week,
            COLUMNS + "T-7,purchase,2026-08-07,CEA24,10,70.00,,,,,,\nT-8,purchase,2026-08-07,CEA25,5,90.00,,,,,,\n",
        )
    )
    clock.advance(hours=1)
    frozen(week, AGAIN, TUESDAY)

    told = done(week.get(f"/pnl-explain?opening_snapshot_id={FIRST}&closing_snapshot_id={AGAIN}&opening_known=3"))

    effects = amounts(told["total"])
    assert (effects["lots_learned"], effects["marks_revised"]) == ("470.00", "602.50")  # 5 x 94.00, 1,205 x 0.50
    assert told["total"]["opening"]["amount"] == "112800.00"
    assert told["restated_snapshot"]["sha256"] != told["opening_snapshot"]["sha256"]


def test_the_opening_day_frozen_again_gives_the_same_restatement(week: Treasury, clock: Clock) -> None:
    done(upload(week, HEADER + close("CEA25", MONDAY, "94.50")))
    clock.advance(hours=1)
    frozen(week, AGAIN, TUESDAY)
    frozen(week, entry_id(2004), MONDAY)
    query = f"/pnl-explain?opening_snapshot_id={FIRST}&closing_snapshot_id={AGAIN}&opening_known=3"

    derived, named = done(week.get(query)), done(week.get(f"{query}&restated_snapshot_id={entry_id(2004)}"))

    assert derived["total"] == named["total"]
    assert derived["restated_snapshot"]["sha256"] == named["restated_snapshot"]["sha256"]
    assert refused(week.get(f"{query}&restated_snapshot_id={LAST}")) == (422, "pnl.restated")


def test_a_mark_approved_for_a_stale_vintage_brings_it_in_as_new_data_or_for_the_first_time(
    week: Treasury, database: Database, clock: Clock, randomness: Randomness
) -> None:
    checker = colleague(database, clock, randomness, week.owner)
    body = proposal(mark_id=entry_id(1001), valid_from=TUESDAY, valid_to="2026-08-19")
    made = done(week.client.post("/v1/market-marks", json.dumps(body)))
    done(approve_mark(week, made, checker))
    clock.advance(hours=1)
    frozen(week, AGAIN, TUESDAY)

    told = done(week.get(f"/pnl-explain?opening_snapshot_id={FIRST}&closing_snapshot_id={AGAIN}&by=instrument"))
    worth = done(week.get(f"/valuation?as_of={TUESDAY}&snapshot_id={AGAIN}"))

    assert amounts(told["lines"][0]) == {"unvalued_in": "8050.00"}
    assert [lot["is_override"] for lot in worth["lots"]] == [True, False, False]


def test_a_period_that_cannot_be_told_is_refused(week: Treasury) -> None:
    backwards = f"opening_snapshot_id={LAST}&closing_snapshot_id={FIRST}"
    for query, status, code in (
        (backwards, 422, "pnl.snapshot_order"),
        (f"{PERIOD}&opening_known=5&closing_known=4", 422, "pnl.order"),
        (f"{PERIOD}&closing_known=999", 422, "ledger.record_point"),
        (f"{PERIOD}&opening_known=-1", 422, "request.invalid"),
        (f"{PERIOD}&by=price_currency", 422, "pnl.dimension"),
        (f"{PERIOD}&by=moon", 422, "request.invalid"),
        (f"opening_snapshot_id={FIRST}&closing_snapshot_id={entry_id(9)}", 404, "market_snapshot.not_found"),
        (f"opening_snapshot_id={FIRST}", 422, "request.invalid"),
    ):
        assert refused(week.get(f"/pnl-explain?{query}")) == (status, code), query
    for query, status, code in (
        (f"as_of={MONDAY}&snapshot_id={LAST}", 422, "valuation.snapshot_day"),
        (f"as_of={TUESDAY}&snapshot_id={LAST}&unissued_t=5", 422, "query.together"),
        (
            f"as_of={TUESDAY}&snapshot_id={LAST}&unissued_t=0&unissued_instrument=CEA25&unissued_source=x",
            422,
            "valuation.forecast",
        ),
        (
            f"as_of={TUESDAY}&snapshot_id={LAST}&unissued_t=1e9&unissued_instrument=CEA25&unissued_source=x",
            422,
            "request.invalid",
        ),
    ):
        assert refused(week.get(f"/pnl?{query}")) == (status, code), query


def second_book(house: Treasury) -> Treasury:
    """A book in euros with 10 t of CEA25 that cost 100.00 EUR."""
    euros = Treasury(house.client, house.owner, OTHER_BOOK)
    done(euros.open_book(code="euros", currency="EUR"))
    done(euros.post("/commodities", {"code": "CEA25", "kind": "allowance", "scale": 0}))
    for path, more in (("Assets:Carbon:CEA25", {"floor": "0", "lot_method": "fifo"}), ("Equity:Registry:CEA25", {})):
        done(euros.post("/accounts", {"path": path, "commodity": "CEA25", "opened_on": "2025-01-01", **more}))
    held = {"account": "Assets:Carbon:CEA25", "commodity": "CEA25", "amount": "10", "lot_cost": "100.00"}
    other = {"account": "Equity:Registry:CEA25", "commodity": "CEA25", "amount": "-10"}
    body = {"entry_id": entry_id(31), "kind": "transfer", "effective_on": "2025-03-03", "legs": [held, other]}
    done(euros.post("/entries", body))
    return euros


def test_books_of_several_currencies_stand_together_through_pinned_fixings(week: Treasury) -> None:
    """EUR book: 974.00 / 7.9341 = 122.76 EUR, shown as 122.76 x 7.9341 = 973.99 CNY."""
    second_book(week)

    group = done(week.client.get(f"/v1/pnl?snapshot_id={LAST}&presentation_currency=CNY"))
    bare = done(week.client.get(f"/v1/pnl?snapshot_id={LAST}&presentation_currency=CNY&book_ids={OTHER_BOOK}"))
    dollars = done(week.client.get(f"/v1/pnl?snapshot_id={LAST}&presentation_currency=USD"))

    assert {one["book_code"]: one["presented"]["market_value"]["amount"] for one in group["books"]} == {
        "euros": "973.99",
        "smelter": "19480.00",
    }
    assert group["total"]["market_value"] == {"amount": "20453.99", "unit": "CNY"}
    assert {one["key"]: one["result"]["market_value"]["amount"] for one in group["by_currency"]} == {
        "CNY": "19480.00",
        "EUR": "973.99",
    }
    by_instrument = {one["key"]: one["result"]["market_value"]["amount"] for one in group["by_instrument"]}
    assert by_instrument == {"CEA24": "0.00", "CEA25": "20453.99"}
    assert (group["is_complete"], group["unconverted_books"]) == (False, [])
    assert [one["book_code"] for one in bare["books"]] == ["euros"]
    assert bare["is_complete"] is True
    assert (dollars["unconverted_books"], dollars["total"]["market_value"]["amount"]) == (["euros", "smelter"], "0.00")
    assert all(leaf["source"] for leaf in leaves(group["explanation"]))


def test_a_group_change_sums_with_its_translation(week: Treasury) -> None:
    second_book(week)

    group = done(week.client.get(f"/v1/pnl-explain?{PERIOD}&presentation_currency=EUR"))

    total = group["total"]
    parts = sum(cents(one["amount"]["amount"]) for one in total["effects"]) + cents(total["translation"]["amount"])
    assert cents(total["opening"]["amount"]) + parts == cents(total["closing"]["amount"])
    assert cents(total["closing"]["amount"]) == sum(
        cents(one["presented"]["closing"]["amount"]) for one in group["books"]
    )
    lines = sum(cents(one["change"]["closing"]["amount"]) for one in group["by_instrument"])
    assert lines == cents(total["closing"]["amount"])
    # 112,800.00 CNY at 7.90; the other book was recorded after the opening snapshot was frozen
    assert total["opening"] == {"amount": "14278.48", "unit": "EUR"}
    assert [one["opening_conversion"]["fixing"] is None for one in group["books"]] == [True, False]


def cents(text: str) -> int:
    return int(text.replace(".", ""))


@SQLITE
def test_a_group_of_foreign_or_repeated_books_is_refused(
    week: Treasury, app: FastAPI, database: Database, clock: Clock, randomness: Randomness
) -> None:
    asked = f"/v1/pnl?snapshot_id={LAST}&presentation_currency=CNY&book_ids="
    other = treasury(database, clock, randomness, "Second Smelter")
    with Client(app, other.key) as client:
        foreign = client.get(f"/v1/books/{week.book}/pnl?as_of={TUESDAY}&snapshot_id={LAST}")
        assert done(client.get("/v1/books")) == {"books": []}

    assert refused(foreign) == (404, "book.not_found")
    assert refused(week.client.get(f"{asked}{week.book},{week.book}")) == (422, "query.book_ids")
    assert refused(week.client.get(f"{asked}{entry_id(77)}")) == (404, "book.not_found")
    for hostile in ("", ",", "x" * 36, "-" * 36, week.book.upper(), "%00", "1e999"):
        assert week.client.get(f"{asked}{hostile}").status_code == 422, hostile
    for currency in ("XXY", "cny", "", "CNYY", "%EF%BC%91%EF%BC%91%EF%BC%91"):
        assert week.client.get(f"/v1/pnl?snapshot_id={LAST}&presentation_currency={currency}").status_code == 422


def export(house: Treasury, form: str) -> httpx.Response:
    return house.get(f"/valuation/export?as_of={TUESDAY}&snapshot_id={LAST}&format={form}")


def test_a_valuation_leaves_as_a_workbook_with_numbers_as_numbers(week: Treasury) -> None:
    answer = export(week, "xlsx")

    sheet = load_workbook(io.BytesIO(answer.content))["valuation"]
    lines = [list(row) for row in sheet.iter_rows(values_only=True)]
    head = {str(line[0]): line[1] for line in lines[: lines.index(next(line for line in lines if line[0] is None))]}
    assert head["is complete"] == "no: 1 lots are unvalued"
    assert (head["book"], head["known"]) == ("smelter", 6)
    named = [str(name) for name in next(line for line in lines if line[0] == "lot")]
    rows = [dict(zip(named, line, strict=True)) for line in lines[-3:]]
    assert [(row["instrument"], row["market value"]) for row in rows] == [
        ("CEA24", None),
        ("CEA25", 9740),
        ("CEA25", 9740),
    ]
    assert rows[0]["unvalued because"] == "mark_missing"
    assert (rows[1]["price"], rows[1]["price basis"], rows[1]["state"]) == (97.4, "listed_close", "fresh")
    assert 'filename="smelter-2026-08-14-valuation.xlsx"' in answer.headers["content-disposition"]


def test_a_valuation_leaves_as_csv(week: Treasury) -> None:
    answer = export(week, "csv")

    assert answer.headers["content-type"] == CSV["Content-Type"] + "; charset=utf-8"
    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert len({line.count(",") for line in lines if line and '"' not in line}) == 1
    assert sum(",CEA25," in line and ",9740.00," in line for line in lines) == 2
    assert refused(export(week, "pdf")) == (422, "request.invalid")
