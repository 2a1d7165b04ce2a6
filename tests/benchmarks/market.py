"""``tonne bench market``: valuation, a day's close, risk and the surrender plan, each beside its peers in the same run.

One row a case: case, figure, unit, asked, is_met and a note that says what is inside and what dominates.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Callable, Sequence
from typing import Any

from tests.benchmarks import market_valuation

Row = dict[str, Any]

_FURTHER = ("tests.benchmarks.market_risk", "tests.benchmarks.market_compliance")
"""Modules with ``rows()``, run after the valuation where they stand."""


def run(
    *,
    lots: int = 1_000_000,
    books: int = 1_000,
    closing_books: int = 100,
    lots_a_book: int = 500,
    engines: Sequence[str] = ("sqlite",),
) -> list[Row]:
    """Return the rows; ``lots`` in ``books`` are valued at once, ``closing_books`` of ``lots_a_book`` closed on each engine."""

    def valuation() -> list[Row]:
        return market_valuation.rows(
            lots=lots, books_valued=books, closing_books=closing_books, lots_a_book=lots_a_book, engines=tuple(engines)
        )

    return [row for case in (valuation, *_cases()) for row in case()]


def _cases() -> list[Callable[[], list[Row]]]:
    return [importlib.import_module(name).rows for name in _FURTHER if importlib.util.find_spec(name) is not None]


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table a person can read."""
    lines = [f"{'case':<26}{'figure':>14} {'unit':<26}{'asked':>8}{'met':>5}  note"]
    for row in rows:
        met = "yes" if row["is_met"] else "no"
        lines.append(f"{row['case']:<26}{row['figure']:>14} {row['unit']:<26}{row['asked']:>8}{met:>5}  {row['note']}")
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    """Return the rows as one JSON list."""
    return json.dumps(rows, indent=2)
