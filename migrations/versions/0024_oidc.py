"""OpenID providers that two operators agreed to, and sign-ins with them that are on their way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0024_oidc"
down_revision = "0023_example"
branch_labels = None
depends_on = None

_TABLES = ("oidc_attempt", "oidc_provider_end", "oidc_provider_confirmation", "oidc_provider")
"""In the order in which they can be dropped."""


def upgrade() -> None:
    """Create the tables, then put up the guards."""
    _create_provider()
    _create_confirmation_and_end()
    _create_attempt()
    for statement in statements("oidc_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables, then what guarded them."""
    for table in _TABLES:
        op.drop_table(table)
    for statement in statements("oidc_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)


def _create_provider() -> None:
    op.create_table(
        "oidc_provider",
        sa.Column("provider_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("secret_name", sa.Text(), nullable=False),
        sa.Column("domains", sa.Text(), nullable=False),
        sa.Column("accepts_mfa", BigInt, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", UuidKey(), nullable=True),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("needs_confirmation", BigInt, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("accepts_mfa IN (0,1)", name="ck_oidc_provider_accepts_mfa"),
        sa.CheckConstraint("needs_confirmation IN (0,1)", name="ck_oidc_provider_needs_confirmation"),
        sa.CheckConstraint("needs_confirmation = 1 OR proposed_by IS NULL", name="ck_oidc_provider_two_persons"),
        sa.CheckConstraint("length(sha256) = 64", name="ck_oidc_provider_sha256"),
        sa.CheckConstraint("length(domains) > 4", name="ck_oidc_provider_domains"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.organisation_id"],
            name="fk_oidc_provider_organisation_organisation_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "proposed_by"],
            ["user_account.organisation_id", "user_account.user_id"],
            name="fk_oidc_provider_user_account_organisation_id_proposed_by",
        ),
        sa.PrimaryKeyConstraint("provider_id", name="pk_oidc_provider"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_confirmation_and_end() -> None:
    op.create_table(
        "oidc_provider_confirmation",
        sa.Column("provider_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("confirmed_by", UuidKey(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["oidc_provider.provider_id"],
            name="fk_oidc_provider_confirmation_oidc_provider_provider_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "confirmed_by"],
            ["user_account.organisation_id", "user_account.user_id"],
            name="fk_oidc_provider_confirmation_user_account",
        ),
        sa.PrimaryKeyConstraint("provider_id", name="pk_oidc_provider_confirmation"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "oidc_provider_end",
        sa.Column("provider_id", UuidKey(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", UuidKey(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["oidc_provider.provider_id"], name="fk_oidc_provider_end_oidc_provider_provider_id"
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["user_account.user_id"], name="fk_oidc_provider_end_user_account_ended_by"
        ),
        sa.PrimaryKeyConstraint("provider_id", name="pk_oidc_provider_end"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_attempt() -> None:
    op.create_table(
        "oidc_attempt",
        sa.Column("attempt_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("provider_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=True),
        sa.Column("session_id", UuidKey(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("person_id", UuidKey(), nullable=True),
        sa.Column("is_mfa", BigInt, nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(attempt_sha256) = 32", name="ck_oidc_attempt_attempt_sha256"),
        sa.CheckConstraint("expires_at > created_at", name="ck_oidc_attempt_life"),
        sa.CheckConstraint("(session_id IS NULL) = (organisation_id IS NULL)", name="ck_oidc_attempt_link"),
        sa.CheckConstraint("is_mfa IN (0,1)", name="ck_oidc_attempt_is_mfa"),
        sa.CheckConstraint("person_id IS NULL OR claimed_at IS NOT NULL", name="ck_oidc_attempt_proven_once"),
        sa.CheckConstraint("done_at IS NULL OR claimed_at IS NOT NULL", name="ck_oidc_attempt_done_once"),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["oidc_provider.provider_id"], name="fk_oidc_attempt_oidc_provider_provider_id"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.organisation_id"], name="fk_oidc_attempt_organisation_organisation_id"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["access_session.session_id"], name="fk_oidc_attempt_access_session_session_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_oidc_attempt_person_person_id"),
        sa.PrimaryKeyConstraint("attempt_sha256", name="pk_oidc_attempt"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_oidc_attempt_created_at", "oidc_attempt", ["created_at"])
