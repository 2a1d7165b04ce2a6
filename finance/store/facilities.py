"""Reads and writes facilities, their parties and the versions of their terms. Takes a session first and never commits.

KPIs, sites and targets are read from the terms in force: what a contract says has one place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from finance.attestations.canonical import canonical_bytes
from finance.conventions.documents import from_document, to_document
from finance.kpi.definitions import KpiDefinition
from finance.kpi.targets import PerformanceTarget
from finance.loans.clauses import AREA
from finance.loans.facility_terms import FacilityTerms, PartyRole
from finance.store.tables.loans import (
    FacilityKpiRow,
    FacilityPartyRow,
    FacilityRow,
    FacilityTermsRow,
    TermsAgreementRow,
)
from ledger.core.errors import Conflict, NotFound

_TERMS_KEPT = 256


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

    def organisations_as(self, *roles: str) -> tuple[UUID, ...]:
        """Return the organisations that have one of ``roles``, sorted."""
        return tuple(sorted({party for party, role in self.parties if role in roles}))


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsVersion:
    """One version of the terms with its hash and who agreed to exactly it, by organisation."""

    terms: FacilityTerms
    sha256: str
    recorded_at: datetime
    agreed: Mapping[UUID, datetime]

    def is_agreed(self, before: FacilityTerms | None) -> bool:
        """Return whether the version counts: borrower and every lender for the first, the consent share for a later one.

        ``before`` is the version that it amends; its consent share and its lenders decide (LMA model: amendments by the
        required lenders).
        """
        old = before or self.terms
        agreed = {str(organisation) for organisation in self.agreed}
        shares = [party.share for party in old.parties if party.organisation_id in agreed and party.share is not None]
        wanted = Fraction(1) if before is None else old.label.consent_share
        return old.borrower_id in agreed and sum(shares, Fraction(0)) >= wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityKpi:
    """A KPI as the terms in force define it, with its sites and the hash that a statement must name."""

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


def save_terms(session: Session, facility_id: UUID, terms: FacilityTerms, *, now: datetime, recorded_by: UUID) -> str:
    """Record a version of the terms and return its hash; a version stands once. KPIs new in it become the facility's."""
    document = to_document(terms)
    if session.get(FacilityTermsRow, (facility_id, terms.version)) is not None:
        raise Conflict("terms.version_exists", "that version of the terms stands already", version=str(terms.version))
    sha256 = document_hash(document)
    session.execute(
        insert(FacilityTermsRow).values(
            facility_id=facility_id,
            version=terms.version,
            document=document,
            sha256=sha256,
            recorded_at=now,
            recorded_by=recorded_by,
        )
    )
    for kpi in terms.kpis:
        if session.get(FacilityKpiRow, (facility_id, kpi.definition.kpi_id)) is None:
            session.execute(
                insert(FacilityKpiRow).values(facility_id=facility_id, kpi_id=kpi.definition.kpi_id, recorded_at=now)
            )
    return sha256


def save_agreement(
    session: Session,
    facility_id: UUID,
    version: int,
    *,
    sha256: str,
    organisation_id: UUID,
    now: datetime,
    agreed_by: UUID,
) -> bool:
    """Record that the organisation agrees to exactly that version and return whether that is new; the same again changes nothing."""
    row = session.get(FacilityTermsRow, (facility_id, version))
    if row is None:
        raise NotFound("terms.not_found", "the facility has no such terms")
    if row.sha256 != sha256:
        raise Conflict("terms.digest", "sha256: expected that of the version as it stands; read it again")
    if session.get(TermsAgreementRow, (facility_id, version, organisation_id)) is not None:
        return False
    session.execute(
        insert(TermsAgreementRow).values(
            facility_id=facility_id,
            version=version,
            organisation_id=organisation_id,
            sha256=sha256,
            agreed_at=now,
            agreed_by=agreed_by,
        )
    )
    return True


def find_facility(session: Session, facility_id: UUID, *, lock: bool = False) -> Facility | None:
    """Return the facility with its parties, or None; ``lock`` keeps other decisions about it waiting until the end."""
    wanted = select(FacilityRow).where(FacilityRow.facility_id == facility_id)
    row = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    return None if row is None else _facilities(session, (row,))[0]


def facility_of_number(session: Session, borrower_id: UUID, facility_number: str) -> Facility | None:
    """Return the borrower's facility of that number, or None."""
    row = session.scalars(
        select(FacilityRow).where(
            FacilityRow.borrower_id == borrower_id, FacilityRow.facility_number == facility_number
        )
    ).one_or_none()
    return None if row is None else _facilities(session, (row,))[0]


def list_facilities(session: Session, organisation_id: UUID) -> tuple[Facility, ...]:
    """Return the facilities to which the organisation is a party, by number."""
    mine = select(FacilityPartyRow.facility_id).where(FacilityPartyRow.organisation_id == organisation_id)
    rows = session.scalars(
        select(FacilityRow).where(FacilityRow.facility_id.in_(mine)).order_by(FacilityRow.facility_number)
    ).all()
    return _facilities(session, rows)


