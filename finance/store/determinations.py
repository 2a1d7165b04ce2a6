"""Reads and writes rate determinations, approvals and how they ended. Takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.conventions.documents import from_document, to_document
from finance.loans.rate_determinations import DeterminationProposal, TranchePrice
from finance.store.tables.loans import RateApprovalRow, RateDecisionRow, RateDeterminationRow, RateEvidenceRow
from ledger.core.errors import Conflict
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLink:
    """What one KPI's part in a determination rests on, by key."""

    kpi_period_id: UUID
    attestation_id: UUID | None
    baseline_attestation_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRecord:
    """One person of a lender who agreed to exactly the proposal that the digest names."""

    approver: Actor
    digest: str
    approved_on: date
    approved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How a proposal ended; ``prices`` carry the final effect days when approved, ``reason`` is set when refused."""

    verdict: str
    sequence: int
    reason: str | None
    prices: tuple[TranchePrice, ...]
    decided_on: date
    decided_at: datetime
    decider: Actor

    @property
    def is_approved(self) -> bool:
        """Return whether the proposal sets prices."""
        return self.verdict == "approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """A proposed decision with its evidence, its digest, the approvals so far and how it ended, if it did."""

    determination_id: UUID
    facility_id: UUID
    proposal: DeterminationProposal
    document: Mapping[str, Any]
    digest: str
    evidence: tuple[EvidenceLink, ...]
    approvals: tuple[ApprovalRecord, ...]
    proposed_at: datetime
    proposer: Actor
    decision: Decision | None


def save_proposal(session: Session, determination: Determination) -> None:
    """Record a proposal; one that is undecided stands in the way of another for the same period (``determination.pending``)."""
    proposal = determination.proposal
    for other in list_determinations(session, determination.facility_id):
        if other.proposal.period_start == proposal.period_start and other.decision is None:
            raise Conflict(
                "determination.pending",
                "a proposal for this test period awaits the lender's decision",
                determination_id=str(other.determination_id),
            )
    session.execute(
        insert(RateDeterminationRow).values(
            determination_id=determination.determination_id,
            facility_id=determination.facility_id,
            terms_version=proposal.terms_version,
            period_start=proposal.period_start,
            period_end=proposal.period_end,
            cause=proposal.cause.value,
            replaces=None if proposal.replaces is None else UUID(proposal.replaces),
            document=dict(determination.document),
            digest=determination.digest,
            proposed_on=proposal.proposed_on,
            proposed_at=determination.proposed_at,
            proposer_id=determination.proposer.user_id,
            proposer_organisation_id=determination.proposer.organisation_id,
        )
    )
    for link in determination.evidence:
        session.execute(
            insert(RateEvidenceRow).values(
                determination_id=determination.determination_id,
                kpi_period_id=link.kpi_period_id,
                attestation_id=link.attestation_id,
                baseline_attestation_id=link.baseline_attestation_id,
            )
        )


def save_approval(session: Session, determination_id: UUID, approval: ApprovalRecord) -> None:
    """Record one person's approval; nobody approves twice (``determination.approved_before``)."""
    if session.get(RateApprovalRow, (determination_id, approval.approver.user_id)) is not None:
        raise Conflict("determination.approved_before", "you approved this proposal already; another person is awaited")
    session.execute(
        insert(RateApprovalRow).values(
            determination_id=determination_id,
            approver_id=approval.approver.user_id,
            approver_organisation_id=approval.approver.organisation_id,
            digest=approval.digest,
            approved_on=approval.approved_on,
            approved_at=approval.approved_at,
        )
    )


def next_sequence(session: Session, facility_id: UUID) -> int:
    """Return the number of the facility's next decision, from 1; the caller holds the facility's lock."""
    last = session.scalar(select(func.max(RateDecisionRow.sequence)).where(RateDecisionRow.facility_id == facility_id))
    return (last or 0) + 1


