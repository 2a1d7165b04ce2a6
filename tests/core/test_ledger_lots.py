from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.accounts import LotMethod
from ledger.core.errors import DomainError
from ledger.core.lots import LotPosition, Relief, add_to_pool, after_relief, relieve

DAY = date(2025, 3, 1)


def lot(lot_id: int, quantity: int, cost: int, day: date = DAY) -> LotPosition:
    return LotPosition(
        lot_id=lot_id, acquired_on=day, quantity=quantity, cost=cost, lot_quantity=quantity, lot_cost=cost
    )


@st.composite
def _parts_of_a_lot(draw: st.DrawFn) -> tuple[LotPosition, list[int]]:
    parts = draw(st.lists(st.integers(min_value=1, max_value=10**6), min_size=1, max_size=15))
    return lot(1, sum(parts), draw(st.integers(min_value=0, max_value=10**12))), parts


def test_three_units_of_a_thousand_cost_333_then_333_then_334() -> None:
    left, costs = lot(1, 3, 1000), []

    for _ in range(3):
        (relief,) = relieve([left], 1, LotMethod.FIFO)
        costs.append(relief.cost)
        left = after_relief(left, relief)

    assert costs == [333, 333, 334]


@given(_parts_of_a_lot())
def test_parts_of_a_lot_cost_the_floor_of_what_is_out_so_far_and_sum_to_the_whole(
    drawn: tuple[LotPosition, list[int]],
) -> None:
    whole, parts = drawn
    left, out, paid = whole, 0, 0

    for part in parts:
        (relief,) = relieve([left], part, LotMethod.FIFO)
        out, paid = out + part, paid + relief.cost
        assert paid == whole.cost * out // whole.quantity
        left = after_relief(left, relief)

    assert paid == whole.cost
    assert (left.quantity, left.cost) == (0, 0)


@pytest.mark.parametrize(("cost", "expected"), [(5, 2), (7, 4), (6, 3)])
def test_half_of_a_pool_rounds_its_cost_half_to_even(cost: int, expected: int) -> None:
    assert relieve([lot(1, 2, cost)], 1, LotMethod.AVERAGE) == (Relief(1, 1, expected),)


@given(_parts_of_a_lot())
def test_parts_of_a_pool_are_at_the_average_of_the_moment_and_sum_to_the_whole(
    drawn: tuple[LotPosition, list[int]],
) -> None:
    pool, parts = drawn
    paid = 0

    for part in parts:
        (relief,) = relieve([pool], part, LotMethod.AVERAGE)
        assert abs(relief.cost - Fraction(pool.cost * part, pool.quantity)) <= Fraction(1, 2)
        paid, pool = paid + relief.cost, after_relief(pool, relief)

    assert paid == drawn[0].cost
    assert (pool.quantity, pool.cost) == (0, 0)


def test_an_acquisition_raises_quantity_and_cost_of_the_pool() -> None:
    pool = add_to_pool(lot(1, 10, 700), 5, 800)

    assert (pool.quantity, pool.cost) == (15, 1500)


def test_the_oldest_lot_goes_first_and_of_the_same_day_the_one_recorded_first() -> None:
    lots = [lot(3, 5, 50), lot(2, 5, 40), lot(9, 5, 10, day=date(2025, 1, 1))]

    assert relieve(lots, 12, LotMethod.FIFO) == (Relief(9, 5, 10), Relief(2, 5, 40), Relief(3, 2, 20))


def test_named_lots_are_drawn_on_as_named() -> None:
    assert relieve([lot(1, 5, 50), lot(2, 5, 40)], 4, LotMethod.FIFO, [(2, 3), (1, 1)]) == (
        Relief(2, 3, 24),
        Relief(1, 1, 10),
    )


@pytest.mark.parametrize(
    ("quantity", "method", "picks", "code"),
    [
        (0, LotMethod.FIFO, (), "ledger.lot_quantity"),
        (-1, LotMethod.FIFO, (), "ledger.lot_quantity"),
        (11, LotMethod.FIFO, (), "ledger.insufficient_available"),
        (11, LotMethod.AVERAGE, (), "ledger.insufficient_available"),
        (6, LotMethod.FIFO, ((1, 6),), "ledger.insufficient_available"),
        (1, LotMethod.FIFO, ((7, 1),), "ledger.lot_unknown"),
        (2, LotMethod.FIFO, ((1, 1), (1, 1)), "ledger.lot_repeated"),
        (1, LotMethod.FIFO, ((3, 1),), "ledger.lot_unknown"),
        (1, LotMethod.AVERAGE, ((1, 1),), "ledger.lot_pool"),
    ],
)
def test_a_disposal_that_the_lots_cannot_give_is_refused(
    quantity: int, method: LotMethod, picks: tuple[tuple[int, int], ...], code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        relieve([lot(1, 5, 50), lot(2, 5, 40), lot(3, 0, 0)], quantity, method, picks)

    assert refused.value.code == code
