"""A book as a file: Beancount, hledger, JSON Lines of facts, XLSX or CSV, each of one point in the book's two times.

The file is written to disk before it is sent, so that it is of one moment and memory stays small; a large book is for the command line.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import IO, Annotated, cast

from fastapi import Query
from fastapi.responses import StreamingResponse

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.base import Choice
from api.schemas.fields import UuidString
from api.schemas.points import AskedPoint
from api.sheets import CSV_TYPE, XLSX_TYPE, csv_pieces, write_xlsx
from ledger import exports
from ledger.core.errors import Conflict, Invalid
from ledger.exports import Report, TextFormat

routes = Routes(tag="exports")

MOST_ENTRIES = 100_000
"""Entries of a book that is sent over HTTP, within the time a request has; ``tonne export`` has no such bound."""

_IN_MEMORY = 4 * 1024 * 1024
_PIECE = 64 * 1024

MOST_ENTRIES_XLSX = 10_000
"""A workbook takes some twenty times as long to write."""


class ExportFormat(StrEnum):
    """What the file is."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    JSONL = "jsonl"
    XLSX = "xlsx"
    CSV = "csv"


_TYPES = {
    ExportFormat.BEANCOUNT: ("text/plain; charset=utf-8", "beancount"),
    ExportFormat.HLEDGER: ("text/plain; charset=utf-8", "journal"),
    ExportFormat.JSONL: ("application/jsonl; charset=utf-8", "jsonl"),
    ExportFormat.XLSX: (XLSX_TYPE, "xlsx"),
    ExportFormat.CSV: (CSV_TYPE, "csv"),
}


@routes.get(
    "/books/{book_id}/export",
    policy=asks(Scope.LEDGER_READ),
    answers=tuple(sorted({media_type for media_type, _ in _TYPES.values()})),
)
def export_book(
    book_id: UuidString,
    call: ThisCall,
    asked: AskedPoint,
    form: Annotated[Choice[ExportFormat], Query(alias="format", examples=["xlsx"])],
    report: Annotated[
        Choice[Report] | None, Query(description="Which report a CSV is; an XLSX has all by default.")
    ] = None,
    account: Annotated[
        str | None, Query(max_length=200, description="Only this account's statement.", examples=["Assets:Bank:CNY"])
    ] = None,
) -> StreamingResponse:
    """Return the book as a file to be saved; every head says book, day, record point and tree root.

    A text in a spreadsheet is never a formula. ``export.too_large`` above 100,000 entries, for a workbook 10,000: use the command line.
    """
    found = call.load(BOOK, book_id)
    if form is ExportFormat.CSV and report is None:
        raise Invalid("export.report", "report: expected which report the CSV file is", field="report")
    if form not in {ExportFormat.CSV, ExportFormat.XLSX} and (report is not None or account is not None):
        raise Invalid(
            "export.report_unused", "report: expected only with the formats csv and xlsx, as is account", field="report"
        )
    point = asked.resolve(call.session, found.book_id)
    most = MOST_ENTRIES_XLSX if form is ExportFormat.XLSX else MOST_ENTRIES
    if point.known > most:
        raise Conflict("export.entries_many", f"format: above {most} entries; use tonne export", field="format")
    book = exports.open_export(call.session, found.book_id, as_of=point.as_of, known=point.known)
    media_type, ending = _TYPES[form]
    tables = (
        exports.report_table(call.session, found.book_id, book, each, account=account)
        for each in ([report] if report else Report)
    )
    file = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - closed when it is sent
    try:
        match form:
            case ExportFormat.XLSX:
                write_xlsx(file, tables)
            case ExportFormat.CSV:
                file.writelines(csv_pieces(next(tables)))
            case _:
                texts = exports.text_pieces(call.session, found.book_id, book, TextFormat(form.value))
                file.writelines(_encoded(texts))
    except BaseException:
        file.close()
        raise
    name = f"{found.code}-{point.as_of}-{report or 'book'}.{ending}"
    return StreamingResponse(
        _sent(file), media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _encoded(texts: Iterable[str]) -> Iterator[bytes]:
    for text in texts:
        yield text.encode()


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
