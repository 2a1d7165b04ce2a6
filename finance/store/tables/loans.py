"""Facilities, KPI periods, engagements, attestations and rate determinations: facts with dates, only ever added to.

A status is never overwritten: a period's and an attestation's states are numbered events, a decision is a row of its own. The
cause of a rate is a chain of foreign keys: decision, determination, attestation, period, snapshot. Organisations and people
belong to the access tables and stand here by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class FacilityRow(Base):
    """A loan facility; what was agreed stands in its numbered terms."""

    __tablename__ = "facility"
    __table_args__ = (UniqueConstraint("borrower_id", "facility_number"), _STRICT)

    facility_id: Mapped[UUID] = mapped_column(primary_key=True)
    borrower_id: Mapped[UUID]
    facility_number: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]


class FacilityPartyRow(Base):
    """An organisation's part in a facility; who is no party does not see it."""

    __tablename__ = "facility_party"
    __table_args__ = (CheckConstraint("role IN ('borrower','lender','assessor')", "role"), _STRICT)

    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime]


class FacilityTermsRow(Base):
    """One immutable version of the terms, as canonical text fields with their hash."""

    __tablename__ = "facility_terms"
    __table_args__ = (CheckConstraint("version >= 1", "version"), _STRICT)

    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fields: Mapped[Mapping[str, Any]]
    sha256: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]


class FacilityKpiRow(Base):
    """A KPI as this facility defines it: measure, boundary, sites, methodology and factor set versions, with its hash."""

    __tablename__ = "facility_kpi"
    __table_args__ = (_STRICT,)

    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"), primary_key=True)
    kpi_id: Mapped[str] = mapped_column(primary_key=True)
    definition: Mapped[Mapping[str, Any]]
    sha256: Mapped[str]
    recorded_at: Mapped[datetime]


class FacilityTargetRow(Base):
    """What a KPI must reach in one calendar year."""

    __tablename__ = "facility_target"
    __table_args__ = (
        ForeignKeyConstraint(["facility_id", "kpi_id"], ["facility_kpi.facility_id", "facility_kpi.kpi_id"]),
        _STRICT,
    )

    facility_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpi_id: Mapped[str] = mapped_column(primary_key=True)
    test_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    target: Mapped[Mapping[str, Any]]
    recorded_at: Mapped[datetime]


class KpiPeriodRow(Base):
    """One period of one KPI: the baseline year, or a test year."""

    __tablename__ = "kpi_period"
    __table_args__ = (
        ForeignKeyConstraint(["facility_id", "kpi_id"], ["facility_kpi.facility_id", "facility_kpi.kpi_id"]),
        UniqueConstraint("facility_id", "kpi_id", "period_start"),
        CheckConstraint("purpose IN ('baseline','test')", "purpose"),
        CheckConstraint("period_start < period_end", "interval"),
        _STRICT,
    )

    kpi_period_id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID]
    kpi_id: Mapped[str]
    purpose: Mapped[str]
    period_start: Mapped[date]
    period_end: Mapped[date]
    """Exclusive."""
    recorded_at: Mapped[datetime]


class KpiPeriodEventRow(Base):
    """A state that a KPI period came to, by whom and with what."""

    __tablename__ = "kpi_period_event"
    __table_args__ = (_STRICT,)

    kpi_period_id: Mapped[UUID] = mapped_column(ForeignKey("kpi_period.kpi_period_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str]
    detail: Mapped[Mapping[str, Any]]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID]
    acting_for_id: Mapped[UUID]


class DataSnapshotRow(Base):
    """The locked inputs and result of a KPI period as canonical JSON; what an assessor looks at and signs the hash of."""

    __tablename__ = "data_snapshot"
    __table_args__ = (UniqueConstraint("kpi_period_id", "sha256"), _STRICT)

    kpi_period_id: Mapped[UUID] = mapped_column(ForeignKey("kpi_period.kpi_period_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str]
    content: Mapped[str]
    value: Mapped[str]
    """The KPI's value as printed to the contract's digits: the exact string to be attested."""
    recorded_at: Mapped[datetime]


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


class IndependenceRow(Base):
    """The assessor's declaration, before the data opens, that it is independent of the loan's parties."""

    __tablename__ = "independence_declaration"
    __table_args__ = (_STRICT,)

    engagement_id: Mapped[UUID] = mapped_column(ForeignKey("engagement.engagement_id"), primary_key=True)
    declared_at: Mapped[datetime]
    declared_by: Mapped[UUID]


class SigningKeyRow(Base):
    """A public key whose holder proved possession; revocation and compromise are the only things set later."""

    __tablename__ = "signing_key"
    __table_args__ = (CheckConstraint("length(public_key) = 32", "public_key"), _STRICT)

    key_id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    public_key: Mapped[bytes] = mapped_column(unique=True)
    registered_at: Mapped[datetime]
    registered_by: Mapped[UUID]
    not_after: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    compromised_since: Mapped[datetime | None]


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


class RateDeterminationRow(Base):
    """A proposed rate step and what caused it; the proposal's digest is what an approver binds to."""

    __tablename__ = "rate_determination"
    __table_args__ = (
        ForeignKeyConstraint(
            ["facility_id", "terms_version"], ["facility_terms.facility_id", "facility_terms.version"]
        ),
        _STRICT,
    )

    determination_id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID]
    terms_version: Mapped[int]
    kpi_period_id: Mapped[UUID] = mapped_column(ForeignKey("kpi_period.kpi_period_id"))
    attestation_id: Mapped[UUID | None] = mapped_column(ForeignKey("attestation.attestation_id"))
    """The accepted attestation that a step-down rests on."""
    baseline_attestation_id: Mapped[UUID | None] = mapped_column(ForeignKey("attestation.attestation_id"))
    finding: Mapped[Mapping[str, Any]]
    """Definition, baseline, target, value and attested fact as they stood: the decision's inputs."""
    proposal: Mapped[Mapping[str, Any]]
    """Every input and result that the digest covers, as canonical strings."""
    digest: Mapped[str]
    rate_before: Mapped[Fraction]
    rate_after: Mapped[Fraction]
    adjustment_bp: Mapped[Fraction]
    proposed_on: Mapped[date]
    proposed_at: Mapped[datetime]
    proposer_id: Mapped[UUID]
    proposer_organisation_id: Mapped[UUID]


class RateDecisionRow(Base):
    """A lender's answer to a proposal: approved with its effect date, or refused with a reason. One a proposal."""

    __tablename__ = "rate_decision"
    __table_args__ = (
        UniqueConstraint("facility_id", "sequence"),
        CheckConstraint("verdict IN ('approved','refused')", "verdict"),
        CheckConstraint("(verdict = 'approved') = (effective_from IS NOT NULL)", "effect"),
        CheckConstraint("(verdict = 'refused') = (reason IS NOT NULL)", "reason"),
        _STRICT,
    )

    determination_id: Mapped[UUID] = mapped_column(ForeignKey("rate_determination.determination_id"), primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"))
    sequence: Mapped[int]
    """Order in which the facility's decisions became known, from 1."""
    verdict: Mapped[str]
    reason: Mapped[str | None]
    digest: Mapped[str]
    """Digest of the proposal as the decider saw it."""
    effective_from: Mapped[date | None]
    decided_on: Mapped[date]
    """The lender's local day."""
    decided_at: Mapped[datetime]
    decider_id: Mapped[UUID]
    decider_organisation_id: Mapped[UUID]
