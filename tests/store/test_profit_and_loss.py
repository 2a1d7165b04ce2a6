"""Results from a ledger on both engines: tied to the accounts, and a change that starts and ends at two valuations."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from finance.accounting.trades import Trade, TradeKind
from finance.market.marks import Mark, MarkState
from finance.market.observations import PriceBasis
from finance.market.pnl_explain import Effect
from finance.market.profit_and_loss import Dimension
from finance.market.snapshots import Snapshot, freeze_snapshot
from finance.operations.profit_and_loss import BookChange, BookPoint, BookProfit, book_profit, explain_book
from ledger import operations as ledger
from ledger.store import books
from ledger.store.books import Book
from ledger.store.database import Database
from tests.core.trade_lists import R14, trade
from tests.store.carbon_books import ACTOR, NOW, ORGANISATION, CarbonBook, new_id, open_carbon_book

START = date(2025, 1, 1)
KNOWN_AT = datetime(2026, 8, 20, tzinfo=UTC)
ALL = ("CCER", "CEA23", "CEA24", "CEA25")


@pytest.fixture
def book(database: Database) -> CarbonBook:
    return open_carbon_book(database)


def found(session: Session, book: CarbonBook) -> Book:
    return next(one for one in books.list_books(session, ORGANISATION) if one.book_id == book.book_id)


def marked(as_of: date, **prices: str | None) -> Snapshot:
    """The marks of a day; None is a stale one."""
    marks = [
        Mark(
            instrument=code,
            state=MarkState.STALE if value is None else MarkState.FRESH,
            value=None if value is None else Decimal(value),
            last_value=Decimal(value or "50.00"),
            currency="CNY",
            unit="t",
            source="exchange",
            basis=PriceBasis.LISTED_CLOSE,
            trade_date=as_of,
        )
        for code, value in prices.items()
    ]
    return freeze_snapshot(f"close of {as_of}", as_of=as_of, known_at=KNOWN_AT, marks=marks)


def profit(book: CarbonBook, snapshot: Snapshot, known: int | None = None) -> BookProfit:
    with book.database.reader() as session:
        return book_profit(session, found(session, book), snapshot, known=known)


def change(
    book: CarbonBook,
    opening: Snapshot,
    closing: Snapshot,
    *,
    known: tuple[int | None, int | None] = (None, None),
    restated: Snapshot | None = None,
) -> BookChange:
    with book.database.reader() as session:
        return explain_book(
            session,
            found(session, book),
            opening=BookPoint(snapshot=opening, known=known[0]),
            closing=BookPoint(snapshot=closing, known=known[1]),
            restated=restated or opening,
        )


def test_the_vouchers_give_both_views_and_tie_to_the_accounts(book: CarbonBook) -> None:
    book.book(R14)

    told = profit(book, marked(date(2025, 12, 31), CEA24="97.40"))

    # 10,000 t for 802,400.00; 1,000 t sold for 97,516.57 of which 80,240.00 cost; 6,500 t used; 2,500 t left at 200,600.00
    statutory, economic = told.result.statutory, told.result.economic
    assert (statutory.carrying_units, told.ledger_carrying_units) == (20_060_000, 20_060_000)
    assert statutory.realised_units == told.worth.realised_net_fen == 1_727_657
    assert statutory.settled_units == 52_156_000
    assert (economic.market_value_units, economic.unrealised_units) == (24_350_000, 24_350_000 - 20_060_000)


def test_a_reversed_sale_leaves_no_result_and_no_change(book: CarbonBook) -> None:
    book.book(R14[:1])
    before = profit(book, marked(date(2025, 12, 31), CEA24="97.40"))
    sold = book.book([trade("X", TradeKind.SALE, 700, price="99.00", fee_fen=100, on=date(2025, 7, 1))]).booked[0]
    with book.writing() as session:
        ledger.reverse_entry(
            session, book.book_id, entry_id=new_id(), reverses=sold.entry_id, effective_on=date(2025, 7, 2),
            actor=ACTOR, now=NOW, random_bytes=book.random_bytes,
        )  # fmt: skip

    after = profit(book, marked(date(2025, 12, 31), CEA24="97.40"))
    told = change(book, marked(date(2025, 6, 30), CEA24="97.40"), marked(date(2025, 12, 31), CEA24="97.40"))

    assert after.result == before.result
    assert {effect: amount for effect, amount in told.total.effects.items() if amount} == {}
    assert (told.total.money_units, told.total.realised_units) == (0, 0)


def test_a_sale_known_at_the_closing_only_is_new_data_of_the_opening_day(book: CarbonBook) -> None:
    book.book(R14[:1])
    book.book([trade("X", TradeKind.SALE, 1000, price="90.00", on=date(2025, 7, 1))])
    opening, closing = marked(date(2025, 8, 1), CEA24="85.00"), marked(date(2025, 8, 4), CEA24="86.00")

    told = change(book, opening, closing, known=(1, 2))

    assert told.total.opening_units == 85_000_000
    assert told.total.effects[Effect.LOTS_LEARNED] == -8_500_000
    assert told.total.effects[Effect.PRICE] == 900_000
    assert told.total.money_units == -9_000_000
    # 90,000.00 received for 80,240.00 of cost, and a tonne's mark of 85.00 gone: 5,000.00 more than the mark said
    assert told.total.result_units == 900_000 + 500_000
    assert told.total.realised_units == 976_000


def test_the_same_day_known_twice_is_all_new_data(book: CarbonBook) -> None:
    book.book(R14[:1])
    book.book([trade("X", TradeKind.PURCHASE, 10, price="80.00", on=date(2025, 6, 30))])
    day = date(2025, 7, 31)
    revised = marked(day, CEA24="84.00")

    told = change(book, marked(day, CEA24="85.00"), revised, known=(1, 2), restated=revised)

    assert {effect: amount for effect, amount in told.total.effects.items() if amount} == {
        Effect.LOTS_LEARNED: 85_000,
        Effect.MARKS_REVISED: -1_001_000,
    }


def history(seed: int) -> list[Trade]:
    """A year of trades that holds what it sells; opening cost, free tonnes, fees and a pool of credits among them."""
    rng, held, trades = random.Random(seed), {"CEA23": 0, "CEA24": 0, "CEA25": 0, "CCER-1": 0}, list[Trade]()
    day = START
    for number in range(60):
        day += timedelta(days=rng.randrange(0, 7))
        code = rng.choice(list(held))
        kinds = (
            [TradeKind.PURCHASE, TradeKind.OPENING, TradeKind.FREE_ALLOCATION] if held[code] < 50 else list(TradeKind)
        )
        kind = rng.choice([one for one in kinds if one is not TradeKind.FEE])
        if kind is TradeKind.FREE_ALLOCATION and code == "CCER-1":
            kind = TradeKind.PURCHASE
        is_in = kind in {TradeKind.PURCHASE, TradeKind.OPENING, TradeKind.FREE_ALLOCATION}
        tonnes = rng.randrange(1, 2_000) if is_in else rng.randrange(1, held[code] + 1)
        held[code] += tonnes if is_in else -tonnes
        is_traded = kind in {TradeKind.PURCHASE, TradeKind.SALE}
        is_priced = is_traded or (kind is TradeKind.OPENING and rng.random() < 0.5)
        trades.append(
            trade(
                f"H-{number}",
                kind,
                tonnes,
                price=f"{rng.randrange(4_000, 12_000) / 100:.2f}" if is_priced else None,
                fee_fen=rng.randrange(0, 5_000) if is_traded else 0,
                year=2024 if kind in {TradeKind.FREE_ALLOCATION, TradeKind.SURRENDER} else None,
                instrument=code,
                on=day,
            )
        )
    return trades


def random_marks(rng: random.Random, as_of: date) -> Snapshot:
    prices = {code: None if rng.random() < 0.2 else f"{rng.randrange(40_000, 120_000) / 1000:.3f}" for code in ALL}
    return marked(as_of, **prices)


@pytest.mark.parametrize("seed", range(6))
def test_any_change_starts_and_ends_at_valuations_and_sums_every_way(book: CarbonBook, seed: int) -> None:
    rng, trades = random.Random(100 + seed), history(seed)
    size = len(book.book(trades).booked)
    last_day = trades[-1].traded_on
    for _ in range(8):
        start = START + timedelta(days=rng.randrange(0, (last_day - START).days))
        end = start + timedelta(days=rng.randrange(0, 120))
        first, last = sorted((rng.randrange(0, size + 1), rng.randrange(0, size + 1)))
        opening, closing, restated = random_marks(rng, start), random_marks(rng, end), random_marks(rng, start)

        told = change(book, opening, closing, known=(first, last), restated=restated)

        before, after = profit(book, opening, first), profit(book, closing, last)
        assert told.total.opening_units == before.result.total.market_value_units
        assert told.total.closing_units == after.result.total.market_value_units
        assert told.total.opening_units + sum(told.total.effects.values()) == told.total.closing_units
        assert told.total.realised_units == after.result.total.realised_units - before.result.total.realised_units
        assert told.total.settled_units == after.result.total.settled_units - before.result.total.settled_units
        for by in (Dimension.LOT, Dimension.ACCOUNT, Dimension.INSTRUMENT):
            lines = told.lines(by)
            assert sum(line.closing_units for line in lines) == told.total.closing_units
            assert all(sum(line.effects[e] for line in lines) == told.total.effects[e] for e in Effect)
        assert after.worth.realised_net_fen == after.result.total.realised_units
        assert after.ledger_carrying_units == after.result.statutory.carrying_units
        assert all(leaf.source for leaf in told.explanation.leaves())


def test_a_book_in_another_currency_has_its_own_results(database: Database) -> None:
    euros = open_carbon_book(database, currency="EUR")

    told = profit(euros, marked(START, CEA24="80.00"))

    assert (told.result.currency, told.result.total.market_value_units) == ("EUR", 0)
    assert told.worth.realised == ()
