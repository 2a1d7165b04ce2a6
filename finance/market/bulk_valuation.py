"""The worth of very many lots at once: 64-bit integer columns, equal to exact arithmetic to the fen.

Owns the kernel. No float enters. A product that would leave 62 bits is divided limb by limb, and where even that is too
narrow the lot is computed with Python integers. A lot names its price by its place in the price table, so provenance is
kept by reference and never copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from finance.conventions.rounding import VALUATION
from ledger.core.amounts import MAX_UNITS, round_exact
from ledger.core.errors import Invalid

Integers = npt.NDArray[np.int64]
"""A column of 64-bit integers: tonnes, minor units, or places in a table."""

_BITS = 62
_LIMB_BITS = 31
_BLOCK = 131_072


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LotColumns:
    """Many lots, one row each: what is left of it, its cost, the place of its unit value, the place of its book.

    ``quantity`` in whole units and ``cost_units`` in minor units of the book's currency, both 0 to 10^15 inclusive.
    """

    quantity: Integers
    cost_units: Integers
    price_index: Integers
    book_index: Integers

    def __post_init__(self) -> None:
        """Refuse columns of other lengths or types, and amounts that no lot has."""
        columns = (self.quantity, self.cost_units, self.price_index, self.book_index)
        if any(column.dtype != np.int64 or column.shape != (len(self.quantity),) for column in columns):
            raise Invalid("valuation.columns", "columns: expected 64-bit integer columns of one length")
        for field, column in (("quantity", self.quantity), ("cost_units", self.cost_units)):
            if len(column) and (column.min() < 0 or column.max() > MAX_UNITS):
                raise Invalid("valuation.columns", f"{field}: expected 0 to 10^15", field=field)

    def __len__(self) -> int:
        """Return the number of lots."""
        return len(self.quantity)


class BookSums(NamedTuple):
    """One book's sums over its valued lots, and what is left out of them; money in minor units.

    Tonnes are not summed here: a book's instruments differ, and their units with them.
    """

    cost_units: int
    market_value_units: int
    unvalued_lots: int
    unvalued_cost_units: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BulkValuation:
    """Each lot's worth, 0 where it has none, and each book's sums.

    ``worth_units`` holds every worth of up to 62 bits; a larger one stands in ``wide`` by the lot's row.
    """

    worth_units: Integers
    wide: Mapping[int, int]
    books: tuple[BookSums, ...]

    def worths(self) -> list[int]:
        """Return every lot's worth as Python integers, in order."""
        values: list[int] = self.worth_units.tolist()
        for row, worth in self.wide.items():
            values[row] = worth
        return values


def value_columns(lots: LotColumns, prices: Sequence[Fraction | None], *, book_count: int) -> BulkValuation:
    """Return what each lot is worth and each book's sums, exact, rounded half-up once per lot to the minor unit.

    ``prices`` are exact minor units of the lot's book currency per unit, ``None`` where there is no usable mark: those
    lots are counted unvalued. 1,000 t at 9,740 fen/t is 9,740,000 fen. Source: market-data notes of 2026-11-21, 3.2
    points 13 and 15.
    """
    _check_places("price_index", lots.price_index, len(prices))
    _check_places("book_index", lots.book_index, book_count)
    table = _PriceTable.of(prices, most=_largest(lots.quantity))
    sums = _Sums.empty(book_count, len(lots))
    worth = np.empty(len(lots), dtype=np.int64)
    is_unvalued = np.array([price is None for price in prices], dtype=np.bool_)
    has_unvalued = bool(is_unvalued.any())
    for first in range(0, len(lots), _BLOCK):
        block = slice(first, first + _BLOCK)
        books, places = lots.book_index[block], lots.price_index[block]
        quantity, cost = lots.quantity[block], lots.cost_units[block]
        table.value(quantity, places, into=worth[block])
        sums.add("worth", books, worth[block])
        sums.add("cost", books, cost)
        if has_unvalued:
            rows = np.flatnonzero(is_unvalued.take(places))
            sums.leave_out(books.take(rows), cost.take(rows))
    wide: dict[int, int] = {}
    for place in table.apart:
        for row in np.flatnonzero(lots.price_index == place).tolist():
            one = _exact_worth(int(lots.quantity[row]), prices[place])
            if one.bit_length() > _BITS:
                wide[row] = one
            else:
                worth[row] = one
            sums.apart[int(lots.book_index[row])] = sums.apart.get(int(lots.book_index[row]), 0) + one
    return BulkValuation(worth_units=worth, wide=wide, books=sums.books())


