"""The rows that a folded batch adds and the projections it moves, engine-neutral.

Owns the shape that both writers take; touches no database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from ledger.core.fold import BookState
from ledger.core.journal import JournalEntry


class Answer(NamedTuple):
    """What a client's id was answered: the seq of the accepted entry, or the refusal."""

    request_hash: bytes
    seq: int | None
    error: Mapping[str, Any] | None


class FrozenRefusal(NamedTuple):
    """A refusal to be told again: a row of ``request`` without its book."""

    entry_id: UUID
    request_hash: bytes
    error_code: str
    error: Mapping[str, Any]
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRows:
    """Everything one batch writes. Tuples are in the column order of the table they name, ``book_id`` left out."""

    book_id: int
    entries: Sequence[tuple[Any, ...]]
    postings: Sequence[tuple[int, int, int, int, int, date]]
    leaves: Sequence[tuple[int, bytes, str, bytes]]
    refusals: Sequence[FrozenRefusal]
    lots: Sequence[tuple[int, int, int, date, int, int]]
    lot_moves: Sequence[tuple[int, int, int, int, int]]
    balances: Sequence[tuple[int, int, int]]
    """(account_id, posted, last_seq) after the batch."""
    day_deltas: Sequence[tuple[int, date, int]]
    lot_positions: Sequence[tuple[int, int, int, int]]
    """(lot_id, account_id, qty, cost) after the batch."""


def batch_rows(
    book_id: int,
    state: BookState,
    entries: Sequence[tuple[JournalEntry, bytes]],
    leaves: Sequence[tuple[bytes, str, bytes]],
    refusals: Sequence[FrozenRefusal],
) -> BatchRows:
    """Return the rows of ``entries`` (each with its request hash), which ``state`` has already taken in.

    ``leaves`` are (salt, canonical, hash) in the same order.
    """
    entry_rows, postings, lots, lot_moves = [], [], [], []
    last_seq: dict[int, int] = {}
    deltas: dict[tuple[int, date], int] = {}
    touched_lots: dict[int, int] = {}
    for entry, request_hash in entries:
        draft, seq, day = entry.draft, entry.seq, entry.draft.effective_on
        entry_rows.append(_entry_row(entry, request_hash))
        for line, leg in enumerate(entry.legs, start=1):
            postings.append((seq, line, leg.account_id, leg.commodity_id, leg.amount, day))
            last_seq[leg.account_id] = seq
            key = (leg.account_id, day)
            deltas[key] = deltas.get(key, 0) + leg.amount
        for move in entry.lot_moves:
            account_id = entry.legs[move.line - 1].account_id
            lot_moves.append((seq, move.line, move.lot_id, move.quantity, move.cost))
            touched_lots[move.lot_id] = account_id
            if move.lot_id == seq * 1024 + move.line:
                lots.append((move.lot_id, account_id, seq, draft.effective_on, move.quantity, move.cost))
    return BatchRows(
        book_id=book_id,
        entries=entry_rows,
        postings=postings,
        leaves=[(entry.seq, *leaf) for (entry, _), leaf in zip(entries, leaves, strict=True)],
        refusals=refusals,
        lots=lots,
        lot_moves=lot_moves,
        balances=[(account_id, state.posted[account_id], seq) for account_id, seq in sorted(last_seq.items())],
        day_deltas=[(account_id, day, delta) for (account_id, day), delta in sorted(deltas.items())],
        lot_positions=[
            (lot_id, account_id, lot.quantity, lot.cost)
            for lot_id, account_id in sorted(touched_lots.items())
            for lot in (state.lots[account_id][lot_id],)
        ],
    )


def _entry_row(entry: JournalEntry, request_hash: bytes) -> tuple[Any, ...]:
    draft = entry.draft
    return (
        entry.seq,
        draft.entry_id,
        request_hash,
        str(draft.kind),
        draft.effective_on,
        entry.recorded_at,
        draft.document_on,
        len(entry.legs),
        entry.reverses_seq,
        draft.actor.user_id,
        draft.actor.organisation_id,
        draft.doc_ref,
        json.dumps(dict(draft.attrs), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if draft.attrs
        else None,
    )
