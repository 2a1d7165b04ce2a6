"""What a book keeps: commodities, the accounts that hold them, and what accounts hold now."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.amounts import Units, WholeNumber
from api.schemas.books import (
    AccountCloseIn,
    AccountIn,
    BalanceNowOut,
    BalancesOut,
    CommoditiesOut,
    CommodityIn,
    CommodityOut,
    OpenedAccountOut,
)
from api.schemas.cursors import read_cursor, read_whole, write_cursor
from api.schemas.fields import PageCursor, UuidString
from ledger import operations as ledger
from ledger.core import log
from ledger.core.errors import Invalid
from ledger.store import balances, books
from ledger.store.books import Book

routes = Routes(tag="accounts")

AccountName = Annotated[str, Path(max_length=200, examples=["Assets:Carbon:CEA25"])]


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


@routes.post("/books/{book_id}/accounts/{path}/close", policy=asks(Scope.LEDGER_WRITE), status=200)
def close_account(book_id: UuidString, path: AccountName, body: AccountCloseIn, call: ThisCall) -> BalanceNowOut:
    """Close an empty account: from the day given on it takes nothing."""
    book = call.load(BOOK, book_id)
    ledger.close_account(call.session, book.book_id, path, body.closed_on, now=call.now, random_bytes=call.random_bytes)
    closed = balances.balance_now(call.session, book.book_id, path, now=call.now)
    return BalanceNowOut.from_core(closed, _units(call, book))


@routes.get("/books/{book_id}/accounts/{path}/balance", policy=asks(Scope.LEDGER_READ))
def read_balance(book_id: UuidString, path: AccountName, call: ThisCall) -> BalanceNowOut:
    """Return what an account holds now: posted, set aside and available."""
    book = call.load(BOOK, book_id)
    found, commodity, facts = balances.balance_with_commodity(call.session, book.book_id, path, now=call.now)
    units = Units.of({commodity.code: (commodity, facts)}, book.functional_currency)
    return BalanceNowOut.from_core(found, units)


@routes.get("/books/{book_id}/balances", policy=asks(Scope.LEDGER_READ))
def list_balances(
    book_id: UuidString,
    call: ThisCall,
    under: Annotated[str | None, Query(max_length=200, description="Only this account and those below it.")] = None,
    after: PageCursor | None = None,
    limit: Annotated[WholeNumber, Query(description="1 to 200 accounts.")] = balances.MAX_PAGE,
) -> BalancesOut:
    """Return a page of what accounts hold now, in the order they were opened; reports of a day are at positions."""
    book = call.load(BOOK, book_id)
    if not 1 <= limit <= balances.MAX_PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {balances.MAX_PAGE}", field="limit")
    belongs = _list(book_id, under)
    begins = 0 if after is None else read_whole(read_cursor(after, count=1, belongs=belongs)[0])
    page = balances.list_balances(call.session, book.book_id, now=call.now, under=under, after=begins, limit=limit)
    units = _units(call, book)
    return BalancesOut(
        known=book.tree_size,
        tree_root=log.root(book.tree_peaks).hex(),
        balances=tuple(BalanceNowOut.from_core(one, units) for one in page),
        next_cursor=write_cursor((page[-1].account_id,), belongs=belongs) if len(page) == limit else None,
    )


def _list(book_id: UUID, under: str | None) -> str:
    return f"balances|{book_id}|{under}"


def _units(call: Call, book: Book) -> Units:
    return Units.of(books.commodities(call.session, book.book_id), book.functional_currency)
