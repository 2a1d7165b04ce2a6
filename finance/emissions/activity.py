"""Activity figures: what a site produced and used in a month, read from a table that people fill in.

Owns the reading of a table by its template and every refusal of a bad cell. Knows no factor, no methodology and no
file format: cells arrive as text, and a table is accepted as a whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from finance.conventions.table_rules import HEADING_ONCE, needed_column, nothing, repeated, unknown_heading, within
from finance.conventions.tables import Table
from finance.emissions.sources import PRODUCTION, PowerSource, power_field
from finance.emissions.templates import ActivityTemplate, FieldKind, TemplateField
from ledger.core import amounts
from ledger.core.errors import Expected, ImportRefused, Invalid, RowError

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)
_SITE_LENGTH = 100
_SITE_EXPECTED = "the site's name: 1 to 100 printable characters, not a formula"
_VERIFICATION_LENGTH = 200
_MAX_AMOUNT = Decimal(amounts.MAX_UNITS)


class DataStatus(StrEnum):
    """How far activity figures are vouched for."""

    CLAIMED = "claimed"  # the plant says so
    VERIFIED = "verified"  # a named verification report confirms them


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityMonth:
    """One site's process in one calendar month, by one template.

    ``production_t`` is the product in tonnes. ``ac_kwh`` holds the AC electricity of the process in kWh for each source.
    ``measured`` holds the template's other figures; None is not measured, which is not the same as zero. A month without
    production may carry electricity (a plant kept warm); it counts in the year's emissions, and only an intensity over
    zero production is undefined. ``verification`` names the report that verified the figures, None when they are the
    plant's own claim. ``origin`` says where the row stood.
    """

    month: str
    site: str
    template: ActivityTemplate
    production_t: Decimal
    ac_kwh: Mapping[PowerSource, Decimal]
    measured: Mapping[str, Decimal | None]
    verification: str | None = None
    origin: str

    def __post_init__(self) -> None:
        """Refuse a month that is not YYYY-MM, a missing source, a figure outside the template, unbounded amounts."""
        if not _MONTH.fullmatch(self.month):
            raise Invalid("activity.month", "month: expected YYYY-MM", value=self.month[:20])
        if not _is_site(self.site):
            raise Invalid("activity.site", f"site: expected {_SITE_EXPECTED}")
        if set(self.ac_kwh) != set(PowerSource):
            raise Invalid("activity.sources", f"ac_kwh: expected the sources {', '.join(PowerSource)}")
        known = set(self.template.measured_fields())
        if not set(self.measured) <= known:
            raise Invalid("activity.measured", f"measured: expected figures of {self.template.template_id} only")
        for figure in (self.production_t, *self.ac_kwh.values(), *self.measured.values()):
            if figure is not None and not (figure.is_finite() and Decimal(0) <= figure <= _MAX_AMOUNT):
                raise Invalid("activity.amount", "expected an amount from 0 to 10^15", month=self.month, site=self.site)
        if self.verification is not None:
            check_verification(self.verification)

    @property
    def year(self) -> int:
        """The calendar year of the month."""
        return int(self.month[:4])

    @property
    def data_status(self) -> DataStatus:
        """Verified exactly when a report is named."""
        return DataStatus.CLAIMED if self.verification is None else DataStatus.VERIFIED

    def figures(self) -> Mapping[str, Decimal]:
        """Return every figure that is there by its key: production, power by source, what was measured."""
        power = {power_field(source): kwh for source, kwh in self.ac_kwh.items()}
        measured = {field: value for field, value in self.measured.items() if value is not None}
        return {PRODUCTION: self.production_t, **power, **measured}

    @property
    def anode_effect_min_per_cell_day(self) -> Decimal | None:
        """The measurement of that key, None where the template has none; locked snapshots print it by this name."""
        return self.measured.get("anode_effect_min_per_cell_day")

    @property
    def net_anode_t(self) -> Decimal | None:
        """The measurement of that key, None where the template has none; locked snapshots print it by this name."""
        return self.measured.get("net_anode_t")


def check_verification(report: str) -> str:
    """Return the verification report's name if it is 1 to 200 printable characters without outer blanks."""
    if not 0 < len(report) <= _VERIFICATION_LENGTH or report != report.strip() or not report.isprintable():
        raise Invalid(
            "activity.verification",
            "verification: expected the verification report's name, 1 to 200 printable characters",
            field="verification",
        )
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the activity table: its key (the English heading), its Chinese heading and what a cell holds."""

    key: str
    heading_zh: str
    is_required: bool
    expected: Expected


_AMOUNT = "a decimal number of zero or more, ASCII digits, no separators, such as 41250.5"
_MONTH_EXPECTED = Expected("row.month", "a month as YYYY-MM, such as 2025-01")
_MONTH_COLUMN = Column(key="month", heading_zh="月份", is_required=True, expected=_MONTH_EXPECTED)
_SITE_COLUMN = Column(
    key="site",
    heading_zh="厂区",
    is_required=True,
    expected=Expected("row.site", _SITE_EXPECTED, characters=_SITE_LENGTH),
)

# Chinese input methods type full-width brackets in headings; in figures they stay refused.
_HALF_WIDTH = str.maketrans({"\uff08": "(", "\uff09": ")"})


def columns_of(template: ActivityTemplate) -> tuple[Column, ...]:
    """Return the table's columns in the form's order: month, site, then the template's figures.

    A heading is the key (``production_t``), the Chinese heading or, as the form prints it, both with one blank between.
    Optional columns may be left out; a power source left out is zero kWh, a measurement left out is not measured.
    """
    return (_MONTH_COLUMN, _SITE_COLUMN, *(_column(field) for field in template.fields))


def _column(field: TemplateField) -> Column:
    if field.is_required:
        expected = Expected("row.activity_amount", _AMOUNT)
    elif field.kind is FieldKind.POWER:
        expected = Expected("row.activity_power", f"{_AMOUNT}, or empty when zero")
    else:
        expected = Expected("row.activity_measured", f"{_AMOUNT}, or empty when not measured")
    return Column(key=field.field, heading_zh=field.heading_zh, is_required=field.is_required, expected=expected)


def parse_activity(
    table: Table, template: ActivityTemplate, *, verification: str | None = None
) -> tuple[ActivityMonth, ...]:
    """Return the table's months in the order of its rows, as figures of ``template``.

    The first row holds the headings (see ``columns_of``), in any order. Rows whose cells are all empty are skipped.
    Anything else that is wrong - an unknown, repeated or missing column, a bad cell, a second row for the same month
    and site, no row at all - is collected, and one ``ImportRefused`` names every place: file, sheet, row, column,
    value and what was expected. ``verification`` names the report that verified every row, if one did.
    """
    reader = _Reader(table=table, template=template, verification=verification)
    errors: list[RowError] = []
    columns = _columns(table, columns_of(template), errors)
    if errors:
        raise ImportRefused(table.file, tuple(errors))
    months: list[ActivityMonth] = []
    seen: dict[tuple[str, str], int] = {}
    for number, cells in enumerate(table.rows[1:], start=2):
        if not any(cells):
            continue
        month = reader.month(columns, number, cells, errors)
        if month is None:
            continue
        first = seen.setdefault((month.month, month.site), number)
        if first != number:
            expected = repeated("one row for each month and site", first)
            errors.append(_error(table, number, column="month", value=month.month, expected=expected))
        months.append(month)
    if not months and not errors:
        errors.append(_error(table, 2, expected=nothing("row of figures under the headings")))
    if errors:
        raise ImportRefused(table.file, tuple(errors))
    return tuple(months)


def _error(table: Table, row: int, *, expected: Expected, column: str = "", value: str = "") -> RowError:
    return RowError(
        file=table.file, sheet=table.sheet, row=row, column=column[:80], value=value[:80], expected=expected
    )


def _columns(table: Table, known: tuple[Column, ...], errors: list[RowError]) -> tuple[Column, ...]:
    by_heading: Mapping[str, Column] = {
        spelling: column
        for column in known
        for spelling in (column.key, column.heading_zh, f"{column.key} {column.heading_zh}")
    }
    found: list[Column] = []
    for heading in table.rows[0] if table.rows else ():
        column = by_heading.get(heading.strip().translate(_HALF_WIDTH))
        if column is None:
            expected = unknown_heading(column.key for column in known)
            errors.append(_error(table, 1, column=heading, value=heading, expected=expected))
        elif column in found:
            errors.append(_error(table, 1, column=column.key, value=heading, expected=HEADING_ONCE))
        else:
            found.append(column)
    errors.extend(
        _error(table, 1, column=column.key, expected=needed_column(column.key, column.heading_zh))
        for column in known
        if column.is_required and column not in found
    )
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads one row at a time of a table whose headings are known."""

    table: Table
    template: ActivityTemplate
    verification: str | None

    def month(
        self, columns: tuple[Column, ...], number: int, cells: tuple[str, ...], errors: list[RowError]
    ) -> ActivityMonth | None:
        """Return the row's month, or None with the reasons in ``errors``."""
        table, before = self.table, len(errors)
        if len(cells) > len(columns) and any(cells[len(columns) :]):
            surplus = next(cell for cell in cells[len(columns) :] if cell)
            errors.append(_error(table, number, value=surplus, expected=within(len(columns))))
        padded = (*cells, *[""] * (len(columns) - len(cells)))
        words: dict[str, str] = {}
        figures: dict[str, Decimal | None] = {}
        for column, cell in zip(columns, padded, strict=False):
            if column is _MONTH_COLUMN and _MONTH.fullmatch(cell):
                words["month"] = cell
            elif column is _SITE_COLUMN and _is_site(cell.strip()):
                words["site"] = cell.strip()
            elif column in {_MONTH_COLUMN, _SITE_COLUMN} or not _reads(column, cell, figures):
                errors.append(_error(table, number, column=column.key, value=cell, expected=column.expected))
        if len(errors) > before:
            return None
        production = figures[PRODUCTION]
        assert production is not None, "production is a required column, its empty cell was refused"
        return ActivityMonth(
            month=words["month"],
            site=words["site"],
            template=self.template,
            production_t=production,
            ac_kwh={source: figures.get(power_field(source)) or Decimal(0) for source in PowerSource},
            measured={field: figures.get(field) for field in self.template.measured_fields()},
            verification=self.verification,
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
