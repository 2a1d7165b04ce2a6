"""Reports of a book as of (effective day, record point): accounts, positions, trial balance, lots, statements.

Each answer names the point it is of, and sending that point again gives the same answer for ever.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.amounts import Units, WholeNumber
from api.schemas.fields import PageCursor, UuidString
from api.schemas.points import Asked, AskedPoint
from api.schemas.reports import (
    AccountsOut,
    LotOut,
    LotsOut,
    PositionOut,
    PositionsOut,
    StatementLineOut,
    StatementOut,
    StatementPlace,
    TrialBalanceOut,
)
from ledger.core.errors import Invalid
from ledger.store import books, reports
from ledger.store.books import Book

routes = Routes(tag="reports")

Under = Annotated[
    str | None, Query(max_length=200, description="Only this account and those below it.", examples=["Assets:Carbon"])
]


@routes.get("/books/{book_id}/accounts", policy=asks(Scope.LEDGER_READ))
def list_accounts(book_id: UuidString, call: ThisCall, asked: AskedPoint, under: Under = None) -> AccountsOut:
    """Return every account with its balance, empty ones too."""
    book = call.load(BOOK, book_id)
    point = asked.resolve(call.session, book.book_id)
    held = reports.positions(call.session, book.book_id, as_of=point.as_of, known=point.known, under=under)
    units = _units(call, book)
    return AccountsOut(**point.carried(), accounts=tuple(PositionOut.from_core(one, units) for one in held))


@routes.get("/books/{book_id}/positions", policy=asks(Scope.LEDGER_READ))
def read_positions(book_id: UuidString, call: ThisCall, asked: AskedPoint, under: Under = None) -> PositionsOut:
    """Return every account that holds something at the close of the day, on its normal side."""
    book = call.load(BOOK, book_id)
    point = asked.resolve(call.session, book.book_id)
    held = reports.positions(call.session, book.book_id, as_of=point.as_of, known=point.known, under=under)
    units = _units(call, book)
    return PositionsOut(
        **point.carried(), positions=tuple(PositionOut.from_core(one, units) for one in held if one.balance)
    )


@routes.get("/books/{book_id}/trial-balance", policy=asks(Scope.LEDGER_READ))
def read_trial_balance(book_id: UuidString, call: ThisCall, asked: AskedPoint) -> TrialBalanceOut:
    """Return debits and credits for each commodity; a sound book's are equal."""
    book = call.load(BOOK, book_id)
    point = asked.resolve(call.session, book.book_id)
    totals = reports.trial_balance(call.session, book.book_id, as_of=point.as_of, known=point.known)
    return TrialBalanceOut.from_core(totals, _units(call, book), point)


@routes.get("/books/{book_id}/lots", policy=asks(Scope.LEDGER_READ))
def read_lots(book_id: UuidString, call: ThisCall, asked: AskedPoint) -> LotsOut:
    """Return the lots open at the close of the day with what is left of quantity and cost."""
    book = call.load(BOOK, book_id)
    point = asked.resolve(call.session, book.book_id)
    found = reports.lots(call.session, book.book_id, as_of=point.as_of, known=point.known)
    units = _units(call, book)
    return LotsOut(**point.carried(), lots=tuple(LotOut.from_core(lot, units) for lot in found))


@routes.get("/books/{book_id}/accounts/{path}/statement", policy=asks(Scope.LEDGER_READ))
def read_statement(
    book_id: UuidString,
    path: Annotated[str, Path(max_length=200, examples=["Assets:Carbon:CEA25"])],
    call: ThisCall,
    asked: AskedPoint,
    after: PageCursor | None = None,
    limit: Annotated[WholeNumber, Query(description="1 to 200 lines.")] = reports.MAX_PAGE,
) -> StatementOut:
    """Return a page of an account's postings effective by the day, in recording order.

    ``after`` continues at the record point of the first page, whatever was posted since.
    """
    book = call.load(BOOK, book_id)
    if not 1 <= limit <= reports.MAX_PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {reports.MAX_PAGE}", field="limit")
    place = None if after is None else StatementPlace.read(after, book_id, path, asked.as_of)
    if place is not None:
        asked = Asked(as_of=asked.as_of, known=place.known, at=None)
    point = asked.resolve(call.session, book.book_id)
    held = reports.balance_as_of(call.session, book.book_id, path, as_of=point.as_of, known=point.known)
    begins = (0, 0) if place is None else (place.seq, place.line)
    page = reports.statement(call.session, book.book_id, path, known=point.known, after=begins, limit=limit)
    units = _units(call, book)
    last = StatementPlace(known=point.known, seq=page[-1].seq, line=page[-1].line) if len(page) == limit else None
    return StatementOut(
        **point.carried(),
        account=held.path,
        commodity=held.commodity,
        balance=units.amount(held.balance, held.commodity),
        lines=tuple(
            StatementLineOut.from_core(line, held.commodity, units) for line in page if line.effective_on <= point.as_of
        ),
        next_cursor=None if last is None else last.cursor(book_id, path, point.as_of),
    )


def _units(call: Call, book: Book) -> Units:
    return Units.of(books.commodities(call.session, book.book_id), book.functional_currency)
