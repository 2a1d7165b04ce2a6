"""What a table that people fill in must be, rule by rule, each as a value with its code: the words are the same wherever a table is read.

Owns the rules that several readers share. Knows no column.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable

from ledger.core.errors import Expected

NO_FORMULA = Expected("row.formula", "a value, not a formula")
NO_ERROR = Expected("row.spreadsheet_error", "a value, not a spreadsheet error")
NO_TRUTH = Expected("row.truth_value", "a value, not a truth value")
PRINTABLE = Expected("row.printable", "printable text")
PLAIN_CELL = Expected("row.plain_cell", "text, a finite number or a date")
STRAY = Expected("row.stray_cell", "no cell without a heading")
HEADING_ONCE = Expected("row.heading_once", "each heading once")


def exact_header(columns: Iterable[str]) -> Expected:
    """Return what a table should begin with that has one header only."""
    names = ", ".join(columns)
    return Expected("row.header_is", f"a header of {names}", columns=names)


def header_row(columns: Collection[str], *, rows: int, more: str = "") -> Expected:
    """Return which header should stand in the first ``rows`` rows; ``more`` goes on after the columns."""
    names = ", ".join(columns)
    return Expected(
        "row.header_row", f"a header row in the first {rows} rows with {names}{more}", columns=names, rows=rows
    )


def missing_columns(columns: Iterable[str], missing: Iterable[str], *, rows: int) -> Expected:
    """Return which header should stand in the first ``rows`` rows, and what the nearest one lacks."""
    names, lacking = ", ".join(columns), ", ".join(missing)
    text = f"a header row with {names} in the first {rows} rows (not found: {lacking})"
    return Expected("row.header_missing", text, columns=names, rows=rows, missing=lacking)


def no_csv(error: csv.Error) -> Expected:
    """Return what text that is not CSV should have been."""
    return Expected("row.csv", f"comma-separated cells with closed quotes ({error})")


def unknown_heading(known: Iterable[str]) -> Expected:
    """Return which headings a table may have."""
    names = ", ".join(known)
    return Expected("row.heading_known", f"a known heading: {names}", columns=names)


def one_column(column: str, found: int) -> Expected:
    """Return that ``column`` should stand once where it was ``found`` several times."""
    return Expected("row.column_once", f"one column {column}, found {found}", columns=column)


def needed_column(key: str, heading_zh: str) -> Expected:
    """Return that a column is needed, by either of its headings."""
    return Expected("row.column_needed", f"a column headed {key} or {heading_zh}", key=key, heading=heading_zh)


def within(columns: int) -> Expected:
    """Return that a row should end where the header does."""
    return Expected("row.cells_beyond", f"no cell beyond the {columns} columns", columns=columns)


def nothing(what: str) -> Expected:
    """Return that a table should have a row at all: ``at least one trade``."""
    return Expected("row.nothing", f"at least one {what}")


def repeated(what: str, row: int, *, says: str = "has this one") -> Expected:
    """Return that a thing should stand once, and which row had it first."""
    return Expected("row.repeated", f"{what}; row {row} {says}", row=row)


def repeated_at(what: str, origin: str) -> Expected:
    """Return that a thing should stand once in all sheets, and where it came first: ``activity.xlsx sheet 2025 row 3``."""
    place, _, row = origin.rpartition(" row ")
    return Expected("row.repeated_at", f"{what}; {origin} has this one", place=place, row=row)


def one_of(words: Iterable[str]) -> Expected:
    """Return the words a cell may hold, the first 200 characters of them."""
    names = ", ".join(words)[:200]
    return Expected("row.one_of", f"one of {names}", words=names)
