"""Early warning for the borrower: where the year's intensity ends, how past forecasts did, and energy use that stands out.

A forecast is the borrower's own: no lender and no assessor reads it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from fastapi import Depends, Query
from pydantic import Field

from api.auth.loan_kinds import KPI_PERIOD
from api.auth.policy import Routes, asks
from api.deps import ThisCall
from api.routes.emissions import AskedActivityQuery, RecipeQuery
from api.schemas.activity import MonthText, is_month
from api.schemas.fields import DecimalString, InstantString, UuidString
from api.schemas.forecasts import BackTestOut, EnergyChartOut, EnergyChartsOut, ForecastOut
from api.store.access import OrganisationKind
from finance.operations.activity import Recipe
from finance.operations.forecasts import (
    ForecastQuestion,
    back_test_of_year,
    energy_charts,
    forecast_of_year,
    target_of_period,
)
from finance.store import facilities
from ledger.core.amounts import parse_decimal
from ledger.core.errors import Invalid

_BORROWER = asks(kinds=(OrganisationKind.BORROWER,))
_MONTHS = 12
_PLAN_LENGTH = 600

PlanText = Annotated[
    str,
    Field(max_length=_PLAN_LENGTH, examples=["2025-11:41000;2025-12:42500.5"], description="month:tonnes;month:tonnes"),
]
LastMonths = Annotated[str, Field(pattern="^(?:[1-9]|1[0-9]|2[0-4])$", examples=["12"])]

routes = Routes(tag="early warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedForecast:
    """What the query assumes about the rest of the year."""

    through: str | None
    plan_t: Mapping[str, Fraction]
    confidence: Fraction
    technical_minimum: Fraction | None
    last_months: int


def asked_forecast(
    through: Annotated[MonthText | None, Query(description="Last month that counts as over.")] = None,
    plan: Annotated[PlanText | None, Query(description="Planned tonnes by month; last year's when absent.")] = None,
    confidence: Annotated[DecimalString, Query(description="Of the interval.", examples=["0.9"])] = "0.9",
    technical_minimum: Annotated[
        DecimalString | None, Query(description="Best intensity the rest can reach, tCO2e/t.", examples=["7.9"])
    ] = None,
    last_months: Annotated[LastMonths, Query(description="Else: the lowest of so many recent months.")] = "12",
) -> AskedForecast:
    """Return what the query assumes."""
    return AskedForecast(
        through=through,
        plan_t={} if plan is None else planned_production(plan),
        confidence=Fraction(parse_decimal(confidence, field="confidence")),
        technical_minimum=None
        if technical_minimum is None
        else Fraction(parse_decimal(technical_minimum, field="technical_minimum")),
        last_months=int(last_months),
    )


_AssumedQuery = Annotated[AskedForecast, Depends(asked_forecast)]
TargetText = Annotated[DecimalString, Query(description="At most this, tCO2e/t.", examples=["8.2"])]


@routes.get("/forecasts", policy=_BORROWER)
def read_forecast(
    call: ThisCall,
    asked: AskedActivityQuery,
    recipe: RecipeQuery,
    target_tco2e_per_t: TargetText,
    assumed: _AssumedQuery,
) -> ForecastOut:
    """Return the forecast of a year's intensity against a target, with the month after which it can no longer be met."""
    answer = forecast_of_year(
        call.session,
        call.principal.organisation_id,
        recipe,
        _question(asked.year, assumed, Fraction(parse_decimal(target_tco2e_per_t, field="target_tco2e_per_t"))),
        sites=asked.sites,
        known_at=asked.known_at,
    )
    return ForecastOut.from_core(answer)


@routes.get("/forecasts/back-test", policy=_BORROWER)
def read_back_test(
    call: ThisCall,
    asked: AskedActivityQuery,
    recipe: RecipeQuery,
    target_tco2e_per_t: TargetText,
    assumed: _AssumedQuery,
) -> BackTestOut:
    """Return what the forecast would have said after each month of a year that is over, against what came."""
    test = back_test_of_year(
        call.session,
        call.principal.organisation_id,
        recipe,
        _question(asked.year, assumed, Fraction(parse_decimal(target_tco2e_per_t, field="target_tco2e_per_t"))),
        sites=asked.sites,
        known_at=asked.known_at,
    )
    return BackTestOut.from_core(test)


@routes.get("/kpi-periods/{kpi_period_id}/forecast", policy=_BORROWER)
def read_period_forecast(
    kpi_period_id: UuidString,
    call: ThisCall,
    assumed: _AssumedQuery,
    target_tco2e_per_t: Annotated[
        DecimalString | None, Query(description="In place of the contract's target.", examples=["8.2"])
    ] = None,
    known_at: Annotated[
        InstantString | None, Query(description="As recorded by this instant; now when absent.")
    ] = None,
) -> ForecastOut:
    """Return the forecast of a KPI's test year by the contract's own methodology, factors, sites and target."""
    period = call.load(KPI_PERIOD, kpi_period_id)
    kpi = facilities.load_kpi(call.session, period.facility_id, period.kpi_id)
    definition = kpi.definition
    if target_tco2e_per_t is None:
        target, source = target_of_period(call.session, period)
    else:
        target, source = Fraction(parse_decimal(target_tco2e_per_t, field="target_tco2e_per_t")), "input"
    recipe = Recipe(
        methodology_id=definition.methodology_id,
        methodology_version=definition.methodology_version,
        factor_set_version=definition.factor_set_version,
    )
    answer = forecast_of_year(
        call.session,
        call.principal.organisation_id,
        recipe,
        _question(period.period_start.year, assumed, target, source),
        sites=kpi.sites,
        known_at=known_at,
    )
    return ForecastOut.from_core(answer)


@routes.get("/energy-charts", policy=_BORROWER)
def read_energy_charts(call: ThisCall, asked: AskedActivityQuery) -> EnergyChartsOut:
    """Return each site's control chart of AC power per tonne, with the months that stand out.

    Limits come from the year before where it has enough months, else from the year itself.
    """
    charts = energy_charts(
        call.session, call.principal.organisation_id, year=asked.year, sites=asked.sites, known_at=asked.known_at
    )
    return EnergyChartsOut(charts=tuple(EnergyChartOut.from_core(chart) for chart in charts))


def _question(year: int, assumed: AskedForecast, target: Fraction, source: str = "input") -> ForecastQuestion:
    return ForecastQuestion(
        year=year,
        target=target,
        target_source=source,
        through=assumed.through,
        plan_t=assumed.plan_t,
        confidence=assumed.confidence,
        technical_minimum=assumed.technical_minimum,
        last_months=assumed.last_months,
    )


def planned_production(text: str) -> Mapping[str, Fraction]:
    """Return the tonnes by month that a query's plan spells; anything else is ``forecast.plan``."""
    plan: dict[str, Fraction] = {}
    parts = text.split(";")
    for part in parts[: _MONTHS + 1]:
        month, _, tonnes = part.partition(":")
        amount = parse_decimal(tonnes, field="plan")
        if not is_month(month) or month in plan or amount < 0 or len(parts) > _MONTHS:
            raise Invalid(
                "forecast.plan",
                "plan: expected up to 12 different months as 2025-11:41000;2025-12:42500.5",
                field="plan",
            )
        plan[month] = Fraction(amount)
    return plan
