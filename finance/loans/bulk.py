"""Schedules and accrual of very many plain loans at once: 64-bit integer columns, equal to the exact path to the fen.

Owns the kernels. No float enters: where a product would leave 64 bits it is divided limb by limb, and where even that
is too narrow the row is computed with Python integers. Knows no calendar but a ``PeriodGrid``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm

import numpy as np
import numpy.typing as npt

from finance.conventions.day_counts import DayCount, units_per_year
from finance.conventions.fields import refused
from finance.conventions.rates import basis_points
from finance.loans.payment_plan import PeriodGrid, rounded
from ledger.core.amounts import MAX_UNITS, RoundingMode

Integers = npt.NDArray[np.int64]
"""A column of 64-bit integers: minor units, days as ordinals, or numerators."""

_AREA = "bulk"
_BITS = 62
_COUNTED_DAYS = frozenset({DayCount.ACT_360, DayCount.ACT_365F})
_LARGEST_DENOMINATOR = 10**12
_LONGEST_PERIOD_DAYS = 4_000
_BLOCK = 4_096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoanColumns:
    """Many loans of one grid and day count, one row each: drawn once, one rate, bullet or equal parts each period.

    ``start`` and ``maturity`` are ordinals; the rate is ``rate_numerator / rate_denominator``, one denominator for all.
    """

    principal_minor: Integers
    start: Integers
    maturity: Integers
    rate_numerator: Integers
    rate_denominator: int
    is_equal_principal: npt.NDArray[np.bool_]
    day_count: DayCount
    rounding: RoundingMode

    def __post_init__(self) -> None:
        """Refuse columns that no set of loans has; the code names the column."""
        count = len(self.principal_minor)
        columns = (self.start, self.maturity, self.rate_numerator, self.is_equal_principal)
        if not count or any(len(column) != count for column in columns):
            raise refused(area=_AREA, field="principal_minor", expected="columns of one length above 0", value=count)
        _check_whole(self.principal_minor, self.start, self.maturity, self.rate_numerator)
        if self.day_count not in _COUNTED_DAYS:
            raise refused(area=_AREA, field="day_count", expected="ACT/360 or ACT/365F", value=self.day_count)
        if self.principal_minor.min() <= 0 or self.principal_minor.max() > MAX_UNITS:
            raise refused(area=_AREA, field="principal_minor", expected="1 to 10^15 minor units", value="beyond")
        if (self.maturity <= self.start).any() or self.start.min() < 1:
            raise refused(area=_AREA, field="maturity", expected="a day after the start", value="a row without a day")
        if not 0 < self.rate_denominator <= _LARGEST_DENOMINATOR:
            expected = f"a common denominator up to {_LARGEST_DENOMINATOR}"
            raise refused(area=_AREA, field="rate_denominator", expected=expected, value=self.rate_denominator)
        if np.abs(self.rate_numerator).max() > self.rate_denominator:
            raise refused(area=_AREA, field="rate_numerator", expected="rates between -1 and 1", value="beyond")

    def rows(self, rows: slice) -> LoanColumns:
        """Return some of the loans."""
        return replace(
            self,
            principal_minor=self.principal_minor[rows],
            start=self.start[rows],
            maturity=self.maturity[rows],
            rate_numerator=self.rate_numerator[rows],
            is_equal_principal=self.is_equal_principal[rows],
        )

    @property
    def divisor(self) -> int:
        """Return what principal x numerator x days is divided by to give minor units."""
        return self.rate_denominator * units_per_year(self.day_count)


def rate_columns(rates: Sequence[Fraction]) -> tuple[Integers, int]:
    """Return the numerators of ``rates`` over their least common denominator, and that denominator.

    Above 10^12 it is refused with ``bulk.rate_denominator``: such rates are computed one by one.
    """
    denominator = 1
    for rate in set(rates):
        denominator = lcm(denominator, rate.denominator)
        if denominator > _LARGEST_DENOMINATOR:
            expected = f"rates with a common denominator up to {_LARGEST_DENOMINATOR}"
            raise refused(area=_AREA, field="rate_denominator", expected=expected, value=denominator)
    numerators = [rate.numerator * (denominator // rate.denominator) for rate in rates]
    return np.array(numerators, dtype=np.int64), denominator


def rounded_products(amounts: Integers, weights: Integers, *, divisor: int, mode: RoundingMode) -> Integers:
    """Return amount x weight / divisor in each place, exact, rounded once by ``mode``; amounts are not negative.

    20,000,000,000 fen x 34,500 (3.45 % in millionths) x 92 days over 360,000,000 is 176,333,333. A product inside 64
    bits takes one multiplication and one division; a wider one is divided in limbs with every step inside 62 bits.
    """
    if not amounts.size or not weights.size:
        return np.zeros(np.broadcast_shapes(amounts.shape, weights.shape), dtype=np.int64)
    highest, lightest = int(amounts.max()), int(weights.min())
    if amounts.min() < 0:
        raise refused(area=_AREA, field="amounts", expected="amounts that are not negative", value=int(amounts.min()))
    heaviest = max(int(weights.max()), -lightest)
    is_plain = mode is RoundingMode.HALF_UP and lightest >= 0
    if is_plain and (highest * heaviest + divisor).bit_length() <= _BITS:
        return (amounts * weights + divisor // 2) // divisor
    if not _has_room(highest, heaviest, divisor):
        return _one_by_one(amounts, weights, divisor=divisor, mode=mode)
    quotient, remainder = _long_division(amounts, np.abs(weights), divisor, heaviest=heaviest)
    return _rounded(quotient, remainder, weights < 0, divisor=divisor, mode=mode)


def _has_room(highest: int, heaviest: int, divisor: int) -> bool:
    """Return whether a limb has at least one bit and the quotients stay inside 62."""
    return (divisor + heaviest).bit_length() < _BITS and (highest * heaviest // divisor).bit_length() < _BITS


def _long_division(amounts: Integers, weights: Integers, divisor: int, *, heaviest: int) -> tuple[Integers, Integers]:
    """Return quotient and remainder of amounts x weights by divisor, high limb first.

    With limbs of k bits each step holds remainder x 2^k + limb x weight < (divisor + heaviest) x 2^k <= 2^62.
    """
    bits = _BITS - (divisor + heaviest).bit_length()
    limbs = -(-int(amounts.max()).bit_length() // bits) or 1
    quotient = np.zeros(np.broadcast_shapes(amounts.shape, weights.shape), dtype=np.int64)
    remainder = quotient.copy()
    mask = (1 << bits) - 1
    for place in range(limbs - 1, -1, -1):
        limb = (amounts >> (place * bits)) & mask
        held = (remainder << bits) + limb * weights
        part = held // divisor
        remainder = held - part * divisor
        quotient = (quotient << bits) + part
    return quotient, remainder


def _rounded(
    quotient: Integers, remainder: Integers, is_negative: npt.NDArray[np.bool_], *, divisor: int, mode: RoundingMode
) -> Integers:
    twice = 2 * remainder
    if mode is RoundingMode.FLOOR:
        steps = (is_negative & (remainder > 0)).astype(np.int64)
    elif mode is RoundingMode.HALF_UP:
        steps = (twice >= divisor).astype(np.int64)
    else:
        steps = ((twice > divisor) | ((twice == divisor) & (quotient % 2 == 1))).astype(np.int64)
    sizes = quotient + steps
    return np.where(is_negative, -sizes, sizes)


def _one_by_one(amounts: Integers, weights: Integers, *, divisor: int, mode: RoundingMode) -> Integers:
    pairs = np.broadcast_arrays(amounts, weights)
    values = [
        rounded(amount * weight, divisor, mode)
        for amount, weight in zip(pairs[0].ravel().tolist(), pairs[1].ravel().tolist(), strict=True)
    ]
    return np.array(values, dtype=np.int64).reshape(pairs[0].shape)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanColumns:
    """One row a loan, one column a period; a loan with fewer periods ends in periods without a day and without money.

    ``ends`` are ordinals, ``balances_minor`` what interest runs on, the others what is paid at each end.
    """

    ends: Integers
    balances_minor: Integers
    interest_minor: Integers
    principal_minor: Integers


def bulk_plans(loans: LoanColumns, *, grid: PeriodGrid) -> PlanColumns:
    """Return every loan's payments as ``payment_plan`` gives them one by one."""
    width = _width(loans, grid)
    shape = (len(loans.start), width)
    ends, balances, interest, repaid = (np.empty(shape, dtype=np.int64) for _ in range(4))
    for rows in _blocks(len(loans.start)):
        block = loans.rows(rows)
        ends[rows] = block_ends = _period_ends(block, grid, width)
        balances[rows] = held = _balances(block, block_ends)
        weights = block.rate_numerator[:, np.newaxis] * np.diff(block_ends, axis=1, prepend=block.start[:, np.newaxis])
        interest[rows] = rounded_products(held, weights, divisor=loans.divisor, mode=loans.rounding)
        repaid[rows] = -np.diff(held, axis=1, append=np.int64(0))
    return PlanColumns(ends=ends, balances_minor=balances, interest_minor=interest, principal_minor=repaid)


