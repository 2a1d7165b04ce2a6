"""Books: open one, list them, close a period."""

from __future__ import annotations

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.books import BookIn, BookOut, BooksOut, PeriodCloseIn
from api.schemas.fields import UuidString
from ledger import operations as ledger
from ledger.core.parties import Actor
from ledger.store import books

routes = Routes(tag="books")


@routes.post("/books", policy=asks(Scope.LEDGER_WRITE))
def open_book(body: BookIn, call: ThisCall) -> BookOut:
    """Open a book of the caller's organisation; the same id with the same facts again changes nothing."""
    ledger.open_book(
        call.session,
        book_uuid=body.book_id,
        tenant_id=call.principal.organisation_id,
        code=body.code,
        functional_currency=body.functional_currency,
        now=call.now,
    )
    return BookOut.from_core(call.load(BOOK, body.book_id))


@routes.get("/books", policy=asks(Scope.LEDGER_READ))
def list_books(call: ThisCall) -> BooksOut:
    """Return the organisation's books by code."""
    found = books.list_books(call.session, call.principal.organisation_id)
    return BooksOut(books=tuple(BookOut.from_core(book) for book in found))


@routes.get("/books/{book_id}", policy=asks(Scope.LEDGER_READ))
def read_book(book_id: UuidString, call: ThisCall) -> BookOut:
    """Return a book with its tree head."""
    return BookOut.from_core(call.load(BOOK, book_id))


@routes.post("/books/{book_id}/periods/close", policy=asks(Scope.LEDGER_WRITE), status=200)
def close_period(book_id: UuidString, body: PeriodCloseIn, call: ThisCall) -> BookOut:
    """Close every day through the one given, inclusive; a closed day stays closed."""
    book = call.load(BOOK, book_id)
    actor = Actor(user_id=call.principal.user_id, organisation_id=call.principal.organisation_id)
    ledger.close_period(
        call.session, book.book_id, body.through, actor=actor, now=call.now, random_bytes=call.random_bytes
    )
    return BookOut.from_core(call.load(BOOK, book_id))
