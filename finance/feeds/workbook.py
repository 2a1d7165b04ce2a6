"""XLSX workbooks as tables of text cells: the archive is checked before it is opened, formulas are refused.

Owns the archive check and how one cell becomes text. Knows no column of any source.
"""

from __future__ import annotations

import io
import math
import warnings
import zipfile
import zlib
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Context, Decimal
from typing import Protocol, cast
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from finance.conventions.table_rules import NO_ERROR, NO_FORMULA, NO_TRUTH, PLAIN_CELL, PRINTABLE
from finance.conventions.tables import Table
from finance.feeds.limits import (
    MAX_ARCHIVE_PARTS,
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SHEETS,
    MAX_UNPACK_RATIO,
    MAX_UNPACKED_BYTES,
    SHORTER,
    SMALLER,
)
from ledger.core.errors import Expected, ImportRefused, Invalid, RowError

assert openpyxl.DEFUSEDXML, "workbooks are read only with defusedxml in place"

_SMALL_PART = 64 * 1024
_SPREADSHEET_DIGITS = Context(prec=15)  # ECMA-376 numbers are IEEE doubles; spreadsheets keep and show 15 digits
_LARGEST_EXPONENT = 30
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, ParseError, InvalidFileException, EOFError, NotImplementedError,
    ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, OSError,
)  # fmt: skip
"""What a spreadsheet reader raises on a broken or hostile workbook; each is the file's fault, not a bug of ours."""


def read_workbook(file: str, raw: bytes) -> tuple[Table, ...]:
    """Return one table per worksheet; ``Invalid`` for a broken archive, ``ImportRefused`` naming every bad cell."""
    check_archive(file, raw)
    errors: list[RowError] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the reader warns of styles and validations, which are not read
            book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, keep_links=False, rich_text=False)
            try:
                sheets = [sheet for sheet in book.worksheets if isinstance(sheet, ReadOnlyWorksheet)]
                if not 0 < len(sheets) <= MAX_SHEETS:
                    raise Invalid("import.sheets", f"{file}: expected 1 to {MAX_SHEETS} sheets", file=file)
                tables = tuple(_sheet_table(file, sheet, errors) for sheet in sheets)
            finally:
                book.close()
    except _UNREADABLE as error:
        raise Invalid(
            "import.workbook", f"{file}: the workbook cannot be read; save it again as .xlsx or CSV", file=file
        ) from error
    if errors:
        raise ImportRefused(file, tuple(errors))
    return tables


def check_archive(file: str, raw: bytes) -> None:
    """Refuse an archive whose directory promises too many parts, bytes or too high a ratio, before unpacking any.

    The unpacker never gives more bytes of a part than the directory declares, so the promise bounds the work.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Invalid("import.archive", f"{file}: the archive is damaged; send the file again", file=file) from error
    if len(parts) > MAX_ARCHIVE_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise Invalid("import.archive_size", f"{file}: the archive unpacks to too much; split the file", file=file)
    if any(
        part.file_size > _SMALL_PART and part.file_size > MAX_UNPACK_RATIO * max(part.compress_size, 1)
        for part in parts
    ):
        raise Invalid("import.archive_ratio", f"{file}: a part unpacks to more than a spreadsheet can", file=file)
    if len({part.filename for part in parts}) != len(parts):
        raise Invalid("import.archive_twice", f"{file}: a part stands twice in the archive", file=file)


def _sheet_table(file: str, sheet: ReadOnlyWorksheet, errors: list[RowError]) -> Table:
    rows: list[tuple[str, ...]] = []
    sheet.reset_dimensions()  # the declared size is not trusted; rows are counted as they come
    for number, cells in enumerate(cast("Iterable[tuple[_Cell, ...]]", sheet.rows), start=1):
        if number > MAX_ROWS or len(cells) > MAX_COLUMNS:
            raise ImportRefused(file, (*errors, RowError(file=file, sheet=sheet.title, row=number, expected=SMALLER)))
        rows.append(_row_texts(file, sheet.title, number, cells, errors))
    while rows and not any(rows[-1]):
        rows.pop()
    return Table(file=file, sheet=sheet.title, rows=tuple(rows))


class _Cell(Protocol):
    """What of a spreadsheet cell is read."""

    value: object
    data_type: str


def _row_texts(file: str, sheet: str, row: int, cells: Iterable[_Cell], errors: list[RowError]) -> tuple[str, ...]:
    """Return the row's cells as text without trailing empty ones; a refused cell is empty and adds an error."""
    texts: list[str] = []
    for column, cell in enumerate(cells, start=1):
        text, expected = _cell_text(cell)
        if expected:
            letter = get_column_letter(column)
            shown = str(cell.value)[:40] if isinstance(cell.value, str | int | float) else ""
            errors.append(RowError(file=file, sheet=sheet, row=row, column=letter, value=shown, expected=expected))
        texts.append(text)
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _cell_text(cell: _Cell) -> tuple[str, Expected | None]:
    """Return the cell's text and None, or an empty text and what was expected instead."""
    refused = {"f": NO_FORMULA, "e": NO_ERROR, "b": NO_TRUTH}
    if cell.data_type in refused:
        return "", refused[cell.data_type]
    match cell.value:
        case None:
            return "", None
        case str() as text:
            return _plain_text(text)
        case datetime() | date() | time() as instant:
            return _instant_text(instant), None
        case number:
            return _number_text(number)


def _instant_text(instant: datetime | date | time) -> str:
    """Return ISO text; a date cell is a datetime at midnight and gives the date alone."""
    if isinstance(instant, datetime):
        return instant.date().isoformat() if instant.time() == time() else instant.isoformat(sep=" ")
    return instant.isoformat()


_SMALLER_NUMBER = Expected("row.large_number", f"a number below 10^{_LARGEST_EXPONENT}", exponent=_LARGEST_EXPONENT)


def _number_text(number: object) -> tuple[str, Expected | None]:
    """Return the number as plain decimal text without exponent or trailing zeros: 3.074E1 gives ``30.74``."""
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        return "", PLAIN_CELL
    # repr is the shortest decimal of the stored double; 15 digits drop what the spreadsheet itself never shows.
    value = Decimal(number) if isinstance(number, int) else _SPREADSHEET_DIGITS.create_decimal(repr(number))
    if value == 0:
        return "0", None
    if not -_LARGEST_EXPONENT < value.adjusted() < _LARGEST_EXPONENT:
        return "", _SMALLER_NUMBER
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text), None


def _plain_text(text: str) -> tuple[str, Expected | None]:
    if len(text) > MAX_CELL_CHARACTERS:
        return "", SHORTER
    if any(mark < " " and mark not in "\t\r\n" for mark in text):
        return "", PRINTABLE
    return text.strip(), None
