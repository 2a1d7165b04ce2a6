"""From attested KPIs to prices: propose, then approved or refused by other persons of lenders.

The facility is locked first, so that decisions about it come one after another. The cause of a price is stored as keys:
determination, attestation, KPI period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.attestations.states import AttestationState
from finance.conventions.documents import to_document
from finance.conventions.exact_text import parse_exact
from finance.kpi.definitions import AssuranceLevel
from finance.kpi.outcomes import Beside, YearValue
from finance.kpi.periods import KpiPeriodState
from finance.kpi.targets import Avoided, Baseline, MultiYearMean, PerformanceTarget, YearOnYear
from finance.loans import rate_determinations as rules
from finance.loans.clauses import ReportingTerms
from finance.loans.evidence_rules import AttestationStanding, AttestedFact, KpiFinding, Opinion
from finance.loans.facility_terms import KpiTerms
from finance.loans.price_effects import OutcomeStatus
from finance.loans.rate_determinations import DeterminationCause
from finance.operations.attestations import baseline_of
from finance.operations.loan_view import KnownLoan, known_loan, signatory
from finance.operations.reporting_days import is_after_due
from finance.store import attestations, determinations, facilities, kpi_periods
from finance.store.attestations import AttestationRecord
from finance.store.determinations import ApprovalRecord, Decision, Determination, EvidenceLink
from finance.store.facilities import document_hash
from finance.store.kpi_periods import DataSnapshot, KpiPeriod
from ledger.core.errors import Conflict, Forbidden, NotFound
from ledger.core.parties import Actor

_STANDING: Mapping[AttestationState, AttestationStanding] = {
    AttestationState.ACCEPTED: AttestationStanding.ACCEPTED,
    AttestationState.SUPERSEDED: AttestationStanding.SUPERSEDED,
    AttestationState.WITHDRAWN: AttestationStanding.WITHDRAWN,
    AttestationState.KEY_REVOKED: AttestationStanding.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKpi:
    """One KPI's finding with the keys it rests on and its period, None where none was opened.

    ``known`` is every attestation of the period that was once accepted, relied on or not: two that contradict each other must
    both be seen.
    """

    finding: KpiFinding
    known: tuple[AttestedFact, ...]
    period: KpiPeriod | None
    record: AttestationRecord | None
    baseline_record: AttestationRecord | None


def propose(
    session: Session,
    facility_id: UUID,
    period_start: date,
    *,
    cause: DeterminationCause,
    replaces: UUID | None,
    determination_id: UUID,
    actor: Actor,
    now: datetime,
    today: date,
) -> Determination:
    """Record what the test period's KPIs do to the prices, for lenders to decide on, and return it.

    Refused until borrower and lenders agreed to the terms (``terms.not_agreed``), and before a report is due that is not there
    (``determination.not_due``). A value that meets its target needs an accepted, standing attestation of exactly that value.
    """
    facilities.find_facility(session, facility_id, lock=True)
    loan = known_loan(session, facility_id, known_at=now)
    if not loan.is_agreed:
        raise Conflict("terms.not_agreed", "terms: expected the agreement of borrower and lenders before a decision")
    found = find_kpis(session, loan, period_start, now=now, counts_late=cause is DeterminationCause.DELIVERED_LATE)
    proposal = rules.propose(
        loan.facility,
        [each.finding for each in found],
        proposal_id=str(determination_id),
        terms_sha256=loan.version.sha256,
        cause=cause,
        replaces=None if replaces is None else str(replaces),
        proposer=signatory(actor),
        proposed_on=today,
    )
    document = to_document(proposal)
    determination = Determination(
        determination_id=determination_id,
        facility_id=facility_id,
        proposal=proposal,
        document=document,
        digest=document_hash(document),
        evidence=tuple(_link(each, each.period) for each in found if each.period is not None),
        approvals=(),
        proposed_at=now,
        proposer=actor,
        decision=None,
    )
    determinations.save_proposal(session, determination)
    detail = {"determination_id": str(determination_id)}
    for each in found:
        if each.period is not None and each.period.state in _GOES_UNDER_REVIEW:
            kpi_periods.advance_period(session, each.period, KpiPeriodState.UNDER_REVIEW, detail, actor=actor, now=now)
    return determination


_GOES_UNDER_REVIEW = frozenset((KpiPeriodState.ATTESTED, KpiPeriodState.DISPUTED))


def approve(
    session: Session, determination_id: UUID, digest: str, *, actor: Actor, now: datetime, today: date
) -> Determination:
    """Record one person's approval of exactly the proposal that ``digest`` names; with the last one it sets the prices.

    The evidence is looked at again: an attestation withdrawn since the proposal stops the approval.
    """
    determination = _undecided(session, determination_id, digest)
    loan = known_loan(session, determination.facility_id, known_at=now)
    terms = loan.facility.terms
    rules.check_approver(signatory(actor), proposer=signatory(determination.proposer), terms=terms)
    record = ApprovalRecord(approver=actor, digest=digest, approved_on=today, approved_at=now)
    determinations.save_approval(session, determination_id, record)
    records = (*determination.approvals, record)
    if len(records) < terms.reporting.approvals:
        return _found(session, determination_id)
    proposal = determination.proposal
    found = find_kpis(
        session,
        loan,
        proposal.period_start,
        now=determination.proposed_at,
        counts_late=proposal.cause is DeterminationCause.DELIVERED_LATE,
    )
    _check_findings(proposal, found)
    approved = rules.approve(
        proposal,
        loan.facility,
        determination_id=str(determination_id),
        terms_sha256=loan.version.sha256,
        attestations=[fact for each in found for fact in each.known],
        approvals=[
            rules.Approval(
                approver=signatory(each.approver), approved_at=each.approved_at, approved_on=each.approved_on
            )
            for each in records
        ],
    )
    decision = Decision(
        verdict="approved",
        sequence=determinations.next_sequence(session, determination.facility_id),
        reason=None,
        prices=approved.prices,
        decided_on=today,
        decided_at=now,
        decider=actor,
    )
    determinations.save_decision(session, determination, decision)
    days = ", ".join(f"{price.tranche_id} {price.effective_from or 'never'}" for price in approved.prices)
    for each in found:
        _determined(session, each, {"determination_id": str(determination_id), "effective_from": days}, actor, now)
    return _found(session, determination_id)


def refuse(
    session: Session, determination_id: UUID, digest: str, reason: str, *, actor: Actor, now: datetime, today: date
) -> Determination:
    """Record a lender's refusal with its reason; prices stay, and another proposal may follow."""
    determination = _undecided(session, determination_id, digest)
    facility = facilities.find_facility(session, determination.facility_id)
    assert facility is not None, "a determination belongs to a facility"
    if not facility.has_party(actor.organisation_id, "lender"):
        raise Forbidden("determination.not_lender", "decider: expected a person of a lender that the terms name")
    decision = Decision(
        verdict="refused",
        sequence=determinations.next_sequence(session, determination.facility_id),
        reason=reason,
        prices=(),
        decided_on=today,
        decided_at=now,
        decider=actor,
    )
    determinations.save_decision(session, determination, decision)
    return _found(session, determination_id)


