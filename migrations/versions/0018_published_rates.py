"""Index rates as published, and the running totals by which a source's next answer is tested."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, ExactRational, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0018_published_rates"
down_revision = "0017_closing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, then their guards."""
    op.create_table(
        "published_rate",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("index_name", sa.Text(), nullable=False),
        sa.Column("published_on", BusinessDate(), nullable=False),
        sa.Column("revision", BigInt, nullable=False),
        sa.Column("rate", ExactRational(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("known_at", UtcDateTime(), nullable=False),
        sa.Column("raw_sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="ck_published_rate_revision"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "raw_sha256"],
            ["raw_file.organisation_id", "raw_file.sha256"],
            name="fk_published_rate_raw_file",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "index_name", "published_on", "revision", name="pk_published_rate"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "running_total",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("day", BusinessDate(), nullable=False),
        sa.Column("revision", BigInt, nullable=False),
        sa.Column("total", BigInt, nullable=False),
        sa.Column("grew_by", BigInt, nullable=True),
        sa.Column("known_at", UtcDateTime(), nullable=False),
        sa.Column("raw_sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="ck_running_total_revision"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "raw_sha256"],
            ["raw_file.organisation_id", "raw_file.sha256"],
            name="fk_running_total_raw_file",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "feed", "name", "day", "revision", name="pk_running_total"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    for statement in statements("published_rate_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards, then the tables."""
    for statement in statements("published_rate_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("running_total")
    op.drop_table("published_rate")
