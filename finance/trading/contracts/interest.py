"""Interest of contracts: exact to the day, rounded once to the fen on the cumulative amount.

Owns the two rules: linear between a sale and its buy-back, and simple on a principal that is repaid in parts. An accrual
books the cumulative amount less what was booked before, so that parts always sum to the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import accumulate

from finance.conventions.day_counts import DayCount, day_units, year_fraction
from finance.conventions.rounding import INTEREST_PAYMENT
from finance.trading.contracts.effects import Money, MoneyKind, Plan, paid
from finance.trading.contracts.standing import Standing
from finance.trading.contracts.terms import refused
from ledger.core.amounts import round_exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The days of a contract: interest runs on [starts_on, ends_on), late interest from ``ends_on`` on."""

    starts_on: date
    ends_on: date
    day_count: DayCount
    late_rate: Fraction


def linear_interest(total_fen: int, principal_fen: int, term: Term, *, until: date) -> Fraction:
    """Return the part of ``total_fen`` that [starts_on, until) carries, exact, and after ``ends_on`` late interest on top.

    1,800.00 over 90 days carries 600.00 after 30 of them. Source: straight line by the contract's day count; late
    interest is principal x late rate x year fraction.
    """
    end = min(max(until, term.starts_on), term.ends_on)
    whole = day_units(term.starts_on, term.ends_on, term.day_count)
    if not whole:
        raise refused("ends_on", "a term of at least one day by its day count")
    earned = Fraction(total_fen * day_units(term.starts_on, end, term.day_count), whole)
    return earned + _late(principal_fen, term, until=until)


def simple_interest(steps: Sequence[tuple[date, int]], rate: Fraction, term: Term, *, until: date) -> Fraction:
    """Return principal x rate x year fraction over the days of each principal up to ``until`` (exclusive), exact in fen.

    ``steps`` are dated changes of the principal. After ``ends_on`` the late rate holds instead. 10,000,000.00 at 4.5 %
    ACT/360 for 30 days is 37,500.00.
    """
    moved = sorted(steps)
    sums = list(accumulate(change for _, change in moved))
    ends = [day for day, _ in moved[1:]] + [until]
    total = Fraction(0)
    for (start, _), end, principal in zip(moved, ends, sums, strict=True):
        last = min(end, until)
        if last <= start:
            continue
        in_term = min(last, term.ends_on)
        if in_term > start:
            total += principal * rate * year_fraction(start, in_term, term.day_count)
        if last > term.ends_on:
            total += principal * term.late_rate * year_fraction(max(start, term.ends_on), last, term.day_count)
    return total


def implied_rate(paid_fen: int, received_fen: int, term: Term) -> Fraction:
    """Return the yearly rate, a fraction of one, that a later amount gives on an earlier one: (later / earlier - 1) / year fraction.

    10,000,000.00 bought back at 10,112,500.00 after 90 days ACT/360 is 4.5 %.
    """
    years = year_fraction(term.starts_on, term.ends_on, term.day_count)
    if not years:
        raise refused("ends_on", "a term of at least one day by its day count")
    return (Fraction(received_fen, paid_fen) - 1) / years


def accrued(interest: Fraction, standing: Standing, *, is_cost: bool) -> Plan:
    """Return the booking of cumulative ``interest`` (rounded half-up once) less what was booked before; it may go down.

    It goes down only when an amendment lowered what the days carry, and never below what was paid: that is not refunded.
    """
    target = max(round_exact(interest, INTEREST_PAYMENT), standing.interest_paid_fen)
    change = target - standing.accrued_fen
    up, down = (
        (MoneyKind.INTEREST_COST_ACCRUED, MoneyKind.INTEREST_COST_REDUCED)
        if is_cost
        else (MoneyKind.INTEREST_EARNED_ACCRUED, MoneyKind.INTEREST_EARNED_REDUCED)
    )
    effects: tuple[Money, ...] = paid(up if change > 0 else down, abs(change))
    return Plan(effects=effects, figures={"accrued_fen": change})


def _late(principal_fen: int, term: Term, *, until: date) -> Fraction:
    if until <= term.ends_on:
        return Fraction(0)
    return principal_fen * term.late_rate * year_fraction(term.ends_on, until, term.day_count)
