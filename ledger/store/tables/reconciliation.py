"""Statements of banks and registries, their lines, matches with postings, and balance assertions: facts, only ever added.

Private to the store. Each fact has a header in ``reconciliation_fact``: its number (gapless in commit order within a book, so that
it is a record point of its own), when, by whom, and how many entries the book had then. Triggers stand in ``migrations/sql``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}
_FACT = ["reconciliation_fact.book_id", "reconciliation_fact.fact_no"]


class ReconciliationFactRow(Base):
    """The header of one fact."""

    __tablename__ = "reconciliation_fact"
    __table_args__ = (
        CheckConstraint("kind IN ('source','import','match','undo','assertion','check')", "kind"),
        CheckConstraint("fact_no >= 1", "fact_no"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(ForeignKey("book.book_id"), primary_key=True)
    fact_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    recorded_at: Mapped[datetime]
    """Never earlier than the fact before."""
    actor_id: Mapped[UUID]
    acting_for_id: Mapped[UUID]
    known_seq: Mapped[int]
    """Entries the book had when the fact was recorded."""


class StatementSourceRow(Base):
    """One version of how the statements of a source are read; the newest holds for further files."""

    __tablename__ = "statement_source"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "fact_no"], _FACT),
        UniqueConstraint("code", "version", "book_id"),
        CheckConstraint("kind IN ('registry','bank')", "kind"),
        CheckConstraint("version >= 1", "version"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    fact_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    kind: Mapped[str]
    mapping: Mapped[Mapping[str, Any]]


class StatementImportRow(Base):
    """One reading of one file: by which version, how many lines it had, how many of them were new."""

    __tablename__ = "statement_import"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "fact_no"], _FACT),
        ForeignKeyConstraint(["book_id", "source_fact_no"], ["statement_source.book_id", "statement_source.fact_no"]),
        CheckConstraint("length(file_sha256) = 32", "file_sha256"),
        CheckConstraint("lines_added BETWEEN 0 AND lines_read", "lines_added"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    fact_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source_fact_no: Mapped[int]
    file_name: Mapped[str]
    file_sha256: Mapped[bytes]
    lines_read: Mapped[int]
    lines_added: Mapped[int]


class StatementLineRow(Base):
    """One line of a statement; amounts in smallest units, positive where the account holds more by it."""

    __tablename__ = "statement_line"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "import_fact_no"], ["statement_import.book_id", "statement_import.fact_no"]),
        ForeignKeyConstraint(
            ["book_id", "account_id", "commodity_id"],
            ["account.book_id", "account.account_id", "account.commodity_id"],
        ),
        UniqueConstraint("line_key", "source_code", "book_id"),
        CheckConstraint("amount <> 0", "amount"),
        Index("ix_statement_line_account_day", "account_id", "book_id", "booked_on", "line_no"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """In recording order, and within a file the oldest first."""
    import_fact_no: Mapped[int]
    source_code: Mapped[str]
    line_key: Mapped[str]
    """The line's identity in its source: its reference, or a hash of it and its occurrence."""
    account_id: Mapped[int]
    commodity_id: Mapped[int]
    booked_on: Mapped[date]
    value_on: Mapped[date | None]
    reference: Mapped[str]
    counterparty: Mapped[str]
    amount: Mapped[int]
    balance: Mapped[int | None]
    """What the statement says the account held after the line."""
    detail: Mapped[str]
    """Commodity, vintage and project as the statement spells them."""
    sheet: Mapped[str]
    row: Mapped[int]


class StatementMatchRow(Base):
    """A confirmed match of lines with postings, and the rule that proposed it (``by_hand`` when none did)."""

    __tablename__ = "statement_match"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "fact_no"], _FACT),
        CheckConstraint(
            "rule IN ('reference_amount_day','reference_amount_window','amount_day','amount_window',"
            "'reference_sum','amount_sum','by_hand')",
            "rule",
        ),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    fact_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rule: Mapped[str]
    note: Mapped[str]


class StatementMatchLineRow(Base):
    """One line of a match."""

    __tablename__ = "statement_match_line"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "fact_no"], ["statement_match.book_id", "statement_match.fact_no"]),
        ForeignKeyConstraint(["book_id", "line_no"], ["statement_line.book_id", "statement_line.line_no"]),
        Index("ix_statement_match_line_line", "line_no", "book_id"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    fact_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class StatementMatchPostingRow(Base):
    """One posting of a match: where the reconciled line stands in the book."""

    __tablename__ = "statement_match_posting"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "fact_no"], ["statement_match.book_id", "statement_match.fact_no"]),
        ForeignKeyConstraint(["book_id", "seq", "line"], ["posting.book_id", "posting.seq", "posting.line"]),
        Index("ix_statement_match_posting_posting", "seq", "line", "book_id"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    fact_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class StatementUndoRow(Base):
    """A match taken back: a fact of its own, the match stays on record."""

    __tablename__ = "statement_undo"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "fact_no"], _FACT),
        ForeignKeyConstraint(["book_id", "match_fact_no"], ["statement_match.book_id", "statement_match.fact_no"]),
        UniqueConstraint("match_fact_no", "book_id"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    fact_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    match_fact_no: Mapped[int]
    reason: Mapped[str]


class BalanceAssertionRow(Base):
    """What an account must hold at the close of a day, and who says so; ``expected`` on the account's normal side."""

    __tablename__ = "balance_assertion"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "fact_no"], _FACT),
        ForeignKeyConstraint(["book_id", "account_id"], ["account.book_id", "account.account_id"]),
        Index("ix_balance_assertion_account_day", "account_id", "book_id", "as_of"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    fact_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[int]
    as_of: Mapped[date]
    expected: Mapped[int]
    source: Mapped[str]


class BalanceCheckRow(Base):
    """One check of an assertion; the header says when it was made and of how many entries."""

    __tablename__ = "balance_check"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "fact_no"], _FACT),
        ForeignKeyConstraint(
            ["book_id", "assertion_fact_no"], ["balance_assertion.book_id", "balance_assertion.fact_no"]
        ),
        CheckConstraint("verdict IN ('ok','failed')", "verdict"),
        CheckConstraint("(verdict = 'ok') = (difference = 0)", "difference"),
        Index("ix_balance_check_assertion", "assertion_fact_no", "book_id"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    fact_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    assertion_fact_no: Mapped[int]
    actual: Mapped[int]
    difference: Mapped[int]
    """Expected less actual."""
    verdict: Mapped[str]
