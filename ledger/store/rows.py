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

from ledger.core.fold_lots import LINES
from ledger.core.holds import HoldPosition, HoldState
from ledger.core.journal import EntryKind, JournalEntry
from ledger.core.lots import LotPosition
from ledger.core.state import BookState


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
    lots: Sequence[tuple[int, int, int, date, int, int, int | None]]
    lot_moves: Sequence[tuple[int, int, int, int, int]]
    serial_moves: Sequence[tuple[int, int, int, str, int, int]]
    holds: Sequence[tuple[UUID, int, int, str, int, UUID | None, int | None, str | None, datetime | None]]
    hold_moves: Sequence[tuple[int, UUID, int, int]]
    balances: Sequence[tuple[int, int, int, int]]
    """(account_id, posted, held, last_seq) after the batch."""
    day_deltas: Sequence[tuple[int, date, int]]
    lot_positions: Sequence[tuple[int, int, int, int, int]]
    """(lot_id, account_id, qty, cost, held) after the batch."""
    hold_positions: Sequence[tuple[UUID, int, int, datetime | None, int, int, str, int]]
    """(hold_id, lot_id, account_id, expires_at, remaining, captured, state, last_seq) after the batch."""
    serial_lots: Sequence[int]
    """Lots whose units changed; ``serial_blocks`` (prefix, first, last, lot_id) is all that lies in them now."""
    serial_blocks: Sequence[tuple[str, int, int, int]]


def batch_rows(
    book_id: int,
    state: BookState,
    entries: Sequence[tuple[JournalEntry, bytes]],
    leaves: Iterable[tuple[int, bytes, str, bytes]],
    refusals: Sequence[FrozenRefusal],
) -> BatchRows:
    """Return the rows of ``entries`` (each with its request hash), which ``state`` has already taken in; leaves in the same order."""
    last_seq: dict[int, int] = {}
    deltas: dict[tuple[int, date], int] = {}
    with_lots_or_holds: list[JournalEntry] = []
    for entry, _ in entries:
        seq, day = entry.seq, entry.draft.effective_on
        for leg in entry.legs:
            account_id = leg.account_id
            last_seq[account_id] = seq
            key = (account_id, day)
            deltas[key] = deltas[key] + leg.amount if key in deltas else leg.amount
        if entry.lot_moves or entry.hold_moves:
            with_lots_or_holds.append(entry)
            last_seq.update({state.holds[move.hold_id].account_id: seq for move in entry.hold_moves})
    touched = _touched_lots(with_lots_or_holds, state)
    serial_lots = sorted({m.lot_id for entry in with_lots_or_holds for m in entry.lot_moves if m.serials})
    return BatchRows(
        book_id=book_id,
        entries=entries,
        leaves=leaves,
        refusals=refusals,
        lots=[
            (lot.lot_id, entry.legs[lot.lot_id % LINES - 1].account_id, entry.seq, *_acquired(lot))
            for entry in with_lots_or_holds
            for lot in entry.lots
        ],
        lot_moves=[(entry.seq, *move[:4]) for entry in with_lots_or_holds for move in entry.lot_moves],
        serial_moves=[
            (entry.seq, move.line, move.lot_id, *block)
            for entry in with_lots_or_holds
            for move in entry.lot_moves
            for block in move.serials
        ],
        holds=[_hold_row(entry.hold, entry.seq) for entry in with_lots_or_holds if entry.hold is not None],
        hold_moves=[(entry.seq, *move) for entry in with_lots_or_holds for move in entry.hold_moves],
        balances=[
            (account_id, state.posted[account_id], state.held[account_id], seq)
            for account_id, seq in sorted(last_seq.items())
        ],
        day_deltas=[(account_id, day, delta) for (account_id, day), delta in sorted(deltas.items())],
        lot_positions=[
            (lot_id, account_id, lot.quantity, lot.cost, lot.held)
            for lot_id, account_id in sorted(touched.items())
            for lot in (state.lots[account_id][lot_id],)
        ],
        hold_positions=_hold_positions(with_lots_or_holds, state),
        serial_lots=serial_lots,
        serial_blocks=[
            (*block, lot_id) for lot_id in serial_lots for block in state.lots[touched[lot_id]][lot_id].serials
        ],
    )


def _touched_lots(entries: Iterable[JournalEntry], state: BookState) -> dict[int, int]:
    """Return the account of each lot that moved or was set aside."""
    touched: dict[int, int] = {}
    for entry in entries:
        for move in entry.lot_moves:
            touched[move.lot_id] = entry.legs[move.line - 1].account_id
        for held in entry.hold_moves:
            if held.lot_id:
                touched[held.lot_id] = state.holds[held.hold_id].account_id
    return touched


def _acquired(lot: LotPosition) -> tuple[date, int, int, int | None]:
    return lot.acquired_on, lot.lot_quantity, lot.lot_cost, lot.origin_lot_id


def _hold_row(
    hold: HoldPosition, seq: int
) -> tuple[UUID, int, int, str, int, UUID | None, int | None, str | None, datetime | None]:
    return (
        hold.hold_id,
        seq,
        hold.account_id,
        hold.kind.value,
        hold.amount,
        hold.beneficiary_id,
        hold.rank,
        hold.agreement_ref,
        hold.expires_at,
    )


_ENDS = {
    EntryKind.CAPTURE: HoldState.CAPTURED,
    EntryKind.RELEASE: HoldState.RELEASED,
    EntryKind.EXPIRE: HoldState.EXPIRED,
}


def _hold_positions(
    entries: Iterable[JournalEntry], state: BookState
) -> list[tuple[UUID, int, int, datetime | None, int, int, str, int]]:
    last: dict[tuple[UUID, int], JournalEntry] = {
        (move.hold_id, move.lot_id): entry for entry in entries for move in entry.hold_moves
    }
    found = []
    for (hold_id, lot_id), entry in sorted(last.items()):
        hold = state.holds[hold_id]
        part = next(part for part in hold.parts if part.lot_id == lot_id)
        reached = HoldState.OPEN if part.remaining else _ENDS[entry.draft.kind]
        found.append(
            (hold_id, lot_id, hold.account_id, hold.expires_at, part.remaining, part.captured, reached.value, entry.seq)
        )
    return found


def attrs_text(attrs: Mapping[str, str] | None) -> str | None:
    """Return an entry's attributes as the text both databases keep."""
    return json.dumps(dict(attrs), sort_keys=True, separators=(",", ":"), ensure_ascii=False) if attrs else None
