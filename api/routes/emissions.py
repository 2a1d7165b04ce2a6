"""Emissions of the caller's organisation: a year by a methodology, two methodologies side by side, a report form's figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from api.auth.policy import Routes, asks
from api.deps import ThisCall
from api.schemas.activity import FlagText, YearText
from api.schemas.emissions import ComparisonOut, EmissionsOut, MethodologiesOut, MethodologyOut, ReportOut
from api.schemas.fields import CodeString, InstantString, NameText
from api.store.access import OrganisationKind
from finance.operations.activity import Recipe, compare_methodologies, emissions_by, report_of_year
from finance.store import reference

_BORROWER = asks(kinds=(OrganisationKind.BORROWER,))

routes = Routes(tag="emissions")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedActivity:
    """Which activity: a calendar year, one site or all of them, as recorded by an instant."""

    year: int
    sites: tuple[str, ...]
    known_at: datetime | None


def asked_activity(
    year: Annotated[YearText, Query(description="Calendar year.")],
    site: Annotated[NameText | None, Query(description="One site; all when absent.")] = None,
    known_at: Annotated[
        InstantString | None, Query(description="As recorded by this instant; now when absent.")
    ] = None,
) -> AskedActivity:
    """Return the activity that the query asks for."""
    return AskedActivity(year=year, sites=() if site is None else (site,), known_at=known_at)


def asked_recipe(
    methodology: Annotated[CodeString, Query(description="A methodology's id.", examples=["article-2024-draft"])],
    methodology_version: Annotated[
        CodeString | None, Query(description="Needed where an id has several.", examples=["grid-2023"])
    ] = None,
    factor_set_version: Annotated[
        CodeString | None, Query(description="A version of the factors; those that ship when absent.")
    ] = None,
    grid_region: Annotated[
        CodeString | None, Query(description="Another region of the same grid calibre.", examples=["CN-YN"])
    ] = None,
    gwp_set: Annotated[
        CodeString | None, Query(description="Other warming potentials: ar4, ar5 or ar6.", examples=["ar6"])
    ] = None,
) -> Recipe:
    """Return the recipe that the query asks for."""
    return Recipe(
        methodology_id=methodology,
        methodology_version=methodology_version,
        factor_set_version=factor_set_version,
        grid_region=grid_region,
        gwp_set=gwp_set,
    )


def _asked_second(
    second_methodology: Annotated[
        CodeString, Query(description="The other methodology's id.", examples=["cets-ag-04.01"])
    ],
    second_version: Annotated[CodeString | None, Query(description="Its version.", examples=["V01-2024"])] = None,
    second_factor_set_version: Annotated[
        CodeString | None, Query(description="Its factors; those that ship when absent.")
    ] = None,
    second_grid_region: Annotated[CodeString | None, Query(description="Its grid region.", examples=["CN-YN"])] = None,
    second_gwp_set: Annotated[CodeString | None, Query(description="Its warming potentials.", examples=["ar6"])] = None,
) -> Recipe:
    return Recipe(
        methodology_id=second_methodology,
        methodology_version=second_version,
        factor_set_version=second_factor_set_version,
        grid_region=second_grid_region,
        gwp_set=second_gwp_set,
    )


AskedActivityQuery = Annotated[AskedActivity, Depends(asked_activity)]
RecipeQuery = Annotated[Recipe, Depends(asked_recipe)]


@routes.get("/methodologies", policy=asks())
def list_methodologies(call: ThisCall) -> MethodologiesOut:
    """Return every methodology on file with its measure, form and boundary."""
    del call
    found = reference.shipped_methodologies()
    return MethodologiesOut(methodologies=tuple(MethodologyOut.from_core(each) for each in found))


@routes.get("/emissions", policy=_BORROWER)
def read_emissions(
    call: ThisCall,
    asked: AskedActivityQuery,
    recipe: RecipeQuery,
    *,
    whole: Annotated[FlagText, Query(description="Refuse a year with gaps instead of stating them.")] = False,
) -> EmissionsOut:
    """Return the organisation's emissions of a year by component and month, with the year's intensity and why it is what it is.

    A year with gaps states them in ``missing_months``; with ``whole=true`` it is refused.
    """
    emissions = emissions_by(
        call.session,
        call.principal.organisation_id,
        recipe,
        year=asked.year,
        sites=asked.sites,
        known_at=asked.known_at,
    )
    if whole:
        emissions.complete()
    return EmissionsOut.from_core(emissions, recipe.factor_set_version or reference.shipped_factors().version)


@routes.get("/emissions/comparison", policy=_BORROWER)
def read_comparison(
    call: ThisCall, asked: AskedActivityQuery, recipe: RecipeQuery, second: Annotated[Recipe, Depends(_asked_second)]
) -> ComparisonOut:
    """Return the same year of activity by two methodologies, with the difference of every component."""
    compared = compare_methodologies(
        call.session,
        call.principal.organisation_id,
        recipe,
        second,
        year=asked.year,
        sites=asked.sites,
        known_at=asked.known_at,
    )
    return ComparisonOut.from_core(compared)


@routes.get("/emissions/report", policy=_BORROWER)
def read_report(call: ThisCall, asked: AskedActivityQuery, recipe: RecipeQuery) -> ReportOut:
    """Return the year's figures as the guideline's report form prints them, each rounded by the form's own rows."""
    emissions, lines = report_of_year(
        call.session,
        call.principal.organisation_id,
        recipe,
        year=asked.year,
        sites=asked.sites,
        known_at=asked.known_at,
    )
    return ReportOut.from_core(emissions, lines)
