"""A KPI's path through its test periods: what each target asks for and what the reported value comes to, in the unit that is compared.

Reads only. The comparison is the one that decides (``finance.kpi.outcomes``): nothing is computed a second way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.kpi.definitions import KpiDefinition
from finance.kpi.outcomes import KpiOutcome
from finance.kpi.targets import Goal, goal_of
from finance.operations.kpi_findings import find_kpis
from finance.operations.loan_duties import LoanState, load_state
from finance.operations.portfolio import KpiPoint, kpi_points
from finance.store.facilities import Facility
from ledger.core.errors import DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiStep:
    """One test: its target as a number, and the outcome of the reported value, None where there is none yet.

    ``code`` says why a reported value cannot be compared, such as a baseline that nobody attested.
    """

    point: KpiPoint
    goal: Goal
    outcome: KpiOutcome | None
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiPath:
    """A KPI of a loan with its tests by period, as known at ``known_at``."""

    facility_id: UUID
    definition: KpiDefinition
    known_at: datetime
    steps: tuple[KpiStep, ...]


def kpi_path_of(session: Session, facility: Facility, kpi_id: str, *, now: datetime) -> KpiPath:
    """Return the path of one KPI of the terms in force; a KPI they do not have is refused (``terms.kpi_id``)."""
    state = load_state(session, facility, now=now)
    definition = state.loan.facility.terms.kpi(kpi_id).definition
    points = sorted(
        (each for each in kpi_points(session, state) if each.kpi_id == kpi_id),
        key=lambda each: each.target.period_start,
    )
    return KpiPath(
        facility_id=facility.facility_id,
        definition=definition,
        known_at=now,
        steps=tuple(_step(session, state, each, now=now) for each in points),
    )


def _step(session: Session, state: LoanState, point: KpiPoint, *, now: datetime) -> KpiStep:
    outcome, code = None, None
    if point.observed is not None:
        try:
            found = find_kpis(session, state.loan, point.target.period_start, now=now, counts_late=True)
            (own,) = (each.finding for each in found if each.finding.definition.kpi_id == point.kpi_id)
            outcome = own.outcome
        except DomainError as refusal:  # an earlier year or a baseline that nobody attested
            code = refusal.code
    return KpiStep(point=point, goal=goal_of(point.target.rule), outcome=outcome, code=code)
