"""How fast a working day posts: money entries, purchases and sales on lot-keeping accounts, holds placed and let go.

``row`` gives a row of ``tests.benchmarks.posting``. Ours: every guard and the tree, lots and their cost, holds. Raw: the very rows that
ours wrote, read back before the clock starts, inserted into bare tables of the same columns and keys, one commit a batch.
"""

from __future__ import annotations

import itertools
import os
import random
import statistics
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import text

from ledger import operations
from ledger.core.accounts import AccountOpening, LotMethod
from ledger.core.amounts import Commodity, CommodityKind
from ledger.core.holds import HoldKind, HoldPlacement, HoldRelease
from ledger.core.journal import CostLegs, EntryKind, JournalDraft, Posting
from ledger.store.database import Database
from tests.benchmarks import posting as bench
from tests.benchmarks import shares

_LOT_ACCOUNTS = 50
_DAY = date(2026, 2, 1)
_COSTS = CostLegs(cost_account="Assets:Bench:A0", gain_account="Assets:Bench:A1", loss_account="Assets:Bench:A2")
_FACTS = {
    "entry": "book_id, seq",
    "posting": "book_id, seq, line",
    "leaf": "book_id, seq",
    "lot": "book_id, lot_id",
    "lot_move": "book_id, seq, line, lot_id",
    "hold": "book_id, hold_id",
    "hold_move": "book_id, seq, hold_id, lot_id",
}
_ROUNDS = 5
_BATCHES_A_DAY = 9


