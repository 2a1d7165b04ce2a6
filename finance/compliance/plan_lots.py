"""Lots as a surrender plan sees them: free tonnes of an eligible instrument with what a tonne costs to give up.

Owns the lot and the two ways to cost it. Knows no ledger, no mark and no order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from ledger.core.amounts import MAX_UNITS
from ledger.core.errors import Invalid

_FEN = 100


class CostBasis(StrEnum):
    """What a tonne costs to give up."""

    ECONOMIC = "economic"  # what selling it would bring: its mark
    BOOK = "book"  # what it stands for in the books; a free tonne costs nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLot:
    """Free tonnes of one lot that may settle the duty; pledged, held and lent ones are not in ``available_t``.

    ``cost_fen`` is the book cost of all ``quantity_t`` of the lot. ``price_cny_per_t`` is its mark, None when it has
    none. ``last_duty_year`` is the last compliance year it may settle, None when no rule ends it: of equally cheap lots
    the one that expires first goes first.
    """

    lot_id: int
    instrument: str
    is_ccer: bool
    acquired_on: date
    quantity_t: int
    available_t: int
    cost_fen: int
    price_cny_per_t: Fraction | None
    last_duty_year: int | None
    vintage_year: int

    def __post_init__(self) -> None:
        """Refuse a lot that gives more than it holds, costs below zero and prices of zero or less."""
        if not 0 <= self.available_t <= self.quantity_t <= MAX_UNITS or not 0 <= self.cost_fen <= MAX_UNITS:
            raise Invalid(
                "plan.lot",
                "lot: expected available up to quantity, and a cost of zero or more",
                lot_id=str(self.lot_id),
            )
        if self.price_cny_per_t is not None and self.price_cny_per_t <= 0:
            raise Invalid("plan.price", "price_cny_per_t: expected above zero", lot_id=str(self.lot_id))

    def unit_cost_fen(self, basis: CostBasis) -> Fraction:
        """Return what one tonne costs to give up, exact fen: 80.24 CNY/t is 8024."""
        return Fraction(*self.unit_cost_parts(basis))

    def unit_cost_parts(self, basis: CostBasis) -> tuple[int, int]:
        """Return the unit cost as numerator and denominator above zero, not reduced."""
        if basis is CostBasis.BOOK:
            return self.cost_fen, max(self.quantity_t, 1)
        if self.price_cny_per_t is None:
            return 0, 1  # an economic plan takes no lot without a price; what has nothing free needs none
        return self.price_cny_per_t.numerator * _FEN, self.price_cny_per_t.denominator
