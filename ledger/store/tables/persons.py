"""Personal data kept apart from facts: salt and content behind a commitment, erasable."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class PersonNoteRow(Base):
    """What an entry says about persons, or the tombstone of it.

    The one table of the ledger whose rows lose content: salt and content go together, once, and never come back. The
    commitment stays, since the entry's leaf says it; without the salt nobody can test a guess against it.
    """

    __tablename__ = "person_note"
    __table_args__ = (
        UniqueConstraint("commitment", "book_id"),
        CheckConstraint("length(commitment) = 32", "commitment"),
        CheckConstraint("length(salt) = 32", "salt"),
        CheckConstraint("(salt IS NULL) = (content IS NULL)", "whole"),
        CheckConstraint("(erased_at IS NULL) = (content IS NOT NULL)", "tombstone"),
        CheckConstraint("(erased_at IS NULL) = (erased_by IS NULL)", "eraser"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(ForeignKey("book.book_id"), primary_key=True)
    ref: Mapped[UUID] = mapped_column(primary_key=True)
    """The client's id for this note."""
    commitment: Mapped[bytes]
    """SHA-256(0x02 || salt || content), which the entry's leaf spells as pii_commitment."""
    salt: Mapped[bytes | None]
    """32 random bytes; gone once erased."""
    content: Mapped[str | None]
    """A JSON object of texts, sorted and compact; gone once erased."""
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    erased_at: Mapped[datetime | None]
    erased_by: Mapped[UUID | None]
