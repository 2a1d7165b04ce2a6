"""Trades as their papers said them, each beside the ledger entry that it became: facts, only ever added to."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class TradeRow(Base):
    """One trade of a book. A repeat of its reference meets the key; a wrong one is reversed in the ledger, never edited."""

    __tablename__ = "trade"
    __table_args__ = (
        UniqueConstraint("entry_id", "book_id"),
        UniqueConstraint("entry_seq", "book_id"),
        ForeignKeyConstraint(["entry_id", "book_id"], ["entry.entry_id", "entry.book_id"]),
        ForeignKeyConstraint(["book_id", "entry_seq"], ["entry.book_id", "entry.seq"]),
        CheckConstraint("kind IN ('opening','free_allocation','purchase','sale','surrender','cancel','fee')", "kind"),
        CheckConstraint("(quantity_t IS NULL) = (kind = 'fee')", "quantity_kind"),
        CheckConstraint("quantity_t > 0", "quantity"),
        CheckConstraint("fee_fen >= 0", "fee"),
        Index("ix_trade_instrument", "instrument", "book_id", "traded_on"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    trade_ref: Mapped[str] = mapped_column(primary_key=True)
    """The trade's own reference: its natural key in the book."""
    entry_id: Mapped[UUID]
    entry_seq: Mapped[int]
    """Place of the entry in the book, so that a view as of a record point knows which trades it had."""
    kind: Mapped[str]
    traded_on: Mapped[date]
    instrument: Mapped[str]
    """Commodity code; empty for a fee that belongs to no instrument."""
    quantity_t: Mapped[int | None]
    """Whole tonnes above zero; the kind gives the direction."""
    price_cny_per_t: Mapped[Decimal | None]
    fee_fen: Mapped[int]
    """Fees and taxes in fen (0.01 CNY)."""
    counterparty: Mapped[str]
    venue: Mapped[str]
    compliance_year: Mapped[int | None]
    """The year whose duty a surrender settles or whose allocation is received."""
    doc_ref: Mapped[str]
    note: Mapped[str]
    origin: Mapped[str]
    """File and row it was read from."""
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    price_eur_per_t: Mapped[Decimal | None]
    fixing_cny_per_eur: Mapped[Decimal | None]
    """The stated fixing that the euro price was booked at."""
    fixing_ref: Mapped[str | None]
    vat_code: Mapped[str | None]
    settled_on: Mapped[date | None]
    """The day on which the book changed, where it is not ``traded_on``."""
    order_id: Mapped[UUID | None]
    """The approved order that it came from; null: imported, no order."""
    order_sha256: Mapped[str | None]
