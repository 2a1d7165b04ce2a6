"""A loan's label at each side's own page: its days, what troubles it, the checklist with its waivers, and what the reader may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Pages
from api.pages.base.page import Page, ThisPage
from api.routes.facilities import read_facility
from api.routes.labels import (
    activate_label,
    add_amendment,
    add_breach,
    add_waiver,
    agree_amendment,
    approve_declassification,
    cure_breach,
    propose_declassification,
    read_checklist,
    read_label,
    resume_label,
    suspend_label,
)
from api.schemas.fields import UuidString
from api.store.access import OrganisationKind

routes = Pages(area="loans")


@routes.get("/bank/facilities/{facility_id}/label", policy=asks(kinds=(OrganisationKind.LENDER,)))
def show_bank_label(facility_id: UuidString, page: ThisPage) -> Response:
    """Show a lender the loan's label, what troubles it, and the checklist with its waivers."""
    return page.show("bank/label.html", **_label(page, facility_id))


@routes.get("/loans/{facility_id}/label", policy=asks(kinds=(OrganisationKind.BORROWER,)))
def show_label(facility_id: UuidString, page: ThisPage) -> Response:
    """Show the borrower the same, with the acts that are the borrower's."""
    return page.show("loans/label.html", **_label(page, facility_id))


def _label(page: Page, facility_id: UuidString) -> Mapping[str, Any]:
    """Return what both sides see of the label, and which of its acts the reader's role has."""
    return {
        "facility": page.use(read_facility, facility_id=facility_id),
        "label": page.use(read_label, facility_id=facility_id),
        "checklist": page.attempt(read_checklist, facility_id=facility_id),
        "may_activate": page.may(activate_label),
        "may_suspend": page.may(suspend_label),
        "may_resume": page.may(resume_label),
        "may_waive": page.may(add_waiver),
        "may_notify": page.may(add_amendment),
        "may_give_notice": page.may(add_breach),
        "may_agree": page.may(agree_amendment),
        "may_cure": page.may(cure_breach),
        "may_propose_end": page.may(propose_declassification),
        "may_end": page.may(approve_declassification),
    }
