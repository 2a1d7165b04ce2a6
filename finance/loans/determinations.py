"""The decision that sets the rate: proposed from findings, approved by another person of a lender, dated by the terms.

Owns what may be proposed, who may approve and what the decision says. Stores nothing, signs nothing, reads no clock;
ids and instants are arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from finance.conventions.exact_text import fraction_text
from finance.conventions.fields import check_identifier
from finance.conventions.rates import rate_text
from finance.loans.findings import AttestedFact, KpiFinding, require_evidence
from finance.loans.margins import DatedAdjustment, interval_at
from finance.loans.ratchet import MarginAdjustment, OutcomeStatus, adjusted_rate, margin_adjustment
from finance.loans.resolved import ResolvedFacility
from finance.loans.terms import FacilityTerms
from ledger.core.errors import Conflict, Forbidden, Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """A person acting for an organisation."""

    person_id: str
    organisation_id: str

    def __post_init__(self) -> None:
        """Refuse a nameless signatory."""
        for field in ("person_id", "organisation_id"):
            check_identifier(getattr(self, field), area="determination", field=field)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeterminationProposal:
    """What is put to the bank: the findings, the adjustment they give, the rate before and after (fractions of one).

    ``expected_effective_from`` is the effect date if approved on ``proposed_on``; approval sets the final one.
    """

    proposal_id: str
    facility_number: str
    terms_version: int
    findings: tuple[KpiFinding, ...]
    adjustment: MarginAdjustment
    rate_before: Fraction
    rate_after: Fraction
    expected_effective_from: date
    proposed_on: date
    proposer: Signatory

    @property
    def adjustment_bp(self) -> Fraction:
        """Return the signed basis points on the base rate; minus lowers."""
        return self.adjustment.adjustment_bp

    def digest_fields(self) -> dict[str, str]:
        """Return what a hash of the decision covers, as canonical strings by name: every input and every result."""
        fields = {
            "proposal_id": self.proposal_id,
            "facility_number": self.facility_number,
            "terms_version": str(self.terms_version),
            "adjustment_bp": fraction_text(self.adjustment_bp),
            "rate_before": rate_text(self.rate_before),
            "rate_after": rate_text(self.rate_after),
            "expected_effective_from": self.expected_effective_from.isoformat(),
            "proposed_on": self.proposed_on.isoformat(),
            "proposer_person_id": self.proposer.person_id,
            "proposer_organisation_id": self.proposer.organisation_id,
        }
        for finding in self.findings:
            prefix = f"kpi.{finding.definition.kpi_id}."
            fields |= {prefix + name: text for name, text in _finding_fields(finding).items()}
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedDetermination:
    """A proposal that a lender's second person approved; it sets the rate from ``effective_from`` until the next one."""

    determination_id: str
    proposal: DeterminationProposal
    approver: Signatory
    approved_at: datetime
    approved_on: date
    effective_from: date

    def dated_adjustment(self, *, sequence: int) -> DatedAdjustment:
        """Return the effect on the margin intervals; ``sequence`` is the order in which determinations became known."""
        return DatedAdjustment(
            determination_id=self.determination_id,
            effective_from=self.effective_from,
            adjustment_bp=self.proposal.adjustment_bp,
            sequence=sequence,
        )


def propose(
    *,
    proposal_id: str,
    facility: ResolvedFacility,
    findings: Sequence[KpiFinding],
    proposer: Signatory,
    proposed_on: date,
) -> DeterminationProposal:
    """Return the proposal that ``findings`` (one per KPI of the ratchet, one test year) give under the terms.

    Every finding that counts as met needs its evidence (``findings.require_evidence``), so no rate falls without an
    accepted, standing attestation. Findings of different test years are refused with ``determination.test_year``, a KPI
    twice with ``determination.kpi_twice``. 3.45 % with one KPI met at 10 bp: 3.35 %, adjustment -10 bp.
    """
    check_identifier(proposal_id, area="determination", field="proposal_id")
    terms = facility.terms
    statuses = _statuses(findings)
    for finding in findings:
        if finding.status is OutcomeStatus.MET:
            require_evidence(finding, assurance_level=terms.assurance_level)
    effective_from = facility.effect_date(approved_on=proposed_on)
    in_force = interval_at(facility.margins, effective_from)
    adjustment = margin_adjustment(
        terms.ratchet, statuses, base_rate=terms.base_rate, in_force_bp=in_force.adjustment_bp
    )
    return DeterminationProposal(
        proposal_id=proposal_id,
        facility_number=terms.facility_number,
        terms_version=terms.version,
        findings=tuple(findings),
        adjustment=adjustment,
        rate_before=in_force.rate,
        rate_after=adjusted_rate(
            base_rate=terms.base_rate,
            adjustment_bp=adjustment.adjustment_bp,
            floor_rate=terms.ratchet.floor_rate,
        ),
        expected_effective_from=effective_from,
        proposed_on=proposed_on,
        proposer=proposer,
    )


