"""What a deal costs in fees: by the rows of the fee rates, or as typed from a paper.

Owns the amounts. Knows no order: what has no row and no paper is unknown, never free.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.conventions.tables import ReferenceRow, ReferenceSet
from finance.trading.instruments import Family
from finance.trading.rules import TradeMethod, region_of
from ledger.core.amounts import RoundingMode, round_exact

FEE = RoundingMode.HALF_UP
"""A fee is a share of the amount, rounded half-up once to the minor unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRate:
    """The share of the amount that is charged, and its row."""

    share: Fraction
    row: ReferenceRow

    def fee_minor(self, amount: Fraction) -> int:
        """Return the fee on ``amount`` (major units) in minor units: 0.3 % of 800,000 is 2,400.00, so 240,000."""
        return round_exact(amount * self.share * 100, FEE)


def fee_rate(rates: ReferenceSet, kind: Family, method: TradeMethod, *, on: date) -> FeeRate | None:
    """Return the rate in force, or None where none is on file: the fee then is typed with its document."""
    row_id, region = f"{kind.value.lower()}.{method}.fee_share", region_of(kind)
    if not any(row.row_id == row_id and row.region == region and row.is_effective(on) for row in rates.rows):
        return None
    row = rates.lookup(row_id, on=on, region=region)
    return FeeRate(share=Fraction(row.number()), row=row)
