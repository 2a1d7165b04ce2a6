"""The example's life: what happened to it, and which of its organisations were taken out of the installation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0023_example"
down_revision = "0022_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; an example that is there already is noted as loaded; then the guards."""
    op.create_table(
        "example_event",
        sa.Column("number", BigInt, nullable=False, autoincrement=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("by_user_id", UuidKey(), nullable=True),
        sa.CheckConstraint("number >= 1", name="ck_example_event_number"),
        sa.CheckConstraint("(what = 'step') = (step <> '')", name="ck_example_event_step"),
        sa.CheckConstraint("what IN ('asked','step','loaded','failed','removed')", name="ck_example_event_what"),
        sa.PrimaryKeyConstraint("number", name="pk_example_event"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "organisation_end",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.organisation_id"],
            name="fk_organisation_end_organisation_organisation_id",
        ),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_organisation_end"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO example_event (number, what, step, detail, happened_at)"
        " SELECT 1, 'loaded', '', '', max(created_at) FROM organisation WHERE is_demo = 1 GROUP BY is_demo"
    )
    for statement in statements("example_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards, then the tables."""
    for statement in statements("example_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("organisation_end")
    op.drop_table("example_event")
