"""Signed checkpoints of each book's log, the keys that sign them, and their guards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, UtcDateTime
from migrations.runner import statements

revision = "0005_checkpoints"
down_revision = "0004_loans"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, then their guards."""
    op.create_table(
        "log_key",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("valid_from_size", BigInt, autoincrement=False, nullable=False),
        sa.Column("key_name", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("introduced_seq", BigInt, nullable=True),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_log_key_book_book_id"),
        sa.ForeignKeyConstraint(
            ["book_id", "introduced_seq"],
            ["entry.book_id", "entry.seq"],
            name="fk_log_key_entry_book_id_introduced_seq",
        ),
        sa.CheckConstraint("length(public_key) = 32", name="ck_log_key_public_key"),
        sa.CheckConstraint("valid_from_size = coalesce(introduced_seq, 0)", name="ck_log_key_introduction"),
        sa.PrimaryKeyConstraint("book_id", "valid_from_size", name="pk_log_key"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "checkpoint",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("checkpoint_no", BigInt, autoincrement=False, nullable=False),
        sa.Column("tree_size", BigInt, nullable=False),
        sa.Column("tree_peaks", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("key_name", sa.Text(), nullable=False),
        sa.Column("period_through", BusinessDate(), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_checkpoint_book_book_id"),
        sa.CheckConstraint("checkpoint_no >= 1", name="ck_checkpoint_checkpoint_no"),
        sa.CheckConstraint("tree_size >= 0", name="ck_checkpoint_tree_size"),
        sa.PrimaryKeyConstraint("book_id", "checkpoint_no", name="pk_checkpoint"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_checkpoint_tree_size", "checkpoint", ["tree_size", "book_id"], unique=False)

    for statement in statements("checkpoint_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables, the newest first; their triggers go with them."""
    op.drop_table("checkpoint")
    op.drop_table("log_key")

    for statement in statements("checkpoint_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
