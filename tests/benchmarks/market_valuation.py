"""Mark-to-market of a million lots in a thousand books, beside a bare kernel, DuckDB, polars and the Decimal loop.

All take turns in one run, so that a busy machine slows each; figures are medians. Every answer is compared with the exact
path first. And a day's close: marks frozen, books valued, results and the change since the day before, on each engine.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import duckdb
import numpy as np
import polars as pl

from finance.accounting.instruments import allowance
from finance.accounting.trades import Trade, TradeKind
from finance.market.bulk_valuation import BulkValuation, LotColumns, value_columns
from finance.market.observations import Observation, PriceBasis
from finance.market.profit_and_loss import Dimension
from finance.operations import market
from finance.operations.profit_and_loss import BookPoint, book_profit, explain_book, restated_marks
from finance.operations.trades import book_trades, register_instruments
from finance.store import reference
from finance.store.market import RawFile
from ledger import operations as ledger
from ledger.core.parties import Actor
from ledger.store import books
from ledger.store.database import Database
from tests.benchmarks import posting

Row = dict[str, Any]

_ROUNDS = 7
_CODES = ("CEA19-20", "CEA21", "CEA22", "CEA23", "CEA24", "CEA25", "CCER", "EUA", "CBAM", "OLD1", "OLD2", "OLD3")
_PRICES = ("71.00", "74.25", "81.00", "85.10", "96.33", "97.40", "93.54", None, None, "60.00", "61.50", "62.75")
_EUR_CNY = Decimal("7.9341")
_EUR_PRICES = {"EUA": Decimal("77.03"), "CBAM": Decimal("75.36")}
_ACTOR = Actor(user_id=UUID(int=21), organisation_id=UUID(int=22))
_MONDAY, _TUESDAY = date(2026, 8, 10), date(2026, 8, 11)


def rows(*, lots: int, books_valued: int, closing_books: int, lots_a_book: int, engines: tuple[str, ...]) -> list[Row]:
    """Return the row of the kernel and its peers, and a day's close for each engine."""
    found = mark_to_market_rows(lots, books_valued)
    for engine in engines:
        with posting.opened_database(engine) as database:
            found.append(close_row(database, engine, closing_books, lots_a_book))
    return found


def unit_prices() -> tuple[Fraction | None, ...]:
    """Return exact fen a tonne by place: two vintages are unvalued, two instruments are quoted in euros."""
    prices: list[Fraction | None] = []
    for code, price in zip(_CODES, _PRICES, strict=True):
        euros = _EUR_PRICES.get(code)
        if code in {"OLD1", "OLD2"}:
            prices.append(None)
        elif euros is not None:
            prices.append(Fraction(euros) * Fraction(_EUR_CNY) * 100)
        else:
            assert price is not None, "what is quoted in CNY has a price"
            prices.append(Fraction(price) * 100)
    return tuple(prices)


def columns(count: int, book_count: int) -> LotColumns:
    """Return lots of 1 to 100,000 t in random order of books and instruments."""
    rng = np.random.default_rng(7)
    return LotColumns(
        quantity=rng.integers(1, 10**5, count),
        cost_units=rng.integers(0, 10**9, count),
        price_index=rng.integers(0, len(_CODES), count),
        book_index=rng.integers(0, book_count, count),
    )


