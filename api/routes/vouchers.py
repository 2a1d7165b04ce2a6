"""Vouchers of a book's month: number, list, review, check against the ledger, and take away as an ERP's import file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from enum import StrEnum
from typing import IO, Annotated, cast

from fastapi import Query
from fastapi.responses import StreamingResponse

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.amounts import WholeNumber, money_out
from api.schemas.base import Choice
from api.schemas.cursors import read_cursor, read_whole, write_cursor
from api.schemas.fields import CodeString, DateString, PageCursor, UuidString
from api.schemas.months import MonthString
from api.schemas.vouchers import (
    NumberingOut,
    SettledOut,
    SettlementIn,
    UnsettledListOut,
    UnsettledOut,
    VoucherCheckOut,
    VoucherOut,
    VoucherReviewsIn,
    VouchersOut,
)
from api.sheets import CSV_TYPE, XLSX_TYPE, csv_pieces, write_xlsx
from finance.accounting.months import parse_month
from finance.operations import trade_settlements, vouchers
from ledger.core.errors import Conflict, Invalid
from ledger.store import period_rows

routes = Routes(tag="vouchers")

MOST_ENTRIES = 20_000
"""Entries of a month that is sent as CSV, within the time a request has."""

MOST_ENTRIES_XLSX = 5_000
"""A workbook takes some twenty times as long to write."""

_PAGE = 200
_IN_MEMORY = 4 * 1024 * 1024
_PIECE = 64 * 1024


class VoucherFormat(StrEnum):
    """What the file is."""

    XLSX = "xlsx"
    CSV = "csv"


@routes.post("/books/{book_id}/voucher-months/{month}/number", policy=asks(Scope.ACCOUNTING_WRITE), status=200)
def number_vouchers(book_id: UuidString, month: MonthString, call: ThisCall) -> NumberingOut:
    """Give every money entry of the month its voucher, numbered from 1 without gaps in posting order; again it numbers nothing."""
    book = call.load(BOOK, book_id)
    done = vouchers.number_vouchers(
        call.session, book.book_id, parse_month(month), actor=call.principal.actor, now=call.now
    )
    return NumberingOut.from_core(done)


@routes.get("/books/{book_id}/voucher-months/{month}", policy=asks(Scope.LEDGER_READ))
def check_vouchers(book_id: UuidString, month: MonthString, call: ThisCall) -> VoucherCheckOut:
    """Return how the month's vouchers stand against the ledger: entries without one, differences, those not reviewed."""
    book = call.load(BOOK, book_id)
    return VoucherCheckOut.from_core(vouchers.check_vouchers(call.session, book.book_id, parse_month(month)))


@routes.get("/books/{book_id}/voucher-months/{month}/vouchers", policy=asks(Scope.LEDGER_READ))
def list_vouchers(
    book_id: UuidString,
    month: MonthString,
    call: ThisCall,
    after: PageCursor | None = None,
    limit: Annotated[WholeNumber, Query(description="1 to 200 vouchers.")] = _PAGE,
) -> VouchersOut:
    """Return a page of the month's vouchers by number, with their lines, papers and persons."""
    book = call.load(BOOK, book_id)
    if not 1 <= limit <= _PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {_PAGE}", field="limit")
    place = f"vouchers|{book_id}|{month}"
    start = 0 if after is None else read_whole(read_cursor(after, count=1, belongs=place)[0])
    page = vouchers.page_vouchers(call.session, book.book_id, parse_month(month), after=start, limit=limit)
    return VouchersOut(
        month=month,
        vouchers=tuple(VoucherOut.from_core(record) for record in page),
        next_cursor=write_cursor((page[-1].voucher.number,), belongs=place) if len(page) == limit else None,
    )


@routes.get("/books/{book_id}/voucher-months/{month}/vouchers/{number}", policy=asks(Scope.LEDGER_READ))
def read_voucher(book_id: UuidString, month: MonthString, number: WholeNumber, call: ThisCall) -> VoucherOut:
    """Return one voucher, its lines checked against its digest."""
    book = call.load(BOOK, book_id)
    return VoucherOut.from_core(vouchers.find_voucher(call.session, book.book_id, parse_month(month), number))


