"""Writes report tables as XLSX and CSV that a spreadsheet opens without surprises: numbers are numbers, no text is ever a formula.

Owns the two file formats and nothing of what a report says. A workbook is written row by row, so memory does not grow with it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import IO, TypeAlias, cast

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from ledger.core.export_formats.report_tables import Cell, Column, ReportTable

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - full width, as Chinese input makes it
"""First characters at which spreadsheets take a text for a formula (OWASP, CSV Injection), and their full-width twins."""

_EXACT_DIGITS = 15
"""Significant digits a spreadsheet keeps; a longer number is written as text rather than changed."""

_MOST_ROWS = 1_000_000
"""Rows a sheet; Excel's own end is 1,048,576."""

_LONGEST_TEXT = 32_767
_A4 = 9
"""Paper size of ECMA-376 part 1, section 18.3.1.63."""

_BOLD = Font(bold=True)


def write_xlsx(target: IO[bytes], tables: Iterable[ReportTable]) -> None:
    """Write one sheet a table (more when it has over a million rows): head, frozen column headings, print setup, typed cells."""
    book = Workbook(write_only=True)
    for table in tables:
        rows = iter(table.rows)
        part, following = 1, list(islice(rows, 1))
        while part == 1 or following:
            sheet = book.create_sheet(table.name if part == 1 else f"{table.name} {part}")
            # A write-only sheet has what we set of a Worksheet, though it is not one.
            _write_sheet(cast("Worksheet", sheet), table, _chained(following, islice(rows, _MOST_ROWS - 1)))
            part, following = part + 1, list(islice(rows, 1))
    book.save(target)


def csv_pieces(table: ReportTable) -> Iterator[bytes]:
    """Yield the table as UTF-8 CSV with a byte order mark and CRLF (RFC 4180), every line with the same number of cells.

    A text that a spreadsheet would take for a formula gets a leading apostrophe; numbers stay numbers, ``-12.50`` included.
    """
    width = max(len(table.columns), 2)
    yield b"\xef\xbb\xbf"
    if table.head:  # a file for another program begins with its headings
        yield _csv_lines([*((*pair, *[None] * (width - 2)) for pair in table.head), (None,) * width])
    yield _csv_lines([_padded([column.heading for column in table.columns], width)])
    rows = iter(table.rows)
    while chunk := list(islice(rows, 1_000)):
        yield _csv_lines([_padded(row, width) for row in chunk])


def _csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    lines = io.StringIO(newline="")
    csv.writer(lines, lineterminator="\r\n").writerows([_csv_cell(cell) for cell in row] for row in rows)
    return lines.getvalue().encode()


def _csv_cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
        case Decimal():
            return f"{cell:f}"
        case _:
            return str(cell)


def _padded(row: Sequence[Cell], width: int) -> tuple[Cell, ...]:
    return (*row, *[None] * (width - len(row)))


def _chained(first: list[tuple[Cell, ...]], rest: Iterable[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    yield from first
    yield from rest


def _write_sheet(sheet: Worksheet, table: ReportTable, rows: Iterable[tuple[Cell, ...]]) -> None:
    heading_row = len(table.head) + 2 if table.head else 1
    _lay_out(sheet, table.columns, heading_row)
    for what, which in table.head:
        sheet.append([_bold(sheet, what), _xlsx_cell(sheet, which, {}, 2)])
    if table.head:
        sheet.append([])
    sheet.append([_bold(sheet, column.heading) for column in table.columns])
    styled: _Styled = {}
    for row in rows:
        sheet.append([_xlsx_cell(sheet, cell, styled, place) for place, cell in enumerate(row)])


def _lay_out(sheet: Worksheet, columns: Sequence[Column], heading_row: int) -> None:
    """Set what must stand before the first row: widths, the frozen head, and A4 landscape one page wide with repeated headings."""
    for number, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.freeze_panes = f"A{heading_row + 1}"
    sheet.print_title_rows = f"{heading_row}:{heading_row}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = _A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.oddFooter = HeaderFooterItem(center=_HeaderFooterPart("&A, page &P of &N"))


def _bold(sheet: Worksheet, text: str) -> SheetCell:
    cell = _text_cell(sheet, text)
    cell.font = _BOLD
    return cell


_Styled: TypeAlias = dict[tuple[int, str], SheetCell]
"""A cell of each column and number format, used row after row: finding a style costs more than writing the cell."""


def _xlsx_cell(sheet: Worksheet, value: Cell, styled: _Styled, place: int) -> SheetCell | str | int | None:
    match value:
        case None:
            return None
        case str():
            return value if _is_plain(value) else _text_cell(sheet, value)
        case Decimal():
            if len(value.as_tuple().digits) > _EXACT_DIGITS:
                return _text_cell(sheet, f"{value:f}")
            places = -int(value.as_tuple().exponent)
            shown = "#,##0" if places <= 0 else f"#,##0.{'0' * places}"
        case date():
            shown = "yyyy-mm-dd"
        case _:
            return value
    cell = styled.get((place, shown))
    if cell is None:
        cell = styled[place, shown] = WriteOnlyCell(sheet)
        cell.number_format = shown
    cell.value = value
    return cell


def _is_plain(text: str) -> bool:
    """Return whether a text is taken as a text as it stands: no formula, no error value, nothing to be cut or cleaned."""
    is_short = len(text) <= _LONGEST_TEXT
    return is_short and not text.startswith((*_FORMULA_STARTS, "#")) and not ILLEGAL_CHARACTERS_RE.search(text)


def _text_cell(sheet: Worksheet, text: str) -> SheetCell:
    """Return a cell of type text whatever it begins with; one that looks like a formula is marked as text for its editor too."""
    shown = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:_LONGEST_TEXT]
    cell = WriteOnlyCell(sheet)
    cell.value = shown
    cell.data_type = "s"
    if shown.startswith(_FORMULA_STARTS):
        cell.quotePrefix = True
    return cell
