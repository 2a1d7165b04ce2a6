"""Personal data behind salted commitments: a table whose rows can be erased, once, and its guards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0007_persons"
down_revision = "0006_reconciliation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, then its guards."""
    op.create_table(
        "person_note",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("ref", UuidKey(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.Column("erased_by", UuidKey(), nullable=True),
        sa.PrimaryKeyConstraint("book_id", "ref", name="pk_person_note"),
        sa.UniqueConstraint("commitment", "book_id", name="uq_person_note_commitment_book_id"),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_person_note_book_book_id"),
        sa.CheckConstraint("length(commitment) = 32", name="ck_person_note_commitment"),
        sa.CheckConstraint("length(salt) = 32", name="ck_person_note_salt"),
        sa.CheckConstraint("(salt IS NULL) = (content IS NULL)", name="ck_person_note_whole"),
        sa.CheckConstraint("(erased_at IS NULL) = (content IS NOT NULL)", name="ck_person_note_tombstone"),
        sa.CheckConstraint("(erased_at IS NULL) = (erased_by IS NULL)", name="ck_person_note_eraser"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    for statement in statements("person_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the table; its triggers go with it."""
    op.drop_table("person_note")
    for statement in statements("person_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
