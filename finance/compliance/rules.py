"""Rule sets: the numbers, words and days that the market's rules fix, as dated rows with source and status.

Owns reading them and the key each kind is dated by: allocation, carry-over and deadline rows by the compliance year
(any day of that year finds them), offset rows by the day of surrender, sanction rows by the day of the breach. Knows
no formula.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from finance.conventions import tables
from finance.conventions.tables import ReferenceRow, ReferenceSet
from ledger.core.errors import Invalid


def parse_rules(text: str, *, set_id: str, version: str, file: str) -> ReferenceSet:
    """Return the rule set that CSV text spells; every unreadable row is named in one ``ImportRefused``."""
    return ReferenceSet(set_id=set_id, version=version, rows=tables.parse_reference_rows(text, file=file))


def year_key(year: int) -> date:
    """Return the day by which a compliance year's rows are looked up: its first; outside 1 to 9999 it is refused."""
    if not date.min.year <= year <= date.max.year:
        raise Invalid("rule.year", "year: expected a calendar year such as 2025", year=str(year)[:20])
    return date(year, 1, 1)


def years_with(rules: ReferenceSet, row_id: str) -> tuple[int, ...]:
    """Return the years in which rows of ``row_id`` begin, ascending, for messages that list what is known."""
    return tuple(sorted({row.effective_from.year for row in rules.rows if row.row_id == row_id}))


def exact(row: ReferenceRow) -> Fraction:
    """Return a numeric row's value as an exact fraction."""
    return Fraction(row.number())


def whole(row: ReferenceRow) -> int:
    """Return a numeric row's value as an integer; a fraction is refused with ``rule.not_whole``."""
    value = exact(row)
    if value.denominator != 1:
        raise Invalid("rule.not_whole", f"{row.row_id}: expected a whole number", row_id=row.row_id)
    return value.numerator
