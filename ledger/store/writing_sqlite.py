"""Writes a batch on SQLite: one executemany a table, postings before the entries that seal them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from ledger.core.instants import instant_text
from ledger.core.journal import EntryKind
from ledger.store.database import json_text
from ledger.store.reading import driver_of
from ledger.store.rows import BatchRows, attrs_text

_POSTING = (
    "INSERT INTO posting (book_id, seq, line, account_id, commodity_id, amount, effective_on) VALUES (?,?,?,?,?,?,?)"
)
_ENTRY = (
    "INSERT INTO entry (book_id, seq, entry_id, request_hash, kind, effective_on, recorded_at, leg_count, actor_id, acting_for_id,"
    " reverses_seq, document_on, doc_ref, attrs, pii_commitment, transfer_id)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_PLAIN_ENTRY = (  # each NULL that is bound costs a search for how to bind it, and most entries would bring six
    "INSERT INTO entry (book_id, seq, entry_id, request_hash, kind, effective_on, recorded_at, leg_count, actor_id, acting_for_id)"
    " VALUES (?,?,?,?,?,?,?,?,?,?)"
)
_LEAF = "INSERT INTO leaf (book_id, seq, salt, canonical, leaf_hash) VALUES (?,?,?,?,?)"
_REQUEST = "INSERT INTO request (book_id, entry_id, request_hash, error_code, error, answered_at) VALUES (?,?,?,?,?,?)"
_LOT = "INSERT INTO lot (book_id, lot_id, account_id, acquired_seq, acquired_on, qty, cost, origin_lot_id) VALUES (?,?,?,?,?,?,?,?)"
_LOT_MOVE = "INSERT INTO lot_move (book_id, seq, line, lot_id, qty, cost) VALUES (?,?,?,?,?,?)"
_HOLD = (
    "INSERT INTO hold (book_id, hold_id, placed_seq, account_id, kind, amount, beneficiary_id, rank, agreement_ref, expires_at)"
    " VALUES (?,?,?,?,?,?,?,?,?,?)"
)
_HOLD_MOVE = "INSERT INTO hold_move (book_id, seq, hold_id, lot_id, amount) VALUES (?,?,?,?,?)"
_HOLD_POSITION = (
    "INSERT INTO hold_position (book_id, hold_id, lot_id, account_id, expires_at, remaining, captured, state, last_seq)"
    " VALUES (?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (book_id, hold_id, lot_id) DO UPDATE SET remaining = excluded.remaining, captured = excluded.captured,"
    " state = excluded.state, last_seq = excluded.last_seq"
)
_SERIAL_MOVE = "INSERT INTO serial_move (book_id, seq, line, lot_id, prefix, first, last) VALUES (?,?,?,?,?,?,?)"
_SERIAL_GONE = "DELETE FROM serial_block WHERE lot_id = ? AND book_id = ?"
_SERIAL_BLOCK = "INSERT INTO serial_block (book_id, prefix, first, last, lot_id) VALUES (?,?,?,?,?)"
_BALANCE = "UPDATE balance SET posted = ?, held = ?, last_seq = ? WHERE book_id = ? AND account_id = ?"
_BALANCE_DAY = (
    "INSERT INTO balance_day (book_id, account_id, effective_on, delta) VALUES (?,?,?,?)"
    " ON CONFLICT (book_id, account_id, effective_on) DO UPDATE SET delta = delta + excluded.delta"
)
_LOT_POSITION = (
    "INSERT INTO lot_position (book_id, lot_id, account_id, qty, cost, held) VALUES (?,?,?,?,?,?)"
    " ON CONFLICT (book_id, lot_id) DO UPDATE SET qty = excluded.qty, cost = excluded.cost, held = excluded.held"
)


def write(session: Session, rows: BatchRows) -> None:
    """Write every row of the batch inside the caller's transaction."""
    book = rows.book_id
    run = driver_of(session).connection.executemany
    run(
        _POSTING,
        [
            (book, entry.seq, line, leg.account_id, leg.commodity_id, leg.amount, day)
            for entry, _ in rows.entries
            for day in (entry.draft.effective_on.isoformat(),)
            for line, leg in enumerate(entry.legs, start=1)
        ],
    )
    plain, other = _entry_rows(rows)
    run(_PLAIN_ENTRY, plain)
    if other:
        run(_ENTRY, other)
    run(_LEAF, [(book, *leaf) for leaf in rows.leaves])
    if rows.refusals:
        run(
            _REQUEST,
            [
                (
                    book,
                    refusal.entry_id.bytes,
                    refusal.request_hash,
                    refusal.error_code,
                    json_text(refusal.error),
                    instant_text(at),
                )
                for refusal in rows.refusals
                for at in (refusal.answered_at,)
            ],
        )
    if rows.lot_moves:
        run(_LOT, [(book, lot, a, at, day.isoformat(), *rest) for lot, a, at, day, *rest in rows.lots])
        run(_LOT_MOVE, [(book, *move) for move in rows.lot_moves])
    if rows.lot_positions:
        run(_LOT_POSITION, [(book, *position) for position in rows.lot_positions])
    if rows.serial_moves:
        run(_SERIAL_MOVE, [(book, *move) for move in rows.serial_moves])
        run(_SERIAL_GONE, [(lot, book) for lot in rows.serial_lots])
        run(_SERIAL_BLOCK, [(book, *block) for block in rows.serial_blocks])
    if rows.hold_moves:
        _write_holds(run, rows)
    run(_BALANCE, [(posted, held, seq, book, account) for account, posted, held, seq in rows.balances])
    run(_BALANCE_DAY, [(book, account, day.isoformat(), delta) for account, day, delta in rows.day_deltas])


