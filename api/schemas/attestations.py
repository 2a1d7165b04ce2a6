"""What enters and leaves about engagements and attestations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.base import Array, Choice, Schema
from api.schemas.evidence import ReceiptOut
from api.schemas.fields import DateString, InstantString, Text, UuidString
from api.schemas.signing_keys import octets_text
from finance.attestations.acceptance import Remark
from finance.attestations.engagements import Expectation
from finance.attestations.independence import LoanRole
from finance.attestations.statements import STATEMENT_VERSION, AssuranceLevel, AssuranceStandard
from finance.store.attestations import AttestationRecord, EngagementRecord
from finance.store.evidence import EvidenceReceipt

_Digest = Annotated[str, Field(description="SHA-256, 64 hexadecimal digits.", examples=["9f86d081884c7d65" * 4])]


class ReviewPlace(StrEnum):
    """Where a second person of the assessor looks before the signature."""

    HERE = "here"
    ELSEWHERE = "elsewhere"


class EngagementIn(Schema):
    """An assessor's mandate for one KPI period, from ``valid_from`` (now when absent) to before ``valid_to`` (open when absent)."""

    kpi_period_id: UuidString
    assessor_id: UuidString
    level: Annotated[Choice[AssuranceLevel], Field(examples=["limited"])]
    standard: Annotated[Choice[AssuranceStandard], Field(examples=["isae_3410"])]
    valid_from: InstantString | None = None
    valid_to: InstantString | None = None
    review: Choice[ReviewPlace] = ReviewPlace.ELSEWHERE
    """``here``: only statements that were prepared and reviewed on this server may be lodged."""

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
            review=self.review.value,
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
    review: str

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
            review=engagement.review,
        )


class EngagementEndIn(Schema):
    """Why a mandate ends before its time, and since when if not now."""

    reason: Annotated[Text, Field(examples=["the assessor lost its accreditation"])]
    ended_at: InstantString | None = None


class ConnectionIn(Schema):
    """An organisation connected to the loan beside borrower and lenders: it cannot assess the loan, nor can who shares a person with it."""

    organisation_id: UuidString
    role: Annotated[Choice[LoanRole], Field(examples=["agent"])]


class ConnectionOut(Schema):
    """One organisation that an assessor of the loan must be independent of."""

    organisation_id: str
    role: str
    legal_name: Annotated[
        str | None, Field(description="Null for one that is not on file here.", examples=["Industrial Bank"])
    ] = None


class ConnectionsOut(Schema):
    """Everyone whom an assessor of the loan must be independent of, borrower and lenders included."""

    connections: Array[ConnectionOut]


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


class WithdrawalIn(Schema):
    """Why an attestation is withdrawn."""

    reason: Annotated[Text, Field(examples=["a meter was found to be out of calibration"])]


class RemarkOut(Schema):
    """Something to look at although nothing was refused for it."""

    code: str
    reason: str
    field: str

    @classmethod
    def from_core(cls, remark: Remark) -> RemarkOut:
        """Return the shape of ``remark``."""
        return cls(code=remark.code, reason=remark.reason, field=remark.field)


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
    remarks: Array[RemarkOut]
    receipts: Array[ReceiptOut]
    """Each state as a leaf of the borrower's evidence book; ``GET /attestations/{id}/receipts`` proves them."""

    @classmethod
    def from_core(
        cls, record: AttestationRecord, remarks: Sequence[Remark], receipts: Sequence[EvidenceReceipt]
    ) -> AttestationOut:
        """Return the shape of ``record`` with what stands beside it."""
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
            remarks=tuple(RemarkOut.from_core(remark) for remark in remarks),
            receipts=tuple(ReceiptOut.from_core(receipt) for receipt in receipts),
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
