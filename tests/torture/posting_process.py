"""A process that posts batches to a book until it is killed, telling over a pipe which batches it saw committed."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection

from ledger import operations
from ledger.core.journal import JournalDraft
from ledger.store.database import open_database
from tests.strategies import CASH, GAIN, NOW, purchase, sale, transfer

BATCH = 12
"""Entries of a batch: transfers, a purchase and a sale, so that a batch touches every table of facts."""


def batch(number: int) -> list[JournalDraft]:
    """Return the drafts of the batch of that number, the same in every process."""
    first = number * 100
    moves = [transfer(first + place, GAIN, CASH, 1) for place in range(BATCH - 2)]
    return [*moves, purchase(first + BATCH - 2, 2, 0), sale(first + BATCH - 1, 1, 3)]


def post_for_ever(url: str, book_id: int, first: int, told: Connection) -> None:
    """Post the batches from number ``first`` on, one commit each, and send each one's number once it is committed."""
    database = open_database(url)
    number = first
    while True:
        with database.writer() as session:
            operations.post_entries(session, book_id, batch(number), now=NOW, random_bytes=os.urandom)
            session.commit()
        told.send(number)
        number += 1
