"""From an attested KPI to the rate: propose, then approved or refused by another person of a lender.

The facility is locked first, so that decisions about it come one after another. The cause of the rate is stored as keys:
determination, attestation, KPI period.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.attestations.statements import Outcome
from finance.conventions.exact_text import parse_exact
from finance.kpi.definitions import Baseline, PerformanceTarget, TargetKind
from finance.kpi.periods import KpiPeriodState
from finance.loans import determinations as rules
from finance.loans.findings import AttestedFact, KpiFinding
from finance.operations.attestations import baseline_of
from finance.operations.facilities import as_proposal, resolved_facility, signatory
from finance.store import attestations, determinations, facilities, kpi_periods
from finance.store.attestations import AttestationRecord
from finance.store.determinations import Decision, Determination
from finance.store.facilities import document_hash
from finance.store.kpi_periods import KpiPeriod
from ledger.core.errors import Conflict, Forbidden, NotFound
from ledger.core.parties import Actor


def propose(
    session: Session,
    kpi_period_id: UUID,
    *,
    determination_id: UUID,
    actor: Actor,
    now: datetime,
    today: date,
) -> Determination:
    """Record what the period's attested value does to the rate, for a lender to decide on, and return it.

    A value that meets its target needs an accepted, standing attestation of exactly that value, else nothing is proposed.
    """
    facilities.find_facility(session, _period(session, kpi_period_id).facility_id, lock=True)
    period = _period(session, kpi_period_id)
    facility = resolved_facility(session, period.facility_id)
    finding, record, baseline_record = find_kpi(session, period)
    proposal = rules.propose(
        proposal_id=str(determination_id),
        facility=facility,
        findings=(finding,),
        proposer=signatory(actor),
        proposed_on=today,
    )
    fields = proposal.digest_fields()
    determination = Determination(
        determination_id=determination_id,
        facility_id=period.facility_id,
        terms_version=facility.terms.version,
        kpi_period_id=kpi_period_id,
        attestation_id=None if record is None else record.attestation_id,
        baseline_attestation_id=None if baseline_record is None else baseline_record.attestation_id,
        finding=finding,
        proposal=fields,
        digest=document_hash(fields),
        rate_before=proposal.rate_before,
        rate_after=proposal.rate_after,
        adjustment_bp=proposal.adjustment_bp,
        proposed_on=today,
        proposed_at=now,
        proposer=actor,
        decision=None,
    )
    determinations.save_proposal(session, determination)
    if period.state is not KpiPeriodState.UNDER_REVIEW:
        detail = {"determination_id": str(determination_id)}
        kpi_periods.advance_period(session, period, KpiPeriodState.UNDER_REVIEW, detail, actor=actor, now=now)
    return determination


def approve(
    session: Session, determination_id: UUID, digest: str, *, actor: Actor, now: datetime, today: date
) -> Determination:
    """Record a lender's approval of exactly the proposal that ``digest`` names, and return the determination.

    The evidence is looked at again: an attestation withdrawn since the proposal stops the approval.
    """
    determination = _undecided(session, determination_id, digest)
    period = _period(session, determination.kpi_period_id)
    facility = resolved_facility(session, determination.facility_id)
    finding, _, _ = find_kpi(session, period)
    if finding.baseline != determination.finding.baseline:
        raise Conflict(
            "determination.evidence_changed",
            "baseline: expected the attestation that the proposal rests on, unchanged and standing; propose again",
        )
    approved = rules.approve(
        as_proposal(determination, facility.terms),
        determination_id=str(determination_id),
        facility=facility,
        attestations=() if finding.attestation is None else (finding.attestation,),
        approver=signatory(actor),
        approved_at=now,
        approved_on=today,
    )
    decision = Decision(
        verdict="approved",
        sequence=determinations.next_sequence(session, determination.facility_id),
        reason=None,
        digest=digest,
        effective_from=approved.effective_from,
        decided_on=today,
        decided_at=now,
        decider=actor,
    )
    determinations.save_decision(session, determination, decision)
    detail = {
        "determination_id": str(determination_id),
        "effective_from": approved.effective_from.isoformat(),
    }
    kpi_periods.advance_period(session, period, KpiPeriodState.DETERMINED, detail, actor=actor, now=now)
    return _found(session, determination_id)


def refuse(
    session: Session,
    determination_id: UUID,
    digest: str,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
    today: date,
) -> Determination:
    """Record a lender's refusal with its reason; the rate stays, and another proposal may follow."""
    determination = _undecided(session, determination_id, digest)
    facility = facilities.find_facility(session, determination.facility_id)
    assert facility is not None, "a determination belongs to a facility"
    if not facility.has_party(actor.organisation_id, "lender"):
        raise Forbidden("determination.not_lender", "decider: expected a person of a lender that the terms name")
    decision = Decision(
        verdict="refused",
        sequence=determinations.next_sequence(session, determination.facility_id),
        reason=reason,
        digest=digest,
        effective_from=None,
        decided_on=today,
        decided_at=now,
        decider=actor,
    )
    determinations.save_decision(session, determination, decision)
    return _found(session, determination_id)


