"""Activity figures: what a site produced and used in a month, read from a table that people fill in.

Owns the columns, their Chinese and English headings and every refusal of a bad cell. Knows no factor, no methodology
and no file format: cells arrive as text, and a table is accepted as a whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from finance.conventions.tables import Table
from finance.emissions.methodologies import POWER_TERMS, TermName
from ledger.core import amounts
from ledger.core.errors import ImportRefused, Invalid, RowError

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)
_SITE_LENGTH = 100
_SITE_EXPECTED = "the site's name: 1 to 100 printable characters, not a formula"
_MAX_AMOUNT = Decimal(amounts.MAX_UNITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityMonth:
    """One site's electrolysis process in one calendar month.

    ``production_t`` is liquid aluminium (铝液) in tonnes. ``ac_kwh`` holds the AC electricity of the process in kWh for
    each of the four sources. ``anode_effect_min_per_cell_day`` and ``net_anode_t`` are None when not measured, which
    is not the same as zero. A month without production may carry electricity (cells kept hot); it counts in the
    year's emissions, and only an intensity over zero production is undefined. ``origin`` says where the row stood.
    """

    month: str
    site: str
    production_t: Decimal
    ac_kwh: Mapping[TermName, Decimal]
    anode_effect_min_per_cell_day: Decimal | None = None
    net_anode_t: Decimal | None = None
    origin: str

    def __post_init__(self) -> None:
        """Refuse a month that is not YYYY-MM, a missing source of electricity, and negative or unbounded amounts."""
        if not _MONTH.fullmatch(self.month):
            raise Invalid("activity.month", "month: expected YYYY-MM", value=self.month[:20])
        if not _is_site(self.site):
            raise Invalid("activity.site", f"site: expected {_SITE_EXPECTED}")
        if set(self.ac_kwh) != set(POWER_TERMS):
            raise Invalid("activity.sources", f"ac_kwh: expected the sources {', '.join(POWER_TERMS)}")
        figures = (self.production_t, *self.ac_kwh.values(), self.anode_effect_min_per_cell_day, self.net_anode_t)
        for figure in figures:
            if figure is not None and not (figure.is_finite() and Decimal(0) <= figure <= _MAX_AMOUNT):
                raise Invalid("activity.amount", "expected an amount from 0 to 10^15", month=self.month, site=self.site)

    @property
    def year(self) -> int:
        """The calendar year of the month."""
        return int(self.month[:4])


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the activity table: its key (the English heading), its Chinese heading and what a cell holds."""

    key: str
    heading_zh: str
    is_required: bool
    expected: str


_AMOUNT = "a decimal number of zero or more, ASCII digits, no separators, such as 41250.5"

COLUMNS = (
    Column(key="month", heading_zh="月份", is_required=True, expected="a month as YYYY-MM, such as 2025-01"),
    Column(key="site", heading_zh="厂区", is_required=True, expected=_SITE_EXPECTED),
    Column(key="production_t", heading_zh="铝液产量(t)", is_required=True, expected=_AMOUNT),
    Column(key="captive_coal_kwh", heading_zh="自备燃煤电量(kWh)", is_required=True, expected=_AMOUNT),
    Column(key="grid_kwh", heading_zh="网购电量(kWh)", is_required=True, expected=_AMOUNT),
    Column(key="own_nonfossil_direct_kwh", heading_zh="自有非化石直供电量(kWh)", is_required=True, expected=_AMOUNT),
    Column(key="market_nonfossil_contract_kwh", heading_zh="市场化非化石电量(kWh)", is_required=True, expected=_AMOUNT),
    Column(
        key="anode_effect_min_per_cell_day",
        heading_zh="阳极效应(min/槽·日)",
        is_required=False,
        expected=f"{_AMOUNT}, or empty when not measured",
    ),
    Column(
        key="net_anode_t",
        heading_zh="净阳极消耗(t)",
        is_required=False,
        expected=f"{_AMOUNT}, or empty when not measured",
    ),
)
"""The table's columns, in the template's order.

A heading is the key (``production_t``), the Chinese heading (``铝液产量(t)``) or, as the template prints it,
both with one blank between (``production_t 铝液产量(t)``). Optional columns may be left out.
"""

# Chinese input methods type full-width brackets in headings; in figures they stay refused.
_HALF_WIDTH = str.maketrans({"\uff08": "(", "\uff09": ")"})

_BY_HEADING: Mapping[str, Column] = {
    spelling: column
    for column in COLUMNS
    for spelling in (column.key, column.heading_zh, f"{column.key} {column.heading_zh}")
}


