"""What a book keeps: commodities, and the accounts that hold them."""

from __future__ import annotations

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.amounts import Units
from api.schemas.books import AccountIn, CommoditiesOut, CommodityIn, CommodityOut, OpenedAccountOut
from api.schemas.fields import UuidString
from ledger import operations as ledger
from ledger.store import books

routes = Routes(tag="accounts")


@routes.post("/books/{book_id}/commodities", policy=asks(Scope.LEDGER_WRITE))
def add_commodity(book_id: UuidString, body: CommodityIn, call: ThisCall) -> CommodityOut:
    """Let the book keep a commodity; the same again changes nothing, other facts under its code are refused."""
    book = call.load(BOOK, book_id)
    commodity = body.to_core()
    ledger.add_commodity(call.session, book.book_id, commodity, body.attrs)
    units = Units.of({commodity.code: (commodity, body.attrs)}, book.functional_currency)
    return CommodityOut.from_core(commodity.code, units, body.attrs)


@routes.get("/books/{book_id}/commodities", policy=asks(Scope.LEDGER_READ))
def list_commodities(book_id: UuidString, call: ThisCall) -> CommoditiesOut:
    """Return what the book keeps, instruments and currencies, by code."""
    book = call.load(BOOK, book_id)
    kept = books.commodities(call.session, book.book_id)
    units = Units.of(kept, book.functional_currency)
    return CommoditiesOut(
        commodities=tuple(CommodityOut.from_core(code, units, attrs) for code, (_, attrs) in sorted(kept.items()))
    )


@routes.post("/books/{book_id}/accounts", policy=asks(Scope.LEDGER_WRITE))
def open_account(book_id: UuidString, body: AccountIn, call: ThisCall) -> OpenedAccountOut:
    """Open an account; the same again changes nothing, other facts at its path are refused."""
    book = call.load(BOOK, book_id)
    units = Units.of(books.commodities(call.session, book.book_id), book.functional_currency)
    opening = body.to_core(units)
    ledger.open_account(call.session, book.book_id, opening)
    return OpenedAccountOut.from_core(opening, units)
