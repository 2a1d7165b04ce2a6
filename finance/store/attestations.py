"""Reads and writes engagements and attestations. Takes a session first and never commits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.attestations.documents import statement_to_mapping
from finance.attestations.statements import AssuranceLevel, AssuranceStandard, AttestationStatement
from finance.attestations.states import AttestationState, AttestationStep, next_state
from finance.store.tables.attestations import (
    AttestationEventRow,
    AttestationRow,
    EngagementEndRow,
    EngagementRow,
    IndependenceRow,
    StatementIdRow,
)
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementRecord:
    """An assessor's mandate for one KPI period, and whether independence was declared.

    ``valid_to`` is the agreed end, or the earlier one that was recorded since. ``review`` is ``here`` when only a draft
    reviewed on this server may be lodged, else ``elsewhere``.
    """

    engagement_id: UUID
    kpi_period_id: UUID
    facility_id: UUID
    assessor_id: UUID
    assessor_legal_name: str
    responsible_party: str
    level: AssuranceLevel
    standard: AssuranceStandard
    valid_from: datetime
    valid_to: datetime | None
    is_independence_declared: bool
    review: str = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationRecord:
    """An attestation as received and how it stands now; a refused one keeps its code, reason and field."""

    attestation_id: UUID
    engagement_id: UUID
    kpi_period_id: UUID
    envelope: bytes
    envelope_sha256: str
    key_id: str | None
    state: AttestationState
    code: str | None
    reason: str | None
    field: str | None
    statement: Mapping[str, Any] | None
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationEvent:
    """One state that an attestation came to, why, when and through whom."""

    attestation_id: UUID
    number: int
    state: AttestationState
    reason: str
    recorded_at: datetime
    actor_id: UUID
    acting_for_id: UUID


def save_engagement(session: Session, engagement: EngagementRecord, *, now: datetime, recorded_by: UUID) -> None:
    """Record a mandate."""
    session.execute(
        insert(EngagementRow).values(
            engagement_id=engagement.engagement_id,
            kpi_period_id=engagement.kpi_period_id,
            facility_id=engagement.facility_id,
            assessor_id=engagement.assessor_id,
            assessor_legal_name=engagement.assessor_legal_name,
            responsible_party=engagement.responsible_party,
            level=engagement.level.value,
            standard=engagement.standard.value,
            valid_from=engagement.valid_from,
            valid_to=engagement.valid_to,
            recorded_at=now,
            recorded_by=recorded_by,
            review=engagement.review,
        )
    )


def declare_independence(session: Session, engagement_id: UUID, *, now: datetime, declared_by: UUID) -> bool:
    """Record the declaration and return True; a second one changes nothing and returns False."""
    if session.get(IndependenceRow, engagement_id) is not None:
        return False
    session.execute(
        insert(IndependenceRow).values(engagement_id=engagement_id, declared_at=now, declared_by=declared_by)
    )
    return True


def end_engagement(
    session: Session, engagement_id: UUID, *, ended_at: datetime, reason: str, now: datetime, recorded_by: UUID
) -> bool:
    """Record that the mandate ends before its time and return True; a second end changes nothing and returns False."""
    if session.get(EngagementEndRow, engagement_id) is not None:
        return False
    session.execute(
        insert(EngagementEndRow).values(
            engagement_id=engagement_id, ended_at=ended_at, reason=reason, recorded_at=now, recorded_by=recorded_by
        )
    )
    return True


def find_engagement(session: Session, engagement_id: UUID) -> EngagementRecord | None:
    """Return the mandate, or None."""
    row = session.get(EngagementRow, engagement_id)
    return None if row is None else _engagement(session, row)


def list_engagements(
    session: Session, *, assessor_id: UUID | None = None, facility_id: UUID | None = None
) -> tuple[EngagementRecord, ...]:
    """Return the mandates of an assessor, or of a facility, oldest first."""
    wanted = select(EngagementRow).order_by(EngagementRow.recorded_at, EngagementRow.engagement_id)
    if assessor_id is not None:
        wanted = wanted.where(EngagementRow.assessor_id == assessor_id)
    if facility_id is not None:
        wanted = wanted.where(EngagementRow.facility_id == facility_id)
    return tuple(_engagement(session, row) for row in session.scalars(wanted).all())


def used_statement_ids(session: Session, issuer_id: UUID) -> frozenset[str]:
    """Return the ids of the issuer's statements that were verified before."""
    return frozenset(session.scalars(select(StatementIdRow.jti).where(StatementIdRow.issuer_id == issuer_id)))