def bulk_step(
    loans: LoanColumns, *, grid: PeriodGrid, step_bp: Fraction, effective_from: Integers, effective_to: Integers
) -> Integers:
    """Return what each loan pays more (minus: less) if its rate moves by ``step_bp`` on [from, to), in minor units.

    The difference of two plans, each payment rounded once, which is what the parties would see. -10 bp on CNY
    200,000,000 for a year of 365 days in ACT/360 is -202,777.78 up to one fen a payment.
    """
    if not len(effective_from) == len(effective_to) == len(loans.start):
        raise refused(area=_AREA, field="effective_from", expected="one day a loan", value=len(effective_from))
    _check_whole(effective_from, effective_to)
    step = basis_points(step_bp)
    denominator = lcm(loans.rate_denominator, step.denominator)
    if denominator > _LARGEST_DENOMINATOR or abs(step) > 1:
        expected = f"at most 10000 bp, with a common denominator up to {_LARGEST_DENOMINATOR}"
        raise refused(area=_AREA, field="step_bp", expected=expected, value=step_bp)
    width = _width(loans, grid)
    changes = np.empty(len(loans.start), dtype=np.int64)
    for rows in _blocks(len(loans.start)):
        block = loans.rows(rows)
        ends = _period_ends(block, grid, width)
        starts = np.concatenate((block.start[:, np.newaxis], ends[:, :-1]), axis=1)
        moved_from = np.maximum(starts, effective_from[rows, np.newaxis])
        moved_days = np.maximum(np.minimum(ends, effective_to[rows, np.newaxis]) - moved_from, 0)
        before = block.rate_numerator[:, np.newaxis] * ((ends - starts) * (denominator // loans.rate_denominator))
        after = before + moved_days * (step.numerator * (denominator // step.denominator))
        held, divisor = _balances(block, ends), denominator * units_per_year(loans.day_count)
        old, new = (
            rounded_products(held, weights, divisor=divisor, mode=loans.rounding) for weights in (before, after)
        )
        changes[rows] = (new - old).sum(axis=1)
    return changes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunningPeriods:
    """The running interest period of many loans: constant principal, what earlier segments carry, what is booked.

    ``carried`` is the sum of numerator x days of the period's earlier segments, ``since`` the ordinal from which the
    present rate runs, ``booked_minor`` what was accrued before.
    """

    principal_minor: Integers
    rate_numerator: Integers
    carried: Integers
    since: Integers
    booked_minor: Integers
    divisor: int
    rounding: RoundingMode

    def __post_init__(self) -> None:
        """Refuse columns of different lengths, negative principal and carried sums that leave no room in 62 bits."""
        columns = (self.rate_numerator, self.carried, self.since, self.booked_minor)
        if not len(self.principal_minor) or any(len(column) != len(self.principal_minor) for column in columns):
            raise refused(area=_AREA, field="principal_minor", expected="columns of one length above 0", value="other")
        _check_whole(self.principal_minor, *columns)
        if self.principal_minor.min() < 0 or self.principal_minor.max() > MAX_UNITS:
            raise refused(area=_AREA, field="principal_minor", expected="0 to 10^15 minor units", value="beyond")
        if not 0 < self.divisor <= _LARGEST_DENOMINATOR * units_per_year(DayCount.ACT_365F):
            raise refused(area=_AREA, field="divisor", expected="a rate denominator up to 10^12", value=self.divisor)
        for field, column in (("rate_numerator", self.rate_numerator), ("carried", self.carried)):
            most = _LARGEST_DENOMINATOR * (_LONGEST_PERIOD_DAYS if field == "carried" else 1)
            if np.abs(column).max() > most:
                raise refused(area=_AREA, field=field, expected="a rate up to one, days of one period", value="beyond")


def accrual_of_day(periods: RunningPeriods, *, through: int) -> Integers:
    """Return what is to be booked so that the interest of [period start, ``through``) stands, in minor units.

    The exact running interest is rounded once and what was booked is taken off, so the days of a period sum to its
    payment and no day's rounding stays. ``through`` is an ordinal, exclusive.
    """
    elapsed = through - periods.since
    if int(elapsed.min()) < 0 or int(elapsed.max()) > _LONGEST_PERIOD_DAYS:
        expected = f"a day at most {_LONGEST_PERIOD_DAYS} days after each period's last rate change, not before it"
        raise refused(area=_AREA, field="through", expected=expected, value=through)
    weights = periods.carried + periods.rate_numerator * elapsed
    accrued = rounded_products(periods.principal_minor, weights, divisor=periods.divisor, mode=periods.rounding)
    return np.subtract(accrued, periods.booked_minor)


def _check_whole(*columns: Integers) -> None:
    """Refuse a narrower or a floating column: it would overflow or lose fen without a word."""
    for column in columns:
        if column.dtype != np.int64:
            raise refused(area=_AREA, field="column", expected="64-bit integers", value=column.dtype)


def _blocks(count: int) -> Iterator[slice]:
    """Yield slices of loans small enough that a block's columns stay in the processor's cache."""
    for first in range(0, count, _BLOCK):
        yield slice(first, min(first + _BLOCK, count))


def _width(loans: LoanColumns, grid: PeriodGrid) -> int:
    """Return the periods of the loan with the most; a grid that does not cover every life is refused."""
    settlements = np.array(grid.ends, dtype=np.int64)
    if loans.start.min() < settlements[0] or loans.maturity.max() > settlements[-1]:
        raise refused(area=_AREA, field="grid", expected="a grid that covers every loan's life", value=len(grid.ends))
    first = np.searchsorted(settlements, loans.start, side="right")
    last = np.searchsorted(settlements, loans.maturity, side="left")
    return int((last - first).max()) + 1


def _period_ends(loans: LoanColumns, grid: PeriodGrid, width: int) -> Integers:
    """Return each loan's period ends padded with its maturity."""
    settlements = np.array(grid.ends, dtype=np.int64)
    first = np.searchsorted(settlements, loans.start, side="right")
    places = np.minimum(first[:, np.newaxis] + np.arange(width), len(settlements) - 1)
    ends: Integers = np.minimum(settlements[places], loans.maturity[:, np.newaxis])
    return ends


def _balances(loans: LoanColumns, ends: Integers) -> Integers:
    """Return the principal of each period: all of it for a bullet, falling by equal parts otherwise, 0 when repaid."""
    counts = (ends < loans.maturity[:, np.newaxis]).sum(axis=1, keepdims=True) + 1
    numbers = np.arange(ends.shape[1])
    principal = loans.principal_minor[:, np.newaxis]
    lived = np.where(numbers < counts, principal, np.int64(0))
    if not loans.is_equal_principal.any():
        return lived
    repaid = principal * np.minimum(numbers, counts) // counts
    return np.where(loans.is_equal_principal[:, np.newaxis], principal - repaid, lived)
