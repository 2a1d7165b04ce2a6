"""What a decision on a loan moves on the swap that is paired with it: basis points on its spread, and what they are worth.

Owns the amount for each of the loan's interest periods. Knows no KPI and no market value: the loan's own schedule gives
the notional. Amounts are minor units of the loan's currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.conventions.day_counts import year_fraction
from finance.conventions.rates import basis_points
from finance.loans.flows import FlowSchedule, InterestDue
from finance.loans.period_dates import InterestPeriod
from finance.loans.price_moves import PriceMove, moves_between
from finance.loans.tranche import RoundingUnit
from finance.loans.tranche_terms import TrancheTerms
from ledger.core.amounts import round_exact
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapLegSegment:
    """Constant notional and moves on [start, end): the swap's spread by ``moved_bp``, the loan's margin by ``margin_bp``.

    ``amount_minor`` is notional x move x year fraction, exact; minus where the spread falls.
    """

    start: date
    end: date
    notional_minor: int
    moved_bp: Fraction
    margin_bp: Fraction
    year_fraction: Fraction

    @property
    def amount_minor(self) -> Fraction:
        """Return what the move is worth on these days."""
        return self.notional_minor * basis_points(self.moved_bp) * self.year_fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapLegDue:
    """One interest period of the loan: what the move of the swap's spread is worth in it, exact and rounded once."""

    period: InterestPeriod
    segments: tuple[SwapLegSegment, ...]
    amount_minor: Fraction
    payment_minor: int


def swap_leg_dues(swap: TrancheTerms, *, loan: FlowSchedule, moves: Sequence[PriceMove]) -> tuple[SwapLegDue, ...]:
    """Return what the moves of the swap's spread are worth in each of the loan's interest periods, in order.

    The notional is the loan's outstanding principal, since the pair has one notional; days count by the swap's own convention and
    the amount is rounded once by its mode. Days outside the swap's life count for nothing. A swap in another currency has a
    notional that nothing says and is refused with ``swap_leg.currency``.

    -10 bp on the loan and +10 bp on the leg, CNY 200,000,000, 92 days of 360: 51,111.11 less interest, 51,111.11 on the leg. Source:
    the instrument pair of the loan reference, section 6.4: one decision for both.
    """
    if swap.currency != loan.currency:
        raise Invalid(
            "swap_leg.currency",
            f"currency: expected a swap in {loan.currency}, the loan's currency, not {swap.currency}",
            field="currency",
            tranche_id=swap.tranche_id,
        )
    dues = (_due(swap, due, moves) for due in loan.interest)
    return tuple(due for due in dues if due is not None)


def _due(swap: TrancheTerms, due: InterestDue, moves: Sequence[PriceMove]) -> SwapLegDue | None:
    segments = _segments(swap, due, moves)
    if not segments:
        return None
    exact = sum((segment.amount_minor for segment in segments), Fraction(0))
    if swap.rounding_unit is RoundingUnit.PER_SEGMENT:
        payment = sum(round_exact(segment.amount_minor, swap.rounding) for segment in segments)
    else:
        payment = round_exact(exact, swap.rounding)
    return SwapLegDue(period=due.period, segments=segments, amount_minor=exact, payment_minor=payment)


def _segments(swap: TrancheTerms, due: InterestDue, moves: Sequence[PriceMove]) -> tuple[SwapLegSegment, ...]:
    found: list[SwapLegSegment] = []
    for accrual in due.segments:
        for move in moves_between(moves, accrual.start, accrual.end):
            state = (accrual.principal_minor, move.moved_bp, accrual.adjustment_bp)
            start = move.start
            # Equal neighbours are one, so that cutting changes nothing under any day count.
            if found and (found[-1].notional_minor, found[-1].moved_bp, found[-1].margin_bp) == state:
                start = found.pop().start
            found.append(
                SwapLegSegment(
                    start=start,
                    end=move.end,
                    notional_minor=accrual.principal_minor,
                    moved_bp=move.moved_bp,
                    margin_bp=accrual.adjustment_bp,
                    year_fraction=year_fraction(start, move.end, swap.day_count),
                )
            )
    return tuple(found)
