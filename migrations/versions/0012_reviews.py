"""What lenders' persons say about reported periods and proposals, and the borrower's answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0012_reviews"
down_revision = "0011_labels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, then its guards."""
    op.create_table(
        "loan_review",
        sa.Column("review_id", UuidKey(), nullable=False),
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("kpi_period_id", UuidKey(), nullable=True),
        sa.Column("determination_id", UuidKey(), nullable=True),
        sa.Column("subject_sha256", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("answers_id", UuidKey(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.Column("acting_for_id", UuidKey(), nullable=False),
        sa.CheckConstraint("number >= 1", name="ck_loan_review_number"),
        sa.CheckConstraint("what IN ('accepted','refused','queried','answered')", name="ck_loan_review_what"),
        sa.CheckConstraint("(kpi_period_id IS NULL) <> (determination_id IS NULL)", name="ck_loan_review_subject"),
        sa.CheckConstraint("(what = 'answered') = (answers_id IS NOT NULL)", name="ck_loan_review_answer"),
        sa.CheckConstraint("length(subject_sha256) = 64", name="ck_loan_review_subject_sha256"),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.facility_id"], name="fk_loan_review_facility_facility_id"),
        sa.ForeignKeyConstraint(
            ["kpi_period_id"], ["kpi_period.kpi_period_id"], name="fk_loan_review_kpi_period_kpi_period_id"
        ),
        sa.ForeignKeyConstraint(
            ["determination_id"],
            ["rate_determination.determination_id"],
            name="fk_loan_review_rate_determination_determination_id",
        ),
        sa.ForeignKeyConstraint(
            ["answers_id"], ["loan_review.review_id"], name="fk_loan_review_loan_review_answers_id"
        ),
        sa.PrimaryKeyConstraint("review_id", name="pk_loan_review"),
        sa.UniqueConstraint("facility_id", "number", name="uq_loan_review_facility_id_number"),
        sa.UniqueConstraint("answers_id", name="uq_loan_review_answers_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_loan_review_kpi_period_id", "loan_review", ["kpi_period_id"])
    op.create_index("ix_loan_review_determination_id", "loan_review", ["determination_id"])

    for statement in statements("review_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards, then the table."""
    for statement in statements("review_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("loan_review")
