"""What two persons decide about prices and calendars, what the feeds' jobs did, closings, and how marks were checked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.database import BigInt, BusinessDate, ExactRational, JsonText, UtcDateTime, UuidKey
from migrations.runner import statements

revision = "0013_feeds"
down_revision = "0012_reviews"
branch_labels = None
depends_on = None

_TABLES = (
    "market_proposal",
    "market_decision",
    "calendar_year",
    "held_review",
    "feed_switch",
    "feed_run",
    "job_effect",
    "feed_alert",
    "closing_snapshot",
    "mark_check",
    "second_mark_check",
)


def upgrade() -> None:
    """Create the tables, then their guards."""
    op.add_column("proposed_mark", sa.Column("is_override", BigInt, nullable=False, server_default="0"))
    op.create_index(
        "uq_held_observation_recorded_by",
        "held_observation",
        ["organisation_id", "content_sha256", "recorded_by"],
        unique=True,
    )
    for create in (
        _market_proposal,
        _market_decision,
        _calendar_year,
        _held_review,
        _feed_switch,
        _feed_run,
        _job_effect,
        _feed_alert,
        _closing_snapshot,
        _mark_check,
        _second_mark_check,
    ):
        create()
    for statement in statements("feed_guards", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards, then the tables."""
    for statement in statements("feed_guards_drop", op.get_bind().dialect.name):
        op.execute(statement)
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_index("uq_held_observation_recorded_by", "held_observation")
    op.drop_column("proposed_mark", "is_override")


