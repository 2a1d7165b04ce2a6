"""Counterparties of a book: proposed by one person, approved by another, usable after a waiting time, revocable."""

from __future__ import annotations

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.trading_kinds import COUNTERPARTY
from api.deps import Call, ThisCall
from api.routes.orders import desk_of
from api.schemas.counterparties import CounterpartiesOut, CounterpartyIn, CounterpartyOut
from api.schemas.fields import UuidString
from api.schemas.trading_steps import ApprovalIn, ReasonIn, RejectionIn
from finance.operations import counterparties
from finance.operations.order_checks import waiting_hours
from finance.store import counterparties as store
from finance.trading.counterparties import CounterpartyRecord
from finance.trading.orders import StepKind

routes = Routes(tag="counterparties")


@routes.post("/books/{book_id}/counterparties", policy=asks(Scope.TRADING_WRITE))
def propose_counterparty(book_id: UuidString, body: CounterpartyIn, call: ThisCall) -> CounterpartyOut:
    """Propose a counterparty with the most that may be dealt with it; a colleague approves it."""
    desk = desk_of(call, call.load(BOOK, book_id))
    return _shown(call, counterparties.propose_counterparty(desk, body.counterparty_id, body.to_core()))


@routes.get("/books/{book_id}/counterparties", policy=asks(Scope.LEDGER_READ))
def list_counterparties(book_id: UuidString, call: ThisCall) -> CounterpartiesOut:
    """Return a book's counterparties, each with its state now."""
    book = call.load(BOOK, book_id)
    found = store.list_counterparties(call.session, book.book_id, book.book_uuid)
    return CounterpartiesOut(counterparties=tuple(_shown(call, one) for one in found))


@routes.post("/counterparties/{counterparty_id}/approve", policy=asks(Scope.TRADING_APPROVE), status=200)
def approve_counterparty(counterparty_id: UuidString, body: ApprovalIn, call: ThisCall) -> CounterpartyOut:
    """Approve a counterparty as another person than its maker; its waiting time begins."""
    desk = desk_of(call, call.load(COUNTERPARTY, counterparty_id).book)
    return _shown(
        call, counterparties.decide_counterparty(desk, counterparty_id, StepKind.APPROVED, sha256=body.sha256)
    )


@routes.post("/counterparties/{counterparty_id}/reject", policy=asks(Scope.TRADING_APPROVE), status=200)
def reject_counterparty(counterparty_id: UuidString, body: RejectionIn, call: ThisCall) -> CounterpartyOut:
    """Reject a proposed counterparty as another person than its maker."""
    desk = desk_of(call, call.load(COUNTERPARTY, counterparty_id).book)
    return _shown(
        call,
        counterparties.decide_counterparty(
            desk, counterparty_id, StepKind.REJECTED, sha256=body.sha256, reason=body.reason
        ),
    )


@routes.post("/counterparties/{counterparty_id}/revoke", policy=asks(Scope.TRADING_APPROVE), status=200)
def revoke_counterparty(counterparty_id: UuidString, body: ReasonIn, call: ThisCall) -> CounterpartyOut:
    """End the trust in a counterparty from now on."""
    desk = desk_of(call, call.load(COUNTERPARTY, counterparty_id).book)
    return _shown(call, counterparties.revoke_counterparty(desk, counterparty_id, reason=body.reason))


def _shown(call: Call, record: CounterpartyRecord) -> CounterpartyOut:
    return CounterpartyOut.from_core(record, now=call.now, waiting_hours=waiting_hours(call.now.date()))
