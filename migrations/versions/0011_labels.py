"""What happens to a loan's label, and the waived warnings of the checklist."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, JsonText, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0011_labels"
down_revision = "0010_loan_facts"
branch_labels = None
depends_on = None

_TABLES = ("label_event", "checklist_waiver")


def upgrade() -> None:
    """Create the tables, then their guards."""
    op.create_table(
        "label_event",
        sa.Column("event_id", UuidKey(), nullable=False),
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject_id", UuidKey(), nullable=False),
        sa.Column("terms_version", BigInt, nullable=False),
        sa.Column("effective_on", BusinessDate(), nullable=False),
        sa.Column("detail", JsonText(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.Column("acting_for_id", UuidKey(), nullable=False),
        sa.CheckConstraint("number >= 1", name="ck_label_event_number"),
        sa.CheckConstraint(
            "what IN ('activated','suspended','resumed','declassified','amendment_notified','amendment_agreed',"
            "'breach_noticed','breach_cured','declassification_proposed','declassification_approved')",
            name="ck_label_event_what",
        ),
        sa.ForeignKeyConstraint(
            ["facility_id", "terms_version"],
            ["facility_terms.facility_id", "facility_terms.version"],
            name="fk_label_event_facility_terms_facility_id_terms_version",
        ),
        sa.PrimaryKeyConstraint("event_id", name="pk_label_event"),
        sa.UniqueConstraint("facility_id", "number", name="uq_label_event_facility_id_number"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "checklist_waiver",
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("terms_version", BigInt, autoincrement=False, nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("signatory_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility_id", "terms_version"],
            ["facility_terms.facility_id", "facility_terms.version"],
            name="fk_checklist_waiver_facility_terms_facility_id_terms_version",
        ),
        sa.PrimaryKeyConstraint("facility_id", "terms_version", "rule_id", name="pk_checklist_waiver"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    for statement in statements("label_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards, then the tables."""
    for statement in statements("label_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    for table in reversed(_TABLES):
        op.drop_table(table)
