"""The ledger's tables: facts that are only ever added, and projections that can be rebuilt from them.

Private to the store. ``book_id`` is the first column of every primary key and part of every other, so the same schema
distributes by book. Facts: entry, posting, lot, lot_move, leaf, request. Projections: balance, balance_day,
lot_position. Triggers stand in ``migrations/sql``. That an entry's book exists follows from its postings' accounts,
so the hot tables carry no second key to ``book``. Further keys start with their own selective column: while a table
is young and has no statistics, PostgreSQL may else read a whole book by a key that only shares ``book_id``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}
"""STRICT refuses what is not an integer; without rowid a table is clustered by its key, one tree instead of two."""

_ROW_KEY = {"engines": ("sqlite",)}
"""A key of the hottest tables. On PostgreSQL the seals in ``migrations/sql`` check it once a statement, not once a row."""


class BookRow(Base):
    """One legal entity's ledger and its ordering domain: writers lock this row, so seq has no gaps and time never goes back."""

    __tablename__ = "book"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        CheckConstraint("next_seq = tree_size + 1", "dense"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    book_uuid: Mapped[UUID] = mapped_column(unique=True)
    """The book's name outside this database; part of every leaf."""
    tenant_id: Mapped[UUID]
    """The organisation that owns the book."""
    code: Mapped[str]
    functional_currency: Mapped[str]
    """Code of the commodity in which lot costs are kept."""
    next_seq: Mapped[int]
    tree_size: Mapped[int]
    tree_peaks: Mapped[bytes]
    """Hashes of the perfect subtrees of the RFC 6962 tree, largest first, 32 bytes each."""
    last_recorded_at: Mapped[datetime]
    locked_through: Mapped[date | None]
    """Last day of the closed periods, inclusive."""
    soft_locked_through: Mapped[date | None]
    """Last day on which only a closer still posts, inclusive."""


class CommodityRow(Base):
    """One fungible set, as this book knows it; scale and step never change."""

    __tablename__ = "commodity"
    __table_args__ = (
        UniqueConstraint("code", "book_id"),
        CheckConstraint("scale BETWEEN 0 AND 9", "scale"),
        CheckConstraint("step >= 1", "step"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(ForeignKey("book.book_id"), primary_key=True)
    commodity_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str]
    kind: Mapped[str]
    scale: Mapped[int]
    step: Mapped[int]
    attrs: Mapped[Mapping[str, Any]]
    """Instrument facts: registry, vintage, project, methodology, registration date, names."""


class AccountRow(Base):
    """One account of one commodity. ``lot_method`` set means that it keeps lots."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("path", "book_id"),
        UniqueConstraint("book_id", "account_id", "commodity_id"),
        ForeignKeyConstraint(["book_id", "commodity_id"], ["commodity.book_id", "commodity.commodity_id"]),
        CheckConstraint("type IN ('asset','liability','equity','income','expense')", "type"),
        CheckConstraint("lot_method IN ('fifo','lifo','average','specific')", "lot_method"),
        CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", "open_interval"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    path: Mapped[str]
    type: Mapped[str]
    commodity_id: Mapped[int]
    lot_method: Mapped[str | None]
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    """First day on which nothing may be posted any more."""
    attrs: Mapped[Mapping[str, Any]]


class EntryRow(Base):
    """One journal entry: a fact. ``leg_count`` lets the database see that all its postings came and none later."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("entry_id", "book_id"),
        Index(
            "uq_entry_reverses_seq_book_id",
            "reverses_seq",
            "book_id",
            unique=True,
            sqlite_where=text("reverses_seq IS NOT NULL"),
            postgresql_where=text("reverses_seq IS NOT NULL"),
        ),
        Index(
            "ix_entry_closing",
            "book_id",
            "seq",
            sqlite_where=text("kind = 'close'"),
            postgresql_where=text("kind = 'close'"),
        ),
        Index(
            "ix_entry_transfer",
            "transfer_id",
            sqlite_where=text("transfer_id IS NOT NULL"),
            postgresql_where=text("transfer_id IS NOT NULL"),
        ),
        CheckConstraint(
            "leg_count BETWEEN 2 AND 1000 OR (leg_count = 0 AND kind IN ('hold','release','expire','close','record'))",
            "leg_count",
        ),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID]
    """The client's id; a repeat meets this key and gets the recorded answer."""
    request_hash: Mapped[bytes]
    """SHA-256 of what the client asked for, so that the same id with other content is told apart."""
    kind: Mapped[str]
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    document_on: Mapped[date | None]
    leg_count: Mapped[int]
    reverses_seq: Mapped[int | None]
    actor_id: Mapped[UUID]
    acting_for_id: Mapped[UUID]
    doc_ref: Mapped[str | None]
    attrs: Mapped[Mapping[str, Any] | None]
    pii_commitment: Mapped[bytes | None]
    """Salted commitment to personal data kept elsewhere, so that erasing it leaves every proof valid."""
    transfer_id: Mapped[UUID | None]
    """Shared by the two entries, in two books, of one transfer."""


class PostingRow(Base):
    """One leg: debit positive, credit negative, in the commodity's smallest unit."""

    __tablename__ = "posting"
    __table_args__ = (
        ForeignKeyConstraint(
            ["book_id", "seq"], ["entry.book_id", "entry.seq"], deferrable=True, initially="DEFERRED", info=_ROW_KEY
        ),
        ForeignKeyConstraint(
            ["book_id", "account_id", "commodity_id"],
            ["account.book_id", "account.account_id", "account.commodity_id"],
            info=_ROW_KEY,
        ),
        CheckConstraint("amount <> 0", "amount"),
        Index("ix_posting_account_day", "account_id", "book_id", "effective_on", "seq", "amount"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1 without gaps to the entry's leg_count."""
    account_id: Mapped[int]
    commodity_id: Mapped[int]
    amount: Mapped[int]
    effective_on: Mapped[date]


class BalanceRow(Base):
    """Projection: what an account holds now, on its normal side, and the limits that the database itself keeps."""

    __tablename__ = "balance"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "account_id"], ["account.book_id", "account.account_id"]),
        CheckConstraint("held >= 0", "held"),
        CheckConstraint("floor IS NULL OR posted - held >= floor", "floor"),
        CheckConstraint("ceiling IS NULL OR posted <= ceiling", "ceiling"),
        {**_STRICT, "postgresql_with": {"fillfactor": "60"}},
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    posted: Mapped[int]
    held: Mapped[int]
    floor: Mapped[int | None]
    ceiling: Mapped[int | None]
    last_seq: Mapped[int]


class BalanceDayRow(Base):
    """Projection: the raw sum of an account's postings on one business day, debit positive.

    No key to ``account``: the postings it sums have one, and a batch writes as many rows here as it touches accounts.
    """

    __tablename__ = "balance_day"
    __table_args__ = ({**_STRICT, "postgresql_with": {"fillfactor": "60"}},)

    book_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    effective_on: Mapped[date] = mapped_column(primary_key=True)
    delta: Mapped[int]


class LotRow(Base):
    """A quantity acquired at a total cost: a fact. Under the average method one lot is the account's pool.

    No key to ``entry``: SQLite would look through all lots for each entry it inserts. The lot's number names its entry.
    """

    __tablename__ = "lot"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "account_id"], ["account.book_id", "account.account_id"]),
        CheckConstraint("acquired_seq = lot_id / 1024", "acquired_seq"),
        Index("ix_lot_account", "account_id", "book_id", "lot_id"),
        CheckConstraint("qty > 0", "qty"),
        CheckConstraint("cost >= 0", "cost"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1024 x seq + line of the posting that acquired it: unique and in recording order without a counter."""
    account_id: Mapped[int]
    acquired_seq: Mapped[int]
    acquired_on: Mapped[date]
    qty: Mapped[int]
    cost: Mapped[int]
    origin_lot_id: Mapped[int | None]
    """The lot it was part of, where it was carried inside the book."""


class LotMoveRow(Base):
    """What one posting took from a lot or brought to it, in quantity and cost: a fact."""

    __tablename__ = "lot_move"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "lot_id"], ["lot.book_id", "lot.lot_id"]),
        ForeignKeyConstraint(["book_id", "seq", "line"], ["posting.book_id", "posting.seq", "posting.line"]),
        CheckConstraint("qty <> 0", "qty"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    qty: Mapped[int]
    cost: Mapped[int]


class LotPositionRow(Base):
    """Projection: what is left of a lot. An emptied lot keeps its row at zero."""

    __tablename__ = "lot_position"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "lot_id"], ["lot.book_id", "lot.lot_id"]),
        CheckConstraint("qty >= held", "qty"),
        CheckConstraint("held >= 0", "held"),
        CheckConstraint("cost >= 0", "cost"),
        Index(
            "ix_lot_position_open",
            "account_id",
            "book_id",
            "lot_id",
            sqlite_where=text("qty > 0"),
            postgresql_where=text("qty > 0"),
        ),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[int]
    qty: Mapped[int]
    cost: Mapped[int]
    held: Mapped[int]
    """What of it holds that name this lot set aside."""


class RequestRow(Base):
    """The frozen refusal of a client's id: a fact, told again word for word. An accepted id is its entry's."""

    __tablename__ = "request"
    __table_args__ = (_STRICT,)

    book_id: Mapped[int] = mapped_column(ForeignKey("book.book_id"), primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    error_code: Mapped[str]
    error: Mapped[Mapping[str, Any]]
    """Kind, message and data of the refusal."""
    answered_at: Mapped[datetime]


class LeafRow(Base):
    """The exact bytes of an entry and their hash in the book's RFC 6962 tree: a fact, written once, never derived in SQL."""

    __tablename__ = "leaf"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "seq"], ["entry.book_id", "entry.seq"], info=_ROW_KEY),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    salt: Mapped[bytes]
    canonical: Mapped[str]
    """The canonical JSON; the hashed bytes are its UTF-8."""
    leaf_hash: Mapped[bytes]
