"""A year's figures as a guideline's report form prints them: each rounded once, by the form's own rounding rows.

Owns which figures a form has. The decimals and the mode are data; nothing here is used for an allocation or a KPI, which
take the exact figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from finance.conventions.tables import ReferenceRow, ReferenceSet
from finance.emissions.intensity import MonthEmissions, YearEmissions
from ledger.core.amounts import RoundingMode, format_exact
from ledger.core.errors import Conflict, Invalid

_UNIT = "decimals"
_KWH_PER_MWH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One printed figure of one month (or of the year when ``month`` is empty), with the row that says how it is rounded."""

    month: str
    site: str
    figure: str
    printed: str
    rounding: ReferenceRow


def report_lines(year: YearEmissions, rounding: ReferenceSet, *, report: str) -> tuple[ReportLine, ...]:
    """Return the printed figures of every month, then of the year.

    ``report`` is the methodology's report name; empty raises ``report.unknown``. Rounded at this named step only: 42318.604 t
    with 2 decimals half-up is ``42318.60``; CF4 of 0.03575 kg/t with 3 is ``0.036`` (CETS-AG-04.01-V01-2024 report tables).
    """
    if not report:
        raise Conflict(
            "report.unknown", f"{year.methodology_id}: no report form is known for this methodology; use its figures"
        )
    rows = {row.row_id.rpartition(".")[2]: row for row in rounding.rows if row.row_id.startswith(f"report.{report}.")}
    lines = [
        ReportLine(month=month.month, site=month.site, figure=figure, printed=_printed(value, row), rounding=row)
        for month in year.months
        for figure, row in rows.items()
        if (value := _month_figure(month, figure)) is not None
    ]
    for figure, row in rows.items():
        if figure in _YEAR:
            value = _YEAR[figure](year)
            lines.append(ReportLine(month="", site="", figure=figure, printed=_printed(value, row), rounding=row))
    return tuple(lines)


def rounding_of(row: ReferenceRow) -> tuple[int, RoundingMode]:
    """Return decimals and mode of a rounding row, whose unit reads ``decimals half_up``."""
    unit, _, mode = row.unit.partition(" ")
    if unit != _UNIT or mode not in set(RoundingMode):
        raise Invalid("report.rounding", f"{row.row_id}: expected the unit 'decimals' and a rounding mode")
    decimals = Fraction(row.number())
    if decimals.denominator != 1:
        raise Invalid("report.rounding", f"{row.row_id}: expected a whole number of decimals")
    return int(decimals), RoundingMode(mode)


def _printed(value: Fraction, row: ReferenceRow) -> str:
    decimals, mode = rounding_of(row)
    return format_exact(value, decimals, mode)


def _month_figure(month: MonthEmissions, figure: str) -> Fraction | None:
    if figure in _MONTH:
        return _MONTH[figure](month)
    return next((part.workings[figure] for part in month.parts if figure in part.workings), None)


_MONTH: Mapping[str, Callable[[MonthEmissions], Fraction]] = {
    "production_t": lambda month: month.production_t,
    "emissions_tco2e": lambda month: month.emissions_t,
    "ac_mwh": lambda month: month.ac_kwh / _KWH_PER_MWH,
}
_YEAR: Mapping[str, Callable[[YearEmissions], Fraction]] = {
    "production_t": lambda year: year.production_t,
    "emissions_tco2e": lambda year: year.emissions_t,
    "ac_mwh": lambda year: year.ac_kwh / _KWH_PER_MWH,
}
