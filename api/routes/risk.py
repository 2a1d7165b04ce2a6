"""Market risk of a book or a group at a frozen snapshot: value at risk, its backtest, and hedge ratios. Stores nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.ledger_kinds import BOOK
from api.auth.market_kinds import MARKET_SNAPSHOT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.fields import CodeString, UuidString
from api.schemas.risk import BookRiskIn, GroupRiskIn, RiskOut
from api.schemas.risk_backtest import HedgeRatioOut, RiskBackTestIn, RiskBackTestOut
from finance.accounting.chart import BOOK_CURRENCY
from finance.market.risk.returns import LimitDayRule, NoTradeRule, ReturnRules
from finance.operations.risk import AskedBook, risk_of_books
from finance.operations.risk_backtest import back_test_of_books, hedge_of
from finance.operations.risk_series import SeriesQuestion
from ledger.core.errors import Conflict

routes = Routes(tag="risk")


@routes.post("/books/{book_id}/risk", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def compute_book_risk(book_id: UuidString, body: BookRiskIn, call: ThisCall) -> RiskOut:
    """Return a book's value at risk and expected shortfall with every instrument's part, liquidity and what is not covered."""
    asked = asked_book(call, book_id, body.known)
    snapshot = call.load(MARKET_SNAPSHOT, body.snapshot_id)
    answer = risk_of_books(call.session, call.principal.organisation_id, (asked,), snapshot, body.to_core())
    return RiskOut.from_core(answer)


@routes.post("/risk", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def compute_group_risk(body: GroupRiskIn, call: ThisCall) -> RiskOut:
    """Return the risk of several books together, with every book's part."""
    asked = tuple(asked_book(call, one.book_id, one.known) for one in body.books)
    snapshot = call.load(MARKET_SNAPSHOT, body.snapshot_id)
    answer = risk_of_books(call.session, call.principal.organisation_id, asked, snapshot, body.to_core())
    return RiskOut.from_core(answer)


@routes.post("/books/{book_id}/risk/back-test", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def back_test_book_risk(book_id: UuidString, body: RiskBackTestIn, call: ThisCall) -> RiskBackTestOut:
    """Return how the book's historical value at risk would have done: exceptions, Kupiec, Christoffersen, traffic light."""
    asked = asked_book(call, book_id, body.known)
    snapshot = call.load(MARKET_SNAPSHOT, body.snapshot_id)
    answer = back_test_of_books(call.session, call.principal.organisation_id, (asked,), snapshot, body.to_core())
    return RiskBackTestOut.from_core(answer)


@routes.get("/hedge-ratio", policy=asks(Scope.LEDGER_READ))
def read_hedge_ratio(
    call: ThisCall,
    held: Annotated[CodeString, Query(examples=["CEA25"])],
    hedge: Annotated[CodeString, Query(examples=["CCER"])],
    snapshot_id: UuidString,
) -> HedgeRatioOut:
    """Return the minimum-variance hedge of one instrument by another, on sessions on which both traded."""
    snapshot = call.load(MARKET_SNAPSHOT, snapshot_id)
    question = SeriesQuestion(
        organisation_id=call.principal.organisation_id,
        as_of=snapshot.as_of,
        known_at=snapshot.known_at,
        rules=ReturnRules(no_trade=NoTradeRule.DROP, limit_days=LimitDayRule.KEEP),
        legs={},
    )
    return HedgeRatioOut.from_core(hedge_of(call.session, held, hedge, snapshot, question))


def asked_book(call: Call, book_id: UuidString, known: int | None) -> AskedBook:
    """Return the caller's own book, kept in the currency that marks are valued in."""
    book = call.load(BOOK, book_id)
    if book.functional_currency != BOOK_CURRENCY:
        raise Conflict(
            "valuation.book_currency",
            f"book: expected a book kept in {BOOK_CURRENCY}, this one is kept in {book.functional_currency}",
        )
    return AskedBook(book_id=book.book_id, public_id=book.book_uuid, known=known)
