"""Checkpoints, log keys and leaves of a book: kept, and read by the span.

Takes a session first and never commits. Knows no proof and no signature: what is stored here was decided above.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from ledger.core.errors import Conflict
from ledger.core.proofs import Span
from ledger.store.reading import run
from ledger.store.tables.checkpoints import CheckpointRow, LogKeyRow
from ledger.store.tables.journal import EntryRow, LeafRow

_HASHES = 16_384
"""Leaf hashes read at a time, about 2 MB in memory."""

_LEAVES = 1_024
"""Whole leaves read at a time; the largest have a few hundred KB each, most of them under one."""

_NOTES = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKey:
    """A key of the book's log, in force for trees of at least ``valid_from_size`` leaves; ``introduced_seq`` None: the first."""

    key_name: str
    public_key: bytes
    valid_from_size: int
    introduced_seq: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """A published checkpoint: ``note`` is the signed text, the rest what it was made from."""

    checkpoint_no: int
    tree_size: int
    tree_peaks: bytes
    note: str
    key_name: str
    period_through: date | None
    published_at: datetime


class Leaf(NamedTuple):
    """A leaf as stored: the entry's place, salt, canonical text and hash."""

    seq: int
    salt: bytes
    canonical: str
    leaf_hash: bytes


def add_key(session: Session, book_id: int, key: LogKey) -> None:
    """Insert a key."""
    session.execute(
        insert(LogKeyRow).values(
            book_id=book_id,
            key_name=key.key_name,
            public_key=key.public_key,
            valid_from_size=key.valid_from_size,
            introduced_seq=key.introduced_seq,
        )
    )


def keys(session: Session, book_id: int) -> tuple[LogKey, ...]:
    """Return the log's keys, the oldest first."""
    rows = session.scalars(select(LogKeyRow).where(LogKeyRow.book_id == book_id).order_by(LogKeyRow.valid_from_size))
    return tuple(
        LogKey(
            key_name=row.key_name,
            public_key=bytes(row.public_key),
            valid_from_size=row.valid_from_size,
            introduced_seq=row.introduced_seq,
        )
        for row in rows
    )


def add_checkpoint(session: Session, book_id: int, checkpoint: StoredCheckpoint) -> None:
    """Insert a checkpoint."""
    session.execute(
        insert(CheckpointRow).values(
            book_id=book_id,
            checkpoint_no=checkpoint.checkpoint_no,
            tree_size=checkpoint.tree_size,
            tree_peaks=checkpoint.tree_peaks,
            note=checkpoint.note,
            key_name=checkpoint.key_name,
            period_through=checkpoint.period_through,
            published_at=checkpoint.published_at,
        )
    )


def newest(session: Session, book_id: int, *, at_most: int | None = None) -> StoredCheckpoint | None:
    """Return the newest checkpoint of a tree of ``at_most`` leaves (of any tree when None), or None."""
    wanted = _checkpoints(book_id).order_by(CheckpointRow.tree_size.desc(), CheckpointRow.checkpoint_no.desc())
    if at_most is not None:
        wanted = wanted.where(CheckpointRow.tree_size <= at_most)
    row = session.scalars(wanted.limit(1)).one_or_none()
    return None if row is None else _stored(row)


def first_covering(session: Session, book_id: int, size: int) -> StoredCheckpoint | None:
    """Return the first checkpoint of a tree of at least ``size`` leaves, or None."""
    wanted = _checkpoints(book_id).where(CheckpointRow.tree_size >= size)
    row = session.scalars(wanted.order_by(CheckpointRow.tree_size, CheckpointRow.checkpoint_no).limit(1)).one_or_none()
    return None if row is None else _stored(row)


def newest_closed_period(session: Session, book_id: int) -> date | None:
    """Return the last day of the latest period whose state root a checkpoint carries."""
    return session.scalar(select(func.max(CheckpointRow.period_through)).where(CheckpointRow.book_id == book_id))


