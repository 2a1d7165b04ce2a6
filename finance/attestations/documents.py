"""Statement to document and back: the member names and spellings that are signed.

Owns the mapping between ``AttestationStatement`` and its JSON object, member names equal to field names. Judges nothing
beyond shape: what a field may hold is the statement's own business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from enum import StrEnum
from typing import TypeVar

from finance.attestations.canonical import JsonValue, shown
from finance.attestations.instants import format_instant, parse_instant
from finance.attestations.statements import (
    MAX_EVIDENCE_BYTES,
    AssuranceLevel,
    AssuranceStandard,
    AttestationStatement,
    EvidenceDigest,
    Materiality,
    Outcome,
)
from finance.conventions.tables import parse_day
from ledger.core.amounts import parse_units
from ledger.core.errors import Invalid

_Document = Mapping[str, JsonValue]
_Word = TypeVar("_Word", bound=StrEnum)

_EVIDENCE_MEMBERS = frozenset(item.name for item in fields(EvidenceDigest))
_MATERIALITY_MEMBERS = frozenset(item.name for item in fields(Materiality))
_STATEMENT_MEMBERS = frozenset(item.name for item in fields(AttestationStatement))


def statement_to_mapping(statement: AttestationStatement) -> Mapping[str, JsonValue]:
    """Return the document that is signed: every field by its name, absent ones as null, days and instants as text.

    ``canonical_bytes`` of it is the payload. ``size_bytes`` is a decimal string, like every number.
    """
    document: dict[str, JsonValue] = {}
    for name in sorted(_STATEMENT_MEMBERS):
        value = getattr(statement, name)
        document[name] = list(value) if isinstance(value, tuple) else value
    materiality = statement.materiality
    document["period_start"] = statement.period_start.isoformat()
    document["period_end"] = statement.period_end.isoformat()
    document["issued_at"] = format_instant(statement.issued_at)
    document["valid_from"] = None if statement.valid_from is None else statement.valid_from.isoformat()
    document["standard"] = statement.standard.value
    document["level"] = statement.level.value
    document["outcome"] = statement.outcome.value
    document["materiality"] = (
        None if materiality is None else {"percent": materiality.percent, "qualitative": materiality.qualitative}
    )
    document["evidence"] = [
        {"sha256": item.sha256, "media_type": item.media_type, "size_bytes": str(item.size_bytes), "label": item.label}
        for item in statement.evidence
    ]
    return document


def statement_from_mapping(document: Mapping[str, JsonValue]) -> AttestationStatement:
    """Return the statement a document spells; the inverse of ``statement_to_mapping``.

    A missing or unknown member raises ``attestation.members_missing`` or ``attestation.members_unknown`` with its name,
    a member of another type ``attestation.member_type``; what the statement itself refuses keeps its code.
    """
    _check_members(document, _STATEMENT_MEMBERS, field="statement")
    return AttestationStatement(
        statement_version=_text(document, "statement_version"),
        jti=_text(document, "jti"),
        engagement_id=_text(document, "engagement_id"),
        audience=_text(document, "audience"),
        issuer_organisation_id=_text(document, "issuer_organisation_id"),
        issuer_legal_name=_text(document, "issuer_legal_name"),
        issuer_accreditation=_text_or_null(document, "issuer_accreditation"),
        signatory_name=_text(document, "signatory_name"),
        signatory_role=_text(document, "signatory_role"),
        responsible_party=_text(document, "responsible_party"),
        intended_users=_texts(document, "intended_users"),
        facility_id=_text(document, "facility_id"),
        terms_sha256=_text_or_null(document, "terms_sha256"),
        kpi_id=_text(document, "kpi_id"),
        kpi_definition_sha256=_text(document, "kpi_definition_sha256"),
        measure=_text(document, "measure"),
        methodology_id=_text(document, "methodology_id"),
        methodology_version=_text(document, "methodology_version"),
        factor_set_version=_text(document, "factor_set_version"),
        factor_set_sha256=_text(document, "factor_set_sha256"),
        boundary=_text(document, "boundary"),
        sites=_texts(document, "sites"),
        period_start=_day(document, "period_start"),
        period_end=_day(document, "period_end"),
        value=_text(document, "value"),
        unit=_text(document, "unit"),
        baseline_value=_text_or_null(document, "baseline_value"),
        criteria=_text_or_null(document, "criteria"),
        standard=_word(document, "standard", AssuranceStandard),
        level=_word(document, "level", AssuranceLevel),
        outcome=_word(document, "outcome", Outcome),
        qualification_text=_text_or_null(document, "qualification_text"),
        affected_kpi_ids=None if document["affected_kpi_ids"] is None else _texts(document, "affected_kpi_ids"),
        emphasis_of_matter=_text_or_null(document, "emphasis_of_matter"),
        inherent_limits=_text_or_null(document, "inherent_limits"),
        materiality=None if document["materiality"] is None else _materiality(document["materiality"]),
        snapshot_sha256=_text(document, "snapshot_sha256"),
        evidence=tuple(_evidence(item) for item in _items(document, "evidence")),
        sampling_note=_text_or_null(document, "sampling_note"),
        site_visits=_texts(document, "site_visits"),
        independence_statement=_text(document, "independence_statement"),
        issued_at=parse_instant(_text(document, "issued_at"), field="issued_at"),
        valid_from=None if document["valid_from"] is None else _day(document, "valid_from"),
        supersedes=_text_or_null(document, "supersedes"),
        supersede_reason=_text_or_null(document, "supersede_reason"),
        use_restriction=_text_or_null(document, "use_restriction"),
        language=_text(document, "language"),
        other_languages=_texts(document, "other_languages"),
    )


def _check_members(document: _Document, expected: frozenset[str], *, field: str) -> None:
    missing = sorted(expected - document.keys())
    if missing:
        raise Invalid(
            "attestation.members_missing", f"{field}: {missing[0]} is missing; state it, or null", field=missing[0]
        )
    unknown = sorted(shown(name) for name in document.keys() - expected)
    if unknown:
        raise Invalid(
            "attestation.members_unknown", f"{field}: {unknown[0]} is not a member; remove it", field=unknown[0]
        )


def _text(document: _Document, name: str) -> str:
    value = document[name]
    if not isinstance(value, str):
        raise _wrong_type(name, "text")
    return value


def _text_or_null(document: _Document, name: str) -> str | None:
    return None if document[name] is None else _text(document, name)


def _items(document: _Document, name: str) -> list[JsonValue]:
    value = document[name]
    if not isinstance(value, list | tuple):
        raise _wrong_type(name, "a list")
    return list(value)


def _texts(document: _Document, name: str) -> tuple[str, ...]:
    texts = tuple(item for item in _items(document, name) if isinstance(item, str))
    if len(texts) != len(_items(document, name)):
        raise _wrong_type(name, "a list of text")
    return texts


def _day(document: _Document, name: str) -> date:
    return parse_day(_text(document, name), field=name)


def _word(document: _Document, name: str, words: type[_Word]) -> _Word:
    text = _text(document, name)
    for word in words:
        if word.value == text:
            return word
    known = ", ".join(word.value for word in words)
    raise Invalid("attestation.field_value", f"{name}: expected one of {known}", field=name, value=shown(text))


def _materiality(value: JsonValue) -> Materiality:
    if not isinstance(value, Mapping):
        raise _wrong_type("materiality", "an object or null")
    _check_members(value, _MATERIALITY_MEMBERS, field="materiality")
    return Materiality(percent=_text_or_null(value, "percent"), qualitative=_text_or_null(value, "qualitative"))


def _evidence(value: JsonValue) -> EvidenceDigest:
    if not isinstance(value, Mapping):
        raise _wrong_type("evidence", "a list of objects")
    _check_members(value, _EVIDENCE_MEMBERS, field="evidence")
    size_bytes = parse_units(_text(value, "size_bytes"), 0, field="evidence.size_bytes")
    if str(size_bytes) != value["size_bytes"] or size_bytes > MAX_EVIDENCE_BYTES:
        raise Invalid(
            "attestation.evidence_size", "evidence.size_bytes: expected whole bytes", field="evidence.size_bytes"
        )
    return EvidenceDigest(
        sha256=_text(value, "sha256"),
        media_type=_text(value, "media_type"),
        size_bytes=size_bytes,
        label=_text(value, "label"),
    )


def _wrong_type(name: str, expected: str) -> Invalid:
    return Invalid("attestation.member_type", f"{name}: expected {expected}", field=name)
