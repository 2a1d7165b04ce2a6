"""One document on one decision: terms, KPIs, evidence, opinions, computed prices, effect days, and the money they move.

Reads only. Money compares the payments known when the decision was proposed, without it and with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from finance.conventions.explain import Explanation
from finance.loans.evidence_rules import KpiFinding
from finance.loans.flows import FlowSchedule
from finance.loans.price_effects import OutcomeStatus
from finance.loans.price_explanation import explain_determination
from finance.loans.rate_determinations import Approval, ApprovedDetermination, TranchePrice
from finance.operations.loan_view import KnownLoan, known_loan, signatory
from finance.operations.recomputation import facility_before
from finance.store import attestations, facilities
from finance.store.attestations import AttestationRecord, EngagementRecord
from finance.store.determinations import Determination, EvidenceLink
from ledger.core.errors import DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetKpi:
    """One KPI of the decision with the evidence it rests on; ``link`` is None where no period was opened."""

    finding: KpiFinding
    status: OutcomeStatus
    link: EvidenceLink | None
    attestation: AttestationRecord | None
    engagement: EngagementRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetMoney:
    """A tranche's payments without and with the decision; both None, with the refusal's code, where they cannot be computed."""

    price: TranchePrice
    before: FlowSchedule | None
    after: FlowSchedule | None
    unknown: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSheet:
    """Everything about one decision, as known when it was proposed; prices are the final ones once it was approved.

    ``explanation`` says what it does to each clause, down to the KPIs' evidence and who approved it.
    """

    determination: Determination
    facility_number: str
    loan: KnownLoan
    kpis: tuple[SheetKpi, ...]
    money: tuple[SheetMoney, ...]
    explanation: Explanation


def sheet_of(session: Session, determination: Determination) -> DecisionSheet:
    """Return the sheet of a proposal, decided or not."""
    loan = known_loan(session, determination.facility_id, known_at=determination.proposed_at)
    facility = facilities.find_facility(session, determination.facility_id)
    assert facility is not None, "a determination belongs to a facility"
    before = replace(loan, facility=facility_before(loan, determination))
    return DecisionSheet(
        determination=determination,
        facility_number=facility.facility_number,
        loan=loan,
        kpis=tuple(_kpis(session, determination)),
        money=tuple(_money(session, before, determination)),
        explanation=explain_determination(_approved(determination), loan.version.terms),
    )


def _approved(determination: Determination) -> ApprovedDetermination:
    """Return the determination as the pure rules name it: its own prices while undecided, the final ones after."""
    decision = determination.decision
    is_final = decision is not None and decision.is_approved
    return ApprovedDetermination(
        determination_id=str(determination.determination_id),
        proposal=determination.proposal,
        approvals=tuple(
            Approval(approver=signatory(each.approver), approved_at=each.approved_at, approved_on=each.approved_on)
            for each in determination.approvals
        ),
        prices=decision.prices if decision is not None and is_final else determination.proposal.prices,
    )


def _kpis(session: Session, determination: Determination) -> Iterator[SheetKpi]:
    proposal = determination.proposal
    by_attestation = {str(link.attestation_id): link for link in determination.evidence}
    for finding, (_, status) in zip(proposal.findings, proposal.statuses, strict=True):
        fact = finding.attestation
        link = None if fact is None else by_attestation.get(fact.attestation_id)
        record = (
            None
            if link is None or link.attestation_id is None
            else attestations.find_attestation(session, link.attestation_id)
        )
        yield SheetKpi(
            finding=finding,
            status=status,
            link=link,
            attestation=record,
            engagement=None if record is None else attestations.find_engagement(session, record.engagement_id),
        )


def _money(session: Session, loan: KnownLoan, determination: Determination) -> Iterator[SheetMoney]:
    with_it = _approved(determination)
    terms, _ = facilities.load_terms(session, determination.facility_id, determination.proposal.terms_version)
    taken = [each.sequence for each in loan.facility.tests]
    test = with_it.known_test(terms, sequence=max(taken, default=0) + 1)
    after = replace(loan, facility=replace(loan.facility, tests=(*loan.facility.tests, test)))
    for price in with_it.prices:
        try:
            yield SheetMoney(
                price=price,
                before=loan.schedule(price.tranche_id),
                after=after.schedule(price.tranche_id),
                unknown=None,
            )
        except DomainError as refusal:
            yield SheetMoney(price=price, before=None, after=None, unknown=refusal.code)
