"""Reads and writes facilities, their parties, terms, KPIs and targets. Takes a session first and never commits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from finance.attestations.canonical import canonical_bytes
from finance.kpi.definitions import KpiDefinition, PerformanceTarget
from finance.kpi.documents import (
    definition_from_mapping,
    definition_to_mapping,
    target_from_mapping,
    target_to_mapping,
)
from finance.loans.terms import FacilityTerms
from finance.loans.terms_text import terms_from_mapping, terms_to_mapping
from finance.store.tables.loans import (
    FacilityKpiRow,
    FacilityPartyRow,
    FacilityRow,
    FacilityTargetRow,
    FacilityTermsRow,
)
from ledger.core.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """A facility's identity and parties; ``parties`` are (organisation, role)."""

    facility_id: UUID
    borrower_id: UUID
    facility_number: str
    parties: frozenset[tuple[UUID, str]]

    def has_party(self, organisation_id: UUID, *roles: str) -> bool:
        """Return whether the organisation has one of ``roles``, or any when none is given."""
        return any(party == organisation_id and (not roles or role in roles) for party, role in self.parties)


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityKpi:
    """A KPI as one facility defines it, with its sites and the hash that a statement must name."""

    definition: KpiDefinition
    sites: tuple[str, ...]
    sha256: str


def document_hash(document: Mapping[str, Any]) -> str:
    """Return SHA-256, in hex, of the document's RFC 8785 bytes."""
    return hashlib.sha256(canonical_bytes(document)).hexdigest()


def save_facility(
    session: Session, *, facility_id: UUID, borrower_id: UUID, facility_number: str, now: datetime, recorded_by: UUID
) -> None:
    """Record a new facility; its number is the borrower's own and stands once (``facility.exists``)."""
    taken = session.scalar(
        select(FacilityRow.facility_id).where(
            FacilityRow.borrower_id == borrower_id, FacilityRow.facility_number == facility_number
        )
    )
    if taken is not None or session.get(FacilityRow, facility_id) is not None:
        raise Conflict(
            "facility.exists", "a facility of that number or id stands already", facility_number=facility_number
        )
    session.execute(
        insert(FacilityRow).values(
            facility_id=facility_id,
            borrower_id=borrower_id,
            facility_number=facility_number,
            recorded_at=now,
            recorded_by=recorded_by,
        )
    )


def add_party(session: Session, facility_id: UUID, organisation_id: UUID, role: str, *, now: datetime) -> None:
    """Make the organisation a party in ``role``; the same again changes nothing."""
    if session.get(FacilityPartyRow, (facility_id, organisation_id, role)) is None:
        session.execute(
            insert(FacilityPartyRow).values(
                facility_id=facility_id, organisation_id=organisation_id, role=role, recorded_at=now
            )
        )


def save_terms(session: Session, facility_id: UUID, terms: FacilityTerms, *, now: datetime, recorded_by: UUID) -> None:
    """Record a version of the terms; a version stands once."""
    fields = terms_to_mapping(terms)
    if session.get(FacilityTermsRow, (facility_id, terms.version)) is not None:
        raise Conflict("terms.version_exists", "that version of the terms stands already", version=str(terms.version))
    session.execute(
        insert(FacilityTermsRow).values(
            facility_id=facility_id,
            version=terms.version,
            fields=fields,
            sha256=document_hash(fields),
            recorded_at=now,
            recorded_by=recorded_by,
        )
    )


def save_kpi(
    session: Session, facility_id: UUID, definition: KpiDefinition, sites: tuple[str, ...], *, now: datetime
) -> None:
    """Record how the facility defines a KPI, over which sites."""
    document = {**definition_to_mapping(definition), "sites": sorted(sites)}
    session.execute(
        insert(FacilityKpiRow).values(
            facility_id=facility_id,
            kpi_id=definition.kpi_id,
            definition=document,
            sha256=document_hash(document),
            recorded_at=now,
        )
    )


