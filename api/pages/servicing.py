"""Serving a loan from day to day, at each side's own page: fixings, principal, ratings, who is connected, and the borrower's booking.

Shows what the routes of loan facts answer, and the forms that their policies allow the reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Pages
from api.pages.base.page import Page, ThisPage
from api.routes.engagements import add_connection, list_connections
from api.routes.facilities import read_facility
from api.routes.loan_facts import (
    add_fixings,
    add_fixings_from_published,
    add_grade,
    add_principal,
    agree_adjustment,
    book_adjustment,
    book_payments,
    list_adjustments,
    list_booked,
    read_facts,
)
from api.routes.published_rates import list_published_rates
from api.schemas.fields import UuidString
from api.store.access import OrganisationKind
from finance.attestations.independence import LoanRole

routes = Pages(area="loans")

SIDES = (LoanRole.BORROWER, LoanRole.LENDER)
"""Roles that the terms give: nobody is connected by hand in one of them."""


@routes.get("/bank/facilities/{facility_id}/servicing", policy=asks(kinds=(OrganisationKind.LENDER,)))
def show_bank_servicing(facility_id: UuidString, page: ThisPage) -> Response:
    """Show a lender how its loan stands, which fixings it needs, what was recorded, and the forms that record more."""
    return page.show("bank/servicing.html", **_served(page, facility_id))


@routes.get("/loans/{facility_id}/servicing", policy=asks(kinds=(OrganisationKind.BORROWER,)))
def show_servicing(facility_id: UuidString, page: ThisPage) -> Response:
    """Show the borrower the same, with what stands in its books, what is to be booked, and adjustments to agree to."""
    return page.show(
        "loans/servicing.html",
        **_served(page, facility_id),
        booked=page.attempt(list_booked, facility_id=facility_id) if page.may(list_booked) else None,
        adjustments=page.attempt(list_adjustments, facility_id=facility_id),
        books=page.posting_books(),
        may_agree=page.may(agree_adjustment),
        may_book=page.may(book_payments),
        may_book_adjustment=page.may(book_adjustment),
    )


def _served(page: Page, facility_id: UuidString) -> Mapping[str, Any]:
    """Return what both sides see of the loan's servicing."""
    facts = page.use(read_facts, facility_id=facility_id)
    indices = sorted({each.index for each in facts.tranches if each.index})
    return {
        "facility": page.use(read_facility, facility_id=facility_id),
        "facts": facts,
        "published": tuple((index, page.attempt(list_published_rates, index=index)) for index in indices),
        "connections": page.use(list_connections, facility_id=facility_id).connections,
        "roles": tuple(each.value for each in LoanRole if each not in SIDES),
        "may_fix": page.may(add_fixings),
        "may_fix_from_published": page.may(add_fixings_from_published),
        "may_record_principal": page.may(add_principal),
        "may_record_grade": page.may(add_grade),
        "may_connect": page.may(add_connection),
    }