@routes.post("/books/{book_id}/voucher-months/{month}/review", policy=asks(Scope.ACCOUNTING_APPROVE), status=200)
def review_vouchers(book_id: UuidString, month: MonthString, body: VoucherReviewsIn, call: ThisCall) -> VouchersOut:
    """Review exactly the vouchers that the digests name, as another person than their preparers; all or none."""
    book = call.load(BOOK, book_id)
    digests = {each.number: each.digest for each in body.vouchers}
    if len(digests) < len(body.vouchers):
        raise Invalid("voucher.repeated", "vouchers: expected every number once", field="vouchers")
    done = vouchers.review_vouchers(
        call.session, book.book_id, parse_month(month), digests, actor=call.principal.actor, now=call.now
    )
    return VouchersOut(month=month, vouchers=tuple(VoucherOut.from_core(record) for record in done), next_cursor=None)


@routes.get(
    "/books/{book_id}/voucher-months/{month}/export", policy=asks(Scope.LEDGER_READ), answers=(CSV_TYPE, XLSX_TYPE)
)
def export_vouchers(
    book_id: UuidString,
    month: MonthString,
    call: ThisCall,
    erp: CodeString,
    form: Annotated[Choice[VoucherFormat], Query(alias="format", examples=["xlsx"])],
) -> StreamingResponse:
    """Return the month's vouchers as the ERP's import file, one row a line, each with its entry's id and paper.

    ``erp``: kingdee, yonyou_u8, yonyou_nc or sap. No text is ever a formula. A month not numbered to its end is refused, as is one of more
    than 20,000 entries, as a workbook 5,000.
    """
    found = call.load(BOOK, book_id)
    period = parse_month(month)
    most = MOST_ENTRIES_XLSX if form is VoucherFormat.XLSX else MOST_ENTRIES
    if period_rows.count_entries(call.session, found.book_id, start=period.start, end=period.end) > most:
        raise Conflict(
            "export.vouchers_many", f"month: above {most} entries; read its vouchers page by page", field="month"
        )
    table = vouchers.export_vouchers(call.session, found, period, erp)
    file = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - closed when it is sent
    try:
        if form is VoucherFormat.XLSX:
            write_xlsx(file, [table])
        else:
            file.writelines(csv_pieces(table))
    except BaseException:
        file.close()
        raise
    media_type = XLSX_TYPE if form is VoucherFormat.XLSX else CSV_TYPE
    name = f"{found.code}-{month}-{erp}.{form.value}"
    return StreamingResponse(
        _sent(file), media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@routes.get("/books/{book_id}/trade-settlements", policy=asks(Scope.LEDGER_READ))
def list_unsettled(book_id: UuidString, call: ThisCall, as_of: DateString) -> UnsettledListOut:
    """Return the trades booked through a day whose money has not moved; none where the policy books trades at once."""
    book = call.load(BOOK, book_id)
    found = trade_settlements.unsettled_trades(call.session, book.book_id, through=as_of)
    return UnsettledListOut(
        as_of=as_of,
        trades=tuple(
            UnsettledOut(
                trade_ref=each.trade_ref,
                entry_id=each.entry_id,
                traded_on=each.traded_on,
                amount=money_out(each.amount_fen, "CNY"),
            )
            for each in found
        ),
    )


@routes.post("/books/{book_id}/trade-settlements", policy=asks(Scope.LEDGER_WRITE))
def settle_trade(book_id: UuidString, body: SettlementIn, call: ThisCall) -> SettledOut:
    """Move a trade's money between the bank and other payables or receivables, once, on the day it moved."""
    book = call.load(BOOK, book_id)
    receipt = trade_settlements.settle_trade(
        call.session,
        book.book_id,
        body.trade_ref,
        on=body.settled_on,
        doc_ref=body.doc_ref,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return SettledOut(
        entry_id=receipt.entry_id,
        seq=receipt.seq,
        leaf_hash=receipt.leaf_hash.hex(),
        recorded_at=receipt.recorded_at,
    )


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
