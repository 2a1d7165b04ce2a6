"""The table of whole checks of a book: what each found, kept so that the next reader knows when it was last sound.

Facts, only ever added to. Private to this store.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base


class BookCheckRow(Base):
    """One whole replay of a book and of its organisation's audit log."""

    __tablename__ = "book_check"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "started_by"], ["user_account.organisation_id", "user_account.user_id"]
        ),
        Index("ix_book_check_book", "book_id", "checked_at", "check_id"),
        CheckConstraint("entries >= 0 AND tree_size >= 0", "figures"),
        CheckConstraint("length(tree_root) = 32", "tree_root"),
        CheckConstraint("(audit_rows IS NULL) = (audit_root IS NULL)", "audit"),
        CheckConstraint("(audit_rows IS NULL) = (audit_findings IS NULL)", "audit_findings"),
        CheckConstraint("audit_rows IS NULL OR audit_rows >= 0 AND length(audit_root) = 32", "audit_figures"),
        {"sqlite_strict": True, "sqlite_with_rowid": False},
    )

    check_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.organisation_id"))
    """The book's."""
    book_id: Mapped[int] = mapped_column(ForeignKey("book.book_id"))
    checked_at: Mapped[datetime]
    started_by: Mapped[UUID | None]
    """Who asked; null on the server's terminal."""
    entries: Mapped[int]
    tree_size: Mapped[int]
    tree_root: Mapped[bytes]
    findings: Mapped[str]
    """A JSON array: one object for each kind of finding in the book, with its first place; empty when it is sound."""
    audit_rows: Mapped[int | None]
    """Rows of the audit log; null when it was too long to be replayed in the time of a request."""
    audit_root: Mapped[bytes | None]
    audit_findings: Mapped[str | None]
    """A JSON array of sentences, the first place first."""