def _market_proposal() -> None:
    op.create_table(
        "market_proposal",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("proposal_id", UuidKey(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("raw_sha256", sa.Text(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('calendar_year','price_upload')", name="ck_market_proposal_kind"),
        sa.CheckConstraint("length(sha256) = 64", name="ck_market_proposal_sha256"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "raw_sha256"],
            ["raw_file.organisation_id", "raw_file.sha256"],
            name="fk_market_proposal_raw_file",
        ),
        sa.UniqueConstraint("organisation_id", "proposal_id", "maker_id", "sha256", name="uq_market_proposal_maker"),
        sa.PrimaryKeyConstraint("organisation_id", "proposal_id", name="pk_market_proposal"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_market_proposal_kind", "market_proposal", ["organisation_id", "kind", "proposed_at"])


def _market_decision() -> None:
    op.create_table(
        "market_decision",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("proposal_id", UuidKey(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("checker_id", UuidKey(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("checker_id <> maker_id", name="ck_market_decision_two_persons"),
        sa.CheckConstraint("verdict IN ('approved','rejected')", name="ck_market_decision_verdict"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "proposal_id", "maker_id", "sha256"],
            [
                "market_proposal.organisation_id",
                "market_proposal.proposal_id",
                "market_proposal.maker_id",
                "market_proposal.sha256",
            ],
            name="fk_market_decision_market_proposal",
        ),
        sa.UniqueConstraint("organisation_id", "proposal_id", "verdict", name="uq_market_decision_verdict"),
        sa.PrimaryKeyConstraint("organisation_id", "proposal_id", name="pk_market_decision"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _calendar_year() -> None:
    op.create_table(
        "calendar_year",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("market", sa.Text(), nullable=False),
        sa.Column("year", BigInt, nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("proposal_id", UuidKey(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("known_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("verdict = 'approved'", name="ck_calendar_year_verdict"),
        sa.CheckConstraint("version >= 1", name="ck_calendar_year_version"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "proposal_id", "verdict"],
            ["market_decision.organisation_id", "market_decision.proposal_id", "market_decision.verdict"],
            name="fk_calendar_year_market_decision",
        ),
        sa.UniqueConstraint("organisation_id", "proposal_id", name="uq_calendar_year_proposal"),
        sa.PrimaryKeyConstraint("organisation_id", "market", "year", "version", name="pk_calendar_year"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _held_review() -> None:
    op.create_table(
        "held_review",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("recorded_by", UuidKey(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reviewer_id", UuidKey(), nullable=False),
        sa.Column("reviewed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(reason) > 0", name="ck_held_review_reason"),
        sa.CheckConstraint("reviewer_id <> recorded_by", name="ck_held_review_two_persons"),
        sa.CheckConstraint("verdict IN ('accepted','rejected')", name="ck_held_review_verdict"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "content_sha256", "recorded_by"],
            ["held_observation.organisation_id", "held_observation.content_sha256", "held_observation.recorded_by"],
            name="fk_held_review_held_observation",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "content_sha256", name="pk_held_review"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _feed_switch() -> None:
    op.create_table(
        "feed_switch",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("is_on", BigInt, nullable=False),
        sa.Column("evidence_sha256", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("switched_by", UuidKey(), nullable=False),
        sa.Column("switched_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "evidence_sha256 = '' OR length(evidence_sha256) = 64", name="ck_feed_switch_evidence_sha256"
        ),
        sa.CheckConstraint("is_on IN (0, 1)", name="ck_feed_switch_is_on"),
        sa.CheckConstraint("number >= 1", name="ck_feed_switch_number"),
        sa.PrimaryKeyConstraint("organisation_id", "feed", "number", name="pk_feed_switch"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _feed_run() -> None:
    op.create_table(
        "feed_run",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("business_day", BusinessDate(), nullable=False),
        sa.Column("attempt", BigInt, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("circuit_day", BusinessDate(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("http_status", BigInt, nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("parser_version", sa.Text(), nullable=False),
        sa.Column("raw", JsonText(), nullable=False),
        sa.Column("counts", JsonText(), nullable=False),
        sa.Column("newest_day", BusinessDate(), nullable=True),
        sa.CheckConstraint("attempt >= 1", name="ck_feed_run_attempt"),
        sa.CheckConstraint("finished_at >= started_at", name="ck_feed_run_finished_at"),
        sa.CheckConstraint(
            "outcome IN ('done','no_value','not_published','failed','blocked')", name="ck_feed_run_outcome"
        ),
        sa.PrimaryKeyConstraint("organisation_id", "feed", "business_day", "attempt", name="pk_feed_run"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feed_run_host", "feed_run", ["organisation_id", "host", "circuit_day", "outcome"])


def _job_effect() -> None:
    op.create_table(
        "job_effect",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("business_day", BusinessDate(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=False),
        sa.Column("effect", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "job", "business_day", name="pk_job_effect"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _feed_alert() -> None:
    op.create_table(
        "feed_alert",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("business_day", BusinessDate(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "job", "cause", "business_day", name="pk_feed_alert"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _closing_snapshot() -> None:
    op.create_table(
        "closing_snapshot",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("close", sa.Text(), nullable=False),
        sa.Column("business_day", BusinessDate(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("snapshot_id", UuidKey(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("frozen_by", UuidKey(), nullable=False),
        sa.Column("frozen_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("version >= 1", name="ck_closing_snapshot_version"),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["market_snapshot.snapshot_id"], name="fk_closing_snapshot_market_snapshot"
        ),
        sa.UniqueConstraint("snapshot_id", name="uq_closing_snapshot_snapshot_id"),
        sa.PrimaryKeyConstraint("organisation_id", "close", "business_day", "version", name="pk_closing_snapshot"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _mark_check() -> None:
    op.create_table(
        "mark_check",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("mark_id", UuidKey(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("checker_id", UuidKey(), nullable=False),
        sa.Column("proposal_sha256", sa.Text(), nullable=False),
        sa.Column("feed", JsonText(), nullable=False),
        sa.Column("deviation", ExactRational(), nullable=True),
        sa.Column("bound", ExactRational(), nullable=False),
        sa.Column("needs_second", BigInt, nullable=False),
        sa.CheckConstraint("needs_second IN (0, 1)", name="ck_mark_check_needs_second"),
        sa.CheckConstraint("length(proposal_sha256) = 64", name="ck_mark_check_proposal_sha256"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "mark_id"],
            ["approved_mark.organisation_id", "approved_mark.mark_id"],
            name="fk_mark_check_approved_mark",
        ),
        sa.UniqueConstraint("organisation_id", "mark_id", "maker_id", "checker_id", name="uq_mark_check_persons"),
        sa.PrimaryKeyConstraint("organisation_id", "mark_id", name="pk_mark_check"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _second_mark_check() -> None:
    op.create_table(
        "second_mark_check",
        sa.Column("organisation_id", UuidKey(), nullable=False),
        sa.Column("mark_id", UuidKey(), nullable=False),
        sa.Column("maker_id", UuidKey(), nullable=False),
        sa.Column("checker_id", UuidKey(), nullable=False),
        sa.Column("second_checker_id", UuidKey(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "second_checker_id <> maker_id AND second_checker_id <> checker_id",
            name="ck_second_mark_check_three_persons",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "mark_id", "maker_id", "checker_id"],
            ["mark_check.organisation_id", "mark_check.mark_id", "mark_check.maker_id", "mark_check.checker_id"],
            name="fk_second_mark_check_mark_check",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "mark_id", name="pk_second_mark_check"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
