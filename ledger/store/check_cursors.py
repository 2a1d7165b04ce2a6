"""How a whole book is read in bounded memory: cursors that the server keeps, streams by place, and each engine's spelling.

Bare driver rows, no object a row: server-side cursors on PostgreSQL, iteration on SQLite. Knows no table.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from operator import itemgetter
from typing import Any, NamedTuple

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ledger.store.database import sqlite_module

UNREADABLE: tuple[type[Exception], ...] = (
    psycopg.Error,
    sqlite_module().Error,
    DBAPIError,
    AttributeError,
    TypeError,
    ValueError,
)
"""What reading a book that somebody has bent may raise: the driver's errors, and values that are not of their column's kind."""

CHUNK = 2_000
_PIECES_AHEAD = 2
"""An entry has two legs and more: while one piece of entries is checked, two of postings are wanted."""

_names = count(1)


class Span(NamedTuple):
    """Places that come after one and go through another, both open where they are ``None``."""

    after: int | None
    through: int | None


WHOLE = Span(None, None)


@contextmanager
def reading(session: Session) -> Iterator[None]:
    """Undo, on PostgreSQL, what a failed statement does to its transaction, so that the reads after it still answer."""
    if session.get_bind().dialect.name != "postgresql":
        yield
        return
    with session.begin_nested():
        yield


@contextmanager
def reading_ahead(session: Session) -> Iterator[Executor | None]:
    """Give what streams read ahead by: on PostgreSQL one thread that waits for the server while their rows are worked on.

    The server's part of a check is as long as ours, so one after the other takes twice the time. The driver lets one statement at a
    time through a connection. At the end nothing is under way any more. SQLite reads in this process: there is nothing to wait for.
    """
    if session.get_bind().dialect.name != "postgresql":
        yield None
        return
    ahead = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tonne-check")
    try:
        yield ahead
    finally:
        ahead.shutdown(cancel_futures=True)


class Stream:
    """The rows of one table in rising order of their first column, taken up to a place at a time."""

    def __init__(self, rows: Any, ahead: Executor | None = None) -> None:
        """Read from a driver's cursor, two pieces ``ahead`` where that is given."""
        self._cursor = rows
        self._rows: list[Any] = []
        self._ahead = ahead
        self._coming: deque[Future[list[Any]]] = deque()

    def next_chunk(self) -> list[Any]:
        """Return the next rows, at most 2,000; none at the end."""
        if self._ahead is None:
            rows: list[Any] = self._cursor.fetchmany(CHUNK)
            return rows
        if not self._coming:
            self._coming.append(self._ahead.submit(self._cursor.fetchmany, CHUNK))
        rows = self._coming.popleft().result()
        while len(rows) == CHUNK and len(self._coming) < _PIECES_AHEAD:
            self._coming.append(self._ahead.submit(self._cursor.fetchmany, CHUNK))
        return rows

    def through(self, place: int) -> list[Any]:
        """Return the rows not yet taken whose first column is at most ``place``."""
        taken: list[Any] = []
        while True:
            if not self._rows:
                self._rows = self.next_chunk()
                if not self._rows:
                    return taken
            if self._rows[-1][0] > place:
                cut = bisect_right(self._rows, place, key=itemgetter(0))
                taken += self._rows[:cut]
                del self._rows[:cut]
                return taken
            taken += self._rows
            self._rows = []


def rows_of(session: Session, statement: str, book_id: int) -> Iterator[Any]:
    """Yield the rows of a statement, of which a piece at a time is in memory."""
    rows = cursor_of(session, statement, book_id)
    while chunk := rows.fetchmany(CHUNK):
        yield from chunk


def cursor_of(session: Session, statement: str, book_id: int, span: Span = WHOLE) -> Any:
    """Return a cursor over the rows of a statement, in which ``uuid(x)``, ``day(x)`` and ``instant(x)`` spell columns as leaves do.

    Every ``?`` stands for the book, and ``span(x)`` for the condition that the column ``x`` lies in ``span``.
    """
    statement = _SPANNED.sub(lambda token: _condition(token[1], span), statement)
    connection = session.connection().connection.driver_connection
    assert connection is not None, "an open session has a driver connection"
    values = (book_id,) * statement.count("?")
    if session.get_bind().dialect.name == "postgresql":
        text = TOKEN.sub(lambda token: token.expand(_ON_POSTGRESQL[token[1]]), statement)
        return _ServerCursor(connection, text.replace("?", "%s"), values)
    return connection.execute(TOKEN.sub(lambda token: token.expand(_ON_SQLITE[token[1]]), statement), values)


def _condition(column: str, span: Span) -> str:
    ends = [
        f"{column} {sign} {place:d}" for sign, place in ((">", span.after), ("<=", span.through)) if place is not None
    ]
    return " AND ".join(ends) or "TRUE"


class _ServerCursor:
    """A statement's rows kept by PostgreSQL, read in pieces; closed when read to the end, else when its transaction ends."""

    def __init__(self, connection: psycopg.Connection[Any], statement: str, values: tuple[int, ...]) -> None:
        self._connection = connection
        self._name = f"tonne_check_{next(_names)}"
        self._is_open = True
        declared = f"DECLARE {self._name} NO SCROLL CURSOR FOR {statement}"
        with psycopg.ClientCursor(connection) as cursor:  # a cursor's statement takes no bound values from afar
            cursor.execute(declared.encode(), values)

    def fetchmany(self, size: int) -> list[Any]:
        """Return the next rows, at most ``size``; none at the end."""
        if not self._is_open:
            return []
        fetch = f"FETCH FORWARD {size} FROM {self._name}"
        rows = self._connection.execute(fetch.encode(), prepare=False).fetchall()
        if len(rows) < size:
            self._is_open = False
            self._connection.execute(f"CLOSE {self._name}".encode(), prepare=False)
        return rows

    def fetchall(self) -> list[Any]:
        """Return every row that is left."""
        rows: list[Any] = []
        while chunk := self.fetchmany(CHUNK):
            rows += chunk
        return rows


_SPANNED = re.compile(r"\bspan\(([a-z_.]+)\)")
TOKEN = re.compile(r"\b(uuid|day|instant)\(([a-z_.]+)\)")
_ON_POSTGRESQL = {
    "uuid": r"CAST(\2 AS TEXT)",
    "day": r"CAST(\2 AS TEXT)",
    "instant": r"""to_char(\2 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00'""",
}
_ON_SQLITE = {
    "uuid": r"substr(lower(hex(\2)), 1, 8) || nullif('-' || substr(lower(hex(\2)), 9, 4) || '-' || substr(lower(hex(\2)), 13, 4)"
    r" || '-' || substr(lower(hex(\2)), 17, 4) || '-' || substr(lower(hex(\2)), 21), '----')",
    "day": r"\2",
    "instant": r"\2",
}
