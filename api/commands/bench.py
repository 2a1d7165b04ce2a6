"""``tonne bench``: measures this installation; needs the checkout, where the benchmarks stand beside the tests."""

from __future__ import annotations

import importlib
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ledger.core.errors import Invalid

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def register(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("bench", help="measure this installation beside its peers in one run")
    subjects = parser.add_subparsers(dest="subject", required=True)
    ledger = subjects.add_parser("ledger", help="posting beside a raw insert of the same rows, reads, check, queue")
    ledger.add_argument("--entries", type=int, default=8_000, help="entries a chunk posts on each side (default 8000)")
    ledger.add_argument(
        "--long", action="store_true", help="also a million entries: memory, and the reads of an account of that size"
    )
    ledger.add_argument(
        "--ten-million", action="store_true", help="with --long: also the reads at ten million, filled by bare SQL"
    )
    ledger.set_defaults(run=_bench_ledger)
    loans = subjects.add_parser("loans", help="schedules, accrual and decisions beside QuantLib and a bare kernel")
    loans.add_argument("--loans", type=int, default=100_000, help="loans computed at once (default 100000)")
    loans.add_argument(
        "--segments",
        type=int,
        default=10_000_000,
        help="random accruals compared with the exact path (default 10 million)",
    )
    loans.set_defaults(run=_bench_loans)
    market = subjects.add_parser("market", help="valuation and a day's close beside DuckDB, polars and a bare kernel")
    market.add_argument("--lots", type=int, default=1_000_000, help="lots valued at once (default 1 million)")
    market.add_argument("--books", type=int, default=100, help="books closed on each engine (default 100)")
    market.set_defaults(run=_bench_market)
    api = subjects.add_parser("api", help="reads and writes a second of the server beside a bare FastAPI route")
    api.add_argument(
        "--requests", type=int, default=2_000, help="writes of a round, reads are twice as many (default 2000)"
    )
    api.set_defaults(run=_bench_api)
    pages = subjects.add_parser(
        "pages", help="the first page of a treasurer, on the example and with a million postings"
    )
    pages.add_argument("--postings", type=int, default=1_000_000, help="postings of the large book (default 1 million)")
    pages.set_defaults(run=_bench_pages)
    for each in (ledger, loans, market, api, pages):
        each.add_argument("--json", action="store_true", help="print one JSON list of rows")
        each.add_argument("--engine", action="append", choices=["sqlite", "postgresql"], help="only this engine")


def _bench_ledger(arguments: Namespace, out: TextIO) -> int:
    if arguments.ten_million and not arguments.long:
        raise Invalid("command.usage", "--ten-million: expected with --long; add it", field="ten-million")
    benchmark = _benchmark("ledger")
    rows = benchmark.run(
        entries=arguments.entries,
        engines=_engines(arguments),
        is_long=arguments.long,
        is_ten_million=arguments.ten_million,
    )
    return _print(benchmark, rows, arguments, out)


def _bench_loans(arguments: Namespace, out: TextIO) -> int:
    benchmark = _benchmark("loans")
    rows = benchmark.run(loans=arguments.loans, segments=arguments.segments, engines=_engines(arguments))
    return _print(benchmark, rows, arguments, out)


def _bench_market(arguments: Namespace, out: TextIO) -> int:
    for field in ("lots", "books"):
        if getattr(arguments, field) < 1:
            raise Invalid("command.usage", f"--{field}: expected at least 1", field=field)
    benchmark = _benchmark("market")
    rows = benchmark.run(lots=arguments.lots, closing_books=arguments.books, engines=_engines(arguments))
    return _print(benchmark, rows, arguments, out)


def _bench_api(arguments: Namespace, out: TextIO) -> int:
    least = 64  # a few for each connection
    if arguments.requests < least:
        raise Invalid("command.usage", "--requests: expected at least 64", field="requests")
    benchmark = _benchmark("api")
    rows = benchmark.run(requests=arguments.requests, engines=_engines(arguments))
    return _print(benchmark, rows, arguments, out)


def _bench_pages(arguments: Namespace, out: TextIO) -> int:
    least = 2  # an entry has two
    if arguments.postings < least:
        raise Invalid("command.usage", "--postings: expected at least 2", field="postings")
    benchmark = _benchmark("pages")
    rows = benchmark.run(postings=arguments.postings, engines=_engines(arguments))
    return _print(benchmark, rows, arguments, out)


def _benchmark(subject: str) -> Any:
    sys.path.insert(0, str(Path(__file__).parents[2]))
    try:
        return importlib.import_module(f"tests.benchmarks.{subject}")
    except ModuleNotFoundError as error:
        raise Invalid(
            "bench.checkout", "run this in a checkout of the project, where tests/benchmarks stands"
        ) from error


def _engines(arguments: Namespace) -> tuple[str, ...]:
    return tuple(arguments.engine or ("sqlite", "postgresql"))


def _print(benchmark: Any, rows: Any, arguments: Namespace, out: TextIO) -> int:
    out.write((benchmark.as_json(rows) if arguments.json else benchmark.table(rows)) + "\n")
    return 0
