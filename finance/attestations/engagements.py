"""What an attestation is held against: the assessor's mandate, and what the loan's KPI period expects to see attested.

Owns the two values and their own consistency. Knows neither signatures nor the statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from finance.attestations.independence import LoanParty
from finance.attestations.instants import check_utc
from finance.attestations.spelling import check_identifier, check_legal_name, check_sha256
from finance.attestations.statements import AssuranceLevel, AssuranceStandard
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """One mandate: which assessor states what about which KPI and period, under which standard and level.

    The mandate runs in ``[valid_from, valid_to)``, open when ``valid_to`` is None; the KPI period is ``[period_start,
    period_end)``.
    """

    engagement_id: str
    assessor_organisation_id: str
    assessor_legal_name: str
    responsible_party: str
    facility_id: str
    kpi_id: str
    period_start: date
    period_end: date
    level: AssuranceLevel
    standard: AssuranceStandard
    valid_from: datetime
    valid_to: datetime | None
    is_independence_declared: bool

    def __post_init__(self) -> None:
        """Refuse a mandate or period that ends before it begins, and instants that are not UTC."""
        for name in ("engagement_id", "assessor_organisation_id", "facility_id", "kpi_id"):
            check_identifier(getattr(self, name), field=name)
        check_legal_name(self.assessor_legal_name, field="assessor_legal_name")
        check_legal_name(self.responsible_party, field="responsible_party")
        _check_period(self.period_start, self.period_end)
        check_utc(self.valid_from, field="valid_from")
        if self.valid_to is not None:
            check_utc(self.valid_to, field="valid_to")
            if self.valid_to <= self.valid_from:
                raise Invalid("engagement.mandate", "valid_to: expected an instant after valid_from", field="valid_to")

    def is_open(self, at: datetime) -> bool:
        """Return whether the mandate runs at ``at``: ``valid_from`` included, ``valid_to`` excluded."""
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a rate step for one KPI period needs to see attested, byte for byte.

    ``value`` and ``baseline_value`` are the decimal strings of the locked calculation in ``unit``; ``loan_parties`` are the
    organisations connected to the loan, and ``sharing_a_person`` those of which a member of the assessor is a member too;
    ``required_evidence`` are SHA-256 digests that must all be listed.
    """

    audience: str
    facility_id: str
    terms_sha256: str | None
    kpi_id: str
    kpi_definition_sha256: str
    measure: str
    methodology_id: str
    methodology_version: str
    factor_set_version: str
    factor_set_sha256: str
    boundary: str
    sites: tuple[str, ...]
    period_start: date
    period_end: date
    value: str
    unit: str
    baseline_value: str | None
    snapshot_sha256: str
    required_level: AssuranceLevel
    loan_parties: tuple[LoanParty, ...]
    sharing_a_person: frozenset[str]
    required_evidence: frozenset[str]

    def __post_init__(self) -> None:
        """Refuse an expectation no statement could meet."""
        for name in ("facility_id", "kpi_id", "methodology_id"):
            check_identifier(getattr(self, name), field=name)
        for name in ("kpi_definition_sha256", "factor_set_sha256", "snapshot_sha256"):
            check_sha256(getattr(self, name), field=name)
        if self.terms_sha256 is not None:
            check_sha256(self.terms_sha256, field="terms_sha256")
        for digest in self.required_evidence:
            check_sha256(digest, field="required_evidence")
        parse_decimal(self.value, field="value")
        if self.baseline_value is not None:
            parse_decimal(self.baseline_value, field="baseline_value")
        _check_period(self.period_start, self.period_end)


def _check_period(period_start: date, period_end: date) -> None:
    if period_start >= period_end:
        raise Invalid(
            "attestation.period_order", "period_end: expected a day after period_start (exclusive)", field="period_end"
        )
