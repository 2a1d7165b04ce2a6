"""Reads and writes rate determinations and the lenders' decisions on them. Takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.loans.finding_text import finding_from_mapping, finding_to_mapping
from finance.loans.findings import KpiFinding
from finance.store.tables.loans import RateDecisionRow, RateDeterminationRow
from ledger.core.errors import Conflict
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A lender's answer to a proposal; ``effective_from`` is set when approved, ``reason`` when refused."""

    verdict: str
    sequence: int
    reason: str | None
    digest: str
    effective_from: date | None
    decided_on: date
    decided_at: datetime
    decider: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """A proposed rate step with its cause, inputs and digest, and the decision on it if there is one."""

    determination_id: UUID
    facility_id: UUID
    terms_version: int
    kpi_period_id: UUID
    attestation_id: UUID | None
    baseline_attestation_id: UUID | None
    finding: KpiFinding
    proposal: Mapping[str, Any]
    digest: str
    rate_before: Fraction
    rate_after: Fraction
    adjustment_bp: Fraction
    proposed_on: date
    proposed_at: datetime
    proposer: Actor
    decision: Decision | None


def save_proposal(session: Session, determination: Determination) -> None:
    """Record a proposal; one that is undecided stands in the way of another for the same period."""
    for other in list_determinations(session, determination.facility_id):
        if other.kpi_period_id == determination.kpi_period_id and other.decision is None:
            raise Conflict(
                "determination.pending",
                "a proposal for this KPI period awaits the lender's decision",
                determination_id=str(other.determination_id),
            )
    session.execute(
        insert(RateDeterminationRow).values(
            determination_id=determination.determination_id,
            facility_id=determination.facility_id,
            terms_version=determination.terms_version,
            kpi_period_id=determination.kpi_period_id,
            attestation_id=determination.attestation_id,
            baseline_attestation_id=determination.baseline_attestation_id,
            finding=finding_to_mapping(determination.finding),
            proposal=dict(determination.proposal),
            digest=determination.digest,
            rate_before=determination.rate_before,
            rate_after=determination.rate_after,
            adjustment_bp=determination.adjustment_bp,
            proposed_on=determination.proposed_on,
            proposed_at=determination.proposed_at,
            proposer_id=determination.proposer.user_id,
            proposer_organisation_id=determination.proposer.organisation_id,
        )
    )


def next_sequence(session: Session, facility_id: UUID) -> int:
    """Return the number of the facility's next decision, from 1; the caller holds the facility's lock."""
    last = session.scalar(select(func.max(RateDecisionRow.sequence)).where(RateDecisionRow.facility_id == facility_id))
    return (last or 0) + 1


def save_decision(session: Session, determination: Determination, decision: Decision) -> None:
    """Record the lender's answer; a proposal is decided once (``determination.decided``)."""
    if determination.decision is not None:
        raise Conflict("determination.decided", f"this proposal was {determination.decision.verdict} already")
    session.execute(
        insert(RateDecisionRow).values(
            determination_id=determination.determination_id,
            facility_id=determination.facility_id,
            sequence=decision.sequence,
            verdict=decision.verdict,
            reason=decision.reason,
            digest=decision.digest,
            effective_from=decision.effective_from,
            decided_on=decision.decided_on,
            decided_at=decision.decided_at,
            decider_id=decision.decider.user_id,
            decider_organisation_id=decision.decider.organisation_id,
        )
    )


def find_determination(session: Session, determination_id: UUID) -> Determination | None:
    """Return the determination, or None."""
    row = session.get(RateDeterminationRow, determination_id)
    return None if row is None else _determination(session, row)


def list_determinations(
    session: Session, facility_id: UUID, *, known_at: datetime | None = None
) -> tuple[Determination, ...]:
    """Return the facility's determinations in order of proposal, with the decisions known at ``known_at`` (now when None)."""
    wanted = select(RateDeterminationRow).where(RateDeterminationRow.facility_id == facility_id)
    if known_at is not None:
        wanted = wanted.where(RateDeterminationRow.proposed_at <= known_at)
    ordered = wanted.order_by(RateDeterminationRow.proposed_at, RateDeterminationRow.determination_id)
    return tuple(_determination(session, row, known_at=known_at) for row in session.scalars(ordered).all())


def _determination(session: Session, row: RateDeterminationRow, *, known_at: datetime | None = None) -> Determination:
    decided = session.get(RateDecisionRow, row.determination_id)
    if decided is not None and known_at is not None and decided.decided_at > known_at:
        decided = None
    return Determination(
        determination_id=row.determination_id,
        facility_id=row.facility_id,
        terms_version=row.terms_version,
        kpi_period_id=row.kpi_period_id,
        attestation_id=row.attestation_id,
        baseline_attestation_id=row.baseline_attestation_id,
        finding=finding_from_mapping(row.finding),
        proposal=row.proposal,
        digest=row.digest,
        rate_before=row.rate_before,
        rate_after=row.rate_after,
        adjustment_bp=row.adjustment_bp,
        proposed_on=row.proposed_on,
        proposed_at=row.proposed_at,
        proposer=Actor(user_id=row.proposer_id, organisation_id=row.proposer_organisation_id),
        decision=None if decided is None else _decision(decided),
    )


def _decision(row: RateDecisionRow) -> Decision:
    return Decision(
        verdict=row.verdict,
        sequence=row.sequence,
        reason=row.reason,
        digest=row.digest,
        effective_from=row.effective_from,
        decided_on=row.decided_on,
        decided_at=row.decided_at,
        decider=Actor(user_id=row.decider_id, organisation_id=row.decider_organisation_id),
    )
