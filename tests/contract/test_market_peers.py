"""Four other ways to value the same lots give the same fen: a bare kernel, DuckDB's DECIMAL, polars, Python integers."""

from __future__ import annotations

import io

from api.cli import main
from tests.benchmarks import market, market_valuation


def test_duckdb_polars_and_a_bare_kernel_give_our_fen() -> None:
    rows = market_valuation.mark_to_market_rows(5_000, 20)

    assert [row["case"] for row in rows] == ["mark_to_market_bare", "mark_to_market_duckdb"]
    assert all("; 0 fen differ" in row["note"] for row in rows)


def test_the_benchmark_says_when_a_size_makes_no_sense() -> None:
    err = io.StringIO()

    assert main(["bench", "market", "--lots", "0"], io.StringIO(), err) == 2
    assert "--lots: expected at least 1" in err.getvalue()


def test_rows_are_told_as_a_table_and_as_json() -> None:
    rows = [{"case": "c", "figure": "1", "unit": "x", "asked": 1, "is_met": True, "note": "n"}]

    assert "yes  n" in market.table(rows)
    assert '"is_met": true' in market.as_json(rows)
