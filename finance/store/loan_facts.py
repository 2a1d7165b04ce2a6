"""Reads and writes what happens to a loan beside its decisions. Takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.conventions.documents import from_document
from finance.loans.fixings import Fixings, FixingSeries
from finance.loans.prepayment import Prepayment
from finance.loans.price_timeline import GradeFrom
from finance.loans.tranche import Drawdown
from finance.loans.true_ups import TrueUp
from finance.store.tables.loan_facts import (
    AdjustmentApprovalRow,
    GradeNoticeRow,
    IndexFixingRow,
    InterestAdjustmentRow,
    InterestBookingRow,
    PrincipalEventRow,
)
from ledger.core.errors import Conflict
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestAdjustment:
    """A claw-back or refund with its digest, who agreed, by side, and its proposer."""

    adjustment_id: UUID
    facility_id: UUID
    true_up: TrueUp
    document: Mapping[str, Any]
    digest: str
    approvals: Mapping[str, Actor]
    proposed_at: datetime
    proposer: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestBooking:
    """Interest of one period booked: a payment, or with ``adjustment_id`` an adjustment of it; positive is paid by the borrower."""

    period_start: date
    amount_minor: int
    adjustment_id: UUID | None


def save_principal_event(
    session: Session,
    event_id: UUID,
    facility_id: UUID,
    tranche_id: str,
    event: Drawdown | Prepayment,
    *,
    now: datetime,
    recorded_by: UUID,
) -> None:
    """Record principal drawn or repaid early; one of each kind a tranche and day (``principal.exists``)."""
    what = "drawdown" if isinstance(event, Drawdown) else "prepayment"
    taken = session.scalar(
        select(PrincipalEventRow.event_id).where(
            PrincipalEventRow.facility_id == facility_id,
            PrincipalEventRow.tranche_id == tranche_id,
            PrincipalEventRow.what == what,
            PrincipalEventRow.happened_on == event.on,
        )
    )
    if taken is not None:
        raise Conflict("principal.exists", f"on: a {what} of that tranche and day is recorded already", field="on")
    session.execute(
        insert(PrincipalEventRow).values(
            event_id=event_id,
            facility_id=facility_id,
            tranche_id=tranche_id,
            what=what,
            happened_on=event.on,
            amount_minor=event.amount_minor,
            recorded_at=now,
            recorded_by=recorded_by,
        )
    )


def load_principal_events(
    session: Session, facility_id: UUID, *, known_at: datetime | None = None
) -> Mapping[str, tuple[tuple[Drawdown, ...], tuple[Prepayment, ...]]]:
    """Return drawdowns and early repayments by tranche, by day, as known at ``known_at`` (now when None)."""
    wanted = select(PrincipalEventRow).where(PrincipalEventRow.facility_id == facility_id)
    if known_at is not None:
        wanted = wanted.where(PrincipalEventRow.recorded_at <= known_at)
    drawn: dict[str, list[Drawdown]] = {}
    repaid: dict[str, list[Prepayment]] = {}
    for row in session.scalars(wanted.order_by(PrincipalEventRow.happened_on)):
        if row.what == "drawdown":
            drawn.setdefault(row.tranche_id, []).append(Drawdown(on=row.happened_on, amount_minor=row.amount_minor))
        else:
            repaid.setdefault(row.tranche_id, []).append(Prepayment(on=row.happened_on, amount_minor=row.amount_minor))
    return {
        tranche_id: (tuple(drawn.get(tranche_id, ())), tuple(repaid.get(tranche_id, ())))
        for tranche_id in {*drawn, *repaid}
    }


def save_grade(
    session: Session,
    notice_id: UUID,
    facility_id: UUID,
    grade: GradeFrom,
    *,
    source: str,
    now: datetime,
    recorded_by: UUID,
) -> None:
    """Record a rating as notified."""
    session.execute(
        insert(GradeNoticeRow).values(
            notice_id=notice_id,
            facility_id=facility_id,
            effective_on=grade.on,
            grade=grade.grade,
            source=source,
            recorded_at=now,
            recorded_by=recorded_by,
        )
    )


def load_grades(session: Session, facility_id: UUID, *, known_at: datetime | None = None) -> tuple[GradeFrom, ...]:
    """Return the ratings in force by day; of two notices for one day the later known one counts."""
    wanted = select(GradeNoticeRow).where(GradeNoticeRow.facility_id == facility_id)
    if known_at is not None:
        wanted = wanted.where(GradeNoticeRow.recorded_at <= known_at)
    by_day = {row.effective_on: row.grade for row in session.scalars(wanted.order_by(GradeNoticeRow.recorded_at))}
    return tuple(GradeFrom(on=day, grade=grade) for day, grade in sorted(by_day.items()))


def save_fixing(
    session: Session,
    organisation_id: UUID,
    index: str,
    fixed_on: date,
    rate: Fraction,
    *,
    source: str,
    now: datetime,
    recorded_by: UUID,
) -> int:
    """Record an index's value and return its revision; the same value again changes nothing and returns the revision it has."""
    key = (
        IndexFixingRow.organisation_id == organisation_id,
        IndexFixingRow.index_name == index,
        IndexFixingRow.fixed_on == fixed_on,
    )
    last = session.scalars(select(IndexFixingRow).where(*key).order_by(IndexFixingRow.revision.desc()).limit(1)).first()
    if last is not None and last.rate == rate:
        return last.revision
    revision = 1 if last is None else last.revision + 1
    session.execute(
        insert(IndexFixingRow).values(
            organisation_id=organisation_id,
            index_name=index,
            fixed_on=fixed_on,
            revision=revision,
            rate=rate,
            source=source,
            recorded_at=now,
            recorded_by=recorded_by,
        )
    )
    return revision


