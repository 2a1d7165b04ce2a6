"""The order in which lots settle a duty: exact unit cost, then what expires first, sorted as numpy columns.

Owns the comparison of costs per tonne without division into decimals. Knows no cap and no duty.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from finance.compliance.plan_lots import PlanLot
from ledger.core.amounts import MAX_UNITS

Column = NDArray[np.int64]
_NEVER = 10_000  # after every year of four digits
_HEADROOM = 2**62


def cost_order(lots: Sequence[PlanLot], *, is_book: bool) -> list[int]:
    """Return the places of ``lots`` from cheapest to dearest per tonne, by book cost or by price.

    Of equals the one that expires first, then the oldest vintage, the earliest day, the lowest lot. Exact: 1/3 fen and
    0.333333333 fen are told apart. A lot without a price comes last; an empty lot costs nothing.
    """
    if not lots:
        return []
    ends = [_NEVER if lot.last_duty_year is None else lot.last_duty_year for lot in lots]
    keys = [
        _column([lot.lot_id for lot in lots]),
        _column([lot.acquired_on.toordinal() for lot in lots]),
        _column([lot.vintage_year for lot in lots]),
        _column(ends),
    ]
    keys += reversed(_book_digits(lots) if is_book else [_price_ranks(lots)])
    return [int(place) for place in np.lexsort(keys)]


def _price_ranks(lots: Sequence[PlanLot]) -> Column:
    """Return each lot's place among the different prices; lots of an instrument share one price object, hashed once."""
    by_object = {id(lot.price_cny_per_t): lot.price_cny_per_t for lot in lots}
    prices = sorted({price for price in by_object.values() if price is not None})
    rank_of = {price: rank for rank, price in enumerate(prices)}
    ranks = {key: len(prices) if price is None else rank_of[price] for key, price in by_object.items()}
    return _column([ranks[id(lot.price_cny_per_t)] for lot in lots])


def _book_digits(lots: Sequence[PlanLot]) -> list[Column]:
    """Return cost / quantity as columns of digits, the most significant first, enough to tell any two lots apart.

    Two different fractions with denominators up to Q differ by at least 1/Q^2; in base M, n digits after the point tell
    them apart when M^n >= Q^2. M is as large as 64 bits allow: remainder x M stays below 2^62.
    """
    cost = _column([lot.cost_fen for lot in lots])
    quantity = np.maximum(_column([lot.quantity_t for lot in lots]), 1)
    largest = int(quantity.max())
    assert largest <= MAX_UNITS, "a lot's tonnes are bounded"
    base = _HEADROOM // largest
    digits, rest = [cost // quantity], cost % quantity
    reached = 1
    while reached < largest * largest:
        rest = rest * base
        digits.append(rest // quantity)
        rest = rest % quantity
        reached *= base
    return digits


def _column(values: Sequence[int]) -> Column:
    return np.array(values, dtype=np.int64)
