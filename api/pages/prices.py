"""Prices: what was observed, what is held back for review, files and marks that two persons stand for, and the market calendars.

Shows what the routes of observations, market and calendars answer. Judges no price.
"""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, ThisPage
from api.routes.calendars import list_calendar_years, list_calendars
from api.routes.instruments import list_instruments
from api.routes.market import approve_mark, list_marks, propose_mark
from api.routes.observations import (
    accept_held,
    approve_upload,
    list_held,
    list_observations,
    list_uploads,
    propose_upload,
    read_upload,
)
from api.schemas.fields import CodeString, DateString, PageCursor, UuidString

routes = Pages(area="prices")

_READS = asks(Scope.LEDGER_READ)
_SHOWN = timedelta(days=365)
_FIXING = "EUR_CNY"


@routes.get("/prices", policy=_READS, nav=Nav(label=mark("Prices"), group=Group.TREASURY, order=70, icon="chart"))
def show_prices(
    page: ThisPage,
    instrument: CodeString | None = None,
    as_of: DateString | None = None,
    since: DateString | None = None,
    after: PageCursor | None = None,
) -> Response:
    """Show the prices of an instrument, every revision, with source and basis."""
    known = _instruments(page)
    shown, last = instrument or (known[0] if known else _FIXING), as_of or page.today
    first = since or last - _SHOWN
    return page.show(
        "prices/prices.html",
        instruments=known if shown in known else (*known, shown),
        seen=page.use(list_observations, instrument=shown, as_of=last, since=first, after=after, limit=100),
        since=first,
        after=after,
        held=len(page.use(list_held).held),
        may_bring=page.leads("/imports/new/prices"),
    )


@routes.get("/prices/held", policy=_READS)
def show_held(page: ThisPage) -> Response:
    """Show prices that contradict another source or breach a bound: they mark nothing until a second person decides."""
    return page.show("prices/held.html", found=page.use(list_held), may_decide=page.may(accept_held))


@routes.get("/prices/uploads", policy=_READS)
def show_uploads(page: ThisPage) -> Response:
    """Show files of prices, the newest first, and where to bring one."""
    return page.show(
        "prices/uploads.html",
        uploads=page.use(list_uploads).uploads,
        names=page.names(),
        may_bring=page.may(propose_upload),
    )


@routes.get("/prices/uploads/{upload_id}", policy=_READS)
def show_price_upload(upload_id: UuidString, page: ThisPage) -> Response:
    """Show one file of prices: what it would add, revise, contradict or breach, and its decision."""
    return page.show(
        "prices/upload.html",
        one=page.use(read_upload, upload_id=upload_id),
        names=page.names(),
        may_decide=page.may(approve_upload),
    )


@routes.get("/prices/marks", policy=_READS)
def show_marks(page: ThisPage, instrument: CodeString | None = None) -> Response:
    """Show the prices that two persons stand for, and where to propose one."""
    known = _instruments(page)
    shown = instrument or (known[0] if known else _FIXING)
    return page.show(
        "prices/marks.html",
        instruments=known if shown in known else (*known, shown),
        shown=shown,
        marks=page.use(list_marks, instrument=shown).marks,
        names=page.names(),
        new_id=page.call.new_id(),
        may={"propose": page.may(propose_mark), "decide": page.may(approve_mark)},
    )


@routes.get("/prices/calendars", policy=_READS)
def show_calendars(page: ThisPage) -> Response:
    """Show the market calendars by which prices are aged, and years that wait for a second person."""
    return page.show(
        "prices/calendars.html",
        calendars=page.use(list_calendars).calendars,
        years=page.use(list_calendar_years).calendar_years,
        names=page.names(),
    )


def _instruments(page: Page) -> tuple[str, ...]:
    """Return what prices the instruments of the reader's books, by code."""
    found = (page.use(list_instruments, book_id=book.book_id).instruments for book in page.books())
    return tuple(sorted({one.price_instrument for each in found for one in each}))
