"""Orders of a book: checked, proposed, approved by another person, placed, dealt, settled, cancelled, corrected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.trading_kinds import CORRECTION, ORDER, approvers_in_office
from api.deps import Call, ThisCall
from api.errors import RefusedAndRecorded
from api.schemas.amounts import WholeNumber
from api.schemas.fields import UuidString
from api.schemas.orders import (
    CorrectedOut,
    CorrectIn,
    CorrectionOut,
    FillIn,
    OrderChecksOut,
    OrderIn,
    OrderOut,
    OrdersOut,
    OrderTermsIn,
    SettlementIn,
)
from api.schemas.trading_steps import ApprovalIn, CheckOut, DifferenceOut, ReasonIn, RejectionIn
from finance.operations import orders, settlements
from finance.operations.limit_notices import tell_limit_refused
from finance.operations.order_checks import RefusedByLimit, venue_today
from finance.operations.trading_desk import Desk
from finance.operations.valuations import instruments_of
from finance.store import orders as order_store
from finance.trading.orders import OrderRecord, OrderState, state_of
from ledger.core.errors import Invalid
from ledger.store.books import Book

routes = Routes(tag="orders")

_PAGE = 200
_UNPLACED = frozenset({OrderState.DRAFT, OrderState.PROPOSED, OrderState.APPROVED})


@routes.post("/books/{book_id}/orders/check", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def check_order(book_id: UuidString, body: OrderTermsIn, call: ThisCall) -> OrderChecksOut:
    """Return every check of an order as things stand now; stores nothing."""
    desk = desk_of(call, call.load(BOOK, book_id))
    return OrderChecksOut.from_core(orders.check_only(desk, body.to_core(), call.new_id()))


@routes.post("/books/{book_id}/orders", policy=asks(Scope.TRADING_WRITE))
def propose_order(book_id: UuidString, body: OrderIn, call: ThisCall) -> OrderOut:
    """Propose an order, or keep it as a draft; a check that refuses it refuses the proposal, and says which."""
    desk = desk_of(call, call.load(BOOK, book_id))
    with _telling(desk):
        return _shown(desk, orders.propose_order(desk, body.order_id, body.to_core(), is_draft=body.is_draft))


@routes.get("/books/{book_id}/orders", policy=asks(Scope.LEDGER_READ))
def list_orders(
    book_id: UuidString,
    call: ThisCall,
    after: Annotated[WholeNumber, Query(description="next_after of the page before.")] = 0,
    limit: Annotated[WholeNumber, Query(description="1 to 200 orders.")] = _PAGE,
) -> OrdersOut:
    """Return a page of a book's orders by number, each with its state and what the caller may do next."""
    book = call.load(BOOK, book_id)
    if not 1 <= limit <= _PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {_PAGE}", field="limit")
    desk = desk_of(call, book)
    found = order_store.list_orders(call.session, book.book_id, book.book_uuid, after=after, limit=limit + 1)
    return OrdersOut(
        orders=tuple(_shown(desk, one) for one in found[:limit]),
        next_after=found[limit - 1].number if len(found) > limit else None,
    )


@routes.get("/orders/{order_id}", policy=asks(Scope.LEDGER_READ))
def read_order(order_id: UuidString, call: ThisCall) -> OrderOut:
    """Return an order with every fact about it, and until it goes out its checks as things stand now."""
    desk = _desk(call, order_id)
    order = orders.need_order(desk, order_id)
    if state_of(order, today=venue_today(desk, order.terms)) not in _UNPLACED:
        return _shown(desk, order)
    checked = orders.check_only(desk, order.terms, order_id)
    return _shown(desk, order, checks=tuple(map(CheckOut.from_core, checked.results)))


@routes.post("/orders/{order_id}/propose", policy=asks(Scope.TRADING_WRITE), status=200)
def propose_draft(order_id: UuidString, call: ThisCall) -> OrderOut:
    """Propose one's own draft; it is checked as things stand now."""
    desk = _desk(call, order_id)
    with _telling(desk):
        return _shown(desk, orders.propose_draft(desk, order_id))


@routes.post("/orders/{order_id}/approve", policy=asks(Scope.TRADING_APPROVE), status=200)
def approve_order(order_id: UuidString, body: ApprovalIn, call: ThisCall) -> OrderOut:
    """Approve the very order that was read, as another person than its maker."""
    desk = _desk(call, order_id)
    with _telling(desk):
        return _shown(desk, orders.approve_order(desk, order_id, sha256=body.sha256))


@routes.post("/orders/{order_id}/reject", policy=asks(Scope.TRADING_APPROVE), status=200)
def reject_order(order_id: UuidString, body: RejectionIn, call: ThisCall) -> OrderOut:
    """Reject an order as another person than its maker, with a reason."""
    desk = _desk(call, order_id)
    return _shown(desk, orders.reject_order(desk, order_id, sha256=body.sha256, reason=body.reason))


