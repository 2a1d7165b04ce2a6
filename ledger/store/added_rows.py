"""Tables that only grow: the statements that add rows to one on either database, without an object per row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from ledger.store.reading import driver_of


class AddedTable:
    """The statements that add rows to a table; all rows of a statement are led by one value, in most tables the book's id."""

    def __init__(self, name: str, *, lead: str = "book_id", **columns: str) -> None:
        """Take each column's type on PostgreSQL in the rows' order, the leading one left out."""
        names = ", ".join((lead, *columns))
        arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
        places = ", ".join("?" * (1 + len(columns)))
        self.name = name
        self._kinds = tuple(columns.values())
        self.copy = f"COPY {name} ({names}) FROM STDIN"
        self.insert = f"INSERT INTO {name} ({names}) SELECT %s, v.* FROM unnest({arrays}) AS v"  # noqa: S608 - names only
        self._insert_each = f"INSERT INTO {name} ({names}) VALUES ({places})"  # noqa: S608 - names only

    def arrays(self, rows: Sequence[tuple[object, ...]]) -> Iterator[str]:
        """Yield each column of ``rows`` as the text of one array."""
        return map(_array, self._kinds, zip(*rows, strict=True))

    def add(self, session: Session, lead: object, rows: Sequence[tuple[object, ...]]) -> None:
        """Add ``rows``, their values as the session's driver binds them; on PostgreSQL in one statement."""
        _, connection, is_postgresql = driver_of(session)
        if is_postgresql:
            connection.execute(self.insert, (lead, *self.arrays(rows)))
        else:
            connection.executemany(self._insert_each, [(lead, *row) for row in rows])


def _array(kind: str, column: Sequence[object]) -> str:
    """Return a column of ``kind`` as the text of one array."""
    if kind == "text":
        words = ["NULL" if value is None else _quoted(str(value)) for value in column]
    elif kind == "bytea":
        words = [f'"\\\\x{value.hex()}"' if isinstance(value, bytes) else "NULL" for value in column]
    else:  # a number, a day, an instant or an id: nothing in it is special to an array but the word for none
        return f"{{{','.join(map(str, column)).replace('None', 'NULL')}}}"
    return f"{{{','.join(words)}}}"


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