def notes(session: Session, book_id: int, *, up_to_size: int) -> Iterator[str]:
    """Yield the notes of every checkpoint of at most ``up_to_size`` leaves in the order of publishing, some at a time."""
    after = 0
    while True:
        rows = session.execute(
            select(CheckpointRow.checkpoint_no, CheckpointRow.note)
            .where(
                CheckpointRow.book_id == book_id,
                CheckpointRow.checkpoint_no > after,
                CheckpointRow.tree_size <= up_to_size,
            )
            .order_by(CheckpointRow.checkpoint_no)
            .limit(_NOTES)
        ).all()
        for row in rows:
            yield row.note
        if len(rows) < _NOTES:
            return
        after = rows[-1].checkpoint_no


def leaf_hashes(session: Session, book_id: int, span: Span) -> Iterator[bytes]:
    """Yield the leaf hashes of ``span`` in order, some thousands at a time; a missing one is ``log.leaf_missing``."""
    for start in range(span.start, span.end, _HASHES):
        end = min(start + _HASHES, span.end)
        rows = run(
            session,
            "SELECT leaf_hash FROM leaf WHERE book_id = ? AND seq > ? AND seq <= ? ORDER BY seq",
            *(book_id, start, end),
        ).fetchall()
        if len(rows) != end - start:
            raise _missing(start, end)
        for row in rows:
            yield bytes(row[0])


def leaves(session: Session, book_id: int, *, up_to_size: int) -> Iterator[Leaf]:
    """Yield the first ``up_to_size`` leaves in order, some hundreds at a time; a missing one is ``log.leaf_missing``."""
    for start in range(0, up_to_size, _LEAVES):
        end = min(start + _LEAVES, up_to_size)
        rows = run(
            session,
            "SELECT seq, salt, canonical, leaf_hash FROM leaf WHERE book_id = ? AND seq > ? AND seq <= ? ORDER BY seq",
            *(book_id, start, end),
        ).fetchall()
        if len(rows) != end - start:
            raise _missing(start, end)
        for seq, salt, canonical, leaf_hash in rows:
            yield Leaf(seq, bytes(salt), canonical, bytes(leaf_hash))


def leaf_at(session: Session, book_id: int, seq: int) -> Leaf | None:
    """Return the leaf of the entry at that place, or None."""
    row = session.scalars(select(LeafRow).where(LeafRow.book_id == book_id, LeafRow.seq == seq)).one_or_none()
    return None if row is None else Leaf(row.seq, bytes(row.salt), row.canonical, bytes(row.leaf_hash))


def seq_of(session: Session, book_id: int, entry_id: UUID) -> int | None:
    """Return the place of the entry of that id, or None."""
    return session.scalar(select(EntryRow.seq).where(EntryRow.entry_id == entry_id, EntryRow.book_id == book_id))


def recorded_at(session: Session, book_id: int, seq: int) -> datetime | None:
    """Return when the entry at that place was recorded, or None where there is none."""
    return session.scalar(select(EntryRow.recorded_at).where(EntryRow.book_id == book_id, EntryRow.seq == seq))


def _checkpoints(book_id: int) -> Select[CheckpointRow]:
    return select(CheckpointRow).where(CheckpointRow.book_id == book_id)


def _stored(row: CheckpointRow) -> StoredCheckpoint:
    return StoredCheckpoint(
        checkpoint_no=row.checkpoint_no,
        tree_size=row.tree_size,
        tree_peaks=bytes(row.tree_peaks),
        note=row.note,
        key_name=row.key_name,
        period_through=row.period_through,
        published_at=row.published_at,
    )


def _missing(start: int, end: int) -> Conflict:
    return Conflict(
        "log.leaf_missing",
        f"a leaf of the entries {start + 1} to {end} is missing from the database; run tonne check and restore it",
        first=str(start + 1),
        last=str(end),
    )
