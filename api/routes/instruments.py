"""Instruments of a book: an allowance vintage or a CCER project with its commodity and accounts."""

from __future__ import annotations

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.fields import UuidString
from api.schemas.trades import InstrumentIn, InstrumentOut, InstrumentsOut
from finance.operations.trades import register_instruments
from finance.operations.valuations import instruments_of

routes = Routes(tag="instruments")


@routes.post("/books/{book_id}/instruments", policy=asks(Scope.LEDGER_WRITE))
def register_instrument(book_id: UuidString, body: InstrumentIn, call: ThisCall) -> InstrumentOut:
    """Add an instrument's commodity and accounts to the book; the same again changes nothing."""
    book = call.load(BOOK, book_id)
    instrument = body.to_core()
    register_instruments(call.session, book.book_id, (instrument,), body.opened_on)
    return InstrumentOut.from_core(instrument)


@routes.get("/books/{book_id}/instruments", policy=asks(Scope.LEDGER_READ))
def list_instruments(book_id: UuidString, call: ThisCall) -> InstrumentsOut:
    """Return the book's instruments by code; money and plain commodities are under commodities."""
    book = call.load(BOOK, book_id)
    kept = instruments_of(call.session, book.book_id)
    return InstrumentsOut(instruments=tuple(InstrumentOut.from_core(kept[code]) for code in sorted(kept)))
