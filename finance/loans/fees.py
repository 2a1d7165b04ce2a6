"""Fees in basis points a year: on what is undrawn, on the whole commitment, or on letters of credit issued.

Owns the clause and its exact amount over days. Knows no ratchet: an ESG step on a fee comes in as another rate from a
day on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.conventions.day_counts import DayCount, year_fraction
from finance.conventions.fields import check_identifier, refused
from finance.conventions.rates import basis_points
from finance.loans.interest_periods import PeriodRule
from ledger.core.amounts import MAX_UNITS
from ledger.core.errors import Invalid

_AREA = "fee"
_HIGHEST_FEE_BP = 10_000


class FeeBasis(StrEnum):
    """Which amount a fee is taken on."""

    UNDRAWN = "undrawn"  # commitment fee
    COMMITMENT = "commitment"  # facility fee, drawn or not
    ISSUED = "issued"  # letters of credit outstanding


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRule:
    """One fee: ``rate_bp`` basis points a year on ``basis``, by ``day_count``, paid by ``periods``."""

    name: str
    basis: FeeBasis
    rate_bp: Fraction
    day_count: DayCount
    periods: PeriodRule

    def __post_init__(self) -> None:
        """Refuse a nameless fee and a rate that no contract has."""
        check_identifier(self.name, area=_AREA, field="name")
        if not 0 <= self.rate_bp <= _HIGHEST_FEE_BP:
            raise refused(area=_AREA, field="rate_bp", expected="0 to 10000 basis points", value=self.rate_bp)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSegment:
    """A constant amount and rate on [start, end): minor units and basis points a year."""

    start: date
    end: date
    amount_minor: int
    rate_bp: Fraction

    def __post_init__(self) -> None:
        """Refuse a segment without a day or with a negative amount."""
        if self.end <= self.start:
            raise refused(area=_AREA, field="end", expected=f"a day after {self.start}", value=self.end)
        if not 0 <= self.amount_minor <= MAX_UNITS:
            expected = "zero to 10^15 minor units"
            raise refused(area=_AREA, field="amount_minor", expected=expected, value=self.amount_minor)


def fee_amount(segments: Sequence[FeeSegment], *, day_count: DayCount) -> Fraction:
    """Return the fee over ``segments``, exact, in minor units: the sum of amount x rate x year fraction.

    The segments tile one fee period (``fee.tiling``). 40 bp on USD 100,000,000 undrawn for 90 days in ACT/360 is
    100,000.00.
    """
    total = Fraction(0)
    for number, segment in enumerate(segments):
        if number and segment.start != segments[number - 1].end:
            raise Invalid("fee.tiling", f"segments: expected the next to start on {segments[number - 1].end}")
        fraction = year_fraction(segment.start, segment.end, day_count)
        total += segment.amount_minor * basis_points(segment.rate_bp) * fraction
    return total