def find_by_envelope(session: Session, engagement_id: UUID, envelope: bytes) -> AttestationRecord | None:
    """Return what was recorded for exactly these bytes under the engagement, or None."""
    row = session.scalars(
        select(AttestationRow).where(
            AttestationRow.engagement_id == engagement_id,
            AttestationRow.envelope_sha256 == hashlib.sha256(envelope).hexdigest(),
        )
    ).one_or_none()
    return None if row is None else _attestation(session, row)


def save_attestation(
    session: Session,
    *,
    attestation_id: UUID,
    engagement: EngagementRecord,
    envelope: bytes,
    key_id: str | None,
    refusal: tuple[str, str, str] | None,
    statement: AttestationStatement | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Record an envelope as received with its verdict; ``refusal`` is (code, reason, field), None when accepted.

    ``statement`` is the verified one; its id is then used up for its issuer.
    """
    session.execute(
        insert(AttestationRow).values(
            attestation_id=attestation_id,
            engagement_id=engagement.engagement_id,
            kpi_period_id=engagement.kpi_period_id,
            envelope=envelope,
            envelope_sha256=hashlib.sha256(envelope).hexdigest(),
            key_id=key_id,
            verdict="accepted" if refusal is None else "rejected",
            code=refusal and refusal[0],
            reason=refusal and refusal[1],
            field=refusal and refusal[2],
            statement=statement and statement_to_mapping(statement),
            received_at=now,
            received_from=actor.user_id,
        )
    )
    state = AttestationState.ACCEPTED if refusal is None else AttestationState.REJECTED
    _add_event(session, attestation_id, 1, AttestationState.LODGED, "received", actor=actor, now=now)
    _add_event(session, attestation_id, 2, state, refusal[0] if refusal else "verified", actor=actor, now=now)
    if statement is not None and statement.jti not in used_statement_ids(session, engagement.assessor_id):
        session.execute(
            insert(StatementIdRow).values(
                issuer_id=engagement.assessor_id, jti=statement.jti, attestation_id=attestation_id
            )
        )


def find_attestation(session: Session, attestation_id: UUID) -> AttestationRecord | None:
    """Return the attestation as it stands, or None."""
    row = session.get(AttestationRow, attestation_id)
    return None if row is None else _attestation(session, row)


def list_attestations(
    session: Session, kpi_period_id: UUID, *, known_at: datetime | None = None
) -> tuple[AttestationRecord, ...]:
    """Return every attestation received for the period, refused ones included, in order of receipt.

    Each stands as it was known to at ``known_at``; None is now.
    """
    rows = session.scalars(
        select(AttestationRow)
        .where(AttestationRow.kpi_period_id == kpi_period_id)
        .order_by(AttestationRow.received_at, AttestationRow.attestation_id)
    ).all()
    known = (row for row in rows if known_at is None or row.received_at <= known_at)
    return tuple(_attestation(session, row, known_at) for row in known)


def find_by_statement_id(session: Session, issuer_id: UUID, jti: str) -> AttestationRecord | None:
    """Return the attestation whose verified statement has the issuer's id, or None."""
    row = session.get(StatementIdRow, (issuer_id, jti))
    return None if row is None else find_attestation(session, row.attestation_id)


def list_accepted_under(session: Session, key_id: str) -> tuple[AttestationRecord, ...]:
    """Return the attestations signed with the key that stand accepted now, by period and receipt."""
    rows = session.scalars(
        select(AttestationRow)
        .where(AttestationRow.key_id == key_id)
        .order_by(AttestationRow.kpi_period_id, AttestationRow.received_at, AttestationRow.attestation_id)
    ).all()
    return tuple(each for each in (_attestation(session, row) for row in rows) if each.state.carries_a_rate)


def list_of_engagement(session: Session, engagement_id: UUID) -> tuple[AttestationRecord, ...]:
    """Return every attestation received under the engagement, refused ones included, in order of receipt."""
    rows = session.scalars(
        select(AttestationRow)
        .where(AttestationRow.engagement_id == engagement_id)
        .order_by(AttestationRow.received_at, AttestationRow.attestation_id)
    ).all()
    return tuple(_attestation(session, row) for row in rows)


def take_step(
    session: Session, record: AttestationRecord, step: AttestationStep, reason: str, *, actor: Actor, now: datetime
) -> AttestationState:
    """Record what befell the attestation and return its state; a step its state forbids is refused (``attestation.step``)."""
    last = session.scalar(
        select(func.max(AttestationEventRow.number)).where(AttestationEventRow.attestation_id == record.attestation_id)
    )
    state = next_state(record.state, step)
    _add_event(session, record.attestation_id, (last or 0) + 1, state, reason, actor=actor, now=now)
    return state


def load_events(session: Session, attestation_id: UUID) -> tuple[AttestationEvent, ...]:
    """Return what befell the attestation, from its receipt on, in order."""
    rows = session.scalars(
        select(AttestationEventRow)
        .where(AttestationEventRow.attestation_id == attestation_id)
        .order_by(AttestationEventRow.number)
    )
    return tuple(_event(row) for row in rows)


def list_falls(session: Session, facility_id: UUID) -> tuple[AttestationEvent, ...]:
    """Return how accepted attestations of the facility fell (superseded, withdrawn, key revoked), in order of knowledge.

    Each obliges the parties to determine again whatever rests on it (reference, section 6.3, I20).
    """
    fallen = (AttestationState.SUPERSEDED, AttestationState.WITHDRAWN, AttestationState.KEY_REVOKED)
    rows = session.scalars(
        select(AttestationEventRow)
        .join(AttestationRow, AttestationRow.attestation_id == AttestationEventRow.attestation_id)
        .join(EngagementRow, EngagementRow.engagement_id == AttestationRow.engagement_id)
        .where(EngagementRow.facility_id == facility_id, AttestationRow.verdict == "accepted")
        .where(AttestationEventRow.state.in_([state.value for state in fallen]))
        .order_by(AttestationEventRow.recorded_at, AttestationEventRow.attestation_id, AttestationEventRow.number)
    )
    return tuple(_event(row) for row in rows)


def _event(row: AttestationEventRow) -> AttestationEvent:
    return AttestationEvent(
        attestation_id=row.attestation_id,
        number=row.number,
        state=AttestationState(row.state),
        reason=row.reason,
        recorded_at=row.recorded_at,
        actor_id=row.actor_id,
        acting_for_id=row.acting_for_id,
    )


def _add_event(
    session: Session,
    attestation_id: UUID,
    number: int,
    state: AttestationState,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    session.execute(
        insert(AttestationEventRow).values(
            attestation_id=attestation_id,
            number=number,
            state=state.value,
            reason=reason,
            recorded_at=now,
            actor_id=actor.user_id,
            acting_for_id=actor.organisation_id,
        )
    )


def _engagement(session: Session, row: EngagementRow) -> EngagementRecord:
    end = session.get(EngagementEndRow, row.engagement_id)
    ends = [instant for instant in (row.valid_to, None if end is None else end.ended_at) if instant is not None]
    return EngagementRecord(
        engagement_id=row.engagement_id,
        kpi_period_id=row.kpi_period_id,
        facility_id=row.facility_id,
        assessor_id=row.assessor_id,
        assessor_legal_name=row.assessor_legal_name,
        responsible_party=row.responsible_party,
        level=AssuranceLevel(row.level),
        standard=AssuranceStandard(row.standard),
        valid_from=row.valid_from,
        valid_to=min(ends, default=None),
        is_independence_declared=session.get(IndependenceRow, row.engagement_id) is not None,
        review=row.review,
    )


def _attestation(session: Session, row: AttestationRow, known_at: datetime | None = None) -> AttestationRecord:
    wanted = select(AttestationEventRow.state).where(AttestationEventRow.attestation_id == row.attestation_id)
    if known_at is not None:
        wanted = wanted.where(AttestationEventRow.recorded_at <= known_at)
    state = session.scalars(wanted.order_by(AttestationEventRow.number.desc()).limit(1)).one()
    return AttestationRecord(
        attestation_id=row.attestation_id,
        engagement_id=row.engagement_id,
        kpi_period_id=row.kpi_period_id,
        envelope=bytes(row.envelope),
        envelope_sha256=row.envelope_sha256,
        key_id=row.key_id,
        state=AttestationState(state),
        code=row.code,
        reason=row.reason,
        field=row.field,
        statement=row.statement,
        received_at=row.received_at,
    )