def find_kpis(
    session: Session, loan: KnownLoan, period_start: date, *, now: datetime, counts_late: bool
) -> tuple[FoundKpi, ...]:
    """Return what is found about every KPI with a target in the test period, each with the keys it rests on.

    What was not reported by its day is missing, what was attested after its day is late; with ``counts_late`` (a second decision,
    once it is delivered) it is judged by its value all the same.
    """
    terms = loan.facility.terms
    found = []
    for kpi in terms.kpis:
        target = kpi.target_of(period_start)
        if target is not None:
            found.append(_find_kpi(session, loan, kpi, target, now=now, counts_late=counts_late))
    if not found:
        raise Conflict("determination.no_target", f"period_start: no KPI of the terms is tested from {period_start}")
    return tuple(found)


def _find_kpi(
    session: Session, loan: KnownLoan, kpi: KpiTerms, target: PerformanceTarget, *, now: datetime, counts_late: bool
) -> FoundKpi:
    reporting = loan.facility.terms.reporting
    period = kpi_periods.find_by_start(session, loan.facility_id, kpi.definition.kpi_id, target.period_start)
    snapshot = None if period is None else kpi_periods.load_reported(session, period.kpi_period_id)
    record = None if period is None or snapshot is None else _attestation_of(session, period, snapshot)
    absence: OutcomeStatus | None = None
    if period is not None and period.state is KpiPeriodState.WAIVED:
        absence = OutcomeStatus.WAIVED
    elif snapshot is None:
        if not is_after_due(now, target.period_end, reporting.report_due_days, reporting):
            raise Conflict(
                "determination.not_due",
                f"KPI {kpi.definition.kpi_id}: its report is not due yet; report it, or wait for the day",
                kpi_id=kpi.definition.kpi_id,
            )
        absence = OutcomeStatus.MISSING
    elif not counts_late and _is_late(snapshot, record, target, reporting, now=now):
        absence = OutcomeStatus.LATE
    base = None if period is None or not target.needs_baseline else baseline_of(session, period)
    if base is None and target.needs_baseline and absence is None:
        raise Conflict(
            "determination.baseline_missing",
            "baseline: expected an accepted, standing attestation of the KPI's baseline period; its target needs one",
            kpi_id=kpi.definition.kpi_id,
        )
    fact = None if record is None or absence is not None else _fact(record, kpi.definition.kpi_id)
    finding = KpiFinding(
        definition=kpi.definition,
        baseline=None if base is None else _baseline(session, *base),
        target=target,
        beside=_beside(session, loan.facility_id, kpi, target, period) if absence is None else Beside(),
        value=None if absence is not None or snapshot is None else snapshot.value,
        attestation=fact,
        absence=absence,
    )
    known = (
        () if period is None else tuple(_fact(each, kpi.definition.kpi_id) for each in _once_accepted(session, period))
    )
    return FoundKpi(
        finding=finding, known=known, period=period, record=record, baseline_record=None if base is None else base[0]
    )


