"""Writes a batch on PostgreSQL: one COPY a fact table, one set-based statement a projection.

COPY fires the same statement triggers and constraints as INSERT; text is built here because it is the fastest way from Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from ledger.core.journal import JournalEntry
from ledger.store.database import json_text
from ledger.store.rows import BatchRows, attrs_text

_ENTRY = (
    "COPY entry (book_id, seq, entry_id, request_hash, kind, effective_on, recorded_at, document_on, leg_count, reverses_seq,"
    " actor_id, acting_for_id, doc_ref, attrs, pii_commitment, transfer_id) FROM STDIN"
)
_POSTING = "COPY posting (book_id, seq, line, account_id, commodity_id, amount, effective_on) FROM STDIN"
_LEAF = "COPY leaf (book_id, seq, salt, canonical, leaf_hash) FROM STDIN"
_REQUEST = "COPY request (book_id, entry_id, request_hash, error_code, error, answered_at) FROM STDIN"
_LOT = "COPY lot (book_id, lot_id, account_id, acquired_seq, acquired_on, qty, cost, origin_lot_id) FROM STDIN"
_LOT_MOVE = "COPY lot_move (book_id, seq, line, lot_id, qty, cost) FROM STDIN"
_HOLD = "COPY hold (book_id, hold_id, placed_seq, account_id, kind, amount, beneficiary_id, rank, agreement_ref, expires_at) FROM STDIN"
_HOLD_MOVE = "COPY hold_move (book_id, seq, hold_id, lot_id, amount) FROM STDIN"
_HOLD_POSITION = (
    "INSERT INTO hold_position (book_id, hold_id, lot_id, account_id, expires_at, remaining, captured, state, last_seq)"
    " SELECT %s, v.* FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::text[],"
    " %s::bigint[]) AS v"
    " ON CONFLICT (book_id, hold_id, lot_id) DO UPDATE SET remaining = excluded.remaining, captured = excluded.captured,"
    " state = excluded.state, last_seq = excluded.last_seq"
)
_SERIAL_MOVE = "COPY serial_move (book_id, seq, line, lot_id, prefix, first, last) FROM STDIN"
_SERIAL_GONE = "DELETE FROM serial_block WHERE lot_id = ANY(%s::bigint[]) AND book_id = %s"
_SERIAL_BLOCK = (
    "INSERT INTO serial_block (book_id, prefix, first, last, lot_id)"
    " SELECT %s, v.* FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[]) AS v"
)
_BALANCE = (
    "UPDATE balance AS b SET posted = v.posted, held = v.held, last_seq = v.last_seq"
    " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS v(account_id, posted, held, last_seq)"
    " WHERE b.book_id = %s AND b.account_id = v.account_id"
)
_BALANCE_DAY = (
    "INSERT INTO balance_day AS d (account_id, effective_on, delta, book_id)"
    " SELECT v.*, %s FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) AS v"
    " ON CONFLICT (book_id, account_id, effective_on) DO UPDATE SET delta = d.delta + excluded.delta"
)
_LOT_POSITION = (
    "INSERT INTO lot_position (book_id, lot_id, account_id, qty, cost, held)"
    " SELECT %s, v.* FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS v"
    " ON CONFLICT (book_id, lot_id) DO UPDATE SET qty = excluded.qty, cost = excluded.cost, held = excluded.held"
)


def write(session: Session, rows: BatchRows) -> None:
    """Write every row of the batch inside the caller's transaction."""
    book = rows.book_id
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection), "PostgreSQL is reached through psycopg"
    blocks = _blocks(rows)
    if rows.balances:
        with connection.pipeline():  # the server moves the sums while the first lines are made
            connection.execute(_BALANCE, (*_columns(rows.balances), book))
            if rows.day_deltas:
                connection.execute(_BALANCE_DAY, (book, *_columns(rows.day_deltas)))
            first = next(blocks)
        _copy(connection, first, blocks)
    else:
        _copy(connection, next(blocks, None), blocks)
    if rows.lot_positions:
        connection.execute(_LOT_POSITION, (book, *_columns(rows.lot_positions)))
    if rows.serial_lots:
        connection.execute(_SERIAL_GONE, (list(rows.serial_lots), book))
    if rows.serial_blocks:
        connection.execute(_SERIAL_BLOCK, (book, *(list(column) for column in zip(*rows.serial_blocks, strict=True))))
    if rows.hold_positions:
        connection.execute(_HOLD_POSITION, (book, *(list(column) for column in zip(*rows.hold_positions, strict=True))))


