"""The same figures on several machines: lots and scenarios spread over a local cluster of two processes give equal numbers."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from finance.market.risk.value_at_risk import quantities_by_book, scenario_profits, tails_by_book

Integers = npt.NDArray[np.int64]

distributed: Any = importlib.import_module("distributed")
dask: Any = importlib.import_module("dask")

BOOKS, INSTRUMENTS, SCENARIOS, LOTS = 20, 6, 4_000, 60_000
CONFIDENCE = Fraction(99, 100)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    quiet = {"distributed.worker.memory.target": False, "distributed.worker.memory.spill": False}
    with (
        dask.config.set(quiet),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as workers,
        distributed.Client(workers) as client,
    ):
        yield client


def test_lots_and_scenarios_spread_over_two_processes_give_equal_numbers(cluster: Any) -> None:
    rng = np.random.default_rng(5)
    book, instrument = rng.integers(0, BOOKS, LOTS), rng.integers(0, INSTRUMENTS, LOTS)
    quantity = rng.integers(-1_000_000, 1_000_000, LOTS)
    moves = rng.integers(-100_000, 100_000, (INSTRUMENTS, SCENARIOS))
    whole = quantities_by_book(book, instrument, quantity, books=BOOKS, instruments=INSTRUMENTS)
    expected = tails_by_book(scenario_profits(whole, moves), confidence=CONFIDENCE)

    parts = [slice(first, first + LOTS // 4) for first in range(0, LOTS, LOTS // 4)]
    summed = cluster.gather(
        [
            cluster.submit(
                quantities_by_book, book[part], instrument[part], quantity[part], books=BOOKS, instruments=INSTRUMENTS
            )
            for part in parts
        ]
    )
    tonnes = cluster.scatter(sum(summed), broadcast=True)
    blocks = [slice(first, first + 500) for first in range(0, SCENARIOS, 500)]
    profits = cluster.gather([cluster.submit(scenario_profits, tonnes, moves[:, block]) for block in blocks])
    found = tails_by_book(np.concatenate(profits, axis=1), confidence=CONFIDENCE)

    assert found == expected
    assert len(cluster.scheduler_info()["workers"]) == 2
