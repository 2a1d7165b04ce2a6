"""What enters and leaves about rate determinations: the proposal with its digest, and a lender's decision on it.

Whoever decides repeats the digest, so that what is approved is exactly what was read.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import DateString, InstantString, Text, UuidString
from finance.conventions.exact_text import decimal_text
from finance.conventions.rates import rate_text
from finance.store.determinations import Decision, Determination

_DIGEST_EXAMPLE = "9f86d081884c7d65" * 4
_DigestIn = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{64}$",
        description="The digest of the proposal as it was read.",
        examples=[_DIGEST_EXAMPLE],
    ),
]
_Rate = Annotated[str, Field(description="A yearly rate as a fraction of one.", examples=["0.0335"])]
_ExactRate = Annotated[str, Field(description="The same, exactly, as numerator/denominator.", examples=["67/2000"])]


class ApprovalIn(Schema):
    """Consent to exactly the proposal that ``digest`` names."""

    digest: _DigestIn


class RefusalIn(Schema):
    """Refusal of the proposal that ``digest`` names, and why."""

    digest: _DigestIn
    reason: Annotated[Text, Field(examples=["the production figure of March is under dispute"])]


class DecisionOut(Schema):
    """A lender's answer; ``effective_from`` is set when approved, ``reason`` when refused."""

    verdict: Annotated[str, Field(examples=["approved"])]
    reason: str | None
    digest: str
    effective_from: DateString | None
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
            digest=decision.digest,
            effective_from=decision.effective_from,
            decided_on=decision.decided_on,
            decided_at=decision.decided_at,
            user_id=decision.decider.user_id,
            organisation_id=decision.decider.organisation_id,
        )


class DeterminationOut(Schema):
    """A proposed rate step, what it rests on, and the decision on it (null while undecided).

    ``proposal`` is every input and result that ``digest`` covers: SHA-256 over its RFC 8785 bytes.
    """

    id: UuidString
    facility_id: UuidString
    terms_version: int
    kpi_period_id: UuidString
    attestation_id: UuidString | None
    baseline_attestation_id: UuidString | None
    status: Annotated[str, Field(description="What was found about the KPI.", examples=["met"])]
    value: str | None
    rate_before: _Rate
    rate_before_exact: _ExactRate
    rate_after: _Rate
    rate_after_exact: _ExactRate
    adjustment_bp: Annotated[str, Field(examples=["-10"])]
    proposal: dict[str, str]
    digest: Annotated[str, Field(examples=[_DIGEST_EXAMPLE])]
    proposed_on: DateString
    proposed_at: InstantString
    proposer_user_id: UuidString
    proposer_organisation_id: UuidString
    decision: DecisionOut | None

    @classmethod
    def from_core(cls, determination: Determination) -> DeterminationOut:
        """Return the shape of ``determination``."""
        decision = determination.decision
        return cls(
            id=determination.determination_id,
            facility_id=determination.facility_id,
            terms_version=determination.terms_version,
            kpi_period_id=determination.kpi_period_id,
            attestation_id=determination.attestation_id,
            baseline_attestation_id=determination.baseline_attestation_id,
            status=determination.finding.status.value,
            value=determination.finding.value,
            rate_before=decimal_text(determination.rate_before),
            rate_before_exact=rate_text(determination.rate_before),
            rate_after=decimal_text(determination.rate_after),
            rate_after_exact=rate_text(determination.rate_after),
            adjustment_bp=decimal_text(determination.adjustment_bp),
            proposal=dict(determination.proposal),
            digest=determination.digest,
            proposed_on=determination.proposed_on,
            proposed_at=determination.proposed_at,
            proposer_user_id=determination.proposer.user_id,
            proposer_organisation_id=determination.proposer.organisation_id,
            decision=None if decision is None else DecisionOut.from_core(decision),
        )


class DeterminationsOut(Schema):
    """A facility's determinations in order of proposal."""

    determinations: Array[DeterminationOut]
