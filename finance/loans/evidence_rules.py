"""What is found about one KPI's test, and whether its evidence lets it lower a price.

Owns the tie between reported value and attestation: equal byte for byte, or nothing falls. An attestation arrives here as a value
already verified elsewhere (signature, key, engagement); this module knows no cryptography.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from finance.conventions.fields import check_identifier
from finance.kpi.definitions import AssuranceLevel, KpiDefinition
from finance.kpi.outcomes import Beside, KpiOutcome, held_intervals, judge_target
from finance.kpi.targets import Baseline, PerformanceTarget, StatusHeld
from finance.loans.adjustments import KpiResult
from finance.loans.clauses import ReportingTerms
from finance.loans.price_effects import OutcomeStatus
from ledger.core.errors import Conflict, Invalid

_ABSENCES = frozenset((OutcomeStatus.MISSING, OutcomeStatus.LATE, OutcomeStatus.WAIVED))


class AttestationStanding(StrEnum):
    """How an attestation stands as known at some moment."""

    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    WITHDRAWN = "withdrawn"  # by its issuer, or its key was revoked from before it was signed
    SUPERSEDED = "superseded"


class Opinion(StrEnum):
    """What the assessor concluded, whatever word its standard has."""

    CLEAN = "clean"
    QUALIFIED_ELSEWHERE = "qualified_elsewhere"  # the qualification says that it does not touch this KPI
    QUALIFIED = "qualified"
    NONE = "none"  # adverse, disclaimed, or no opinion at all


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedFact:
    """What an assessor's verified statement says, and how it stands as known now.

    ``value`` is the exact text that was signed; the period is half-open.
    """

    attestation_id: str
    kpi_id: str
    period_start: date
    period_end: date
    value: str
    unit: str
    methodology_version: str
    assurance_level: AssuranceLevel
    opinion: Opinion
    standing: AttestationStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiFinding:
    """One KPI in one test period: a reported value with its attestation, or the absence of a report.

    ``value`` is the reported exact text (``9.2636``, a grade, held days); ``absence`` is missing, late or waived. One of them is None.
    The outcome is always computed from the value, so no finding can claim another.
    """

    definition: KpiDefinition
    baseline: Baseline | None
    target: PerformanceTarget
    beside: Beside
    value: str | None
    attestation: AttestedFact | None
    absence: OutcomeStatus | None

    def __post_init__(self) -> None:
        """Refuse a finding that is both or neither, and a value that cannot be judged."""
        if (self.value is None) == (self.absence is None):
            raise Invalid("finding.value", "value: expected a reported value or an absence, not both", field="value")
        if self.absence is not None and self.absence not in _ABSENCES:
            expected = ", ".join(sorted(_ABSENCES))
            raise Invalid(
                "finding.absence", f"absence: expected one of {expected}", field="absence", value=self.absence
            )
        if self.attestation is not None:
            check_identifier(self.attestation.attestation_id, area="finding", field="attestation_id")
        if self.value is not None:
            self._judge(self.value)

    @property
    def outcome(self) -> KpiOutcome | None:
        """Return the judgement of the reported value, None where nothing was reported."""
        return None if self.value is None else self._judge(self.value)

    def _judge(self, value: str) -> KpiOutcome:
        fact = self.attestation
        return judge_target(
            value,
            definition=self.definition,
            baseline=self.baseline,
            target=self.target,
            observed_source=f"attestation {fact.attestation_id}" if fact else "borrower's report, not attested",
            beside=self.beside,
        )

    def result(self, reporting: ReportingTerms) -> KpiResult:
        """Return how the clauses count this finding: absent, else qualified, else met or missed.

        A qualification that the statement places elsewhere counts as clean where the terms say so. An adverse or disclaimed
        opinion, like a withdrawn attestation, is no verification: the report counts as missing.
        """
        outcome = self.outcome
        if outcome is None:
            assert self.absence is not None, "a finding without a value has an absence"
            return KpiResult(status=self.absence, observed=None)
        fact = self.attestation
        status = OutcomeStatus.MET if outcome.is_met else OutcomeStatus.MISSED
        if fact is not None:
            if fact.opinion is Opinion.NONE or fact.standing is not AttestationStanding.ACCEPTED:
                status = OutcomeStatus.MISSING
            elif not _is_clean(fact, reporting):
                status = OutcomeStatus.QUALIFIED
        return KpiResult(status=status, observed=outcome.observed)

    @property
    def is_about_status(self) -> bool:
        """Return whether the KPI is a status held on some days."""
        return isinstance(self.target.rule, StatusHeld)

    @property
    def held(self) -> tuple[tuple[date, date], ...]:
        """Return the days on which the status was held; none for a KPI that is no status."""
        if self.value is None or not isinstance(self.target.rule, StatusHeld):
            return ()
        return held_intervals(self.value, self.target)


def require_evidence(finding: KpiFinding, reporting: ReportingTerms) -> AttestedFact:
    """Return the attestation that lets ``finding`` lower a price, else refuse, naming what differs.

    It is accepted, standing, clean (or qualified elsewhere where the terms take that), states at least the terms' assurance
    level, and equals the finding in KPI, period, value (the exact text), unit and methodology version
    (``determination.attested_value`` and so on). Source: SLLP 2025, verification (each SPT of each KPI, yearly, by an
    independent external verifier); LMA model provisions.
    """
    fact = finding.attestation
    if fact is None:
        raise Conflict(
            "determination.attestation_missing",
            f"attestation: expected one for KPI {finding.definition.kpi_id}; without it the target does not count as met",
            kpi_id=finding.definition.kpi_id,
        )
    if fact.standing is not AttestationStanding.ACCEPTED:
        raise Conflict(
            f"determination.attestation_{fact.standing}",
            f"attestation: expected an accepted one that stands; this one is {fact.standing.replace('_', ' ')}",
            attestation_id=fact.attestation_id,
        )
    if not _is_clean(fact, reporting):
        raise Conflict(
            "determination.attestation_qualified",
            f"attestation: expected a clean opinion; this one is {fact.opinion.replace('_', ' ')}",
            attestation_id=fact.attestation_id,
        )
    _check_level(fact, reporting)
    if finding.value is None:
        raise Conflict(
            "determination.value_missing",
            f"value: expected a reported value of KPI {finding.definition.kpi_id}; an absent one lowers nothing",
            kpi_id=finding.definition.kpi_id,
        )
    definition, target = finding.definition, finding.target
    pairs = (
        ("kpi_id", fact.kpi_id, definition.kpi_id),
        ("period", f"{fact.period_start}/{fact.period_end}", f"{target.period_start}/{target.period_end}"),
        ("value", fact.value, finding.value),
        ("unit", fact.unit, definition.unit),
        ("methodology_version", fact.methodology_version, definition.methodology_version),
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


def _check_level(fact: AttestedFact, reporting: ReportingTerms) -> None:
    if not fact.assurance_level.satisfies(reporting.assurance_level):
        raise Conflict(
            "determination.attested_assurance_level",
            f"assurance_level: expected at least {reporting.assurance_level} assurance",
            attested=fact.assurance_level,
            expected=reporting.assurance_level,
            attestation_id=fact.attestation_id,
        )


def _is_clean(fact: AttestedFact, reporting: ReportingTerms) -> bool:
    if fact.opinion is Opinion.QUALIFIED_ELSEWHERE:
        return reporting.accepts_scoped_qualification
    return fact.opinion is Opinion.CLEAN
