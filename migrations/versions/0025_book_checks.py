"""What whole checks of a book found, kept as facts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0025_book_checks"
down_revision = "0024_oidc"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, then put up its guards."""
    op.create_table(
        "book_check",
        sa.Column("check_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.Column("started_by", UuidKey(), nullable=True),
        sa.Column("entries", BigInt, nullable=False),
        sa.Column("tree_size", BigInt, nullable=False),
        sa.Column("tree_root", sa.LargeBinary(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("audit_rows", BigInt, nullable=True),
        sa.Column("audit_root", sa.LargeBinary(), nullable=True),
        sa.Column("audit_findings", sa.Text(), nullable=True),
        sa.CheckConstraint("entries >= 0 AND tree_size >= 0", name="ck_book_check_figures"),
        sa.CheckConstraint("length(tree_root) = 32", name="ck_book_check_tree_root"),
        sa.CheckConstraint("(audit_rows IS NULL) = (audit_root IS NULL)", name="ck_book_check_audit"),
        sa.CheckConstraint("(audit_rows IS NULL) = (audit_findings IS NULL)", name="ck_book_check_audit_findings"),
        sa.CheckConstraint(
            "audit_rows IS NULL OR audit_rows >= 0 AND length(audit_root) = 32", name="ck_book_check_audit_figures"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.organisation_id"], name="fk_book_check_organisation_organisation_id"
        ),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_book_check_book_book_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "started_by"],
            ["user_account.organisation_id", "user_account.user_id"],
            name="fk_book_check_user_account_organisation_id_started_by",
        ),
        sa.PrimaryKeyConstraint("check_id", name="pk_book_check"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_book_check_book", "book_check", ["book_id", "checked_at", "check_id"])
    for statement in statements("book_check_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards, then the table."""
    for statement in statements("book_check_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("book_check")
