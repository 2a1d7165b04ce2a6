"""What a bank decides on: a reported KPI period, and a proposed change of the rate with its sheet and recomputation."""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Pages
from api.pages.base.page import ThisPage
from api.routes.assurance import read_period_recomputation
from api.routes.attestations import list_attestations
from api.routes.bank_desk import read_recomputation, read_sheet
from api.routes.determinations import approve_determination, read_determination
from api.routes.engagements import list_engagements
from api.routes.facilities import read_facility
from api.routes.kpi_periods import dispute_kpi_period, read_kpi_period
from api.routes.reviews import list_determination_reviews, list_period_reviews, review_kpi_period
from api.schemas.fields import UuidString
from api.store.access import OrganisationKind

routes = Pages(area="bank")

_BANK = asks(kinds=(OrganisationKind.LENDER,))


@routes.get("/bank/kpi-periods/{kpi_period_id}", policy=_BANK)
def show_period(kpi_period_id: UuidString, page: ThisPage) -> Response:
    """Show the reported value, what it was computed from, who attested it, and what lenders said of it."""
    period = page.use(read_kpi_period, kpi_period_id=kpi_period_id)
    facility = page.use(read_facility, facility_id=period.facility_id)
    engaged = [each for each in page.use(list_engagements).engagements if each.kpi_period_id == period.id]
    return page.show(
        "bank/period.html",
        facility=facility,
        period=period,
        recomputation=page.attempt(read_period_recomputation, kpi_period_id=kpi_period_id),
        engaged=tuple((each, page.use(list_attestations, engagement_id=each.id).attestations) for each in engaged),
        reviews=page.use(list_period_reviews, kpi_period_id=kpi_period_id),
        may_review=page.may(review_kpi_period),
        may_dispute=page.may(dispute_kpi_period),
    )


@routes.get("/bank/determinations/{determination_id}", policy=_BANK)
def show_determination(determination_id: UuidString, page: ThisPage) -> Response:
    """Show the proposal or decision whole, the same computed again, and the ways to approve, refuse or query it."""
    determination = page.use(read_determination, determination_id=determination_id)
    return page.show(
        "bank/determination.html",
        facility=page.use(read_facility, facility_id=determination.facility_id),
        determination=determination,
        sheet=page.attempt(read_sheet, determination_id=determination_id),
        recomputation=page.attempt(read_recomputation, determination_id=determination_id),
        reviews=page.use(list_determination_reviews, determination_id=determination_id),
        may_decide=page.may(approve_determination),
    )
