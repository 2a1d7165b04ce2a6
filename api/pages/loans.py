"""The borrower's view of its loans: terms, rate with its reasons, payments before and after decisions, and the chance to meet the target.

Shows what the routes of facilities, KPI periods and forecasts answer. Computes no rate.
"""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.pages.base.using import Part
from api.routes.determinations import list_determinations
from api.routes.facilities import list_facilities, read_facility, read_rate, read_schedule
from api.routes.forecasts import asked_forecast, read_period_forecast
from api.routes.kpi_periods import list_kpi_periods
from api.routes.obligations import list_obligations
from api.schemas.facilities import FacilityLineOut, RateOut
from api.schemas.fields import UuidString
from api.schemas.forecasts import ForecastOut
from api.schemas.kpi import KpiPeriodLineOut
from api.store.access import OrganisationKind

routes = Pages(area="loans")

_BORROWER = asks(kinds=(OrganisationKind.BORROWER,))


@routes.get("/loans", policy=_BORROWER, nav=Nav(label=mark("Our loans"), group=Group.LOANS, order=10, icon="loan"))
def show_loans(page: ThisPage) -> Response:
    """Show the loans that the organisation is a party to, each with today's rate."""
    lines = page.use(list_facilities).facilities
    return page.show("loans/loans.html", loans=tuple((line, _rate(page, line)) for line in lines))


@routes.get("/loans/{facility_id}", policy=_BORROWER)
def show_loan(facility_id: UuidString, page: ThisPage) -> Response:
    """Show one loan: its terms, rate, payments before and after decisions, KPI periods and what is due."""
    facility = page.use(read_facility, facility_id=facility_id)
    schedule = page.attempt(read_schedule, facility_id=facility_id)
    tranches = () if schedule.answer is None else schedule.answer.tranches
    periods = page.use(list_kpi_periods, facility_id=facility_id).kpi_periods
    due = page.attempt(list_obligations).answer
    return page.show(
        "loans/loan.html",
        facility=facility,
        schedule=schedule,
        rates=tuple(
            (
                one.tranche_id,
                page.attempt(read_rate, facility_id=facility_id, on=page.today, tranche_id=one.tranche_id),
            )
            for one in tranches
        ),
        periods=tuple((one, _forecast(page, one)) for one in periods),
        determinations=page.use(list_determinations, facility_id=facility_id).determinations,
        duties=()
        if due is None
        else tuple(duty for each in due.facilities if each.facility_id == facility_id for duty in each.obligations),
    )


def _rate(page: Page, line: FacilityLineOut) -> Part[RateOut]:
    return page.attempt(read_rate, facility_id=line.id, on=page.today)


def _forecast(page: Page, period: KpiPeriodLineOut) -> Part[ForecastOut] | None:
    """Return where a test period ends as things stand; a baseline has no target."""
    if period.purpose != "test":
        return None
    return page.attempt(read_period_forecast, kpi_period_id=period.id, assumed=asked_forecast())
