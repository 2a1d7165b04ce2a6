"""What a book's carbon is worth by one frozen snapshot, as of its day and a record point: as an answer and as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from enum import StrEnum
from typing import IO, Annotated, cast

from fastapi import Query
from fastapi.responses import StreamingResponse

from api.auth.ledger_kinds import BOOK
from api.auth.market_kinds import MARKET_SNAPSHOT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.base import Choice
from api.schemas.fields import UuidString
from api.schemas.points import AskedPoint
from api.schemas.worth import ValuationOut
from api.sheets import CSV_TYPE, XLSX_TYPE, csv_pieces, write_xlsx
from finance.market.valuation_table import valuation_table
from finance.operations.valuations import breaches_of, value_book

routes = Routes(tag="valuations")

_IN_MEMORY = 4 * 1024 * 1024
_PIECE = 64 * 1024


class SheetFormat(StrEnum):
    """What the file is."""

    CSV = "csv"
    XLSX = "xlsx"


@routes.get("/books/{book_id}/valuation", policy=asks(Scope.LEDGER_READ))
def read_valuation(book_id: UuidString, call: ThisCall, asked: AskedPoint, snapshot_id: UuidString) -> ValuationOut:
    """Return every open lot with cost, mark and worth in the book's currency, the totals, and realised results.

    A lot whose mark is stale or missing is unvalued with its reason, and the total says that it is incomplete.
    """
    book = call.load(BOOK, book_id)
    snapshot = call.load(MARKET_SNAPSHOT, snapshot_id)
    point = asked.resolve(call.session, book.book_id)
    worth = value_book(
        call.session,
        book.book_id,
        snapshot,
        as_of=point.as_of,
        known=point.known,
        currency=book.functional_currency,
    )
    return ValuationOut.from_core(worth, point, breaches_of(call.session, call.principal.organisation_id, snapshot))


@routes.get("/books/{book_id}/valuation/export", policy=asks(Scope.LEDGER_READ), answers=(CSV_TYPE, XLSX_TYPE))
def export_valuation(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedPoint,
    snapshot_id: UuidString,
    form: Annotated[Choice[SheetFormat], Query(alias="format", examples=["xlsx"])],
) -> StreamingResponse:
    """Return the valuation as a CSV or XLSX file; its head says book, day, record point, tree root and snapshot hash."""
    book = call.load(BOOK, book_id)
    snapshot = call.load(MARKET_SNAPSHOT, snapshot_id)
    point = asked.resolve(call.session, book.book_id)
    worth = value_book(
        call.session,
        book.book_id,
        snapshot,
        as_of=point.as_of,
        known=point.known,
        currency=book.functional_currency,
    )
    table = valuation_table(
        worth.valuation,
        breaches_of(call.session, call.principal.organisation_id, snapshot),
        head=(("book", book.code), ("known", point.known), ("tree root", point.tree_root)),
    )
    file = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - closed when it is sent
    try:
        if form is SheetFormat.XLSX:
            write_xlsx(file, [table])
        else:
            file.writelines(csv_pieces(table))
    except BaseException:
        file.close()
        raise
    name = f"{book.code}-{point.as_of}-valuation.{form.value}"
    return StreamingResponse(
        _sent(file),
        media_type=XLSX_TYPE if form is SheetFormat.XLSX else CSV_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
