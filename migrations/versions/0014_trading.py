"""Proposals of trading with their steps, fills and settlements; what a trade dealt in euro or from an order adds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, ExactDecimal, JsonText, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0014_trading"
down_revision = "0013_feeds"
branch_labels = None
depends_on = None

_TRADE_COLUMNS = (
    ("price_eur_per_t", ExactDecimal()),
    ("fixing_cny_per_eur", ExactDecimal()),
    ("fixing_ref", sa.Text()),
    ("vat_code", sa.Text()),
    ("settled_on", BusinessDate()),
    ("order_id", UuidKey()),
    ("order_sha256", sa.Text()),
)


def upgrade() -> None:
    """Add the columns, create the tables, then their guards."""
    for name, kind in _TRADE_COLUMNS:
        op.add_column("trade", sa.Column(name, kind, nullable=True))
    _create_proposals()
    _create_steps()
    _create_fills()
    _create_settlements()
    for statement in statements("trading_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards, the tables and the columns."""
    for statement in statements("trading_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    for table in ("order_settlement", "order_fill", "trading_step", "trading_proposal"):
        op.drop_table(table)
    for name, _ in reversed(_TRADE_COLUMNS):
        op.drop_column("trade", name)


def _create_proposals() -> None:
    op.create_table(
        "trading_proposal",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("proposal_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("approvals_needed", BigInt, nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('order','counterparty','limit','correction')", name="ck_trading_proposal_kind"),
        sa.CheckConstraint("length(sha256) = 64", name="ck_trading_proposal_sha256"),
        sa.CheckConstraint("number >= 1", name="ck_trading_proposal_number"),
        sa.CheckConstraint("approvals_needed BETWEEN 1 AND 2", name="ck_trading_proposal_approvals_needed"),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_trading_proposal_book_book_id"),
        sa.PrimaryKeyConstraint("book_id", "proposal_id", name="pk_trading_proposal"),
        sa.UniqueConstraint("organisation_id", "proposal_id", name="uq_trading_proposal_organisation_id_proposal_id"),
        sa.UniqueConstraint("book_id", "kind", "number", name="uq_trading_proposal_book_id_kind_number"),
        sa.UniqueConstraint(
            "book_id",
            "proposal_id",
            "maker_id",
            "sha256",
            name="uq_trading_proposal_book_id_proposal_id_maker_id_sha256",
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_steps() -> None:
    op.create_table(
        "trading_step",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("proposal_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("details", JsonText(), nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "what IN ('proposed','approved','rejected','placed','cancelled','expired','corrected','revoked')",
            name="ck_trading_step_what",
        ),
        sa.CheckConstraint(
            "what NOT IN ('approved','rejected') OR actor_id <> maker_id", name="ck_trading_step_two_persons"
        ),
        sa.CheckConstraint("number >= 1", name="ck_trading_step_number"),
        sa.ForeignKeyConstraint(
            ["book_id", "proposal_id", "maker_id", "sha256"],
            [
                "trading_proposal.book_id",
                "trading_proposal.proposal_id",
                "trading_proposal.maker_id",
                "trading_proposal.sha256",
            ],
            name="fk_trading_step_proposal_and_maker",
        ),
        sa.PrimaryKeyConstraint("book_id", "proposal_id", "number", name="pk_trading_step"),
        sa.UniqueConstraint("book_id", "proposal_id", "step_key", name="uq_trading_step_book_id_proposal_id_step_key"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_fills() -> None:
    op.create_table(
        "order_fill",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("proposal_id", UuidKey(), nullable=False),
        sa.Column("fill_ref", sa.Text(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("quantity", BigInt, nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("fee_minor", BigInt, nullable=False),
        sa.Column("fee_doc_ref", sa.Text(), nullable=False),
        sa.Column("vat_code", sa.Text(), nullable=False),
        sa.Column("dealt_at", UtcDateTime(), nullable=False),
        sa.Column("dealt_on", BusinessDate(), nullable=False),
        sa.Column("doc_ref", sa.Text(), nullable=False),
        sa.Column("fixing_cny_per_eur", ExactDecimal(), nullable=True),
        sa.Column("fixing_ref", sa.Text(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=True),
        sa.Column("correction_id", UuidKey(), nullable=True),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("quantity > 0", name="ck_order_fill_quantity"),
        sa.CheckConstraint("fee_minor >= 0", name="ck_order_fill_fee"),
        sa.CheckConstraint("(corrects IS NULL) = (correction_id IS NULL)", name="ck_order_fill_correction"),
        sa.ForeignKeyConstraint(
            ["book_id", "proposal_id"],
            ["trading_proposal.book_id", "trading_proposal.proposal_id"],
            name="fk_order_fill_trading_proposal_book_id_proposal_id",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "proposal_id", "corrects"],
            ["order_fill.book_id", "order_fill.proposal_id", "order_fill.fill_ref"],
            name="fk_order_fill_order_fill_book_id_proposal_id_corrects",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "correction_id"],
            ["trading_proposal.book_id", "trading_proposal.proposal_id"],
            name="fk_order_fill_trading_proposal_book_id_correction_id",
        ),
        sa.PrimaryKeyConstraint("book_id", "proposal_id", "fill_ref", name="pk_order_fill"),
        sa.UniqueConstraint("book_id", "proposal_id", "number", name="uq_order_fill_book_id_proposal_id_number"),
        sa.UniqueConstraint("book_id", "proposal_id", "corrects", name="uq_order_fill_book_id_proposal_id_corrects"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_settlements() -> None:
    op.create_table(
        "order_settlement",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("proposal_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("fill_ref", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled_on", BusinessDate(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("trade_ref", sa.Text(), nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=True),
        sa.Column("reversed_entry_id", UuidKey(), nullable=True),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('settled','failed')", name="ck_order_settlement_state"),
        sa.CheckConstraint("(state = 'settled') = (entry_id IS NOT NULL)", name="ck_order_settlement_entry"),
        sa.CheckConstraint("(state = 'failed') = (length(reason) > 0)", name="ck_order_settlement_reason"),
        sa.ForeignKeyConstraint(
            ["book_id", "proposal_id", "fill_ref"],
            ["order_fill.book_id", "order_fill.proposal_id", "order_fill.fill_ref"],
            name="fk_order_settlement_order_fill_book_id_proposal_id_fill_ref",
        ),
        sa.ForeignKeyConstraint(
            ["entry_id", "book_id"],
            ["entry.entry_id", "entry.book_id"],
            name="fk_order_settlement_entry_entry_id_book_id",
        ),
        sa.PrimaryKeyConstraint("book_id", "proposal_id", "number", name="pk_order_settlement"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
