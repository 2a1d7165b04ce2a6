"""The plain loan's payments on integers alone: the engine's answer for many loans, one by one, without its reasons.

Owns the lean path: a shared grid of settlement days and loops without fractions. It gives the fen that ``flows`` gives
for a tranche drawn once and repaid at maturity or in parts; anything else is refused by name and belongs there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import NamedTuple

from finance.conventions.day_counts import DayCount, day_units, units_per_year
from finance.conventions.fields import refused
from finance.loans.instalments import equal_parts, principal_dues
from finance.loans.interest_periods import SettlementRule
from finance.loans.period_dates import DayRule
from finance.loans.repayment import Bullet, EqualPrincipal, InterestOnlyThen, Stepped
from finance.loans.tranche import RoundingUnit, Tranche
from ledger.core.amounts import RoundingMode

_AREA = "payment_plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodGrid:
    """The settlement days of whole years as they accrue and as they are paid; made once, used for many loans.

    All are days as counted by ``date.toordinal``, rising; ``payments`` are 0 where the calendar does not reach.
    """

    rule: SettlementRule
    days: DayRule
    ends: tuple[int, ...]
    payments: tuple[int, ...]


def period_grid(rule: SettlementRule, *, days: DayRule, first_year: int, last_year: int) -> PeriodGrid:
    """Return the grid of the years given, both inclusive.

    A payment lag is refused with ``payment_plan.payment_lag_days``: near maturity it depends on the loan.
    """
    if rule.payment_lag_days:
        raise refused(area=_AREA, field="payment_lag_days", expected="no lag; use flows", value=rule.payment_lag_days)
    settlements = [day for year in range(first_year, last_year + 1) for day in rule.settlement_days(year)]
    ends = [days.accrues_to(day).toordinal() for day in settlements]
    if any(later <= earlier for earlier, later in pairwise(ends)):
        raise refused(area=_AREA, field="settlement", expected="settlement days on different open days", value=rule.day)
    paid = [days.paid_on(day) for day in settlements]
    return PeriodGrid(
        rule=rule,
        days=days,
        ends=tuple(ends),
        payments=tuple(day.toordinal() if day else 0 for day in paid),
    )


class PaymentPlan(NamedTuple):
    """One loan's payments by period: days as ordinals, amounts in minor units, one entry a period in each tuple."""

    ends: tuple[int, ...]
    payments: tuple[int, ...]
    interest_minor: tuple[int, ...]
    principal_minor: tuple[int, ...]


