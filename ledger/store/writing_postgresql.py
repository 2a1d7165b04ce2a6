"""Writes a batch on PostgreSQL: one COPY a fact table, one set-based statement a projection.

COPY fires the same statement triggers and constraints as INSERT; text is built here because it is the fastest way from Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.store.database import json_text
from ledger.store.rows import BatchRows

_ENTRY = (
    "COPY entry (book_id, seq, entry_id, request_hash, kind, effective_on, recorded_at, document_on, leg_count, reverses_seq,"
    " actor_id, acting_for_id, doc_ref, attrs) FROM STDIN"
)
_POSTING = "COPY posting (book_id, seq, line, account_id, commodity_id, amount, effective_on) FROM STDIN"
_LEAF = "COPY leaf (book_id, seq, salt, canonical, leaf_hash) FROM STDIN"
_REQUEST = "COPY request (book_id, entry_id, request_hash, error_code, error, answered_at) FROM STDIN"
_LOT = "COPY lot (book_id, lot_id, account_id, acquired_seq, acquired_on, qty, cost) FROM STDIN"
_LOT_MOVE = "COPY lot_move (book_id, seq, line, lot_id, qty, cost) FROM STDIN"
_BALANCE = text(
    "UPDATE balance AS b SET posted = v.posted, last_seq = v.last_seq"
    " FROM unnest(CAST(:accounts AS bigint[]), CAST(:posted AS bigint[]), CAST(:seqs AS bigint[])) AS v(account_id, posted, last_seq)"
    " WHERE b.book_id = :book AND b.account_id = v.account_id"
)
_BALANCE_DAY = text(
    "INSERT INTO balance_day AS d (book_id, account_id, effective_on, delta)"
    " SELECT :book, v.* FROM unnest(CAST(:accounts AS bigint[]), CAST(:days AS date[]), CAST(:deltas AS bigint[])) AS v"
    " ON CONFLICT (book_id, account_id, effective_on) DO UPDATE SET delta = d.delta + excluded.delta"
)
_LOT_POSITION = text(
    "INSERT INTO lot_position (book_id, lot_id, account_id, qty, cost)"
    " SELECT :book, v.* FROM unnest(CAST(:lots AS bigint[]), CAST(:accounts AS bigint[]), CAST(:qtys AS bigint[]),"
    " CAST(:costs AS bigint[])) AS v"
    " ON CONFLICT (book_id, lot_id) DO UPDATE SET qty = excluded.qty, cost = excluded.cost"
)


def write(session: Session, rows: BatchRows) -> None:
    """Write every row of the batch inside the caller's transaction."""
    book = rows.book_id
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection), "PostgreSQL is reached through psycopg"
    _copy_facts(connection, rows)
    if rows.lot_moves:
        _copy(
            connection,
            _LOT,
            (f"{book}\t{lot}\t{a}\t{s}\t{day}\t{qty}\t{cost}" for lot, a, s, day, qty, cost in rows.lots),
        )
        _copy(
            connection,
            _LOT_MOVE,
            (f"{book}\t{s}\t{n}\t{lot}\t{qty}\t{cost}" for s, n, lot, qty, cost in rows.lot_moves),
        )
        lots, accounts, qtys, costs = _columns(rows.lot_positions)
        session.execute(_LOT_POSITION, {"book": book, "lots": lots, "accounts": accounts, "qtys": qtys, "costs": costs})
    if rows.balances:
        accounts, posted, seqs = _columns(rows.balances)
        session.execute(_BALANCE, {"book": book, "accounts": accounts, "posted": posted, "seqs": seqs})
        accounts, days, deltas = _columns(rows.day_deltas)
        session.execute(_BALANCE_DAY, {"book": book, "accounts": accounts, "days": days, "deltas": deltas})


def _columns(rows: Sequence[tuple[object, ...]]) -> list[str]:
    """Return each column of numbers or days as the text of one array: binding one text is far cheaper than a list."""
    return [f"{{{','.join(map(str, column))}}}" for column in zip(*rows, strict=True)]


def _copy_facts(connection: psycopg.Connection[Any], rows: BatchRows) -> None:
    book = rows.book_id
    _copy(
        connection,
        _ENTRY,
        (
            f"{book}\t{e[0]}\t{e[1]}\t\\\\x{e[2].hex()}\t{e[3]}\t{e[4]}\t{e[5]}\t{_or_null(e[6])}\t{e[7]}\t{_or_null(e[8])}"
            f"\t{e[9]}\t{e[10]}\t{_escaped(e[11])}\t{_escaped(e[12])}"
            for e in rows.entries
        ),
    )
    _copy(
        connection,
        _POSTING,
        (f"{book}\t{s}\t{n}\t{a}\t{c}\t{amount}\t{day}" for s, n, a, c, amount, day in rows.postings),
    )
    _copy(
        connection,
        _LEAF,
        (
            f"{book}\t{seq}\t\\\\x{salt.hex()}\t{_escaped(canonical)}\t\\\\x{digest.hex()}"
            for seq, salt, canonical, digest in rows.leaves
        ),
    )
    _copy(
        connection,
        _REQUEST,
        (
            f"{book}\t{r.entry_id}\t\\\\x{r.request_hash.hex()}\t{r.error_code}\t{_escaped(json_text(r.error))}\t{r.answered_at}"
            for r in rows.refusals
        ),
    )


def _copy(connection: psycopg.Connection[Any], statement: str, lines: Iterable[str]) -> None:
    block = "\n".join(lines)
    if block:
        with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.write(block)


def _or_null(value: object) -> str:
    return "\\N" if value is None else str(value)


def _escaped(value: str | None) -> str:
    r"""Return free text in COPY's text format, where backslash, tab and line ends are escaped and null is ``\\N``."""
    if value is None:
        return "\\N"
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
