"""One loan as its bank sees it: where it stands, its payments before and after the decisions, and its terms."""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Pages
from api.pages.base.page import Page, ThisPage
from api.pages.base.using import Part
from api.routes.bank_desk import read_position
from api.routes.determinations import list_determinations
from api.routes.facilities import agree_terms, list_terms, read_facility, read_rate, read_schedule
from api.routes.kpi_periods import list_kpi_periods
from api.routes.loan_facts import agree_adjustment, list_adjustments
from api.schemas.facilities import RateOut
from api.schemas.fields import UuidString
from api.store.access import OrganisationKind

routes = Pages(area="bank")

_BANK = asks(kinds=(OrganisationKind.LENDER,))


@routes.get("/bank/facilities/{facility_id}", policy=_BANK)
def show_loan(facility_id: UuidString, page: ThisPage) -> Response:
    """Show where the loan stands today: exposure, rate and why, KPI against target, evidence and decisions."""
    facility = page.use(read_facility, facility_id=facility_id)
    position = page.use(read_position, facility_id=facility_id, as_of=page.today)
    return page.show(
        "bank/loan.html",
        facility=facility,
        position=position,
        rates=tuple((each.tranche_id, _rate(page, facility_id, each.tranche_id)) for each in position.tranches),
        periods=page.use(list_kpi_periods, facility_id=facility_id).kpi_periods,
        determinations=page.use(list_determinations, facility_id=facility_id).determinations,
    )


@routes.get("/bank/facilities/{facility_id}/schedule", policy=_BANK)
def show_schedule(facility_id: UuidString, page: ThisPage) -> Response:
    """Show every payment before and after the decisions, tranche by tranche, with fees and adjustments of booked interest."""
    return page.show(
        "bank/schedule.html",
        facility=page.use(read_facility, facility_id=facility_id),
        schedule=page.attempt(read_schedule, facility_id=facility_id),
        adjustments=page.attempt(list_adjustments, facility_id=facility_id),
        may_agree=page.may(agree_adjustment),
    )


@routes.get("/bank/facilities/{facility_id}/terms", policy=_BANK)
def show_terms(facility_id: UuidString, page: ThisPage) -> Response:
    """Show every version of the terms with its hash and who agreed to it."""
    return page.show(
        "bank/terms.html",
        facility=page.use(read_facility, facility_id=facility_id),
        versions=page.use(list_terms, facility_id=facility_id).versions,
        may_agree=page.may(agree_terms),
    )


def _rate(page: Page, facility_id: UuidString, tranche_id: str) -> Part[RateOut]:
    return page.attempt(read_rate, facility_id=facility_id, on=page.today, tranche_id=tranche_id)