def mark_to_market_rows(count: int, book_count: int) -> list[Row]:
    """Return our time against a bare kernel and against DuckDB; polars and the Decimal loop stand in the note."""
    lots, prices = columns(count, book_count), unit_prices()
    divisor = 10**4
    numerators = np.array([0 if price is None else int(price * divisor) for price in prices], dtype=np.int64)

    def bare() -> tuple[Any, Any]:
        """The same product, the same half-up division, value and cost summed by book; nothing checked, counted or kept apart."""
        worth = (lots.quantity * numerators[lots.price_index] + divisor // 2) // divisor
        value, cost = np.zeros(book_count, dtype=np.int64), np.zeros(book_count, dtype=np.int64)
        np.add.at(value, lots.book_index, worth)
        np.add.at(cost, lots.book_index, lots.cost_units)
        return value, cost

    ducks, frames = _Duck(lots, prices), _Polars(lots, prices)
    works: dict[str, Callable[[], object]] = {
        "ours": lambda: value_columns(lots, prices, book_count=book_count),
        "bare": bare,
        "duckdb": ducks.value,
        "polars": frames.value,
    }
    differing = _differing(value_columns(lots, prices, book_count=book_count), lots, prices, bare, ducks, frames)
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(_ROUNDS):
        for name, work in works.items():
            taken[name].append(posting.timed(work) * 1000)
    loop = posting.timed(lambda: _decimal_loop(lots, prices, min(count, 100_000))) * 1000 * count / min(count, 100_000)
    ours, plain, duck, polar = (statistics.median(taken[name]) for name in works)
    note = f"{ours:.1f} ms; bare {plain:.1f}, DuckDB {duck:.1f}, polars {polar:.1f}, Decimal loop {loop:.0f} ms; {differing} fen differ"
    note = f"{count} lots x {book_count} books: {note}"
    is_exact = not differing
    bare_ratio, duck_ratio = f"{ours / plain:.2f}", f"{duck / ours:.2f}"
    return [
        _row("mark_to_market_bare", bare_ratio, "x a bare kernel", 2, is_met=ours <= 2 * plain and is_exact, note=note),
        _row(
            "mark_to_market_duckdb", duck_ratio, "x DuckDB's join", "1.0", is_met=duck >= ours and is_exact, note=note
        ),
    ]


class _Duck:
    """The lots in DuckDB's own table and the prices as DECIMAL; a join, half-up per lot by its own round(), sums by book."""

    def __init__(self, lots: LotColumns, prices: tuple[Fraction | None, ...]) -> None:
        self.connection = duckdb.connect()
        source = {"qty": lots.quantity, "cost": lots.cost_units, "place": lots.price_index, "book": lots.book_index}
        self.connection.register("source", source)
        self.connection.execute(
            "CREATE TABLE lot AS SELECT CAST(qty AS INTEGER) qty, CAST(cost AS BIGINT) cost,"
            " CAST(place AS INTEGER) price_index, CAST(book AS INTEGER) book FROM source"
        )
        self.connection.execute("CREATE TABLE price (price_index INTEGER, fen DECIMAL(9, 4))")
        fen = [(place, None if price is None else _decimal(price)) for place, price in enumerate(prices)]
        self.connection.executemany("INSERT INTO price VALUES (?, ?)", fen)

    def value(self) -> list[tuple[Any, ...]]:
        """Return (book, value, cost of valued lots, unvalued lots) by book."""
        return self.connection.execute(
            "SELECT book, sum(round(CAST(qty AS DECIMAL(9, 0)) * fen, 0)),"
            " sum(CASE WHEN fen IS NULL THEN 0 ELSE cost END), count(*) FILTER (fen IS NULL)"
            " FROM lot JOIN price USING (price_index) GROUP BY book ORDER BY book"
        ).fetchall()


class _Polars:
    """The same in polars with integers: a join, the half-up division, sums by book."""

    def __init__(self, lots: LotColumns, prices: tuple[Fraction | None, ...]) -> None:
        source = {
            "qty": lots.quantity,
            "cost": lots.cost_units,
            "price_index": lots.price_index,
            "book": lots.book_index,
        }
        self.lots = pl.DataFrame(source)
        numerators = [None if price is None else int(price * 10**4) for price in prices]
        self.prices = pl.DataFrame({"price_index": range(len(prices)), "fen": numerators})

    def value(self) -> pl.DataFrame:
        """Return value, cost of valued lots and unvalued lots by book."""
        joined = self.lots.join(self.prices, on="price_index").with_columns(
            worth=(pl.col("qty") * pl.col("fen") + 5_000) // 10_000
        )
        return (
            joined.group_by("book")
            .agg(
                pl.col("worth").sum(),
                pl.col("cost").filter(pl.col("fen").is_not_null()).sum(),
                pl.col("fen").null_count().alias("unvalued"),
            )
            .sort("book")
        )


def _differing(
    found: BulkValuation,
    lots: LotColumns,
    prices: tuple[Fraction | None, ...],
    bare: Callable[[], tuple[Any, Any]],
    ducks: _Duck,
    frames: _Polars,
) -> int:
    """Return by how many fen any of the four differs from Python integers, lot by lot and book by book."""
    fen = [None if price is None else price for price in prices]
    exact = [
        0
        if (price := fen[place]) is None
        else (2 * quantity * price.numerator + price.denominator) // (2 * price.denominator)
        for quantity, place in zip(lots.quantity.tolist(), lots.price_index.tolist(), strict=True)
    ]
    by_book: dict[int, int] = {}
    for book, worth in zip(lots.book_index.tolist(), exact, strict=True):
        by_book[book] = by_book.get(book, 0) + worth
    ours = {place: book.market_value_units for place, book in enumerate(found.books)}
    told = {book: int(value or 0) for book, value, _, _ in ducks.value()}
    framed = dict(frames.value().select("book", "worth").iter_rows())
    difference = sum(abs(one - other) for one, other in zip(found.worths(), exact, strict=True))
    plain = dict(enumerate(bare()[0].tolist()))
    for book, worth in by_book.items():
        difference += sum(abs(sums[book] - worth) for sums in (ours, told, framed, plain))
    return difference


def _decimal_loop(lots: LotColumns, prices: tuple[Fraction | None, ...], count: int) -> dict[int, Decimal]:
    """Return each book's value by a plain loop of Decimals over the first ``count`` lots."""
    fen = [None if price is None else _decimal(price) for price in prices]
    totals: dict[int, Decimal] = {}
    one = Decimal(1)
    columns_ = zip(
        lots.quantity[:count].tolist(), lots.price_index[:count].tolist(), lots.book_index[:count].tolist(), strict=True
    )
    for quantity, place, book in columns_:
        price = fen[place]
        if price is not None:
            totals[book] = totals.get(book, Decimal(0)) + (quantity * price).quantize(one, ROUND_HALF_UP)
    return totals


def _decimal(price: Fraction) -> Decimal:
    return Decimal(int(price * 10**4)) / 10**4


def close_row(database: Database, engine: str, count: int, lots_a_book: int) -> Row:
    """Return the time of a day's close for ``count`` books of ``lots_a_book`` lots: freeze, value, results, change, trees."""
    numbers = _filled(database, count, lots_a_book)
    spent = time.process_time()
    taken = posting.timed(lambda: _close(database, numbers))
    own = time.process_time() - spent
    note = (
        f"{own:.1f} s of its own processor time; {count} books of {lots_a_book} lots and a day of trades: marks frozen"
        " and stored, every lot valued, both views, results by 5 dimensions, change since the day before by instrument"
        " with its tree, one transaction a book; returned, not stored"
    )
    return _row(f"day_close_{engine}", f"{taken:.1f}", "s", 60, is_met=taken < 60, note=note)


def _close(database: Database, numbers: list[UUID]) -> None:
    now = datetime(2026, 8, 12, tzinfo=UTC)
    with database.writer() as session:
        opening, closing = (
            market.freeze_snapshot(
                session,
                _ACTOR.organisation_id,
                snapshot_id=UUID(int=900 + place),
                as_of=day,
                known_at=now - timedelta(hours=2 - place),
                instruments=("CEA24", "CEA25"),
                actor=_ACTOR,
                now=now,
            )
            for place, day in enumerate((_MONDAY, _TUESDAY))
        )
        session.commit()
    with database.reader() as session:
        restated = restated_marks(session, _ACTOR.organisation_id, opening, known_at=closing.known_at)
    for number in numbers:
        with database.reader() as session:
            book = books.find(session, number)
            assert book is not None, "the book was opened"
            profit = book_profit(session, book, closing)
            assert profit.result.total.is_complete, "every lot has a mark"
            last = BookPoint(snapshot=closing, known=None)
            change = explain_book(
                session, book, opening=BookPoint(snapshot=opening, known=None), closing=last, restated=restated
            )
            assert change.total.closing_units == profit.result.total.market_value_units, "both tell one value"
            assert change.lines(Dimension.INSTRUMENT), "told by instrument"


def _filled(database: Database, count: int, lots_a_book: int) -> list[UUID]:
    """Open the books, buy their lots over a year, sell some on the closing day, and know the prices of both days."""
    raw = RawFile(file_name="prices.csv", content=b"two closes")
    start = datetime(2025, 1, 1, tzinfo=UTC)
    numbers = [UUID(int=(1 << 64) + place) for place in range(count)]
    with database.writer() as session:
        seen = [
            _observed(code, day, price, raw)
            for code, price in (("CEA24", "81.00"), ("CEA25", "97.40"))
            for day in (_MONDAY, _TUESDAY)
        ]
        bounds, now = reference.shipped_instrument_bounds(), datetime(2026, 8, 11, 20, tzinfo=UTC)
        market.import_observations(session, _ACTOR.organisation_id, seen, raw, bounds, actor=_ACTOR, now=now)
        session.commit()
    for place, number in enumerate(numbers):
        with database.writer() as session:
            book_id = ledger.open_book(
                session, book_uuid=number, tenant_id=_ACTOR.organisation_id, code=f"bench-{place}", functional_currency="CNY", now=start
            )  # fmt: skip
            register_instruments(session, book_id, (allowance("CEA24"), allowance("CEA25")), date(2025, 1, 1))
            book_trades(
                session, book_id, _trades(lots_a_book), actor=_ACTOR, now=datetime(2026, 8, 11, 18, tzinfo=UTC),
                new_id=_Ids(number), random_bytes=os.urandom,
            )  # fmt: skip
            session.commit()
    return numbers


class _Ids:
    """Ids that no other book has."""

    def __init__(self, book: UUID) -> None:
        self.last = int(hashlib.sha256(book.bytes).hexdigest()[:16], 16) << 48

    def __call__(self) -> UUID:
        self.last += 1
        return UUID(int=self.last)


def _observed(code: str, day: date, price: str, raw: RawFile) -> Observation:
    return Observation(
        source="exchange",
        instrument=code,
        price_basis=PriceBasis.LISTED_CLOSE,
        trade_date=day,
        last_trade_date=day,
        value=Decimal(price) + (day - _MONDAY).days,
        currency="CNY",
        unit="t",
        known_at=datetime(2026, 8, 11, 20, tzinfo=UTC),
        raw_sha256=raw.sha256,
    )


def _trades(count: int) -> list[Trade]:
    bought = Trade(
        trade_ref="B",
        kind=TradeKind.PURCHASE,
        traded_on=date(2025, 2, 3),
        instrument="CEA24",
        quantity_t=1_000,
        price_cny_per_t=Decimal("80.00"),
        fee_fen=2_400,
    )
    trades = [
        replace(
            bought,
            trade_ref=f"B-{place}",
            traded_on=date(2025, 2, 3) + timedelta(days=place % 360),
            instrument=("CEA24", "CEA25")[place % 2],
            quantity_t=1_000 + place,
        )
        for place in range(count)
    ]
    return [
        *trades,
        replace(bought, trade_ref="S-1", kind=TradeKind.SALE, traded_on=_TUESDAY, quantity_t=2_500),
        replace(bought, trade_ref="B-L", traded_on=_TUESDAY, instrument="CEA25", quantity_t=700),
    ]


def _row(case: str, figure: object, unit: str, asked: object, *, is_met: bool, note: str) -> Row:
    return {"case": case, "figure": figure, "unit": unit, "asked": asked, "is_met": bool(is_met), "note": note}
