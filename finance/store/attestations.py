"""Reads and writes engagements, signing keys and attestations. Takes a session first and never commits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from finance.attestations.documents import statement_to_mapping
from finance.attestations.keys import RegisteredKey
from finance.attestations.statements import AssuranceLevel, AssuranceStandard, AttestationStatement
from finance.attestations.states import AttestationState, AttestationStep, next_state
from finance.store.tables.loans import (
    AttestationEventRow,
    AttestationRow,
    EngagementRow,
    IndependenceRow,
    KeyChallengeRow,
    SigningKeyRow,
    StatementIdRow,
)
from ledger.core.errors import Conflict
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementRecord:
    """An assessor's mandate for one KPI period, and whether independence was declared."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChallenge:
    """What the holder of a key is asked to sign before the key is registered."""

    challenge_id: UUID
    organisation_id: UUID
    key_id: str
    public_key: bytes
    nonce: bytes
    issued_at: datetime


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
        )
    )


def declare_independence(session: Session, engagement_id: UUID, *, now: datetime, declared_by: UUID) -> None:
    """Record the declaration; a second one changes nothing."""
    if session.get(IndependenceRow, engagement_id) is None:
        session.execute(
            insert(IndependenceRow).values(engagement_id=engagement_id, declared_at=now, declared_by=declared_by)
        )


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


def save_challenge(session: Session, challenge: KeyChallenge) -> None:
    """Record a challenge until it is answered."""
    session.execute(
        insert(KeyChallengeRow).values(
            challenge_id=challenge.challenge_id,
            organisation_id=challenge.organisation_id,
            key_id=challenge.key_id,
            public_key=challenge.public_key,
            nonce=challenge.nonce,
            issued_at=challenge.issued_at,
        )
    )


def spend_challenge(session: Session, challenge_id: UUID) -> KeyChallenge | None:
    """Return the challenge and remove it, so that one answer counts once; None when there is none."""
    row = session.get(KeyChallengeRow, challenge_id)
    if row is None:
        return None
    challenge = KeyChallenge(
        challenge_id=row.challenge_id,
        organisation_id=row.organisation_id,
        key_id=row.key_id,
        public_key=bytes(row.public_key),
        nonce=bytes(row.nonce),
        issued_at=row.issued_at,
    )
    session.execute(delete(KeyChallengeRow).where(KeyChallengeRow.challenge_id == challenge_id))
    return challenge


def save_key(session: Session, key: RegisteredKey, *, registered_by: UUID) -> None:
    """Register a public key; an id or a key that stands already is refused (``key.exists``), revoked ones included."""
    taken = session.scalar(
        select(SigningKeyRow.key_id).where(
            (SigningKeyRow.key_id == key.key_id) | (SigningKeyRow.public_key == key.public_key)
        )
    )
    if taken is not None:
        raise Conflict("key.exists", "that key id or public key was registered before; make a new key pair")
    session.execute(
        insert(SigningKeyRow).values(
            key_id=key.key_id,
            organisation_id=UUID(key.organisation_id),
            public_key=key.public_key,
            registered_at=key.registered_at,
            registered_by=registered_by,
            not_after=key.not_after,
            revoked_at=key.revoked_at,
            compromised_since=key.compromised_since,
        )
    )


def find_key(session: Session, key_id: str) -> RegisteredKey | None:
    """Return the registered key, or None."""
    row = session.get(SigningKeyRow, key_id)
    if row is None:
        return None
    return RegisteredKey(
        key_id=row.key_id,
        organisation_id=str(row.organisation_id),
        public_key=bytes(row.public_key),
        registered_at=row.registered_at,
        not_after=row.not_after,
        revoked_at=row.revoked_at,
        compromised_since=row.compromised_since,
    )


def list_keys(session: Session, organisation_id: UUID) -> tuple[RegisteredKey, ...]:
    """Return the organisation's keys by registration, revoked ones included."""
    ids = session.scalars(
        select(SigningKeyRow.key_id)
        .where(SigningKeyRow.organisation_id == organisation_id)
        .order_by(SigningKeyRow.registered_at, SigningKeyRow.key_id)
    ).all()
    return tuple(key for key_id in ids for key in (find_key(session, key_id),) if key is not None)


def revoke_key(session: Session, key_id: str, *, now: datetime, compromised_since: datetime | None) -> None:
    """Revoke a key from now on; with ``compromised_since`` what was received after that instant falls too."""
    row = session.get_one(SigningKeyRow, key_id)
    if row.revoked_at is None:
        row.revoked_at = now
    if compromised_since is not None and (row.compromised_since is None or compromised_since < row.compromised_since):
        row.compromised_since = compromised_since  # only ever earlier: what fell once is not trusted again
    session.flush()  # later reads of this transaction judge signatures by this row


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


def list_attestations(session: Session, kpi_period_id: UUID) -> tuple[AttestationRecord, ...]:
    """Return every attestation received for the period, refused ones included, in order of receipt."""
    rows = session.scalars(
        select(AttestationRow)
        .where(AttestationRow.kpi_period_id == kpi_period_id)
        .order_by(AttestationRow.received_at, AttestationRow.attestation_id)
    ).all()
    return tuple(_attestation(session, row) for row in rows)


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
) -> None:
    """Record what befell the attestation; a step its state does not allow is refused (``attestation.step``)."""
    last = session.scalar(
        select(func.max(AttestationEventRow.number)).where(AttestationEventRow.attestation_id == record.attestation_id)
    )
    state = next_state(record.state, step)
    _add_event(session, record.attestation_id, (last or 0) + 1, state, reason, actor=actor, now=now)


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
        valid_to=row.valid_to,
        is_independence_declared=session.get(IndependenceRow, row.engagement_id) is not None,
    )


def _attestation(session: Session, row: AttestationRow) -> AttestationRecord:
    state = session.scalars(
        select(AttestationEventRow.state)
        .where(AttestationEventRow.attestation_id == row.attestation_id)
        .order_by(AttestationEventRow.number.desc())
        .limit(1)
    ).one()
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
