"""The old ``.xls`` workbooks that the auction platform published until 2019, as tables of text cells.

Owns that file format only; ``.xlsx`` is read by ``finance.feeds.workbook``. Knows no column.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Context, Decimal

from python_calamine import CalamineError, CalamineWorkbook

from finance.conventions.table_rules import PLAIN_CELL
from finance.conventions.tables import Table
from finance.feeds.limits import MAX_CELL_CHARACTERS, MAX_FILE_BYTES, MAX_OLD_CELLS, MAX_SHEETS
from ledger.core.errors import ImportRefused, Invalid, RowError

_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SPREADSHEET_DIGITS = Context(prec=15)  # a cell is an IEEE double; spreadsheets keep and show 15 digits
_LARGEST_EXPONENT = 30
_READER_PANIC = "PanicException"


def is_old_workbook(raw: bytes) -> bool:
    """Return whether the bytes begin as an old Office file does."""
    return raw.startswith(_OLD_EXCEL)


def read_old_workbook(file: str, raw: bytes) -> tuple[Table, ...]:
    """Return one table per sheet; numbers as exact decimal text of at most 15 digits, dates as ISO text.

    A formula cell gives the result that was saved in it. Damaged and encrypted files, and ones beyond the limits, are
    refused (``import.workbook``, ``import.sheets``, ``import.too_large``); a truth value is named in ``ImportRefused``.
    """
    if len(raw) > MAX_FILE_BYTES:
        raise Invalid("import.too_large", f"{file}: expected at most {MAX_FILE_BYTES} bytes", file=file)
    sheets = _sheets(file, raw)
    if not 0 < len(sheets) <= MAX_SHEETS:
        raise Invalid("import.sheets", f"{file}: expected 1 to {MAX_SHEETS} sheets", file=file)
    errors: list[RowError] = []
    tables = []
    for name, rows in sheets:
        if rows is None:
            raise Invalid("import.cells_many", f"{file}: expected at most {MAX_OLD_CELLS} cells a sheet", file=file)
        texts = tuple(
            tuple(_text(cell, file=file, sheet=name, row=number, errors=errors) for cell in cells)
            for number, cells in enumerate(rows, start=1)
        )
        tables.append(Table(file=file, sheet=name, rows=texts))
    if errors:
        raise ImportRefused(file, tuple(errors))
    return tuple(tables)


def _sheets(file: str, raw: bytes) -> Sequence[tuple[str, Sequence[Sequence[object]] | None]]:
    refused = Invalid("import.workbook", f"{file}: the workbook cannot be read; save it again as .xlsx", file=file)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(raw)) as book:
            sheets: list[tuple[str, Sequence[Sequence[object]] | None]] = []
            for name in book.sheet_names[: MAX_SHEETS + 1]:
                sheet = book.get_sheet_by_name(name)
                # One cell in the last corner of a small file makes a table of 16 million: its size is asked first.
                is_small = sheet.total_height * sheet.total_width <= MAX_OLD_CELLS
                # Row numbers of errors are those a person sees, so the empty area above the table stays.
                rows = sheet.to_python(skip_empty_area=False) if is_small else None
                sheets.append((name, rows))
            return sheets
    except (CalamineError, OSError, ValueError) as error:
        raise refused from error
    except BaseException as error:
        # The reader is compiled code that stops in its own way on some damaged files.
        if type(error).__name__ == _READER_PANIC:
            raise refused from error
        raise


def _text(cell: object, *, file: str, sheet: str, row: int, errors: list[RowError]) -> str:
    text = _cell_text(cell)
    if text is None:
        errors.append(RowError(file=file, sheet=sheet, row=row, value=str(cell)[:40], expected=PLAIN_CELL))
        return ""
    return text


def _cell_text(cell: object) -> str | None:
    match cell:
        case bool():
            return None
        case str():
            text = cell.strip()
            is_plain = len(text) <= MAX_CELL_CHARACTERS and not any(
                mark < " " and mark not in "\t\r\n" for mark in text
            )
            return text if is_plain else None
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case int() | float():
            return _number_text(cell)
        case _:
            return None


def _number_text(number: float) -> str | None:
    if not math.isfinite(number):
        return None
    value = Decimal(number) if isinstance(number, int) else _SPREADSHEET_DIGITS.create_decimal(repr(number))
    if value == 0:
        return "0"
    if not -_LARGEST_EXPONENT < value.adjusted() < _LARGEST_EXPONENT:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
