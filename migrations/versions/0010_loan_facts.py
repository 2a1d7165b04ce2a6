"""What happens to a loan beside its decisions: principal, fixings, ratings, interest booked, adjustments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, ExactRational, JsonText, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0010_loan_facts"
down_revision = "0009_attestations"
branch_labels = None
depends_on = None

_TABLES = (
    "principal_event",
    "grade_notice",
    "index_fixing",
    "interest_adjustment",
    "adjustment_approval",
    "interest_booking",
)


def upgrade() -> None:
    """Create the tables, then their guards."""
    op.create_table(
        "principal_event",
        sa.Column("event_id", UuidKey(), nullable=False),
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("tranche_id", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("happened_on", BusinessDate(), nullable=False),
        sa.Column("amount_minor", BigInt, nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.CheckConstraint("what IN ('drawdown','prepayment')", name="ck_principal_event_what"),
        sa.CheckConstraint("amount_minor > 0", name="ck_principal_event_amount"),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.facility_id"], name="fk_principal_event_facility_facility_id"
        ),
        sa.PrimaryKeyConstraint("event_id", name="pk_principal_event"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "grade_notice",
        sa.Column("notice_id", UuidKey(), nullable=False),
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("effective_on", BusinessDate(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.facility_id"], name="fk_grade_notice_facility_facility_id"),
        sa.PrimaryKeyConstraint("notice_id", name="pk_grade_notice"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "index_fixing",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("index_name", sa.Text(), nullable=False),
        sa.Column("fixed_on", BusinessDate(), nullable=False),
        sa.Column("revision", BigInt, autoincrement=False, nullable=False),
        sa.Column("rate", ExactRational(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="ck_index_fixing_revision"),
        sa.PrimaryKeyConstraint("organisation_id", "index_name", "fixed_on", "revision", name="pk_index_fixing"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "interest_adjustment",
        sa.Column("adjustment_id", UuidKey(), nullable=False),
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("tranche_id", sa.Text(), nullable=False),
        sa.Column("document", JsonText(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("proposer_id", UuidKey(), nullable=False),
        sa.Column("proposer_organisation_id", UuidKey(), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.facility_id"], name="fk_interest_adjustment_facility_facility_id"
        ),
        sa.PrimaryKeyConstraint("adjustment_id", name="pk_interest_adjustment"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "adjustment_approval",
        sa.Column("adjustment_id", UuidKey(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("approver_id", UuidKey(), nullable=False),
        sa.Column("approver_organisation_id", UuidKey(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("approved_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("side IN ('borrower','lender')", name="ck_adjustment_approval_side"),
        sa.ForeignKeyConstraint(
            ["adjustment_id"],
            ["interest_adjustment.adjustment_id"],
            name="fk_adjustment_approval_interest_adjustment_adjustment_id",
        ),
        sa.PrimaryKeyConstraint("adjustment_id", "side", name="pk_adjustment_approval"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "interest_booking",
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("tranche_id", sa.Text(), nullable=False),
        sa.Column("period_start", BusinessDate(), nullable=False),
        sa.Column("number", BigInt, autoincrement=False, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("amount_minor", BigInt, nullable=False),
        sa.Column("adjustment_id", UuidKey(), nullable=True),
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=False),
        sa.Column("known_sha256", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(what = 'adjustment') = (adjustment_id IS NOT NULL)", name="ck_interest_booking_adjustment"
        ),
        sa.CheckConstraint("what IN ('payment','adjustment')", name="ck_interest_booking_what"),
        sa.ForeignKeyConstraint(
            ["adjustment_id"],
            ["interest_adjustment.adjustment_id"],
            name="fk_interest_booking_interest_adjustment_adjustment_id",
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.facility_id"], name="fk_interest_booking_facility_facility_id"
        ),
        sa.PrimaryKeyConstraint("facility_id", "tranche_id", "period_start", "number", name="pk_interest_booking"),
        sa.UniqueConstraint(
            "book_id", "entry_id", "period_start", name="uq_interest_booking_book_id_entry_id_period_start"
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    for statement in statements("loan_fact_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    for statement in statements("loan_fact_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