def _copy(
    connection: psycopg.Connection[Any], following: tuple[str, str] | None, blocks: Iterator[tuple[str, str]]
) -> None:
    """Send each block of lines by its COPY, and make the next while the server takes it in."""
    with connection.cursor() as cursor:
        while following is not None:
            statement, lines = following
            with cursor.copy(statement.encode()) as copy:
                copy.write(lines)
                following = next(blocks, None)


def _blocks(rows: BatchRows) -> Iterator[tuple[str, str]]:
    """Yield each COPY that has rows, with its lines, in the order that the seals ask for."""
    book = rows.book_id
    if rows.entries:
        yield _ENTRY, "\n".join([_entry_line(book, entry, request_hash) for entry, request_hash in rows.entries])
        yield (
            _POSTING,
            "\n".join(
                [
                    f"{place}\t{line}\t{leg.account_id}\t{leg.commodity_id}\t{leg.amount}\t{day}"
                    for entry, _ in rows.entries
                    for place, day in ((f"{book}\t{entry.seq}", entry.draft.effective_on.isoformat()),)
                    for line, leg in enumerate(entry.legs, start=1)
                ]
            ),
        )
        yield _LEAF, "\n".join([_leaf_line(book, *leaf) for leaf in rows.leaves])
    if rows.refusals:
        yield (
            _REQUEST,
            "\n".join(
                f"{book}\t{r.entry_id}\t\\\\x{r.request_hash.hex()}\t{r.error_code}\t{_escaped(json_text(r.error))}\t{r.answered_at}"
                for r in rows.refusals
            ),
        )
    for statement, lines in (
        (_LOT, rows.lots),
        (_LOT_MOVE, rows.lot_moves),
        (_SERIAL_MOVE, rows.serial_moves),
        (_HOLD, rows.holds),
        (_HOLD_MOVE, rows.hold_moves),
    ):
        if lines:
            yield statement, "\n".join(["\t".join([str(book), *map(_spelled, line)]) for line in lines])


def _spelled(value: object) -> str:
    return _escaped(value) if isinstance(value, str) else _or_null(value)


def _leaf_line(book: int, seq: int, salt: bytes, canonical: str, digest: bytes) -> str:
    if "\\" in canonical:  # JSON has no raw tab or line end
        canonical = canonical.replace("\\", "\\\\")
    return f"{book}\t{seq}\t\\\\x{salt.hex()}\t{canonical}\t\\\\x{digest.hex()}"


def _entry_line(book: int, entry: JournalEntry, request_hash: bytes) -> str:
    draft, actor = entry.draft, entry.draft.actor
    return (
        f"{book}\t{entry.seq}\t{draft.entry_id.int:032x}\t\\\\x{request_hash.hex()}\t{draft.kind}\t{draft.effective_on.isoformat()}"
        f"\t{entry.recorded_at.isoformat()}\t{_or_null(draft.document_on)}\t{len(entry.legs)}\t{_or_null(entry.reverses_seq)}"
        f"\t{actor.user_id.int:032x}\t{actor.organisation_id.int:032x}\t{_escaped(draft.doc_ref)}\t{_escaped(attrs_text(draft.attrs))}"
        f"\t{_hex_or_null(draft.pii_commitment)}\t{_or_null(draft.transfer_id)}"
    )


def _columns(rows: Sequence[tuple[object, ...]]) -> list[str]:
    """Return each column of numbers or days as the text of one array: binding one text is far cheaper than a list."""
    return [f"{{{','.join(map(str, column))}}}" for column in zip(*rows, strict=True)]


def _hex_or_null(value: bytes | None) -> str:
    return "\\N" if value is None else f"\\\\x{value.hex()}"


def _or_null(value: object) -> str:
    return "\\N" if value is None else str(value)


def _escaped(value: str | None) -> str:
    r"""Return free text in COPY's text format, where backslash, tab and line ends are escaped and null is ``\\N``."""
    if value is None:
        return "\\N"
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
