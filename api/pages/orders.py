"""Orders of a book: the list, the ticket with its checks before sending, and one order from proposal to settlement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.routes.counterparties import list_counterparties
from api.routes.instruments import list_instruments
from api.routes.orders import (
    approve_order,
    cancel_order,
    correct_order,
    list_orders,
    place_order,
    propose_draft,
    propose_order,
    read_order,
    record_fill,
    reject_order,
    settle_fill,
)
from api.routes.trading_limits import list_limits
from api.schemas.amounts import WholeNumber
from api.schemas.fields import UuidString
from finance.trading.orders import Side
from finance.trading.rules import TradeMethod

routes = Pages(area="orders")

_READS = asks(Scope.LEDGER_READ)
_HANDLERS: Mapping[str, Callable[..., object]] = {
    "propose": propose_draft,
    "approve": approve_order,
    "reject": reject_order,
    "place": place_order,
    "fill": record_fill,
    "settle": settle_fill,
    "cancel": cancel_order,
    "correct": correct_order,
}


@routes.get(
    "/books/{book_id}/orders",
    policy=_READS,
    nav=Nav(label=mark("Orders"), group=Group.TRADING, order=10, icon="trade"),
)
def show_orders(
    book_id: UuidString,
    page: ThisPage,
    after: Annotated[WholeNumber, Query(description="next_after of the page before.")] = 0,
) -> Response:
    """Show a book's orders, the newest of the page first."""
    return page.show(
        "orders/orders.html",
        found=page.use(list_orders, book_id=book_id, after=after),
        after=after,
        may_propose=page.may(propose_order),
    )


@routes.get("/books/{book_id}/orders/new", policy=asks(Scope.LEDGER_READ, Scope.TRADING_WRITE))
def show_ticket(book_id: UuidString, page: ThisPage) -> Response:
    """Show the ticket of a new order; its checks are asked while it is filled in."""
    return page.show(
        "orders/ticket.html",
        instruments=page.use(list_instruments, book_id=book_id).instruments,
        counterparties=page.use(list_counterparties, book_id=book_id).counterparties,
        limits=page.use(list_limits, book_id=book_id).limits,
        methods=tuple(TradeMethod),
        sides=tuple(Side),
        order_id=page.call.new_id(),
    )


@routes.get("/orders/{order_id}", policy=_READS)
def show_order(order_id: UuidString, page: ThisPage) -> Response:
    """Show one order: terms, checks, who decided what, fills and settlements, and what the reader may do next."""
    order = page.use(read_order, order_id=order_id)
    trusted = page.use(list_counterparties, book_id=order.book_id).counterparties
    return page.of_book(order.book_id).show(
        "orders/order.html",
        order=order,
        names=page.names(),
        counterparty=next((each for each in trusted if each.counterparty_id == order.counterparty_id), None),
        actions={name for name, handler in _HANDLERS.items() if name in order.next_actions and page.may(handler)},
        # Whole seconds would lie before the very placing that led here.
        now=page.call.now,
        correction_id=page.call.new_id(),
    )
