"""The rows that a folded batch adds and the projections it moves, engine-neutral.

Owns the shape that both writers take; touches no database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
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
    entries: Sequence[tuple[JournalEntry, bytes]]
    """The accepted entries with their request hashes; each writer spells their rows and their postings'."""
    leaves: Iterable[tuple[int, bytes, str, bytes]]
    """Asked for once, when they are written."""
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
    leaves: Iterable[tuple[int, bytes, str, bytes]],
    refusals: Sequence[FrozenRefusal],
) -> BatchRows:
    """Return the rows of ``entries`` (each with its request hash), which ``state`` has already taken in; leaves in the same order."""
    lots, lot_moves = [], []
    last_seq: dict[int, int] = {}
    deltas: dict[tuple[int, date], int] = {}
    touched_lots: dict[int, int] = {}
    for entry, _ in entries:
        seq, day = entry.seq, entry.draft.effective_on
        for leg in entry.legs:
            account_id = leg.account_id
            last_seq[account_id] = seq
            key = (account_id, day)
            deltas[key] = deltas[key] + leg.amount if key in deltas else leg.amount
        for move in entry.lot_moves:
            account_id = entry.legs[move.line - 1].account_id
            lot_moves.append((seq, move.line, move.lot_id, move.quantity, move.cost))
            touched_lots[move.lot_id] = account_id
            if move.lot_id == seq * 1024 + move.line:
                lots.append((move.lot_id, account_id, seq, day, move.quantity, move.cost))
    return BatchRows(
        book_id=book_id,
        entries=entries,
        leaves=leaves,
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


def attrs_text(attrs: Mapping[str, str] | None) -> str | None:
    """Return an entry's attributes as the text both databases keep."""
    return json.dumps(dict(attrs), sort_keys=True, separators=(",", ":"), ensure_ascii=False) if attrs else None
