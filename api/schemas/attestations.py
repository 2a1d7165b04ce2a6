"""What enters and leaves about engagements, signing keys and attestations.

Public keys, challenges and signatures travel as unpadded base64url (RFC 4648 section 5). A private key has no shape here.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import CodeString, DateString, InstantString, Text, UuidString
from finance.attestations.engagements import Expectation
from finance.attestations.keys import RegisteredKey
from finance.attestations.statements import STATEMENT_VERSION, AssuranceLevel, AssuranceStandard
from finance.store.attestations import AttestationRecord, EngagementRecord
from ledger.core.errors import Invalid

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_QUANTUM = 4

_Octets = Annotated[
    str,
    Field(max_length=2000, description="Unpadded base64url.", examples=["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]),
]
_Digest = Annotated[str, Field(description="SHA-256, 64 hexadecimal digits.", examples=["9f86d081884c7d65" * 4])]


def octets_text(octets: bytes) -> str:
    """Return ``octets`` as unpadded base64url: one zero byte is ``AA``."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def read_octets(text: str, *, field: str) -> bytes:
    """Return the bytes that ``text`` spells in unpadded base64url, one spelling only; else ``octets.format``."""
    if _BASE64URL.fullmatch(text) and len(text) % _QUANTUM != 1:
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % _QUANTUM))
        if octets_text(octets) == text:
            return octets
    raise Invalid("octets.format", f"{field}: expected unpadded base64url", field=field)


class EngagementIn(Schema):
    """An assessor's mandate for one KPI period, from ``valid_from`` (now when absent) to before ``valid_to`` (open when absent)."""

    kpi_period_id: UuidString
    assessor_id: UuidString
    level: Annotated[Choice[AssuranceLevel], Field(examples=["limited"])]
    standard: Annotated[Choice[AssuranceStandard], Field(examples=["isae_3410"])]
    valid_from: InstantString | None = None
    valid_to: InstantString | None = None

    def to_core(
        self, *, engagement_id: UUID, facility_id: UUID, assessor_name: str, borrower_name: str, now: datetime
    ) -> EngagementRecord:
        """Return the mandate; the names are the organisations' own and are what a statement must spell."""
        return EngagementRecord(
            engagement_id=engagement_id,
            kpi_period_id=self.kpi_period_id,
            facility_id=facility_id,
            assessor_id=self.assessor_id,
            assessor_legal_name=assessor_name,
            responsible_party=borrower_name,
            level=self.level,
            standard=self.standard,
            valid_from=self.valid_from or now,
            valid_to=self.valid_to,
            is_independence_declared=False,
        )


class EngagementOut(Schema):
    """A mandate, and whether the assessor has declared its independence."""

    id: UuidString
    kpi_period_id: UuidString
    facility_id: UuidString
    assessor_id: UuidString
    assessor_legal_name: str
    responsible_party: str
    level: str
    standard: str
    valid_from: InstantString
    valid_to: InstantString | None
    is_independence_declared: bool

    @classmethod
    def from_core(cls, engagement: EngagementRecord) -> EngagementOut:
        """Return the shape of ``engagement``."""
        return cls(
            id=engagement.engagement_id,
            kpi_period_id=engagement.kpi_period_id,
            facility_id=engagement.facility_id,
            assessor_id=engagement.assessor_id,
            assessor_legal_name=engagement.assessor_legal_name,
            responsible_party=engagement.responsible_party,
            level=engagement.level.value,
            standard=engagement.standard.value,
            valid_from=engagement.valid_from,
            valid_to=engagement.valid_to,
            is_independence_declared=engagement.is_independence_declared,
        )


class EngagementsOut(Schema):
    """The engagements that the caller may see, oldest first."""

    engagements: Array[EngagementOut]


class ExpectationOut(Schema):
    """Members of the statement that must stand byte for byte as here; ``required_evidence`` digests must be listed in ``evidence``.

    The assessor adds the other members (its own id, outcome, signatory, independence and so on) and signs them all.
    """

    statement_version: str
    audience: str
    engagement_id: str
    issuer_organisation_id: str
    issuer_legal_name: str
    responsible_party: str
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
    sites: Array[str]
    period_start: DateString
    period_end: DateString
    value: str
    unit: str
    baseline_value: str | None
    standard: str
    level: str
    snapshot_sha256: str
    required_evidence: Array[str]

    @classmethod
    def from_core(cls, engagement: EngagementRecord, expectation: Expectation) -> ExpectationOut:
        """Return what a statement under ``engagement`` must say."""
        return cls(
            statement_version=STATEMENT_VERSION,
            audience=expectation.audience,
            engagement_id=str(engagement.engagement_id),
            issuer_organisation_id=str(engagement.assessor_id),
            issuer_legal_name=engagement.assessor_legal_name,
            responsible_party=engagement.responsible_party,
            facility_id=expectation.facility_id,
            terms_sha256=expectation.terms_sha256,
            kpi_id=expectation.kpi_id,
            kpi_definition_sha256=expectation.kpi_definition_sha256,
            measure=expectation.measure,
            methodology_id=expectation.methodology_id,
            methodology_version=expectation.methodology_version,
            factor_set_version=expectation.factor_set_version,
            factor_set_sha256=expectation.factor_set_sha256,
            boundary=expectation.boundary,
            sites=expectation.sites,
            period_start=expectation.period_start,
            period_end=expectation.period_end,
            value=expectation.value,
            unit=expectation.unit,
            baseline_value=expectation.baseline_value,
            standard=engagement.standard.value,
            level=engagement.level.value,
            snapshot_sha256=expectation.snapshot_sha256,
            required_evidence=tuple(sorted(expectation.required_evidence)),
        )


