"""A book's rows for a backup: which tables are facts, how their columns travel, and how projections are made anew from them.

Reads in a fixed order, so that equal books give equal bytes on both databases, and writes rows back as they were. Takes a session
first and never commits. Every table of the ledger with a ``book_id`` is a fact here unless it is named as a projection.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import cast

import psycopg
from sqlalchemy import (
    BigInteger,
    Boolean,
    LargeBinary,
    Text,
    and_,
    collate,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine

import ledger.store.tables
from ledger.core.errors import Conflict, Invalid
from ledger.core.export_formats.backup_lines import BackupColumn, ColumnKind, Value
from ledger.core.serials import SerialBlock, together, without
from ledger.store.acting import as_installation, is_row_security_active
from ledger.store.database import Base, BusinessDate, JsonText, UtcDateTime, UuidKey, sqlite_module

for _module in pkgutil.iter_modules(ledger.store.tables.__path__):
    importlib.import_module(f"ledger.store.tables.{_module.name}")  # so that every table is known, whoever added it

_BOOK = "book"
_LIMITS = "balance"
_LIMIT_COLUMNS = ("account_id", "floor", "ceiling")
_PROJECTIONS = frozenset({"balance", "balance_day", "lot_position", "hold_position", "serial_block"})
BY_SEQ: Mapping[str, tuple[str, ...]] = {
    "entry": ("seq",),
    "posting": ("seq", "line"),
    "leaf": ("seq",),
    "lot": ("acquired_seq", "lot_id"),
    "lot_move": ("seq", "line", "lot_id"),
    "serial_move": ("seq", "line", "lot_id", "prefix", "first"),
    "hold": ("placed_seq", "hold_id"),
    "hold_move": ("seq", "hold_id", "lot_id"),
}
"""The tables that follow the book's order, with the columns that order them; the first is the entry's place."""

DRIVER_REFUSALS = (psycopg.IntegrityError, psycopg.DataError, sqlite_module().IntegrityError)
"""What rows sent past SQLAlchemy are refused with by constraints and guards."""

_STREAM = {"yield_per": 5_000}


def table_names() -> tuple[str, ...]:
    """Return the names of what is backed up, each after what it refers to; ``balance`` stands for the accounts' limits alone."""
    ours = {
        str(mapper.class_.__tablename__)
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.startswith("ledger.store.tables.") and "book_id" in mapper.local_table.c
    }
    in_order = [table.name for table in Base.metadata.sorted_tables if table.name in ours - _PROJECTIONS]
    later = [name for name in in_order if name not in {_BOOK, "commodity", "account", *BY_SEQ}]
    return (_BOOK, "commodity", "account", _LIMITS, *BY_SEQ, *later)


@cache
def columns(name: str) -> tuple[BackupColumn, ...]:
    """Return a table's columns as they travel, by name; ``book_id`` is this database's own number and stays at home."""
    table = Base.metadata.tables[name]
    wanted = _LIMIT_COLUMNS if name == _LIMITS else sorted(each.name for each in table.c if each.name != "book_id")
    return tuple(BackupColumn(each, _kind(table.c[each].type), bool(table.c[each].nullable)) for each in wanted)


def schema_version(session: Session) -> str:
    """Return the version that this database's schema stands at."""
    return str(session.scalar(text("SELECT version_num FROM alembic_version")))


def rows(session: Session, book_id: int, name: str) -> Iterator[tuple[Value, ...]]:
    """Yield a table's rows of the book in the order of its key."""
    table = Base.metadata.tables[name]
    wanted = select(*(table.c[column.name] for column in columns(name))).where(table.c.book_id == book_id)
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    for key in order(name):
        if is_postgresql and isinstance(table.c[key].type, Text):
            wanted = wanted.order_by(collate(table.c[key], "C"))  # as SQLite compares, by code points
        else:
            wanted = wanted.order_by(table.c[key])
    for row in session.execute(wanted, execution_options=_STREAM):
        yield tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)


