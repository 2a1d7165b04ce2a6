"""The numbers that risk figures rest on, as sourced rows: windows, limits of a series, decay, spreads, zones, ladders.

Owns reading them into typed values and the leaf that names a row. Holds no number of its own and opens no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.conventions.explain import Explanation
from finance.conventions.tables import ReferenceRow, ReferenceSet
from ledger.core.errors import Invalid

_MISSING = "max_missing_sessions."


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskParameters:
    """The rows in force on one day, by id."""

    on: date
    rows: Mapping[str, ReferenceRow]

    def exact(self, row_id: str) -> Fraction:
        """Return a row's value exactly; an id that is not on file is a bug."""
        return Fraction(self.rows[row_id].number())

    def whole(self, row_id: str) -> int:
        """Return a row's value as a whole number of zero or more."""
        value = self.exact(row_id)
        if value.denominator != 1 or value < 0:
            raise Invalid("risk.parameter", f"{row_id}: expected a whole number of zero or more; correct the row")
        return value.numerator

    def max_missing_sessions(self, price_basis: str) -> int:
        """Return how many unobserved sessions one return of ``price_basis`` may span; a basis without a row has no daily series."""
        row_id = f"{_MISSING}{price_basis}"
        if row_id not in self.rows:
            known = ", ".join(sorted(name.removeprefix(_MISSING) for name in self.rows if name.startswith(_MISSING)))
            raise Invalid(
                "risk.price_basis",
                f"price_basis: expected one with a daily series: {known}",
                price_basis=price_basis[:40],
            )
        return self.whole(row_id)

    def leaf(self, row_id: str) -> Explanation:
        """Return the leaf that names a row with its source and status."""
        row = self.rows[row_id]
        return Explanation(
            label_en=row.label_en,
            label_zh=row.label_zh,
            value=row.value,
            unit=row.unit,
            source=f"{row.source} [{row.status}; {row.row_id} version {row.version}]",
        )


def risk_parameters(rules: ReferenceSet, *, on: date) -> RiskParameters:
    """Return the rows of ``rules`` in force on ``on``; a day before the first of them is ``reference.missing``."""
    names = sorted({row.row_id for row in rules.rows})
    # A basis may have begun later than the market: only such rows may be absent, everything else is needed.
    named = {
        name: rules.lookup(name, on=on)
        for name in names
        if not name.startswith(_MISSING) or any(row.row_id == name and row.is_effective(on) for row in rules.rows)
    }
    return RiskParameters(on=on, rows=named)
