"""Engagements, independence, signing keys, drafts, attestations and the receipts of their log leaves.

Facts with dates, only ever added to; a state is a numbered event. A key's later history and a spent challenge are the only
rows that change. Organisations and people belong to the access tables and stand here by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class EngagementRow(Base):
    """An assessor's mandate for one KPI period of one facility."""

    __tablename__ = "engagement"
    __table_args__ = (
        CheckConstraint("level IN ('limited','reasonable','not_an_opinion')", "level"),
        _STRICT,
    )

    engagement_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpi_period_id: Mapped[UUID] = mapped_column(ForeignKey("kpi_period.kpi_period_id"))
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"))
    assessor_id: Mapped[UUID]
    assessor_legal_name: Mapped[str]
    responsible_party: Mapped[str]
    level: Mapped[str]
    standard: Mapped[str]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    review: Mapped[str]
    """``here``: only a draft that was reviewed here may be lodged; ``elsewhere``: the assessor reviews in its own house."""


class LoanConnectionRow(Base):
    """An organisation connected to a loan beside borrower and lenders: it bars from assessing, and sees nothing by it."""

    __tablename__ = "loan_connection"
    __table_args__ = (
        CheckConstraint("role IN ('agent','guarantor','group_member','coordinator')", "role"),
        _STRICT,
    )

    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]


class EngagementEndRow(Base):
    """That a mandate ended before its time: the assessor lost its accreditation, resigned or was dismissed."""

    __tablename__ = "engagement_end"
    __table_args__ = (_STRICT,)

    engagement_id: Mapped[UUID] = mapped_column(ForeignKey("engagement.engagement_id"), primary_key=True)
    ended_at: Mapped[datetime]
    """First instant at which the mandate no longer runs."""
    reason: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]


class IndependenceRow(Base):
    """The assessor's declaration, before the data opens, that it is independent of the loan's parties."""

    __tablename__ = "independence_declaration"
    __table_args__ = (_STRICT,)

    engagement_id: Mapped[UUID] = mapped_column(ForeignKey("engagement.engagement_id"), primary_key=True)
    declared_at: Mapped[datetime]
    declared_by: Mapped[UUID]


class SigningKeyRow(Base):
    """A public key whose holder proved possession; approval, end, revocation and compromise are the only things set later."""

    __tablename__ = "signing_key"
    __table_args__ = (CheckConstraint("length(public_key) = 32", "public_key"), _STRICT)

    key_id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    public_key: Mapped[bytes] = mapped_column(unique=True)
    """Ed25519: the key. SM2: X of its point, so that a point and its negative are one key here."""
    registered_at: Mapped[datetime]
    registered_by: Mapped[UUID]
    not_after: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    compromised_since: Mapped[datetime | None]
    alg: Mapped[str]
    point_y: Mapped[bytes | None]
    """Y of an SM2 key's point; none for Ed25519."""
    approved_at: Mapped[datetime | None]
    """When a second person, or the key it replaces, vouched for it; it counts from then on."""
    approved_by: Mapped[UUID | None]
    replaces_key_id: Mapped[str | None]


class KeyChallengeRow(Base):
    """A challenge that a key's holder signs before the key is registered; spent when it is."""

    __tablename__ = "signing_key_challenge"
    __table_args__ = (_STRICT,)

    challenge_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    key_id: Mapped[str]
    public_key: Mapped[bytes]
    nonce: Mapped[bytes]
    issued_at: Mapped[datetime]
    alg: Mapped[str]
    replaces_key_id: Mapped[str | None]


class AttestationRow(Base):
    """A signed envelope as received, byte for byte, with what was found: accepted, or refused with its code."""

    __tablename__ = "attestation"
    __table_args__ = (
        CheckConstraint("verdict IN ('accepted','rejected')", "verdict"),
        CheckConstraint("(verdict = 'rejected') = (code IS NOT NULL)", "code"),
        UniqueConstraint("engagement_id", "envelope_sha256"),
        _STRICT,
    )

    attestation_id: Mapped[UUID] = mapped_column(primary_key=True)
    engagement_id: Mapped[UUID] = mapped_column(ForeignKey("engagement.engagement_id"))
    kpi_period_id: Mapped[UUID] = mapped_column(ForeignKey("kpi_period.kpi_period_id"))
    envelope: Mapped[bytes]
    envelope_sha256: Mapped[str]
    key_id: Mapped[str | None] = mapped_column(ForeignKey("signing_key.key_id"))
    verdict: Mapped[str]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    field: Mapped[str | None]
    statement: Mapped[Mapping[str, Any] | None]
    """The verified statement; none when the signature could not be verified."""
    received_at: Mapped[datetime]
    received_from: Mapped[UUID]


