"""Tables of the audit log: one row for each write request, a leaf of its organisation's RFC 6962 tree, and the tree's head.

Private to this store. Rows are only ever added; the head only grows.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class AuditHeadRow(Base):
    """How many rows an organisation's audit log has, and the peaks of its tree; who writes locks it, so that ``seq`` has no gap."""

    __tablename__ = "audit_head"
    __table_args__ = (
        CheckConstraint("size >= 0", "size"),
        CheckConstraint("length(peaks) % 32 = 0", "peaks"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.organisation_id"), primary_key=True)
    size: Mapped[int]
    peaks: Mapped[bytes]


class AuditRow(Base):
    """One write request as it was done."""

    __tablename__ = "audit_row"
    __table_args__ = (
        UniqueConstraint("organisation_id", "request_id"),
        Index("ix_audit_row_user", "organisation_id", "user_id", "seq"),
        CheckConstraint("seq >= 1", "seq"),
        CheckConstraint("length(leaf_hash) = 32", "leaf_hash"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("audit_head.organisation_id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    request_id: Mapped[UUID]
    """Made at the edge; a request whose commit was uncertain and is done again stands once."""
    user_id: Mapped[UUID]
    route: Mapped[str]
    recorded_at: Mapped[datetime]
    content: Mapped[str]
    """RFC 8785 JSON whose values are strings: what the leaf commits to."""
    salt: Mapped[bytes]
    leaf_hash: Mapped[bytes]
