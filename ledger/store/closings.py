"""Reads what was closed and what was transferred: entries of kind close, and the two sides of a transfer.

Takes a session first; returns frozen rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.core.journal import EntryKind
from ledger.store.tables.journal import BookRow, EntryRow, LeafRow

MAX_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """One closing: ``closing`` is hard, soft or reopened; ``state_root`` only of a hard one.

    The entry is the last leaf of the tree of size ``seq``; a signed checkpoint of at least that size vouches for it.
    """

    seq: int
    entry_id: UUID
    closing: str
    through: date
    state_root: str | None
    recorded_at: datetime
    actor_id: UUID
    acting_for_id: UUID
    leaf_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSide:
    """One entry of a transfer between two books."""

    book_uuid: UUID
    tenant_id: UUID
    entry_id: UUID
    seq: int
    effective_on: date
    recorded_at: datetime
    leaf_hash: bytes


def list_closings(session: Session, book_id: int, *, before: int | None = None, limit: int) -> tuple[Closing, ...]:
    """Return a page of the book's closings, newest first, those recorded before the entry ``before``; at most 200."""
    wanted = (
        select(EntryRow, LeafRow.leaf_hash)
        .join(LeafRow, (LeafRow.book_id == EntryRow.book_id) & (LeafRow.seq == EntryRow.seq))
        .where(EntryRow.book_id == book_id, EntryRow.kind == EntryKind.CLOSE.value)
        .order_by(EntryRow.seq.desc())
        .limit(max(1, min(limit, MAX_PAGE)))
    )
    if before is not None:
        wanted = wanted.where(EntryRow.seq < before)
    return tuple(_closing(entry, leaf_hash) for entry, leaf_hash in session.execute(wanted))


def transfer_sides(session: Session, transfer_id: UUID) -> tuple[TransferSide, ...]:
    """Return every entry recorded under a transfer's id, in any book, by book."""
    rows = session.execute(
        select(EntryRow, LeafRow.leaf_hash, BookRow.book_uuid, BookRow.tenant_id)
        .join(LeafRow, (LeafRow.book_id == EntryRow.book_id) & (LeafRow.seq == EntryRow.seq))
        .join(BookRow, BookRow.book_id == EntryRow.book_id)
        .where(EntryRow.transfer_id == transfer_id)
        .order_by(BookRow.book_uuid, EntryRow.seq)
    )
    return tuple(
        TransferSide(
            book_uuid=row.book_uuid,
            tenant_id=row.tenant_id,
            entry_id=row[0].entry_id,
            seq=row[0].seq,
            effective_on=row[0].effective_on,
            recorded_at=row[0].recorded_at,
            leaf_hash=row.leaf_hash,
        )
        for row in rows
    )


def _closing(entry: EntryRow, leaf_hash: bytes) -> Closing:
    attrs = entry.attrs or {}
    return Closing(
        seq=entry.seq,
        entry_id=entry.entry_id,
        closing=str(attrs["closing"]),
        through=date.fromisoformat(attrs["through"]),
        state_root=attrs.get("state_root"),
        recorded_at=entry.recorded_at,
        actor_id=entry.actor_id,
        acting_for_id=entry.acting_for_id,
        leaf_hash=leaf_hash,
    )
