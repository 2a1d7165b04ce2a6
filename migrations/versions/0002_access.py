"""Access: organisations, users, API keys, and the answers kept for repeated requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, UtcDateTime, UuidKey

revision = "0002_access"
down_revision = "0001_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "organisation",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("name_skeleton", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('borrower','lender','assessor','operator')", name="ck_organisation_kind"),
        sa.CheckConstraint("length(name_skeleton) > 0", name="ck_organisation_name_skeleton"),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_organisation"),
        sa.UniqueConstraint("name_skeleton", name="uq_organisation_name_skeleton"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "user_account",
        sa.Column("user_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.organisation_id"],
            name="fk_user_account_organisation_organisation_id",
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_user_account"),
        sa.UniqueConstraint("organisation_id", "email", name="uq_user_account_organisation_id_email"),
        sa.UniqueConstraint("organisation_id", "user_id", name="uq_user_account_organisation_id_user_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "api_key",
        sa.Column("key_id", UuidKey(), nullable=False),
        sa.Column("key_prefix", sa.Text(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("user_id", UuidKey(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(secret_sha256) = 32", name="ck_api_key_secret_sha256"),
        sa.CheckConstraint("expires_at > created_at", name="ck_api_key_life"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "user_id"],
            ["user_account.organisation_id", "user_account.user_id"],
            name="fk_api_key_user_account_organisation_id_user_id",
        ),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_key"),
        sa.UniqueConstraint("key_prefix", name="uq_api_key_key_prefix"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "idempotency",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status", BigInt, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(request_sha256) = 32", name="ck_idempotency_request_sha256"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.organisation_id"],
            name="fk_idempotency_organisation_organisation_id",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "route", "key", name="pk_idempotency"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the tables, the newest first."""
    op.drop_table("idempotency")
    op.drop_table("api_key")
    op.drop_table("user_account")
    op.drop_table("organisation")
