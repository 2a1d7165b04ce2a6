"""Reads and moves rows on the bare driver: the hot path's few statements, without an object per row.

Values come as the driver gives them; ``as_uuid``, ``as_day`` and ``as_instant`` make both databases alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy.orm import Session, SessionTransaction

from ledger.core.instants import instant_text

_CHUNK = 1_000
"""Keys a statement on SQLite; far below its limit of 32,766, and few enough texts that its statement cache keeps them."""

_FEW_KEYS = 4
"""Keys that PostgreSQL gets one by one: those of a single entry."""


class Driver(NamedTuple):
    """The bare driver's connection of one transaction."""

    transaction: SessionTransaction | None
    connection: Any
    is_postgresql: bool


def driver_of(session: Session) -> Driver:
    """Return the driver's connection of the session's transaction, which begins if none has.

    Asking the session takes it through its own states, seven times a single entry; so the answer is kept until its transaction or
    savepoint is over or fails, or another savepoint begins.
    """
    innermost = session.get_nested_transaction() or session.get_transaction()
    known: Driver | None = session.info.get(_DRIVER)
    if known is not None and known.transaction is innermost and session.is_active:
        return known
    connection = (
        session.connection().connection.driver_connection
    )  # a savepoint begins here, not where it was asked for
    assert connection is not None, "an open session has a driver connection"
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    innermost = session.get_nested_transaction() or session.get_transaction()
    known = session.info[_DRIVER] = Driver(innermost, connection, is_postgresql)
    return known


_DRIVER = "tonne_driver"


def run(session: Session, statement: str, *values: object) -> Any:
    """Run one statement, whose places are ``?``, in the session's transaction and return the driver's cursor."""
    _, connection, is_postgresql = driver_of(session)
    return connection.execute(statement.replace("?", "%s") if is_postgresql else statement, values)


def run_first(session: Session, statement: str, *values: object) -> Any:
    """Run one statement as ``run`` does; on PostgreSQL the BEGIN before it needs no round trip of its own."""
    connection = driver_of(session).connection
    if not isinstance(connection, psycopg.Connection):
        return connection.execute(statement, values)
    if connection.pgconn.transaction_status != TransactionStatus.IDLE:  # a read has begun already
        return connection.execute(statement.replace("?", "%s"), values)
    with connection.pipeline():
        return connection.execute(statement.replace("?", "%s"), values)


def read_among(session: Session, statement: str, book_id: int, keys: Sequence[str | UUID]) -> Iterable[tuple[Any, ...]]:
    """Return the rows of ``statement`` for one book and any of ``keys``, of each at most one.

    The statement reads ``{each}SELECT ... FROM {keys} ...{end}``, compares with ``k.key`` and says ``{book}`` once between ``{each}``
    and ``{end}``; several such go together by UNION ALL. On PostgreSQL many keys are one array, on SQLite a list of values, a
    thousand at a time. No keys, no rows.
    """
    if not keys:
        return ()
    _, connection, is_postgresql = driver_of(session)
    lists = statement.count("{keys}")
    if is_postgresql:
        kind = "uuid" if isinstance(keys[0], UUID) else "text"
        texts = [f"{key.int:032x}" if isinstance(key, UUID) else key for key in keys]
        is_few = len(texts) <= _FEW_KEYS
        if (
            not is_few
        ):  # one text is bound, not a list: neither an id nor a path has a character that an array's text would escape
            texts = [f"{{{','.join(texts)}}}"]
        text = _among_on_postgresql(statement, kind, len(texts) if is_few else None)
        # Never prepared for many keys: PostgreSQL's generic plan knows no length. A few are neither read nor planned again.
        prepare = None if is_few else False
        rows: Iterable[tuple[Any, ...]] = connection.execute(
            text, (*texts, book_id) * lists, prepare=prepare
        ).fetchall()
        return rows
    found: list[tuple[Any, ...]] = []
    bound = [key.bytes if isinstance(key, UUID) else key for key in keys]
    for start in range(0, len(keys), _CHUNK):
        chunk = bound[start : start + _CHUNK]
        found += connection.execute(_among_on_sqlite(statement, len(chunk)), (*chunk, book_id) * lists).fetchall()
    return found


@lru_cache(maxsize=64)
def _among_on_postgresql(statement: str, kind: str, count: int | None) -> str:
    """Return the text that looks up ``count`` keys bound one by one, or an array of them."""
    source = f"unnest(%s::{kind}[])" if count is None else f"(VALUES {','.join([f'(%s::{kind})'] * count)})"
    # LIMIT makes each key one look-up: a join was seen to read the whole book, which nobody analyses while it grows.
    each = f"SELECT f.* FROM {source} AS k(key) CROSS JOIN LATERAL ("  # noqa: S608 - marks and a type's name only
    return statement.format(each=each, keys="", end=" LIMIT 1) AS f", book="%s")


@lru_cache(maxsize=512)
def _among_on_sqlite(statement: str, count: int) -> str:
    # CROSS JOIN keeps this order on SQLite, so each key is one look-up; an IN list was seen to read the whole book.
    values = f"(SELECT column1 AS key FROM (VALUES {','.join(['(?)'] * count)})) AS k CROSS JOIN"  # noqa: S608 - marks only
    return statement.format(each="", keys=values, end="", book="?")


def read_pairs(
    session: Session, statement: str, book_id: int, pairs: Sequence[tuple[int, int]]
) -> Iterable[tuple[Any, ...]]:
    """Return the rows of ``statement`` for one book and any of ``pairs`` of numbers.

    The statement reads ``FROM {pairs} CROSS JOIN ...``, uses ``k.key`` and ``k.value`` and then says ``{book}``.
    """
    _, connection, is_postgresql = driver_of(session)
    if is_postgresql:
        text = statement.format(pairs="unnest(%s::bigint[], %s::bigint[]) AS k(key, value)", book="%s")
        keys, values = (f"{{{','.join(map(str, column))}}}" for column in zip(*pairs, strict=True))
        rows: Iterable[tuple[Any, ...]] = connection.execute(text, (keys, values, book_id), prepare=False).fetchall()
        return rows
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(pairs), _CHUNK):
        chunk = pairs[start : start + _CHUNK]
        values = f"(SELECT column1 AS key, column2 AS value FROM (VALUES {','.join(['(?,?)'] * len(chunk))})) AS k"  # noqa: S608 - marks only
        text = statement.format(pairs=values, book="?")
        found += connection.execute(text, (*(number for pair in chunk for number in pair), book_id)).fetchall()
    return found


def as_uuid(value: UUID | bytes) -> UUID:
    """Return a UUID from PostgreSQL's own or SQLite's 16 bytes."""
    return value if isinstance(value, UUID) else UUID(bytes=value)


def as_bound(session: Session, value: datetime) -> datetime | str:
    """Return an instant as the session's driver binds it."""
    return value if driver_of(session).is_postgresql else instant_text(value)


def as_id(session: Session, value: UUID | None) -> UUID | bytes | None:
    """Return an id as the session's driver binds it."""
    return value if value is None or session.get_bind().dialect.name == "postgresql" else value.bytes


def as_instant(value: datetime | str) -> datetime:
    """Return an aware UTC instant from PostgreSQL's own or SQLite's ISO text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def as_day(value: date | str) -> date:
    """Return a date from PostgreSQL's own or SQLite's ISO text."""
    return value if isinstance(value, date) else date.fromisoformat(value)
