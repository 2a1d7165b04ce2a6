"""Row security on PostgreSQL: the database itself shows an organisation its own rows and no others. SQLite has none."""

from __future__ import annotations

from alembic import op

from migrations.runner import statements

revision = "0026_row_security"
down_revision = "0025_book_checks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the policies of every table that holds an organisation's rows, and the role they bind."""
    _run("row_security")


def downgrade() -> None:
    """Take the policies and the role's rights away; the role itself may serve another database."""
    _run("row_security_drop")


def _run(name: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in statements(name, "postgresql"):
            op.execute(statement)
