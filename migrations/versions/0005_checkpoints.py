"""Signed checkpoints of each book's log."""

from __future__ import annotations

revision = "0005_checkpoints"
down_revision = "0004_loans"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop the tables."""
