"""What is found about one KPI's test year, and whether its evidence allows a step-down.

Owns the tie between reported value and attestation: equal byte for byte, or no step-down. An attestation arrives here
as a value already verified elsewhere (signature, key, engagement); this module knows no cryptography.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from finance.conventions.exact_text import parse_exact
from finance.conventions.fields import check_identifier
from finance.kpi.definitions import AssuranceLevel, Baseline, KpiDefinition, PerformanceTarget
from finance.kpi.evaluation import KpiOutcome, evaluate
from finance.loans.ratchet import OutcomeStatus
from ledger.core.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedFact:
    """What an assessor's verified statement says, and how it stands as known now.

    ``value`` is the exact string that was signed; the period is half-open. ``is_qualified``: the opinion is not clean.
    """

    attestation_id: str
    kpi_id: str
    period_start: date
    period_end: date
    value: str
    unit: str
    methodology_version: str
    assurance_level: str
    is_accepted: bool
    is_withdrawn: bool
    is_qualified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiFinding:
    """One KPI in one test year: a reported value with its attestation, or the absence of a report.

    ``value`` is the reported exact string (``9.2636`` or ``23159/2500``); ``absence`` is MISSING or LATE. One of them
    is None. The outcome is always computed from the value, so no finding can claim another.
    """

    definition: KpiDefinition
    baseline: Baseline | None
    target: PerformanceTarget
    value: str | None
    attestation: AttestedFact | None
    absence: OutcomeStatus | None

    def __post_init__(self) -> None:
        """Refuse a finding that is both or neither, and a value that cannot be evaluated."""
        if (self.value is None) == (self.absence is None):
            raise Invalid("finding.value", "value: expected a reported value or an absence, not both")
        if self.absence not in {None, OutcomeStatus.MISSING, OutcomeStatus.LATE}:
            raise Invalid("finding.absence", "absence: expected missing or late", absence=str(self.absence))
        if self.attestation is not None:
            check_identifier(self.attestation.attestation_id, area="finding", field="attestation_id")
        if self.value is not None:
            self._evaluate(self.value)

    @property
    def outcome(self) -> KpiOutcome | None:
        """Return the evaluation of the reported value, None where nothing was reported."""
        return None if self.value is None else self._evaluate(self.value)

    def _evaluate(self, value: str) -> KpiOutcome:
        fact = self.attestation
        source = f"attestation {fact.attestation_id}" if fact else "borrower's report, not attested"
        return evaluate(
            parse_exact(value, field="value"),
            definition=self.definition,
            baseline=self.baseline,
            target=self.target,
            observed_source=source,
        )

    @property
    def status(self) -> OutcomeStatus:
        """Return how the ratchet counts this finding: absent, else qualified, else met or missed."""
        if self.absence is not None:
            return self.absence
        if self.attestation is not None and self.attestation.is_qualified:
            return OutcomeStatus.QUALIFIED
        outcome = self.outcome
        assert outcome is not None, "a finding without absence has a value"
        return OutcomeStatus.MET if outcome.is_met else OutcomeStatus.MISSED


def require_evidence(finding: KpiFinding, *, assurance_level: AssuranceLevel) -> AttestedFact:
    """Return the attestation that lets ``finding`` count as met, else refuse, naming what differs.

    It is accepted, not withdrawn, not qualified, and equals the finding in KPI, period, value (the exact string), unit,
    methodology version, and the terms in assurance level (``determination.attested_value`` and so on). Source: SLLP
    2025, verification (each SPT of each KPI, yearly, by an independent external verifier); LMA model provisions.
    """
    fact = finding.attestation
    if fact is None:
        raise Conflict(
            "determination.attestation_missing",
            f"attestation: expected one for KPI {finding.definition.kpi_id}; without it the target does not count as met",
            kpi_id=finding.definition.kpi_id,
        )
    if not fact.is_accepted or fact.is_withdrawn or fact.is_qualified:
        standing = "withdrawn" if fact.is_withdrawn else "qualified" if fact.is_accepted else "not_accepted"
        raise Conflict(
            f"determination.attestation_{standing}",
            f"attestation: expected an accepted, clean one that stands; this one is {standing.replace('_', ' ')}",
            attestation_id=fact.attestation_id,
        )
    assert finding.value is not None, "evidence is asked for reported values"
    pairs = (
        ("kpi_id", fact.kpi_id, finding.definition.kpi_id),
        ("period", _period(fact.period_start, fact.period_end), _target_period(finding.target)),
        ("value", fact.value, finding.value),
        ("unit", fact.unit, finding.definition.unit),
        ("methodology_version", fact.methodology_version, finding.definition.methodology_version),
        ("assurance_level", fact.assurance_level, str(assurance_level)),
    )
    for field, attested, expected in pairs:
        if attested != expected:
            raise Conflict(
                f"determination.attested_{field}",
                f"{field}: expected the attestation to state exactly {expected}",
                attested=attested[:120],
                expected=expected[:120],
                attestation_id=fact.attestation_id,
            )
    return fact


def _target_period(target: PerformanceTarget) -> str:
    return _period(target.period_start, target.period_end)


def _period(start: date, end: date) -> str:
    return f"{start.isoformat()}/{end.isoformat()}"