def save_target(session: Session, facility_id: UUID, kpi_id: str, target: PerformanceTarget, *, now: datetime) -> None:
    """Record what a KPI must reach in one year."""
    session.execute(
        insert(FacilityTargetRow).values(
            facility_id=facility_id,
            kpi_id=kpi_id,
            test_year=target.test_year,
            target=target_to_mapping(target),
            recorded_at=now,
        )
    )


def find_facility(session: Session, facility_id: UUID, *, lock: bool = False) -> Facility | None:
    """Return the facility with its parties, or None; ``lock`` keeps other decisions about it waiting until the end."""
    wanted = select(FacilityRow).where(FacilityRow.facility_id == facility_id)
    row = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    return None if row is None else _facility(session, row)


def facility_of_number(session: Session, borrower_id: UUID, facility_number: str) -> Facility | None:
    """Return the borrower's facility of that number, or None."""
    row = session.scalars(
        select(FacilityRow).where(
            FacilityRow.borrower_id == borrower_id, FacilityRow.facility_number == facility_number
        )
    ).one_or_none()
    return None if row is None else _facility(session, row)


def list_facilities(session: Session, organisation_id: UUID) -> tuple[Facility, ...]:
    """Return the facilities to which the organisation is a party, by number."""
    mine = select(FacilityPartyRow.facility_id).where(FacilityPartyRow.organisation_id == organisation_id)
    rows = session.scalars(
        select(FacilityRow).where(FacilityRow.facility_id.in_(mine)).order_by(FacilityRow.facility_number)
    ).all()
    return tuple(_facility(session, row) for row in rows)


def load_terms(session: Session, facility_id: UUID, version: int | None = None) -> tuple[FacilityTerms, str]:
    """Return the terms (the newest version when None) with their hash."""
    wanted = select(FacilityTermsRow).where(FacilityTermsRow.facility_id == facility_id)
    wanted = wanted if version is None else wanted.where(FacilityTermsRow.version == version)
    row = session.scalars(wanted.order_by(FacilityTermsRow.version.desc()).limit(1)).one_or_none()
    if row is None:
        raise NotFound("terms.not_found", "the facility has no such terms")
    return terms_from_mapping(row.fields), row.sha256


def load_kpi(session: Session, facility_id: UUID, kpi_id: str) -> FacilityKpi:
    """Return the facility's definition of the KPI."""
    row = session.get(FacilityKpiRow, (facility_id, kpi_id))
    if row is None:
        raise NotFound("kpi.not_found", "the facility has no such KPI", kpi_id=kpi_id[:64])
    fields = dict(row.definition)
    sites = tuple(fields.pop("sites"))
    return FacilityKpi(definition=definition_from_mapping(fields), sites=sites, sha256=row.sha256)


def list_kpis(session: Session, facility_id: UUID) -> tuple[FacilityKpi, ...]:
    """Return the facility's KPIs by id."""
    ids = session.scalars(
        select(FacilityKpiRow.kpi_id).where(FacilityKpiRow.facility_id == facility_id).order_by(FacilityKpiRow.kpi_id)
    ).all()
    return tuple(load_kpi(session, facility_id, kpi_id) for kpi_id in ids)


def load_targets(session: Session, facility_id: UUID, kpi_id: str) -> tuple[PerformanceTarget, ...]:
    """Return the KPI's targets by test year."""
    rows = session.scalars(
        select(FacilityTargetRow)
        .where(FacilityTargetRow.facility_id == facility_id, FacilityTargetRow.kpi_id == kpi_id)
        .order_by(FacilityTargetRow.test_year)
    )
    return tuple(target_from_mapping(row.target) for row in rows)


def _facility(session: Session, row: FacilityRow) -> Facility:
    parties = session.execute(
        select(FacilityPartyRow.organisation_id, FacilityPartyRow.role).where(
            FacilityPartyRow.facility_id == row.facility_id
        )
    )
    return Facility(
        facility_id=row.facility_id,
        borrower_id=row.borrower_id,
        facility_number=row.facility_number,
        parties=frozenset((party.organisation_id, party.role) for party in parties),
    )
