"""A posting process is killed (SIGKILL) in mid-batch, again and again: nothing lost, doubled or partial, and ready at once."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from dataclasses import dataclass, field

from ledger.operations import EntryReceipt
from ledger.store.database import Database
from tests.store.books import ExampleBook, columns, open_example
from tests.store.brute_force import assert_sound
from tests.torture.posting_process import BATCH, batch, post_for_ever
from tests.torture.scale import report, scaled

KILLS = scaled(short=4, full=200)
READY_SECONDS = 3
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["tests.torture.posting_process"])


@dataclass
class Tally:
    """What the kills met."""

    acknowledged: int = 0
    found_recorded: int = 0
    found_absent: int = 0
    seconds: list[float] = field(default_factory=list)


def test_a_killed_process_loses_doubles_and_halves_nothing(database: Database) -> None:
    book = open_example(database)
    rng = random.Random(9)
    tally = Tally()
    number = 1

    for _ in range(KILLS):
        number = _kill_one(book, rng, number, tally)

    ids = [entry_id for (entry_id,) in columns(database, "entry", "entry_id", book_id=book.book_id)]
    expected = {draft.entry_id for each in range(1, number) for draft in batch(each)}
    assert len(ids) == len(expected)
    assert set(ids) == expected
    assert max(tally.seconds) < READY_SECONDS
    assert_sound(book)
    report(
        kills=KILLS,
        batches_acknowledged=tally.acknowledged,
        unacknowledged_found_recorded=tally.found_recorded,
        unacknowledged_found_absent=tally.found_absent,
        ready_after_at_most=f"{max(tally.seconds):.2f} s",
    )


def _kill_one(book: ExampleBook, rng: random.Random, first: int, tally: Tally) -> int:
    """Start a process, kill it somewhere in a batch, post that batch again; return the next batch's number."""
    heard, told = _FORKING.Pipe(duplex=False)
    url = book.database.engine.url.set(drivername=book.database.engine.dialect.name)
    process = _FORKING.Process(
        target=post_for_ever, args=(url.render_as_string(hide_password=False), book.book_id, first, told), daemon=True
    )
    process.start()
    told.close()
    acknowledged = first - 1
    for _ in range(rng.randrange(1, 4)):
        assert heard.poll(30), "the process posts"
        acknowledged = heard.recv()
    threading.Event().wait(rng.randrange(12) / 1000)  # somewhere in the next batch
    process.kill()
    begun = time.monotonic()
    try:
        while True:
            acknowledged = heard.recv()
    except EOFError:
        heard.close()
    process.join()
    process.close()
    _check_acknowledged(book, first, acknowledged)
    tally.acknowledged += acknowledged - first + 1
    again = book.accept(*batch(acknowledged + 1))
    tally.seconds.append(time.monotonic() - begun)
    _check_whole(again)
    if again[0].is_replay:
        tally.found_recorded += 1
    else:
        tally.found_absent += 1
    return acknowledged + 2


def _check_acknowledged(book: ExampleBook, first: int, last: int) -> None:
    ids = {entry_id for (entry_id,) in columns(book.database, "entry", "entry_id", book_id=book.book_id)}
    for number in range(first, last + 1):
        assert all(draft.entry_id in ids for draft in batch(number)), f"batch {number} was acknowledged"


def _check_whole(receipts: list[EntryReceipt]) -> None:
    """Assert that a batch of unknown fate was recorded as a whole or not at all."""
    assert len({receipt.is_replay for receipt in receipts}) == 1
    assert [receipt.seq for receipt in receipts] == list(range(receipts[0].seq, receipts[0].seq + BATCH))