def find_kpi(
    session: Session, period: KpiPeriod
) -> tuple[KpiFinding, AttestationRecord | None, AttestationRecord | None]:
    """Return what is found about a test period now, with the attestations of its value and of its baseline."""
    snapshot = kpi_periods.load_snapshot(session, period.kpi_period_id)
    if period.purpose != "test" or snapshot is None:
        raise Conflict("determination.no_value", "the rate hangs on a reported value of a test period")
    kpi = facilities.load_kpi(session, period.facility_id, period.kpi_id)
    targets = facilities.load_targets(session, period.facility_id, period.kpi_id)
    target = next(each for each in targets if each.test_year == period.period_start.year)
    record = _attestation_of(session, period)
    baseline = baseline_of(session, period)
    if baseline is None and target.kind is TargetKind.REDUCTION_VS_BASE:
        raise Conflict(
            "determination.baseline_missing",
            "baseline: expected an accepted, standing attestation of the KPI's baseline period; a reduction needs one",
        )
    finding = KpiFinding(
        definition=kpi.definition,
        baseline=None if baseline is None else _baseline(session, *baseline),
        target=target,
        value=snapshot.value,
        attestation=None if record is None else _fact(record, target),
        absence=None,
    )
    return finding, record, None if baseline is None else baseline[0]


def _attestation_of(session: Session, period: KpiPeriod) -> AttestationRecord | None:
    """Return the accepted attestation that stands, else the newest that once was accepted: its fall must be seen too."""
    received = [each for each in attestations.list_attestations(session, period.kpi_period_id) if each.code is None]
    standing = [each for each in received if each.state.carries_a_rate]
    candidates = standing or received
    return candidates[-1] if candidates else None


def _fact(record: AttestationRecord, target: PerformanceTarget) -> AttestedFact:
    statement = record.statement
    assert statement is not None, "an accepted attestation has a verified statement"
    assert str(target.test_year) == str(statement["period_start"])[:4], "acceptance checked the period"
    return AttestedFact(
        attestation_id=str(record.attestation_id),
        kpi_id=statement["kpi_id"],
        period_start=date.fromisoformat(statement["period_start"]),
        period_end=date.fromisoformat(statement["period_end"]),
        value=statement["value"],
        unit=statement["unit"],
        methodology_version=statement["methodology_version"],
        assurance_level=statement["level"],
        is_accepted=True,
        is_withdrawn=not record.state.carries_a_rate,
        is_qualified=statement["outcome"] != Outcome.UNMODIFIED.value,
    )


def _baseline(session: Session, record: AttestationRecord, value: str) -> Baseline:
    period = _period(session, record.kpi_period_id)
    return Baseline(
        value=parse_exact(value, field="baseline_value"),
        period_start=period.period_start,
        period_end=period.period_end,
        attestation_id=str(record.attestation_id),
    )


def _undecided(session: Session, determination_id: UUID, digest: str) -> Determination:
    determination = _found(session, determination_id)
    facilities.find_facility(session, determination.facility_id, lock=True)
    determination = _found(session, determination_id)
    if determination.digest != digest:
        raise Conflict(
            "determination.digest",
            "digest: expected that of the proposal as it stands; read it again before deciding",
        )
    if determination.decision is not None:
        raise Conflict("determination.decided", f"this proposal was {determination.decision.verdict} already")
    return determination


def _found(session: Session, determination_id: UUID) -> Determination:
    determination = determinations.find_determination(session, determination_id)
    if determination is None:
        raise NotFound("determination.not_found", "the determination does not exist, or not for you")
    return determination


def _period(session: Session, kpi_period_id: UUID) -> KpiPeriod:
    period = kpi_periods.find_period(session, kpi_period_id)
    if period is None:
        raise NotFound("kpi_period.not_found", "the KPI period does not exist, or not for you")
    return period