@routes.post("/orders/{order_id}/place", policy=asks(Scope.TRADING_WRITE), status=200)
def place_order(order_id: UuidString, call: ThisCall) -> OrderOut:
    """Send an approved order out: its checks are asked once more, its tonnes or cash are set aside in the ledger."""
    desk = _desk(call, order_id)
    in_office = approvers_in_office(call.session, call.principal.organisation_id, now=call.now)
    with _telling(desk):
        return _shown(desk, orders.place_order(desk, order_id, in_office=in_office))


@routes.post("/orders/{order_id}/fill", policy=asks(Scope.TRADING_WRITE), status=200)
def record_fill(order_id: UuidString, body: FillIn, call: ThisCall) -> OrderOut:
    """Record what was dealt of a placed order, within what was approved."""
    desk = _desk(call, order_id)
    return _shown(desk, settlements.record_fill(desk, order_id, body.to_core()))


@routes.post("/orders/{order_id}/settle", policy=asks(Scope.TRADING_WRITE), status=200)
def settle_fill(order_id: UuidString, body: SettlementIn, call: ThisCall) -> OrderOut:
    """Book a fill on its settlement day, or say that its settlement failed."""
    desk = _desk(call, order_id)
    settled = settlements.settle_fill(
        desk, order_id, body.fill_ref, settled_on=body.settled_on, state=body.outcome, reason=body.reason
    )
    return _shown(desk, settled)


@routes.post("/orders/{order_id}/cancel", policy=asks(Scope.TRADING_WRITE), status=200)
def cancel_order(order_id: UuidString, body: ReasonIn, call: ThisCall) -> OrderOut:
    """End what is not dealt of an order; what was set aside for it is free again."""
    desk = _desk(call, order_id)
    return _shown(desk, orders.cancel_order(desk, order_id, reason=body.reason))


@routes.post("/orders/{order_id}/correct", policy=asks(Scope.TRADING_WRITE))
def correct_order(order_id: UuidString, body: CorrectIn, call: ThisCall) -> CorrectedOut:
    """Replace an order that did not go out, or propose what a fill should have said; the differences are exact."""
    desk = _desk(call, order_id)
    if (body.replacement is None) == (body.fill is None):
        raise Invalid("order.correction", "expected exactly one of replacement and fill", field="replacement")
    if body.replacement is not None:
        with _telling(desk):
            changed = orders.replace_order(desk, order_id, body.replacement.order_id, body.replacement.to_core())
        told = tuple(map(DifferenceOut.from_core, changed.differences))
        return CorrectedOut(order=_shown(desk, changed.order, differences=told), correction=None)
    assert body.fill is not None, "one of both is given"
    proposed = settlements.propose_correction(desk, order_id, body.fill.correction_id, body.fill.to_core())
    return CorrectedOut(order=None, correction=CorrectionOut.from_core(proposed))


@routes.post("/orders/{order_id}/corrections/{correction_id}/approve", policy=asks(Scope.TRADING_APPROVE), status=200)
def approve_correction(
    order_id: UuidString, correction_id: UuidString, body: ApprovalIn, call: ThisCall
) -> CorrectedOut:
    """Correct a fill as another person: a booked one is reversed and booked anew, both linked."""
    desk = _desk(call, order_id)
    call.load(CORRECTION, correction_id)
    order, done = settlements.approve_correction(desk, order_id, correction_id, sha256=body.sha256)
    return CorrectedOut(order=_shown(desk, order), correction=CorrectionOut.from_core(done))


def desk_of(call: Call, book: Book) -> Desk:
    """Return the caller at a book."""
    return Desk(
        session=call.session,
        book=book,
        actor=call.principal.actor,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
    )


@contextmanager
def _telling(desk: Desk) -> Iterator[None]:
    """Keep the alert of an order that a limit refuses: the refusal is answered, and nothing else of the order stays."""
    try:
        yield
    except RefusedByLimit as refused:
        tell_limit_refused(desk, refused)
        raise RefusedAndRecorded(refused) from refused


def _desk(call: Call, order_id: UUID) -> Desk:
    return desk_of(call, call.load(ORDER, order_id).book)


def _shown(
    desk: Desk,
    order: OrderRecord,
    *,
    checks: tuple[CheckOut, ...] | None = None,
    differences: tuple[DifferenceOut, ...] | None = None,
) -> OrderOut:
    held = instruments_of(desk.session, desk.book.book_id)
    return OrderOut.from_core(
        order,
        unit=held[order.terms.instrument].unit,
        today=venue_today(desk, order.terms, held),
        actor_id=desk.actor.user_id,
        checks=checks,
        differences=differences,
    )
