"""Books: open one, list them."""

from __future__ import annotations

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.books import BookIn, BookOut, BooksOut
from api.schemas.fields import UuidString
from ledger import operations as ledger
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
