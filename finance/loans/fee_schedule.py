"""The payments of a fee through a tranche's life: its periods, what it is taken on, its rate with the ESG step, one rounding.

Owns the walk from signing to maturity. Knows no KPI and no lender: principal movements and price moves come in as values.
Amounts are minor units of the tranche's currency, rates basis points a year.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from finance.loans.balance import PrincipalFlow, PrincipalKind
from finance.loans.fees import FeeBasis, FeeRule, FeeSegment, fee_amount
from finance.loans.period_dates import DayRule, InterestPeriod, dated_periods
from finance.loans.price_moves import PriceMove, move_on, moves_between
from finance.loans.tranche import RoundingUnit
from finance.loans.tranche_terms import TrancheKind, TrancheTerms
from ledger.core.amounts import round_exact
from ledger.core.errors import Invalid

_DRAWN = frozenset((PrincipalKind.INITIAL_EXCHANGE, PrincipalKind.DRAWDOWN))


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeDue:
    """One payment of a fee: exact over its segments, which tile the period, and the amount it is rounded to."""

    period: InterestPeriod
    segments: tuple[FeeSegment, ...]
    fee_minor: Fraction
    payment_minor: int


def fee_schedule(
    tranche: TrancheTerms,
    rule: FeeRule,
    *,
    days: DayRule,
    principal: Sequence[PrincipalFlow],
    moves: Sequence[PriceMove],
) -> tuple[FeeDue, ...]:
    """Return every payment of the fee from signing to maturity, in order.

    Periods are cut by the fee's own rule and paid by the tranche's calendar and day rule, as interest is. The terms name no
    earlier end of availability, so a fee on what is undrawn runs to maturity. Segments are maximal: they change where the amount
    or the rate does. The rate is the contract's plus the ``moves`` of the day, never below zero. Each payment is the exact sum
    rounded once by the tranche's mode (each segment, where the contract says so). ``principal`` is what was drawn and repaid.

    40 bp on USD 100,000,000 undrawn in ACT/360 for 90 days: 100,000.00; 39 bp from the 46th day on: 98,750.00. A fee on letters of
    credit of a tranche that is none is refused with ``fee.basis``. Source: commitment and facility fee clauses of the credit
    agreements in the loan reference, section 2; day by day as interest (分段计息).
    """
    steps = fee_base(tranche, rule.basis, principal)
    periods = dated_periods(rule.periods, start=tranche.signed_on, end=tranche.maturity_date, days=days)
    return tuple(_due(tranche, rule, period, steps, moves) for period in periods)


def fee_base(
    tranche: TrancheTerms, basis: FeeBasis, principal: Sequence[PrincipalFlow]
) -> tuple[tuple[date, int], ...]:
    """Return what the fee is taken on as (first day, minor units) in order of day, the first being the day of signing.

    Undrawn is the commitment less what was drawn, never below zero (more may be drawn under an accordion). What a revolving tranche
    repays can be drawn again; what any other repays cannot. Of CNY 200 m committed, 150 m drawn and 50 m repaid, 100 m
    are undrawn when revolving, 50 m otherwise. The commitment counts whole, drawn or not, to maturity. Issued is what is
    outstanding on a tranche of letters of credit; for another kind nothing says it (``fee.basis``).
    """
    if basis is FeeBasis.ISSUED and tranche.what is not TrancheKind.LETTER_OF_CREDIT:
        raise Invalid(
            "fee.basis",
            f"basis: expected a tranche of letters of credit for a fee on what is issued, not {tranche.what}",
            field="basis",
            tranche_id=tranche.tranche_id,
        )
    used = _used(tranche, basis, principal)
    if basis is FeeBasis.ISSUED:
        return used
    return tuple((day, max(tranche.commitment_minor - amount, 0)) for day, amount in used)


def _used(tranche: TrancheTerms, basis: FeeBasis, principal: Sequence[PrincipalFlow]) -> tuple[tuple[date, int], ...]:
    """Return what is taken up of the tranche, by the day it changes: outstanding, or all that was ever drawn."""
    is_outstanding = basis is FeeBasis.ISSUED or tranche.what is TrancheKind.REVOLVING
    counted = () if basis is FeeBasis.COMMITMENT else principal
    amount, by_day = 0, {tranche.signed_on: 0}
    for flow in sorted(counted, key=lambda each: each.on):
        if is_outstanding or flow.kind in _DRAWN:
            amount -= flow.amount_minor
            by_day[max(flow.on, tranche.signed_on)] = amount
    return tuple(by_day.items())


def _due(
    tranche: TrancheTerms,
    rule: FeeRule,
    period: InterestPeriod,
    steps: Sequence[tuple[date, int]],
    moves: Sequence[PriceMove],
) -> FeeDue:
    segments = _segments(rule, period, steps, moves)
    exact = fee_amount(segments, day_count=rule.day_count)
    if tranche.rounding_unit is RoundingUnit.PER_SEGMENT:
        each = (fee_amount((segment,), day_count=rule.day_count) for segment in segments)
        payment = sum(round_exact(amount, tranche.rounding) for amount in each)
    else:
        payment = round_exact(exact, tranche.rounding)
    return FeeDue(period=period, segments=segments, fee_minor=exact, payment_minor=payment)


def _segments(
    rule: FeeRule, period: InterestPeriod, steps: Sequence[tuple[date, int]], moves: Sequence[PriceMove]
) -> tuple[FeeSegment, ...]:
    """Return the stretches of constant amount and rate that tile the period; equal neighbours are one."""
    inside = steps[bisect_right(steps, period.start, key=_day) : bisect_left(steps, period.end, key=_day)]
    cuts = {period.start, period.end, *(day for day, _ in inside)}
    cuts |= {move.start for move in moves_between(moves, period.start, period.end)}
    found: list[FeeSegment] = []
    for start, end in pairwise(sorted(cuts)):
        amount_minor = steps[bisect_right(steps, start, key=_day) - 1][1]
        rate_bp = fee_rate_bp(rule, move_on(moves, start))
        opening = start
        if found and (found[-1].amount_minor, found[-1].rate_bp) == (amount_minor, rate_bp):
            opening = found.pop().start
        found.append(FeeSegment(start=opening, end=end, amount_minor=amount_minor, rate_bp=rate_bp))
    return tuple(found)


def _day(step: tuple[date, int]) -> date:
    return step[0]


def fee_rate_bp(rule: FeeRule, move: PriceMove) -> Fraction:
    """Return the fee's rate in bp a year with a move: 40 moved by -1 is 39, 1 moved by -5 is 0.

    A lender never pays the borrower for not drawing, so the rate stops at zero.
    """
    return max(rule.rate_bp + move.moved_bp, Fraction(0))