class StatementIdRow(Base):
    """A verified statement's own id: once an issuer used it, it cannot come again."""

    __tablename__ = "statement_id"
    __table_args__ = (_STRICT,)

    issuer_id: Mapped[UUID] = mapped_column(primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    attestation_id: Mapped[UUID] = mapped_column(ForeignKey("attestation.attestation_id"))


class AttestationEventRow(Base):
    """What befell an attestation after receipt: accepted, withdrawn, superseded."""

    __tablename__ = "attestation_event"
    __table_args__ = (_STRICT,)

    attestation_id: Mapped[UUID] = mapped_column(ForeignKey("attestation.attestation_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str]
    reason: Mapped[str]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID]
    acting_for_id: Mapped[UUID]


class AttestationRemarkRow(Base):
    """Something a person should see although nothing was refused for it."""

    __tablename__ = "attestation_remark"
    __table_args__ = (_STRICT,)

    attestation_id: Mapped[UUID] = mapped_column(ForeignKey("attestation.attestation_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str]
    reason: Mapped[str]
    field: Mapped[str]


class AttestationEvidenceRow(Base):
    """A digest that an accepted statement lists, kept to see the same evidence come again under another facility."""

    __tablename__ = "attestation_evidence"
    __table_args__ = (_STRICT,)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    attestation_id: Mapped[UUID] = mapped_column(ForeignKey("attestation.attestation_id"), primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"))


class AttestationDraftRow(Base):
    """A statement in preparation under an engagement; its text stands in numbered versions."""

    __tablename__ = "attestation_draft"
    __table_args__ = (_STRICT,)

    draft_id: Mapped[UUID] = mapped_column(primary_key=True)
    engagement_id: Mapped[UUID] = mapped_column(ForeignKey("engagement.engagement_id"))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]


class DraftVersionRow(Base):
    """One version of a draft: the canonical text that would be signed, who prepared it, and its digest."""

    __tablename__ = "attestation_draft_version"
    __table_args__ = (_STRICT,)

    draft_id: Mapped[UUID] = mapped_column(ForeignKey("attestation_draft.draft_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[str]
    sha256: Mapped[str]
    prepared_at: Mapped[datetime]
    prepared_by: Mapped[UUID]


class DraftEventRow(Base):
    """What befell a draft: prepared, reviewed, sent back with a reason, lodged."""

    __tablename__ = "attestation_draft_event"
    __table_args__ = (
        CheckConstraint("state IN ('draft','reviewed','lodged')", "state"),
        _STRICT,
    )

    draft_id: Mapped[UUID] = mapped_column(ForeignKey("attestation_draft.draft_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str]
    version: Mapped[int]
    reason: Mapped[str]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID]


class EvidenceReceiptRow(Base):
    """That an event is a leaf of an evidence book: which entry, where in the book, and the digest that the leaf holds."""

    __tablename__ = "evidence_receipt"
    __table_args__ = (
        UniqueConstraint("subject", "subject_id", "number"),
        CheckConstraint("length(leaf_hash) = 32", "leaf_hash"),
        _STRICT,
    )

    book_id: Mapped[int] = mapped_column(ForeignKey("book.book_id"), primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str]
    """What the event is about: ``attestation``, ``signing_key``, ``engagement``, ``attestation_draft``, ..."""
    subject_id: Mapped[str]
    number: Mapped[int]
    """Order of the subject's events, from 1."""
    event: Mapped[str]
    document: Mapped[str]
    """The event as canonical JSON, of which ``digest`` is the SHA-256."""
    digest: Mapped[str]
    seq: Mapped[int]
    leaf_hash: Mapped[bytes]
    recorded_at: Mapped[datetime]
