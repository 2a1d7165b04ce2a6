"""KPI periods as the borrower works on them: opened, locked, reported, assured by an engaged assessor, decided by the lenders.

Owns which answers and forms stand on the two pages. Knows neither target nor rule of a decision.
"""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.routes.assurance_standards import list_standards
from api.routes.attestations import list_attestations
from api.routes.determinations import list_determinations, propose_determination
from api.routes.engagements import add_engagement, list_engagements
from api.routes.facilities import list_facilities, read_facility
from api.routes.forecasts import asked_forecast, read_period_forecast
from api.routes.kpi_periods import (
    add_kpi_period,
    list_kpi_periods,
    lock_kpi_period,
    read_kpi_period,
    report_kpi_period,
    restate_kpi_period,
)
from api.routes.reviews import answer_query, list_determination_reviews, list_period_reviews
from api.schemas.attestations import AttestationLineOut, EngagementOut
from api.schemas.bank_desk import ReviewOut, ReviewsOut
from api.schemas.determinations import DeterminationOut
from api.schemas.facilities import AssessedFacilityOut, FacilityOut
from api.schemas.fields import UuidString
from api.schemas.kpi import KpiPeriodOut
from api.store.access import OrganisationKind

routes = Pages(area="emissions")

_BORROWER = asks(kinds=(OrganisationKind.BORROWER,))


@routes.get(
    "/kpi-periods",
    policy=_BORROWER,
    nav=Nav(label=mark("KPI periods"), group=Group.EMISSIONS, order=10, icon="chart"),
)
def show_kpi_periods(page: ThisPage) -> Response:
    """Show every KPI period of the reader's loans, and the way to open one."""
    loans = tuple(page.use(read_facility, facility_id=each.id) for each in page.use(list_facilities).facilities)
    return page.show(
        "emissions/periods.html",
        facilities=tuple(
            (each, page.use(list_kpi_periods, facility_id=each.id).kpi_periods, _kpis(each)) for each in loans
        ),
        may_open=page.may(add_kpi_period),
    )


@routes.get("/kpi-periods/{kpi_period_id}", policy=_BORROWER)
def show_kpi_period(kpi_period_id: UuidString, page: ThisPage) -> Response:
    """Show one period: its value against the target, its assessor, what lenders said of it, and the steps that are open."""
    period = page.use(read_kpi_period, kpi_period_id=kpi_period_id)
    engagements = page.use(list_engagements).engagements
    decisions = _decisions(page, period)
    facility = page.use(read_facility, facility_id=period.facility_id)
    return page.show(
        "emissions/period.html",
        period=period,
        facility=facility,
        unit=_unit(facility, period),
        forecast=page.attempt(read_period_forecast, kpi_period_id=kpi_period_id, assumed=asked_forecast()),
        engaged=_engaged(page, period, engagements),
        assessors={each.assessor_id: each.assessor_legal_name for each in engagements},
        standards=page.use(list_standards, period_start=period.period_start).standards,
        reviews=_reviews(page, period, decisions),
        decisions=decisions,
        names=page.names(),
        may_lock=page.may(lock_kpi_period),
        may_report=page.may(report_kpi_period),
        may_restate=page.may(restate_kpi_period),
        may_engage=page.may(add_engagement),
        may_propose=page.may(propose_determination),
        may_answer=page.may(answer_query),
    )


def _kpis(facility: FacilityOut | AssessedFacilityOut) -> tuple[str, ...]:
    return tuple(str(kpi.definition["kpi_id"]) for kpi in facility.kpis)


def _unit(facility: FacilityOut | AssessedFacilityOut, period: KpiPeriodOut) -> str:
    """Return the unit of the period's value, as the terms define the KPI; empty for one that they name no more."""
    named = (kpi.definition for kpi in facility.kpis if kpi.definition["kpi_id"] == period.kpi_id)
    return next((str(each["unit"]) for each in named), "")


def _engaged(
    page: Page, period: KpiPeriodOut, engagements: tuple[EngagementOut, ...]
) -> tuple[tuple[EngagementOut, tuple[AttestationLineOut, ...]], ...]:
    """Return the period's mandates, each with everything that was received under it."""
    return tuple(
        (each, page.use(list_attestations, engagement_id=each.id).attestations)
        for each in engagements
        if each.kpi_period_id == period.id
    )


def _decisions(page: Page, period: KpiPeriodOut) -> tuple[DeterminationOut, ...]:
    """Return what was proposed for the loan on this very test period, in order."""
    found = page.use(list_determinations, facility_id=period.facility_id).determinations
    return tuple(each for each in found if each.period_start == period.period_start)


def _reviews(
    page: Page, period: KpiPeriodOut, decisions: tuple[DeterminationOut, ...]
) -> tuple[tuple[ReviewOut, bool], ...]:
    """Return what lenders said of the period and of its proposals, each with whether it is a question still open."""
    standing: tuple[ReviewsOut, ...] = (
        page.use(list_period_reviews, kpi_period_id=period.id),
        *(page.use(list_determination_reviews, determination_id=each.id) for each in decisions),
    )
    said = [(review, review.id in each.open_queries) for each in standing for review in each.reviews]
    return tuple(sorted(said, key=lambda one: one[0].recorded_at))
