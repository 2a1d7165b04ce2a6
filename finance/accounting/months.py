"""An accounting month 会计期间: what vouchers are numbered in and what is closed.

Owns the spelling ``YYYY-MM`` and the month's bounds. Knows no book.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from ledger.core.errors import Invalid

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_DECEMBER = 12


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Month:
    """One calendar month, which is the accounting period of Chinese books (会计法, calendar year)."""

    year: int
    month: int

    def __post_init__(self) -> None:
        """Refuse what is no month of 1990 to 2200."""
        if not (_FIRST_YEAR <= self.year <= _LAST_YEAR and 1 <= self.month <= _DECEMBER):
            raise _no_month()

    @property
    def start(self) -> date:
        """Return the first day."""
        return date(self.year, self.month, 1)

    @property
    def end(self) -> date:
        """Return the day after the last, exclusive: 2026-12 ends on 2027-01-01."""
        return date(self.year + self.month // _DECEMBER, self.month % _DECEMBER + 1, 1)

    @property
    def last_day(self) -> date:
        """Return the last day, inclusive."""
        return self.end - timedelta(days=1)

    def __str__(self) -> str:
        """Return ``2026-11``."""
        return f"{self.year:04d}-{self.month:02d}"


def month_of(day: date) -> Month:
    """Return the month that ``day`` lies in."""
    return Month(year=day.year, month=day.month)


def parse_month(text: str) -> Month:
    """Return the month that ``text`` spells as YYYY-MM; anything else is refused with ``month.format``."""
    found = _MONTH.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise _no_month()
    return Month(year=int(found[1]), month=int(found[2]))


def _no_month() -> Invalid:
    return Invalid(
        "month.format", f"month: expected YYYY-MM, from {_FIRST_YEAR} to {_LAST_YEAR}, such as 2026-11", field="month"
    )
