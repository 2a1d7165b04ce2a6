"""Many clients sell the last tonne at the same moment: one of them has it, and the book never goes below zero."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import timedelta
from functools import partial

from api.writer import WriterQueue
from ledger.store.database import Database
from tests.store.books import ExampleBook, codes, columns, open_example
from tests.store.brute_force import assert_sound
from tests.store.test_ledger_concurrency import at_once
from tests.strategies import FIFO, NOW, purchase, sale
from tests.torture.scale import report, scaled

CLIENTS = 64
ROUNDS = scaled(short=6, full=200)
REFUSED = "ledger.insufficient_available"


def test_the_last_tonne_of_each_round_has_exactly_one_winner_among_64(database: Database) -> None:
    book = open_example(database)
    queue = WriterQueue(database, clock=lambda: NOW + timedelta(days=1), random_bytes=book.random_bytes)
    answers: Counter[str] = Counter()
    begun = time.monotonic()

    for round_ in range(1, ROUNDS + 1):
        book.accept(purchase(round_ * 1000, 1, 0))
        told = Counter(at_once(partial(_sell, book, queue, round_ * 1000 + 1), CLIENTS))

        assert told["ok"] == 1, f"round {round_}: {told}"
        answers += told

    assert set(answers) <= {"ok", REFUSED, "ledger.lot_unknown"}
    assert answers.total() == CLIENTS * ROUNDS
    assert _tonnes(book) == 0
    assert_sound(book)
    report(clients=CLIENTS, rounds=ROUNDS, winners=answers["ok"], seconds=f"{time.monotonic() - begun:.1f}")


def _sell(book: ExampleBook, queue: WriterQueue, first: int, client: int) -> str:
    """Sell one tonne: three clients of four through the queue, the fourth in a transaction of its own, as a bulk call does."""
    last_tonne = sale(first + client, 1, 5)
    outcomes = book.post(last_tonne) if client % 4 == 0 else [asyncio.run(queue.post(book.book_id, last_tonne))]
    return codes(outcomes)[0]


def _tonnes(book: ExampleBook) -> int:
    accounts = dict(columns(book.database, "account", "path", "account_id", book_id=book.book_id))
    posted = dict(columns(book.database, "balance", "account_id", "posted", book_id=book.book_id))
    return int(posted[accounts[FIFO]])
