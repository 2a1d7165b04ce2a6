"""How a proposed accounting policy ended without an approval: rejected by another person, or withdrawn by its maker."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0027_policy_ends"
down_revision = "0026_row_security"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, then put up its guards and, on PostgreSQL, its policy of rows."""
    op.create_table(
        "accounting_policy_end",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("policy_id", UuidKey(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", UuidKey(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(reason) BETWEEN 1 AND 200", name="ck_accounting_policy_end_reason"),
        sa.CheckConstraint(
            "(verdict = 'withdrawn') = (decided_by = maker_id)", name="ck_accounting_policy_end_two_persons"
        ),
        sa.CheckConstraint("verdict IN ('rejected','withdrawn')", name="ck_accounting_policy_end_verdict"),
        sa.ForeignKeyConstraint(
            ["book_id", "policy_id", "digest", "maker_id"],
            [
                "accounting_policy.book_id",
                "accounting_policy.policy_id",
                "accounting_policy.digest",
                "accounting_policy.maker_id",
            ],
            name="fk_accounting_policy_end_policy",
        ),
        sa.PrimaryKeyConstraint("book_id", "policy_id", name="pk_accounting_policy_end"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    engine = op.get_bind().dialect.name
    for statement in statements("policy_end_guards", engine):
        op.execute(statement)
    if engine == "postgresql":
        op.execute("SELECT tonne_protect_as('accounting_policy_end', 'book')")


def downgrade() -> None:
    """Drop the guards, then the table."""
    for statement in statements("policy_end_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("accounting_policy_end")
