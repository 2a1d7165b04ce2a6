"""Facilities, KPI periods and rate determinations: facts with dates, only ever added to.

A status is never overwritten: a period's states are numbered events, a decision is a row of its own. The
cause of a rate is a chain of foreign keys: decision, determination, attestation, period, snapshot. Organisations and people
belong to the access tables and stand here by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
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
    __table_args__ = (
        CheckConstraint(
            "role IN ('borrower','lender','agent','coordinator','guarantor','assessor','swap_counterparty')", "role"
        ),
        _STRICT,
    )

    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime]


class FacilityTermsRow(Base):
    """One immutable version of the terms as a document, with the hash of its canonical bytes."""

    __tablename__ = "facility_terms"
    __table_args__ = (CheckConstraint("version >= 1", "version"), _STRICT)

    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[Mapping[str, Any]]
    sha256: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]


class TermsAgreementRow(Base):
    """A party's agreement to exactly one version of the terms, by its hash; the terms count once all who must have agreed."""

    __tablename__ = "terms_agreement"
    __table_args__ = (
        ForeignKeyConstraint(["facility_id", "version"], ["facility_terms.facility_id", "facility_terms.version"]),
        _STRICT,
    )

    facility_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    agreed_at: Mapped[datetime]
    agreed_by: Mapped[UUID]


class FacilityKpiRow(Base):
    """A KPI of the facility by name; its definition stands in each version of the terms."""

    __tablename__ = "facility_kpi"
    __table_args__ = (_STRICT,)

    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"), primary_key=True)
    kpi_id: Mapped[str] = mapped_column(primary_key=True)
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


class RateDeterminationRow(Base):
    """A proposed decision on one test period; the digest of its document is what an approver binds to."""

    __tablename__ = "rate_determination"
    __table_args__ = (
        ForeignKeyConstraint(
            ["facility_id", "terms_version"], ["facility_terms.facility_id", "facility_terms.version"]
        ),
        CheckConstraint("period_start < period_end", "interval"),
        _STRICT,
    )

    determination_id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID]
    terms_version: Mapped[int]
    period_start: Mapped[date]
    period_end: Mapped[date]
    """Exclusive."""
    cause: Mapped[str]
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("rate_determination.determination_id"))
    """The decision that this one puts right."""
    document: Mapped[Mapping[str, Any]]
    """The proposal: every input and every result that the digest covers."""
    digest: Mapped[str]
    proposed_on: Mapped[date]
    proposed_at: Mapped[datetime]
    proposer_id: Mapped[UUID]
    proposer_organisation_id: Mapped[UUID]


class RateEvidenceRow(Base):
    """What a determination rests on, by key: a KPI's period, the attestation of its value and that of its base year."""

    __tablename__ = "rate_evidence"
    __table_args__ = (_STRICT,)

    determination_id: Mapped[UUID] = mapped_column(ForeignKey("rate_determination.determination_id"), primary_key=True)
    kpi_period_id: Mapped[UUID] = mapped_column(ForeignKey("kpi_period.kpi_period_id"), primary_key=True)
    attestation_id: Mapped[UUID | None] = mapped_column(ForeignKey("attestation.attestation_id"))
    baseline_attestation_id: Mapped[UUID | None] = mapped_column(ForeignKey("attestation.attestation_id"))


class RateApprovalRow(Base):
    """One person of a lender who agreed to exactly the proposal that the digest names."""

    __tablename__ = "rate_approval"
    __table_args__ = (_STRICT,)

    determination_id: Mapped[UUID] = mapped_column(ForeignKey("rate_determination.determination_id"), primary_key=True)
    approver_id: Mapped[UUID] = mapped_column(primary_key=True)
    approver_organisation_id: Mapped[UUID]
    digest: Mapped[str]
    approved_on: Mapped[date]
    """The lender's local day."""
    approved_at: Mapped[datetime]


class RateDecisionRow(Base):
    """How a proposal ended: approved, with the determination as a document, or refused with a reason. One a proposal."""

    __tablename__ = "rate_decision"
    __table_args__ = (
        UniqueConstraint("facility_id", "sequence"),
        CheckConstraint("verdict IN ('approved','refused')", "verdict"),
        CheckConstraint("(verdict = 'approved') = (document IS NOT NULL)", "document"),
        CheckConstraint("(verdict = 'refused') = (reason IS NOT NULL)", "reason"),
        _STRICT,
    )

    determination_id: Mapped[UUID] = mapped_column(ForeignKey("rate_determination.determination_id"), primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.facility_id"))
    sequence: Mapped[int]
    """Order in which the facility's decisions became known, from 1."""
    verdict: Mapped[str]
    reason: Mapped[str | None]
    document: Mapped[Mapping[str, Any] | None]
    decided_on: Mapped[date]
    decided_at: Mapped[datetime]
    decider_id: Mapped[UUID]
    decider_organisation_id: Mapped[UUID]
