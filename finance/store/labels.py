"""Reads and writes what happens to a facility's label, and waived warnings. Takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.loans.checklist import Waiver
from finance.store.tables.labels import ChecklistWaiverRow, LabelEventRow
from finance.store.tables.loans import FacilityTermsRow, TermsAgreementRow
from ledger.core.errors import Conflict
from ledger.core.parties import Actor


class LabelFact(StrEnum):
    """What was recorded about a label; the first four move it."""

    ACTIVATED = "activated"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    DECLASSIFIED = "declassified"
    AMENDMENT_NOTIFIED = "amendment_notified"
    AMENDMENT_AGREED = "amendment_agreed"
    BREACH_NOTICED = "breach_noticed"
    BREACH_CURED = "breach_cured"
    DECLASSIFICATION_PROPOSED = "declassification_proposed"
    DECLASSIFICATION_APPROVED = "declassification_approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRecord:
    """One recorded fact: ``number`` is its place among the facility's, ``subject_id`` what it is about (its own id if nothing else)."""

    event_id: UUID
    facility_id: UUID
    number: int
    what: LabelFact
    subject_id: UUID
    terms_version: int
    effective_on: date
    detail: Mapping[str, Any]
    recorded_at: datetime
    actor: Actor


def next_number(session: Session, facility_id: UUID) -> int:
    """Return the number of the facility's next fact; the facility is locked by the caller."""
    wanted = select(func.max(LabelEventRow.number)).where(LabelEventRow.facility_id == facility_id)
    return (session.scalar(wanted) or 0) + 1


def save_record(session: Session, record: LabelRecord) -> None:
    """Record a fact."""
    session.execute(
        insert(LabelEventRow).values(
            event_id=record.event_id,
            facility_id=record.facility_id,
            number=record.number,
            what=record.what.value,
            subject_id=record.subject_id,
            terms_version=record.terms_version,
            effective_on=record.effective_on,
            detail=dict(record.detail),
            recorded_at=record.recorded_at,
            actor_id=record.actor.user_id,
            acting_for_id=record.actor.organisation_id,
        )
    )


def list_records(session: Session, facility_id: UUID, *, known_at: datetime | None = None) -> tuple[LabelRecord, ...]:
    """Return the facility's facts recorded by ``known_at`` (all when None), in the order in which they became known."""
    wanted = select(LabelEventRow).where(LabelEventRow.facility_id == facility_id)
    if known_at is not None:
        wanted = wanted.where(LabelEventRow.recorded_at <= known_at)
    return tuple(
        LabelRecord(
            event_id=row.event_id,
            facility_id=row.facility_id,
            number=row.number,
            what=LabelFact(row.what),
            subject_id=row.subject_id,
            terms_version=row.terms_version,
            effective_on=row.effective_on,
            detail=row.detail,
            recorded_at=row.recorded_at,
            actor=Actor(user_id=row.actor_id, organisation_id=row.acting_for_id),
        )
        for row in session.scalars(wanted.order_by(LabelEventRow.number))
    )


def save_waiver(session: Session, facility_id: UUID, waiver: Waiver, *, actor: Actor) -> None:
    """Record a waiver; a rule is waived once for a version of the terms (``waiver.exists``)."""
    if session.get(ChecklistWaiverRow, (facility_id, waiver.terms_version, waiver.rule_id)) is not None:
        raise Conflict("waiver.exists", f"{waiver.rule_id}: it is waived for these terms already", rule=waiver.rule_id)
    session.execute(
        insert(ChecklistWaiverRow).values(
            facility_id=facility_id,
            terms_version=waiver.terms_version,
            rule_id=waiver.rule_id,
            reason=waiver.reason,
            recorded_at=waiver.recorded_at,
            signatory_id=actor.user_id,
            organisation_id=actor.organisation_id,
        )
    )


def list_waivers(session: Session, facility_id: UUID) -> tuple[Waiver, ...]:
    """Return the facility's waivers by version of the terms and rule."""
    rows = session.scalars(
        select(ChecklistWaiverRow)
        .where(ChecklistWaiverRow.facility_id == facility_id)
        .order_by(ChecklistWaiverRow.terms_version, ChecklistWaiverRow.rule_id)
    )
    return tuple(
        Waiver(
            rule_id=row.rule_id,
            terms_version=row.terms_version,
            reason=row.reason,
            signatory_id=str(row.signatory_id),
            organisation_id=str(row.organisation_id),
            recorded_at=row.recorded_at,
        )
        for row in rows
    )


def agreeing_persons(session: Session, facility_id: UUID, version: int) -> tuple[UUID | None, Mapping[UUID, UUID]]:
    """Return who recorded a version of the terms, and by organisation who agreed to it."""
    row = session.get(FacilityTermsRow, (facility_id, version))
    agreements = session.scalars(
        select(TermsAgreementRow).where(
            TermsAgreementRow.facility_id == facility_id, TermsAgreementRow.version == version
        )
    )
    return (None if row is None else row.recorded_by), {each.organisation_id: each.agreed_by for each in agreements}
