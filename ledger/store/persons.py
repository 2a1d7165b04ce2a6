"""Reads, adds and erases notes about persons. Takes a session first and never commits.

Knows rows only; what a note may say and its commitment are decided in ``ledger.persons``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from ledger.store.tables.persons import PersonNoteRow


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """A note as stored; ``salt`` and ``content`` are None once erased, and stay out of ``repr``."""

    ref: UUID
    commitment: bytes
    salt: bytes | None = field(repr=False)
    content: str | None = field(repr=False)
    recorded_at: datetime
    recorded_by: UUID
    erased_at: datetime | None
    erased_by: UUID | None


def load(session: Session, book_id: int, ref: UUID) -> NoteRow | None:
    """Return the note of that ref in the book, or None."""
    row = session.scalars(
        select(PersonNoteRow)
        .where(PersonNoteRow.book_id == book_id, PersonNoteRow.ref == ref)
        .execution_options(populate_existing=True)
    ).one_or_none()
    return None if row is None else _note(row)


def add(
    session: Session,
    book_id: int,
    *,
    ref: UUID,
    commitment: bytes,
    salt: bytes,
    content: str,
    recorded_at: datetime,
    recorded_by: UUID,
) -> None:
    """Insert a note."""
    session.execute(
        insert(PersonNoteRow).values(
            book_id=book_id,
            ref=ref,
            commitment=commitment,
            salt=salt,
            content=content,
            recorded_at=recorded_at,
            recorded_by=recorded_by,
        )
    )


def erase(session: Session, book_id: int, ref: UUID, *, erased_at: datetime, erased_by: UUID) -> None:
    """Take salt and content from a note that has them and leave who did it and when.

    SQLite is told to overwrite the freed bytes with zeros, in the file and not only in the table's view of it.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
    session.execute(
        update(PersonNoteRow)
        .where(PersonNoteRow.book_id == book_id, PersonNoteRow.ref == ref, PersonNoteRow.erased_at.is_(None))
        .values(salt=None, content=None, erased_at=erased_at, erased_by=erased_by)
        .execution_options(synchronize_session=False)
    )


def notes(session: Session, book_id: int) -> Iterator[NoteRow]:
    """Yield the book's notes in order of their refs, a page of rows in memory at a time."""
    rows = session.scalars(
        select(PersonNoteRow)
        .where(PersonNoteRow.book_id == book_id)
        .order_by(PersonNoteRow.ref)
        .execution_options(yield_per=1_000)
    )
    for row in rows:
        yield _note(row)


def _note(row: PersonNoteRow) -> NoteRow:
    return NoteRow(
        ref=row.ref,
        commitment=bytes(row.commitment),
        salt=None if row.salt is None else bytes(row.salt),
        content=row.content,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        erased_at=row.erased_at,
        erased_by=row.erased_by,
    )
