"""The first page after sign-in: by kind of organisation, what is held, what is due, the loans and what waits."""

from __future__ import annotations

from starlette.responses import Response

from api.auth.policy import asks
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.bank_desk import read_portfolio, read_queue
from api.routes.engagements import list_engagements
from api.routes.facilities import list_facilities
from api.routes.obligations import list_obligations
from api.routes.reports import read_positions
from api.schemas.points import Asked
from api.store.access import OrganisationKind

routes = Pages(area="overview")

_CARBON = "Assets:Carbon"


@routes.get("/", policy=asks(), nav=Nav(label=mark("Overview"), group=Group.DESK, order=0, icon="home"))
def show_overview(page: ThisPage) -> Response:
    """Show the desk of the reader's organisation."""
    match page.call.principal.organisation_kind:
        case OrganisationKind.LENDER:
            return _bank(page)
        case OrganisationKind.ASSESSOR:
            return page.show("overview/assessor.html", engagements=page.use(list_engagements).engagements)
        case _:
            return _treasury(page)


def _treasury(page: ThisPage) -> Response:
    asked = Asked(as_of=page.today, known=None, at=None)
    book = next(iter(page.books()), None)
    return page.show(
        "overview/treasury.html",
        positions=None
        if book is None
        else page.attempt(read_positions, book_id=book.book_id, asked=asked, under=_CARBON),
        obligations=page.attempt(list_obligations),
        facilities=page.attempt(list_facilities),
    )


def _bank(page: ThisPage) -> Response:
    return page.show("overview/bank.html", portfolio=page.attempt(read_portfolio), queue=page.attempt(read_queue))
