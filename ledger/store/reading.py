"""Reads many rows by a long list of keys on the bare driver: the hot path's few queries, without an object per row.

Values come as the driver gives them; ``as_uuid`` and ``as_day`` make both databases alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

_CHUNK = 1_000
"""Keys a statement on SQLite; far below its limit of 32,766, and few enough texts that its statement cache keeps them."""


def read_among(session: Session, statement: str, book_id: int, keys: Sequence[str | UUID]) -> Iterable[tuple[Any, ...]]:
    """Return the rows of ``statement`` for one book and any of ``keys``.

    The statement says ``{among}`` where the list of keys is compared and then ``{book}`` where the book is. On PostgreSQL the list is
    one array, on SQLite a list of marks a thousand at a time.
    """
    connection = session.connection().connection.driver_connection
    assert connection is not None, "an open session has a driver connection"
    if session.get_bind().dialect.name == "postgresql":
        kind = "uuid[]" if keys and isinstance(keys[0], UUID) else "text[]"
        text = statement.format(among=f"= ANY(%s::{kind})", book="%s")
        # Never prepared: PostgreSQL's generic plan, which knows no length, compares each row with each key (22 ms, not 4).
        # One text is bound, not a list: neither an id nor a path has a character that an array's text would escape.
        bound_text = f"{{{','.join(map(str, keys))}}}"
        rows: Iterable[tuple[Any, ...]] = connection.execute(text, (bound_text, book_id), prepare=False).fetchall()
        return rows
    found: list[tuple[Any, ...]] = []
    bound = [key.bytes if isinstance(key, UUID) else key for key in keys]
    for start in range(0, len(keys), _CHUNK):
        chunk = bound[start : start + _CHUNK]
        text = statement.format(among=f"IN ({','.join('?' * len(chunk))})", book="?")
        found += connection.execute(text, (*chunk, book_id)).fetchall()
    return found


def as_uuid(value: UUID | bytes) -> UUID:
    """Return a UUID from PostgreSQL's own or SQLite's 16 bytes."""
    return value if isinstance(value, UUID) else UUID(bytes=value)


def as_day(value: date | str) -> date:
    """Return a date from PostgreSQL's own or SQLite's ISO text."""
    return value if isinstance(value, date) else date.fromisoformat(value)
