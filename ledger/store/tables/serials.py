"""Serial blocks: which units, by the registry's numbers, a lot move brought or took, and where they lie now."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class SerialMoveRow(Base):
    """Units that went with a lot move, in or out as the move's sign says: a fact."""

    __tablename__ = "serial_move"
    __table_args__ = (
        ForeignKeyConstraint(
            ["book_id", "seq", "line", "lot_id"],
            ["lot_move.book_id", "lot_move.seq", "lot_move.line", "lot_move.lot_id"],
        ),
        CheckConstraint("first >= 0 AND first <= last", "range"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    prefix: Mapped[str] = mapped_column(primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class SerialBlockRow(Base):
    """Projection: a range of units that lie in a lot now. A trigger refuses ranges that overlap."""

    __tablename__ = "serial_block"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "lot_id"], ["lot.book_id", "lot.lot_id"]),
        CheckConstraint("first >= 0 AND first <= last", "range"),
        Index("ix_serial_block_lot", "lot_id", "book_id"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
    lot_id: Mapped[int]
