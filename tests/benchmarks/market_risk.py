"""Historical value at risk of a million lots: lots summed into books first, beside per-position numpy, in the same run.

One row a case in the shape of the other benchmarks. Ours and the peer alternate, so that a busy machine slows both; figures are
medians. The speed is of equal numbers: both are compared first, and a sample with Python integers.
"""

from __future__ import annotations

import statistics
import tracemalloc
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from finance.market.risk.value_at_risk import tail_risk, tails_of_lots
from tests.benchmarks import posting

Row = dict[str, Any]
Integers = npt.NDArray[np.int64]

CONFIDENCE = Fraction(99, 100)
INSTRUMENTS = 12
_ROUNDS = 5
_PEER_BLOCK = 256  # the fastest of 256, 1,024 and 4,096 for either peer
_MEMORY_MB = 64


def rows(*, lots: int = 1_000_000, scenarios: int = 500, books: int = 100) -> list[Row]:
    """Return the ratio to the peer, the time, and the memory of one run."""
    book, instrument, quantity, moves = portfolio(lots, scenarios=scenarios, books=books)

    def ours() -> tuple[tuple[int, Fraction], ...]:
        return value_at_risk(book, instrument, quantity, moves, books=books)

    order = np.argsort(book, kind="stable")
    sorted_lots = book[order], instrument[order], quantity[order]

    def exact_peer() -> list[int]:
        return per_position(*sorted_lots, moves, books=books)

    def float_peer() -> list[int]:
        return per_position_in_floats(*sorted_lots, moves, books=books)

    found = ours()
    differing = sum(one != other for (one, _), other in zip(found, exact_peer(), strict=True))
    differing += sum(one != other for (one, _), other in zip(found, float_peer(), strict=True))
    differing += sampled_differences(book, instrument, quantity, moves, found)
    mine, integers, floats = [], [], []
    for _ in range(_ROUNDS):
        mine.append(posting.timed(ours))
        integers.append(posting.timed(exact_peer))
        floats.append(posting.timed(float_peer))
    tracemalloc.start()
    ours()
    peak_mb = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    taken = statistics.median(mine)
    return [
        _ratio("var_vs_per_position", taken, statistics.median(integers), differing),
        _ratio("var_vs_float_matmul", taken, statistics.median(floats), differing),
        _row(
            "var_memory",
            f"{peak_mb:.1f}",
            f"MB above {lots} lots",
            _MEMORY_MB,
            is_met=peak_mb <= _MEMORY_MB,
            note=f"{books} books x {scenarios} scenarios, summed in blocks",
        ),
    ]


def portfolio(lots: int, *, scenarios: int, books: int, seed: int = 1) -> tuple[Integers, Integers, Integers, Integers]:
    """Return book, instrument and tonnes of random lots, and price moves in units of 10^-4 CNY of up to 10 %."""
    rng = np.random.default_rng(seed)
    prices = rng.integers(500_000, 1_000_000, INSTRUMENTS)
    returns = rng.integers(-1_000, 1_001, (INSTRUMENTS, scenarios))
    return (
        rng.integers(0, books, lots),
        rng.integers(0, INSTRUMENTS, lots),
        rng.integers(1, 1_000_000, lots),
        prices[:, np.newaxis] * returns // 10_000,
    )


def value_at_risk(
    book: Integers, instrument: Integers, quantity: Integers, moves: Integers, *, books: int
) -> tuple[tuple[int, Fraction], ...]:
    """Return the figure and the shortfall per book, as the product does."""
    return tails_of_lots(book, instrument, quantity, moves, books=books, confidence=CONFIDENCE)


def per_position(book: Integers, instrument: Integers, quantity: Integers, moves: Integers, *, books: int) -> list[int]:
    """Return the figure per book with every lot revalued under every scenario: the exact peer, in blocks of 64-bit integers.

    Its lots come sorted by book, outside the timing, so that it only multiplies and adds.
    """
    profits = np.zeros((books, moves.shape[1]), dtype=np.int64)
    for number, block in _blocks(book, books):
        profits[number] += np.einsum("l,ls->s", quantity[block], moves[instrument[block]])
    return _figures(profits)


def per_position_in_floats(
    book: Integers, instrument: Integers, quantity: Integers, moves: Integers, *, books: int
) -> list[int]:
    """Return the same by matrix products of 64-bit floats, the fastest that numpy has; exact only below 2^53, as here."""
    wide, held = moves.astype(np.float64), quantity.astype(np.float64)
    profits = np.zeros((books, moves.shape[1]))
    for number, block in _blocks(book, books):
        profits[number] += held[block] @ wide[instrument[block]]
    return _figures(profits)


def _blocks(book: Integers, books: int) -> Iterator[tuple[int, slice]]:
    edges = np.searchsorted(book, np.arange(books + 1)).tolist()
    for number in range(books):
        for first in range(edges[number], edges[number + 1], _PEER_BLOCK):
            yield number, slice(first, min(first + _PEER_BLOCK, edges[number + 1]))


def _figures(profits: npt.NDArray[np.int64] | npt.NDArray[np.float64]) -> list[int]:
    rank = int(-(-CONFIDENCE * profits.shape[1] // 1))
    return [int(one) for one in np.sort(-profits, axis=1)[:, rank - 1]]


def sampled_differences(
    book: Integers,
    instrument: Integers,
    quantity: Integers,
    moves: Integers,
    found: tuple[tuple[int, Fraction], ...],
) -> int:
    """Return whether the first book's figures differ from plain Python integers."""
    mine = book == 0
    lines = moves.tolist()
    profits = [0] * moves.shape[1]
    tonnes = [0] * len(lines)
    for held, one in zip(quantity[mine].tolist(), instrument[mine].tolist(), strict=True):
        tonnes[one] += held
    for held, line in zip(tonnes, lines, strict=True):
        profits = [profit + held * move for profit, move in zip(profits, line, strict=True)]
    exact = tail_risk(profits, confidence=CONFIDENCE)
    return int(found[0] != (exact.value_at_risk, exact.expected_shortfall))


def _ratio(case: str, taken: float, beside: float, differing: int) -> Row:
    note = f"{taken * 1000:.1f} ms beside {beside * 1000:.0f} ms; {differing} figures differ"
    return _row(case, f"{beside / taken:.1f}", "x", 20, is_met=beside >= 20 * taken and not differing, note=note)


def _row(case: str, figure: object, unit: str, asked: object, *, is_met: bool, note: str) -> Row:
    return {"case": case, "figure": figure, "unit": unit, "asked": asked, "is_met": is_met, "note": note}