def row(database: Database, engine: str, book_id: int, batch: int) -> bench.Row:
    """Return the mixed row at ``batch`` entries a commit."""
    _open_lot_accounts(database, book_id)
    _make_bare_tables(database)
    rng = random.Random(batch)
    ours, raw = [], []
    for round_ in range(_ROUNDS):
        batches = [_day(rng, batch) for _ in range(max(1, 4_000 // batch))]
        count = sum(map(len, batches))
        before = _tree_size(database, book_id)
        ours.append(count / bench.timed(partial(bench.post_all, database, book_id, batches)))
        written = [
            _written(database, book_id, before + i * batch, before + (i + 1) * batch) for i in range(len(batches))
        ]
        raw.append(count / bench.timed(partial(_insert_all, database, written)))
        assert _tree_size(database, book_id) == before + count, f"round {round_}: every draft is accepted"
    mine, theirs = statistics.median(ours), statistics.median(raw)
    batches = [_day(rng, batch) for _ in range(max(1, 4_000 // batch))]
    with shares.Shares(shares.POSTING) as found:
        bench.post_all(database, book_id, batches)
    row: bench.Row = {
        "engine": engine,
        "case": "post_mixed",
        "batch": batch,
        "entries_per_s": int(mine),
        "raw_entries_per_s": int(theirs),
        "ratio": f"{mine / theirs:.2f}",
        "note": "of ten entries 5 money, 2 purchases, 2 sales out of lots, 1 hold placed or released; lots are read and moved",
    }
    return shares.judged(row, goal="0.5 of raw", is_met=mine >= theirs / 2, dominates=found.told())


def _open_lot_accounts(database: Database, book_id: int) -> None:
    with database.writer() as session:
        operations.add_commodity(session, book_id, Commodity(code="CEA26", kind=CommodityKind.ALLOWANCE, scale=0), {})
        for number in range(_LOT_ACCOUNTS):
            operations.open_account(
                session,
                book_id,
                AccountOpening(
                    path=f"Assets:Carbon:L{number}",
                    commodity="CEA26",
                    opened_on=date(2020, 1, 1),
                    floor=0,
                    lot_method=LotMethod.FIFO,
                ),
            )
        operations.open_account(
            session,
            book_id,
            AccountOpening(path="Equity:Registry:CEA26", commodity="CEA26", opened_on=date(2020, 1, 1)),
        )
        operations.open_account(
            session,
            book_id,
            AccountOpening(path="Assets:Bench:Deposit", commodity="CNY", opened_on=date(2020, 1, 1), floor=0),
        )
        funds = (Posting("Assets:Bench:Deposit", "CNY", 10**9), Posting("Assets:Bench:A3", "CNY", -(10**9)))
        funding = _draft(random.Random(_LOT_ACCOUNTS), EntryKind.GENERAL, _DAY, funds)
        operations.post_entry(session, book_id, funding, now=bench.START, random_bytes=os.urandom)
        session.commit()


_placed: list[Any] = []
_stock = dict.fromkeys(range(_LOT_ACCOUNTS), 0)
_batches = itertools.count()


def _day(rng: random.Random, count: int) -> list[JournalDraft]:
    day = _DAY + timedelta(
        days=next(_batches) // _BATCHES_A_DAY
    )  # only onwards: a release is not dated before its hold
    drafts = []
    for place in range(count):
        turn = place % 10
        if turn < 5:
            one, other = rng.sample(range(3, bench.ACCOUNTS), 2)
            amount = rng.randrange(1, 1_000)
            legs = (Posting(f"Assets:Bench:A{one}", "CNY", amount), Posting(f"Assets:Bench:A{other}", "CNY", -amount))
            drafts.append(_draft(rng, EntryKind.GENERAL, day, legs))
        elif turn < 9:
            drafts.append(_trade(rng, day, is_purchase=turn % 2 == 1))
        else:
            drafts.append(_hold(rng, day))
    return drafts


def _trade(rng: random.Random, day: date, *, is_purchase: bool) -> JournalDraft:
    account = rng.randrange(_LOT_ACCOUNTS)
    lot_account, registry = f"Assets:Carbon:L{account}", "Equity:Registry:CEA26"
    if is_purchase or _stock[account] < 10:
        tonnes, cost = rng.randrange(50, 100), rng.randrange(5_000, 9_000)
        _stock[account] += tonnes
        legs: tuple[Posting, ...] = (
            Posting(lot_account, "CEA26", tonnes, lot_cost=cost),
            Posting(registry, "CEA26", -tonnes),
            Posting("Assets:Bench:A0", "CNY", cost),
            Posting("Assets:Bench:A3", "CNY", -cost),
        )
        return _draft(rng, EntryKind.TRADE, day, legs)
    tonnes = rng.randrange(1, 10)
    _stock[account] -= tonnes
    legs = (
        Posting(lot_account, "CEA26", -tonnes),
        Posting(registry, "CEA26", tonnes),
        Posting("Assets:Bench:A3", "CNY", 900),
    )
    return _draft(rng, EntryKind.TRADE, day, legs, cost_legs=_COSTS)


def _hold(rng: random.Random, day: date) -> JournalDraft:
    if _placed and rng.random() < 0.5:
        return _draft(rng, EntryKind.RELEASE, day, (), hold=HoldRelease(hold_id=_placed.pop()))
    placement = HoldPlacement(
        account="Assets:Bench:Deposit",
        kind=HoldKind.HOLD,
        amount=1,
        expires_at=datetime(2030, 1, 1, tzinfo=UTC),
    )
    return _draft(rng, EntryKind.HOLD, day, (), hold=placement)


def _draft(rng: random.Random, kind: EntryKind, day: date, postings: tuple[Posting, ...], **more: Any) -> JournalDraft:
    entry_id = bench.client_id(rng)
    if kind is EntryKind.HOLD:
        _placed.append(entry_id)
    return JournalDraft(entry_id=entry_id, kind=kind, effective_on=day, actor=bench.ACTOR, postings=postings, **more)


def _tree_size(database: Database, book_id: int) -> int:
    with database.reader() as session:
        size: int = session.execute(text("SELECT tree_size FROM book WHERE book_id = :b"), {"b": book_id}).scalar_one()
        return size


def _written(database: Database, book_id: int, first: int, last: int) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows that the entries ``first`` + 1 to ``last`` wrote, as the driver binds them."""
    found = {}
    borrowed = database.engine.raw_connection()
    connection = borrowed.driver_connection
    assert connection is not None, "an open connection has a driver connection"
    mark = "?" if database.is_sqlite else "%s"
    for table in _FACTS:
        seq = {"lot": "acquired_seq", "hold": "placed_seq"}.get(table, "seq")
        query = f"SELECT * FROM {table} WHERE book_id = {mark} AND {seq} > {mark} AND {seq} <= {mark}"
        found[table] = [tuple(row) for row in connection.execute(query, (book_id, first, last)).fetchall()]
    connection.rollback()
    borrowed.close()
    return found


def _make_bare_tables(database: Database) -> None:
    with database.writer() as session:
        for table, key in _FACTS.items():
            session.execute(text(f"DROP TABLE IF EXISTS bare_{table}"))
            if database.is_sqlite:
                columns = session.execute(
                    text(f"SELECT group_concat(name || ' ' || type, ', ') FROM pragma_table_info('{table}')")
                ).scalar_one()
                session.execute(
                    text(f"CREATE TABLE bare_{table} ({columns}, PRIMARY KEY ({key})) STRICT, WITHOUT ROWID")
                )
            else:
                session.execute(text(f"CREATE TABLE bare_{table} (LIKE {table})"))
                session.execute(text(f"ALTER TABLE bare_{table} ADD PRIMARY KEY ({key})"))
        session.execute(text("CREATE UNIQUE INDEX bare_entry_id ON bare_entry (entry_id, book_id)"))
        session.execute(
            text("CREATE INDEX bare_posting_day ON bare_posting (account_id, book_id, effective_on, seq, amount)")
        )
        session.commit()


def _insert_all(database: Database, batches: Sequence[dict[str, list[tuple[Any, ...]]]]) -> None:
    borrowed = database.engine.raw_connection()
    connection = borrowed.driver_connection
    assert connection is not None, "an open connection has a driver connection"
    for tables in batches:
        if database.is_sqlite:
            connection.execute("BEGIN IMMEDIATE")
        for table, written in tables.items():
            if written and database.is_sqlite:
                connection.executemany(f"INSERT INTO bare_{table} VALUES ({','.join('?' * len(written[0]))})", written)
            elif written:
                with connection.cursor() as cursor, cursor.copy(f"COPY bare_{table} FROM STDIN") as copy:
                    for row in written:
                        copy.write_row(row)
        connection.commit()
    borrowed.close()


def forget() -> None:
    """Forget what an earlier database held."""
    _placed.clear()
    _stock.update(dict.fromkeys(range(_LOT_ACCOUNTS), 0))
