"""What a book's carbon is worth by one frozen snapshot, as of its day and a record point."""

from __future__ import annotations

from api.auth.ledger_kinds import BOOK
from api.auth.market_kinds import MARKET_SNAPSHOT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.fields import UuidString
from api.schemas.points import AskedPoint
from api.schemas.worth import ValuationOut
from finance.accounting.chart import BOOK_CURRENCY
from finance.operations.valuations import value_book
from ledger.core.errors import Conflict

routes = Routes(tag="valuations")


@routes.get("/books/{book_id}/valuation", policy=asks(Scope.LEDGER_READ))
def read_valuation(book_id: UuidString, call: ThisCall, asked: AskedPoint, snapshot_id: UuidString) -> ValuationOut:
    """Return every open lot with cost, mark and worth, the totals, and realised results.

    A lot whose mark is stale or missing is unvalued with its reason, and the total says that it is incomplete.
    """
    book = call.load(BOOK, book_id)
    snapshot = call.load(MARKET_SNAPSHOT, snapshot_id)
    if book.functional_currency != BOOK_CURRENCY:
        raise Conflict(
            "valuation.book_currency",
            f"book: expected a book kept in {BOOK_CURRENCY}, this one is kept in {book.functional_currency}",
        )
    point = asked.resolve(call.session, book.book_id)
    worth = value_book(call.session, book.book_id, snapshot, as_of=point.as_of, known=point.known)
    return ValuationOut.from_core(worth, point)
