"""Emissions of the reader's organisation: the year's path and forecast, energy that stands out, methodologies side by side.

Owns which answers stand on which page. Computes nothing.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.pages.base.using import Part, part_of
from api.pages.compliance import YearOf, years
from api.routes.activity import list_activity, upload_activity
from api.routes.emissions import (
    asked_activity,
    asked_recipe,
    list_methodologies,
    read_comparison,
    read_emissions,
    read_report,
)
from api.routes.forecasts import asked_forecast, read_energy_charts, read_forecast
from api.schemas.fields import DecimalString
from api.schemas.forecasts import ForecastOut
from api.store.access import OrganisationKind
from finance.operations.activity import Recipe

_BORROWER = asks(kinds=(OrganisationKind.BORROWER,))
_MANY = 60

routes = Pages(area="emissions")

RecipeText = Annotated[
    str | None, Query(max_length=130, description="A methodology's id, a blank and its version, as the list has it.")
]


@routes.get(
    "/emissions",
    policy=_BORROWER,
    nav=Nav(label=mark("Emissions"), group=Group.EMISSIONS, order=0, icon="leaf"),
)
def show_emissions(
    page: ThisPage,
    year: YearOf = None,
    methodology: RecipeText = None,
    second: RecipeText = None,
    target_tco2e_per_t: DecimalString | None = None,
) -> Response:
    """Show a year's emissions by month and component, its forecast, and another methodology beside."""
    of = _year(page) if year is None else year
    methods = tuple(
        (f"{each.methodology_id} {each.version}", each) for each in page.use(list_methodologies).methodologies
    )
    first = methodology or methods[0][0]
    activity, recipe = asked_activity(year=of), _recipe(first)
    query = {"year": str(of), "methodology": recipe.methodology_id}
    if recipe.methodology_version:
        query["methodology_version"] = recipe.methodology_version
    if target_tco2e_per_t is not None:
        query["target_tco2e_per_t"] = target_tco2e_per_t
    return page.show(
        "emissions/year.html",
        year=of,
        years=years(page),
        methods=methods,
        methodology=first,
        second=second,
        target=target_tco2e_per_t,
        found=page.attempt(read_emissions, asked=activity, recipe=recipe),
        forecast=_forecast(page, of, recipe, target_tco2e_per_t),
        forecast_query=urlencode(query),
        compared=None
        if second is None
        else page.attempt(read_comparison, asked=activity, recipe=recipe, second=_recipe(second)),
        energy=page.attempt(read_energy_charts, asked=activity),
        report=page.attempt(read_report, asked=activity, recipe=recipe),
    )


@routes.get(
    "/activity",
    policy=_BORROWER,
    nav=Nav(label=mark("Activity records"), group=Group.EMISSIONS, order=20, icon="list"),
)
def show_activity(page: ThisPage) -> Response:
    """Show the months recorded, the newest first, and the upload."""
    months = sorted(page.use(list_activity).months, key=lambda each: (each.month, each.site), reverse=True)
    return page.show(
        "emissions/activity.html",
        months=tuple(months[:_MANY]),
        count=len(months),
        may_upload=page.may(upload_activity),
    )


def _year(page: Page) -> int:
    """Return the year that the page opens with: the last calendar year, or where nothing of it is recorded the newest that has months."""
    recorded = {int(each.month[:4]) for each in page.use(list_activity).months}
    last = page.today.year - 1
    return last if last in recorded or not recorded else max(recorded)


def _recipe(text: str) -> Recipe:
    name, _, version = text.partition(" ")
    return asked_recipe(methodology=name, methodology_version=version or None)


def _forecast(page: Page, year: int, recipe: Recipe, target: str | None) -> Part[ForecastOut] | None:
    if target is None:
        return None
    return part_of(
        lambda: page.use(
            read_forecast,
            asked=asked_activity(year=year),
            recipe=recipe,
            target_tco2e_per_t=target,
            assumed=asked_forecast(),
        )
    )
