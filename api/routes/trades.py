"""Trades of a book: book a file of them, list what is booked."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Annotated

from fastapi import Query

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.second_person import TRADE_IMPORT
from api.deps import ThisCall
from api.schemas.amounts import WholeNumber
from api.schemas.fields import DateString, NameText, UuidString
from api.schemas.trades import BookingOut, TradeOut, TradesOut
from api.store.four_eyes import Weight
from finance.accounting.trades import Trade
from finance.feeds.tabular import read_table
from finance.feeds.trades import parse_trades
from finance.operations.trades import TradeTerms, book_trades
from finance.operations.valuations import instruments_of
from finance.store import trades as trade_store
from ledger.core.errors import Invalid

routes = Routes(tag="trades")

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PAGE = 200
_FEN = 100
_EXAMPLE = (
    "trade_ref,kind,traded_on,instrument,quantity_t,price_cny_per_t,fee_cny,counterparty,venue,compliance_year,doc_ref,note\n"
    "T-2025-001,purchase,2025-04-30,CEA24,20000,96.13,1922.60,,Example Exchange,,,\n"
)


@routes.upload(
    "/books/{book_id}/trades",
    policy=asks(Scope.LEDGER_WRITE),
    types=(CSV, XLSX),
    example=_EXAMPLE,
    second_person=TRADE_IMPORT,
)
def upload_trades(book_id: UuidString, call: ThisCall, file_name: NameText = "trades") -> BookingOut:
    """Book a file of trades as a whole or not at all; trades that stand with the same content change nothing.

    What is listed here has no approved order behind it and is shown as imported. A row that cannot be read names file,
    sheet, row, column, value and what was expected. ``file_name`` is only shown.
    """
    book = call.load(BOOK, book_id)
    tables = [table for table in read_table(file_name, call.upload) if any(any(row) for row in table.rows)]
    trades = [trade for table in tables for trade in parse_trades(table)]
    for trade in trades:
        call.scale.add(weight_of(trade))
    principal = call.principal
    booking = book_trades(
        call.session,
        book.book_id,
        trades,
        actor=principal.actor,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
        terms=TradeTerms(is_closer=Scope.LEDGER_CLOSE in principal.scopes),
    )
    return BookingOut.from_core(booking)


@routes.get("/books/{book_id}/trades", policy=asks(Scope.LEDGER_READ))
def list_trades(
    book_id: UuidString,
    call: ThisCall,
    as_of: DateString,
    known: WholeNumber | None = None,
    after: Annotated[WholeNumber, Query(description="next_after of the page before.")] = 0,
    limit: Annotated[WholeNumber, Query(description="1 to 200 trades.")] = _PAGE,
) -> TradesOut:
    """Return a page of the trades traded by ``as_of`` and recorded by seq ``known``, in recording order.

    A trade whose entry was reversed is still here: the ledger says what holds.
    """
    book = call.load(BOOK, book_id)
    if not 1 <= limit <= _PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {_PAGE}", field="limit")
    recorded = trade_store.list_trades(call.session, book.book_id, until=as_of, known=known)
    rest = [one for one in recorded if one.entry_seq > after]
    page = rest[:limit]
    units = {code: instrument.unit for code, instrument in instruments_of(call.session, book.book_id).items()}
    return TradesOut(
        trades=tuple(TradeOut.from_core(one, unit=units.get(one.trade.instrument, "t")) for one in page),
        next_after=page[-1].entry_seq if len(rest) > limit else None,
    )


def weight_of(trade: Trade) -> Weight:
    """Return the trade's tonnes and its money in CNY, fee included, rounded up to the fen."""
    price = Fraction(trade.price_cny_per_t or 0)
    if trade.price_eur_per_t is not None and trade.fixing_cny_per_eur is not None:
        price = Fraction(trade.price_eur_per_t) * Fraction(trade.fixing_cny_per_eur)
    quantity = trade.quantity_t or 0
    return Weight(quantity=quantity, cny_fen=ceil(quantity * price * _FEN) + trade.fee_fen)
