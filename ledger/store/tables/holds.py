"""Holds and encumbrances: what was set aside, for whom, and what is left of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class HoldRow(Base):
    """The terms under which an amount of an account was set aside: a fact. ``hold_id`` is the id of the entry that placed it."""

    __tablename__ = "hold"
    __table_args__ = (
        ForeignKeyConstraint(["hold_id", "book_id"], ["entry.entry_id", "entry.book_id"]),
        Index(
            "ix_hold_beneficiary",
            "beneficiary_id",
            sqlite_where=text("beneficiary_id IS NOT NULL"),
            postgresql_where=text("beneficiary_id IS NOT NULL"),
        ),
        ForeignKeyConstraint(["book_id", "account_id"], ["account.book_id", "account.account_id"]),
        CheckConstraint("kind IN ('hold','pledge','repo','lent','custody','freeze')", "kind"),
        CheckConstraint("amount > 0", "amount"),
        CheckConstraint("(expires_at IS NOT NULL) = (kind = 'hold')", "expiry"),
        CheckConstraint("rank >= 1", "rank"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    hold_id: Mapped[UUID] = mapped_column(primary_key=True)
    placed_seq: Mapped[int]
    account_id: Mapped[int]
    kind: Mapped[str]
    amount: Mapped[int]
    """Smallest units set aside when placed."""
    beneficiary_id: Mapped[UUID | None]
    """The organisation for which it is set aside and which alone may release or enforce it."""
    rank: Mapped[int | None]
    """1 is served first."""
    agreement_ref: Mapped[str | None]
    expires_at: Mapped[datetime | None]


class HoldMoveRow(Base):
    """What one entry set aside (positive) or let go of (negative) under a hold: a fact. ``lot_id`` is 0 where no lot is named."""

    __tablename__ = "hold_move"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "hold_id"], ["hold.book_id", "hold.hold_id"]),
        ForeignKeyConstraint(["book_id", "seq"], ["entry.book_id", "entry.seq"]),
        CheckConstraint("amount <> 0", "amount"),
        Index("ix_hold_move_hold", "hold_id", "book_id", "seq"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hold_id: Mapped[UUID] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    amount: Mapped[int]


class HoldPositionRow(Base):
    """Projection: what is left of a hold, per lot where lots are named (``lot_id`` 0 else), and how it ended."""

    __tablename__ = "hold_position"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "hold_id"], ["hold.book_id", "hold.hold_id"]),
        CheckConstraint("remaining >= 0", "remaining"),
        CheckConstraint("captured >= 0", "captured"),
        CheckConstraint("state IN ('open','captured','released','expired')", "state"),
        CheckConstraint("(remaining > 0) = (state = 'open')", "open"),
        Index(
            "ix_hold_position_open",
            "account_id",
            "book_id",
            postgresql_where=text("remaining > 0"),
            sqlite_where=text("remaining > 0"),
        ),
        Index(
            "ix_hold_position_expiry",
            "expires_at",
            "book_id",
            postgresql_where=text("remaining > 0"),
            sqlite_where=text("remaining > 0"),
        ),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    hold_id: Mapped[UUID] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[int]
    expires_at: Mapped[datetime | None]
    """A copy of the hold's, so that what has run out is found by one index."""
    remaining: Mapped[int]
    captured: Mapped[int]
    state: Mapped[str]
    """``open`` while something of this part remains; else what the last of it went into."""
    last_seq: Mapped[int]