def save_decision(session: Session, determination: Determination, decision: Decision) -> None:
    """Record how the proposal ended; it ends once (``determination.decided``)."""
    if determination.decision is not None:
        raise Conflict("determination.decided", f"this proposal was {determination.decision.verdict} already")
    document = {"prices": [to_document(price) for price in decision.prices]} if decision.is_approved else None
    session.execute(
        insert(RateDecisionRow).values(
            determination_id=determination.determination_id,
            facility_id=determination.facility_id,
            sequence=decision.sequence,
            verdict=decision.verdict,
            reason=decision.reason,
            document=document,
            decided_on=decision.decided_on,
            decided_at=decision.decided_at,
            decider_id=decision.decider.user_id,
            decider_organisation_id=decision.decider.organisation_id,
        )
    )


def find_determination(session: Session, determination_id: UUID) -> Determination | None:
    """Return the determination, or None."""
    row = session.get(RateDeterminationRow, determination_id)
    return None if row is None else _determinations(session, [row], known_at=None)[0]


def list_determinations(
    session: Session, facility_id: UUID, *, known_at: datetime | None = None
) -> tuple[Determination, ...]:
    """Return the facility's determinations in order of proposal, with what was known at ``known_at`` (now when None)."""
    wanted = select(RateDeterminationRow).where(RateDeterminationRow.facility_id == facility_id)
    if known_at is not None:
        wanted = wanted.where(RateDeterminationRow.proposed_at <= known_at)
    ordered = wanted.order_by(RateDeterminationRow.proposed_at, RateDeterminationRow.determination_id)
    return _determinations(session, session.scalars(ordered).all(), known_at=known_at)


def _determinations(
    session: Session, rows: Sequence[RateDeterminationRow], *, known_at: datetime | None
) -> tuple[Determination, ...]:
    ids = [row.determination_id for row in rows]
    decisions = {
        row.determination_id: row
        for row in session.scalars(select(RateDecisionRow).where(RateDecisionRow.determination_id.in_(ids)))
        if known_at is None or row.decided_at <= known_at
    }
    evidence: dict[UUID, list[EvidenceLink]] = {}
    for link in session.scalars(
        select(RateEvidenceRow).where(RateEvidenceRow.determination_id.in_(ids)).order_by(RateEvidenceRow.kpi_period_id)
    ):
        evidence.setdefault(link.determination_id, []).append(
            EvidenceLink(
                kpi_period_id=link.kpi_period_id,
                attestation_id=link.attestation_id,
                baseline_attestation_id=link.baseline_attestation_id,
            )
        )
    approvals: dict[UUID, list[ApprovalRecord]] = {}
    for each in session.scalars(
        select(RateApprovalRow)
        .where(RateApprovalRow.determination_id.in_(ids))
        .order_by(RateApprovalRow.approved_at, RateApprovalRow.approver_id)
    ):
        if known_at is None or each.approved_at <= known_at:
            approvals.setdefault(each.determination_id, []).append(_approval(each))
    return tuple(
        Determination(
            determination_id=row.determination_id,
            facility_id=row.facility_id,
            proposal=from_document(DeterminationProposal, row.document, area="determination"),
            document=row.document,
            digest=row.digest,
            evidence=tuple(evidence.get(row.determination_id, ())),
            approvals=tuple(approvals.get(row.determination_id, ())),
            proposed_at=row.proposed_at,
            proposer=Actor(user_id=row.proposer_id, organisation_id=row.proposer_organisation_id),
            decision=_decision(decisions[row.determination_id]) if row.determination_id in decisions else None,
        )
        for row in rows
    )


def _approval(row: RateApprovalRow) -> ApprovalRecord:
    return ApprovalRecord(
        approver=Actor(user_id=row.approver_id, organisation_id=row.approver_organisation_id),
        digest=row.digest,
        approved_on=row.approved_on,
        approved_at=row.approved_at,
    )


def _decision(row: RateDecisionRow) -> Decision:
    prices = () if row.document is None else row.document["prices"]
    return Decision(
        verdict=row.verdict,
        sequence=row.sequence,
        reason=row.reason,
        prices=tuple(from_document(TranchePrice, price, area="determination") for price in prices),
        decided_on=row.decided_on,
        decided_at=row.decided_at,
        decider=Actor(user_id=row.decider_id, organisation_id=row.decider_organisation_id),
    )