def order(name: str) -> tuple[str, ...]:
    """Return the columns whose values grow strictly from row to row."""
    if name in BY_SEQ:
        return BY_SEQ[name]
    if name == _BOOK:
        return ("book_uuid",)
    return tuple(each.name for each in Base.metadata.tables[name].primary_key.columns if each.name != "book_id")


def begin(session: Session, book: Mapping[str, Value]) -> int:
    """Insert the book's row at its beginning, without entries and with no day closed; return its number in this database.

    A book of that uuid, or of that code in its organisation, is ``backup.book_exists``.
    """
    table = Base.metadata.tables[_BOOK]
    here = select(table.c.book_id).where(
        or_(
            table.c.book_uuid == book["book_uuid"],
            (table.c.tenant_id == book["tenant_id"]) & (table.c.code == book["code"]),
        )
    )
    if session.scalar(here) is not None:
        raise Conflict(
            "backup.book_exists",
            "this database has the book, or another book of its organisation under the same code; nothing was imported",
            book_uuid=str(book["book_uuid"]),
        )
    with as_installation(session):  # books are numbered through, whoever's they are
        book_id = int(session.scalar(select(func.max(table.c.book_id))) or 0) + 1
    beginning = {"next_seq": 1, "tree_size": 0, "tree_peaks": b"", "locked_through": None, "soft_locked_through": None}
    session.execute(insert(table).values(**{**book, **beginning}, book_id=book_id))
    return book_id


def finish(session: Session, book_id: int, book: Mapping[str, Value], limits: Sequence[tuple[Value, ...]]) -> None:
    """Move the book to where it had come, then make every projection anew from the facts that stand here."""
    table = Base.metadata.tables[_BOOK]
    moved = ("next_seq", "tree_size", "tree_peaks", "locked_through", "soft_locked_through")
    session.execute(
        update(table).where(table.c.book_id == book_id).values(**{name: book[name] for name in moved if name in book})
    )
    balance = Base.metadata.tables[_LIMITS]
    if limits:
        zero = {"book_id": book_id, "posted": 0, "held": 0, "last_seq": 0}
        session.execute(
            insert(balance), [{**zero, "account_id": each[0], "floor": None, "ceiling": None} for each in limits]
        )
    for statement in _REBUILD:
        session.execute(text(statement), {"book": book_id})
    _lay_out_serials(session, book_id)
    if limits:
        limited = text(
            "UPDATE balance SET floor = :floor, ceiling = :ceiling WHERE book_id = :book AND account_id = :account"
        )
        session.execute(
            limited, [{"book": book_id, "account": a, "floor": low, "ceiling": high} for a, low, high in limits]
        )


def insert_order(session: Session) -> tuple[str, ...]:
    """Return ``BY_SEQ`` in the order that the seals ask for: on SQLite postings come before the entry that seals them."""
    names = list(BY_SEQ)
    if session.get_bind().dialect.name == "sqlite":
        names[:2] = ["posting", "entry"]
    return tuple(names)


def add(session: Session, book_id: int, name: str, values: Sequence[tuple[Value, ...]]) -> None:
    """Insert rows as they were, by COPY on PostgreSQL and executemany on SQLite."""
    if not values:
        return
    kept = columns(name)
    table = Base.metadata.tables[name]
    names = ", ".join(("book_id", *(column.name for column in kept)))
    dialect = session.get_bind().dialect
    decorated = [
        (place, cast("TypeDecorator[object]", kind))
        for place, column in enumerate(kept, start=1)
        if isinstance(kind := table.c[column.name].type, TypeDecorator)
    ]
    bound: list[list[object]] = [[book_id, *row] for row in values]
    for row in bound:
        for place, kind in decorated:
            row[place] = kind.process_bind_param(row[place], dialect)
    connection = session.connection().connection.driver_connection
    assert connection is not None, "an open session has a driver connection"
    if isinstance(connection, psycopg.Connection) and is_row_security_active(connection, name):
        places = ", ".join(["%s"] * (len(kept) + 1))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {name} ({names}) VALUES ({places})".encode(), bound)  # noqa: S608 - our own tables' names
        return
    if isinstance(connection, psycopg.Connection):
        with connection.cursor() as cursor, cursor.copy(f"COPY {name} ({names}) FROM STDIN".encode()) as copy:
            for row in bound:
                copy.write_row(row)
        return
    marks = ", ".join("?" * (len(kept) + 1))
    connection.executemany(f"INSERT INTO {name} ({names}) VALUES ({marks})", bound)  # noqa: S608 - our own tables' names


