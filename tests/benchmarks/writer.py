"""How fast single entries go through the writer queue, many callers at once, each waiting for its own answer.

``rows(engine)`` gives the rows of ``tests.benchmarks.posting``: ``batch`` is the number of callers, *raw* the bare driver inserting
the same rows in one thread, in commits as large as the queue's were on average; the note says what the ledger does in such commits when
one thread posts them without the queue. The callers are tasks of one event loop, as requests are; their
drafts are made before the clock starts. Measures only; asserts nothing about time.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import event

from api.writer import WriterQueue
from ledger.core.journal import JournalDraft
from ledger.operations import EntryReceipt
from ledger.store.database import Database
from tests.benchmarks import posting as bench
from tests.benchmarks import shares

CALLERS = (64, 256)
_ROUNDS = 3
_HOT = "Assets:Bench:A0"


def rows(engine: str, *, entries: int = 20_000) -> list[bench.Row]:
    """Return one row for each number of callers, over 2,000 accounts and over one hot account; each posts ``entries`` three times."""
    with bench.opened_database(engine) as database:
        book_id = bench.open_book(database)
        commits = _Commits(database)
        return [
            _row(engine, database, book_id, commits, callers, entries, hot=hot)
            for callers in CALLERS
            for hot in (None, _HOT)
        ]


class _Commits:
    """Counts what the database commits."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        event.listen(database.engine, "commit", self._one_more)

    def _one_more(self, _connection: object) -> None:
        self.count += 1


def _row(
    engine: str, database: Database, book_id: int, commits: _Commits, callers: int, entries: int, *, hot: str | None
) -> bench.Row:
    rng = random.Random(callers)
    each = entries // callers
    ours: list[int] = []
    taken: list[int] = []
    mean = 1
    for _ in range(_ROUNDS):
        drafts = [bench.make_drafts(rng, each, hot=hot) for _ in range(callers)]
        before = commits.count
        elapsed_ns, times = _run(database, book_id, drafts)
        mean = max(1, callers * each // max(1, commits.count - before))
        ours.append(callers * each * 10**9 // elapsed_ns)
        taken += times
    drafts = [bench.make_drafts(rng, each, hot=hot) for _ in range(callers)]
    with shares.Shares(shares.POSTING) as found:
        _run(database, book_id, drafts)
    batches = [bench.make_drafts(rng, mean, hot=hot) for _ in range(max(1, entries // mean // 2))]
    raw_seq = 10**9 + callers * 10**7 + (0 if hot is None else 5 * 10**6)
    theirs = int(len(batches) * mean / bench.timed(partial(bench.raw_all, database, batches, raw_seq)))
    alone = int(len(batches) * mean / bench.timed(partial(bench.post_all, database, book_id, batches)))
    mine = statistics.median(ours)
    taken.sort()
    p50, p99 = (taken[len(taken) * percent // 100] / 10**6 for percent in (50, 99))
    row: bench.Row = {
        "engine": engine,
        "case": "queue_hot" if hot else "queue",
        "batch": callers,
        "entries_per_s": int(mine),
        "raw_entries_per_s": theirs,
        "ratio": f"{mine / theirs:.2f}",
        "note": f"{callers} callers; p50 {p50:.1f} ms, p99 {p99:.1f} ms; {mean} entries a commit; the ledger alone {alone} entries/s",
    }
    goal = f"{_LEAST:,} entries/s, p99 under {_P99_MS} ms"
    dominates = found.told(rest="callers and their hand-over to the thread that commits")
    return shares.judged(row, goal=goal, is_met=mine >= _LEAST and p99 < _P99_MS, dominates=dominates)


_LEAST, _P99_MS = 10_000, 50


def _run(database: Database, book_id: int, drafts: Sequence[Sequence[JournalDraft]]) -> tuple[int, list[int]]:
    """Post each caller's drafts one after the other from a task of its own; return nanoseconds in all and of each answer."""
    queue = WriterQueue(database, clock=partial(datetime.now, UTC), random_bytes=os.urandom)
    taken: list[int] = []

    async def call(own: Sequence[JournalDraft]) -> None:
        for draft in own:
            begun = time.perf_counter_ns()
            outcome = await queue.post(book_id, draft)
            taken.append(time.perf_counter_ns() - begun)
            assert isinstance(outcome, EntryReceipt), f"every draft is accepted, not {outcome}"

    async def call_all() -> int:
        begun = time.perf_counter_ns()
        await asyncio.gather(*(call(own) for own in drafts))
        return time.perf_counter_ns() - begun

    return asyncio.run(call_all()), taken