def _is_late(
    reported: DataSnapshot,
    record: AttestationRecord | None,
    target: PerformanceTarget,
    reporting: ReportingTerms,
    *,
    now: datetime,
) -> bool:
    """Return whether the report or its attestation came after its day, or has not come though the day is over."""
    assert reported.reported_at is not None, "a reported snapshot has its instant"
    attested_at = now if record is None else record.received_at
    return is_after_due(reported.reported_at, target.period_end, reporting.report_due_days, reporting) or is_after_due(
        attested_at, target.period_end, reporting.attestation_due_days, reporting
    )


def _beside(
    session: Session, facility_id: UUID, kpi: KpiTerms, target: PerformanceTarget, period: KpiPeriod | None
) -> Beside:
    """Return the attested values of earlier years that the rule looks at, and the period's output where it is needed."""
    rule = target.rule
    years: range
    match rule:
        case YearOnYear():
            years = range(target.test_year - 1, target.test_year)
        case MultiYearMean():
            years = range(target.test_year - rule.years + 1, target.test_year)
        case Avoided():
            years = range(rule.since_year, target.test_year)
        case _:
            return Beside()
    earlier = []
    for each in kpi_periods.list_periods(session, facility_id):
        year = date.fromordinal(each.period_end.toordinal() - 1).year
        if each.kpi_id == kpi.definition.kpi_id and year in years:
            snapshot = kpi_periods.load_reported(session, each.kpi_period_id)
            record = None if snapshot is None else _attestation_of(session, each, snapshot)
            if snapshot is not None and record is not None and record.state.carries_a_rate:
                earlier.append(
                    YearValue(
                        year=year,
                        value=parse_exact(snapshot.value, field="value"),
                        output_t=snapshot.output_t,
                        source=f"attestation {record.attestation_id}",
                    )
                )
    own = None if period is None else kpi_periods.load_reported(session, period.kpi_period_id)
    return Beside(years=tuple(earlier), output_t=None if own is None else own.output_t)


