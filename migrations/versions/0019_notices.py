"""Alerts with who concerns them, who saw them and who wants them how; the outbox of deliveries; webhook endpoints of two persons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, ExactDecimal, JsonText, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0019_notices"
down_revision = "0018_published_rates"
branch_labels = None
depends_on = None

_TABLES = (
    "notice_counter",
    "notice",
    "notice_audience",
    "notice_end",
    "notice_mark",
    "notice_setting",
    "notice_threshold",
    "notice_expansion",
    "notice_delivery",
    "delivery_event",
    "webhook_endpoint",
    "webhook_step",
)


def upgrade() -> None:
    """Create the tables, then their guards."""
    _create_notice_counter()
    _create_notice()
    _create_notice_audience()
    _create_notice_end()
    _create_notice_mark()
    _create_notice_setting()
    _create_notice_threshold()
    _create_notice_expansion()
    _create_notice_delivery()
    _create_delivery_event()
    _create_webhook_endpoint()
    _create_webhook_step()
    for statement in statements("notice_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards and the tables."""
    for statement in statements("notice_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    for table in reversed(_TABLES):
        op.drop_table(table)


def _create_notice_counter() -> None:
    op.create_table(
        "notice_counter",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("last_number", BigInt, nullable=False),
        sa.CheckConstraint("last_number >= 0", name="ck_notice_counter_last_number"),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_notice_counter"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_notice() -> None:
    op.create_table(
        "notice",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("notice_id", UuidKey(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("episode", BigInt, nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("figures", JsonText(), nullable=False),
        sa.Column("only_user_id", UuidKey(), nullable=True),
        sa.Column("except_user_id", UuidKey(), nullable=True),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("episode >= 1", name="ck_notice_episode"),
        sa.CheckConstraint("number >= 1", name="ck_notice_number"),
        sa.CheckConstraint("severity IN ('info','warning','urgent')", name="ck_notice_severity"),
        sa.PrimaryKeyConstraint("organisation_id", "number", name="pk_notice"),
        sa.UniqueConstraint("notice_id", name="uq_notice_notice_id"),
        sa.UniqueConstraint(
            "organisation_id", "kind", "condition", "episode", name="uq_notice_organisation_id_kind_condition_episode"
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_notice_audience() -> None:
    op.create_table(
        "notice_audience",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "number"], ["notice.organisation_id", "notice.number"], name="fk_notice_audience_notice"
        ),
        sa.PrimaryKeyConstraint("organisation_id", "number", "scope", name="pk_notice_audience"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_notice_end() -> None:
    op.create_table(
        "notice_end",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("why IN ('resolved','superseded')", name="ck_notice_end_why"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "number"], ["notice.organisation_id", "notice.number"], name="fk_notice_end_notice"
        ),
        sa.PrimaryKeyConstraint("organisation_id", "number", name="pk_notice_end"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_notice_mark() -> None:
    op.create_table(
        "notice_mark",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("user_id", UuidKey(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("marked_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("what IN ('read','acknowledged')", name="ck_notice_mark_what"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "number"], ["notice.organisation_id", "notice.number"], name="fk_notice_mark_notice"
        ),
        sa.PrimaryKeyConstraint("organisation_id", "number", "user_id", "what", name="pk_notice_mark"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_notice_setting() -> None:
    op.create_table(
        "notice_setting",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("user_id", UuidKey(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("quiet_until", UtcDateTime(), nullable=True),
        sa.Column("channels", JsonText(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("language IN ('en','zh')", name="ck_notice_setting_language"),
        sa.CheckConstraint("version >= 1", name="ck_notice_setting_version"),
        sa.PrimaryKeyConstraint("organisation_id", "user_id", "version", name="pk_notice_setting"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_notice_threshold() -> None:
    op.create_table(
        "notice_threshold",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("value", ExactDecimal(), nullable=True),
        sa.Column("set_by", UuidKey(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("version >= 1", name="ck_notice_threshold_version"),
        sa.PrimaryKeyConstraint("organisation_id", "row_id", "version", name="pk_notice_threshold"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_notice_expansion() -> None:
    op.create_table(
        "notice_expansion",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("expanded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "number"],
            ["notice.organisation_id", "notice.number"],
            name="fk_notice_expansion_notice",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "number", name="pk_notice_expansion"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_notice_delivery() -> None:
    op.create_table(
        "notice_delivery",
        sa.Column("delivery_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("target_id", UuidKey(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", BigInt, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("claim_id", UuidKey(), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("channel IN ('email','webhook')", name="ck_notice_delivery_channel"),
        sa.CheckConstraint("(state = 'claimed') = (claim_id IS NOT NULL)", name="ck_notice_delivery_claim"),
        sa.CheckConstraint("(claim_id IS NULL) = (claimed_until IS NULL)", name="ck_notice_delivery_lease"),
        sa.CheckConstraint("state IN ('pending','claimed','sent','dead')", name="ck_notice_delivery_state"),
        sa.CheckConstraint("tries >= 0", name="ck_notice_delivery_tries"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "number"], ["notice.organisation_id", "notice.number"], name="fk_notice_delivery_notice"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_notice_delivery"),
        sa.UniqueConstraint(
            "organisation_id",
            "number",
            "channel",
            "target_id",
            name="uq_notice_delivery_organisation_id_number_channel_target_id",
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_notice_delivery_order", "notice_delivery", ["target_id", "subject", "organisation_id", "number"]
    )
    op.create_index("ix_notice_delivery_waiting", "notice_delivery", ["state", "due_at"])


def _create_delivery_event() -> None:
    op.create_table(
        "delivery_event",
        sa.Column("delivery_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("status", BigInt, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("actor_id", UuidKey(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(what = 'retried') = (actor_id IS NOT NULL)", name="ck_delivery_event_actor"),
        sa.CheckConstraint("number >= 1", name="ck_delivery_event_number"),
        sa.CheckConstraint("what IN ('sent','failed','dead','retried')", name="ck_delivery_event_what"),
        sa.ForeignKeyConstraint(["delivery_id"], ["notice_delivery.delivery_id"], name="fk_delivery_event_delivery"),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="pk_delivery_event"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_webhook_endpoint() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("endpoint_id", UuidKey(), nullable=False),
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("kinds", JsonText(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name="ck_webhook_endpoint_sha256"),
        sa.PrimaryKeyConstraint("endpoint_id", name="pk_webhook_endpoint"),
        sa.UniqueConstraint(
            "endpoint_id", "maker_id", "sha256", name="uq_webhook_endpoint_endpoint_id_maker_id_sha256"
        ),
        sa.UniqueConstraint("organisation_id", "endpoint_id", name="uq_webhook_endpoint_organisation_id_endpoint_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _create_webhook_step() -> None:
    op.create_table(
        "webhook_step",
        sa.Column("endpoint_id", UuidKey(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("actor_id", UuidKey(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("number >= 1", name="ck_webhook_step_number"),
        sa.CheckConstraint(
            "what NOT IN ('approved','rejected') OR actor_id <> maker_id", name="ck_webhook_step_two_persons"
        ),
        sa.CheckConstraint("what IN ('approved','rejected','rotated','ended')", name="ck_webhook_step_what"),
        sa.ForeignKeyConstraint(
            ["endpoint_id", "maker_id", "sha256"],
            ["webhook_endpoint.endpoint_id", "webhook_endpoint.maker_id", "webhook_endpoint.sha256"],
            name="fk_webhook_step_endpoint_and_maker",
        ),
        sa.PrimaryKeyConstraint("endpoint_id", "number", name="pk_webhook_step"),
        sa.UniqueConstraint("endpoint_id", "step_key", name="uq_webhook_step_endpoint_id_step_key"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
