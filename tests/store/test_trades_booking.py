"""Trades in a book: the vouchers of R14 to the fen, each trade once, and a list as a whole or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from finance.accounting.cost_comparison import replay
from finance.accounting.instruments import InstrumentKind, allowance
from finance.accounting.trades import Trade, TradeKind
from finance.feeds.tabular import read_table
from finance.feeds.trades import parse_instruments, parse_trades
from finance.operations.trades import register_instruments
from finance.operations.valuations import instruments_of
from finance.store import trades as trade_store
from ledger import operations as ledger
from ledger.core.accounts import LotMethod
from ledger.core.errors import Conflict, DomainError
from ledger.store import books, reports
from ledger.store.database import Database
from tests.core.trade_lists import DAY, R14, trade, trade_lists
from tests.store.carbon_books import (
    ACTOR,
    CREDIT,
    INSTRUMENTS,
    NOW,
    OPENED,
    CarbonBook,
    every_row,
    new_id,
    open_carbon_book,
)

TABLES = ("trade", "entry", "posting", "balance", "lot", "lot_move", "leaf", "request", "book")
EXAMPLE = Path(__file__).parents[2] / "examples" / "smelter"


@pytest.fixture
def book(database: Database) -> CarbonBook:
    return open_carbon_book(database)


def test_the_vouchers_of_r14_stand_in_the_book_to_the_fen(book: CarbonBook) -> None:
    book.book(R14)

    assert book.balance("Expenses:CarbonSurrender:CEA24") == 48_144_000
    assert book.balance("Expenses:CarbonCancellation:CEA24") == 4_012_000
    assert book.balance("Income:CarbonGain:CEA24") == 1_727_657
    assert (book.balance("Assets:Carbon:CEA24"), book.balance("Assets:CarbonCost:CEA24")) == (2500, 20_060_000)
    assert book.balance("Assets:Bank:CNY") == -80_240_000 + 9_751_657
    assert [(lot.quantity, lot.cost) for lot in book.lots()] == [(2500, 20_060_000)]


def test_a_free_tonne_sold_is_gain_in_full(book: CarbonBook) -> None:
    book.book(
        [
            trade("A-1", TradeKind.FREE_ALLOCATION, 100, year=2024),
            trade("S-1", TradeKind.SALE, 100, price="75.39", fee_fen=100),
        ]
    )

    assert book.balance("Income:CarbonGain:CEA24") == 753_800
    assert book.balance("Assets:CarbonCost:CEA24") == 0


def test_a_trade_is_kept_with_all_its_facts(book: CarbonBook) -> None:
    given_trade = replace(
        R14[0],
        price_cny_per_t=Decimal("80.125"),
        counterparty="对手方",
        venue="exchange",
        doc_ref="V-1",
        note="note",
        origin="trades.csv row 2",
    )

    booking = book.book([given_trade])

    with book.database.reader() as session:
        (found,) = trade_store.list_trades(session, book.book_id)
        entry = reports.entry_at(session, book.book_id, found.entry_seq)
    assert (found,) == booking.booked
    assert (found.trade, found.trade.origin) == (given_trade, "trades.csv row 2")
    assert entry is not None
    assert (entry.entry_id, entry.doc_ref, entry.attrs["trade_ref"]) == (found.entry_id, "V-1", "B-1")


def test_the_same_list_again_changes_nothing(book: CarbonBook) -> None:
    book.book(R14)
    before = every_row(book.database, *TABLES)

    again = book.book([replace(one, origin="another file row 9") for one in R14])

    assert (again.booked, again.standing) == ((), ("B-1", "C-1", "S-1", "S-2"))
    assert every_row(book.database, *TABLES) == before


def test_a_longer_list_books_only_what_is_new(book: CarbonBook) -> None:
    book.book(R14[:2])

    booking = book.book(R14)

    assert [one.trade.trade_ref for one in booking.booked] == ["S-2", "C-1"]
    assert book.balance("Assets:Carbon:CEA24") == 2500


def test_the_same_reference_with_other_content_is_refused(book: CarbonBook) -> None:
    book.book(R14)
    before = every_row(book.database, *TABLES)

    with pytest.raises(Conflict) as refusal:
        book.book([replace(R14[0], quantity_t=9999), trade("N-1", TradeKind.PURCHASE, 1, price="1.00")])

    assert refusal.value.code == "trade.ref_reused"
    assert every_row(book.database, *TABLES) == before


def test_overselling_names_trade_row_and_the_ledgers_code_and_leaves_nothing(book: CarbonBook) -> None:
    before = every_row(book.database, *TABLES)
    oversold = trade("S-9", TradeKind.SALE, 10_001, price="90.00", on=DAY + timedelta(days=1))

    with book.writing() as session, pytest.raises(Conflict) as refusal:
        book.book_in(session, [R14[0], replace(oversold, origin="trades.csv row 3")])

    assert refusal.value.code == "ledger.insufficient_available"
    assert refusal.value.data["trade_ref"] == "S-9"
    assert "trades.csv row 3" in refusal.value.message
    assert every_row(book.database, *TABLES) == before


def test_a_sale_is_not_met_by_a_later_days_purchase(book: CarbonBook) -> None:
    late = replace(R14[0], traded_on=DAY + timedelta(days=1))

    with pytest.raises(Conflict) as refusal:
        book.book([late, R14[2]])

    assert refusal.value.code == "ledger.insufficient_available"


def test_a_sale_dated_before_a_booked_purchase_is_refused(book: CarbonBook) -> None:
    book.book([R14[0], trade("B-2", TradeKind.PURCHASE, 10, price="90.00", on=DAY + timedelta(days=9))])

    with pytest.raises(Conflict) as refusal:
        book.book([trade("S-5", TradeKind.SALE, 10_005, price="90.00", on=DAY + timedelta(days=1))])

    assert refusal.value.code == "trade.backdated_disposal"


def test_a_reversed_purchase_stands_in_no_ones_way(book: CarbonBook) -> None:
    mistyped = trade("B-2", TradeKind.PURCHASE, 10, price="90.00", on=date(2062, 7, 1))
    (_, wrong) = book.book([R14[0], mistyped]).booked
    with book.writing() as session:
        ledger.reverse_entry(
            session,
            book.book_id,
            entry_id=new_id(),
            reverses=wrong.entry_id,
            effective_on=mistyped.traded_on,
            actor=ACTOR,
            now=NOW,
            random_bytes=book.random_bytes,
        )

    book.book(R14[1:])

    assert book.balance("Assets:Carbon:CEA24") == 2500


def test_an_instrument_that_is_not_registered_is_refused(book: CarbonBook) -> None:
    with pytest.raises(Conflict) as refusal:
        book.book([replace(R14[0], instrument="CEA99")])

    assert refusal.value.code == "ledger.account_unknown"


def test_a_day_before_the_accounts_opened_is_refused(book: CarbonBook) -> None:
    with pytest.raises(Conflict) as refusal:
        book.book([replace(R14[0], traded_on=OPENED - timedelta(days=1))])

    assert refusal.value.code == "ledger.account_not_open"


def test_an_empty_list_books_nothing(book: CarbonBook) -> None:
    assert book.book([]).booked == ()


def test_a_book_in_another_currency_is_refused(database: Database) -> None:
    foreign = open_carbon_book(database, currency="EUR")

    with pytest.raises(Conflict) as refusal, foreign.writing() as session:
        register_instruments(session, foreign.book_id, INSTRUMENTS, OPENED)

    assert refusal.value.code == "trade.book_currency"


def test_registering_again_changes_nothing_and_other_facts_are_refused(book: CarbonBook) -> None:
    before = every_row(book.database, "commodity", "account", "balance")
    with book.writing() as session:
        register_instruments(session, book.book_id, INSTRUMENTS, OPENED)
        assert dict(instruments_of(session, book.book_id))["CCER-1"] == replace(CREDIT, price_instrument="CCER")
    assert every_row(book.database, "commodity", "account", "balance") == before

    with pytest.raises(Conflict) as refusal, book.writing() as session:
        register_instruments(session, book.book_id, [replace(CREDIT, is_inside_national_ets=True)], OPENED)

    assert refusal.value.code == "commodity.exists"


def test_a_trade_is_never_changed(book: CarbonBook) -> None:
    book.book(R14)
    last = "INSERT OR REPLACE INTO trade SELECT * FROM trade" if book.database.is_sqlite else "TRUNCATE trade"

    for statement in ("UPDATE trade SET fee_fen = 0", "DELETE FROM trade", last):
        with book.database.writer() as session, pytest.raises(DBAPIError, match="append_only"):
            session.execute(text(statement))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trade_lists())
def test_a_list_books_as_its_replay_says_or_is_refused_whole(database: Database, trades: tuple[Trade, ...]) -> None:
    book = open_carbon_book(database)
    mine = ("trade", "entry", "lot_move")
    before = every_row(database, *mine)

    try:
        fifo = [one for one in replay(trades, method=LotMethod.FIFO) if one.instrument == "CEA24"]
        average = [one for one in replay(trades, method=LotMethod.AVERAGE) if one.instrument == "CCER-1"]
    except DomainError:
        with book.writing() as session, pytest.raises(DomainError):
            book.book_in(session, trades)
        assert every_row(database, *mine) == before
        return

    book.book(trades)
    for expected in (*fifo, *average):
        code = expected.instrument
        net = book.balance(f"Income:CarbonGain:{code}") - book.balance(f"Expenses:CarbonLoss:{code}")
        assert net == expected.realised_fen
        assert book.balance(f"Expenses:CarbonSurrender:{code}") == expected.surrendered_cost_fen
        assert book.balance(f"Expenses:CarbonCancellation:{code}") == expected.cancelled_cost_fen
        assert book.balance(f"Assets:Carbon:{code}") == expected.remaining_t
        assert book.balance(f"Assets:CarbonCost:{code}") == expected.remaining_cost_fen
        lots = [(lot.quantity, lot.cost) for lot in book.lots() if lot.commodity == code]
        assert lots == [(lot.quantity, lot.cost) for lot in expected.remaining]
    after = every_row(database, *mine)
    book.book(trades)
    assert every_row(database, *mine) == after


def test_the_example_books_and_keeps_what_its_readme_says(database: Database) -> None:
    book = open_carbon_book(database, currency="CNY")
    instruments = parse_instruments(read_table("instruments.csv", (EXAMPLE / "instruments.csv").read_bytes())[0])
    trades = parse_trades(read_table("trades.csv", (EXAMPLE / "trades.csv").read_bytes())[0])
    with book.writing() as session:
        register_instruments(session, book.book_id, instruments, date(2024, 1, 1))

    book.book(trades)

    held = {
        code: book.balance(f"Assets:Carbon:{code}")
        for code in ("CEA23", "CEA24", "CEA25", "CCER-BJ-0001", "CCER-BJ-0002")
    }
    assert held == {
        "CEA23": 5000, "CEA24": 48_000, "CEA25": 511_118, "CCER-BJ-0001": 34_500, "CCER-BJ-0002": 6000,
    }  # fmt: skip
    assert book.balance("Income:CarbonGain:CEA24") > 0
    assert book.balance("Expenses:CarbonLoss:CEA23") > 0
    assert {one.kind for one in instruments} == {InstrumentKind.CEA, InstrumentKind.CCER}


def test_an_instrument_registered_later_joins_the_accounts_that_all_share(book: CarbonBook) -> None:
    with book.writing() as session:
        register_instruments(session, book.book_id, (allowance("CEA26"),), date(2026, 1, 5))

    with book.database.reader() as session:
        standing = books.accounts(session, book.book_id)
    assert standing["Assets:Carbon:CEA26"].opened_on == date(2026, 1, 5)
    assert standing["Assets:Carbon:CEA26"].floor == 0
    assert standing["Assets:Bank:CNY"].opened_on == OPENED


def test_two_writers_with_one_list_book_it_once(book: CarbonBook) -> None:
    start = Barrier(2)

    def run() -> int:
        start.wait()
        return len(book.book(R14).booked)

    with ThreadPoolExecutor(2) as pool:
        booked = [future.result() for future in [pool.submit(run), pool.submit(run)]]

    assert sorted(booked) == [0, 4]
    assert book.balance("Assets:Carbon:CEA24") == 2500
