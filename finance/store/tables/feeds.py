"""What two persons decided about prices and calendars, and what the jobs did: facts, only ever added to.

``organisation_id`` leads every key. A proposal names its digest, and the decision repeats maker and digest, so that the database
itself refuses one person acting for two and an approval of something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class MarketProposalRow(Base):
    """A calendar's year or a file of prices that one person proposes; it changes nothing until another approves it."""

    __tablename__ = "market_proposal"
    __table_args__ = (
        UniqueConstraint("organisation_id", "proposal_id", "maker_id", "sha256", name="uq_market_proposal_maker"),
        ForeignKeyConstraint(
            ["organisation_id", "raw_sha256"],
            ["raw_file.organisation_id", "raw_file.sha256"],
            name="fk_market_proposal_raw_file",
        ),
        CheckConstraint("kind IN ('calendar_year','price_upload')", "kind"),
        CheckConstraint("length(sha256) = 64", "sha256"),
        Index("ix_market_proposal_kind", "organisation_id", "kind", "proposed_at"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    content: Mapped[str]
    """RFC 8785 JSON of what is proposed."""
    sha256: Mapped[str]
    """64 hexadecimal digits over the UTF-8 bytes of ``content``: what the approval names."""
    raw_sha256: Mapped[str]
    """The uploaded file."""
    maker_id: Mapped[UUID]
    proposed_at: Mapped[datetime]


class MarketDecisionRow(Base):
    """What another person decided about a proposal, once."""

    __tablename__ = "market_decision"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "proposal_id", "maker_id", "sha256"],
            [
                "market_proposal.organisation_id",
                "market_proposal.proposal_id",
                "market_proposal.maker_id",
                "market_proposal.sha256",
            ],
            name="fk_market_decision_market_proposal",
        ),
        UniqueConstraint("organisation_id", "proposal_id", "verdict", name="uq_market_decision_verdict"),
        CheckConstraint("checker_id <> maker_id", "two_persons"),
        CheckConstraint("verdict IN ('approved','rejected')", "verdict"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    maker_id: Mapped[UUID]
    sha256: Mapped[str]
    verdict: Mapped[str]
    reason: Mapped[str]
    """Empty for an approval."""
    checker_id: Mapped[UUID]
    decided_at: Mapped[datetime]


class CalendarYearRow(Base):
    """A version of one market's year: version 0 is what ships, each approved proposal is the next."""

    __tablename__ = "calendar_year"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "proposal_id", "verdict"],
            ["market_decision.organisation_id", "market_decision.proposal_id", "market_decision.verdict"],
            name="fk_calendar_year_market_decision",
        ),
        UniqueConstraint("organisation_id", "proposal_id", name="uq_calendar_year_proposal"),
        CheckConstraint("version >= 1", "version"),
        CheckConstraint("verdict = 'approved'", "verdict"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    market: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    proposal_id: Mapped[UUID]
    """Whose content says the exceptional days, their source and how far it may be trusted."""
    verdict: Mapped[str]
    known_at: Mapped[datetime]
    """When it was approved: what is marked by earlier knowledge does not see it."""


class HeldReviewRow(Base):
    """What a person other than the uploader decided about an observation that was held."""

    __tablename__ = "held_review"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "content_sha256", "recorded_by"],
            ["held_observation.organisation_id", "held_observation.content_sha256", "held_observation.recorded_by"],
            name="fk_held_review_held_observation",
        ),
        CheckConstraint("reviewer_id <> recorded_by", "two_persons"),
        CheckConstraint("verdict IN ('accepted','rejected')", "verdict"),
        CheckConstraint("length(reason) > 0", "reason"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    content_sha256: Mapped[str] = mapped_column(primary_key=True)
    recorded_by: Mapped[UUID]
    """Who uploaded it, again; the nil id when a job fetched it."""
    verdict: Mapped[str]
    reason: Mapped[str]
    reviewer_id: Mapped[UUID]
    reviewed_at: Mapped[datetime]


class FeedSwitchRow(Base):
    """A feed switched on or off by a person; the latest counts."""

    __tablename__ = "feed_switch"
    __table_args__ = (
        CheckConstraint("is_on IN (0, 1)", "is_on"),
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("evidence_sha256 = '' OR length(evidence_sha256) = 64", "evidence_sha256"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    feed: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_on: Mapped[int]
    evidence_sha256: Mapped[str]
    """Of the source's permission; empty where none is needed."""
    reason: Mapped[str]
    switched_by: Mapped[UUID]
    switched_at: Mapped[datetime]


class FeedRunRow(Base):
    """One try of one feed for one business day, and what it brought."""

    __tablename__ = "feed_run"
    __table_args__ = (
        CheckConstraint("attempt >= 1", "attempt"),
        CheckConstraint("outcome IN ('done','no_value','not_published','failed','blocked')", "outcome"),
        CheckConstraint("finished_at >= started_at", "finished_at"),
        Index("ix_feed_run_host", "organisation_id", "host", "circuit_day", "outcome"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    feed: Mapped[str] = mapped_column(primary_key=True)
    business_day: Mapped[date] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    host: Mapped[str]
    """Whose circuit it is: several feeds may ask one host."""
    circuit_day: Mapped[date]
    """The day at the source on which it ran; a block holds until that day is over."""
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    outcome: Mapped[str]
    failure: Mapped[str]
    """The code of what went wrong, empty when nothing did."""
    http_status: Mapped[int | None]
    url: Mapped[str]
    """Without secrets; empty when nothing was asked."""
    parser_version: Mapped[str]
    raw: Mapped[Mapping[str, Any]]
    """``sha256``: the hash of each answer's bytes, in order."""
    counts: Mapped[Mapping[str, Any]]
    """``new``, ``duplicate``, ``revised``, ``corroborated``, ``held``."""
    newest_day: Mapped[date | None]


class JobEffectRow(Base):
    """That a job has done its work for a business day, written with that work: nobody does it twice."""

    __tablename__ = "job_effect"
    __table_args__ = (_STRICT,)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(primary_key=True)
    business_day: Mapped[date] = mapped_column(primary_key=True)
    done_at: Mapped[datetime]
    effect: Mapped[Mapping[str, Any]]
    """What was done, by id: the loser of a race reads it here."""


class FeedAlertRow(Base):
    """Something a person should look at, once per cause and day."""

    __tablename__ = "feed_alert"
    __table_args__ = (_STRICT,)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(primary_key=True)
    cause: Mapped[str] = mapped_column(primary_key=True)
    business_day: Mapped[date] = mapped_column(primary_key=True)
    message: Mapped[str]
    raised_at: Mapped[datetime]


class ClosingSnapshotRow(Base):
    """The frozen set of a close: version 1 by the job, each later version by a person with a reason."""

    __tablename__ = "closing_snapshot"
    __table_args__ = (
        ForeignKeyConstraint(
            ["snapshot_id"], ["market_snapshot.snapshot_id"], name="fk_closing_snapshot_market_snapshot"
        ),
        UniqueConstraint("snapshot_id", name="uq_closing_snapshot_snapshot_id"),
        CheckConstraint("version >= 1", "version"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    close: Mapped[str] = mapped_column(primary_key=True)
    business_day: Mapped[date] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    snapshot_id: Mapped[UUID]
    reason: Mapped[str]
    frozen_by: Mapped[UUID]
    """The nil id when the job froze it."""
    frozen_at: Mapped[datetime]


class MarkCheckRow(Base):
    """How far an approved mark stands from the feed as its checker saw it, and whether a second checker must agree."""

    __tablename__ = "mark_check"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "mark_id"],
            ["approved_mark.organisation_id", "approved_mark.mark_id"],
            name="fk_mark_check_approved_mark",
        ),
        UniqueConstraint("organisation_id", "mark_id", "maker_id", "checker_id", name="uq_mark_check_persons"),
        CheckConstraint("needs_second IN (0, 1)", "needs_second"),
        CheckConstraint("length(proposal_sha256) = 64", "proposal_sha256"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    mark_id: Mapped[UUID] = mapped_column(primary_key=True)
    maker_id: Mapped[UUID]
    checker_id: Mapped[UUID]
    proposal_sha256: Mapped[str]
    """The digest of the proposal that was approved."""
    feed: Mapped[Mapping[str, Any]]
    """``value``, ``source``, ``trade_date``, ``state`` of the observed mark; empty when nothing was observed."""
    deviation: Mapped[Fraction | None]
    """Share of the feed's value by which the mark differs, zero or more; null when nothing was observed."""
    bound: Mapped[Fraction]
    needs_second: Mapped[int]


class SecondMarkCheckRow(Base):
    """The agreement of a third person to a mark far from the feed; the mark counts from here on."""

    __tablename__ = "second_mark_check"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "mark_id", "maker_id", "checker_id"],
            ["mark_check.organisation_id", "mark_check.mark_id", "mark_check.maker_id", "mark_check.checker_id"],
            name="fk_second_mark_check_mark_check",
        ),
        CheckConstraint("second_checker_id <> maker_id AND second_checker_id <> checker_id", "three_persons"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    mark_id: Mapped[UUID] = mapped_column(primary_key=True)
    maker_id: Mapped[UUID]
    checker_id: Mapped[UUID]
    second_checker_id: Mapped[UUID]
    checked_at: Mapped[datetime]
