"""Writes a batch on PostgreSQL: one statement a table, an INSERT for a few rows and a COPY for many.

Where row security binds the caller PostgreSQL has no COPY, and many rows are inserted too. Both fire the same statement triggers
and constraints. A COPY costs round trips of its own; INSERTs travel with all else in one pipeline. Text is built here because it
is the fastest way from Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from ledger.core.instants import instant_text
from ledger.core.journal import JournalEntry
from ledger.store.acting import is_row_security_active
from ledger.store.added_rows import AddedTable
from ledger.store.database import json_text
from ledger.store.reading import driver_of
from ledger.store.rows import BatchRows, attrs_text

_FEW = 100
"""Entries up to which a batch is inserted: at 30 and 100 it takes as much work as COPY and fewer round trips; at 300 no gain was seen."""


_ENTRY = AddedTable(
    "entry",
    seq="bigint",
    entry_id="uuid",
    request_hash="bytea",
    kind="text",
    effective_on="date",
    recorded_at="timestamptz",
    leg_count="bigint",
    actor_id="uuid",
    acting_for_id="uuid",
    reverses_seq="bigint",
    document_on="date",
    doc_ref="text",
    attrs="text",
    pii_commitment="bytea",
    transfer_id="uuid",
)
_POSTING = AddedTable(
    "posting",
    seq="bigint",
    line="bigint",
    account_id="bigint",
    commodity_id="bigint",
    amount="bigint",
    effective_on="date",
)
_LEAF = AddedTable("leaf", seq="bigint", salt="bytea", canonical="text", leaf_hash="bytea")
_REQUEST = AddedTable(
    "request", entry_id="uuid", request_hash="bytea", error_code="text", error="text", answered_at="timestamptz"
)
_LOT = AddedTable(
    "lot",
    lot_id="bigint",
    account_id="bigint",
    acquired_seq="bigint",
    acquired_on="date",
    qty="bigint",
    cost="bigint",
    origin_lot_id="bigint",
)
_LOT_MOVE = AddedTable("lot_move", seq="bigint", line="bigint", lot_id="bigint", qty="bigint", cost="bigint")
_SERIAL_MOVE = AddedTable(
    "serial_move", seq="bigint", line="bigint", lot_id="bigint", prefix="text", first="bigint", last="bigint"
)
_HOLD = AddedTable(
    "hold",
    hold_id="uuid",
    placed_seq="bigint",
    account_id="bigint",
    kind="text",
    amount="bigint",
    beneficiary_id="uuid",
    rank="bigint",
    agreement_ref="text",
    expires_at="timestamptz",
)
_HOLD_MOVE = AddedTable("hold_move", seq="bigint", hold_id="uuid", lot_id="bigint", amount="bigint")
_HOLD_POSITION = (
    "INSERT INTO hold_position (book_id, hold_id, lot_id, account_id, expires_at, remaining, captured, state, last_seq)"
    " SELECT %s, v.* FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::text[],"
    " %s::bigint[]) AS v"
    " ON CONFLICT (book_id, hold_id, lot_id) DO UPDATE SET remaining = excluded.remaining, captured = excluded.captured,"
    " state = excluded.state, last_seq = excluded.last_seq"
)
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
    connection = driver_of(session).connection
    assert isinstance(connection, psycopg.Connection), "PostgreSQL is reached through psycopg"
    if len(rows.entries) + len(rows.refusals) <= _FEW or is_row_security_active(connection, _POSTING.name):
        with connection.pipeline():
            _move_sums(connection, rows)
            for table, added in _added(rows):
                connection.execute(table.insert, (rows.book_id, *table.arrays(added)))
            _move_positions(connection, rows)
        return
    blocks = _blocks(rows)
    with connection.pipeline():  # the server moves the sums while the first lines are made
        _move_sums(connection, rows)
        first = next(blocks, None)
    _copy(connection, first, blocks)
    with connection.pipeline():
        _move_positions(connection, rows)


def _move_sums(connection: psycopg.Connection[Any], rows: BatchRows) -> None:
    if rows.balances:
        connection.execute(_BALANCE, (*_columns(rows.balances), rows.book_id))
    if rows.day_deltas:
        connection.execute(_BALANCE_DAY, (rows.book_id, *_columns(rows.day_deltas)))


def _move_positions(connection: psycopg.Connection[Any], rows: BatchRows) -> None:
    book = rows.book_id
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


def _added(rows: BatchRows) -> Iterator[tuple[AddedTable, Sequence[tuple[object, ...]]]]:
    """Yield each table that gets rows, with them, in the order that the seals ask for."""
    if rows.entries:
        yield _ENTRY, [_entry_values(entry, request_hash) for entry, request_hash in rows.entries]
        legs = [
            (entry.seq, line, leg.account_id, leg.commodity_id, leg.amount, entry.draft.effective_on)
            for entry, _ in rows.entries
            for line, leg in enumerate(entry.legs, start=1)
        ]
        if legs:  # what only places or ends a hold has none
            yield _POSTING, legs
        yield _LEAF, list(rows.leaves)
    if rows.refusals:
        yield (
            _REQUEST,
            [(r.entry_id, r.request_hash, r.error_code, json_text(r.error), r.answered_at) for r in rows.refusals],
        )
    yield from ((table, added) for table, added in _further(rows) if added)


def _further(rows: BatchRows) -> tuple[tuple[AddedTable, Sequence[tuple[object, ...]]], ...]:
    return (
        (_LOT, rows.lots),
        (_LOT_MOVE, rows.lot_moves),
        (_SERIAL_MOVE, rows.serial_moves),
        (_HOLD, rows.holds),
        (_HOLD_MOVE, rows.hold_moves),
    )


def _entry_values(entry: JournalEntry, request_hash: bytes) -> tuple[object, ...]:
    draft = entry.draft
    return (
        entry.seq,
        draft.entry_id,
        request_hash,
        draft.kind,
        draft.effective_on,
        entry.recorded_at,
        len(entry.legs),
        draft.actor.user_id,
        draft.actor.organisation_id,
        entry.reverses_seq,
        draft.document_on,
        draft.doc_ref,
        attrs_text(draft.attrs),
        draft.pii_commitment,
        draft.transfer_id,
    )


def _blocks(rows: BatchRows) -> Iterator[tuple[str, str]]:
    """Yield each COPY that has rows, with its lines, in the order that the seals ask for."""
    book = rows.book_id
    if rows.entries:
        yield _ENTRY.copy, "\n".join([_entry_line(book, entry, request_hash) for entry, request_hash in rows.entries])
        yield (
            _POSTING.copy,
            "\n".join(
                [
                    f"{place}\t{line}\t{leg.account_id}\t{leg.commodity_id}\t{leg.amount}\t{day}"
                    for entry, _ in rows.entries
                    for place, day in ((f"{book}\t{entry.seq}", entry.draft.effective_on.isoformat()),)
                    for line, leg in enumerate(entry.legs, start=1)
                ]
            ),
        )
        yield _LEAF.copy, "\n".join([_leaf_line(book, *leaf) for leaf in rows.leaves])
    if rows.refusals:
        yield (
            _REQUEST.copy,
            "\n".join(
                f"{book}\t{r.entry_id}\t\\\\x{r.request_hash.hex()}\t{r.error_code}\t{_escaped(json_text(r.error))}\t{r.answered_at}"
                for r in rows.refusals
            ),
        )
    for table, lines in _further(rows):
        if lines:
            yield table.copy, "\n".join(["\t".join([str(book), *map(_spelled, line)]) for line in lines])


def _spelled(value: object) -> str:
    return _escaped(value) if isinstance(value, str) else _or_null(value)


def _leaf_line(book: int, seq: int, salt: bytes, canonical: str, digest: bytes) -> str:
    if "\\" in canonical:  # JSON has no raw tab or line end
        canonical = canonical.replace("\\", "\\\\")
    return f"{book}\t{seq}\t\\\\x{salt.hex()}\t{canonical}\t\\\\x{digest.hex()}"


def _entry_line(book: int, entry: JournalEntry, request_hash: bytes) -> str:
    draft, actor = entry.draft, entry.draft.actor
    rest = entry.reverses_seq, draft.document_on, draft.doc_ref, draft.attrs, draft.pii_commitment, draft.transfer_id
    more = _NOTHING_MORE
    if rest != _NO_VALUES:
        more = (
            f"{_or_null(entry.reverses_seq)}\t{_or_null(draft.document_on)}\t{_escaped(draft.doc_ref)}"
            f"\t{_escaped(attrs_text(draft.attrs))}\t{_hex_or_null(draft.pii_commitment)}\t{_or_null(draft.transfer_id)}"
        )
    return (
        f"{book}\t{entry.seq}\t{draft.entry_id.int:032x}\t\\\\x{request_hash.hex()}\t{draft.kind}\t{draft.effective_on.isoformat()}"
        f"\t{instant_text(entry.recorded_at)}\t{len(entry.legs)}\t{actor.user_id.int:032x}\t{actor.organisation_id.int:032x}\t{more}"
    )


_NO_VALUES = (None,) * 6
_NOTHING_MORE = "\t".join(["\\N"] * 6)


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
