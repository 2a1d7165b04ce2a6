"""May these bytes carry a rate step: every check from envelope to outcome, in one fixed order, answered as a value.

Owns the order and the codes. Hostile bytes give ``Rejected``, never an exception. Knows no clock and no store: key,
engagement, expectation, receipt time and earlier statement ids are arguments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn, TypeAlias

from finance.attestations.canonical import parse_canonical, shown
from finance.attestations.documents import statement_from_mapping
from finance.attestations.engagements import Engagement, Expectation
from finance.attestations.envelopes import OpenLodgement, open_lodgement, verify_lodgement
from finance.attestations.independence import find_dependence
from finance.attestations.key_decisions import KeyRuling, SignatureTimes, decide, history_of
from finance.attestations.keys import RegisteredKey
from finance.attestations.sm2 import Sm2Verifier
from finance.attestations.standards import is_level_given, is_outcome_known
from finance.attestations.statements import AttestationStatement, Outcome
from finance.conventions.tables import ReferenceSet
from ledger.core.errors import Conflict, Invalid

ISSUED_AT_TOLERANCE = timedelta(minutes=5)
"""Alarm when the signer's clock is further from receipt than this (reliability reference, section 5.3, point 4)."""

_SUBSTANCE = (
    ("facility", "facility_id"),
    ("terms", "terms_sha256"),
    ("kpi", "kpi_id"),
    ("measure", "measure"),
    ("definition", "kpi_definition_sha256"),
    ("period", "period_start"),
    ("period", "period_end"),
    ("methodology", "methodology_id"),
    ("methodology", "methodology_version"),
    ("factor_set", "factor_set_version"),
    ("factor_set", "factor_set_sha256"),
    ("boundary", "boundary"),
    ("sites", "sites"),
    ("value", "value"),
    ("baseline", "baseline_value"),
    ("unit", "unit"),
    ("snapshot", "snapshot_sha256"),
)
_ENGAGED = frozenset({"facility_id", "kpi_id", "period_start", "period_end"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something a person should see although nothing was refused for it."""

    code: str
    reason: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The statement holds for the expectation; ``payload`` is what was signed, byte for byte."""

    statement: AttestationStatement
    kid: str
    payload: bytes
    payload_sha256: str
    received_at: datetime
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Why the bytes carry nothing: a stable code, a sentence, and the field it is about (empty when the whole is).

    ``is_signature_verified`` says whether the assessor really signed this; only then is ``statement`` given (when
    readable), and only then may its ``jti`` be recorded as used, or a forger could burn an honest statement's id.
    """

    code: str
    reason: str
    field: str
    is_signature_verified: bool
    statement: AttestationStatement | None


Verdict: TypeAlias = Accepted | Rejected


def assess(
    envelope: bytes,
    *,
    keys: Mapping[str, RegisteredKey],
    engagement: Engagement,
    expectation: Expectation,
    received_at: datetime,
    seen_jtis: AbstractSet[str],
    standards: ReferenceSet,
    sm2: Sm2Verifier | None = None,
) -> Verdict:
    """Return whether ``envelope`` is an attestation on which the expected KPI period's rate step may rest.

    ``keys`` are the registered keys, by id, that ``envelopes.open_lodgement(envelope).kids`` name; one that is not registered is
    missing. ``sm2`` verifies SM2 signatures where the optional extra is installed.
    ``seen_jtis`` are the ids of earlier verified statements of this issuer, whatever became of them. The first failing
    check decides, in this order (code prefix ``attestation.`` unless given):

    1. envelope: ``jws.*``, ``canonical.*``, ``sm2_*``, ``envelopes_differ``; 2. ``key_unknown``, ``key_other_organisation``;
    3. key history ``key.*`` (the table of ``key_decisions``); 4. ``jws.kid``, ``jws.signature``, ``key.alg``,
    ``sm2_form``, ``sm2_signature``, ``sm2_not_installed``; 5. statement shape: ``canonical.*``, ``members_*``, ``field_*`` and the
    statement's own codes; 6. ``audience``; 7. ``engagement``, ``engagement_closed``, ``independence_undeclared``,
    ``not_independent``, ``shared_person``; 8. ``issuer``, ``issuer_name``, ``responsible_party``; 9. ``facility``,
    ``terms``; 10. ``kpi``, ``measure``, ``definition``; 11. ``period``; 12. ``methodology``, ``factor_set``, ``boundary``,
    ``sites``; 13. ``value``, ``baseline``, ``unit``; 14. ``snapshot``, ``evidence``; 15. ``level``, ``engagement_level``;
    16. ``engagement_standard``, ``standard_period``, ``standard_outcome``; 17. ``outcome_qualified``, ``outcome_adverse``,
    ``outcome_disclaimer``; 18. ``replay``, ``supersedes_unknown``.

    An ``issued_at`` more than five minutes from ``received_at`` only adds the remark ``attestation.issued_at``. With a
    value of ``13.20`` expected, a statement of ``13.2`` is refused with ``attestation.value``.
    """
    assert received_at.utcoffset() == timedelta(0), "the time of receipt is our own clock's, aware and in UTC"
    try:
        opened = open_lodgement(envelope)
        _check_keys(opened, keys, engagement=engagement, received_at=received_at)
        payload = verify_lodgement(opened, keys, sm2=sm2)
    except (Invalid, Conflict) as error:
        return _rejected(error, is_signature_verified=False, statement=None)
    try:
        statement = statement_from_mapping(parse_canonical(payload))
    except Invalid as error:
        return _rejected(error, is_signature_verified=True, statement=None)
    try:
        _check_engagement(statement, engagement=engagement, expectation=expectation, received_at=received_at)
        _check_substance(statement, engagement=engagement, expectation=expectation)
        _check_assurance(statement, engagement=engagement, expectation=expectation, standards=standards)
        _check_outcome(statement, expectation=expectation)
        _check_sequence(statement, seen_jtis=seen_jtis)
    except Invalid as error:
        return _rejected(error, is_signature_verified=True, statement=statement)
    return Accepted(
        statement=statement,
        kid=opened.kids[0],
        payload=payload,
        payload_sha256=hashlib.sha256(payload).hexdigest(),
        received_at=received_at,
        remarks=_remarks(statement, received_at=received_at),
    )


def _check_keys(
    opened: OpenLodgement, keys: Mapping[str, RegisteredKey], *, engagement: Engagement, received_at: datetime
) -> None:
    for kid in opened.kids:
        key = keys.get(kid)
        if key is None:
            raise Invalid(
                "attestation.key_unknown", "kid: no registered key has this id; register the key first", field="kid"
            )
        if key.organisation_id != engagement.assessor_organisation_id:
            raise Invalid(
                "attestation.key_other_organisation",
                "kid: expected a key of the engagement's assessor organisation",
                field="kid",
            )
        # Received and logged in one transaction; what the signer's clock says is a remark, see below.
        times = SignatureTimes(signed_at=received_at, lodged_at=received_at, logged_at=received_at)
        decision = decide(history_of(key), times)
        if decision.ruling is not KeyRuling.ACCEPTED:
            raise Invalid(decision.code, f"kid: {decision.reason}", field="kid")


def _check_engagement(
    statement: AttestationStatement, *, engagement: Engagement, expectation: Expectation, received_at: datetime
) -> None:
    _expect("audience", "audience", statement.audience, expectation.audience)
    _expect("engagement", "engagement_id", statement.engagement_id, engagement.engagement_id)
    if not engagement.is_open(received_at):
        _refuse(
            "engagement_closed", "engagement_id", "the engagement's mandate did not run when the statement was received"
        )
    if not engagement.is_independence_declared:
        _refuse(
            "independence_undeclared", "engagement_id", "the assessor has not declared independence for this engagement"
        )
    dependence = find_dependence(
        engagement.assessor_organisation_id, expectation.loan_parties, sharing_a_person=expectation.sharing_a_person
    )
    if dependence is not None:
        code = "not_independent" if dependence.reason == "party" else dependence.reason
        _refuse(code, "issuer_organisation_id", str(dependence))
    _expect("issuer", "issuer_organisation_id", statement.issuer_organisation_id, engagement.assessor_organisation_id)
    _expect("issuer_name", "issuer_legal_name", statement.issuer_legal_name, engagement.assessor_legal_name)
    _expect("responsible_party", "responsible_party", statement.responsible_party, engagement.responsible_party)


def _check_substance(statement: AttestationStatement, *, engagement: Engagement, expectation: Expectation) -> None:
    for code, field in _SUBSTANCE:
        stated = _comparable(getattr(statement, field))
        # A statement has to fit the mandate and the KPI period, or a mandate for one facility could serve another.
        if field in _ENGAGED:
            _expect(code, field, stated, getattr(engagement, field))
        _expect(code, field, stated, _comparable(getattr(expectation, field)))
    missing = sorted(expectation.required_evidence - {item.sha256 for item in statement.evidence})
    if missing:
        _refuse("evidence", "evidence", f"the digest {missing[0]} of the evidence list is missing")


def _comparable(value: object) -> object:
    # Sites are a set: their order says nothing.
    return tuple(sorted(value)) if isinstance(value, tuple) else value


def _check_assurance(
    statement: AttestationStatement, *, engagement: Engagement, expectation: Expectation, standards: ReferenceSet
) -> None:
    if not statement.level.satisfies(expectation.required_level):
        _refuse(
            "level", "level", f"the loan requires {expectation.required_level.value}, found {statement.level.value}"
        )
    _expect("engagement_level", "level", statement.level.value, engagement.level.value)
    _expect("engagement_standard", "standard", statement.standard.value, engagement.standard.value)
    standard, period_start = statement.standard, statement.period_start
    if not is_level_given(standards, standard, statement.level, period_start=period_start):
        _refuse(
            "standard_period",
            "standard",
            f"{standard.value} gives no {statement.level.value} level for a period beginning {period_start}",
        )
    if not is_outcome_known(standards, standard, statement.outcome, period_start=period_start):
        _refuse("standard_outcome", "outcome", f"{standard.value} has no word for {statement.outcome.value}")


def _check_outcome(statement: AttestationStatement, *, expectation: Expectation) -> None:
    if statement.touches(expectation.kpi_id):
        reason = {
            Outcome.QUALIFIED: "the qualification touches this KPI, or does not say that it spares it",
            Outcome.ADVERSE: "an adverse conclusion counts as no verification",
            Outcome.DISCLAIMER: "a disclaimer counts as no verification",
        }[statement.outcome]
        _refuse(f"outcome_{statement.outcome.value}", "outcome", reason)


def _check_sequence(statement: AttestationStatement, *, seen_jtis: AbstractSet[str]) -> None:
    if statement.jti in seen_jtis:
        _refuse("replay", "jti", "this statement's id was used before; a corrected statement needs a new one")
    if statement.supersedes is not None and statement.supersedes not in seen_jtis:
        _refuse("supersedes_unknown", "supersedes", "expected the id of an earlier statement of the same assessor")


def _remarks(statement: AttestationStatement, *, received_at: datetime) -> tuple[Remark, ...]:
    if abs(received_at - statement.issued_at) <= ISSUED_AT_TOLERANCE:
        return ()
    return (
        Remark(
            code="attestation.issued_at",
            reason="issued_at: more than five minutes from receipt; receipt decides, look at the signer's clock",
            field="issued_at",
        ),
    )


def _expect(code: str, field: str, stated: object, expected: object) -> None:
    if stated != expected:
        _refuse(code, field, f"the statement says {shown(str(stated))}, expected {shown(str(expected))}")


def _refuse(code: str, field: str, reason: str) -> NoReturn:
    raise Invalid(f"attestation.{code}", f"{field}: {reason}", field=field)


def _rejected(
    error: Invalid | Conflict, *, is_signature_verified: bool, statement: AttestationStatement | None
) -> Rejected:
    return Rejected(
        code=error.code,
        reason=error.message,
        field=error.data.get("field", ""),
        is_signature_verified=is_signature_verified,
        statement=statement,
    )
