"""Accounting policies, vouchers, steps of month closes, and what the economic book was brought to: facts, only ever added to.

``book_id`` leads every key but those of proposals. Who proposed stands again in the row that answers, so that the database
itself refuses one person acting for two.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class AccountingPolicyRow(Base):
    """A policy as one person proposes it; it counts from its day on once another approves exactly its digest."""

    __tablename__ = "accounting_policy"
    __table_args__ = (
        UniqueConstraint("book_id", "policy_id", "digest", "maker_id", name="uq_accounting_policy_approved_facts"),
        CheckConstraint("version >= 1", "version"),
        CheckConstraint("length(digest) = 64", "digest"),
        UniqueConstraint("policy_id"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(ForeignKey("book.book_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1 in the order of proposing."""
    policy_id: Mapped[UUID]
    effective_from: Mapped[date]
    document: Mapped[Mapping[str, Any]]
    digest: Mapped[str]
    maker_id: Mapped[UUID]
    proposed_at: Mapped[datetime]


class AccountingPolicyApprovalRow(Base):
    """The approval of a policy by another person."""

    __tablename__ = "accounting_policy_approval"
    __table_args__ = (
        ForeignKeyConstraint(
            ["book_id", "policy_id", "digest", "maker_id"],
            [
                "accounting_policy.book_id",
                "accounting_policy.policy_id",
                "accounting_policy.digest",
                "accounting_policy.maker_id",
            ],
            name="fk_accounting_policy_approval_policy",
        ),
        CheckConstraint("checker_id <> maker_id", "two_persons"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[str]
    maker_id: Mapped[UUID]
    checker_id: Mapped[UUID]
    approved_at: Mapped[datetime]


class AccountingPolicyEndRow(Base):
    """How a proposed policy ended without an approval: another person rejected it, or its maker withdrew it."""

    __tablename__ = "accounting_policy_end"
    __table_args__ = (
        ForeignKeyConstraint(
            ["book_id", "policy_id", "digest", "maker_id"],
            [
                "accounting_policy.book_id",
                "accounting_policy.policy_id",
                "accounting_policy.digest",
                "accounting_policy.maker_id",
            ],
            name="fk_accounting_policy_end_policy",
        ),
        CheckConstraint("verdict IN ('rejected','withdrawn')", "verdict"),
        CheckConstraint("(verdict = 'withdrawn') = (decided_by = maker_id)", "two_persons"),
        CheckConstraint("length(reason) BETWEEN 1 AND 200", "reason"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[str]
    maker_id: Mapped[UUID]
    verdict: Mapped[str]
    reason: Mapped[str]
    decided_by: Mapped[UUID]
    decided_at: Mapped[datetime]


class VoucherRow(Base):
    """One voucher: a posted money entry with its place in the month. The guards let numbers grow by one only."""

    __tablename__ = "voucher"
    __table_args__ = (
        UniqueConstraint("entry_seq", "book_id"),
        UniqueConstraint("book_id", "month", "number", "digest", "prepared_by", name="uq_voucher_reviewed_facts"),
        ForeignKeyConstraint(["book_id", "entry_seq"], ["entry.book_id", "entry.seq"]),
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("length(month) = 7", "month"),
        CheckConstraint("length(digest) = 64", "digest"),
        CheckConstraint("line_count >= 2", "line_count"),
        CheckConstraint("word IN ('记','收','付','转')", "word"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    """YYYY-MM."""
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1 without gaps in the order of posting."""
    word: Mapped[str]
    voucher_on: Mapped[date]
    document_on: Mapped[date | None]
    kind: Mapped[str]
    summary_zh: Mapped[str]
    summary_en: Mapped[str]
    doc_ref: Mapped[str]
    attachments: Mapped[Mapping[str, Any]]
    """``papers``: document reference and hashes."""
    entry_id: Mapped[UUID]
    entry_seq: Mapped[int]
    leaf_hash: Mapped[bytes]
    reverses_seq: Mapped[int | None]
    line_count: Mapped[int]
    digest: Mapped[str]
    prepared_by: Mapped[UUID]
    numbered_by: Mapped[UUID]
    numbered_at: Mapped[datetime]


class VoucherLineRow(Base):
    """One line of a voucher; exactly one side is not zero, below zero on a red voucher."""

    __tablename__ = "voucher_line"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "month", "number"], ["voucher.book_id", "voucher.month", "voucher.number"]),
        CheckConstraint("(debit_minor = 0) <> (credit_minor = 0)", "one_side"),
        CheckConstraint("line >= 1", "line"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    path: Mapped[str]
    account_code: Mapped[str]
    account_name_zh: Mapped[str]
    account_name_en: Mapped[str]
    currency: Mapped[str]
    scale: Mapped[int]
    debit_minor: Mapped[int]
    credit_minor: Mapped[int]
    quantity: Mapped[int | None]


class VoucherReviewRow(Base):
    """The review of a voucher by another person than its preparer."""

    __tablename__ = "voucher_review"
    __table_args__ = (
        ForeignKeyConstraint(
            ["book_id", "month", "number", "digest", "prepared_by"],
            ["voucher.book_id", "voucher.month", "voucher.number", "voucher.digest", "voucher.prepared_by"],
            name="fk_voucher_review_voucher",
        ),
        CheckConstraint("reviewer_id <> prepared_by", "two_persons"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str]
    prepared_by: Mapped[UUID]
    reviewer_id: Mapped[UUID]
    reviewed_at: Mapped[datetime]


class CloseStepRow(Base):
    """One step of a month's close: who did what, when and why. A second person's step names what it answers and who made that."""

    __tablename__ = "close_step"
    __table_args__ = (
        UniqueConstraint("book_id", "month", "step_no", "actor_id"),
        UniqueConstraint("book_id", "month", "answers_no"),
        ForeignKeyConstraint(
            ["book_id", "month", "answers_no", "proposer_id"],
            ["close_step.book_id", "close_step.month", "close_step.step_no", "close_step.actor_id"],
            name="fk_close_step_answered",
        ),
        ForeignKeyConstraint(["book_id"], ["book.book_id"]),
        CheckConstraint("step_no >= 1", "step_no"),
        CheckConstraint("length(month) = 7", "month"),
        CheckConstraint("length(digest) = 64", "digest"),
        CheckConstraint(
            "what IN ('confirmed','waiver_proposed','waiver_approved','soft_closed','hard_closed','reopen_proposed','reopened')",
            "what",
        ),
        CheckConstraint(
            "(what IN ('waiver_approved','hard_closed','reopened')) = (answers_no IS NOT NULL)", "answered"
        ),
        CheckConstraint("(answers_no IS NULL) = (proposer_id IS NULL)", "proposer"),
        CheckConstraint("proposer_id IS NULL OR proposer_id <> actor_id", "two_persons"),
        CheckConstraint("answers_no IS NULL OR answers_no < step_no", "order"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    step_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    what: Mapped[str]
    item: Mapped[str]
    """Empty where the step is about the whole month."""
    reason: Mapped[str]
    basis: Mapped[str]
    """What a confirmation or waiver rests on; it counts while this is so."""
    evidence: Mapped[Mapping[str, Any]]
    digest: Mapped[str]
    answers_no: Mapped[int | None]
    proposer_id: Mapped[UUID | None]
    actor_id: Mapped[UUID]
    acting_for_id: Mapped[UUID]
    recorded_at: Mapped[datetime]


class EconomicBookRow(Base):
    """Which book is the economic memo of which statutory one."""

    __tablename__ = "economic_book"
    __table_args__ = (
        UniqueConstraint("economic_book_id"),
        CheckConstraint("economic_book_id <> book_id", "other_book"),
        ForeignKeyConstraint(["economic_book_id"], ["book.book_id"]),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(ForeignKey("book.book_id"), primary_key=True, autoincrement=False)
    economic_book_id: Mapped[int]
    opened_by: Mapped[UUID]
    opened_at: Mapped[datetime]


class EconomicRunRow(Base):
    """One bringing of the economic book to a snapshot's marks or to a provision: what it posted, and of what it was."""

    __tablename__ = "economic_run"
    __table_args__ = (
        ForeignKeyConstraint(["book_id"], ["economic_book.book_id"]),
        CheckConstraint("run_no >= 1", "run_no"),
        CheckConstraint("what IN ('revaluation','provision')", "what"),
        CheckConstraint("length(basis_sha256) = 64", "basis_sha256"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    run_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    as_of: Mapped[date]
    snapshot_id: Mapped[UUID | None]
    known_seq: Mapped[int]
    """Entries of the statutory book that were known."""
    basis_sha256: Mapped[str]
    """Of everything the run was computed from: the same basis again is the same run."""
    document: Mapped[Mapping[str, Any]]
    """What was found, and the ids of the entries posted."""
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime]


class DayCloseRow(Base):
    """One day's close of a book: its snapshot, its worth and cost, and what its money entries came to."""

    __tablename__ = "day_close"
    __table_args__ = (
        ForeignKeyConstraint(["book_id"], ["book.book_id"]),
        CheckConstraint("run_no >= 1", "run_no"),
        CheckConstraint("length(snapshot_sha256) IN (0, 64)", "snapshot_sha256"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    run_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    known_seq: Mapped[int]
    snapshot_id: Mapped[UUID | None]
    """None where the book held nothing to value."""
    snapshot_sha256: Mapped[str]
    quantity_t: Mapped[int]
    cost_fen: Mapped[int]
    market_value_fen: Mapped[int]
    unvalued: Mapped[Mapping[str, Any]]
    """``lots``: those without a value, with the reason."""
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime]


class LoanChargeBookingRow(Base):
    """A fee or premium of a loan as booked, or a later change of it."""

    __tablename__ = "loan_charge_booking"
    __table_args__ = (
        ForeignKeyConstraint(["entry_id", "book_id"], ["entry.entry_id", "entry.book_id"]),
        ForeignKeyConstraint(["facility_id"], ["facility.facility_id"]),
        CheckConstraint("amount_minor <> 0", "amount"),
        CheckConstraint("length(known_sha256) = 64", "known_sha256"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID]
    tranche_id: Mapped[str]
    charge: Mapped[str]
    """The fee's name, or redemption."""
    due_on: Mapped[date]
    """First day of the fee's period, or the day of redemption."""
    amount_minor: Mapped[int]
    known_sha256: Mapped[str]
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime]