def account_names(session: Session, book_id: int) -> dict[int, tuple[str, str, int, str]]:
    """Return (path, type, commodity id, commodity) of each account by its number."""
    account, commodity = Base.metadata.tables["account"], Base.metadata.tables["commodity"]
    found = session.execute(
        select(account.c.account_id, account.c.path, account.c.type, account.c.commodity_id, commodity.c.code)
        .join(
            commodity, (commodity.c.book_id == account.c.book_id) & (commodity.c.commodity_id == account.c.commodity_id)
        )
        .where(account.c.book_id == book_id)
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in found}


def _lay_out_serials(session: Session, book_id: int) -> None:
    """Follow every serial block through its lots and insert where the units lie in the end."""
    move, lot_move = Base.metadata.tables["serial_move"], Base.metadata.tables["lot_move"]
    keys = ("book_id", "seq", "line", "lot_id")
    moved = session.execute(
        select(move.c.seq, move.c.line, move.c.lot_id, lot_move.c.qty, move.c.prefix, move.c.first, move.c.last)
        .join(lot_move, and_(*(lot_move.c[key] == move.c[key] for key in keys)))
        .where(move.c.book_id == book_id)
        .order_by(move.c.seq, move.c.line, move.c.lot_id),
        execution_options=_STREAM,
    )
    lying: dict[int, tuple[SerialBlock, ...]] = {}
    for (_, _, lot_id, quantity), rows_of_move in itertools.groupby(moved, key=_move_key):
        blocks = [SerialBlock(row.prefix, row.first, row.last) for row in rows_of_move]
        before = lying.get(lot_id, ())
        after = together((*before, *blocks)) if quantity > 0 else without(before, blocks)
        if after is None:
            raise Invalid(
                "backup.unsound", f"serial_move.jsonl: units leave lot {lot_id} that are not in it", lot=str(lot_id)
            )
        lying[lot_id] = after
    final = [
        {"book_id": book_id, "prefix": block.prefix, "first": block.first, "last": block.last, "lot_id": lot_id}
        for lot_id, blocks_there in sorted(lying.items())
        for block in blocks_there
    ]
    if final:
        session.execute(insert(Base.metadata.tables["serial_block"]), final)


def _move_key(row: Sequence[int]) -> tuple[int, int, int, int]:
    return row[0], row[1], row[2], row[3]