def payment_plan(tranche: Tranche, *, grid: PeriodGrid, rates: Sequence[tuple[date, Fraction]]) -> PaymentPlan:
    """Return the payments of a tranche whose all-in rate is ``rates``: each from its day on, the first from drawdown.

    Interest of a period is summed exactly over constant principal and rate and rounded once by the tranche's mode, as
    ``flows`` does; ``payments`` is 0 where the calendar does not reach. CNY 200,000,000 at ACT/360 and 3.45 %, from 6
    May 2024 3.35 %: the payment of 20 Jun 2024 is 173,833,333 fen. What the lean path does not know is refused with
    ``payment_plan.<field>``.
    """
    _check_plain(tranche, grid)
    _check_rates(tranche, rates)
    start, maturity = tranche.start.toordinal(), tranche.maturity.toordinal()
    if start < grid.ends[0] or maturity > grid.ends[-1]:
        raise refused(area=_AREA, field="grid", expected="a grid that covers the life", value=len(grid.ends))
    first, last = bisect_right(grid.ends, start), bisect_left(grid.ends, maturity)
    ends = (*grid.ends[first:last], maturity)
    paid_last = grid.days.paid_on(tranche.maturity)
    payments = (*grid.payments[first:last], paid_last.toordinal() if paid_last else 0)
    denominator = lcm(*[rate.denominator for _, rate in rates])
    numerators = [(day.toordinal(), rate.numerator * (denominator // rate.denominator)) for day, rate in rates]
    drawn = tranche.drawdowns[0].amount_minor
    divisor = denominator * units_per_year(tranche.day_count)
    is_bullet = isinstance(tranche.repayment, Bullet)
    if is_bullet and len(rates) == 1 and tranche.day_count in _COUNTED_DAYS:
        interest = _even(drawn * numerators[0][1], start, ends, divisor, tranche.rounding)
        return PaymentPlan(ends, payments, interest, (*(0,) * (len(ends) - 1), drawn))
    moves = [] if is_bullet else _moves(tranche, grid)
    return _uneven(tranche, numerators, moves, PaymentPlan(ends, payments, (), ()), divisor)


_COUNTED_DAYS = frozenset({DayCount.ACT_360, DayCount.ACT_365F})


def _even(product: int, start: int, ends: Sequence[int], divisor: int, mode: RoundingMode) -> tuple[int, ...]:
    """Return the interest of each period at one rate on one principal: a multiplication and a division a period."""
    if product >= 0 and mode is RoundingMode.HALF_UP:
        half, interest, previous = divisor // 2, [], start
        for end in ends:
            interest.append((product * (end - previous) + half) // divisor)
            previous = end
        return tuple(interest)
    starts = (start, *ends[:-1])
    return tuple(rounded(product * (end - begin), divisor, mode) for begin, end in zip(starts, ends, strict=True))


def _uneven(
    tranche: Tranche,
    numerators: Sequence[tuple[int, int]],
    moves: Sequence[tuple[int, int]],
    plan: PaymentPlan,
    divisor: int,
) -> PaymentPlan:
    """Return the plan when rate or principal changes: cut at every change, summed over one divisor, rounded once.

    ``moves`` lie before maturity. On one day the repayment and the new rate both count for what follows.
    """
    day_count, mode = tranche.day_count, tranche.rounding
    is_counted = day_count in _COUNTED_DAYS
    balance, numerator = tranche.drawdowns[0].amount_minor, numerators[0][1]
    changes = sorted([(day, 0, amount) for day, amount in moves] + [(day, 1, rate) for day, rate in numerators[1:]])
    interest, principal = [], []
    begin, place, count, half = tranche.start.toordinal(), 0, len(changes), divisor // 2
    for end in plan.ends:
        total = repaid = 0
        while place < count and changes[place][0] <= end:
            cut, is_rate, change = changes[place]
            place += 1
            if cut > begin:
                units = cut - begin if is_counted else _units(begin, cut, day_count)
                total, begin = total + balance * numerator * units, cut
            if is_rate:
                numerator = change
            else:
                amount = min(change, balance)
                balance, repaid = balance - amount, repaid + amount
        if end > begin:
            units = end - begin if is_counted else _units(begin, end, day_count)
            total, begin = total + balance * numerator * units, end
        is_simple = total >= 0 and mode is RoundingMode.HALF_UP
        interest.append((total + half) // divisor if is_simple else rounded(total, divisor, mode))
        principal.append(repaid)
    principal[-1] += balance
    return PaymentPlan(plan.ends, plan.payments, tuple(interest), tuple(principal))


def _units(start: int, end: int, day_count: DayCount) -> int:
    return day_units(date.fromordinal(start), date.fromordinal(end), day_count)


def _moves(tranche: Tranche, grid: PeriodGrid) -> list[tuple[int, int]]:
    """Return the repayments before maturity on the days they accrue; a loan cleared earlier belongs to ``flows``."""
    drawn_minor, maturity = tranche.drawn_minor, tranche.maturity
    if isinstance(tranche.repayment, EqualPrincipal):
        days, parts = equal_parts(tranche.repayment, drawn_minor=drawn_minor, start=tranche.start, maturity=maturity)
        dues = [(day, part) for day, part in zip(days, parts, strict=True) if day < maturity]
    else:
        listed = principal_dues(tranche.repayment, drawn_minor=drawn_minor, start=tranche.start, maturity=maturity)
        dues = [(due.on, due.amount_minor) for due in listed]
    if sum(amount for _, amount in dues) >= drawn_minor:
        raise refused(area=_AREA, field="repayment", expected="a balance left for maturity; use flows", value=len(dues))
    if grid.days.is_accrual_adjusted:
        dues = [(grid.days.accrues_to(day), amount) for day, amount in dues]
    return [(day.toordinal(), amount) for day, amount in dues if day < maturity]


def _check_rates(tranche: Tranche, rates: Sequence[tuple[date, Fraction]]) -> None:
    days = [day for day, _ in rates]
    if not days or days[0] != tranche.start or any(later <= earlier for earlier, later in pairwise(days)):
        expected = f"rates from {tranche.start} on, days rising"
        raise refused(area=_AREA, field="rates", expected=expected, value=len(days))


def rounded(numerator: int, denominator: int, mode: RoundingMode) -> int:
    """Return numerator / denominator (above zero) as ``round_exact`` rounds it, without building a fraction."""
    floor, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if mode is RoundingMode.FLOOR or twice < denominator:
        return floor
    if twice > denominator:
        return floor + 1
    if mode is RoundingMode.HALF_UP:
        return floor + (numerator > 0)
    return floor + floor % 2


def _check_plain(tranche: Tranche, grid: PeriodGrid) -> None:
    if tranche.periods != grid.rule:
        raise refused(area=_AREA, field="periods", expected="the grid's settlement rule", value=tranche.periods)
    if tranche.convention is not grid.days.convention or tranche.is_accrual_adjusted != grid.days.is_accrual_adjusted:
        raise refused(area=_AREA, field="convention", expected="the grid's convention", value=tranche.convention)
    if len(tranche.drawdowns) != 1:
        raise refused(area=_AREA, field="drawdowns", expected="one drawdown; use flows", value=len(tranche.drawdowns))
    if tranche.rounding_unit is not RoundingUnit.PER_PAYMENT:
        raise refused(area=_AREA, field="rounding_unit", expected="per_payment; use flows", value=tranche.rounding_unit)
    plain = Bullet | EqualPrincipal | Stepped
    repayment = tranche.repayment.then if isinstance(tranche.repayment, InterestOnlyThen) else tranche.repayment
    if not isinstance(repayment, plain):
        raise refused(area=_AREA, field="repayment", expected="no annuity; use flows", value=type(repayment).__name__)