def borrowed_facilities(session: Session, borrower_id: UUID) -> tuple[UUID, ...]:
    """Return the ids of the facilities that the organisation borrows under, in order."""
    wanted = select(FacilityRow.facility_id).where(FacilityRow.borrower_id == borrower_id)
    return tuple(session.scalars(wanted.order_by(FacilityRow.facility_id)))


def list_terms(session: Session, facility_id: UUID, *, known_at: datetime | None = None) -> tuple[TermsVersion, ...]:
    """Return the versions recorded by ``known_at`` (all when None), oldest first, each with the agreements known then."""
    versions = select(FacilityTermsRow).where(FacilityTermsRow.facility_id == facility_id)
    agreements = select(TermsAgreementRow).where(TermsAgreementRow.facility_id == facility_id)
    if known_at is not None:
        versions = versions.where(FacilityTermsRow.recorded_at <= known_at)
        agreements = agreements.where(TermsAgreementRow.agreed_at <= known_at)
    agreed: dict[int, dict[UUID, datetime]] = {}
    for row in session.scalars(agreements):
        agreed.setdefault(row.version, {})[row.organisation_id] = row.agreed_at
    return tuple(
        TermsVersion(
            terms=_terms_of(row),
            sha256=row.sha256,
            recorded_at=row.recorded_at,
            agreed=agreed.get(row.version, {}),
        )
        for row in session.scalars(versions.order_by(FacilityTermsRow.version))
    )


def terms_in_force(
    session: Session, facility_id: UUID, *, known_at: datetime | None = None
) -> tuple[TermsVersion, bool]:
    """Return the newest version that its parties agreed to, and whether there is one; else the newest proposed first version."""
    versions = list_terms(session, facility_id, known_at=known_at)
    if not versions:
        raise NotFound("terms.not_found", "the facility has no such terms")
    counting: TermsVersion | None = None
    for version in versions:
        if version.is_agreed(None if counting is None else counting.terms):
            counting = version
    return (versions[0], False) if counting is None else (counting, True)


def load_terms(session: Session, facility_id: UUID, version: int | None = None) -> tuple[FacilityTerms, str]:
    """Return a version of the terms (the one in force when None) with its hash."""
    if version is None:
        found, _ = terms_in_force(session, facility_id)
        return found.terms, found.sha256
    row = session.get(FacilityTermsRow, (facility_id, version))
    if row is None:
        raise NotFound("terms.not_found", "the facility has no such terms")
    return _terms_of(row), row.sha256


def _terms_of(row: FacilityTermsRow) -> FacilityTerms:
    return _read_terms(json.dumps(row.document, sort_keys=True))


@lru_cache(maxsize=_TERMS_KEPT)
def _read_terms(content: str) -> FacilityTerms:
    """Return the terms that a document spells: a page asks for the same ones ten times, and they never change."""
    return from_document(FacilityTerms, json.loads(content), area=AREA)


def load_kpi(session: Session, facility_id: UUID, kpi_id: str) -> FacilityKpi:
    """Return the KPI as the terms in force define it."""
    for kpi in list_kpis(session, facility_id):
        if kpi.definition.kpi_id == kpi_id:
            return kpi
    raise NotFound("kpi.not_found", "the facility has no such KPI", kpi_id=kpi_id[:64])


def list_kpis(session: Session, facility_id: UUID) -> tuple[FacilityKpi, ...]:
    """Return the facility's KPIs by id."""
    terms, _ = load_terms(session, facility_id)
    found = (
        FacilityKpi(
            definition=kpi.definition,
            sites=kpi.sites,
            sha256=document_hash({**to_document(kpi.definition), "sites": sorted(kpi.sites)}),
        )
        for kpi in terms.kpis
    )
    return tuple(sorted(found, key=lambda kpi: kpi.definition.kpi_id))


def load_targets(session: Session, facility_id: UUID, kpi_id: str) -> tuple[PerformanceTarget, ...]:
    """Return the KPI's targets by test period."""
    terms, _ = load_terms(session, facility_id)
    return terms.kpi(kpi_id).targets


def party_roles(terms: FacilityTerms) -> tuple[tuple[UUID, str], ...]:
    """Return the parties of the terms as rows: (organisation, role)."""
    return tuple((UUID(party.organisation_id), PartyRole(party.role).value) for party in terms.parties)


def _facilities(session: Session, rows: Sequence[FacilityRow]) -> tuple[Facility, ...]:
    """Return the rows with the parties of all of them, in one read."""
    parties: dict[UUID, set[tuple[UUID, str]]] = {row.facility_id: set() for row in rows}
    for party in session.scalars(select(FacilityPartyRow).where(FacilityPartyRow.facility_id.in_(parties))):
        parties[party.facility_id].add((party.organisation_id, party.role))
    return tuple(
        Facility(
            facility_id=row.facility_id,
            borrower_id=row.borrower_id,
            facility_number=row.facility_number,
            parties=frozenset(parties[row.facility_id]),
        )
        for row in rows
    )