def parse_activity(table: Table) -> tuple[ActivityMonth, ...]:
    """Return the table's months in the order of its rows.

    The first row holds the headings (see ``COLUMNS``), in any order. Rows whose cells are all empty are skipped.
    Anything else that is wrong - an unknown, repeated or missing column, a bad cell, a second row for the same month
    and site, no row at all - is collected, and one ``ImportRefused`` names every place: file, sheet, row, column,
    value and what was expected.
    """
    errors: list[RowError] = []
    columns = _columns(table, errors)
    if errors:
        raise ImportRefused(table.file, tuple(errors))
    months: list[ActivityMonth] = []
    seen: dict[tuple[str, str], int] = {}
    for number, cells in enumerate(table.rows[1:], start=2):
        if not any(cells):
            continue
        month = _month(table, columns, number, cells, errors)
        if month is None:
            continue
        first = seen.setdefault((month.month, month.site), number)
        if first != number:
            errors.append(
                _error(
                    table,
                    number,
                    column="month",
                    value=month.month,
                    expected=f"one row for each month and site; row {first} has this one",
                )
            )
        months.append(month)
    if not months and not errors:
        errors.append(_error(table, 2, expected="at least one row of figures under the headings"))
    if errors:
        raise ImportRefused(table.file, tuple(errors))
    return tuple(months)


def _error(table: Table, row: int, *, expected: str, column: str = "", value: str = "") -> RowError:
    return RowError(
        file=table.file, sheet=table.sheet, row=row, column=column[:80], value=value[:80], expected=expected
    )


def _columns(table: Table, errors: list[RowError]) -> tuple[Column, ...]:
    found: list[Column] = []
    for heading in table.rows[0] if table.rows else ():
        column = _BY_HEADING.get(heading.strip().translate(_HALF_WIDTH))
        if column is None:
            known = ", ".join(column.key for column in COLUMNS)
            errors.append(_error(table, 1, column=heading, value=heading, expected=f"a known heading: {known}"))
        elif column in found:
            errors.append(_error(table, 1, column=column.key, value=heading, expected="each column once"))
        else:
            found.append(column)
    errors.extend(
        _error(table, 1, column=column.key, expected=f"a column headed {column.key} or {column.heading_zh}")
        for column in COLUMNS
        if column.is_required and column not in found
    )
    return tuple(found)


def _month(
    table: Table, columns: tuple[Column, ...], number: int, cells: tuple[str, ...], errors: list[RowError]
) -> ActivityMonth | None:
    before = len(errors)
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        surplus = next(cell for cell in cells[len(columns) :] if cell)
        errors.append(_error(table, number, value=surplus, expected=f"no cell beyond the {len(columns)} columns"))
    padded = (*cells, *[""] * (len(columns) - len(cells)))
    words: dict[str, str] = {}
    figures: dict[str, Decimal | None] = {}
    for column, cell in zip(columns, padded, strict=False):
        if column.key == "month" and _MONTH.fullmatch(cell):
            words["month"] = cell
        elif column.key == "site" and _is_site(cell.strip()):
            words["site"] = cell.strip()
        elif column.key in {"month", "site"} or not _reads(column, cell, figures):
            errors.append(_error(table, number, column=column.key, value=cell, expected=column.expected))
    if len(errors) > before:
        return None
    return ActivityMonth(
        month=words["month"],
        site=words["site"],
        production_t=_required(figures, "production_t"),
        ac_kwh={source: _required(figures, f"{source}_kwh") for source in POWER_TERMS},
        anode_effect_min_per_cell_day=figures.get("anode_effect_min_per_cell_day"),
        net_anode_t=figures.get("net_anode_t"),
        origin=f"{table.file}{f' sheet {table.sheet}' if table.sheet else ''} row {number}",
    )


def _reads(column: Column, cell: str, figures: dict[str, Decimal | None]) -> bool:
    """Put the cell's amount into ``figures`` and return whether it was readable; an empty optional cell is None."""
    if not cell and not column.is_required:
        figures[column.key] = None
        return True
    try:
        amount = amounts.parse_decimal(cell, field=column.key)
    except Invalid:
        return False
    # The pattern lets "-0" through: a signed zero is refused with every other negative figure.
    if cell.startswith("-") or amount > _MAX_AMOUNT:
        return False
    figures[column.key] = amount
    return True


def _is_site(name: str) -> bool:
    # A leading = + - @ would run as a formula in the spreadsheet that an export is opened with.
    return 0 < len(name) <= _SITE_LENGTH and name == name.strip() and name.isprintable() and name[0] not in "=+-@"


def _required(figures: Mapping[str, Decimal | None], key: str) -> Decimal:
    amount = figures[key]
    assert amount is not None, f"{key} is a required column, its empty cell was refused"
    return amount
