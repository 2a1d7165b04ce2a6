"""Reads and writes which organisations are connected to a loan beside its parties. Takes a session first and never commits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from finance.attestations.independence import LoanParty, LoanRole
from finance.store.facilities import Facility
from finance.store.tables.attestations import LoanConnectionRow


def add_connection(
    session: Session, facility_id: UUID, organisation_id: UUID, role: LoanRole, *, now: datetime, recorded_by: UUID
) -> bool:
    """Record the connection and return True; the same again changes nothing and returns False."""
    if session.get(LoanConnectionRow, (facility_id, organisation_id, role.value)) is not None:
        return False
    session.execute(
        insert(LoanConnectionRow).values(
            facility_id=facility_id,
            organisation_id=organisation_id,
            role=role.value,
            recorded_at=now,
            recorded_by=recorded_by,
        )
    )
    return True


def loan_parties(session: Session, facility: Facility) -> tuple[LoanParty, ...]:
    """Return everyone whom an assessor of the loan must be independent of: its parties and its connections."""
    own = {
        LoanParty(organisation_id=str(organisation_id), role=LoanRole(role))
        for organisation_id, role in facility.parties
        if role in set(LoanRole)
    }
    rows = session.scalars(select(LoanConnectionRow).where(LoanConnectionRow.facility_id == facility.facility_id))
    connected = {LoanParty(organisation_id=str(row.organisation_id), role=LoanRole(row.role)) for row in rows}
    return tuple(sorted(own | connected, key=lambda party: (party.role, party.organisation_id)))
