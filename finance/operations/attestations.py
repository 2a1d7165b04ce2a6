"""Judging what an assessor signed, and what became of it.

The server never signs for an assessor and never holds its key. Every envelope received is recorded with its verdict, and every
step is a leaf of the borrower's evidence book.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.attestations.acceptance import Accepted, Remark, Verdict, assess
from finance.attestations.engagements import Expectation
from finance.attestations.envelopes import open_lodgement
from finance.attestations.keys import RegisteredKey
from finance.attestations.sm2 import Sm2Verifier
from finance.attestations.statements import AssuranceLevel, AttestationStatement
from finance.attestations.states import AttestationState, AttestationStep
from finance.kpi.definitions import KpiDefinition
from finance.kpi.periods import KpiPeriodState
from finance.operations.activity import factor_set
from finance.operations.engagements import mandate_of
from finance.operations.evidence import EvidenceEvent, log_events
from finance.operations.signing_keys import relocked
from finance.store import (
    attestation_remarks,
    attestations,
    facilities,
    kpi_periods,
    loan_connections,
    reference,
    signing_keys,
)
from finance.store.attestations import AttestationRecord, EngagementRecord
from finance.store.kpi_periods import DataSnapshot, KpiPeriod
from ledger.core.errors import Conflict, Invalid
from ledger.core.parties import Actor
from ledger.operations import RandomBytes

REVIEW_HERE = "here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """What the edge brings to every envelope: for whom statements are, what it knows of people, randomness, and SM2 if installed.

    ``sharing_a_person`` are the organisations of which a member of the assessor is a member too.
    """

    audience: str
    sharing_a_person: AbstractSet[UUID]
    random_bytes: RandomBytes
    sm2: Sm2Verifier | None = None


def submit_attestation(
    session: Session,
    engagement: EngagementRecord,
    envelope: bytes,
    *,
    attestation_id: UUID,
    reception: Reception,
    actor: Actor,
    now: datetime,
    is_reviewed_here: bool = False,
) -> AttestationRecord:
    """Judge a signed envelope, record it with its verdict and return the record; the same bytes again return the same record.

    Hostile bytes never raise: they are recorded as refused, with the code of the first check they fail. The first accepted
    statement moves its KPI period to ATTESTED; a later one, after a withdrawal or superseding another, leaves the state. An
    engagement whose review is held here takes reviewed drafts only (``attestation.not_reviewed``).
    """
    if engagement.review == REVIEW_HERE and not is_reviewed_here:
        raise Conflict(
            "attestation.not_reviewed",
            "this engagement's statements are reviewed here: prepare a draft, have it reviewed, sign and lodge that one",
        )
    seen = attestations.find_by_envelope(session, engagement.engagement_id, envelope)
    if seen is not None:
        return seen
    period = kpi_periods.find_period(session, engagement.kpi_period_id, lock=True)
    assert period is not None, "an engagement names a period"
    keys = _keys_of(session, envelope)
    verdict = assess(
        envelope,
        keys=keys,
        engagement=mandate_of(engagement, period),
        expectation=expectation_of(
            session,
            period,
            engagement.level,
            audience=reception.audience,
            sharing_a_person=reception.sharing_a_person,
        ),
        received_at=now,
        seen_jtis=attestations.used_statement_ids(session, engagement.assessor_id),
        standards=reference.shipped_assurance_standards(),
        sm2=reception.sm2,
    )
    refusal = None if isinstance(verdict, Accepted) else (verdict.code, verdict.reason, verdict.field)
    is_verified = isinstance(verdict, Accepted) or verdict.is_signature_verified
    attestations.save_attestation(
        session,
        attestation_id=attestation_id,
        engagement=engagement,
        envelope=envelope,
        key_id=next(iter(keys), None),
        refusal=refusal,
        statement=verdict.statement if is_verified else None,
        actor=actor,
        now=now,
    )
    events = _consequences(session, engagement, period, attestation_id, verdict, actor=actor, now=now)
    record = attestations.find_attestation(session, attestation_id)
    assert record is not None, "the attestation was just recorded"
    events = (*_received(session, engagement, record), *events)
    log_events(session, events, actor=actor, now=now, random_bytes=reception.random_bytes)
    return record


def withdraw_attestation(
    session: Session,
    record: AttestationRecord,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> None:
    """Record that the assessor withdrew its statement; no later step may rest on it.

    The facility is locked, so that no decision rests on the statement while it falls. What rested on it is to be determined
    again: ``store.attestations.list_falls`` tells the parties.
    """
    standing, facility = relocked(session, record)
    state = attestations.take_step(session, standing, AttestationStep.WITHDRAW, reason, actor=actor, now=now)
    event = _fallen(facility.borrower_id, standing, state, reason)
    log_events(session, (event,), actor=actor, now=now, random_bytes=random_bytes)


def expectation_of(
    session: Session,
    period: KpiPeriod,
    level: AssuranceLevel,
    *,
    audience: str,
    sharing_a_person: AbstractSet[UUID] = frozenset(),
) -> Expectation:
    """Return what a statement for the period must say, byte for byte; the period must have been reported."""
    snapshot = kpi_periods.load_snapshot(session, period.kpi_period_id)
    if snapshot is None or period.state in {KpiPeriodState.OPEN, KpiPeriodState.LOCKED}:
        raise Conflict("kpi_period.not_reported", "report the period's value before it is attested")
    kpi = facilities.load_kpi(session, period.facility_id, period.kpi_id)
    facility = facilities.find_facility(session, period.facility_id)
    assert facility is not None, "a period belongs to a facility"
    _, terms_sha256 = facilities.load_terms(session, period.facility_id)
    baseline = baseline_of(session, period)
    return Expectation(
        audience=audience,
        facility_id=str(period.facility_id),
        terms_sha256=terms_sha256,
        kpi_id=kpi.definition.kpi_id,
        kpi_definition_sha256=kpi.sha256,
        measure=kpi.definition.measure.value,
        methodology_id=kpi.definition.methodology_id,
        methodology_version=kpi.definition.methodology_version,
        factor_set_version=kpi.definition.factor_set_version,
        factor_set_sha256=_factors_sha256(session, kpi.definition, snapshot),
        boundary=kpi.definition.boundary,
        sites=kpi.sites,
        period_start=period.period_start,
        period_end=period.period_end,
        value=snapshot.value,
        unit=kpi.definition.unit,
        baseline_value=None if baseline is None else baseline[1],
        snapshot_sha256=snapshot.sha256,
        required_level=level,
        loan_parties=loan_connections.loan_parties(session, facility),
        sharing_a_person=frozenset(map(str, sharing_a_person)),
        required_evidence=frozenset({snapshot.sha256}),
    )


def _factors_sha256(session: Session, definition: KpiDefinition, snapshot: DataSnapshot) -> str:
    """Return the hash of the factors that a computed value was made with; a stated value has none, its data stand in their place."""
    if not definition.is_computed:
        return snapshot.sha256
    return factor_set(session, definition.factor_set_version).content_hash()


def baseline_of(
    session: Session, period: KpiPeriod, *, known_at: datetime | None = None
) -> tuple[AttestationRecord, str] | None:
    """Return the accepted attestation of the KPI's baseline period with its value; None for the baseline itself or without one.

    As known at ``known_at``; None is now.
    """
    if period.purpose == "baseline":
        return None
    for other in kpi_periods.list_periods(session, period.facility_id, known_at=known_at):
        if other.kpi_id == period.kpi_id and other.purpose == "baseline":
            for record in attestations.list_attestations(session, other.kpi_period_id, known_at=known_at):
                if record.state.carries_a_rate and record.statement is not None:
                    return record, str(record.statement["value"])
    return None


def _consequences(
    session: Session,
    engagement: EngagementRecord,
    period: KpiPeriod,
    attestation_id: UUID,
    verdict: Verdict,
    *,
    actor: Actor,
    now: datetime,
) -> tuple[EvidenceEvent, ...]:
    """Record what a verified statement brings about, and return what is to be logged of it."""
    contradicted = _contradicted(session, engagement, verdict)
    if not isinstance(verdict, Accepted):
        for other in contradicted:
            attestation_remarks.save_remarks(session, other.attestation_id, (_CONTESTED,))
        facility = facilities.find_facility(session, engagement.facility_id)
        assert facility is not None, "an engagement belongs to a facility"
        return tuple(_contested(facility.borrower_id, other) for other in contradicted)
    statement = verdict.statement
    digests = {item.sha256 for item in statement.evidence}
    repeated = attestation_remarks.evidence_elsewhere(session, engagement.facility_id, digests)
    remarks = (*verdict.remarks, *map(_repeated, sorted(repeated)), *((_CONTESTED,) if contradicted else ()))
    attestation_remarks.save_remarks(session, attestation_id, remarks)
    attestation_remarks.save_evidence(session, attestation_id, engagement.facility_id, digests)
    if period.state is KpiPeriodState.REPORTED:
        detail = {"attestation_id": str(attestation_id)}
        kpi_periods.advance_period(session, period, KpiPeriodState.ATTESTED, detail, actor=actor, now=now)
    return _supersede(session, engagement, statement, actor=actor, now=now)


_CONTESTED = Remark(
    code="attestation.contested",
    reason="outcome: another assessor's verified statement of this period says otherwise; hear both before deciding",
    field="outcome",
)
_CONTRADICTING = "attestation.outcome_"
"""Codes of verified statements that were refused for what they conclude."""


def _contradicted(session: Session, engagement: EngagementRecord, verdict: Verdict) -> tuple[AttestationRecord, ...]:
    """Return the other assessors' statements of the period that conclude the opposite of this one."""
    is_accepted = isinstance(verdict, Accepted)
    if not isinstance(verdict, Accepted) and not verdict.code.startswith(_CONTRADICTING):
        return ()
    found = []
    for record in attestations.list_attestations(session, engagement.kpi_period_id):
        other = attestations.find_engagement(session, record.engagement_id)
        assert other is not None, "an attestation names an engagement"
        is_opposite = (record.code or "").startswith(_CONTRADICTING) if is_accepted else record.state.carries_a_rate
        if other.assessor_id != engagement.assessor_id and is_opposite:
            found.append(record)
    return tuple(found)


