"""Statements, matches, breaks and assertions."""

from __future__ import annotations

revision = "0006_reconciliation"
down_revision = "0005_checkpoints"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop the tables."""