def load_fixings(session: Session, organisation_id: UUID, indices: Sequence[str], *, known_at: datetime) -> Fixings:
    """Return the indices' values as known at ``known_at``, each day's newest revision.

    Days after that instant take the last value as an assumption, marked as projected; an index nobody recorded is left out.
    """
    wanted = select(IndexFixingRow).where(
        IndexFixingRow.organisation_id == organisation_id, IndexFixingRow.index_name.in_(indices)
    )
    wanted = wanted.where(IndexFixingRow.recorded_at <= known_at)
    found: dict[str, dict[date, Fraction]] = {}
    for row in session.scalars(wanted.order_by(IndexFixingRow.fixed_on, IndexFixingRow.revision)):
        found.setdefault(row.index_name, {})[row.fixed_on] = row.rate
    return {
        index: FixingSeries(
            index=index,
            rates=tuple(sorted(rates.items())),
            known_through=max(known_at.date(), *rates),
            assumed=rates[max(rates)],
        )
        for index, rates in found.items()
    }


def save_adjustment(session: Session, adjustment: InterestAdjustment) -> None:
    """Record an adjustment put to both parties; one undecided on the tranche stands in the way (``adjustment.pending``)."""
    pending = [
        each
        for each in list_adjustments(session, adjustment.facility_id)
        if each.true_up.tranche_id == adjustment.true_up.tranche_id and not _is_booked(session, each.adjustment_id)
    ]
    if pending:
        raise Conflict(
            "adjustment.pending",
            "an adjustment of this tranche awaits the parties; agree to it first",
            adjustment_id=str(pending[0].adjustment_id),
        )
    session.execute(
        insert(InterestAdjustmentRow).values(
            adjustment_id=adjustment.adjustment_id,
            facility_id=adjustment.facility_id,
            tranche_id=adjustment.true_up.tranche_id,
            document=dict(adjustment.document),
            digest=adjustment.digest,
            proposed_at=adjustment.proposed_at,
            proposer_id=adjustment.proposer.user_id,
            proposer_organisation_id=adjustment.proposer.organisation_id,
        )
    )


def save_adjustment_approval(
    session: Session, adjustment_id: UUID, *, side: str, digest: str, actor: Actor, now: datetime
) -> None:
    """Record one side's agreement; a side agrees once (``adjustment.agreed_before``)."""
    if session.get(AdjustmentApprovalRow, (adjustment_id, side)) is not None:
        raise Conflict("adjustment.agreed_before", f"the {side} agreed to this adjustment already")
    session.execute(
        insert(AdjustmentApprovalRow).values(
            adjustment_id=adjustment_id,
            side=side,
            approver_id=actor.user_id,
            approver_organisation_id=actor.organisation_id,
            digest=digest,
            approved_at=now,
        )
    )


