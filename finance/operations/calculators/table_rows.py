"""Rows of a table whose columns a calculator checks itself: the headings are the fields.

Owns turning one filled sheet into named cells. Opens no file: tables arrive as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from finance.conventions.tables import Table
from ledger.core.errors import Invalid


def table_rows(sheets: Sequence[Table], *, field: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of the one sheet that is not empty, by heading; empty rows are skipped.

    Repeated or empty headings and cells beyond them are refused naming ``field`` and the row as a spreadsheet shows it.
    """
    filled = [sheet for sheet in sheets if any(any(cells) for cells in sheet.rows)]
    if len(filled) != 1:
        raise Invalid("calc.table", f"{field}: expected a file with one filled sheet", field=field)
    head, *lines = filled[0].rows
    headings = [heading.strip() for heading in head]
    if not all(headings) or len(set(headings)) != len(headings):
        raise Invalid(
            "calc.table_headings", f"{field}: expected each heading once in the first row, none empty", field=field
        )
    rows = []
    for number, cells in enumerate(lines, start=2):
        if not any(cells):
            continue
        if any(cells[len(headings) :]):
            raise Invalid("calc.table_row", f"{field}: row {number}: expected no cell beyond the headings", field=field)
        padded = (*cells, *[""] * len(headings))
        rows.append({heading: padded[place] for place, heading in enumerate(headings)})
    return tuple(rows)
