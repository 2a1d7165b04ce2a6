"""Engaging an assessor, registering its keys, and judging what it signs.

The server never signs for an assessor and never holds its key. Every envelope received is recorded with its verdict.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.attestations.acceptance import Accepted, assess
from finance.attestations.engagements import Engagement, Expectation
from finance.attestations.keys import RegisteredKey, check_public_key, possession_challenge, verify_possession
from finance.attestations.signatures import open_envelope
from finance.attestations.statements import AssuranceLevel, AssuranceStandard, AttestationStatement
from finance.attestations.states import AttestationStep
from finance.kpi.periods import KpiPeriodState
from finance.operations.activity import factor_set
from finance.store import attestations, facilities, kpi_periods, reference
from finance.store.attestations import AttestationRecord, EngagementRecord, KeyChallenge
from finance.store.facilities import Facility
from finance.store.kpi_periods import KpiPeriod
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.parties import Actor

NONCE_BYTES = 32


def engage_assessor(
    session: Session, facility: Facility, engagement: EngagementRecord, *, actor: Actor, now: datetime
) -> None:
    """Record an assessor's mandate for one KPI period; a party to the loan cannot be its assessor (``engagement.party``)."""
    if facility.has_party(engagement.assessor_id, "borrower", "lender"):
        raise Conflict("engagement.party", "an assessor is no party to the loan; name an independent organisation")
    period = kpi_periods.find_period(session, engagement.kpi_period_id)
    assert period is not None, "an engagement names a period"
    _mandate(engagement, period)  # refuses a mandate that ends before it begins
    attestations.save_engagement(session, engagement, now=now, recorded_by=actor.user_id)
    facilities.add_party(session, facility.facility_id, engagement.assessor_id, "assessor", now=now)


def challenge_key(
    session: Session,
    *,
    challenge_id: UUID,
    key_id: str,
    public_key: bytes,
    nonce: bytes,
    actor: Actor,
    now: datetime,
) -> bytes:
    """Return the bytes that the key's holder must sign; a weak or malformed public key is refused here."""
    check_public_key(public_key)
    message = possession_challenge(
        organisation_id=str(actor.organisation_id), key_id=key_id, public_key=public_key, nonce=nonce
    )
    attestations.save_challenge(
        session,
        KeyChallenge(
            challenge_id=challenge_id,
            organisation_id=actor.organisation_id,
            key_id=key_id,
            public_key=public_key,
            nonce=nonce,
            issued_at=now,
        ),
    )
    return message


def register_key(
    session: Session, challenge_id: UUID, signature: bytes, *, actor: Actor, now: datetime
) -> RegisteredKey:
    """Register the key of a challenge that its holder signed; the challenge is spent either way it succeeds."""
    challenge = attestations.spend_challenge(session, challenge_id)
    if challenge is None or challenge.organisation_id != actor.organisation_id:
        raise NotFound("key_challenge.not_found", "no such challenge, or not for you; ask for a new one")
    message = possession_challenge(
        organisation_id=str(actor.organisation_id),
        key_id=challenge.key_id,
        public_key=challenge.public_key,
        nonce=challenge.nonce,
    )
    verify_possession(public_key=challenge.public_key, challenge=message, signature=signature)
    key = RegisteredKey(
        key_id=challenge.key_id,
        organisation_id=str(actor.organisation_id),
        public_key=challenge.public_key,
        registered_at=now,
        not_after=None,
        revoked_at=None,
        compromised_since=None,
    )
    attestations.save_key(session, key, registered_by=actor.user_id)
    return key


def submit_attestation(
    session: Session,
    engagement: EngagementRecord,
    envelope: bytes,
    *,
    attestation_id: UUID,
    audience: str,
    actor: Actor,
    now: datetime,
) -> AttestationRecord:
    """Judge a signed envelope, record it with its verdict and return the record; the same bytes again return the same record.

    Hostile bytes never raise: they are recorded as refused, with the code of the first check they fail. The first accepted
    statement moves its KPI period to ATTESTED; a later one, after a withdrawal or superseding another, leaves the state.
    """
    seen = attestations.find_by_envelope(session, engagement.engagement_id, envelope)
    if seen is not None:
        return seen
    period = kpi_periods.find_period(session, engagement.kpi_period_id, lock=True)
    assert period is not None, "an engagement names a period"
    key = _key_of(session, envelope)
    verdict = assess(
        envelope,
        key=key,
        engagement=_mandate(engagement, period),
        expectation=expectation_of(session, period, engagement.level, audience=audience),
        received_at=now,
        seen_jtis=attestations.used_statement_ids(session, engagement.assessor_id),
        standards=reference.shipped_assurance_standards(),
    )
    refusal = None if isinstance(verdict, Accepted) else (verdict.code, verdict.reason, verdict.field)
    is_verified = isinstance(verdict, Accepted) or verdict.is_signature_verified
    attestations.save_attestation(
        session,
        attestation_id=attestation_id,
        engagement=engagement,
        envelope=envelope,
        key_id=None if key is None else key.key_id,
        refusal=refusal,
        statement=verdict.statement if is_verified else None,
        actor=actor,
        now=now,
    )
    if isinstance(verdict, Accepted) and verdict.statement.supersedes is not None:
        _supersede(session, engagement, verdict.statement, actor=actor, now=now)
    if refusal is None and period.state is KpiPeriodState.REPORTED:
        kpi_periods.advance_period(
            session,
            period,
            KpiPeriodState.ATTESTED,
            {"attestation_id": str(attestation_id)},
            actor=actor,
            now=now,
        )
    record = attestations.find_attestation(session, attestation_id)
    assert record is not None, "the attestation was just recorded"
    return record


