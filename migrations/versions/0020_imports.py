"""Files that people import: the file, what its preview showed, what was decided, and how far long work is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0020_imports"
down_revision = "0019_notices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, then their guards."""
    op.create_table(
        "file_import",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("import_id", UuidKey(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("book_id", BigInt, nullable=True),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("raw_sha256", sa.Text(), nullable=False),
        sa.Column("created_by", UuidKey(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "raw_sha256"],
            ["raw_file.organisation_id", "raw_file.sha256"],
            name="fk_file_import_raw_file",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "import_id", name="pk_file_import"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_file_import_created", "file_import", ["organisation_id", "created_at", "import_id"])
    op.create_table(
        "file_import_step",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("import_id", UuidKey(), nullable=False),
        sa.Column("step_no", BigInt, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("done_by", UuidKey(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("step_no >= 1", name="ck_file_import_step_step_no"),
        sa.CheckConstraint(
            "kind IN ('previewed', 'asked', 'confirmed', 'discarded', 'failed')", name="ck_file_import_step_kind"
        ),
        sa.CheckConstraint("length(sha256) = 64", name="ck_file_import_step_sha256"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "import_id"],
            ["file_import.organisation_id", "file_import.import_id"],
            name="fk_file_import_step_file_import",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "import_id", "step_no", name="pk_file_import_step"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    _create_work()
    for statement in statements("import_guards", op.get_bind().dialect.name):
        op.execute(statement)


def _create_work() -> None:
    op.create_table(
        "file_import_work",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("import_id", UuidKey(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("rows_total", BigInt, nullable=True),
        sa.Column("attempts", BigInt, nullable=False),
        sa.Column("asked_by", UuidKey(), nullable=False),
        sa.Column("asked_sha256", sa.Text(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("task IN ('preview', 'confirm')", name="ck_file_import_work_task"),
        sa.CheckConstraint("phase IN ('waiting', 'reading', 'writing', 'done')", name="ck_file_import_work_phase"),
        sa.CheckConstraint("attempts >= 0", name="ck_file_import_work_attempts"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "import_id"],
            ["file_import.organisation_id", "file_import.import_id"],
            name="fk_file_import_work_file_import",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "import_id", name="pk_file_import_work"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_file_import_work_phase", "file_import_work", ["phase", "leased_until"])


def downgrade() -> None:
    """Drop the guards, then the tables."""
    for statement in statements("import_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("file_import_work")
    op.drop_table("file_import_step")
    op.drop_table("file_import")
