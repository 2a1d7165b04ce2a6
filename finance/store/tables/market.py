"""What was said about prices and what was decided about marks: facts, only ever added to.

A correction is a further revision, a withdrawal a row of its own. ``organisation_id`` leads every key: one tenant's
evidence is never another's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class RawFileRow(Base):
    """The very bytes that a source sent or a person uploaded, once by content."""

    __tablename__ = "raw_file"
    __table_args__ = (CheckConstraint("length(sha256) = 64", "sha256"), _STRICT)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    """64 hexadecimal digits over ``content``."""
    file_name: Mapped[str]
    """The name under which the bytes first came."""
    content: Mapped[bytes]
    received_at: Mapped[datetime]
    received_by: Mapped[UUID]


class ObservationRow(Base):
    """One price as one source gave it for one business day."""

    __tablename__ = "observation"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "raw_sha256"], ["raw_file.organisation_id", "raw_file.sha256"]),
        CheckConstraint("revision >= 1", "revision"),
        CheckConstraint("(value IS NULL) = (length(missing_reason) > 0)", "missing_reason"),
        CheckConstraint("last_trade_date IS NULL OR last_trade_date <= trade_date", "last_trade_date"),
        Index("ix_observation_day", "organisation_id", "instrument", "price_basis", "trade_date"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    instrument: Mapped[str] = mapped_column(primary_key=True)
    price_basis: Mapped[str] = mapped_column(primary_key=True)
    trade_date: Mapped[date] = mapped_column(primary_key=True)
    """Business day at the venue."""
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1; a source that changes its mind adds one."""
    last_trade_date: Mapped[date | None]
    """Day on which somebody last traded at that price; null is unknown."""
    value: Mapped[Decimal | None]
    """``currency`` per one ``unit``, above zero; null when there is no price."""
    missing_reason: Mapped[str]
    currency: Mapped[str]
    unit: Mapped[str]
    volume_t: Mapped[int | None]
    previous_value: Mapped[Decimal | None]
    """The previous close by the same source, in the same currency and unit."""
    known_at: Mapped[datetime]
    """When this database learned it."""
    raw_sha256: Mapped[str]
    warnings: Mapped[Mapping[str, Any]]
    """``sentences``: what a person should look at."""
    recorded_by: Mapped[UUID]


class HeldObservationRow(Base):
    """An observation that contradicts another source or breaches a hard bound: kept for review, marks nothing."""

    __tablename__ = "held_observation"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "raw_sha256"], ["raw_file.organisation_id", "raw_file.sha256"]),
        CheckConstraint("acceptance IN ('conflict','quarantined')", "acceptance"),
        Index("ix_held_observation_day", "organisation_id", "instrument", "trade_date"),
        Index("uq_held_observation_recorded_by", "organisation_id", "content_sha256", "recorded_by", unique=True),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    content_sha256: Mapped[str] = mapped_column(primary_key=True)
    """Over what was said and by whom, so that the same said again is held once."""
    source: Mapped[str]
    instrument: Mapped[str]
    price_basis: Mapped[str]
    trade_date: Mapped[date]
    last_trade_date: Mapped[date | None]
    value: Mapped[Decimal | None]
    """``currency`` per one ``unit``."""
    missing_reason: Mapped[str]
    currency: Mapped[str]
    unit: Mapped[str]
    volume_t: Mapped[int | None]
    previous_value: Mapped[Decimal | None]
    acceptance: Mapped[str]
    reasons: Mapped[Mapping[str, Any]]
    """``sentences``: why it is held."""
    known_at: Mapped[datetime]
    raw_sha256: Mapped[str]
    recorded_by: Mapped[UUID]


class ProposedMarkRow(Base):
    """A price that one person proposes for days on which nothing usable was observed."""

    __tablename__ = "proposed_mark"
    __table_args__ = (
        UniqueConstraint("organisation_id", "mark_id", "maker_id"),
        CheckConstraint("valid_from < valid_to", "validity"),
        CheckConstraint("length(evidence_sha256) = 64", "evidence_sha256"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    mark_id: Mapped[UUID] = mapped_column(primary_key=True)
    instrument: Mapped[str]
    value: Mapped[Decimal]
    """``currency`` per one ``unit``, above zero."""
    currency: Mapped[str]
    unit: Mapped[str]
    reason: Mapped[str]
    evidence_sha256: Mapped[str]
    """64 hexadecimal digits of the document it rests on."""
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    """Exclusive."""
    maker_id: Mapped[UUID]
    proposed_at: Mapped[datetime]
    is_override: Mapped[int] = mapped_column(server_default="0")
    """1 when it also replaces a usable price of the feed; 0 when it only fills a stale or missing one."""


class ApprovedMarkRow(Base):
    """The approval of a proposed mark by another person; from ``approved_at`` on it may value positions."""

    __tablename__ = "approved_mark"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "mark_id", "maker_id"],
            ["proposed_mark.organisation_id", "proposed_mark.mark_id", "proposed_mark.maker_id"],
        ),
        CheckConstraint("checker_id <> maker_id", "two_persons"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    mark_id: Mapped[UUID] = mapped_column(primary_key=True)
    maker_id: Mapped[UUID]
    """The proposal's maker, again, so that the database itself refuses one person acting for two."""
    checker_id: Mapped[UUID]
    approved_at: Mapped[datetime]


class WithdrawnMarkRow(Base):
    """The end of an approved mark before its time; snapshots frozen before it stay as they are."""

    __tablename__ = "withdrawn_mark"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "mark_id"], ["approved_mark.organisation_id", "approved_mark.mark_id"]
        ),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    mark_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str]
    withdrawn_by: Mapped[UUID]
    withdrawn_at: Mapped[datetime]


class MarketSnapshotRow(Base):
    """The marks of one day by what was known at one instant, frozen as their canonical bytes."""

    __tablename__ = "market_snapshot"
    __table_args__ = (CheckConstraint("length(sha256) = 64", "sha256"), _STRICT)

    snapshot_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    as_of: Mapped[date]
    known_at: Mapped[datetime]
    sha256: Mapped[str]
    """64 hexadecimal digits over the UTF-8 bytes of ``content``."""
    content: Mapped[str]
    """RFC 8785 JSON of as_of, known_at and the marks."""
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
