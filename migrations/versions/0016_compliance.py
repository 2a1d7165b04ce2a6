"""Facts and plans of a compliance year that two persons stand for, and the entries that carried them out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0016_compliance"
down_revision = "0015_carbon_contracts"
branch_labels = None
depends_on = None

_TABLES = ("compliance_proposal", "compliance_decision", "compliance_entry")


def upgrade() -> None:
    """Create the tables, then their guards."""
    _create_proposal()
    _create_decision()
    _create_entry()
    for statement in statements("compliance_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards, then the tables."""
    for statement in statements("compliance_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    for table in reversed(_TABLES):
        op.drop_table(table)


def _create_proposal() -> None:
    op.create_table(
        "compliance_proposal",
        sa.Column("proposal_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("year", BigInt, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dated_on", BusinessDate(), nullable=False),
        sa.Column("refers_to", UuidKey(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("number >= 1", name="ck_compliance_proposal_number"),
        sa.CheckConstraint("year >= 2000 AND year <= 2199", name="ck_compliance_proposal_year"),
        sa.CheckConstraint(
            "kind IN ('preallocation','verification','verification_withdrawal','determination','objection',"
            "'objection_answer','settlement','milestone','carry_over','surrender_plan')",
            name="ck_compliance_proposal_kind",
        ),
        sa.CheckConstraint("length(sha256) = 64", name="ck_compliance_proposal_sha256"),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_compliance_proposal_book_book_id"),
        sa.ForeignKeyConstraint(
            ["refers_to"],
            ["compliance_proposal.proposal_id"],
            name="fk_compliance_proposal_compliance_proposal_refers_to",
        ),
        sa.PrimaryKeyConstraint("proposal_id", name="pk_compliance_proposal"),
        sa.UniqueConstraint("book_id", "number", name="uq_compliance_proposal_book_id_number"),
        sa.UniqueConstraint(
            "proposal_id", "maker_id", "sha256", name="uq_compliance_proposal_proposal_id_maker_id_sha256"
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_compliance_proposal_year", "compliance_proposal", ["book_id", "year", "kind"])


def _create_decision() -> None:
    op.create_table(
        "compliance_decision",
        sa.Column("proposal_id", UuidKey(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decider_id", UuidKey(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("verdict IN ('approved','refused')", name="ck_compliance_decision_verdict"),
        sa.CheckConstraint("verdict = 'refused' OR decider_id <> maker_id", name="ck_compliance_decision_two_persons"),
        sa.ForeignKeyConstraint(
            ["proposal_id", "maker_id", "sha256"],
            ["compliance_proposal.proposal_id", "compliance_proposal.maker_id", "compliance_proposal.sha256"],
            name="fk_compliance_decision_proposal",
        ),
        sa.PrimaryKeyConstraint("proposal_id", name="pk_compliance_decision"),
        sa.UniqueConstraint("proposal_id", "verdict", name="uq_compliance_decision_proposal_id_verdict"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_entry() -> None:
    op.create_table(
        "compliance_entry",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=False),
        sa.Column("entry_seq", BigInt, nullable=False),
        sa.Column("proposal_id", UuidKey(), nullable=False),
        sa.Column("line", BigInt, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.CheckConstraint("verdict = 'approved'", name="ck_compliance_entry_approved"),
        sa.CheckConstraint("line >= 1", name="ck_compliance_entry_line"),
        sa.ForeignKeyConstraint(
            ["entry_id", "book_id"],
            ["entry.entry_id", "entry.book_id"],
            name="fk_compliance_entry_entry_entry_id_book_id",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "entry_seq"], ["entry.book_id", "entry.seq"], name="fk_compliance_entry_entry_book_id_entry_seq"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id", "verdict"],
            ["compliance_decision.proposal_id", "compliance_decision.verdict"],
            name="fk_compliance_entry_compliance_decision_proposal_id_verdict",
        ),
        sa.PrimaryKeyConstraint("book_id", "entry_id", name="pk_compliance_entry"),
        sa.UniqueConstraint("proposal_id", "line", name="uq_compliance_entry_proposal_id_line"),
        sa.UniqueConstraint("book_id", "entry_seq", name="uq_compliance_entry_book_id_entry_seq"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
