"""What a book sets aside: every hold and pledge, one of them with what may be done to it, and a transfer to another book.

Shows and asks; who may let go, and who must agree, is the API's decision.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, PagePoint, ThisPage
from api.routes.accounts import list_balances, open_account
from api.routes.facilities import list_facilities
from api.routes.holds import capture_hold, list_holds, list_holds_in_favour, place_hold, read_hold, release_hold
from api.routes.reports import read_positions
from api.routes.transfers import post_transfer
from api.schemas.books import BookOut
from api.schemas.fields import PageCursor, UuidString
from api.schemas.holds import AskedHolds
from api.schemas.reports import PositionOut
from api.store.access import OrganisationKind
from finance.accounting.chart import HOLDING, Chart, segment
from ledger.core.holds import HoldKind, HoldState
from ledger.core.transfers import CLEARING

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
        may_transfer=page.may(post_transfer),
        organisations=organisations(page) if page.may(place_hold) else {},
    )


@routes.get(
    "/pledges",
    policy=asks(Scope.LEDGER_READ, kinds=(OrganisationKind.LENDER,)),
    nav=Nav(label=mark("Pledged to us"), group=Group.LOANS, order=60, icon="shield"),
)
def show_pledges(page: ThisPage, after: PageCursor | None = None) -> Response:
    """Show what borrowers set aside in the bank's favour, with the way to each hold and what may be done to it."""
    return page.show(
        "holds/pledges.html",
        found=page.use(list_holds_in_favour, after=after, limit=50),
        after=after,
    )


@routes.get("/books/{book_id}/holds/{hold_id}", policy=_READS)
def show_hold(book_id: UuidString, hold_id: UuidString, page: ThisPage) -> Response:
    """Show a hold of an own book, or one in the reader's favour, and the forms that let go of it or use it."""
    return page.show(
        "holds/hold.html",
        hold=page.use(read_hold, book_id=book_id, hold_id=hold_id),
        is_own=any(each.book_id == book_id for each in page.books()),
        organisations=organisations(page),
        may_release=page.may(release_hold),
        may_capture=page.may(capture_hold),
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
    chosen = next((each for each in positions if each.account == account), None)
    books = page.posting_books()
    to_open = _clearing_to_open(page, books, chosen)
    unready = {book.book_id for book, _, commodity in to_open if chosen and commodity == chosen.commodity}
    return page.show(
        "holds/transfer.html",
        positions=positions,
        chosen=chosen,
        others=tuple(each for each in books if each.book_id != book_id),
        to_open=to_open,
        ready=tuple(each for each in books if not {book_id, each.book_id} & unready and each.book_id != book_id),
        paths=None if chosen is None else Chart().accounts_of(chosen.commodity),
        may_transfer=page.may(post_transfer),
        may_open=page.may(open_account),
    )


def _clearing_to_open(
    page: Page, books: tuple[BookOut, ...], chosen: PositionOut | None
) -> tuple[tuple[BookOut, str, str], ...]:
    """Return the clearing accounts that a transfer of the chosen account needs and a book lacks: book, path and commodity."""
    needed = () if chosen is None else ((f"{CLEARING}:{segment(chosen.commodity)}", chosen.commodity),)
    found: list[tuple[BookOut, str, str]] = []
    for book in books:
        there = {each.account for each in page.use(list_balances, book_id=book.book_id, under=CLEARING).balances}
        wanted = (*needed, (f"{CLEARING}:{book.functional_currency}", book.functional_currency)) if needed else ()
        found += [(book, path, commodity) for path, commodity in wanted if path not in there]
    return tuple(found)


def organisations(page: Page) -> dict[UUID, str]:
    """Return the names of the organisations that are borrower or lender of the reader's loans, by id."""
    lines = page.use(list_facilities).facilities if page.may(list_facilities) else ()
    return {party.organisation_id: party.legal_name for line in lines for party in line.parties if party.legal_name}
