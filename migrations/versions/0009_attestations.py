"""Loan connections, approval and rotation of keys, drafts, remarks, evidence digests and receipts of log leaves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0009_attestations"
down_revision = "0008_activity"
branch_labels = None
depends_on = None

_NEW_COLUMNS = {
    "engagement": ("review",),
    "signing_key": ("alg", "point_y", "approved_at", "approved_by", "replaces_key_id"),
    "signing_key_challenge": ("alg", "replaces_key_id"),
}


def upgrade() -> None:
    """Add the columns and tables, then their guards; a key that was registered before awaits its approval."""
    _add_columns()
    _create_facts()
    _create_drafts()
    op.create_table(
        "evidence_receipt",
        sa.Column("book_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("seq", BigInt, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(leaf_hash) = 32", name="ck_evidence_receipt_leaf_hash"),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_evidence_receipt_book_book_id"),
        sa.PrimaryKeyConstraint("book_id", "entry_id", name="pk_evidence_receipt"),
        sa.UniqueConstraint("subject", "subject_id", "number", name="uq_evidence_receipt_subject_subject_id_number"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    for statement in statements("attestation_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards that stand on older tables, the tables and the columns."""
    for statement in statements("attestation_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    for table in (
        "evidence_receipt",
        "attestation_draft_event",
        "attestation_draft_version",
        "attestation_draft",
        "attestation_evidence",
        "attestation_remark",
        "loan_connection",
        "engagement_end",
    ):
        op.drop_table(table)
    for table, columns in _NEW_COLUMNS.items():
        for column in reversed(columns):
            # Plain SQL: Alembic would rebuild the table on SQLite, and its triggers would be lost.
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _add_columns() -> None:
    known_algorithm = sa.CheckConstraint("(alg = 'SM2') = (point_y IS NOT NULL)", name="ck_signing_key_point_y")
    review = sa.CheckConstraint("review IN ('here','elsewhere')", name="ck_engagement_review")
    op.add_column("engagement", sa.Column("review", sa.Text(), review, nullable=False, server_default="elsewhere"))
    op.add_column("signing_key", sa.Column("alg", sa.Text(), nullable=False, server_default="EdDSA"))
    op.add_column("signing_key", sa.Column("point_y", sa.LargeBinary(), known_algorithm, nullable=True))
    op.add_column("signing_key", sa.Column("approved_at", UtcDateTime(), nullable=True))
    op.add_column("signing_key", sa.Column("approved_by", UuidKey(), nullable=True))
    op.add_column("signing_key", sa.Column("replaces_key_id", sa.Text(), nullable=True))
    op.add_column("signing_key_challenge", sa.Column("alg", sa.Text(), nullable=False, server_default="EdDSA"))
    op.add_column("signing_key_challenge", sa.Column("replaces_key_id", sa.Text(), nullable=True))


def _create_facts() -> None:
    op.create_table(
        "engagement_end",
        sa.Column("engagement_id", UuidKey(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.ForeignKeyConstraint(
            ["engagement_id"], ["engagement.engagement_id"], name="fk_engagement_end_engagement_engagement_id"
        ),
        sa.PrimaryKeyConstraint("engagement_id", name="pk_engagement_end"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "loan_connection",
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.CheckConstraint(
            "role IN ('agent','guarantor','group_member','coordinator')", name="ck_loan_connection_role"
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.facility_id"], name="fk_loan_connection_facility_facility_id"
        ),
        sa.PrimaryKeyConstraint("facility_id", "organisation_id", "role", name="pk_loan_connection"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attestation_remark",
        sa.Column("attestation_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attestation_id"], ["attestation.attestation_id"], name="fk_attestation_remark_attestation_attestation_id"
        ),
        sa.PrimaryKeyConstraint("attestation_id", "number", name="pk_attestation_remark"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attestation_evidence",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("attestation_id", UuidKey(), nullable=False),
        sa.Column("facility_id", UuidKey(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attestation_id"],
            ["attestation.attestation_id"],
            name="fk_attestation_evidence_attestation_attestation_id",
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.facility_id"], name="fk_attestation_evidence_facility_facility_id"
        ),
        sa.PrimaryKeyConstraint("sha256", "attestation_id", name="pk_attestation_evidence"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_drafts() -> None:
    op.create_table(
        "attestation_draft",
        sa.Column("draft_id", UuidKey(), nullable=False),
        sa.Column("engagement_id", UuidKey(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.ForeignKeyConstraint(
            ["engagement_id"], ["engagement.engagement_id"], name="fk_attestation_draft_engagement_engagement_id"
        ),
        sa.PrimaryKeyConstraint("draft_id", name="pk_attestation_draft"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attestation_draft_version",
        sa.Column("draft_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("prepared_at", UtcDateTime(), nullable=False),
        sa.Column("prepared_by", UuidKey(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["attestation_draft.draft_id"], name="fk_attestation_draft_version_attestation_draft_draft_id"
        ),
        sa.PrimaryKeyConstraint("draft_id", "number", name="pk_attestation_draft_version"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attestation_draft_event",
        sa.Column("draft_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.CheckConstraint("state IN ('draft','reviewed','lodged')", name="ck_attestation_draft_event_state"),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["attestation_draft.draft_id"], name="fk_attestation_draft_event_attestation_draft_draft_id"
        ),
        sa.PrimaryKeyConstraint("draft_id", "number", name="pk_attestation_draft_event"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
