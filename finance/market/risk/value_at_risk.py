"""Value at risk and expected shortfall from scenario profits, exact: by book, by instrument, and what each part adds.

Owns the order-statistic rule, the shares of each instrument, and the integer kernel that sums very many lots into books
before any scenario is applied, which is exact because profit is linear in the position. Amounts are whole units of
10^-places of book currency. Knows no series and no rounding of prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ledger.core.errors import Invalid

Integers = npt.NDArray[np.int64]
Whole = npt.NDArray[np.int64] | npt.NDArray[np.object_]
"""A matrix of integers: 64-bit where the bound is proven, Python's own where it is not."""

_BITS = 62
_BLOCK = 65_536
_LIMB = 31
_CELLS = 1 << 21


@dataclass(frozen=True, slots=True, kw_only=True)
class TailRisk:
    """The loss that is exceeded in at most 1 - ``confidence`` of the scenarios, and the mean of those at and beyond it.

    Losses are positive; a negative figure is a gain. ``scenario`` is the number of the value-at-risk scenario, ``tail`` of
    those at and beyond it, from the smallest loss up.
    """

    confidence: Fraction
    count: int
    rank: int
    value_at_risk: int
    expected_shortfall: Fraction
    scenario: int
    tail: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskShare:
    """What one part (an instrument, a book) has to do with the risk of the whole, as losses.

    ``component`` is its loss in the value-at-risk scenario: the components sum to the whole's figure. ``component_shortfall``
    is its mean loss over the tail, which sums too. ``incremental`` is the whole's figure less that of the whole without it.
    ``standalone`` is its own.
    """

    name: str
    component: int
    component_shortfall: Fraction
    incremental: int
    standalone: int

    def marginal_per_t(self, quantity_t: int) -> Fraction:
        """Return the component per tonne of ``quantity_t``: what the next tonne adds, to first order; zero of nothing."""
        return Fraction(self.component, quantity_t) if quantity_t else Fraction(0)


