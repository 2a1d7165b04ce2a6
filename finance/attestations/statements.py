"""What an assessor states about one KPI of one period: the signed content, field by field.

Owns the statement's fields, what each may hold and how they agree with each other. Knows no signature, no key and
nothing of what a loan expects: another KPI's statement is a perfectly good statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from finance.attestations.instants import check_utc
from finance.attestations.spelling import (
    MAX_NARRATIVE_CHARACTERS,
    check_identifier,
    check_language,
    check_legal_name,
    check_media_type,
    check_name,
    check_sha256,
)
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Invalid

STATEMENT_VERSION = "1"
MAX_EVIDENCE_BYTES = 10**15

_WHOLE_PERCENT = 100


class AssuranceStandard(StrEnum):
    """The professional standard worked to; vocabularies are mapped, never merged (reference, section 5.1)."""

    ISAE_3000 = "isae_3000"
    ISAE_3410 = "isae_3410"
    ISSA_5000 = "issa_5000"
    ISO_14064_3 = "iso_14064_3"  # its "modified" opinion is stated as qualified
    AA1000AS_V3 = "aa1000as_v3"  # its "moderate" is stated as limited, its "high" as reasonable
    CETS_VERIFICATION = "cets_verification"  # Chinese ETS verification report: never an assurance opinion


class AssuranceLevel(StrEnum):
    """How much assurance the conclusion gives."""

    LIMITED = "limited"
    REASONABLE = "reasonable"
    NOT_AN_OPINION = "not_an_opinion"

    def satisfies(self, required: AssuranceLevel) -> bool:
        """Return whether this level meets ``required``: reasonable meets limited, a non-opinion meets only itself.

        Loans and attestations reference, section 5.1: a Chinese ETS verification is its own type, never "limited".
        """
        return self is required or (self is AssuranceLevel.REASONABLE and required is AssuranceLevel.LIMITED)


class Outcome(StrEnum):
    """The conclusion's kind (ISAE 3000 (Revised); the other standards' words are mapped to these four)."""

    UNMODIFIED = "unmodified"
    QUALIFIED = "qualified"
    ADVERSE = "adverse"
    DISCLAIMER = "disclaimer"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceDigest:
    """One file the assessor saw: SHA-256 of its bytes, media type, size in bytes and a label to find it by."""

    sha256: str
    media_type: str
    size_bytes: int
    label: str

    def __post_init__(self) -> None:
        """Refuse a digest that could not be checked later."""
        check_sha256(self.sha256, field="evidence.sha256")
        check_media_type(self.media_type, field="evidence.media_type")
        check_name(self.label, field="evidence.label")
        if not 0 <= self.size_bytes <= MAX_EVIDENCE_BYTES:
            raise Invalid(
                "attestation.evidence_size", "evidence.size_bytes: expected 0 to 10^15", field="evidence.size_bytes"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Materiality:
    """The threshold applied: a percentage as a decimal string, words, or both; at least one is stated."""

    percent: str | None
    qualitative: str | None

    def __post_init__(self) -> None:
        """Refuse an empty materiality (the statement then says null) and a percentage outside (0, 100]."""
        if self.percent is None and self.qualitative is None:
            raise Invalid(
                "attestation.materiality", "materiality: expected a percentage, words or null", field="materiality"
            )
        if (
            self.percent is not None
            and not 0 < parse_decimal(self.percent, field="materiality.percent") <= _WHOLE_PERCENT
        ):
            raise Invalid(
                "attestation.materiality_percent",
                "materiality.percent: expected above 0 up to 100",
                field="materiality.percent",
            )
        if self.qualitative is not None:
            check_name(self.qualitative, field="materiality.qualitative", max_characters=MAX_NARRATIVE_CHARACTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationStatement:
    """One statement; every field is stated, absence is an explicit None (reference, section 5.2).

    The period is ``[period_start, period_end)``. ``value`` and ``baseline_value`` are decimal strings in ``unit``,
    signed exactly as written: ``13.20`` and ``13.2`` are different statements. ``affected_kpi_ids`` is read only with a
    qualified outcome: None says nothing, so every KPI counts as affected; an empty tuple records that none is.
    """

    statement_version: str
    jti: str
    engagement_id: str
    audience: str
    issuer_organisation_id: str
    issuer_legal_name: str
    issuer_accreditation: str | None
    signatory_name: str
    signatory_role: str
    responsible_party: str
    intended_users: tuple[str, ...]
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
    criteria: str | None
    standard: AssuranceStandard
    level: AssuranceLevel
    outcome: Outcome
    qualification_text: str | None
    affected_kpi_ids: tuple[str, ...] | None
    emphasis_of_matter: str | None
    inherent_limits: str | None
    materiality: Materiality | None
    snapshot_sha256: str
    evidence: tuple[EvidenceDigest, ...]
    sampling_note: str | None
    site_visits: tuple[str, ...]
    independence_statement: str
    issued_at: datetime
    valid_from: date | None
    supersedes: str | None
    supersede_reason: str | None
    use_restriction: str | None
    language: str
    other_languages: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a statement whose fields are misspelled or contradict each other; the message names the field."""
        if self.statement_version != STATEMENT_VERSION:
            raise Invalid(
                "attestation.version", f"statement_version: expected {STATEMENT_VERSION}", field="statement_version"
            )
        _check_spelling(self)
        _check_lists(self)
        _check_agreement(self)

    def touches(self, kpi_id: str) -> bool:
        """Return whether the outcome takes something back for ``kpi_id``.

        Unmodified: no. Qualified: unless the affected list is stated and does not hold it. Adverse, disclaimer: always
        (reference, section 5.1, price rule default).
        """
        match self.outcome:
            case Outcome.UNMODIFIED:
                return False
            case Outcome.QUALIFIED:
                return self.affected_kpi_ids is None or kpi_id in self.affected_kpi_ids
            case Outcome.ADVERSE | Outcome.DISCLAIMER:
                return True


