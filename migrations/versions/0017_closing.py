"""Accounting policies, vouchers, steps of month closes, the economic book and a day's close."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, JsonText, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0017_closing"
down_revision = "0013_feeds"
branch_labels = None
depends_on = None

TABLES = (
    "accounting_policy",
    "accounting_policy_approval",
    "voucher",
    "voucher_line",
    "voucher_review",
    "close_step",
    "economic_book",
    "economic_run",
    "day_close",
    "loan_charge_booking",
)
"""In the order of their creation: what is named stands before what names it."""


def upgrade() -> None:
    """Create the tables, then their guards."""
    _policies()
    _vouchers()
    _closes()
    _economic_books()
    for statement in statements("closing_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards, then the tables."""
    for statement in statements("closing_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    for name in reversed(TABLES):
        op.drop_table(name)


def _policies() -> None:
    """Policies that two persons stand for."""
    op.create_table(
        "accounting_policy",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("policy_id", UuidKey(), nullable=False),
        sa.Column("effective_from", BusinessDate(), nullable=False),
        sa.Column("document", JsonText(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(digest) = 64", name="ck_accounting_policy_digest"),
        sa.CheckConstraint("version >= 1", name="ck_accounting_policy_version"),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_accounting_policy_book_book_id"),
        sa.PrimaryKeyConstraint("book_id", "version", name="pk_accounting_policy"),
        sa.UniqueConstraint("book_id", "policy_id", "digest", "maker_id", name="uq_accounting_policy_approved_facts"),
        sa.UniqueConstraint("policy_id", name="uq_accounting_policy_policy_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "accounting_policy_approval",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("policy_id", UuidKey(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("checker_id", UuidKey(), nullable=False),
        sa.Column("approved_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("checker_id <> maker_id", name="ck_accounting_policy_approval_two_persons"),
        sa.ForeignKeyConstraint(
            ["book_id", "policy_id", "digest", "maker_id"],
            [
                "accounting_policy.book_id",
                "accounting_policy.policy_id",
                "accounting_policy.digest",
                "accounting_policy.maker_id",
            ],
            name="fk_accounting_policy_approval_policy",
        ),
        sa.PrimaryKeyConstraint("book_id", "policy_id", name="pk_accounting_policy_approval"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _vouchers() -> None:
    """Vouchers, their lines and reviews."""
    op.create_table(
        "voucher",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("voucher_on", BusinessDate(), nullable=False),
        sa.Column("document_on", BusinessDate(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("summary_zh", sa.Text(), nullable=False),
        sa.Column("summary_en", sa.Text(), nullable=False),
        sa.Column("doc_ref", sa.Text(), nullable=False),
        sa.Column("attachments", JsonText(), nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=False),
        sa.Column("entry_seq", BigInt, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reverses_seq", BigInt, nullable=True),
        sa.Column("line_count", BigInt, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("prepared_by", UuidKey(), nullable=False),
        sa.Column("numbered_by", UuidKey(), nullable=False),
        sa.Column("numbered_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(digest) = 64", name="ck_voucher_digest"),
        sa.CheckConstraint("line_count >= 2", name="ck_voucher_line_count"),
        sa.CheckConstraint("length(month) = 7", name="ck_voucher_month"),
        sa.CheckConstraint("number >= 1", name="ck_voucher_number"),
        sa.CheckConstraint("word IN ('记','收','付','转')", name="ck_voucher_word"),
        sa.ForeignKeyConstraint(
            ["book_id", "entry_seq"], ["entry.book_id", "entry.seq"], name="fk_voucher_entry_book_id_entry_seq"
        ),
        sa.PrimaryKeyConstraint("book_id", "month", "number", name="pk_voucher"),
        sa.UniqueConstraint("book_id", "month", "number", "digest", "prepared_by", name="uq_voucher_reviewed_facts"),
        sa.UniqueConstraint("entry_seq", "book_id", name="uq_voucher_entry_seq_book_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "voucher_line",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("line", BigInt, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("account_code", sa.Text(), nullable=False),
        sa.Column("account_name_zh", sa.Text(), nullable=False),
        sa.Column("account_name_en", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("scale", BigInt, nullable=False),
        sa.Column("debit_minor", BigInt, nullable=False),
        sa.Column("credit_minor", BigInt, nullable=False),
        sa.Column("quantity", BigInt, nullable=True),
        sa.CheckConstraint("line >= 1", name="ck_voucher_line_line"),
        sa.CheckConstraint("(debit_minor = 0) <> (credit_minor = 0)", name="ck_voucher_line_one_side"),
        sa.ForeignKeyConstraint(
            ["book_id", "month", "number"],
            ["voucher.book_id", "voucher.month", "voucher.number"],
            name="fk_voucher_line_voucher_book_id_month_number",
        ),
        sa.PrimaryKeyConstraint("book_id", "month", "number", "line", name="pk_voucher_line"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "voucher_review",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("prepared_by", UuidKey(), nullable=False),
        sa.Column("reviewer_id", UuidKey(), nullable=False),
        sa.Column("reviewed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("reviewer_id <> prepared_by", name="ck_voucher_review_two_persons"),
        sa.ForeignKeyConstraint(
            ["book_id", "month", "number", "digest", "prepared_by"],
            ["voucher.book_id", "voucher.month", "voucher.number", "voucher.digest", "voucher.prepared_by"],
            name="fk_voucher_review_voucher",
        ),
        sa.PrimaryKeyConstraint("book_id", "month", "number", name="pk_voucher_review"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _closes() -> None:
    """Steps of month closes, and closes of days."""
    op.create_table(
        "close_step",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("step_no", BigInt, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("evidence", JsonText(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("answers_no", BigInt, nullable=True),
        sa.Column("proposer_id", UuidKey(), nullable=True),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.Column("acting_for_id", UuidKey(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(what IN ('waiver_approved','hard_closed','reopened')) = (answers_no IS NOT NULL)",
            name="ck_close_step_answered",
        ),
        sa.CheckConstraint("length(digest) = 64", name="ck_close_step_digest"),
        sa.CheckConstraint("length(month) = 7", name="ck_close_step_month"),
        sa.CheckConstraint("answers_no IS NULL OR answers_no < step_no", name="ck_close_step_order"),
        sa.CheckConstraint("(answers_no IS NULL) = (proposer_id IS NULL)", name="ck_close_step_proposer"),
        sa.CheckConstraint("step_no >= 1", name="ck_close_step_step_no"),
        sa.CheckConstraint("proposer_id IS NULL OR proposer_id <> actor_id", name="ck_close_step_two_persons"),
        sa.CheckConstraint(
            "what IN ('confirmed','waiver_proposed','waiver_approved','soft_closed','hard_closed','reopen_proposed','reopened')",
            name="ck_close_step_what",
        ),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_close_step_book_book_id"),
        sa.ForeignKeyConstraint(
            ["book_id", "month", "answers_no", "proposer_id"],
            ["close_step.book_id", "close_step.month", "close_step.step_no", "close_step.actor_id"],
            name="fk_close_step_answered",
        ),
        sa.PrimaryKeyConstraint("book_id", "month", "step_no", name="pk_close_step"),
        sa.UniqueConstraint("book_id", "month", "answers_no", name="uq_close_step_book_id_month_answers_no"),
        sa.UniqueConstraint(
            "book_id", "month", "step_no", "actor_id", name="uq_close_step_book_id_month_step_no_actor_id"
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "day_close",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("day", BusinessDate(), nullable=False),
        sa.Column("run_no", BigInt, nullable=False),
        sa.Column("known_seq", BigInt, nullable=False),
        sa.Column("snapshot_id", UuidKey(), nullable=True),
        sa.Column("snapshot_sha256", sa.Text(), nullable=False),
        sa.Column("quantity_t", BigInt, nullable=False),
        sa.Column("cost_fen", BigInt, nullable=False),
        sa.Column("market_value_fen", BigInt, nullable=False),
        sa.Column("unvalued", JsonText(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("run_no >= 1", name="ck_day_close_run_no"),
        sa.CheckConstraint("length(snapshot_sha256) IN (0, 64)", name="ck_day_close_snapshot_sha256"),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_day_close_book_book_id"),
        sa.PrimaryKeyConstraint("book_id", "day", "run_no", name="pk_day_close"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _economic_books() -> None:
    """Economic books, what they were brought to, and charges of loans."""
    op.create_table(
        "economic_book",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("economic_book_id", BigInt, nullable=False),
        sa.Column("opened_by", UuidKey(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("economic_book_id <> book_id", name="ck_economic_book_other_book"),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_economic_book_book_book_id"),
        sa.ForeignKeyConstraint(["economic_book_id"], ["book.book_id"], name="fk_economic_book_book_economic_book_id"),
        sa.PrimaryKeyConstraint("book_id", name="pk_economic_book"),
        sa.UniqueConstraint("economic_book_id", name="uq_economic_book_economic_book_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "economic_run",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("run_no", BigInt, nullable=False),
        sa.Column("as_of", BusinessDate(), nullable=False),
        sa.Column("snapshot_id", UuidKey(), nullable=True),
        sa.Column("known_seq", BigInt, nullable=False),
        sa.Column("basis_sha256", sa.Text(), nullable=False),
        sa.Column("document", JsonText(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(basis_sha256) = 64", name="ck_economic_run_basis_sha256"),
        sa.CheckConstraint("run_no >= 1", name="ck_economic_run_run_no"),
        sa.CheckConstraint("what IN ('revaluation','provision')", name="ck_economic_run_what"),
        sa.ForeignKeyConstraint(["book_id"], ["economic_book.book_id"], name="fk_economic_run_economic_book_book_id"),
        sa.PrimaryKeyConstraint("book_id", "what", "run_no", name="pk_economic_run"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "loan_charge_booking",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=False),
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("tranche_id", sa.Text(), nullable=False),
        sa.Column("charge", sa.Text(), nullable=False),
        sa.Column("due_on", BusinessDate(), nullable=False),
        sa.Column("amount_minor", BigInt, nullable=False),
        sa.Column("known_sha256", sa.Text(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name="ck_loan_charge_booking_amount"),
        sa.CheckConstraint("length(known_sha256) = 64", name="ck_loan_charge_booking_known_sha256"),
        sa.ForeignKeyConstraint(
            ["entry_id", "book_id"],
            ["entry.entry_id", "entry.book_id"],
            name="fk_loan_charge_booking_entry_entry_id_book_id",
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.facility_id"], name="fk_loan_charge_booking_facility_facility_id"
        ),
        sa.PrimaryKeyConstraint("book_id", "entry_id", name="pk_loan_charge_booking"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
