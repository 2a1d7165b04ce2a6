"""From attested KPIs to prices: propose, then approved or refused by other persons of lenders.

The facility is locked first, so that decisions about it come one after another. The cause of a price is stored as keys:
determination, attestation, KPI period.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.documents import to_document
from finance.kpi.periods import KpiPeriodState
from finance.loans import rate_determinations as rules
from finance.loans.price_effects import OutcomeStatus
from finance.loans.rate_determinations import DeterminationCause
from finance.operations import loan_notices
from finance.operations.evidence import EvidenceEvent, log_events
from finance.operations.kpi_findings import FoundKpi, find_kpis
from finance.operations.loan_view import KnownLoan, known_loan, signatory
from finance.store import determinations, facilities, kpi_periods
from finance.store.determinations import ApprovalRecord, Decision, Determination, EvidenceLink
from finance.store.facilities import document_hash
from finance.store.kpi_periods import KpiPeriod
from ledger.core.errors import Conflict, Forbidden, NotFound
from ledger.core.parties import Actor
from ledger.operations import RandomBytes

SUBJECT = "determination"
"""Under what the log keeps the steps of a decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why a decision is asked for, and which earlier one it would replace (None: the first of its period)."""

    cause: DeterminationCause
    replaces: UUID | None


def propose(
    session: Session,
    facility_id: UUID,
    period_start: date,
    occasion: Occasion,
    *,
    determination_id: UUID,
    actor: Actor,
    now: datetime,
    today: date,
    random_bytes: RandomBytes,
) -> Determination:
    """Record what the test period's KPIs do to the prices, for lenders to decide on, and return it.

    Refused until borrower and lenders agreed to the terms (``terms.not_agreed``), and before a report or an attestation is due that
    is not there (``determination.not_due``, ``determination.attestation_missing``). A value that meets its target needs an accepted,
    standing attestation of exactly that value.
    """
    facilities.find_facility(session, facility_id, lock=True)
    loan = known_loan(session, facility_id, known_at=now)
    if not loan.is_agreed:
        raise Conflict("terms.not_agreed", "terms: expected the agreement of borrower and lenders before a decision")
    found = find_kpis(
        session, loan, period_start, now=now, counts_late=occasion.cause is DeterminationCause.DELIVERED_LATE
    )
    proposal = rules.propose(
        loan.facility,
        [each.finding for each in found],
        proposal_id=str(determination_id),
        terms_sha256=loan.version.sha256,
        cause=occasion.cause,
        replaces=None if occasion.replaces is None else str(occasion.replaces),
        proposer=signatory(actor),
        proposed_on=today,
    )
    _check_attested(found)
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
        period = each.period
        for to in _next_states(each):
            assert period is not None, "only a recorded period has a state"
            period = kpi_periods.advance_period(session, period, to, detail, actor=actor, now=now)
    _log(session, loan, determination, "proposed", {}, actor=actor, now=now, random_bytes=random_bytes)
    loan_notices.determination_waits(session, loan, determination, now=now)
    return determination


def _check_attested(found: Sequence[FoundKpi]) -> None:
    """Refuse a reported value that nobody attested, a missed one too: until its day it may still come, after it the value is late."""
    for each in found:
        if each.finding.value is not None and each.record is None:
            raise Conflict(
                "determination.attestation_awaited",
                f"attestation: expected one for KPI {each.finding.definition.kpi_id}; lodge it, or wait until its day is over",
                kpi_id=each.finding.definition.kpi_id,
            )


_GOES_UNDER_REVIEW = frozenset((KpiPeriodState.ATTESTED, KpiPeriodState.DISPUTED))
_GOES_LATE = frozenset((KpiPeriodState.OPEN, KpiPeriodState.LOCKED, KpiPeriodState.REPORTED, KpiPeriodState.RESTATED))


def _next_states(found: FoundKpi) -> tuple[KpiPeriodState, ...]:
    """Return the states that a proposal brings the period through: what is absent is late, the rest under review."""
    if found.period is None:
        return ()
    state = found.period.state
    if found.finding.absence in {OutcomeStatus.MISSING, OutcomeStatus.LATE} and state in _GOES_LATE:
        return (KpiPeriodState.LATE,)
    if state is KpiPeriodState.REPORTED and found.finding.value is not None:
        # Reported anew unchanged: the attestation of the same data stands.
        return (KpiPeriodState.ATTESTED, KpiPeriodState.UNDER_REVIEW)
    return (KpiPeriodState.UNDER_REVIEW,) if state in _GOES_UNDER_REVIEW else ()


def approve(
    session: Session,
    determination_id: UUID,
    digest: str,
    *,
    actor: Actor,
    now: datetime,
    today: date,
    random_bytes: RandomBytes,
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
    _log(session, loan, determination, "approved", {}, actor=actor, now=now, random_bytes=random_bytes)
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
    prices = {"prices_sha256": document_hash({"prices": [to_document(price) for price in approved.prices]})}
    _log(session, loan, determination, "decided", prices, actor=actor, now=now, random_bytes=random_bytes)
    for each in found:
        _determined(session, each, {"determination_id": str(determination_id), "effective_from": days}, actor, now)
    loan_notices.determination_decided(
        session, loan, determination, verdict="approved", said=_moved(approved.prices), now=now
    )
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
    random_bytes: RandomBytes,
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
    loan = known_loan(session, determination.facility_id, known_at=now)
    _log(session, loan, determination, "refused", {"reason": reason}, actor=actor, now=now, random_bytes=random_bytes)
    loan_notices.determination_decided(session, loan, determination, verdict="refused", said=reason, now=now)
    return _found(session, determination_id)


def _moved(prices: Iterable[rules.TranchePrice]) -> str:
    """Return what a decision moves, read alike in both languages: ``A: 0 → -10 bp, 2026-09-20``."""
    return "; ".join(
        f"{each.tranche_id}: {each.adjustment_before_bp} → {each.adjustment_after_bp} bp"
        + (f", {each.effective_from}" if each.effective_from else "")
        for each in prices
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


def _log(
    session: Session,
    loan: KnownLoan,
    determination: Determination,
    event: str,
    facts: Mapping[str, str],
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> None:
    """Make a step of the decision a leaf of the borrower's evidence book."""
    logged = EvidenceEvent(
        organisation_id=UUID(loan.facility.terms.borrower_id),
        subject=SUBJECT,
        subject_id=str(determination.determination_id),
        event=event,
        facts={"digest": determination.digest, **facts},
    )
    log_events(session, [logged], actor=actor, now=now, random_bytes=random_bytes)


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