_SIDE = "CASE WHEN a.type IN ('asset', 'expense') THEN 1 ELSE -1 END"
_REBUILD = (
    (
        "INSERT INTO balance_day (book_id, account_id, effective_on, delta)"
        " SELECT book_id, account_id, effective_on, CAST(sum(amount) AS BIGINT) FROM posting WHERE book_id = :book"
        " GROUP BY book_id, account_id, effective_on"
    ),
    (
        "INSERT INTO hold_position (book_id, hold_id, lot_id, account_id, expires_at, remaining, captured, state, last_seq)"
        " SELECT s.book_id, s.hold_id, s.lot_id, h.account_id, h.expires_at, s.remaining, s.captured,"
        " CASE WHEN s.remaining > 0 THEN 'open' WHEN l.kind = 'capture' THEN 'captured' WHEN l.kind = 'release' THEN 'released'"
        " ELSE 'expired' END, s.last_seq"
        " FROM (SELECT m.book_id, m.hold_id, m.lot_id, CAST(sum(m.amount) AS BIGINT) AS remaining,"
        " CAST(sum(CASE WHEN e.kind = 'capture' THEN -m.amount ELSE 0 END) AS BIGINT) AS captured, max(m.seq) AS last_seq"
        " FROM hold_move m JOIN entry e ON e.book_id = m.book_id AND e.seq = m.seq WHERE m.book_id = :book"
        " GROUP BY m.book_id, m.hold_id, m.lot_id) s"
        " JOIN hold h ON h.book_id = s.book_id AND h.hold_id = s.hold_id"
        " JOIN entry l ON l.book_id = s.book_id AND l.seq = s.last_seq"
    ),
    (
        "INSERT INTO lot_position (book_id, lot_id, account_id, qty, cost, held)"
        " SELECT t.book_id, t.lot_id, t.account_id, CAST(coalesce(m.qty, 0) AS BIGINT), CAST(coalesce(m.cost, 0) AS BIGINT),"
        " CAST(coalesce(h.held, 0) AS BIGINT) FROM lot t"
        " LEFT JOIN (SELECT lot_id, sum(qty) AS qty, sum(cost) AS cost FROM lot_move WHERE book_id = :book GROUP BY lot_id) m"
        " ON m.lot_id = t.lot_id"
        " LEFT JOIN (SELECT lot_id, sum(amount) AS held FROM hold_move WHERE book_id = :book GROUP BY lot_id) h ON h.lot_id = t.lot_id"
        " WHERE t.book_id = :book"
    ),
    (
        f"UPDATE balance SET posted = s.posted, last_seq = s.last_seq FROM (SELECT p.account_id, CAST(sum(p.amount) * {_SIDE} AS BIGINT)"  # noqa: S608 - no input
        " AS posted, max(p.seq) AS last_seq FROM posting p JOIN account a ON a.book_id = p.book_id AND a.account_id = p.account_id"
        " WHERE p.book_id = :book GROUP BY p.account_id, a.type) s"
        " WHERE balance.book_id = :book AND balance.account_id = s.account_id"
    ),
    (
        "UPDATE balance SET held = s.held, last_seq = CASE WHEN s.last_seq > balance.last_seq THEN s.last_seq ELSE balance.last_seq END"
        " FROM (SELECT h.account_id, CAST(sum(m.amount) AS BIGINT) AS held, max(m.seq) AS last_seq FROM hold_move m"
        " JOIN hold h ON h.book_id = m.book_id AND h.hold_id = m.hold_id WHERE m.book_id = :book GROUP BY h.account_id) s"
        " WHERE balance.book_id = :book AND balance.account_id = s.account_id"
    ),
)
"""What ``ledger.store.rows`` keeps up to date batch by batch, worked out at once."""


def _kind(kind: TypeEngine[object]) -> ColumnKind:
    for type_, found in _KINDS:
        if isinstance(kind, type_):
            return found
    raise AssertionError(f"{kind!r}: say in backup_rows how this type travels")


_KINDS: tuple[tuple[type[TypeEngine[object]], ColumnKind], ...] = (
    (cast("type[TypeEngine[object]]", UuidKey), ColumnKind.UUID),
    (cast("type[TypeEngine[object]]", BusinessDate), ColumnKind.DAY),
    (cast("type[TypeEngine[object]]", UtcDateTime), ColumnKind.INSTANT),
    (cast("type[TypeEngine[object]]", JsonText), ColumnKind.OBJECT),
    (cast("type[TypeEngine[object]]", LargeBinary), ColumnKind.BYTES),
    (cast("type[TypeEngine[object]]", Boolean), ColumnKind.TRUTH),
    (cast("type[TypeEngine[object]]", BigInteger), ColumnKind.INTEGER),
    (cast("type[TypeEngine[object]]", Text), ColumnKind.TEXT),
)
