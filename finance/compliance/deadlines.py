"""Deadlines: the days of a compliance year's calendar and what does not surrendering costs by rule.

Owns reading both kinds of rows. Knows no clock: the day of today is never asked, the caller compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.compliance import rules as rule_rows
from finance.conventions.tables import DATE_UNIT, ReferenceRow, ReferenceSet
from ledger.core.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One dated step of a compliance year; ``due_on`` is the last day on which it is in time."""

    due_on: date
    row: ReferenceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class FineRange:
    """The smallest and largest fine for missing tonnes, exact CNY."""

    low_cny: Fraction
    high_cny: Fraction
    formula: str
    rows: tuple[ReferenceRow, ReferenceRow]


def deadlines_of(rules: ReferenceSet, *, year: int) -> tuple[Deadline, ...]:
    """Return the year's deadlines in calendar order; a year without any raises ``deadline.none``.

    For 2025 the last is the surrender on 2026-12-31 (2026 work notice).
    """
    on = rule_rows.year_key(year)
    found = [
        Deadline(due_on=row.day(), row=row) for row in rules.rows if row.unit == DATE_UNIT and row.is_effective(on)
    ]
    if not found:
        raise NotFound("deadline.year_none", f"year: no deadlines of {year} are on file", year=str(year))
    return tuple(sorted(found, key=lambda deadline: (deadline.due_on, deadline.row.row_id)))


def fine_range(rules: ReferenceSet, *, missing_t: int, mean_price_cny_per_t: Fraction, on: date) -> FineRange:
    """Return the fine for ``missing_t`` not surrendered by a deadline on ``on``.

    5 to 10 times the mean market price of the month before the deadline times the missing tonnes (State Council order
    775, art. 24). 10 t at 80 CNY/t: 4,000 to 8,000 CNY. From 2026-08-15 the multiples are kept as assumed rows.
    """
    if missing_t < 0 or mean_price_cny_per_t <= 0:
        raise Invalid("fine.amount", "missing_t: expected zero or more tonnes, and a mean price above zero")
    low = rules.lookup("fine_multiple_min", on=on)
    high = rules.lookup("fine_multiple_max", on=on)
    base = missing_t * mean_price_cny_per_t
    return FineRange(
        low_cny=rule_rows.exact(low) * base,
        high_cny=rule_rows.exact(high) * base,
        formula="multiple x mean price of the month before the deadline x missing tonnes",
        rows=(low, high),
    )
