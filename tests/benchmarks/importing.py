"""How fast a JSON Lines file is imported, in bounded memory, beside beancount loading the same entries.

Ours: ``tonne import-entries`` from its first pass on: every line checked, then posted with every guard and the tree, committed. Beancount
runs as a separate program, ``bean-check`` without its cache, the start of its interpreter included; it parses, books and checks in
memory and keeps nothing. Measures only; asserts nothing about time.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from api.commands import import_entries
from api.schemas.amounts import Units
from api.schemas.entry_lines import EntryReader
from ledger.core.journal import JournalDraft
from ledger.store import books
from ledger.store.database import Database
from tests.benchmarks import posting as bench
from tests.benchmarks import shares

_TIMES = 5
_STAGES: shares.Stages = {
    "reading and checking lines": [(import_entries, "_check"), (import_entries, "_next_batch")],
    **shares.POSTING,
}
_beancount_s: dict[int, float] = {}
"""Seconds by number of entries: the engine makes no difference to it."""


def row(database: Database, engine: str, book_id: int, entries: int) -> bench.Row:
    """Return the row of an import of ``entries`` lines."""
    with tempfile.TemporaryDirectory(prefix="tonne-bench-") as folder:
        lines, journal = Path(folder, "entries.jsonl"), Path(folder, "entries.beancount")
        _write(lines, journal, random.Random(entries), entries)
        if entries not in _beancount_s:
            _beancount_s[entries] = _load_by_beancount(journal)
        before = _peak_mb()
        seconds = _import(database, book_id, lines)
        after = _peak_mb()
        smaller = min(entries, 2 * bench.BATCHES[-1])
        _write(lines, journal, random.Random(entries), smaller)
        with shares.Shares(_STAGES) as found:
            _import(database, book_id, lines)
    mine, theirs = entries / seconds, entries / _beancount_s[entries]
    told: bench.Row = {
        "engine": engine,
        "case": "import",
        "batch": bench.BATCHES[-1],
        "entries_per_s": int(mine),
        "raw_entries_per_s": int(theirs),
        "ratio": f"{mine / theirs:.2f}",
        "note": f"{entries:,} lines; raw is beancount's load; peak memory MB before {before}, after {after}",
    }
    goal = f"{_TIMES} times beancount's load, bounded memory"
    return shares.judged(told, goal=goal, is_met=mine >= _TIMES * theirs, dominates=found.told())


def _import(database: Database, book_id: int, path: Path) -> float:
    with database.reader() as session:
        units = Units.of(books.commodities(session, book_id), "CNY")
    reader = EntryReader(units, bench.ACTOR)
    with path.open("rb") as source:
        lines = import_entries._Lines(source, path.name, import_entries._Progress(path.stat().st_size))
        started = time.perf_counter()
        checked = import_entries._check(lines, reader)
        tally = import_entries._post(database, book_id, lines, reader, checked)
        seconds = time.perf_counter() - started
    assert tally.accepted == checked.entries, "every line is a new entry that is accepted"
    return seconds


def _write(lines: Path, journal: Path, rng: random.Random, entries: int) -> None:
    with lines.open("w", encoding="utf-8") as ours, journal.open("w", encoding="utf-8") as theirs:
        theirs.writelines(f"2020-01-01 open Assets:Bench:A{number} CNY\n" for number in range(bench.ACCOUNTS))
        for draft in islice(_drafts(rng), entries):
            legs = [(leg.account, f"{leg.amount / 100:.2f}") for leg in draft.postings]
            entry = {
                "entry_id": str(draft.entry_id),
                "kind": draft.kind.value,
                "effective_on": draft.effective_on.isoformat(),
                "legs": [{"account": path, "commodity": "CNY", "amount": amount} for path, amount in legs],
            }
            ours.write(json.dumps(entry) + "\n")
            theirs.write(f'{entry["effective_on"]} * "{entry["entry_id"]}"\n')
            theirs.writelines(f"  {path} {amount} CNY\n" for path, amount in legs)


def _drafts(rng: random.Random) -> Iterator[JournalDraft]:
    while True:
        yield from bench.make_drafts(rng, bench.BATCHES[-1])


def _load_by_beancount(journal: Path) -> float:
    command = [sys.executable, "-W", "ignore", "-m", "beancount.scripts.check", "--no-cache", str(journal)]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - fixed words and a file of our own
    return time.perf_counter() - started


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