def _contested(borrower_id: UUID, record: AttestationRecord) -> EvidenceEvent:
    return EvidenceEvent(
        organisation_id=borrower_id,
        subject="attestation",
        subject_id=str(record.attestation_id),
        event="contested",
        facts={"envelope_sha256": record.envelope_sha256},
    )


def _repeated(digest: str) -> Remark:
    return Remark(
        code="attestation.evidence_elsewhere",
        reason=f"evidence: the file {digest} supports an accepted statement of another facility too; see that no tonne counts twice",
        field="evidence",
    )


def _supersede(
    session: Session, engagement: EngagementRecord, statement: AttestationStatement, *, actor: Actor, now: datetime
) -> tuple[EvidenceEvent, ...]:
    """Let the earlier statement of the same period fall, so that withdrawing the later one never revives it."""
    if statement.supersedes is None:
        return ()
    earlier = attestations.find_by_statement_id(session, engagement.assessor_id, statement.supersedes)
    if earlier is None or earlier.kpi_period_id != engagement.kpi_period_id or not earlier.state.carries_a_rate:
        return ()
    reason = statement.supersede_reason or ""
    state = attestations.take_step(session, earlier, AttestationStep.SUPERSEDE, reason, actor=actor, now=now)
    facility = facilities.find_facility(session, engagement.facility_id)
    assert facility is not None, "an engagement belongs to a facility"
    return (_fallen(facility.borrower_id, earlier, state, reason),)


