"""What a book sets aside: every hold and pledge, one of them with what may be done to it, and a transfer to another book.

Shows and asks; who may let go, and who must agree, is the API's decision.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import PagePoint, ThisPage
from api.routes.holds import capture_hold, list_holds, place_hold, read_hold, release_hold
from api.routes.reports import read_positions
from api.routes.transfers import post_transfer
from api.schemas.fields import PageCursor, UuidString
from api.schemas.holds import AskedHolds
from finance.accounting.chart import HOLDING
from ledger.core.holds import HoldKind, HoldState

routes = Pages(area="holds")

_READS = asks(Scope.LEDGER_READ)
_ANY = "any"


class Shown(StrEnum):
    """Which holds the list shows."""

    OPEN = HoldState.OPEN.value
    ANY = _ANY


@routes.get(
    "/books/{book_id}/holds",
    policy=_READS,
    nav=Nav(label=mark("Holds and pledges"), group=Group.TREASURY, order=25, icon="shield"),
)
def show_holds(
    book_id: UuidString,
    page: ThisPage,
    asked: PagePoint,
    state: Annotated[Shown, Query(description="Open ones, or all that there ever were.")] = Shown.OPEN,
    after: PageCursor | None = None,
) -> Response:
    """Show what a book sets aside as things stand now, and the form that sets aside."""
    wanted = HoldState.OPEN if state is Shown.OPEN else None
    now = AskedHolds(as_of=None, known=None, at=None)
    return page.show(
        "holds/holds.html",
        found=page.use(list_holds, book_id=book_id, asked=now, state=wanted, after=after, limit=50),
        positions=page.use(read_positions, book_id=book_id, asked=asked, under=HOLDING).positions,
        state=state.value,
        after=after,
        kinds=tuple(HoldKind),
        may_place=page.may(place_hold),
        entry_id=page.call.new_id(),
    )


@routes.get("/books/{book_id}/holds/{hold_id}", policy=_READS)
def show_hold(book_id: UuidString, hold_id: UuidString, page: ThisPage) -> Response:
    """Show a hold of an own book, or one in the reader's favour, and the forms that let go of it or use it."""
    return page.show(
        "holds/hold.html",
        hold=page.use(read_hold, book_id=book_id, hold_id=hold_id),
        is_own=any(each.book_id == book_id for each in page.books()),
        may_release=page.may(release_hold),
        may_capture=page.may(capture_hold),
        entry_ids=(page.call.new_id(), page.call.new_id()),
    )


@routes.get("/books/{book_id}/transfer", policy=asks(Scope.LEDGER_READ, Scope.LEDGER_WRITE))
def show_transfer(
    book_id: UuidString,
    page: ThisPage,
    asked: PagePoint,
    account: Annotated[str | None, Query(max_length=200, description="The account that gives.")] = None,
) -> Response:
    """Show the form that moves units of one account into another book of the same organisation."""
    positions = page.use(read_positions, book_id=book_id, asked=asked, under=HOLDING).positions
    return page.show(
        "holds/transfer.html",
        positions=positions,
        chosen=next((each for each in positions if each.account == account), None),
        others=tuple(each for each in page.books() if each.book_id != book_id),
        may_transfer=page.may(post_transfer),
        new_ids=tuple(page.call.new_id() for _ in range(3)),
    )
