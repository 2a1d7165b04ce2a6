"""Carbon-finance contracts: what was worded, who agreed, and the dated facts, with their guards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, JsonText, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0015_carbon_contracts"
down_revision = "0014_trading"
branch_labels = None
depends_on = None

_TABLES = ("carbon_contract", "carbon_contract_version", "carbon_contract_decision", "carbon_contract_event")


def upgrade() -> None:
    """Create the tables, then their guards."""
    _create_contract()
    _create_contract_version()
    _create_contract_decision()
    _create_contract_event()
    for statement in statements("carbon_contract_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards and the tables."""
    for statement in statements("carbon_contract_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    for table in reversed(_TABLES):
        op.drop_table(table)


def _create_contract() -> None:
    op.create_table(
        "carbon_contract",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("contract_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("lender_organisation_id", UuidKey(), nullable=True),
        sa.CheckConstraint("number >= 1", name="ck_carbon_contract_number"),
        sa.CheckConstraint(
            "kind IN ('forward','repo','pledge_loan','lending','swap','custody')", name="ck_carbon_contract_kind"
        ),
        sa.CheckConstraint(
            "(kind = 'pledge_loan') = (lender_organisation_id IS NOT NULL)", name="ck_carbon_contract_lender"
        ),
        sa.ForeignKeyConstraint(["book_id"], ["book.book_id"], name="fk_carbon_contract_book_book_id"),
        sa.PrimaryKeyConstraint("book_id", "contract_id", name="pk_carbon_contract"),
        sa.UniqueConstraint("book_id", "number", name="uq_carbon_contract_book_id_number"),
        sa.UniqueConstraint("contract_id", name="uq_carbon_contract_contract_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_contract_version() -> None:
    op.create_table(
        "carbon_contract_version",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("contract_id", UuidKey(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=False),
        sa.CheckConstraint("version >= 1", name="ck_carbon_contract_version_version"),
        sa.CheckConstraint("length(sha256) = 64", name="ck_carbon_contract_version_sha256"),
        sa.ForeignKeyConstraint(
            ["book_id", "contract_id"],
            ["carbon_contract.book_id", "carbon_contract.contract_id"],
            name="fk_carbon_contract_version_contract",
        ),
        sa.PrimaryKeyConstraint("book_id", "contract_id", "version", name="pk_carbon_contract_version"),
        sa.UniqueConstraint(
            "book_id", "contract_id", "version", "maker_id", "sha256", name="uq_carbon_contract_version_and_maker"
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_contract_decision() -> None:
    op.create_table(
        "carbon_contract_decision",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("contract_id", UuidKey(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("what IN ('approved','rejected')", name="ck_carbon_contract_decision_what"),
        sa.CheckConstraint("actor_id <> maker_id", name="ck_carbon_contract_decision_two_persons"),
        sa.ForeignKeyConstraint(
            ["book_id", "contract_id", "version", "maker_id", "sha256"],
            [
                "carbon_contract_version.book_id",
                "carbon_contract_version.contract_id",
                "carbon_contract_version.version",
                "carbon_contract_version.maker_id",
                "carbon_contract_version.sha256",
            ],
            name="fk_carbon_contract_decision_version",
        ),
        sa.PrimaryKeyConstraint("book_id", "contract_id", "version", name="pk_carbon_contract_decision"),
        sa.UniqueConstraint("book_id", "contract_id", "version", "what", name="uq_carbon_contract_decision_what"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_contract_event() -> None:
    op.create_table(
        "carbon_contract_event",
        sa.Column("book_id", BigInt, nullable=False),
        sa.Column("contract_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("agreed", sa.Text(), nullable=False),
        sa.Column("happened_on", BusinessDate(), nullable=False),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.Column("doc_ref", sa.Text(), nullable=False),
        sa.Column("link", UuidKey(), nullable=True),
        sa.Column("figures", JsonText(), nullable=False),
        sa.Column("refs", JsonText(), nullable=False),
        sa.Column("entry_id", UuidKey(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("agreed = 'approved'", name="ck_carbon_contract_event_agreed"),
        sa.CheckConstraint(
            "what IN ('opened','accrued','margin_called','margin_moved','repaid','released','settled','closed_early',"
            "'defaulted','cancelled')",
            name="ck_carbon_contract_event_what",
        ),
        sa.CheckConstraint("number >= 1", name="ck_carbon_contract_event_number"),
        sa.CheckConstraint(
            "what IN ('opened','accrued','margin_called') OR actor_id <> maker_id",
            name="ck_carbon_contract_event_two_persons",
        ),
        sa.CheckConstraint(
            "(what = 'opened' AND event_key = 'opened')"
            " OR (what IN ('settled','closed_early','defaulted','cancelled') AND event_key = 'end')"
            " OR (what IN ('accrued','margin_called','margin_moved','repaid','released')"
            " AND event_key NOT IN ('opened','end'))",
            name="ck_carbon_contract_event_event_key",
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "contract_id", "version", "agreed"],
            [
                "carbon_contract_decision.book_id",
                "carbon_contract_decision.contract_id",
                "carbon_contract_decision.version",
                "carbon_contract_decision.what",
            ],
            name="fk_carbon_contract_event_decision",
        ),
        sa.ForeignKeyConstraint(
            ["entry_id", "book_id"], ["entry.entry_id", "entry.book_id"], name="fk_carbon_contract_event_entry"
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "contract_id", "version", "maker_id", "sha256"],
            [
                "carbon_contract_version.book_id",
                "carbon_contract_version.contract_id",
                "carbon_contract_version.version",
                "carbon_contract_version.maker_id",
                "carbon_contract_version.sha256",
            ],
            name="fk_carbon_contract_event_version",
        ),
        sa.PrimaryKeyConstraint("book_id", "contract_id", "number", name="pk_carbon_contract_event"),
        sa.UniqueConstraint("book_id", "contract_id", "event_key", name="uq_carbon_contract_event_key"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
