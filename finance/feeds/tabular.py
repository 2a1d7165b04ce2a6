"""CSV and XLSX files as tables of text cells, exactly as they stood, within limits.

Owns decoding, the limits and which kind of file it is; reading a workbook is in ``finance.feeds.workbook``. Knows no
column.
"""

from __future__ import annotations

import csv
import io

from finance.conventions.table_rules import NO_FORMULA, PRINTABLE, no_csv
from finance.conventions.tables import Table
from finance.feeds.limits import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_FILE_BYTES, MAX_ROWS, SHORTER, SMALLER
from finance.feeds.workbook import read_workbook
from ledger.core.errors import ImportRefused, Invalid, RowError

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_table(file: str, raw: bytes) -> tuple[Table, ...]:
    """Return one table per sheet, one for a CSV file; cells are text without outer blanks, rows keep their number.

    Numbers of a workbook become exact decimal text (at most 15 significant digits, which is what a spreadsheet keeps),
    dates ISO text. The kind of file is told by its first bytes, never by its name. Refused as a whole: empty, above 20
    MiB, old ``.xls``, a web page, neither UTF-8 nor GB18030 (``Invalid``); formulas, truth values, error values, cells
    and tables beyond the limits (``ImportRefused`` naming every cell).
    """
    name = _shown(file)
    if not raw.strip():
        raise Invalid("import.empty", f"{name}: the file is empty; export it again", file=name)
    if len(raw) > MAX_FILE_BYTES:
        raise Invalid("import.too_large", f"{name}: expected at most {MAX_FILE_BYTES} bytes; split the file", file=name)
    if raw.startswith(_ZIP):
        return read_workbook(name, raw)
    if raw.startswith(_OLD_EXCEL):
        raise Invalid("import.old_excel", f"{name}: an old or locked Excel file; save it as .xlsx or CSV", file=name)
    text = _decode(name, raw)
    if text.lstrip().startswith("<"):
        raise Invalid("import.markup", f"{name}: expected CSV or XLSX, got a web page", file=name)
    return (_csv_table(name, text),)


def _csv_table(file: str, text: str) -> Table:
    rows: list[tuple[str, ...]] = []
    errors: list[RowError] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MAX_ROWS or len(cells) > MAX_COLUMNS:
                raise ImportRefused(file, (RowError(file=file, row=number, expected=SMALLER),))
            errors.extend(_cell_errors(file, number, cells))
            rows.append(tuple(cell.strip() for cell in cells))
    except csv.Error as error:
        broken = RowError(file=file, row=len(rows) + 1, expected=no_csv(error))
        raise ImportRefused(file, (*errors, broken)) from error
    if errors:
        raise ImportRefused(file, tuple(errors))
    return Table(file=file, sheet="", rows=tuple(rows))


def _cell_errors(file: str, row: int, cells: list[str]) -> list[RowError]:
    errors = []
    for column, cell in enumerate(cells, start=1):
        if len(cell) > MAX_CELL_CHARACTERS:
            expected = SHORTER
        elif cell.lstrip().startswith("="):
            expected = NO_FORMULA
        elif any(mark < " " and mark not in "\t\r\n" for mark in cell):
            expected = PRINTABLE
        else:
            continue
        errors.append(RowError(file=file, row=row, column=str(column), value=cell[:40], expected=expected))
    return errors


def _decode(file: str, raw: bytes) -> str:
    if not raw.startswith(_UTF16):
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return raw.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise Invalid("import.encoding", f"{file}: expected text in UTF-8 or GB18030; save it as CSV UTF-8", file=file)


def _shown(file: str) -> str:
    """Return the file's name as it may be shown: printable and short."""
    return "".join(mark if mark.isprintable() else "?" for mark in file)[:120] or "file"