def _write_holds(run: Callable[[str, list[Any]], object], rows: BatchRows) -> None:
    book = rows.book_id
    run(
        _HOLD,
        [
            (
                book,
                hold_id.bytes,
                seq,
                account,
                kind,
                amount,
                whom and whom.bytes,
                rank,
                paper,
                until and instant_text(until),
            )
            for hold_id, seq, account, kind, amount, whom, rank, paper, until in rows.holds
        ],
    )
    run(_HOLD_MOVE, [(book, seq, hold_id.bytes, lot, amount) for seq, hold_id, lot, amount in rows.hold_moves])
    run(
        _HOLD_POSITION,
        [
            (book, hold_id.bytes, lot, account, until and instant_text(until), *rest)
            for hold_id, lot, account, until, *rest in rows.hold_positions
        ],
    )


def _entry_rows(rows: BatchRows) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return the rows of entries that say no more than all do, and the rows of the others with every column."""
    book = rows.book_id
    plain: list[tuple[object, ...]] = []
    other: list[tuple[object, ...]] = []
    for entry, request_hash in rows.entries:
        draft, actor = entry.draft, entry.draft.actor
        shared = (
            book,
            entry.seq,
            draft.entry_id.bytes,
            request_hash,
            _KIND_TEXTS[draft.kind],
            draft.effective_on.isoformat(),
            instant_text(entry.recorded_at),
            len(entry.legs),
            actor.user_id.bytes,
            actor.organisation_id.bytes,
        )
        rest = (
            entry.reverses_seq,
            draft.document_on,
            draft.doc_ref,
            draft.attrs,
            draft.pii_commitment,
            draft.transfer_id,
        )
        if rest == _NOTHING_MORE:
            plain.append(shared)
        else:
            other.append(
                (
                    *shared,
                    entry.reverses_seq,
                    draft.document_on and draft.document_on.isoformat(),
                    draft.doc_ref,
                    attrs_text(draft.attrs),
                    draft.pii_commitment,
                    draft.transfer_id and draft.transfer_id.bytes,
                )
            )
    return plain, other


_NOTHING_MORE = (None,) * 6
_KIND_TEXTS = {kind: str(kind.value) for kind in EntryKind}
"""Bound as plain texts: for a kind itself the driver would search for how to bind it."""
