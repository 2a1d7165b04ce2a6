"""The reply to every fifth commit is lost: each operation still has exactly one effect, and its caller is told the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from api.errors import Unavailable
from api.writer import WriterQueue
from ledger.operations import EntryOutcome, EntryReceipt
from ledger.store.database import Database, open_database
from tests.store.books import ExampleBook, columns, open_example
from tests.store.brute_force import assert_sound
from tests.store.test_ledger_concurrency import at_once
from tests.strategies import CASH, GAIN, NOW, transfer
from tests.torture.dropping_proxy import dropping
from tests.torture.failing_database import fail_on_demand
from tests.torture.losses import Loss, Losses
from tests.torture.scale import report

OPERATIONS = 300
SENDS = 10
"""How often a client sends the same entry before it gives up; the queue itself has tried eight times each."""


@contextmanager
def losing(database: Database, losses: Losses) -> Iterator[Database]:
    """Give the same database by a way on which commits get lost."""
    url = database.engine.url.render_as_string(hide_password=False)
    if database.is_sqlite:
        faulty = open_database(url)
        fail_on_demand(faulty).lose = losses
        yield faulty
        faulty.engine.dispose()
        return
    plain = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with dropping(plain, losses) as (_, through):
        faulty = open_database(through)
        yield faulty
        faulty.engine.dispose()


@pytest.mark.parametrize("clients", [1, 12])
def test_300_operations_have_exactly_300_effects(database: Database, clients: int) -> None:
    book = open_example(database)
    losses = Losses(seed=clients)

    with losing(database, losses) as faulty:
        queue = WriterQueue(faulty, clock=lambda: NOW + timedelta(days=1), random_bytes=_without_pauses(book))

        def work(client: int) -> list[EntryReceipt]:
            return [_sent(queue, book, number) for number in range(1 + client, OPERATIONS + 1, clients)]

        receipts = [receipt for each in at_once(work, clients) for receipt in each]

    recorded = columns(database, "entry", "entry_id", "seq", book_id=book.book_id)
    assert len(recorded) == OPERATIONS
    assert sorted((str(each.entry_id), each.seq) for each in receipts) == sorted(
        (str(entry_id), seq) for entry_id, seq in recorded
    )
    assert losses.told[Loss.REPLY] > 0
    assert_sound(book)
    report(
        clients=clients,
        commits=losses.told.total(),
        replies_lost=losses.told[Loss.REPLY],
        requests_lost=losses.told[Loss.REQUEST],
        effects=len(recorded),
    )


def test_a_receipt_found_again_after_a_lost_reply_is_the_one_the_commit_gave(database: Database) -> None:
    book = open_example(database)
    losses = iter([Loss.REPLY, Loss.NONE])

    class Once(Losses):
        def __call__(self) -> Loss:
            return next(losses, Loss.NONE)

    with losing(database, Once(0)) as faulty:
        queue = WriterQueue(faulty, clock=lambda: NOW + timedelta(days=1), random_bytes=_without_pauses(book))

        outcome = asyncio.run(queue.post(book.book_id, transfer(1, GAIN, CASH, 1)))

    assert next(losses, None) is None, "the reply to the first commit was lost"
    assert isinstance(outcome, EntryReceipt)
    assert (outcome.seq, outcome.is_replay) == (1, False)
    assert columns(database, "leaf", "leaf_hash", book_id=book.book_id) == [(outcome.leaf_hash,)]


def _sent(queue: WriterQueue, book: ExampleBook, number: int) -> EntryReceipt:
    outcome: EntryOutcome | None = None
    for _ in range(SENDS):
        try:
            outcome = asyncio.run(queue.post(book.book_id, transfer(number, GAIN, CASH, 1)))
            break
        except Unavailable:
            continue
    assert isinstance(outcome, EntryReceipt), f"operation {number}: {outcome}"
    return outcome


def _without_pauses(book: ExampleBook) -> Callable[[int], bytes]:
    return lambda count: b"\x00" if count == 1 else book.random_bytes(count)