def _attestation_of(session: Session, period: KpiPeriod, reported: DataSnapshot) -> AttestationRecord | None:
    """Return the accepted attestation of the reported data that stands, else the newest once accepted: its fall must be seen too."""
    received = [
        each
        for each in _once_accepted(session, period)
        if each.statement is not None and each.statement["snapshot_sha256"] == reported.sha256
    ]
    standing = [each for each in received if each.state.carries_a_rate]
    candidates = standing or received
    return candidates[-1] if candidates else None


def _once_accepted(session: Session, period: KpiPeriod) -> tuple[AttestationRecord, ...]:
    found = attestations.list_attestations(session, period.kpi_period_id)
    return tuple(each for each in found if each.code is None and each.statement is not None)


def _fact(record: AttestationRecord, kpi_id: str) -> AttestedFact:
    statement = record.statement
    assert statement is not None, "an accepted attestation has a verified statement"
    return AttestedFact(
        attestation_id=str(record.attestation_id),
        kpi_id=statement["kpi_id"],
        period_start=date.fromisoformat(statement["period_start"]),
        period_end=date.fromisoformat(statement["period_end"]),
        value=statement["value"],
        unit=statement["unit"],
        methodology_version=statement["methodology_version"],
        assurance_level=AssuranceLevel(statement["level"]),
        opinion=_opinion(statement["outcome"], statement["affected_kpi_ids"], kpi_id),
        standing=_STANDING.get(record.state, AttestationStanding.NOT_ACCEPTED),
    )


def _opinion(outcome: str, affected: Sequence[str] | None, kpi_id: str) -> Opinion:
    """Return what an outcome word means for one KPI; a qualification that names no KPI touches every one."""
    if outcome == "qualified":
        touches = affected is None or kpi_id in affected
        return Opinion.QUALIFIED if touches else Opinion.QUALIFIED_ELSEWHERE
    return Opinion.CLEAN if outcome == "unmodified" else Opinion.NONE


def _baseline(session: Session, record: AttestationRecord, value: str) -> Baseline:
    period = kpi_periods.find_period(session, record.kpi_period_id)
    assert period is not None, "an attestation belongs to a period"
    return Baseline(
        value=parse_exact(value, field="baseline_value"),
        period_start=period.period_start,
        period_end=period.period_end,
        attestation_id=str(record.attestation_id),
    )


def _link(found: FoundKpi, period: KpiPeriod) -> EvidenceLink:
    return EvidenceLink(
        kpi_period_id=period.kpi_period_id,
        attestation_id=None if found.record is None else found.record.attestation_id,
        baseline_attestation_id=None if found.baseline_record is None else found.baseline_record.attestation_id,
    )


def _check_findings(proposal: rules.DeterminationProposal, found: Sequence[FoundKpi]) -> None:
    """Refuse an approval when what is found now is not what the proposal was made from."""
    if tuple(each.finding for each in found) != proposal.findings:
        raise Conflict(
            "determination.evidence_changed",
            "findings: expected values, baselines and attestations as the proposal has them; propose again",
        )


def _determined(session: Session, found: FoundKpi, detail: Mapping[str, str], actor: Actor, now: datetime) -> None:
    period = found.period
    if period is not None and period.state is not KpiPeriodState.DETERMINED:
        kpi_periods.advance_period(session, period, KpiPeriodState.DETERMINED, detail, actor=actor, now=now)


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
