"""Recording activity figures and reading emissions from what is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.tables import ReferenceSet
from finance.emissions import comparison
from finance.emissions.activity import ActivityMonth
from finance.emissions.comparison import Comparison
from finance.emissions.factors import FactorSet
from finance.emissions.intensity import YearEmissions, year_emissions
from finance.emissions.methodologies import BoundMethodology, bind, find
from finance.emissions.reports import ReportLine, report_lines
from finance.store import activity, activity_reference, reference
from ledger.core.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Which methodology with which factors: ids as asked for, None where the only or shipped one is meant.

    ``grid_region`` replaces the region of the grid factors (``CN-YN``), ``gwp_set`` the warming potentials (``ar6``).
    """

    methodology_id: str
    methodology_version: str | None = None
    factor_set_version: str | None = None
    grid_region: str | None = None
    gwp_set: str | None = None


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
    session: Session, organisation_id: UUID, *, known_at: datetime | None = None, sites: Sequence[str] = ()
) -> tuple[ActivityMonth, ...]:
    """Return the organisation's months, each in its newest revision known at ``known_at``; no sites are all sites."""
    found = activity.load_months(session, organisation_id, known_at=known_at, sites=sites)
    return tuple(each.activity for each in found)


def bound_methodology(
    session: Session, methodology_id: str, factor_set_version: str, *, methodology_version: str | None = None
) -> BoundMethodology:
    """Return the methodology with the factor rows of that version."""
    methodology = find(reference.shipped_methodologies(), methodology_id, methodology_version)
    return bind(methodology, factor_set(session, factor_set_version))


def bound_recipe(session: Session, recipe: Recipe) -> BoundMethodology:
    """Return the methodology of a recipe, bound, with the asked region and warming potentials in place."""
    factors = factor_set(session, recipe.factor_set_version or reference.shipped_factors().version)
    bound = bind(find(reference.shipped_methodologies(), recipe.methodology_id, recipe.methodology_version), factors)
    if recipe.grid_region is not None:
        bound = bound.with_grid_region(factors, recipe.grid_region)
    if recipe.gwp_set is not None:
        bound = bound.with_gwp_set(factors, recipe.gwp_set)
    return bound


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
    recipe = Recipe(methodology_id=methodology_id, factor_set_version=factor_set_version)
    return emissions_by(session, organisation_id, recipe, year=year, known_at=known_at)


def emissions_by(
    session: Session,
    organisation_id: UUID,
    recipe: Recipe,
    *,
    year: int,
    sites: Sequence[str] = (),
    known_at: datetime | None = None,
) -> YearEmissions:
    """Return a year's emissions of the organisation's sites by a recipe; no sites are all sites."""
    months = recorded_months(session, organisation_id, known_at=known_at, sites=sites)
    return year_emissions(months, bound_recipe(session, recipe), year=year)


def compare_methodologies(
    session: Session,
    organisation_id: UUID,
    first: Recipe,
    second: Recipe,
    *,
    year: int,
    sites: Sequence[str] = (),
    known_at: datetime | None = None,
) -> Comparison:
    """Return the same year of activity by two recipes, side by side."""
    months = recorded_months(session, organisation_id, known_at=known_at, sites=sites)
    bound = bound_recipe(session, first), bound_recipe(session, second)
    comparison.check_comparable(*(each.methodology.template_id for each in bound))
    return comparison.compare(*(year_emissions(months, each, year=year) for each in bound))


def report_of_year(
    session: Session,
    organisation_id: UUID,
    recipe: Recipe,
    *,
    year: int,
    sites: Sequence[str] = (),
    known_at: datetime | None = None,
) -> tuple[YearEmissions, tuple[ReportLine, ...]]:
    """Return a year with its figures as the methodology's report form prints them; no form is ``report.unknown``."""
    bound = bound_recipe(session, recipe)
    months = recorded_months(session, organisation_id, known_at=known_at, sites=sites)
    emissions = year_emissions(months, bound, year=year)
    rounding = activity_reference.shipped_report_rounding()
    return emissions, report_lines(emissions, rounding, report=bound.methodology.report)
