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
    parser = subparsers.add_parser("bench", help="measure posting speed beside a raw insert of the same rows")
    parser.add_argument("subject", choices=["ledger"], help="what to measure")
    parser.add_argument("--json", action="store_true", help="print one JSON list of rows")
    parser.add_argument("--entries", type=int, default=8_000, help="entries a chunk posts on each side (default 8000)")
    parser.add_argument("--engine", action="append", choices=["sqlite", "postgresql"], help="only this engine")
    parser.add_argument(
        "--long", action="store_true", help="also a million entries: memory, and as-of reads at that size"
    )
    parser.set_defaults(run=_bench)


def _bench(arguments: Namespace, out: TextIO) -> int:
    sys.path.insert(0, str(Path(__file__).parents[2]))
    try:
        benchmark: Any = importlib.import_module("tests.benchmarks.ledger")
    except ModuleNotFoundError as error:
        raise Invalid(
            "bench.checkout", "run this in a checkout of the project, where tests/benchmarks stands"
        ) from error
    rows = benchmark.run(
        entries=arguments.entries,
        engines=tuple(arguments.engine or ("sqlite", "postgresql")),
        is_long=arguments.long,
    )
    out.write((benchmark.as_json(rows) if arguments.json else benchmark.table(rows)) + "\n")
    return 0
