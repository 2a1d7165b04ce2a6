"""The bulk valuation over many machines: books in parts, each part the same pure function on an existing cluster.

Owns the partition and its joining. Starts no cluster and imports no engine: a Dask client, or whatever scatters, submits and
gathers like one, is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from finance.market.bulk_valuation import BulkValuation, LotColumns, value_columns
from ledger.core.errors import Invalid


class Cluster(Protocol):
    """What is asked of a cluster; ``dask.distributed.Client`` has it."""

    def scatter(self, data: list[Any]) -> list[Any]:
        """Place values on the workers and return a handle for each."""

    def submit(self, work: Callable[..., Any], *arguments: object, **named: object) -> Any:
        """Run ``work`` on a worker and return a handle of its answer."""

    def gather(self, futures: list[Any]) -> list[Any]:
        """Return the answers, in order."""


def value_on_cluster(
    cluster: Cluster, lots: LotColumns, prices: Sequence[Fraction | None], *, book_count: int, parts: int
) -> BulkValuation:
    """Return what ``value_columns`` returns, computed in ``parts`` of whole books on the cluster, equal to the fen.

    A book's lots stay together, so no sum is split; more ``parts`` than books are as many as books.
    """
    if parts < 1:
        raise Invalid("valuation.parts", "parts: expected at least 1", field="parts")
    if len(lots) and (lots.book_index.min() < 0 or lots.book_index.max() >= book_count):
        raise Invalid(
            "valuation.columns", f"book_index: expected places from 0 to {book_count - 1}", field="book_index"
        )
    parts = min(parts, max(book_count, 1))
    order = np.argsort(lots.book_index, kind="stable")
    edges = [book_count * part // parts for part in range(parts + 1)]
    bounds = np.searchsorted(lots.book_index[order], edges).tolist()
    spans = [
        (first, last, order[bounds[place] : bounds[place + 1]])
        for place, (first, last) in enumerate(pairwise(edges))
        if last > first
    ]
    columns = cluster.scatter([_part(lots, rows, first_book=first) for first, _, rows in spans])
    answers: list[BulkValuation] = cluster.gather(
        [
            cluster.submit(value_columns, part, tuple(prices), book_count=last - first, pure=False)
            for part, (first, last, _) in zip(columns, spans, strict=True)
        ]
    )
    worth = np.zeros(len(lots), dtype=np.int64)
    wide: dict[int, int] = {}
    for answer, (_, _, rows) in zip(answers, spans, strict=True):
        worth[rows] = answer.worth_units
        wide |= {int(rows[row]): units for row, units in answer.wide.items()}
    return BulkValuation(worth_units=worth, wide=wide, books=tuple(book for answer in answers for book in answer.books))


def _part(lots: LotColumns, rows: Any, *, first_book: int) -> LotColumns:
    return LotColumns(
        quantity=lots.quantity[rows],
        cost_units=lots.cost_units[rows],
        price_index=lots.price_index[rows],
        book_index=lots.book_index[rows] - first_book,
    )
