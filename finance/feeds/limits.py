"""How large a file or an answer may be before it is refused unread: limits of this program, not rules of the field."""

from __future__ import annotations

from ledger.core.errors import Expected

MAX_FILE_BYTES = 20 * 1024 * 1024
"""One uploaded file; ten years of daily prices are under 2 MiB."""

MAX_UNPACKED_BYTES = 200 * 1024 * 1024
"""All parts of one archive together, unpacked."""

MAX_ARCHIVE_PARTS = 1000
"""Parts of one archive; a workbook of the field has under 50."""

MAX_UNPACK_RATIO = 200
"""Unpacked bytes per packed byte of one part; spreadsheets reach about 30, a bomb 1000."""

MAX_ROWS = 200_000
MAX_COLUMNS = 256
MAX_SHEETS = 64
MAX_CELL_CHARACTERS = 10_000
SMALLER = Expected(
    "row.table_size", f"at most {MAX_ROWS} rows and {MAX_COLUMNS} columns", rows=MAX_ROWS, columns=MAX_COLUMNS
)
SHORTER = Expected("row.long_cell", f"at most {MAX_CELL_CHARACTERS} characters", characters=MAX_CELL_CHARACTERS)

MAX_PAGE_BYTES = 2 * 1024 * 1024
"""One web page; the pages of the field are below 300 kB."""

MAX_OLD_CELLS = 500_000
"""Cells of one sheet of an old workbook, empty ones included; a year of auctions has about 15,000."""
