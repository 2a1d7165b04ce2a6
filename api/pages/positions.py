"""What is held: by instrument, vintage and book, account by account and lot by lot, with what is set aside and what is free."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import Page, PagePoint, ThisPage
from api.pages.carbon_contracts import KIND_WORDS
from api.routes.carbon_contracts import list_contracts
from api.routes.holdings import read_holdings
from api.routes.holds import list_holds
from api.routes.orders import propose_order
from api.routes.reports import read_lots, read_positions
from api.schemas.carbon_contracts import CarbonContractOut
from api.schemas.fields import DateString, PageCursor, UuidString
from api.schemas.holds import AskedHolds, HoldOut
from api.schemas.points import Asked
from finance.accounting.chart import HOLDING
from finance.accounting.contract_rules import HANDED_OVER
from finance.operations.holdings import HoldingGroup
from ledger.core.holds import HoldState

routes = Pages(area="positions")

_READS = asks(Scope.LEDGER_READ)


@routes.get("/positions", policy=_READS, nav=Nav(label=mark("Positions"), group=Group.TREASURY, order=10, icon="coins"))
def show_holdings(
    page: ThisPage,
    as_of: Annotated[DateString | None, Query(description="Close of this business day; today when absent.")] = None,
    by: HoldingGroup = HoldingGroup.INSTRUMENT,
) -> Response:
    """Show what all books hold, by instrument, vintage, book or legal entity."""
    found = page.use(read_holdings, as_of=as_of or page.today, by=by)
    points = {each.book_id: each.known for each in found.points}
    out_of = {each.book_id: points[each.book_id] for each in found.handed_over}
    return page.show(
        "positions/holdings.html",
        found=found,
        by=by.value,
        points=points,
        holds_of={book_id: _open_holds(page, book_id, found.as_of, known) for book_id, known in out_of.items()},
        contract_of={hold_id: one for book_id in out_of for hold_id, one in _contract_of_hold(page, book_id).items()},
        kinds=KIND_WORDS,
        may_order=page.may(propose_order),
    )


@routes.get(
    "/books/{book_id}/positions",
    policy=_READS,
    nav=Nav(label=mark("Accounts and lots"), group=Group.TREASURY, order=20, icon="list"),
)
def show_positions(book_id: UuidString, page: ThisPage, asked: PagePoint, after: PageCursor | None = None) -> Response:
    """Show a book's carbon accounts, its open lots and what is set aside of them, at one day and record point."""
    positions = page.use(read_positions, book_id=book_id, asked=asked, under=HOLDING)
    at_the_point = Asked(as_of=positions.as_of, known=positions.known, at=None)
    return page.show(
        "positions/positions.html",
        positions=positions,
        handed_over=page.use(read_positions, book_id=book_id, asked=at_the_point, under=HANDED_OVER).positions,
        contract_of=_contract_of_hold(page, book_id),
        kinds=KIND_WORDS,
        lots=page.use(read_lots, book_id=book_id, asked=asked, under=HOLDING, after=after),
        holds=_open_holds(page, book_id, positions.as_of, positions.known),
        after=after,
        may_order=page.may(propose_order),
    )


def _open_holds(page: Page, book_id: UUID, as_of: date, known: int) -> tuple[HoldOut, ...]:
    """Return what is set aside of the book's accounts at the close of a day and a record point."""
    asked = AskedHolds(as_of=as_of, known=known, at=None)
    return page.use(list_holds, book_id=book_id, asked=asked, state=HoldState.OPEN).holds


def _contract_of_hold(page: Page, book_id: UuidString) -> dict[UUID, CarbonContractOut]:
    """Return the contract under which each hold of the book was placed, by the hold's id; other holds are not in it."""
    found: dict[UUID, CarbonContractOut] = {}
    after: int | None = 0
    while after is not None:
        listed = page.use(list_contracts, book_id=book_id, after=after)
        found |= {hold.hold_id: contract for contract in listed.contracts for hold in contract.encumbrances}
        after = listed.next_after
    return found
