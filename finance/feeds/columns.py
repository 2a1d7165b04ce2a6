"""Finding a table's header row and columns by name, wherever they stand.

Owns the search only. Knows no source: callers name the columns they need.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from finance.conventions.table_rules import missing_columns, one_column
from finance.conventions.tables import Table
from ledger.core.errors import ImportRefused, RowError

_HEADER_ROWS = 20
_NOT_NAME = re.compile(r"[^a-z0-9\u4e00-\u9fff_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where the header stands (``row`` counts from 1) and at which index each found column stands."""

    row: int
    columns: Mapping[str, int]

    def cell(self, cells: tuple[str, ...], column: str) -> str:
        """Return the cell of ``column``, empty when the column or the cell is not there."""
        index = self.columns.get(column)
        return cells[index] if index is not None and index < len(cells) else ""


def find_header(table: Table, *, needed: Mapping[str, Iterable[str]], optional: Mapping[str, Iterable[str]]) -> Header:
    """Return the first of the first 20 rows that has every needed column.

    Each column maps to the beginnings its header may have, compared in lower case with everything but letters, digits
    and Chinese characters as one blank: ``Auction Price \u20ac/tCO2`` begins with ``auction price`` however the euro
    sign broke. A column that two headers fit, and a table without such a row, are refused.
    """
    best_missing: tuple[str, ...] = tuple(needed)
    for number, cells in enumerate(table.rows[:_HEADER_ROWS], start=1):
        names = [normal_name(cell) for cell in cells]
        found = {column: _positions(names, beginnings) for column, beginnings in {**optional, **needed}.items()}
        missing = tuple(column for column in needed if not found[column])
        if not missing:
            return _header(table, number, found)
        if len(missing) < len(best_missing):
            best_missing = missing
    expected = missing_columns(needed, best_missing, rows=_HEADER_ROWS)
    raise ImportRefused(table.file, (RowError(file=table.file, sheet=table.sheet, row=1, expected=expected),))


def normal_name(text: str) -> str:
    """Return a header's name for comparison: ``" Auction  Name "`` gives ``auction name``."""
    return _NOT_NAME.sub(" ", text.lower()).strip()


def _positions(names: list[str], beginnings: Iterable[str]) -> tuple[int, ...]:
    wanted = tuple(beginnings)
    return tuple(
        index
        for index, name in enumerate(names)
        if any(name == beginning or name.startswith(beginning + " ") for beginning in wanted)
    )


def _header(table: Table, row: int, found: Mapping[str, tuple[int, ...]]) -> Header:
    errors = tuple(
        RowError(
            file=table.file,
            sheet=table.sheet,
            row=row,
            column=column,
            expected=one_column(column, len(where)),
        )
        for column, where in found.items()
        if len(where) > 1
    )
    if errors:
        raise ImportRefused(table.file, errors)
    return Header(row=row, columns={column: where[0] for column, where in found.items() if where})