def approve(
    proposal: DeterminationProposal,
    *,
    determination_id: str,
    facility: ResolvedFacility,
    attestations: Sequence[AttestedFact],
    approver: Signatory,
    approved_at: datetime,
    approved_on: date,
) -> ApprovedDetermination:
    """Return the determination, effective by the terms' rule from the approval date on (never before it).

    The approver is another person, of another organisation, which is a lender of the terms
    (``determination.same_person``, ``.same_organisation``, ``.not_lender``). ``attestations`` are those relied on, as
    known now: one that was withdrawn or changed since the proposal refuses it (``determination.evidence_changed``),
    as does a rate in force that moved (``determination.stale``). ``approved_on`` is the bank's local day of the UTC
    instant ``approved_at``. Approved on 2025-05-06 under NEXT_INTEREST_PERIOD with settlement on the 20th: effective
    from 2025-06-20.
    """
    check_identifier(determination_id, area="determination", field="determination_id")
    terms = facility.terms
    _check_approver(proposal.proposer, approver=approver, terms=terms)
    _check_approval_day(proposal, approved_at=approved_at, approved_on=approved_on)
    if (proposal.facility_number, proposal.terms_version) != (terms.facility_number, terms.version):
        raise Conflict(
            "determination.terms_version",
            f"terms: expected {terms.citation}, which are in force; propose again under them",
            proposed_terms_version=str(proposal.terms_version),
        )
    standing = {fact.attestation_id: fact for fact in attestations}
    for finding in proposal.findings:
        relied_on = finding.attestation
        if relied_on is not None and standing.get(relied_on.attestation_id) != relied_on:
            raise Conflict(
                "determination.evidence_changed",
                "attestations: expected those of the proposal, unchanged and standing; propose again",
                attestation_id=relied_on.attestation_id,
            )
    effective_from = facility.effect_date(approved_on=approved_on)
    in_force = interval_at(facility.margins, effective_from)
    if in_force.rate != proposal.rate_before:
        raise Conflict(
            "determination.stale",
            "rate_before: expected the rate in force on the effect date; it moved since the proposal, propose again",
            rate_before=rate_text(proposal.rate_before),
            in_force=rate_text(in_force.rate),
        )
    return ApprovedDetermination(
        determination_id=determination_id,
        proposal=proposal,
        approver=approver,
        approved_at=approved_at,
        approved_on=approved_on,
        effective_from=effective_from,
    )


def _statuses(findings: Sequence[KpiFinding]) -> dict[str, OutcomeStatus]:
    statuses = {finding.definition.kpi_id: finding.status for finding in findings}
    if len(statuses) != len(findings):
        raise Invalid("determination.kpi_twice", "findings: expected one for each KPI, none twice")
    if len({finding.target.test_year for finding in findings}) > 1:
        raise Invalid("determination.test_year", "findings: expected one and the same test year for all KPIs")
    return statuses


def _check_approver(proposer: Signatory, *, approver: Signatory, terms: FacilityTerms) -> None:
    if approver.person_id == proposer.person_id:
        raise Forbidden("determination.same_person", "approver: expected another person than the one who proposed")
    if approver.organisation_id == proposer.organisation_id:
        raise Forbidden(
            "determination.same_organisation", "approver: expected an organisation other than the proposer's"
        )
    if approver.organisation_id not in terms.lender_ids:
        raise Forbidden("determination.not_lender", "approver: expected a person of a lender that the terms name")


def _check_approval_day(proposal: DeterminationProposal, *, approved_at: datetime, approved_on: date) -> None:
    if approved_at.utcoffset() != timedelta(0):
        raise Invalid("determination.approved_at", "approved_at: expected an aware instant in UTC")
    if abs(approved_on - approved_at.date()) > timedelta(days=1):
        raise Invalid(
            "determination.approved_on",
            "approved_on: expected the local day of approved_at",
            approved_on=approved_on.isoformat(),
            approved_at=approved_at.isoformat(),
        )
    if approved_on < proposal.proposed_on:
        raise Conflict("determination.approved_early", "approved_on: expected a day on or after the proposal's")


def _finding_fields(finding: KpiFinding) -> dict[str, str]:
    definition, target, baseline = finding.definition, finding.target, finding.baseline
    return {
        "status": str(finding.status),
        "value": finding.value or "",
        "unit": definition.unit,
        "measure": str(definition.measure),
        "boundary": definition.boundary,
        "methodology_id": definition.methodology_id,
        "methodology_version": definition.methodology_version,
        "factor_set_version": definition.factor_set_version,
        "test_year": str(target.test_year),
        "target_kind": str(target.kind),
        "target_value": fraction_text(target.value),
        "compare_digits": "" if target.compare_digits is None else str(target.compare_digits),
        "is_strict": "true" if target.is_strict else "false",
        "baseline_value": fraction_text(baseline.value) if baseline else "",
        "baseline_attestation_id": baseline.attestation_id if baseline else "",
        "attestation_id": finding.attestation.attestation_id if finding.attestation else "",
    }