class ChallengeIn(Schema):
    """A public key to be registered under an id."""

    key_id: CodeString
    public_key: Annotated[_Octets, Field(description="32 bytes of Ed25519, unpadded base64url.")]


class ChallengeOut(Schema):
    """What the key's holder signs: exactly the bytes of ``challenge``."""

    challenge_id: UuidString
    challenge: _Octets


class SigningKeyIn(Schema):
    """The answer to a challenge: the key's signature over its bytes."""

    challenge_id: UuidString
    signature: _Octets


class RevocationIn(Schema):
    """Why trust ends: ``compromised_since`` when the key may have been in other hands since then."""

    compromised_since: InstantString | None = None


class SigningKeyOut(Schema):
    """A registered public key and its history."""

    key_id: str
    organisation_id: UuidString
    alg: str
    public_key: _Octets
    registered_at: InstantString
    not_after: InstantString | None
    revoked_at: InstantString | None
    compromised_since: InstantString | None

    @classmethod
    def from_core(cls, key: RegisteredKey) -> SigningKeyOut:
        """Return the shape of ``key``."""
        return cls(
            key_id=key.key_id,
            organisation_id=UUID(key.organisation_id),
            alg=key.alg,
            public_key=octets_text(key.public_key),
            registered_at=key.registered_at,
            not_after=key.not_after,
            revoked_at=key.revoked_at,
            compromised_since=key.compromised_since,
        )


class SigningKeysOut(Schema):
    """The organisation's signing keys by registration, revoked ones included."""

    signing_keys: Array[SigningKeyOut]


class WithdrawalIn(Schema):
    """Why an attestation is withdrawn."""

    reason: Annotated[Text, Field(examples=["a meter was found to be out of calibration"])]


class AttestationOut(Schema):
    """An attestation as received and as it stands; a refused one says why.

    ``envelope`` is the received bytes, to be checked again by anyone; ``statement_json`` is the verified statement's RFC 8785 text,
    null when the signature did not hold.
    """

    id: UuidString
    engagement_id: UuidString
    kpi_period_id: UuidString
    state: Annotated[str, Field(examples=["accepted"])]
    code: str | None
    reason: str | None
    field: str | None
    key_id: str | None
    envelope_sha256: _Digest
    envelope: Annotated[str, Field(description="The received bytes, unpadded base64url.")]
    statement_json: str | None
    received_at: InstantString

    @classmethod
    def from_core(cls, record: AttestationRecord) -> AttestationOut:
        """Return the shape of ``record``."""
        statement = record.statement
        return cls(
            id=record.attestation_id,
            engagement_id=record.engagement_id,
            kpi_period_id=record.kpi_period_id,
            state=record.state.value,
            code=record.code,
            reason=record.reason,
            field=record.field,
            key_id=record.key_id,
            envelope_sha256=record.envelope_sha256,
            envelope=octets_text(record.envelope),
            statement_json=None
            if statement is None
            else json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
            received_at=record.received_at,
        )


class AttestationLineOut(Schema):
    """One received envelope in a list: how it stands, and the code of the first check it failed."""

    id: UuidString
    state: str
    code: str | None
    reason: str | None
    field: str | None
    key_id: str | None
    envelope_sha256: _Digest
    received_at: InstantString

    @classmethod
    def from_core(cls, record: AttestationRecord) -> AttestationLineOut:
        """Return the line of ``record``."""
        return cls(
            id=record.attestation_id,
            state=record.state.value,
            code=record.code,
            reason=record.reason,
            field=record.field,
            key_id=record.key_id,
            envelope_sha256=record.envelope_sha256,
            received_at=record.received_at,
        )


class AttestationsOut(Schema):
    """Everything received under an engagement, refused envelopes included, in order of receipt."""

    attestations: Array[AttestationLineOut]
