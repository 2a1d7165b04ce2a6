"""Market and trades: raw files, observations, marks by two persons, frozen snapshots, trades, and their guards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, ExactDecimal, JsonText, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0003_market_and_trades"
down_revision = "0002_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, then their guards."""
    _create_trades()
    _create_observations()
    _create_marks()
    for statement in statements("market_guards", op.get_bind().dialect.name):
        op.execute(statement)


def _create_trades() -> None:
    op.create_table(
        "trade",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("trade_ref", sa.Text(), nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=False),
        sa.Column("entry_seq", BigInt, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("traded_on", BusinessDate(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("quantity_t", BigInt, nullable=True),
        sa.Column("price_cny_per_t", ExactDecimal(), nullable=True),
        sa.Column("fee_fen", BigInt, nullable=False),
        sa.Column("counterparty", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("compliance_year", BigInt, nullable=True),
        sa.Column("doc_ref", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.PrimaryKeyConstraint("book_id", "trade_ref", name="pk_trade"),
        sa.UniqueConstraint("entry_id", "book_id", name="uq_trade_entry_id_book_id"),
        sa.UniqueConstraint("entry_seq", "book_id", name="uq_trade_entry_seq_book_id"),
        sa.ForeignKeyConstraint(
            ["entry_id", "book_id"], ["entry.entry_id", "entry.book_id"], name="fk_trade_entry_entry_id_book_id"
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "entry_seq"], ["entry.book_id", "entry.seq"], name="fk_trade_entry_book_id_entry_seq"
        ),
        sa.CheckConstraint(
            "kind IN ('opening','free_allocation','purchase','sale','surrender','cancel','fee')", name="ck_trade_kind"
        ),
        sa.CheckConstraint("(quantity_t IS NULL) = (kind = 'fee')", name="ck_trade_quantity_kind"),
        sa.CheckConstraint("quantity_t > 0", name="ck_trade_quantity"),
        sa.CheckConstraint("fee_fen >= 0", name="ck_trade_fee"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_index("ix_trade_instrument", "trade", ["instrument", "book_id", "traded_on"], unique=False)


def _create_observations() -> None:
    op.create_table(
        "raw_file",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("received_by", UuidKey(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "sha256", name="pk_raw_file"),
        sa.CheckConstraint("length(sha256) = 64", name="ck_raw_file_sha256"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "observation",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("price_basis", sa.Text(), nullable=False),
        sa.Column("trade_date", BusinessDate(), nullable=False),
        sa.Column("revision", BigInt, autoincrement=False, nullable=False),
        sa.Column("last_trade_date", BusinessDate(), nullable=True),
        sa.Column("value", ExactDecimal(), nullable=True),
        sa.Column("missing_reason", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("volume_t", BigInt, nullable=True),
        sa.Column("previous_value", ExactDecimal(), nullable=True),
        sa.Column("known_at", UtcDateTime(), nullable=False),
        sa.Column("raw_sha256", sa.Text(), nullable=False),
        sa.Column("warnings", JsonText(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organisation_id", "source", "instrument", "price_basis", "trade_date", "revision", name="pk_observation"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "raw_sha256"],
            ["raw_file.organisation_id", "raw_file.sha256"],
            name="fk_observation_raw_file_organisation_id_raw_sha256",
        ),
        sa.CheckConstraint("revision >= 1", name="ck_observation_revision"),
        sa.CheckConstraint("(value IS NULL) = (length(missing_reason) > 0)", name="ck_observation_missing_reason"),
        sa.CheckConstraint(
            "last_trade_date IS NULL OR last_trade_date <= trade_date", name="ck_observation_last_trade_date"
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_index(
        "ix_observation_day",
        "observation",
        ["organisation_id", "instrument", "price_basis", "trade_date"],
        unique=False,
    )

    op.create_table(
        "held_observation",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("price_basis", sa.Text(), nullable=False),
        sa.Column("trade_date", BusinessDate(), nullable=False),
        sa.Column("last_trade_date", BusinessDate(), nullable=True),
        sa.Column("value", ExactDecimal(), nullable=True),
        sa.Column("missing_reason", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("volume_t", BigInt, nullable=True),
        sa.Column("previous_value", ExactDecimal(), nullable=True),
        sa.Column("acceptance", sa.Text(), nullable=False),
        sa.Column("reasons", JsonText(), nullable=False),
        sa.Column("known_at", UtcDateTime(), nullable=False),
        sa.Column("raw_sha256", sa.Text(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "content_sha256", name="pk_held_observation"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "raw_sha256"],
            ["raw_file.organisation_id", "raw_file.sha256"],
            name="fk_held_observation_raw_file_organisation_id_raw_sha256",
        ),
        sa.CheckConstraint("acceptance IN ('conflict','quarantined')", name="ck_held_observation_acceptance"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_index(
        "ix_held_observation_day", "held_observation", ["organisation_id", "instrument", "trade_date"], unique=False
    )


def _create_marks() -> None:
    op.create_table(
        "proposed_mark",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("mark_id", UuidKey(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("value", ExactDecimal(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence_sha256", sa.Text(), nullable=False),
        sa.Column("valid_from", BusinessDate(), nullable=False),
        sa.Column("valid_to", BusinessDate(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "mark_id", name="pk_proposed_mark"),
        sa.UniqueConstraint(
            "organisation_id", "mark_id", "maker_id", name="uq_proposed_mark_organisation_id_mark_id_maker_id"
        ),
        sa.CheckConstraint("valid_from < valid_to", name="ck_proposed_mark_validity"),
        sa.CheckConstraint("length(evidence_sha256) = 64", name="ck_proposed_mark_evidence_sha256"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "approved_mark",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("mark_id", UuidKey(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("checker_id", UuidKey(), nullable=False),
        sa.Column("approved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "mark_id", name="pk_approved_mark"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "mark_id", "maker_id"],
            ["proposed_mark.organisation_id", "proposed_mark.mark_id", "proposed_mark.maker_id"],
            name="fk_approved_mark_proposed_mark_organisation_id_mark_id_maker_id",
        ),
        sa.CheckConstraint("checker_id <> maker_id", name="ck_approved_mark_two_persons"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "withdrawn_mark",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("mark_id", UuidKey(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_by", UuidKey(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "mark_id", name="pk_withdrawn_mark"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "mark_id"],
            ["approved_mark.organisation_id", "approved_mark.mark_id"],
            name="fk_withdrawn_mark_approved_mark_organisation_id_mark_id",
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "market_snapshot",
        sa.Column("snapshot_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("as_of", BusinessDate(), nullable=False),
        sa.Column("known_at", UtcDateTime(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", UuidKey(), nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", name="pk_market_snapshot"),
        sa.CheckConstraint("length(sha256) = 64", name="ck_market_snapshot_sha256"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the tables, the newest first; their triggers go with them."""
    op.drop_table("market_snapshot")
    op.drop_table("withdrawn_mark")
    op.drop_table("approved_mark")
    op.drop_table("proposed_mark")
    op.drop_table("held_observation")
    op.drop_table("observation")
    op.drop_table("raw_file")
    op.drop_table("trade")

    for statement in statements("market_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
