"""What a checklist rule looks at and what it answers: the terms with their unknown parts, the evidence known, a verdict.

Owns the three values. An unknown part answers ``unknown``, never a guess. Knows no rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from finance.loans.checklist_rows import ChecklistRule, PrinciplesVersion
from finance.loans.clauses import EffectRule, LabelTerms, LateFactTerms, ReportingTerms
from finance.loans.deal_reading import Unknown
from finance.loans.facility_terms import FacilityTerms, KpiTerms, Party
from finance.loans.price_effects import Ratchet
from finance.loans.tranche_terms import TrancheTerms
from ledger.core.errors import Invalid

Part = TypeVar("Part")
Item = TypeVar("Item")


class FindingResult(StrEnum):
    """How a rule came out."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTerms:
    """Terms part by part, each known or ``Unknown``: a version that counts, or a published deal with holes in it."""

    version: int | Unknown
    agreed_on: date | Unknown
    parties: tuple[Party | Unknown, ...] | Unknown
    tranches: tuple[TrancheTerms | Unknown, ...] | Unknown
    kpis: tuple[KpiTerms | Unknown, ...] | Unknown
    ratchet: Ratchet | Unknown | None
    effect: EffectRule | Unknown
    reporting: ReportingTerms | Unknown
    late_facts: LateFactTerms | Unknown
    label: LabelTerms | Unknown


def checked_terms(terms: FacilityTerms) -> CheckedTerms:
    """Return complete terms as the checklist reads them: nothing unknown."""
    return CheckedTerms(**{each.name: getattr(terms, each.name) for each in fields(CheckedTerms)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistEvidence:
    """What is known beside the terms, at one moment; None or empty where nobody knows.

    ``values`` are the verified yearly values by KPI (year, value), ``regulated`` the value in force by KPI and year, at most which is
    allowed. ``attested_bases`` are KPIs whose base year has a standing attestation, ``other_methods`` those attested by another
    methodology version than the terms', ``unverified`` (KPI, year) whose attestation is overdue. ``is_assessor_independent`` is None
    while nobody is engaged. ``originated_on`` is the day of the first terms, ``is_agreed`` whether these count.
    """

    values: Mapping[str, tuple[tuple[int, Fraction], ...]]
    regulated: Mapping[tuple[str, int], Fraction]
    attested_bases: frozenset[str]
    other_methods: frozenset[str]
    unverified: tuple[tuple[str, int], ...]
    is_assessor_independent: bool | None
    late_notices: int
    expired_talks: int
    approver_of_targets: str | None
    originator: str | None
    use_of_premium: str | None
    originated_on: date | None
    is_agreed: bool

    def __post_init__(self) -> None:
        """Refuse counts below zero and years out of order."""
        if self.late_notices < 0 or self.expired_talks < 0:
            raise Invalid("checklist.evidence", "late_notices, expired_talks: expected counts from 0 on")
        for kpi_id, values in self.values.items():
            years = [year for year, _ in values]
            if years != sorted(set(years)):
                raise Invalid("checklist.evidence", "values: expected years in order, none twice", kpi_id=kpi_id[:64])


NOTHING_KNOWN = ChecklistEvidence(
    values={},
    regulated={},
    attested_bases=frozenset(),
    other_methods=frozenset(),
    unverified=(),
    is_assessor_independent=None,
    late_notices=0,
    expired_talks=0,
    approver_of_targets=None,
    originator=None,
    use_of_premium=None,
    originated_on=None,
    is_agreed=False,
)
"""The evidence of a deal of which only its terms were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A rule's answer: how it came out, the field it looked at, why in both languages. ``is_soft``: an open one only warns."""

    result: FindingResult
    field: str
    reason_en: str
    reason_zh: str
    is_soft: bool = False


class PartUnknownError(Exception):
    """A part of the terms that a rule needs is unknown; the checklist turns it into the result ``unknown``."""

    def __init__(self, field: str) -> None:
        """Keep the part's name."""
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One rule before one loan."""

    terms: CheckedTerms
    evidence: ChecklistEvidence
    rule: ChecklistRule
    version: PrinciplesVersion | None

    @property
    def label(self) -> LabelTerms:
        """Return the label clause."""
        return _known(self.terms.label, "label")

    @property
    def reporting(self) -> ReportingTerms:
        """Return the reporting clause."""
        return _known(self.terms.reporting, "reporting")

    @property
    def ratchet(self) -> Ratchet | None:
        """Return the pricing clauses."""
        return _known(self.terms.ratchet, "ratchet")

    @property
    def kpis(self) -> tuple[KpiTerms, ...]:
        """Return the KPIs, every one known."""
        return _all_known(self.terms.kpis, "kpis")

    @property
    def kpi_count(self) -> int:
        """Return how many KPIs there are, known ones or not."""
        return len(_known(self.terms.kpis, "kpis"))

    @property
    def tranches(self) -> tuple[TrancheTerms, ...]:
        """Return the tranches, every one known."""
        return _all_known(self.terms.tranches, "tranches")

    @property
    def agreed_on(self) -> date:
        """Return the day the terms were agreed."""
        return _known(self.terms.agreed_on, "agreed_on")

    @property
    def limit(self) -> Decimal:
        """Return the rule's number."""
        if self.rule.value is None:
            raise Invalid("checklist.value", f"{self.rule.rule_id}: expected a number in its row")
        return self.rule.value


def _known(part: Part | Unknown, field: str) -> Part:
    if isinstance(part, Unknown):
        raise PartUnknownError(part.paths[0] if part.paths else field)
    return part


def _all_known(parts: tuple[Item | Unknown, ...] | Unknown, field: str) -> tuple[Item, ...]:
    found = []
    for number, part in enumerate(_known(parts, field)):
        found.append(_known(part, f"{field}[{number}]"))
    return tuple(found)
