"""Reads a book's log as a list: entries with their leaves, and the published checkpoints, the newest first. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.store.tables.checkpoints import CheckpointRow
from ledger.store.tables.journal import EntryRow, LeafRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One entry as the log knows it: its place, who recorded it when, and the hash of its leaf."""

    seq: int
    entry_id: UUID
    kind: str
    effective_on: date
    recorded_at: datetime
    actor_id: UUID
    doc_ref: str | None
    leaf_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A published tree head: its size and peaks, when, by which key, and the period that it closes, if any."""

    number: int
    tree_size: int
    tree_peaks: bytes
    key_name: str
    period_through: date | None
    published_at: datetime
    note: str


def newest_lines(session: Session, book_id: int, *, before: int | None, limit: int) -> tuple[LogLine, ...]:
    """Return up to ``limit`` entries below the place ``before`` (the newest when None), the newest first."""
    wanted = (
        select(EntryRow, LeafRow.leaf_hash)
        .join(LeafRow, (LeafRow.book_id == EntryRow.book_id) & (LeafRow.seq == EntryRow.seq))
        .where(EntryRow.book_id == book_id)
    )
    if before is not None:
        wanted = wanted.where(EntryRow.seq < before)
    rows = session.execute(wanted.order_by(EntryRow.seq.desc()).limit(limit))
    return tuple(
        LogLine(
            seq=entry.seq,
            entry_id=entry.entry_id,
            kind=entry.kind,
            effective_on=entry.effective_on,
            recorded_at=entry.recorded_at,
            actor_id=entry.actor_id,
            doc_ref=entry.doc_ref,
            leaf_hash=bytes(leaf_hash),
        )
        for entry, leaf_hash in rows
    )


def newest_checkpoints(session: Session, book_id: int, *, before: int | None, limit: int) -> tuple[Checkpoint, ...]:
    """Return up to ``limit`` checkpoints below the number ``before`` (the newest when None), the newest first."""
    wanted = select(CheckpointRow).where(CheckpointRow.book_id == book_id)
    if before is not None:
        wanted = wanted.where(CheckpointRow.checkpoint_no < before)
    rows = session.scalars(wanted.order_by(CheckpointRow.checkpoint_no.desc()).limit(limit))
    return tuple(
        Checkpoint(
            number=row.checkpoint_no,
            tree_size=row.tree_size,
            tree_peaks=bytes(row.tree_peaks),
            key_name=row.key_name,
            period_through=row.period_through,
            published_at=row.published_at,
            note=row.note,
        )
        for row in rows
    )
