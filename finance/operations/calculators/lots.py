"""The lots that a relief is asked about: one row each, from a file's table or from named cells.

Owns the columns and every refusal of a bad cell. Opens no file: tables arrive as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from finance.conventions import tables
from finance.conventions.table_rules import HEADING_ONCE, needed_column, nothing, unknown_heading, within
from finance.conventions.tables import Table
from finance.operations.calculators.inputs import fen_of, tonnes_of
from ledger.core.errors import Expected, ImportRefused, Invalid, RowError

_LONGEST_ID = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """One acquisition: whole tonnes above zero and what all of them cost, in fen (zero for free allowances)."""

    lot_id: str
    acquired_on: date
    quantity_t: int
    cost_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LotColumn:
    """One column: its key, its Chinese heading and what a cell holds."""

    key: str
    heading_zh: str
    expected: Expected


COLUMNS = (
    LotColumn(
        key="lot_id",
        heading_zh="批次号",
        expected=Expected("row.lot_id", "a name of 1 to 64 printable characters, not a formula, each once"),
    ),
    LotColumn(key="acquired_on", heading_zh="取得日期", expected=Expected("row.day", "a day as YYYY-MM-DD")),
    LotColumn(
        key="quantity_t",
        heading_zh="数量(t)",
        expected=Expected("row.lot_quantity", "whole tonnes above zero, ASCII digits, no separators"),
    ),
    LotColumn(
        key="cost_cny",
        heading_zh="总成本(元)",
        expected=Expected(
            "row.lot_cost", "the whole lot's cost in yuan, zero or more, at most two decimals, such as 802400.00"
        ),
    ),
)
"""The table's columns in the template's order; a heading is the key, the Chinese heading, or both with one blank between."""

_BY_HEADING: Mapping[str, LotColumn] = {
    spelling: column
    for column in COLUMNS
    for spelling in (column.key, column.heading_zh, f"{column.key} {column.heading_zh}")
}
# Chinese input methods type full-width brackets in headings; in figures they stay refused.
_HALF_WIDTH = str.maketrans({"\uff08": "(", "\uff09": ")"})


def parse_lots(rows: Sequence[Mapping[str, str]]) -> tuple[Lot, ...]:
    """Return the lots in the order of their rows; the first bad cell is refused by its place, ``lots[2].quantity_t``."""
    if not rows:
        raise Invalid("calc.lots", "lots: expected at least one lot", field="lots")
    expected = tuple(column.key for column in COLUMNS)
    lots: list[Lot] = []
    seen: set[str] = set()
    for index, row in enumerate(rows):
        if sorted(row) != sorted(expected):
            place = f"lots[{index}]"
            raise Invalid("calc.lot_fields", f"{place}: expected exactly the fields {', '.join(expected)}", field=place)
        for column in COLUMNS:
            repeated = column.key == "lot_id" and row["lot_id"] in seen
            if repeated or not _is_readable(column.key, row[column.key]):
                place = f"lots[{index}].{column.key}"
                raise Invalid("calc.lot_field", f"{place}: expected {column.expected}", field=place)
        seen.add(row["lot_id"])
        lots.append(
            Lot(
                lot_id=row["lot_id"],
                acquired_on=_acquired_on(row["acquired_on"]),
                quantity_t=_quantity(row["quantity_t"]),
                cost_fen=_cost(row["cost_cny"]),
            )
        )
    return tuple(lots)


def lot_rows(sheets: Sequence[Table]) -> tuple[Mapping[str, str], ...]:
    """Return the rows of the one sheet that is not empty, by column key, in the file's order.

    The first row holds the headings (see ``COLUMNS``), in any order; empty rows are skipped. Anything wrong - an unknown, repeated or
    missing column, a bad cell, a repeated lot, no row - is collected and one ``ImportRefused`` names every place.
    """
    filled = [sheet for sheet in sheets if any(any(cells) for cells in sheet.rows)]
    if len(filled) != 1:
        raise Invalid("calc.lots_file", "lots: expected a file with one sheet of lots", field="lots")
    (table,) = filled
    columns = _columns(table)
    errors: list[RowError] = []
    rows: list[Mapping[str, str]] = []
    seen: set[str] = set()
    for number, cells in enumerate(table.rows[1:], start=2):
        if not any(cells):
            continue
        if any(cells[len(columns) :]):
            errors.append(_error(table, number, expected=within(len(columns))))
        padded = (*cells, *[""] * len(columns))
        row = {column.key: padded[index] for index, column in enumerate(columns)}
        for column in columns:
            repeated = column.key == "lot_id" and row["lot_id"] in seen
            if repeated or not _is_readable(column.key, row[column.key]):
                cell = row[column.key]
                errors.append(_error(table, number, column=column.key, value=cell, expected=column.expected))
        seen.add(row["lot_id"])
        rows.append({column.key: row[column.key] for column in COLUMNS})
    if not rows:
        errors.append(_error(table, 2, expected=nothing("row of a lot under the headings")))
    if errors:
        raise ImportRefused(table.file, tuple(errors))
    return tuple(rows)


def _columns(table: Table) -> tuple[LotColumn, ...]:
    found: list[LotColumn] = []
    errors: list[RowError] = []
    for heading in table.rows[0]:
        column = _BY_HEADING.get(heading.strip().translate(_HALF_WIDTH))
        if column is None:
            errors.append(
                _error(table, 1, column=heading, value=heading, expected=unknown_heading(each.key for each in COLUMNS))
            )
        elif column in found:
            errors.append(_error(table, 1, column=column.key, value=heading, expected=HEADING_ONCE))
        else:
            found.append(column)
    errors.extend(
        _error(table, 1, column=column.key, expected=needed_column(column.key, column.heading_zh))
        for column in COLUMNS
        if column not in found
    )
    if errors:
        raise ImportRefused(table.file, tuple(errors))
    return tuple(found)


def _error(table: Table, row: int, *, expected: Expected, column: str = "", value: str = "") -> RowError:
    return RowError(
        file=table.file, sheet=table.sheet, row=row, column=column[:80], value=value[:80], expected=expected
    )


def _is_readable(key: str, cell: str) -> bool:
    try:
        _READERS[key](cell)
    except Invalid:
        return False
    return True


def _lot_id(cell: str) -> str:
    # A leading = + - @ would run as a formula in the spreadsheet that an export is opened with.
    if not 0 < len(cell) <= _LONGEST_ID or cell != cell.strip() or not cell.isprintable() or cell[0] in "=+-@":
        raise Invalid("calc.lot_id", "lot_id: expected a name")
    return cell


def _acquired_on(cell: str) -> date:
    return tables.parse_day(cell, field="acquired_on")


def _quantity(cell: str) -> int:
    quantity = tonnes_of(cell, field="quantity_t")
    if quantity == 0:
        raise Invalid("calc.lot_quantity", "quantity_t: expected above zero")
    return quantity


def _cost(cell: str) -> int:
    return fen_of(cell, field="cost_cny")


_READERS: Mapping[str, Callable[[str], object]] = {
    "lot_id": _lot_id,
    "acquired_on": _acquired_on,
    "quantity_t": _quantity,
    "cost_cny": _cost,
}
