"""What enters and leaves about rate determinations: the proposal with its digest, approvals, and how it ended.

Whoever decides repeats the digest, so that what is approved is exactly what was read.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import DateString, InstantString, Text, UuidString
from api.schemas.terms import Digest, DigestIn
from finance.conventions.exact_text import decimal_text, fraction_text
from finance.loans.rate_determinations import DeterminationCause, TranchePrice
from finance.store.determinations import ApprovalRecord, Decision, Determination

_Bp = Annotated[str, Field(description="Basis points; minus lowers.", examples=["-10"])]
_ExactBp = Annotated[str, Field(description="The same, exactly, as numerator/denominator.", examples=["-10/1"])]


class ProposalIn(Schema):
    """Why the period is determined; a decision that puts another right names it in ``replaces``."""

    cause: Annotated[Choice[DeterminationCause], Field(examples=["first"])] = DeterminationCause.FIRST
    replaces: UuidString | None = None


class ApprovalIn(Schema):
    """Consent to exactly the proposal that ``digest`` names."""

    digest: DigestIn


class RefusalIn(Schema):
    """Refusal of the proposal that ``digest`` names, and why."""

    digest: DigestIn
    reason: Annotated[Text, Field(examples=["the production figure of March is under dispute"])]


class TranchePriceOut(Schema):
    """What the decision does to one tranche; ``effective_from`` is null where no day of its life is left."""

    tranche_id: str
    adjustment_before_bp: _Bp
    adjustment_before_bp_exact: _ExactBp
    adjustment_after_bp: _Bp
    adjustment_after_bp_exact: _ExactBp
    effective_from: DateString | None
    until: DateString | None

    @classmethod
    def from_core(cls, price: TranchePrice) -> TranchePriceOut:
        """Return the shape of ``price``."""
        return cls(
            tranche_id=price.tranche_id,
            adjustment_before_bp=decimal_text(price.adjustment_before_bp),
            adjustment_before_bp_exact=fraction_text(price.adjustment_before_bp),
            adjustment_after_bp=decimal_text(price.adjustment_after_bp),
            adjustment_after_bp_exact=fraction_text(price.adjustment_after_bp),
            effective_from=price.effective_from,
            until=price.until,
        )


class EvidenceOut(Schema):
    """What one KPI's part in the decision rests on."""

    kpi_period_id: UuidString
    attestation_id: UuidString | None
    baseline_attestation_id: UuidString | None


class ApprovalOut(Schema):
    """One person of a lender who agreed."""

    user_id: UuidString
    organisation_id: UuidString
    approved_on: DateString
    approved_at: InstantString

    @classmethod
    def from_core(cls, approval: ApprovalRecord) -> ApprovalOut:
        """Return the shape of ``approval``."""
        return cls(
            user_id=approval.approver.user_id,
            organisation_id=approval.approver.organisation_id,
            approved_on=approval.approved_on,
            approved_at=approval.approved_at,
        )


class DecisionOut(Schema):
    """How the proposal ended; ``prices`` carry the final effect days when approved, ``reason`` is set when refused."""

    verdict: Annotated[str, Field(examples=["approved"])]
    reason: str | None
    prices: Array[TranchePriceOut]
    decided_on: DateString
    decided_at: InstantString
    user_id: UuidString
    organisation_id: UuidString

    @classmethod
    def from_core(cls, decision: Decision) -> DecisionOut:
        """Return the shape of ``decision``."""
        return cls(
            verdict=decision.verdict,
            reason=decision.reason,
            prices=tuple(TranchePriceOut.from_core(price) for price in decision.prices),
            decided_on=decision.decided_on,
            decided_at=decision.decided_at,
            user_id=decision.decider.user_id,
            organisation_id=decision.decider.organisation_id,
        )


class FoundOut(Schema):
    """What was found about one KPI: its reported value (null where there is none) and how the clauses count it."""

    kpi_id: str
    status: Annotated[str, Field(examples=["met"])]
    value: str | None


class DeterminationOut(Schema):
    """A proposed decision on one test period, what it rests on, the approvals so far and how it ended (null while undecided).

    ``proposal`` is every input and result that ``digest`` covers: SHA-256 over its RFC 8785 bytes.
    """

    id: UuidString
    facility_id: UuidString
    terms_version: int
    period_start: DateString
    period_end: DateString
    cause: Annotated[str, Field(examples=["first"])]
    replaces: UuidString | None
    found: Array[FoundOut]
    prices: Array[TranchePriceOut]
    evidence: Array[EvidenceOut]
    proposal: dict[str, JsonValue]
    digest: Digest
    proposed_on: DateString
    proposed_at: InstantString
    proposer_user_id: UuidString
    proposer_organisation_id: UuidString
    approvals: Array[ApprovalOut]
    decision: DecisionOut | None

    @classmethod
    def from_core(cls, determination: Determination) -> DeterminationOut:
        """Return the shape of ``determination``."""
        decision, proposal = determination.decision, determination.proposal
        return cls(
            id=determination.determination_id,
            facility_id=determination.facility_id,
            terms_version=proposal.terms_version,
            period_start=proposal.period_start,
            period_end=proposal.period_end,
            cause=proposal.cause.value,
            replaces=None if proposal.replaces is None else UUID(proposal.replaces),
            found=tuple(
                FoundOut(kpi_id=kpi_id, status=status.value, value=finding.value)
                for finding, (kpi_id, status) in zip(proposal.findings, proposal.statuses, strict=True)
            ),
            prices=tuple(TranchePriceOut.from_core(price) for price in proposal.prices),
            evidence=tuple(
                EvidenceOut(
                    kpi_period_id=link.kpi_period_id,
                    attestation_id=link.attestation_id,
                    baseline_attestation_id=link.baseline_attestation_id,
                )
                for link in determination.evidence
            ),
            proposal=dict(determination.document),
            digest=determination.digest,
            proposed_on=proposal.proposed_on,
            proposed_at=determination.proposed_at,
            proposer_user_id=determination.proposer.user_id,
            proposer_organisation_id=determination.proposer.organisation_id,
            approvals=tuple(ApprovalOut.from_core(approval) for approval in determination.approvals),
            decision=None if decision is None else DecisionOut.from_core(decision),
        )


class DeterminationsOut(Schema):
    """A facility's determinations in order of proposal."""

    determinations: Array[DeterminationOut]
