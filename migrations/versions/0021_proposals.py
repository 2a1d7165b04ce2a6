"""Four eyes at the edge: rules, requests that wait, decisions; and the audit log of each organisation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0021_proposals"
down_revision = "0020_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, then their guards."""
    _create_four_eyes()
    _create_audit()
    for statement in statements("four_eyes_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards, then the tables."""
    for statement in statements("four_eyes_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("audit_row")
    op.drop_table("audit_head")
    op.drop_table("done_alone")
    op.drop_table("request_decision")
    op.drop_table("request_proposal")
    op.drop_table("four_eyes_rule")


def _create_four_eyes() -> None:
    op.create_table(
        "four_eyes_rule",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("requirement", sa.Text(), nullable=False),
        sa.Column("most_quantity", BigInt, nullable=True),
        sa.Column("most_cny_fen", BigInt, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", UuidKey(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(requirement = 'above') = (most_quantity IS NOT NULL OR most_cny_fen IS NOT NULL)",
            name="ck_four_eyes_rule_limits",
        ),
        sa.CheckConstraint("most_cny_fen IS NULL OR most_cny_fen >= 0", name="ck_four_eyes_rule_most_cny_fen"),
        sa.CheckConstraint("most_quantity IS NULL OR most_quantity >= 0", name="ck_four_eyes_rule_most_quantity"),
        sa.CheckConstraint("requirement IN ('always','above','never')", name="ck_four_eyes_rule_requirement"),
        sa.CheckConstraint("version >= 1", name="ck_four_eyes_rule_version"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.organisation_id"], name="fk_four_eyes_rule_organisation_organisation_id"
        ),
        sa.PrimaryKeyConstraint("organisation_id", "action", "version", name="pk_four_eyes_rule"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "request_proposal",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("proposal_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("effect_status", BigInt, nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("proposed_by", UuidKey(), nullable=False),
        sa.Column("key_id", UuidKey(), nullable=True),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("expires_at > proposed_at", name="ck_request_proposal_life"),
        sa.CheckConstraint("number >= 1", name="ck_request_proposal_number"),
        sa.CheckConstraint("length(sha256) = 64", name="ck_request_proposal_sha256"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.organisation_id"],
            name="fk_request_proposal_organisation_organisation_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "proposed_by"],
            ["user_account.organisation_id", "user_account.user_id"],
            name="fk_request_proposal_user_account_organisation_id_proposed_by",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "proposal_id", name="pk_request_proposal"),
        sa.UniqueConstraint("organisation_id", "number", name="uq_request_proposal_organisation_id_number"),
        sa.UniqueConstraint(
            "organisation_id", "proposal_id", "proposed_by", "sha256", name="uq_request_proposal_proposed_by_sha256"
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    _create_decisions()


def _create_decisions() -> None:
    op.create_table(
        "request_decision",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("proposal_id", UuidKey(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("proposed_by", UuidKey(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("decided_by", UuidKey(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", BigInt, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(status IS NULL) = (answer IS NULL)", name="ck_request_decision_answer"),
        sa.CheckConstraint("(verdict = 'approved') = (status IS NOT NULL)", name="ck_request_decision_status"),
        sa.CheckConstraint(
            "(verdict = 'withdrawn') = (decided_by = proposed_by)", name="ck_request_decision_two_persons"
        ),
        sa.CheckConstraint("verdict IN ('approved','rejected','withdrawn')", name="ck_request_decision_verdict"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "proposal_id", "proposed_by", "sha256"],
            [
                "request_proposal.organisation_id",
                "request_proposal.proposal_id",
                "request_proposal.proposed_by",
                "request_proposal.sha256",
            ],
            name="fk_request_decision_proposal",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "decided_by"],
            ["user_account.organisation_id", "user_account.user_id"],
            name="fk_request_decision_user_account_organisation_id_decided_by",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "proposal_id", name="pk_request_decision"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "done_alone",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("done_id", UuidKey(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("day", BusinessDate(), nullable=False),
        sa.Column("quantity", BigInt, nullable=False),
        sa.Column("cny_fen", BigInt, nullable=False),
        sa.Column("user_id", UuidKey(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("quantity >= 0 AND cny_fen >= 0", name="ck_done_alone_amounts"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.organisation_id"], name="fk_done_alone_organisation_organisation_id"
        ),
        sa.PrimaryKeyConstraint("organisation_id", "done_id", name="pk_done_alone"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_audit() -> None:
    op.create_table(
        "audit_head",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("size", BigInt, nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(peaks) % 32 = 0", name="ck_audit_head_peaks"),
        sa.CheckConstraint("size >= 0", name="ck_audit_head_size"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.organisation_id"], name="fk_audit_head_organisation_organisation_id"
        ),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_audit_head"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_row",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("seq", BigInt, nullable=False),
        sa.Column("request_id", UuidKey(), nullable=False),
        sa.Column("user_id", UuidKey(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(leaf_hash) = 32", name="ck_audit_row_leaf_hash"),
        sa.CheckConstraint("seq >= 1", name="ck_audit_row_seq"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["audit_head.organisation_id"], name="fk_audit_row_audit_head_organisation_id"
        ),
        sa.PrimaryKeyConstraint("organisation_id", "seq", name="pk_audit_row"),
        sa.UniqueConstraint("organisation_id", "request_id", name="uq_audit_row_organisation_id_request_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_audit_row_user", "audit_row", ["organisation_id", "user_id", "seq"])
