"""Personal data behind salted commitments."""

from __future__ import annotations

revision = "0007_persons"
down_revision = "0006_reconciliation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop the tables."""
