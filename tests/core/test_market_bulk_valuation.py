"""The bulk kernel: equal to exact fractions whatever the sizes, with each book's sums and what is left out of them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.conventions.rounding import VALUATION
from finance.market.bulk_valuation import LotColumns, value_columns
from ledger.core.amounts import MAX_UNITS, round_exact
from ledger.core.errors import Invalid

Lot = tuple[int, int, int, int]
"""Quantity, cost, place of the price, place of the book."""

BOOKS = 4
prices = st.lists(
    st.one_of(
        st.none(),
        st.fractions(min_value=0, max_value=10**6),
        st.fractions(min_value=0, max_value=10**20),
        st.decimals(min_value=1, max_value=10**5, places=2).map(Fraction),
        st.builds(Fraction, st.integers(1, 10**18), st.integers(1, 10**18)),
    ),
    min_size=1,
    max_size=6,
)


def columns(lots: list[Lot]) -> LotColumns:
    quantity, cost, price, book = (
        np.array([lot[place] for lot in lots], dtype=np.int64).reshape(len(lots)) for place in range(4)
    )
    return LotColumns(quantity=quantity, cost_units=cost, price_index=price, book_index=book)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Lot], list[Fraction | None]]:
    table = draw(prices)
    quantity = st.one_of(st.integers(0, 10**6), st.integers(0, MAX_UNITS))
    lot = st.tuples(quantity, st.integers(0, MAX_UNITS), st.integers(0, len(table) - 1), st.integers(0, BOOKS - 1))
    return draw(st.lists(lot, max_size=30)), table


@settings(max_examples=300)
@given(cases())
def test_every_lot_and_every_book_equal_exact_fractions(case: tuple[list[Lot], list[Fraction | None]]) -> None:
    lots, table = case

    found = value_columns(columns(lots), table, book_count=BOOKS)

    exact = [0 if (p := table[price]) is None else round_exact(q * p, VALUATION) for q, _, price, _ in lots]
    assert found.worths() == exact
    for place, book in enumerate(found.books):
        own = [(lot, worth) for lot, worth in zip(lots, exact, strict=True) if lot[3] == place]
        valued = [(lot, worth) for lot, worth in own if table[lot[2]] is not None]
        lost = [lot for lot, _ in own if table[lot[2]] is None]
        assert book.market_value_units == sum(worth for _, worth in valued)
        assert book.cost_units == sum(lot[1] for lot, _ in valued)
        assert (book.unvalued_lots, book.unvalued_cost_units) == (len(lost), sum(lot[1] for lot in lost))


def test_many_large_lots_of_one_book_do_not_overflow_its_sum() -> None:
    count = 200_000
    lots = LotColumns(
        quantity=np.full(count, MAX_UNITS, dtype=np.int64),
        cost_units=np.full(count, MAX_UNITS, dtype=np.int64),
        price_index=np.zeros(count, dtype=np.int64),
        book_index=np.zeros(count, dtype=np.int64),
    )

    (book,) = value_columns(lots, [Fraction(1000)], book_count=1).books

    assert book.market_value_units == count * MAX_UNITS * 1000
    assert book.cost_units == count * MAX_UNITS


def test_half_a_fen_rounds_up_in_one_multiplication_and_in_limbs() -> None:
    narrow = value_columns(columns([(1, 0, 0, 0)]), [Fraction(17_001, 2)], book_count=1)
    wide = value_columns(columns([(MAX_UNITS - 1, 0, 0, 0)]), [Fraction(17_001, 2)], book_count=1)

    assert narrow.worths() == [8_501]
    assert wide.worths() == [(MAX_UNITS - 1) * 17_001 // 2 + 1]


def test_a_worth_beyond_64_bits_is_told_exactly() -> None:
    found = value_columns(columns([(MAX_UNITS, 5, 0, 0), (2, 7, 1, 0)]), [Fraction(10**12), Fraction(3)], book_count=1)

    assert found.worths() == [10**27, 6]
    assert found.wide == {0: 10**27}
    assert found.books[0].market_value_units == 10**27 + 6


@pytest.mark.parametrize(
    ("lots", "count"),
    [
        ([(1, 0, 1, 0)], 1),
        ([(1, 0, 0, 1)], 1),
        ([(1, 0, 0, -1)], 1),
        ([(-1, 0, 0, 0)], 1),
        ([(1, 10**15 + 1, 0, 0)], 1),
    ],
    ids=["no_such_price", "no_such_book", "negative_place", "negative_quantity", "cost_beyond"],
)
def test_columns_that_no_lots_have_are_refused(lots: list[Lot], count: int) -> None:
    with pytest.raises(Invalid) as refused:
        value_columns(columns(lots), [Fraction(1)], book_count=count)

    assert refused.value.code == "valuation.columns"


def test_a_narrower_column_is_refused_because_it_would_overflow() -> None:
    good = columns([(1, 0, 0, 0)])

    with pytest.raises(Invalid):
        LotColumns(
            quantity=good.quantity.astype(np.int32),
            cost_units=good.cost_units,
            price_index=good.price_index,
            book_index=good.book_index,
        )


def test_no_lots_are_worth_nothing() -> None:
    found = value_columns(columns([]), [None], book_count=2)

    assert found.worths() == []
    assert [book.market_value_units for book in found.books] == [0, 0]