_IDENTIFIERS = ("jti", "engagement_id", "issuer_organisation_id", "facility_id", "kpi_id", "methodology_id")
_NAMES = ("audience", "signatory_role", "measure", "methodology_version", "factor_set_version", "unit")
_LEGAL_NAMES = ("issuer_legal_name", "signatory_name", "responsible_party")
_NARRATIVES = (
    "issuer_accreditation", "boundary", "criteria", "qualification_text", "emphasis_of_matter", "inherent_limits",
    "sampling_note", "independence_statement", "supersede_reason", "use_restriction",
)  # fmt: skip
_DIGESTS = ("terms_sha256", "kpi_definition_sha256", "factor_set_sha256", "snapshot_sha256")
_NAME_LISTS = ("intended_users", "sites", "site_visits")


def _check_spelling(statement: AttestationStatement) -> None:
    for name in _IDENTIFIERS:
        check_identifier(getattr(statement, name), field=name)
    for name in _NAMES:
        check_name(getattr(statement, name), field=name)
    for name in _LEGAL_NAMES:
        check_legal_name(getattr(statement, name), field=name)
    for name in _NARRATIVES:
        text: str | None = getattr(statement, name)
        if text is not None:
            check_name(text, field=name, max_characters=MAX_NARRATIVE_CHARACTERS)
    for name in _DIGESTS:
        digest: str | None = getattr(statement, name)
        if digest is not None:
            check_sha256(digest, field=name)
    parse_decimal(statement.value, field="value")
    if statement.baseline_value is not None:
        parse_decimal(statement.baseline_value, field="baseline_value")
    if statement.supersedes is not None:
        check_identifier(statement.supersedes, field="supersedes")
    check_language(statement.language, field="language")


def _check_lists(statement: AttestationStatement) -> None:
    for name in _NAME_LISTS:
        for text in getattr(statement, name):
            check_name(text, field=name)
    for kpi_id in statement.affected_kpi_ids or ():
        check_identifier(kpi_id, field="affected_kpi_ids")
    for language in statement.other_languages:
        check_language(language, field="other_languages")
    for name in ("intended_users", "sites"):
        if not getattr(statement, name):
            raise Invalid("attestation.field_empty", f"{name}: expected at least one", field=name)
    for name in (*_NAME_LISTS, "affected_kpi_ids", "other_languages"):
        _check_unique(getattr(statement, name) or (), field=name)
    _check_unique(tuple(item.sha256 for item in statement.evidence), field="evidence")
    _check_unique((statement.language, *statement.other_languages), field="other_languages")


def _check_unique(items: tuple[str, ...], *, field: str) -> None:
    if len(set(items)) != len(items):
        raise Invalid("attestation.field_repeated", f"{field}: expected every item once", field=field)


def _check_agreement(statement: AttestationStatement) -> None:
    if statement.period_start >= statement.period_end:
        raise Invalid(
            "attestation.period_order", "period_end: expected a day after period_start (exclusive)", field="period_end"
        )
    check_utc(statement.issued_at, field="issued_at")
    if statement.issued_at.microsecond:
        raise Invalid("attestation.issued_seconds", "issued_at: expected whole seconds", field="issued_at")
    if (statement.supersedes is None) != (statement.supersede_reason is None):
        raise Invalid(
            "attestation.supersede_reason",
            "supersede_reason: expected with supersedes, and only then",
            field="supersede_reason",
        )
    if statement.supersedes == statement.jti:
        raise Invalid(
            "attestation.supersedes_itself", "supersedes: expected another statement's jti", field="supersedes"
        )
    if (statement.outcome is Outcome.UNMODIFIED) != (statement.qualification_text is None):
        raise Invalid(
            "attestation.qualification_text",
            "qualification_text: expected the basis of a modified outcome, and null with an unmodified one",
            field="qualification_text",
        )
    if statement.affected_kpi_ids is not None and statement.outcome is not Outcome.QUALIFIED:
        raise Invalid(
            "attestation.affected_kpi_ids",
            "affected_kpi_ids: expected null unless the outcome is qualified",
            field="affected_kpi_ids",
        )
