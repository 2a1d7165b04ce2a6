"""What happens to a loan beside its decisions: principal moved, index fixings, ratings, interest booked, adjustments.

Facts with two times, only ever added to: the day they count from and the instant they became known. A correction is a later row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class PrincipalEventRow(Base):
    """Principal drawn or repaid early on one day, in minor units of the tranche's currency."""

    __tablename__ = "principal_event"
    __table_args__ = (
        CheckConstraint("what IN ('drawdown','prepayment')", "what"),
        CheckConstraint("amount_minor > 0", "amount"),
        _STRICT,
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"))
    tranche_id: Mapped[str]
    what: Mapped[str]
    happened_on: Mapped[date]
    amount_minor: Mapped[int]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]


class GradeNoticeRow(Base):
    """A credit rating notified for a facility, in force from a day on."""

    __tablename__ = "grade_notice"
    __table_args__ = (_STRICT,)

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"))
    effective_on: Mapped[date]
    grade: Mapped[str]
    source: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]


class IndexFixingRow(Base):
    """One value of an index as an organisation was told it; a corrected value is the next revision."""

    __tablename__ = "index_fixing"
    __table_args__ = (CheckConstraint("revision >= 1", "revision"), _STRICT)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    index_name: Mapped[str] = mapped_column(primary_key=True)
    fixed_on: Mapped[date] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rate: Mapped[Fraction]
    """A fraction of one, a year."""
    source: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]


class InterestAdjustmentRow(Base):
    """A claw-back or refund put to both parties: what a late fact changes in interest already booked."""

    __tablename__ = "interest_adjustment"
    __table_args__ = (_STRICT,)

    adjustment_id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"))
    tranche_id: Mapped[str]
    document: Mapped[Mapping[str, Any]]
    """Rows by period with booked and due, the hashes of what was known then and now."""
    digest: Mapped[str]
    proposed_at: Mapped[datetime]
    proposer_id: Mapped[UUID]
    proposer_organisation_id: Mapped[UUID]


class AdjustmentApprovalRow(Base):
    """A party's agreement to exactly one adjustment; it is booked once borrower and a lender have agreed."""

    __tablename__ = "adjustment_approval"
    __table_args__ = (CheckConstraint("side IN ('borrower','lender')", "side"), _STRICT)

    adjustment_id: Mapped[UUID] = mapped_column(ForeignKey("interest_adjustment.adjustment_id"), primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    approver_id: Mapped[UUID]
    approver_organisation_id: Mapped[UUID]
    digest: Mapped[str]
    approved_at: Mapped[datetime]


class InterestBookingRow(Base):
    """Interest of one period that was booked: its payment, or an adjustment of it; the entry in the borrower's book."""

    __tablename__ = "interest_booking"
    __table_args__ = (
        CheckConstraint("what IN ('payment','adjustment')", "what"),
        CheckConstraint("(what = 'adjustment') = (adjustment_id IS NOT NULL)", "adjustment"),
        UniqueConstraint("book_id", "entry_id", "period_start"),
        _STRICT,
    )

    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"), primary_key=True)
    tranche_id: Mapped[str] = mapped_column(primary_key=True)
    period_start: Mapped[date] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    what: Mapped[str]
    amount_minor: Mapped[int]
    """Signed: what the borrower pays is positive."""
    adjustment_id: Mapped[UUID | None] = mapped_column(ForeignKey("interest_adjustment.adjustment_id"))
    book_id: Mapped[int]
    entry_id: Mapped[UUID]
    known_sha256: Mapped[str]
    """Hash of the known facts that the amount was computed from."""
    recorded_at: Mapped[datetime]