def find_adjustment(session: Session, adjustment_id: UUID) -> InterestAdjustment | None:
    """Return the adjustment, or None."""
    row = session.get(InterestAdjustmentRow, adjustment_id)
    return None if row is None else _adjustment(session, row)


def list_adjustments(session: Session, facility_id: UUID) -> tuple[InterestAdjustment, ...]:
    """Return the facility's adjustments in order of proposal."""
    rows = session.scalars(
        select(InterestAdjustmentRow)
        .where(InterestAdjustmentRow.facility_id == facility_id)
        .order_by(InterestAdjustmentRow.proposed_at, InterestAdjustmentRow.adjustment_id)
    ).all()
    return tuple(_adjustment(session, row) for row in rows)


def save_booking(
    session: Session,
    facility_id: UUID,
    tranche_id: str,
    booking: InterestBooking,
    *,
    entry: tuple[int, UUID],
    known_sha256: str,
    now: datetime,
) -> None:
    """Record what was booked for a period, its payment or an adjustment of it, with the entry (book, id) that keeps it."""
    last = session.scalar(
        select(func.max(InterestBookingRow.number)).where(
            InterestBookingRow.facility_id == facility_id,
            InterestBookingRow.tranche_id == tranche_id,
            InterestBookingRow.period_start == booking.period_start,
        )
    )
    book_id, entry_id = entry
    session.execute(
        insert(InterestBookingRow).values(
            facility_id=facility_id,
            tranche_id=tranche_id,
            period_start=booking.period_start,
            number=(last or 0) + 1,
            what="payment" if booking.adjustment_id is None else "adjustment",
            amount_minor=booking.amount_minor,
            adjustment_id=booking.adjustment_id,
            book_id=book_id,
            entry_id=entry_id,
            known_sha256=known_sha256,
            recorded_at=now,
        )
    )


def load_booked(session: Session, facility_id: UUID, tranche_id: str) -> Mapping[date, int]:
    """Return the interest booked for each period by its start, adjustments included, in minor units."""
    rows = session.execute(
        select(InterestBookingRow.period_start, InterestBookingRow.amount_minor).where(
            InterestBookingRow.facility_id == facility_id, InterestBookingRow.tranche_id == tranche_id
        )
    )
    booked: dict[date, int] = {}
    for period_start, amount_minor in rows:
        booked[period_start] = booked.get(period_start, 0) + amount_minor
    return booked


def last_known_sha256(session: Session, facility_id: UUID, tranche_id: str) -> str | None:
    """Return the hash of the known facts behind the newest booking of the tranche, or None."""
    return session.scalar(
        select(InterestBookingRow.known_sha256)
        .where(InterestBookingRow.facility_id == facility_id, InterestBookingRow.tranche_id == tranche_id)
        .order_by(InterestBookingRow.recorded_at.desc(), InterestBookingRow.period_start.desc())
        .limit(1)
    )


def _is_booked(session: Session, adjustment_id: UUID) -> bool:
    booked = select(InterestBookingRow.number).where(InterestBookingRow.adjustment_id == adjustment_id).limit(1)
    return session.scalar(booked) is not None


def _adjustment(session: Session, row: InterestAdjustmentRow) -> InterestAdjustment:
    approvals = session.scalars(
        select(AdjustmentApprovalRow).where(AdjustmentApprovalRow.adjustment_id == row.adjustment_id)
    )
    return InterestAdjustment(
        adjustment_id=row.adjustment_id,
        facility_id=row.facility_id,
        true_up=from_document(TrueUp, row.document, area="adjustment"),
        document=row.document,
        digest=row.digest,
        approvals={
            each.side: Actor(user_id=each.approver_id, organisation_id=each.approver_organisation_id)
            for each in approvals
        },
        proposed_at=row.proposed_at,
        proposer=Actor(user_id=row.proposer_id, organisation_id=row.proposer_organisation_id),
    )