def _received(
    session: Session, engagement: EngagementRecord, record: AttestationRecord
) -> tuple[EvidenceEvent, EvidenceEvent]:
    """Return that the envelope was lodged and what was found: two leaves, as two states."""
    facility = facilities.find_facility(session, engagement.facility_id)
    assert facility is not None, "an engagement belongs to a facility"
    facts = {"engagement_id": str(engagement.engagement_id), "envelope_sha256": record.envelope_sha256}
    found = {**facts, **({} if record.code is None else {"code": record.code})}
    words = (AttestationState.LODGED, facts), (record.state, found)
    lodged, judged = (
        EvidenceEvent(
            organisation_id=facility.borrower_id,
            subject="attestation",
            subject_id=str(record.attestation_id),
            event=state.value,
            facts=said,
        )
        for state, said in words
    )
    return lodged, judged


def _fallen(borrower_id: UUID, record: AttestationRecord, state: AttestationState, reason: str) -> EvidenceEvent:
    return EvidenceEvent(
        organisation_id=borrower_id,
        subject="attestation",
        subject_id=str(record.attestation_id),
        event=state.value,
        facts={
            "envelope_sha256": record.envelope_sha256,
            "reason_sha256": hashlib.sha256(reason.encode()).hexdigest(),
        },
    )


def _keys_of(session: Session, envelope: bytes) -> Mapping[str, RegisteredKey]:
    try:
        kids = open_lodgement(envelope).kids
    except Invalid:
        return {}  # the verdict names what is wrong with the envelope
    found = ((kid, signing_keys.find_key(session, kid)) for kid in kids)
    return {kid: key for kid, key in found if key is not None}
