"""Activity of any product: which form a month fills, its further measurements, certificates and verification."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import ExactDecimal, JsonText

revision = "0008_activity"
down_revision = "0007_persons"
branch_labels = None
depends_on = None

_COLUMNS = ("grid_certificate_kwh", "template_id", "further", "verification")


def upgrade() -> None:
    """Add the columns; plain ADD COLUMN keeps the table's guards on SQLite, which a batch would drop."""
    op.add_column(
        "activity_month",
        sa.Column("grid_certificate_kwh", ExactDecimal(), nullable=False, server_default=sa.text("'0'")),
    )
    op.add_column(
        "activity_month",
        # The form of every month recorded before there was a choice.
        sa.Column("template_id", sa.Text(), nullable=False, server_default=sa.text("'aluminium-electrolysis'")),
    )
    op.add_column("activity_month", sa.Column("further", JsonText(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column("activity_month", sa.Column("verification", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop the columns."""
    for column in reversed(_COLUMNS):
        op.drop_column("activity_month", column)