def withdraw_attestation(
    session: Session, record: AttestationRecord, reason: str, *, actor: Actor, now: datetime
) -> None:
    """Record that the assessor withdrew its statement; no later step may rest on it.

    The facility is locked, so that no decision rests on the statement while it falls.
    """
    standing = _relocked(session, record)
    attestations.take_step(session, standing, AttestationStep.WITHDRAW, reason, actor=actor, now=now)


def revoke_signing_key(
    session: Session, key: RegisteredKey, *, compromised_since: datetime | None, actor: Actor, now: datetime
) -> RegisteredKey:
    """Revoke the key from ``now`` on and return it; what it signed and was received before stands.

    With ``compromised_since`` every accepted attestation received at or after that instant falls (``key_revoked``): no later
    step may rest on it. A rate that was decided stays until the parties decide again.
    """
    attestations.revoke_key(session, key.key_id, now=now, compromised_since=compromised_since)
    revoked = attestations.find_key(session, key.key_id)
    assert revoked is not None, "the key was just revoked"
    since = revoked.compromised_since
    for record in attestations.list_accepted_under(session, key.key_id):
        if since is not None and record.received_at >= since:
            standing = _relocked(session, record)
            attestations.take_step(session, standing, AttestationStep.REVOKE_KEY, "compromised", actor=actor, now=now)
    return revoked


def expectation_of(session: Session, period: KpiPeriod, level: AssuranceLevel, *, audience: str) -> Expectation:
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
        factor_set_sha256=factor_set(session, kpi.definition.factor_set_version).content_hash(),
        boundary=kpi.definition.boundary,
        sites=kpi.sites,
        period_start=period.period_start,
        period_end=period.period_end,
        value=snapshot.value,
        unit=kpi.definition.unit,
        baseline_value=None if baseline is None else baseline[1],
        snapshot_sha256=snapshot.sha256,
        required_level=level,
        loan_party_ids=frozenset(
            str(organisation) for organisation, role in facility.parties if role in {"borrower", "lender"}
        ),
        required_evidence=frozenset({snapshot.sha256}),
    )


def baseline_of(session: Session, period: KpiPeriod) -> tuple[AttestationRecord, str] | None:
    """Return the accepted attestation of the KPI's baseline period with its value; None for the baseline itself or without one."""
    if period.purpose == "baseline":
        return None
    for other in kpi_periods.list_periods(session, period.facility_id):
        if other.kpi_id == period.kpi_id and other.purpose == "baseline":
            for record in attestations.list_attestations(session, other.kpi_period_id):
                if record.state.carries_a_rate and record.statement is not None:
                    return record, str(record.statement["value"])
    return None


def _supersede(
    session: Session, engagement: EngagementRecord, statement: AttestationStatement, *, actor: Actor, now: datetime
) -> None:
    """Let the earlier statement of the same period fall, so that withdrawing the later one never revives it."""
    assert statement.supersedes is not None, "asked for superseding statements"
    earlier = attestations.find_by_statement_id(session, engagement.assessor_id, statement.supersedes)
    if earlier is not None and earlier.kpi_period_id == engagement.kpi_period_id and earlier.state.carries_a_rate:
        reason = statement.supersede_reason or ""
        attestations.take_step(session, earlier, AttestationStep.SUPERSEDE, reason, actor=actor, now=now)


def _relocked(session: Session, record: AttestationRecord) -> AttestationRecord:
    """Return the attestation as it stands once its facility is locked."""
    period = kpi_periods.find_period(session, record.kpi_period_id)
    assert period is not None, "an attestation names a period"
    facilities.find_facility(session, period.facility_id, lock=True)
    standing = attestations.find_attestation(session, record.attestation_id)
    assert standing is not None, "the attestation was loaded before"
    return standing


def _key_of(session: Session, envelope: bytes) -> RegisteredKey | None:
    try:
        kid = open_envelope(envelope).kid
    except Invalid:
        return None  # the verdict names what is wrong with the envelope
    return attestations.find_key(session, kid)


def _mandate(engagement: EngagementRecord, period: KpiPeriod) -> Engagement:
    return Engagement(
        engagement_id=str(engagement.engagement_id),
        assessor_organisation_id=str(engagement.assessor_id),
        assessor_legal_name=engagement.assessor_legal_name,
        responsible_party=engagement.responsible_party,
        facility_id=str(engagement.facility_id),
        kpi_id=period.kpi_id,
        period_start=period.period_start,
        period_end=period.period_end,
        level=AssuranceLevel(engagement.level),
        standard=AssuranceStandard(engagement.standard),
        valid_from=engagement.valid_from,
        valid_to=engagement.valid_to,
        is_independence_declared=engagement.is_independence_declared,
    )