def _exact_worth(quantity: int, price: Fraction | None) -> int:
    assert price is not None, "a lot without a price is not computed"
    return round_exact(quantity * price, VALUATION)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _PriceTable:
    """The prices over one denominator; those that fit no 62 bits stand ``apart`` and count as zero in the columns."""

    numerators: Integers
    divisor: int
    most: int
    apart: tuple[int, ...]

    @classmethod
    def of(cls, prices: Sequence[Fraction | None], *, most: int) -> _PriceTable:
        """Return the table for quantities up to ``most``: the cheapest common denominator that leaves room."""
        divisor, apart = 1, []
        for place, price in enumerate(prices):
            if price is None:
                continue
            wider = lcm(divisor, price.denominator)
            if _has_room(most, price.numerator * (wider // price.denominator), wider):
                divisor = wider
            else:
                apart.append(place)
        for place, price in enumerate(prices):
            if price is not None and place not in apart:
                # A later price may have widened the divisor beyond what an earlier one can bear.
                numerator = price.numerator * (divisor // price.denominator)
                if not _has_room(most, numerator, divisor):
                    apart.append(place)
        numerators = [
            0 if price is None or place in apart else price.numerator * (divisor // price.denominator)
            for place, price in enumerate(prices)
        ]
        return cls(numerators=np.array(numerators, dtype=np.int64), divisor=divisor, most=most, apart=tuple(apart))

    def value(self, quantity: Integers, price_index: Integers, *, into: Integers) -> None:
        """Put quantity x numerator / divisor, half-up, into each place; the places were checked before."""
        np.take(self.numerators, price_index, out=into, mode="clip")
        heaviest = _largest(self.numerators)
        if (self.most * heaviest + self.divisor).bit_length() > _BITS:
            into[:] = _long_division(quantity, into, self.divisor, heaviest=heaviest)
            return
        np.multiply(into, quantity, out=into)
        if self.divisor > 1:
            np.add(into, self.divisor // 2, out=into)
            np.floor_divide(into, self.divisor, out=into)


def _has_room(most: int, numerator: int, divisor: int) -> bool:
    """Return whether a limb has at least one bit and the quotient stays inside 62."""
    return (divisor + numerator).bit_length() < _BITS and (most * numerator // divisor).bit_length() < _BITS - 1


def _long_division(amounts: Integers, weights: Integers, divisor: int, *, heaviest: int) -> Integers:
    """Return amounts x weights / divisor rounded half-up, high limb first; nothing is negative.

    With limbs of k bits each step holds remainder x 2^k + limb x weight < (divisor + heaviest) x 2^k <= 2^62.
    """
    bits = _BITS - (divisor + heaviest).bit_length()
    limbs = -(-int(amounts.max()).bit_length() // bits) or 1
    quotient = np.zeros(len(amounts), dtype=np.int64)
    remainder = quotient.copy()
    mask = (1 << bits) - 1
    for place in range(limbs - 1, -1, -1):
        held = (remainder << bits) + ((amounts >> (place * bits)) & mask) * weights
        part = held // divisor
        remainder = held - part * divisor
        quotient = (quotient << bits) + part
    return quotient + (2 * remainder >= divisor)


@dataclass(slots=True, kw_only=True, eq=False)
class _Sums:
    """Sums by book while the blocks come; in two limbs where one could leave 62 bits."""

    count_bits: int
    low: dict[str, Integers]
    high: dict[str, Integers]
    unvalued_lots: Integers
    apart: dict[int, int]

    @classmethod
    def empty(cls, book_count: int, lot_count: int) -> _Sums:
        """Return zeros for each book; fewer than 2^30 lots, so that a sum of limbs stays inside 62 bits."""
        if lot_count.bit_length() > _BITS - _LIMB_BITS - 1:
            raise Invalid("valuation.columns", "lots: expected fewer than 2^30 at once; value them in parts")
        names = ("cost", "worth", "unvalued_cost")
        return cls(
            count_bits=lot_count.bit_length() + 1,
            low={name: np.zeros(book_count, dtype=np.int64) for name in names},
            high={name: np.zeros(book_count, dtype=np.int64) for name in names},
            unvalued_lots=np.zeros(book_count, dtype=np.int64),
            apart={},
        )

    def add(self, name: str, books: Integers, values: Integers) -> None:
        """Add each value to its book's sum; a block whose every value fits one limb takes one pass."""
        if _largest(values).bit_length() + self.count_bits <= _BITS:
            np.add.at(self.low[name], books, values)
            return
        np.add.at(self.low[name], books, values & ((1 << _LIMB_BITS) - 1))
        np.add.at(self.high[name], books, values >> _LIMB_BITS)

    def leave_out(self, books: Integers, cost: Integers) -> None:
        """Note lots that have no value."""
        np.add.at(self.unvalued_lots, books, 1)
        self.add("unvalued_cost", books, cost)

    def books(self) -> tuple[BookSums, ...]:
        """Return each book's sums as Python integers."""
        totals = {name: self._total(name) for name in self.low}
        for book, more in self.apart.items():
            totals["worth"][book] += more
        return tuple(
            BookSums(cost - lost_cost, worth, lost, lost_cost)
            for cost, worth, lost_cost, lost in zip(*totals.values(), self.unvalued_lots.tolist(), strict=True)
        )

    def _total(self, name: str) -> list[int]:
        low: list[int] = self.low[name].tolist()
        if not self.high[name].any():
            return low
        return [(high << _LIMB_BITS) + part for high, part in zip(self.high[name].tolist(), low, strict=True)]


def _check_places(field: str, places: Integers, count: int) -> None:
    # Read without sign a negative place is larger than any count: one pass finds both.
    if len(places) and int(places.view(np.uint64).max()) >= count:
        raise Invalid("valuation.columns", f"{field}: expected places from 0 to {count - 1}", field=field)


def _largest(values: Integers) -> int:
    return int(values.max()) if len(values) else 0
