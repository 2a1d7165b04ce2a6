"""The ledger: books, accounts, facts, projections, and the guards of both databases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, JsonText, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0001_ledger"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, then their guards."""
    op.create_table(
        "balance_day",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("account_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("effective_on", BusinessDate(), nullable=False),
        sa.Column("delta", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("book_id", "account_id", "effective_on", name="pk_balance_day"),
        postgresql_with={"fillfactor": "60"},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "book",
        sa.Column("book_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("book_uuid", UuidKey(), nullable=False),
        sa.Column("tenant_id", UuidKey(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("functional_currency", sa.Text(), nullable=False),
        sa.Column("next_seq", BigInt, nullable=False),
        sa.Column("tree_size", BigInt, nullable=False),
        sa.Column("tree_peaks", sa.LargeBinary(), nullable=False),
        sa.Column("last_recorded_at", UtcDateTime(), nullable=False),
        sa.Column("locked_through", BusinessDate(), nullable=True),
        sa.Column("soft_locked_through", BusinessDate(), nullable=True),
        sa.CheckConstraint("next_seq = tree_size + 1", name="ck_book_dense"),
        sa.PrimaryKeyConstraint("book_id", name="pk_book"),
        sa.UniqueConstraint("book_uuid", name="uq_book_book_uuid"),
        sa.UniqueConstraint("tenant_id", "code", name="uq_book_tenant_id_code"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "entry",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("effective_on", BusinessDate(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("document_on", BusinessDate(), nullable=True),
        sa.Column("leg_count", BigInt, nullable=False),
        sa.Column("reverses_seq", BigInt, nullable=True),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.Column("acting_for_id", UuidKey(), nullable=False),
        sa.Column("doc_ref", sa.Text(), nullable=True),
        sa.Column("attrs", JsonText(), nullable=True),
        sa.Column("pii_commitment", sa.LargeBinary(), nullable=True),
        sa.Column("transfer_id", UuidKey(), nullable=True),
        sa.CheckConstraint(
            "leg_count BETWEEN 2 AND 1000 OR (leg_count = 0 AND kind IN ('hold','release','expire','close','record'))",
            name="ck_entry_leg_count",
        ),
        sa.PrimaryKeyConstraint("book_id", "seq", name="pk_entry"),
        sa.UniqueConstraint("entry_id", "book_id", name="uq_entry_entry_id_book_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_index(
        "ix_entry_closing",
        "entry",
        ["book_id", "seq"],
        unique=False,
        sqlite_where=sa.text("kind = 'close'"),
        postgresql_where=sa.text("kind = 'close'"),
    )

    op.create_index(
        "ix_entry_transfer",
        "entry",
        ["transfer_id"],
        unique=False,
        sqlite_where=sa.text("transfer_id IS NOT NULL"),
        postgresql_where=sa.text("transfer_id IS NOT NULL"),
    )

    op.create_index(
        "uq_entry_reverses_seq_book_id",
        "entry",
        ["reverses_seq", "book_id"],
        unique=True,
        sqlite_where=sa.text("reverses_seq IS NOT NULL"),
        postgresql_where=sa.text("reverses_seq IS NOT NULL"),
    )

    op.create_table(
        "commodity",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("commodity_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scale", BigInt, nullable=False),
        sa.Column("step", BigInt, nullable=False),
        sa.Column("attrs", JsonText(), nullable=False),
        sa.CheckConstraint("scale BETWEEN 0 AND 9", name="ck_commodity_scale"),
        sa.CheckConstraint("step >= 1", name="ck_commodity_step"),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_commodity_book_book_id"),
        sa.PrimaryKeyConstraint("book_id", "commodity_id", name="pk_commodity"),
        sa.UniqueConstraint("code", "book_id", name="uq_commodity_code_book_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "leaf",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["book_id", "seq"], ["entry.book_id", "entry.seq"], name="fk_leaf_entry_book_id_seq"),
        sa.PrimaryKeyConstraint("book_id", "seq", name="pk_leaf"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "request",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("error", JsonText(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_request_book_book_id"),
        sa.PrimaryKeyConstraint("book_id", "entry_id", name="pk_request"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "account",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("account_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("commodity_id", BigInt, nullable=False),
        sa.Column("lot_method", sa.Text(), nullable=True),
        sa.Column("opened_on", BusinessDate(), nullable=False),
        sa.Column("closed_on", BusinessDate(), nullable=True),
        sa.Column("attrs", JsonText(), nullable=False),
        sa.CheckConstraint("lot_method IN ('fifo','lifo','average','specific')", name="ck_account_lot_method"),
        sa.CheckConstraint("type IN ('asset','liability','equity','income','expense')", name="ck_account_type"),
        sa.CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="ck_account_open_interval"),
        sa.ForeignKeyConstraint(
            ["book_id", "commodity_id"],
            ["commodity.book_id", "commodity.commodity_id"],
            name="fk_account_commodity_book_id_commodity_id",
        ),
        sa.PrimaryKeyConstraint("book_id", "account_id", name="pk_account"),
        sa.UniqueConstraint("book_id", "account_id", "commodity_id", name="uq_account_book_id_account_id_commodity_id"),
        sa.UniqueConstraint("path", "book_id", name="uq_account_path_book_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "balance",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("account_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("posted", BigInt, nullable=False),
        sa.Column("held", BigInt, nullable=False),
        sa.Column("floor", BigInt, nullable=True),
        sa.Column("ceiling", BigInt, nullable=True),
        sa.Column("last_seq", BigInt, nullable=False),
        sa.CheckConstraint("ceiling IS NULL OR posted <= ceiling", name="ck_balance_ceiling"),
        sa.CheckConstraint("floor IS NULL OR posted - held >= floor", name="ck_balance_floor"),
        sa.CheckConstraint("held >= 0", name="ck_balance_held"),
        sa.ForeignKeyConstraint(
            ["book_id", "account_id"],
            ["account.book_id", "account.account_id"],
            name="fk_balance_account_book_id_account_id",
        ),
        sa.PrimaryKeyConstraint("book_id", "account_id", name="pk_balance"),
        postgresql_with={"fillfactor": "60"},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "hold",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("hold_id", UuidKey(), nullable=False),
        sa.Column("placed_seq", BigInt, nullable=False),
        sa.Column("account_id", BigInt, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", BigInt, nullable=False),
        sa.Column("beneficiary_id", UuidKey(), nullable=True),
        sa.Column("rank", BigInt, nullable=True),
        sa.Column("agreement_ref", sa.Text(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(expires_at IS NOT NULL) = (kind = 'hold')", name="ck_hold_expiry"),
        sa.CheckConstraint("kind IN ('hold','pledge','repo','lent','custody','freeze')", name="ck_hold_kind"),
        sa.CheckConstraint("amount > 0", name="ck_hold_amount"),
        sa.CheckConstraint("rank >= 1", name="ck_hold_rank"),
        sa.ForeignKeyConstraint(
            ["book_id", "account_id"],
            ["account.book_id", "account.account_id"],
            name="fk_hold_account_book_id_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["hold_id", "book_id"], ["entry.entry_id", "entry.book_id"], name="fk_hold_entry_hold_id_book_id"
        ),
        sa.PrimaryKeyConstraint("book_id", "hold_id", name="pk_hold"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_index(
        "ix_hold_beneficiary",
        "hold",
        ["beneficiary_id"],
        unique=False,
        sqlite_where=sa.text("beneficiary_id IS NOT NULL"),
        postgresql_where=sa.text("beneficiary_id IS NOT NULL"),
    )

    op.create_table(
        "lot",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("lot_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("account_id", BigInt, nullable=False),
        sa.Column("acquired_seq", BigInt, nullable=False),
        sa.Column("acquired_on", BusinessDate(), nullable=False),
        sa.Column("qty", BigInt, nullable=False),
        sa.Column("cost", BigInt, nullable=False),
        sa.Column("origin_lot_id", BigInt, nullable=True),
        sa.CheckConstraint("acquired_seq = lot_id / 1024", name="ck_lot_acquired_seq"),
        sa.CheckConstraint("cost >= 0", name="ck_lot_cost"),
        sa.CheckConstraint("qty > 0", name="ck_lot_qty"),
        sa.ForeignKeyConstraint(
            ["book_id", "account_id"],
            ["account.book_id", "account.account_id"],
            name="fk_lot_account_book_id_account_id",
        ),
        sa.PrimaryKeyConstraint("book_id", "lot_id", name="pk_lot"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_index("ix_lot_account", "lot", ["account_id", "book_id", "lot_id"], unique=False)

    op.create_table(
        "posting",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("line", BigInt, autoincrement=False, nullable=False),
        sa.Column("account_id", BigInt, nullable=False),
        sa.Column("commodity_id", BigInt, nullable=False),
        sa.Column("amount", BigInt, nullable=False),
        sa.Column("effective_on", BusinessDate(), nullable=False),
        sa.CheckConstraint("amount <> 0", name="ck_posting_amount"),
        sa.ForeignKeyConstraint(
            ["book_id", "account_id", "commodity_id"],
            ["account.book_id", "account.account_id", "account.commodity_id"],
            name="fk_posting_account_book_id_account_id_commodity_id",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "seq"],
            ["entry.book_id", "entry.seq"],
            name="fk_posting_entry_book_id_seq",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("book_id", "seq", "line", name="pk_posting"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_index(
        "ix_posting_account_day", "posting", ["account_id", "book_id", "effective_on", "seq", "amount"], unique=False
    )

    op.create_table(
        "hold_move",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("hold_id", UuidKey(), nullable=False),
        sa.Column("lot_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("amount", BigInt, nullable=False),
        sa.CheckConstraint("amount <> 0", name="ck_hold_move_amount"),
        sa.ForeignKeyConstraint(
            ["book_id", "hold_id"], ["hold.book_id", "hold.hold_id"], name="fk_hold_move_hold_book_id_hold_id"
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "seq"], ["entry.book_id", "entry.seq"], name="fk_hold_move_entry_book_id_seq"
        ),
        sa.PrimaryKeyConstraint("book_id", "seq", "hold_id", "lot_id", name="pk_hold_move"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_index("ix_hold_move_hold", "hold_move", ["hold_id", "book_id", "seq"], unique=False)

    op.create_table(
        "hold_position",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("hold_id", UuidKey(), nullable=False),
        sa.Column("lot_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("account_id", BigInt, nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("remaining", BigInt, nullable=False),
        sa.Column("captured", BigInt, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("last_seq", BigInt, nullable=False),
        sa.CheckConstraint("(remaining > 0) = (state = 'open')", name="ck_hold_position_open"),
        sa.CheckConstraint("state IN ('open','captured','released','expired')", name="ck_hold_position_state"),
        sa.CheckConstraint("captured >= 0", name="ck_hold_position_captured"),
        sa.CheckConstraint("remaining >= 0", name="ck_hold_position_remaining"),
        sa.ForeignKeyConstraint(
            ["book_id", "hold_id"], ["hold.book_id", "hold.hold_id"], name="fk_hold_position_hold_book_id_hold_id"
        ),
        sa.PrimaryKeyConstraint("book_id", "hold_id", "lot_id", name="pk_hold_position"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_index(
        "ix_hold_position_expiry",
        "hold_position",
        ["expires_at", "book_id"],
        unique=False,
        postgresql_where=sa.text("remaining > 0"),
        sqlite_where=sa.text("remaining > 0"),
    )

    op.create_index(
        "ix_hold_position_open",
        "hold_position",
        ["account_id", "book_id"],
        unique=False,
        postgresql_where=sa.text("remaining > 0"),
        sqlite_where=sa.text("remaining > 0"),
    )

    op.create_table(
        "lot_move",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("line", BigInt, autoincrement=False, nullable=False),
        sa.Column("lot_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("qty", BigInt, nullable=False),
        sa.Column("cost", BigInt, nullable=False),
        sa.CheckConstraint("qty <> 0", name="ck_lot_move_qty"),
        sa.ForeignKeyConstraint(
            ["book_id", "lot_id"], ["lot.book_id", "lot.lot_id"], name="fk_lot_move_lot_book_id_lot_id"
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "seq", "line"],
            ["posting.book_id", "posting.seq", "posting.line"],
            name="fk_lot_move_posting_book_id_seq_line",
        ),
        sa.PrimaryKeyConstraint("book_id", "seq", "line", "lot_id", name="pk_lot_move"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_table(
        "lot_position",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("lot_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("account_id", BigInt, nullable=False),
        sa.Column("qty", BigInt, nullable=False),
        sa.Column("cost", BigInt, nullable=False),
        sa.Column("held", BigInt, nullable=False),
        sa.CheckConstraint("cost >= 0", name="ck_lot_position_cost"),
        sa.CheckConstraint("held >= 0", name="ck_lot_position_held"),
        sa.CheckConstraint("qty >= held", name="ck_lot_position_qty"),
        sa.ForeignKeyConstraint(
            ["book_id", "lot_id"], ["lot.book_id", "lot.lot_id"], name="fk_lot_position_lot_book_id_lot_id"
        ),
        sa.PrimaryKeyConstraint("book_id", "lot_id", name="pk_lot_position"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_index(
        "ix_lot_position_open",
        "lot_position",
        ["account_id", "book_id", "lot_id"],
        unique=False,
        sqlite_where=sa.text("qty > 0"),
        postgresql_where=sa.text("qty > 0"),
    )

    op.create_table(
        "serial_block",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("first", BigInt, autoincrement=False, nullable=False),
        sa.Column("last", BigInt, nullable=False),
        sa.Column("lot_id", BigInt, nullable=False),
        sa.CheckConstraint("first >= 0 AND first <= last", name="ck_serial_block_range"),
        sa.ForeignKeyConstraint(
            ["book_id", "lot_id"], ["lot.book_id", "lot.lot_id"], name="fk_serial_block_lot_book_id_lot_id"
        ),
        sa.PrimaryKeyConstraint("book_id", "prefix", "first", name="pk_serial_block"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    op.create_index("ix_serial_block_lot", "serial_block", ["lot_id", "book_id"], unique=False)

    op.create_table(
        "serial_move",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("seq", BigInt, autoincrement=False, nullable=False),
        sa.Column("line", BigInt, autoincrement=False, nullable=False),
        sa.Column("lot_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("first", BigInt, autoincrement=False, nullable=False),
        sa.Column("last", BigInt, nullable=False),
        sa.CheckConstraint("first >= 0 AND first <= last", name="ck_serial_move_range"),
        sa.ForeignKeyConstraint(
            ["book_id", "seq", "line", "lot_id"],
            ["lot_move.book_id", "lot_move.seq", "lot_move.line", "lot_move.lot_id"],
            name="fk_serial_move_lot_move_book_id_seq_line_lot_id",
        ),
        sa.PrimaryKeyConstraint("book_id", "seq", "line", "lot_id", "prefix", "first", name="pk_serial_move"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )

    if op.get_bind().dialect.name == "postgresql":  # its guards check the same per statement: decision 0008
        op.drop_constraint("fk_leaf_entry_book_id_seq", "leaf")
        op.drop_constraint("fk_posting_account_book_id_account_id_commodity_id", "posting")
        op.drop_constraint("fk_posting_entry_book_id_seq", "posting")
    for statement in statements("ledger_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    op.drop_table("serial_move")
    op.drop_table("serial_block")
    op.drop_table("lot_position")
    op.drop_table("lot_move")
    op.drop_table("hold_position")
    op.drop_table("hold_move")
    op.drop_table("posting")
    op.drop_table("lot")
    op.drop_table("hold")
    op.drop_table("balance")
    op.drop_table("account")
    op.drop_table("request")
    op.drop_table("leaf")
    op.drop_table("commodity")
    op.drop_table("entry")
    op.drop_table("book")
    op.drop_table("balance_day")

    for statement in statements("ledger_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
