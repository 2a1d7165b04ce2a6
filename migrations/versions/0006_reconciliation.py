"""Reconciliation: statements and their lines, matches with postings, balance assertions, and their guards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, JsonText, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0006_reconciliation"
down_revision = "0005_checkpoints"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, then their guards."""
    _create_statements()
    _create_matches()
    _create_assertions()
    for statement in statements("reconciliation_guards", op.get_bind().dialect.name):
        op.execute(statement)


def _create_statements() -> None:
    op.create_table(
        "reconciliation_fact",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("fact_no", BigInt, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.Column("acting_for_id", UuidKey(), nullable=False),
        sa.Column("known_seq", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "fact_no", name="pk_reconciliation_fact"),
        sa.CheckConstraint("fact_no >= 1", name="ck_reconciliation_fact_fact_no"),
        sa.CheckConstraint(
            "kind IN ('source','import','match','undo','assertion','check')", name="ck_reconciliation_fact_kind"
        ),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_reconciliation_fact_book_book_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "statement_source",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("fact_no", BigInt, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mapping", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("book_id", "fact_no", name="pk_statement_source"),
        sa.CheckConstraint("kind IN ('registry','bank')", name="ck_statement_source_kind"),
        sa.CheckConstraint("version >= 1", name="ck_statement_source_version"),
        sa.ForeignKeyConstraint(
            ["book_id", "fact_no"],
            ["reconciliation_fact.book_id", "reconciliation_fact.fact_no"],
            name="fk_statement_source_reconciliation_fact_book_id_fact_no",
        ),
        sa.UniqueConstraint("code", "version", "book_id", name="uq_statement_source_code_version_book_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "statement_import",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("fact_no", BigInt, nullable=False),
        sa.Column("source_fact_no", BigInt, nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("lines_read", BigInt, nullable=False),
        sa.Column("lines_added", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "fact_no", name="pk_statement_import"),
        sa.CheckConstraint("length(file_sha256) = 32", name="ck_statement_import_file_sha256"),
        sa.CheckConstraint("lines_added BETWEEN 0 AND lines_read", name="ck_statement_import_lines_added"),
        sa.ForeignKeyConstraint(
            ["book_id", "fact_no"],
            ["reconciliation_fact.book_id", "reconciliation_fact.fact_no"],
            name="fk_statement_import_reconciliation_fact_book_id_fact_no",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "source_fact_no"],
            ["statement_source.book_id", "statement_source.fact_no"],
            name="fk_statement_import_statement_source_book_id_source_fact_no",
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "statement_line",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("line_no", BigInt, nullable=False),
        sa.Column("import_fact_no", BigInt, nullable=False),
        sa.Column("source_code", sa.Text(), nullable=False),
        sa.Column("line_key", sa.Text(), nullable=False),
        sa.Column("account_id", BigInt, nullable=False),
        sa.Column("commodity_id", BigInt, nullable=False),
        sa.Column("booked_on", BusinessDate(), nullable=False),
        sa.Column("value_on", BusinessDate(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("counterparty", sa.Text(), nullable=False),
        sa.Column("amount", BigInt, nullable=False),
        sa.Column("balance", BigInt, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "line_no", name="pk_statement_line"),
        sa.CheckConstraint("amount <> 0", name="ck_statement_line_amount"),
        sa.ForeignKeyConstraint(
            ["book_id", "account_id", "commodity_id"],
            ["account.book_id", "account.account_id", "account.commodity_id"],
            name="fk_statement_line_account_book_id_account_id_commodity_id",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "import_fact_no"],
            ["statement_import.book_id", "statement_import.fact_no"],
            name="fk_statement_line_statement_import_book_id_import_fact_no",
        ),
        sa.UniqueConstraint(
            "line_key", "source_code", "book_id", name="uq_statement_line_line_key_source_code_book_id"
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_statement_line_account_day", "statement_line", ["account_id", "book_id", "booked_on", "line_no"]
    )


def _create_matches() -> None:
    op.create_table(
        "statement_match",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("fact_no", BigInt, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("book_id", "fact_no", name="pk_statement_match"),
        sa.CheckConstraint(
            "rule IN ('reference_amount_day','reference_amount_window','amount_day','amount_window',"
            "'reference_sum','amount_sum','by_hand')",
            name="ck_statement_match_rule",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "fact_no"],
            ["reconciliation_fact.book_id", "reconciliation_fact.fact_no"],
            name="fk_statement_match_reconciliation_fact_book_id_fact_no",
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "statement_match_line",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("fact_no", BigInt, nullable=False),
        sa.Column("line_no", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "fact_no", "line_no", name="pk_statement_match_line"),
        sa.ForeignKeyConstraint(
            ["book_id", "line_no"],
            ["statement_line.book_id", "statement_line.line_no"],
            name="fk_statement_match_line_statement_line_book_id_line_no",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "fact_no"],
            ["statement_match.book_id", "statement_match.fact_no"],
            name="fk_statement_match_line_statement_match_book_id_fact_no",
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_statement_match_line_line", "statement_match_line", ["line_no", "book_id"])
    op.create_table(
        "statement_match_posting",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("fact_no", BigInt, nullable=False),
        sa.Column("seq", BigInt, nullable=False),
        sa.Column("line", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "fact_no", "seq", "line", name="pk_statement_match_posting"),
        sa.ForeignKeyConstraint(
            ["book_id", "seq", "line"],
            ["posting.book_id", "posting.seq", "posting.line"],
            name="fk_statement_match_posting_posting_book_id_seq_line",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "fact_no"],
            ["statement_match.book_id", "statement_match.fact_no"],
            name="fk_statement_match_posting_statement_match_book_id_fact_no",
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_statement_match_posting_posting", "statement_match_posting", ["seq", "line", "book_id"])
    op.create_table(
        "statement_undo",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("fact_no", BigInt, nullable=False),
        sa.Column("match_fact_no", BigInt, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("book_id", "fact_no", name="pk_statement_undo"),
        sa.ForeignKeyConstraint(
            ["book_id", "fact_no"],
            ["reconciliation_fact.book_id", "reconciliation_fact.fact_no"],
            name="fk_statement_undo_reconciliation_fact_book_id_fact_no",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "match_fact_no"],
            ["statement_match.book_id", "statement_match.fact_no"],
            name="fk_statement_undo_statement_match_book_id_match_fact_no",
        ),
        sa.UniqueConstraint("match_fact_no", "book_id", name="uq_statement_undo_match_fact_no_book_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_assertions() -> None:
    op.create_table(
        "balance_assertion",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("fact_no", BigInt, nullable=False),
        sa.Column("account_id", BigInt, nullable=False),
        sa.Column("as_of", BusinessDate(), nullable=False),
        sa.Column("expected", BigInt, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("book_id", "fact_no", name="pk_balance_assertion"),
        sa.ForeignKeyConstraint(
            ["book_id", "account_id"],
            ["account.book_id", "account.account_id"],
            name="fk_balance_assertion_account_book_id_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "fact_no"],
            ["reconciliation_fact.book_id", "reconciliation_fact.fact_no"],
            name="fk_balance_assertion_reconciliation_fact_book_id_fact_no",
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_balance_assertion_account_day", "balance_assertion", ["account_id", "book_id", "as_of"])
    op.create_table(
        "balance_check",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("fact_no", BigInt, nullable=False),
        sa.Column("assertion_fact_no", BigInt, nullable=False),
        sa.Column("actual", BigInt, nullable=False),
        sa.Column("difference", BigInt, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("book_id", "fact_no", name="pk_balance_check"),
        sa.CheckConstraint("(verdict = 'ok') = (difference = 0)", name="ck_balance_check_difference"),
        sa.CheckConstraint("verdict IN ('ok','failed')", name="ck_balance_check_verdict"),
        sa.ForeignKeyConstraint(
            ["book_id", "assertion_fact_no"],
            ["balance_assertion.book_id", "balance_assertion.fact_no"],
            name="fk_balance_check_balance_assertion_book_id_assertion_fact_no",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "fact_no"],
            ["reconciliation_fact.book_id", "reconciliation_fact.fact_no"],
            name="fk_balance_check_reconciliation_fact_book_id_fact_no",
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_balance_check_assertion", "balance_check", ["assertion_fact_no", "book_id"])


def downgrade() -> None:
    """Drop the tables, the newest first; their triggers go with them."""
    op.drop_table("balance_check")
    op.drop_table("balance_assertion")
    op.drop_table("statement_undo")
    op.drop_table("statement_match_posting")
    op.drop_table("statement_match_line")
    op.drop_table("statement_match")
    op.drop_table("statement_line")
    op.drop_table("statement_import")
    op.drop_table("statement_source")
    op.drop_table("reconciliation_fact")

    for statement in statements("reconciliation_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
