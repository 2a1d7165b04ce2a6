"""Orders beyond the allowance market: credits, EU allowances in euro, CBAM certificates, green certificates, auctions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from ledger.store.database import Database
from tests.api.client import Client, Clock, Randomness
from tests.api.ledger_calls import BOOK, SQLITE, done, refused
from tests.api.trading_world import House, house_of

EURO = {"currency": "EUR", "limit_price": "75.36", "quantity": "1000"}


@pytest.fixture
def house(app: FastAPI, database: Database, clock: Clock, randomness: Randomness) -> Iterator[House]:
    with Client(app) as client:
        world = house_of(app, client, database, clock, randomness)
        world.open_book(held=0)
        yield world


def test_an_eu_allowance_is_booked_in_the_books_currency_at_the_stated_fixing(house: House) -> None:
    house.clock.now = datetime(2026, 11, 20, 9, tzinfo=UTC)  # 10:00 in Berlin
    house.register({"code": "EUA", "kind": "EUA"})
    house.price("EUA", "2026-11-19", "75.00", basis="auction", currency="EUR")
    house.price("EUR_CNY", "2026-11-20", "8.1234", basis="fixing", unit="EUR")
    euro = {"instrument": "EUA", **EURO, "max_fee": "100.00"}

    order = done(house.propose(**euro))
    done(house.approve(order))
    placed = done(house.post(f"/orders/{order['order_id']}/place"))
    done(house.fill(placed, fee="10.00", fee_doc_ref="EEX-1"))
    house.clock.now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    done(house.settle(placed))

    # 75,360.00 EUR x 8.1234 = 612,179.424 CNY, half-up 612,179.42; the fee 10.00 EUR = 81.234, half-up 81.23
    assert house.balance("Assets:CarbonCost:EUA") == ("612260.65", "612260.65")
    assert house.balance("Assets:Bank:CNY") == ("9387739.35", "9387739.35")
    (trade,) = house.get(f"/books/{BOOK}/trades?as_of=2026-12-31")["trades"]
    assert (trade["price"], trade["fixing_cny_per_eur"]) == ({"amount": "75.36", "unit": "EUR/t"}, "8.1234")


@SQLITE
def test_a_euro_order_without_a_fixing_or_in_the_wrong_currency_or_lot_is_refused(house: House) -> None:
    house.register({"code": "EUA", "kind": "EUA"})
    house.price("EUA", "2026-11-19", "75.00", basis="auction", currency="EUR")
    euro = {"instrument": "EUA", **EURO, "max_fee": "1.00"}

    assert house.check(**euro)["order.currency"] == "refused"
    assert house.check(**{**euro, "currency": "CNY"})["order.currency"] == "refused"
    assert house.check(**{**euro, "quantity": "1500"})["order.lot"] == "refused"
    assert house.check(**{**euro, "max_fee": None})["order.fee"] == "refused"


@SQLITE
def test_a_cbam_certificate_is_bought_at_the_official_price_from_2027_02_and_never_sold(house: House) -> None:
    certificate = {"code": "CBAM-2026Q1", "kind": "CBAM", "vintage_year": 2026, "price_period": "2026Q1"}
    house.register(certificate)
    house.price("CBAM-2026Q1", "2026-04-07", "75.36", basis="official_price", currency="EUR", unit="certificate")
    house.price("EUR_CNY", "2026-11-20", "8.0000", basis="fixing", unit="EUR")
    order = {
        "instrument": "CBAM-2026Q1",
        "method": "official",
        "currency": "EUR",
        "limit_price": "75.36",
        "quantity": "3",
    }

    early = house.post(f"/books/{BOOK}/orders/check", house.terms(**order))
    bought = house.check(**order, trading_day="2027-02-01")
    dearer = house.check(**{**order, "limit_price": "75.37"}, trading_day="2027-02-01")
    sold = house.check(**order, side="sell", trading_day="2027-02-01")

    assert refused(early) == (409, "trading.no_rules")
    assert (bought["order.instrument"], bought["order.price"]) == ("ok", "ok")
    assert (dearer["order.price"], sold["order.instrument"]) == ("refused", "refused")


@SQLITE
def test_a_green_certificate_is_traded_once_and_not_after_its_last_day(house: House) -> None:
    facts = {"kind": "GEC", "vintage_year": 2025, "valid_until": "2027-11-30"}
    house.register({"code": "GEC25-OWN", **facts, "tradability": "tradable"})
    house.register({"code": "GEC25-BOUGHT", **facts, "tradability": "traded"})
    house.register(
        {
            "code": "GEC24-OLD",
            "kind": "GEC",
            "vintage_year": 2024,
            "valid_until": "2026-11-19",
            "tradability": "tradable",
        }
    )
    order = {"limit_price": "5.96", "quantity": "10", "max_fee": "0"}

    found = {
        (code, side): house.check(**order, instrument=code, side=side)["order.instrument"]
        for code in ("GEC25-OWN", "GEC25-BOUGHT", "GEC24-OLD")
        for side in ("buy", "sell")
    }

    assert found == {
        ("GEC25-OWN", "sell"): "ok",
        ("GEC25-OWN", "buy"): "refused",
        ("GEC25-BOUGHT", "buy"): "ok",
        ("GEC25-BOUGHT", "sell"): "refused",
        ("GEC24-OLD", "buy"): "refused",
        ("GEC24-OLD", "sell"): "refused",
    }


@SQLITE
def test_credits_are_listed_only_and_their_eligibility_is_told(house: House) -> None:
    credit = {"kind": "CCER", "project": "wind", "methodology": "offshore wind", "is_inside_national_ets": False}
    house.register({"code": "CCER-1", **credit, "registered_on": "2025-03-06"})
    house.register({"code": "CCER-0", **credit, "registered_on": "2016-05-01"})
    house.price("CCER", "2026-11-19", "90.00", basis="day_average")

    new = house.check(instrument="CCER-1", limit_price="90.00", quantity="10")
    old = house.check(instrument="CCER-0", limit_price="90.00", quantity="10")
    block = house.check(instrument="CCER-1", limit_price="90.00", quantity="100000", method="block")

    assert (new["order.method"], new["order.price"], new["order.eligibility"]) == ("ok", "warning", "ok")
    assert (old["order.eligibility"], block["order.method"]) == ("warning", "refused")


@SQLITE
def test_an_auction_goes_by_its_notice(house: House) -> None:
    notice = {"notice_ref": "2026-8", "opens_at": "2026-11-20T01:30:00Z", "closes_at": "2026-11-20T02:30:00Z"}
    order = house.approved(method="auction", limit_price="300.00", quantity="1000", notice=notice)

    assert done(house.post(f"/orders/{order['order_id']}/place"))["state"] == "placed"
    late = house.approved(method="auction", limit_price="300.00", quantity="1000", notice=notice)
    house.clock.now = datetime(2026, 11, 20, 2, 31, tzinfo=UTC)
    assert refused(house.post(f"/orders/{late['order_id']}/place")) == (409, "order.refused")


@SQLITE
def test_a_list_of_trades_takes_euro_trades_with_their_fixing(house: House) -> None:
    house.register({"code": "EUA", "kind": "EUA"})
    head = "trade_ref,kind,traded_on,instrument,quantity_t,price_cny_per_t,fee_cny,counterparty,venue,compliance_year,doc_ref,note"
    content = (
        f"{head},price_eur_per_t,fixing_cny_per_eur,fixing_ref\n"
        "E-1,purchase,2026-11-20,EUA,1000,,,,,,,,75.36,8.1234,ECB 2026-11-20\n"
    )
    csv = {"Content-Type": "text/csv"}

    (booked,) = done(house.client.post(f"/v1/books/{BOOK}/trades", content, headers=csv))["booked"]

    assert booked["fixing_ref"] == "ECB 2026-11-20"
    assert house.balance("Assets:CarbonCost:EUA")[0] == "612179.42"
    without = content.replace("8.1234,ECB 2026-11-20", ",").replace("E-1", "E-2")
    assert refused(house.client.post(f"/v1/books/{BOOK}/trades", without, headers=csv)) == (
        422,
        "import.rows_unreadable",
    )
