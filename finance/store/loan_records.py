"""Reads what was recorded about a loan as it was recorded: each fact with its source and the instant it became known.

Beside ``loan_facts``, which binds the same facts together for prices. Takes a session first, reads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.store.tables.loan_facts import GradeNoticeRow, IndexFixingRow, InterestBookingRow, PrincipalEventRow
from ledger.store.acting import as_installation


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPrincipal:
    """Principal ``drawdown`` or ``prepayment`` of a tranche, above zero, in minor units of its currency."""

    tranche_id: str
    what: str
    on: date
    amount_minor: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedGrade:
    """A rating as notified, in force from ``on``."""

    on: date
    grade: str
    source: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFixing:
    """A value of an index, a fraction of one a year; a corrected one is a further revision."""

    index: str
    on: date
    rate: Fraction
    revision: int
    source: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedBooking:
    """Interest of a period booked into the borrower's ledger, signed; ``adjustment_id`` where it is an adjustment."""

    tranche_id: str
    period_start: date
    amount_minor: int
    adjustment_id: UUID | None
    entry_id: UUID
    recorded_at: datetime


def list_principal(session: Session, facility_id: UUID) -> tuple[RecordedPrincipal, ...]:
    """Return what was recorded of principal beside the drawdowns of the terms, the newest day first."""
    rows = session.scalars(
        select(PrincipalEventRow)
        .where(PrincipalEventRow.facility_id == facility_id)
        .order_by(PrincipalEventRow.happened_on.desc(), PrincipalEventRow.tranche_id, PrincipalEventRow.what)
    )
    return tuple(
        RecordedPrincipal(
            tranche_id=row.tranche_id,
            what=row.what,
            on=row.happened_on,
            amount_minor=row.amount_minor,
            recorded_at=row.recorded_at,
        )
        for row in rows
    )


def list_grades(session: Session, facility_id: UUID) -> tuple[RecordedGrade, ...]:
    """Return every rating that was notified, the newest first; of two for one day the later known one counts."""
    rows = session.scalars(
        select(GradeNoticeRow)
        .where(GradeNoticeRow.facility_id == facility_id)
        .order_by(GradeNoticeRow.effective_on.desc(), GradeNoticeRow.recorded_at.desc())
    )
    return tuple(
        RecordedGrade(on=row.effective_on, grade=row.grade, source=row.source, recorded_at=row.recorded_at)
        for row in rows
    )


def list_fixings(
    session: Session, organisation_id: UUID, indices: Sequence[str], *, most: int
) -> tuple[RecordedFixing, ...]:
    """Return the ``most`` newest values of these indices with their revisions, the newest day and revision first."""
    newest = (
        select(IndexFixingRow)
        .where(IndexFixingRow.organisation_id == organisation_id, IndexFixingRow.index_name.in_(indices))
        .order_by(IndexFixingRow.fixed_on.desc(), IndexFixingRow.index_name, IndexFixingRow.revision.desc())
        .limit(most)
    )
    with as_installation(session):  # whoever sees the loan reads the fixings of its borrower
        rows = session.scalars(newest).all()
    return tuple(
        RecordedFixing(
            index=row.index_name,
            on=row.fixed_on,
            rate=row.rate,
            revision=row.revision,
            source=row.source,
            recorded_at=row.recorded_at,
        )
        for row in rows
    )


def list_bookings(session: Session, facility_id: UUID) -> tuple[RecordedBooking, ...]:
    """Return what interest was booked, payments and adjustments of them, in order of period."""
    rows = session.scalars(
        select(InterestBookingRow)
        .where(InterestBookingRow.facility_id == facility_id)
        .order_by(InterestBookingRow.tranche_id, InterestBookingRow.period_start, InterestBookingRow.number)
    )
    return tuple(
        RecordedBooking(
            tranche_id=row.tranche_id,
            period_start=row.period_start,
            amount_minor=row.amount_minor,
            adjustment_id=row.adjustment_id,
            entry_id=row.entry_id,
            recorded_at=row.recorded_at,
        )
        for row in rows
    )