def rank_of(count: int, confidence: Fraction) -> int:
    """Return ceil(confidence x count), from 1: the place of the value-at-risk loss in ascending order.

    500 scenarios at 99 % give 495; the six largest losses are the tail. Source: loans-and-attestations notes of 2026-11-21,
    section 4: the ceil(alpha n)-th order statistic, the rule to be stated.
    """
    if not 0 < confidence < 1 or count < 1:
        raise Invalid("risk.confidence", "confidence: expected a number between 0 and 1, both excluded")
    product = confidence * count
    return -(-product.numerator // product.denominator)


def tail_risk(profits: Sequence[int], *, confidence: Fraction) -> TailRisk:
    """Return value at risk and expected shortfall of one line of scenario profits.

    Losses are ordered; among equal ones the earlier scenario comes first. Profits -1 to -100 at 95 %: value at risk 95,
    expected shortfall the mean of 95 to 100, 97.5.
    """
    rank = rank_of(len(profits), confidence)
    order = sorted(range(len(profits)), key=lambda number: (-profits[number], number))
    tail = tuple(order[rank - 1 :])
    return TailRisk(
        confidence=confidence,
        count=len(profits),
        rank=rank,
        value_at_risk=-profits[order[rank - 1]],
        expected_shortfall=Fraction(-sum(profits[number] for number in tail), len(tail)),
        scenario=order[rank - 1],
        tail=tail,
    )


def risk_shares(
    names: Sequence[str], lines: Whole | Sequence[Sequence[int]], *, confidence: Fraction
) -> tuple[TailRisk, tuple[RiskShare, ...]]:
    """Return the tail of the sum of ``lines`` (profits per part and scenario) and each part's share of it.

    Lines (-100, 50, 20) and (60, -30, -10) at 90 %: value at risk 40 with components 100 and -60.
    """
    matrix = _matrix(lines)
    total = matrix.sum(axis=0)
    whole = tail_risk(total.tolist(), confidence=confidence)
    alone = tails_by_book(matrix, confidence=confidence)
    decisive = matrix[:, whole.scenario].tolist()
    shares = []
    for number, (name, tail) in enumerate(zip(names, matrix[:, list(whole.tail)].tolist(), strict=True)):
        rest: Whole = (total - matrix[number])[np.newaxis, :]
        without, _ = tails_by_book(rest, confidence=confidence)[0]
        shares.append(
            RiskShare(
                name=name,
                component=-decisive[number],
                component_shortfall=Fraction(-sum(tail), len(tail)),
                incremental=whole.value_at_risk - without,
                standalone=alone[number][0],
            )
        )
    return whole, tuple(shares)


def tails_of_lots(
    book: Integers, instrument: Integers, quantity_t: Integers, moves: Whole, *, books: int, confidence: Fraction
) -> tuple[tuple[int, Fraction], ...]:
    """Return value at risk and expected shortfall of every book from its lots and the price moves, exact.

    Lots are summed into books first, then books meet the scenarios in blocks, so that memory does not grow with their number.
    """
    tonnes = quantities_by_book(book, instrument, quantity_t, books=books, instruments=len(moves))
    step = max(1, _CELLS // moves.shape[1])
    found: list[tuple[int, Fraction]] = []
    for first in range(0, books, step):
        found += tails_by_book(scenario_profits(tonnes[first : first + step], moves), confidence=confidence)
    return tuple(found)


def quantities_by_book(
    book: Integers, instrument: Integers, quantity_t: Integers, *, books: int, instruments: int
) -> Whole:
    """Return tonnes by book and instrument, exact, in blocks of lots so that memory stays bounded.

    ``book`` and ``instrument`` are row and column numbers from 0. Sums that could leave 64 bits are made of two limbs and
    joined as Python integers.
    """
    _check_columns(book, instrument, quantity_t, books=books, instruments=instruments)
    largest = max(int(quantity_t.max()), -int(quantity_t.min())) if len(quantity_t) else 0
    cells = books * instruments
    if largest * len(quantity_t) < 1 << _BITS:
        return _summed(book, instrument, quantity_t, cells=cells, width=instruments).reshape(books, instruments)
    low = _summed(book, instrument, quantity_t & ((1 << _LIMB) - 1), cells=cells, width=instruments)
    high = _summed(book, instrument, quantity_t >> _LIMB, cells=cells, width=instruments)
    joined = np.array(
        [(one << _LIMB) + two for one, two in zip(high.tolist(), low.tolist(), strict=True)], dtype=object
    )
    return joined.reshape(books, instruments)


def scenario_profits(quantities: Whole, moves: Whole) -> Whole:
    """Return profit by book and scenario: tonnes x price move, summed over instruments, exact.

    ``moves`` are by instrument and scenario. Where largest tonnes x largest move x instruments could leave 62 bits the
    sums are Python integers; either way the numbers are the same.
    """
    if quantities.ndim != moves.ndim or quantities.shape[1] != moves.shape[0]:
        raise Invalid("risk.shape", "quantities, moves: expected one column of quantities per line of moves")
    if not quantities.size or not moves.size:
        raise Invalid("risk.shape", "quantities, moves: expected at least one book, instrument and scenario")
    bound = _largest(quantities) * _largest(moves) * moves.shape[0]
    if bound < 1 << _BITS:
        narrow: Integers = quantities.astype(np.int64) @ moves.astype(np.int64)
        return narrow
    wide: npt.NDArray[np.object_] = quantities.astype(object) @ moves.astype(object)
    return wide


def tails_by_book(profits: Whole, *, confidence: Fraction) -> tuple[tuple[int, Fraction], ...]:
    """Return value at risk and expected shortfall per line of ``profits``, by the same rule as ``tail_risk``.

    Only the tail is ordered, so that thousands of scenarios cost little.
    """
    count = profits.shape[1]
    rank = rank_of(count, confidence)
    kept = count - rank + 1
    # The smallest profits are the largest losses: the first `kept` places hold the tail in any order.
    split = np.partition(profits, kept - 1, axis=1)[:, :kept]
    return tuple((-max(line), Fraction(-sum(line), kept)) for line in split.tolist())


def _summed(book: Integers, instrument: Integers, quantity_t: Integers, *, cells: int, width: int) -> Integers:
    sums = np.zeros(cells, dtype=np.int64)
    for first in range(0, len(quantity_t), _BLOCK):
        block = slice(first, first + _BLOCK)
        np.add.at(sums, book[block] * width + instrument[block], quantity_t[block])
    return sums


def _matrix(lines: Whole | Sequence[Sequence[int]]) -> Whole:
    """Return the lines as a matrix whose sums over parts cannot leave 64 bits: Python's integers where they could."""
    matrix: Whole = lines if isinstance(lines, np.ndarray) else np.array([list(line) for line in lines], dtype=object)
    if not matrix.size:
        raise Invalid("risk.shape", "lines: expected at least one part and one scenario")
    # Twice, because a part is taken off the whole again.
    if 2 * _largest(matrix) * len(matrix) < 1 << _BITS:
        narrow: Integers = matrix.astype(np.int64)
        return narrow
    wide: npt.NDArray[np.object_] = matrix.astype(object)
    return wide


def _largest(matrix: Whole) -> int:
    return max(abs(int(matrix.max())), abs(int(matrix.min())))


def _check_columns(book: Integers, instrument: Integers, quantity_t: Integers, *, books: int, instruments: int) -> None:
    columns = (book, instrument, quantity_t)
    if any(column.dtype != np.int64 or column.ndim != 1 for column in columns):
        raise Invalid("risk.columns", "columns: expected whole 64-bit numbers, one row a lot")
    if len({len(column) for column in columns}) != 1 or books < 1 or instruments < 1:
        raise Invalid("risk.columns", "columns: expected the same number of rows, and at least one book and instrument")
    for column, size in ((book, books), (instrument, instruments)):
        if len(column) and not 0 <= int(column.min()) <= int(column.max()) < size:
            raise Invalid("risk.columns", f"columns: expected row numbers from 0 to {size - 1}")
