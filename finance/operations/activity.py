"""Recording activity data and reading emissions from what is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.tables import ReferenceSet
from finance.emissions.activity import ActivityMonth
from finance.emissions.factors import FactorSet
from finance.emissions.intensity import YearEmissions, year_emissions
from finance.emissions.methodologies import BoundMethodology, bind, find
from finance.store import activity, reference
from ledger.core.parties import Actor


def record_reference(session: Session, sets: Sequence[ReferenceSet], *, now: datetime) -> None:
    """Record the versions of reference sets that figures are computed with; those that stand change nothing."""
    for each in sets:
        activity.save_reference_set(session, each, now=now)


def record_activity(
    session: Session,
    organisation_id: UUID,
    months: Sequence[ActivityMonth],
    *,
    raw_sha256: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Record a file's months and return how many said something new; a changed figure is a further revision."""
    return activity.save_months(
        session, organisation_id, months, raw_sha256=raw_sha256, now=now, recorded_by=actor.user_id
    )


def factor_set(session: Session, version: str) -> FactorSet:
    """Return the emission factors of that version: those that ship, else those recorded; ``reference.set_unknown`` when neither."""
    shipped = reference.shipped_factors()
    return shipped if version == shipped.version else activity.load_factors(session, version)


def recorded_months(
    session: Session, organisation_id: UUID, *, known_at: datetime | None = None
) -> tuple[ActivityMonth, ...]:
    """Return the organisation's months, each in its newest revision known at ``known_at``."""
    return tuple(each.activity for each in activity.load_months(session, organisation_id, known_at=known_at))


def bound_methodology(session: Session, methodology_id: str, factor_set_version: str) -> BoundMethodology:
    """Return the methodology with the factor rows of that version."""
    return bind(find(reference.shipped_methodologies(), methodology_id), factor_set(session, factor_set_version))


def emissions_of_year(
    session: Session,
    organisation_id: UUID,
    *,
    year: int,
    methodology_id: str,
    factor_set_version: str,
    known_at: datetime | None = None,
) -> YearEmissions:
    """Return the organisation's emissions of a year by a methodology, from the activity recorded by ``known_at``."""
    bound = bound_methodology(session, methodology_id, factor_set_version)
    return year_emissions(recorded_months(session, organisation_id, known_at=known_at), bound, year=year)
