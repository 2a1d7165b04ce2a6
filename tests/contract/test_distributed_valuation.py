"""The bulk valuation on a real cluster of two processes gives the same numbers, to the fen."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from api.distributed import value_on_cluster
from finance.market.bulk_valuation import BulkValuation, LotColumns, value_columns
from ledger.core.errors import Invalid

distributed: Any = importlib.import_module("distributed")

BOOKS = 37
PRICES = (Fraction(9_740), Fraction(7_700 * 79_341, 10_000), None, Fraction(10_000, 3), Fraction(10**13))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as local,
        distributed.Client(local) as client,
    ):
        yield client


def lots(count: int) -> LotColumns:
    rng = np.random.default_rng(17)
    return LotColumns(
        quantity=rng.integers(0, 10**7, count),
        cost_units=rng.integers(0, 10**12, count),
        price_index=rng.integers(0, len(PRICES), count),
        book_index=rng.integers(0, BOOKS, count),
    )


def told(found: BulkValuation) -> tuple[object, ...]:
    return found.worths(), dict(found.wide), found.books


@pytest.mark.parametrize("parts", [1, 2, 5, 100])
def test_two_processes_give_the_same_numbers(cluster: Any, parts: int) -> None:
    columns = lots(20_000)

    found = value_on_cluster(cluster, columns, PRICES, book_count=BOOKS, parts=parts)

    assert len(cluster.scheduler_info()["workers"]) == 2
    assert told(found) == told(value_columns(columns, PRICES, book_count=BOOKS))


def test_books_without_lots_stand_at_zero(cluster: Any) -> None:
    found = value_on_cluster(cluster, lots(0), PRICES, book_count=3, parts=2)

    assert [book.market_value_units for book in found.books] == [0, 0, 0]


def test_a_book_that_does_not_exist_is_refused_before_anything_is_sent(cluster: Any) -> None:
    with pytest.raises(Invalid):
        value_on_cluster(cluster, lots(10), PRICES, book_count=1, parts=2)
    with pytest.raises(Invalid):
        value_on_cluster(cluster, lots(10), PRICES, book_count=BOOKS, parts=0)
