"""Trading limits of a book: versions proposed by one person and approved by another, revocable."""

from __future__ import annotations

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.trading_kinds import TRADING_LIMIT
from api.deps import ThisCall
from api.routes.orders import desk_of
from api.schemas.fields import UuidString
from api.schemas.trading_limits import TradingLimitIn, TradingLimitOut, TradingLimitsOut
from api.schemas.trading_steps import ApprovalIn, ReasonIn, RejectionIn
from finance.operations import trading_limits
from finance.store import trading_limits as store
from finance.trading.orders import StepKind

routes = Routes(tag="trading limits")


@routes.post("/books/{book_id}/trading-limits", policy=asks(Scope.TRADING_WRITE))
def propose_limit(book_id: UuidString, body: TradingLimitIn, call: ThisCall) -> TradingLimitOut:
    """Propose a limit, or a further version of one; a colleague approves it."""
    desk = desk_of(call, call.load(BOOK, book_id))
    return TradingLimitOut.from_core(trading_limits.propose_limit(desk, body.limit_id, body.to_core()))


@routes.get("/books/{book_id}/trading-limits", policy=asks(Scope.LEDGER_READ))
def list_limits(book_id: UuidString, call: ThisCall) -> TradingLimitsOut:
    """Return every version of a book's limits by number."""
    book = call.load(BOOK, book_id)
    found = store.list_limits(call.session, book.book_id, book.book_uuid)
    return TradingLimitsOut(limits=tuple(map(TradingLimitOut.from_core, found)))


@routes.post("/trading-limits/{limit_id}/approve", policy=asks(Scope.TRADING_APPROVE), status=200)
def approve_limit(limit_id: UuidString, body: ApprovalIn, call: ThisCall) -> TradingLimitOut:
    """Approve a limit as another person than its maker; it holds from now on."""
    desk = desk_of(call, call.load(TRADING_LIMIT, limit_id).book)
    return TradingLimitOut.from_core(trading_limits.decide_limit(desk, limit_id, StepKind.APPROVED, sha256=body.sha256))


@routes.post("/trading-limits/{limit_id}/reject", policy=asks(Scope.TRADING_APPROVE), status=200)
def reject_limit(limit_id: UuidString, body: RejectionIn, call: ThisCall) -> TradingLimitOut:
    """Reject a proposed limit as another person than its maker."""
    desk = desk_of(call, call.load(TRADING_LIMIT, limit_id).book)
    return TradingLimitOut.from_core(
        trading_limits.decide_limit(desk, limit_id, StepKind.REJECTED, sha256=body.sha256, reason=body.reason)
    )


@routes.post("/trading-limits/{limit_id}/revoke", policy=asks(Scope.TRADING_APPROVE), status=200)
def revoke_limit(limit_id: UuidString, body: ReasonIn, call: ThisCall) -> TradingLimitOut:
    """End a limit from now on; the version before it holds again, if there is one."""
    desk = desk_of(call, call.load(TRADING_LIMIT, limit_id).book)
    return TradingLimitOut.from_core(trading_limits.revoke_limit(desk, limit_id, reason=body.reason))
