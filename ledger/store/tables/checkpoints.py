"""Signed checkpoints of a book's log and the public keys that sign them. Facts: both tables are only ever added to."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class LogKeyRow(Base):
    """A public key of a book's log: in force for trees of at least ``valid_from_size`` leaves until the next key's."""

    __tablename__ = "log_key"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "introduced_seq"], ["entry.book_id", "entry.seq"]),
        CheckConstraint("length(public_key) = 32", "public_key"),
        CheckConstraint("valid_from_size = coalesce(introduced_seq, 0)", "introduction"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(ForeignKey("book.book_id"), primary_key=True)
    valid_from_size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """0 for the first key, else the seq of the entry in which the key before handed over."""
    key_name: Mapped[str]
    public_key: Mapped[bytes]
    """Ed25519, 32 bytes."""
    introduced_seq: Mapped[int | None]


class CheckpointRow(Base):
    """A signed tree head as published; numbered from 1 in each book, sizes never falling."""

    __tablename__ = "checkpoint"
    __table_args__ = (
        CheckConstraint("checkpoint_no >= 1", "checkpoint_no"),
        CheckConstraint("tree_size >= 0", "tree_size"),
        Index("ix_checkpoint_tree_size", "tree_size", "book_id"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(ForeignKey("book.book_id"), primary_key=True)
    checkpoint_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tree_size: Mapped[int]
    tree_peaks: Mapped[bytes]
    """The tree's peaks at that size, so that the next checkpoint proves that it extends this one by the new leaves alone."""
    note: Mapped[str]
    """C2SP signed note; the signed bytes are its UTF-8."""
    key_name: Mapped[str]
    period_through: Mapped[date | None]
    """Last day of the hard-closed period whose state root the note carries."""
    published_at: Mapped[datetime]
