"""The example book of ``tests.strategies`` in a database: opened, posted to, and read row for row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import operations
from ledger.core.journal import JournalDraft
from ledger.operations import EntryOutcome, EntryReceipt, EntryRefusal
from ledger.store.database import Base, Database
from tests.strategies import ACTOR, BOOK_UUID, COMMODITIES, NOW, OPENINGS, TENANT

FACTS = ("entry", "posting", "lot", "lot_move", "serial_move", "hold", "hold_move", "leaf", "request")
PROJECTIONS = ("balance", "balance_day", "lot_position", "hold_position", "serial_block")
LEDGER_TABLES = ("book", "commodity", "account", *FACTS, *PROJECTIONS)


def counted_bytes(seed: str) -> Callable[[int], bytes]:
    """Return a source of bytes that looks random and is the same for the same seed and calls."""
    calls = iter(range(1_000_000))

    def give(count: int) -> bytes:
        return hashlib.shake_256(f"{seed} {next(calls)}".encode()).digest(count)

    return give


@dataclass(frozen=True, slots=True)
class ExampleBook:
    """An open book and the randomness it draws salts from."""

    database: Database
    book_id: int
    random_bytes: Callable[[int], bytes]

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session and commit at the end."""
        with self.database.writer() as session:
            yield session
            session.commit()

    def post(self, *drafts: JournalDraft, now: datetime = NOW) -> list[EntryOutcome]:
        """Post a batch and commit."""
        with self.writing() as session:
            return operations.post_entries(session, self.book_id, drafts, now=now, random_bytes=self.random_bytes)

    def close(self, through: date, *, now: datetime = NOW) -> bytes:
        """Close the period and commit."""
        with self.writing() as session:
            return operations.close_period(
                session, self.book_id, through, actor=ACTOR, now=now, random_bytes=self.random_bytes
            )

    def accept(self, *drafts: JournalDraft) -> list[EntryReceipt]:
        """Post a batch of which each draft must be accepted."""
        outcomes = self.post(*drafts)
        receipts = [outcome for outcome in outcomes if isinstance(outcome, EntryReceipt)]
        assert len(receipts) == len(drafts), codes(outcomes)
        return receipts


def open_example(database: Database, *, book_uuid: UUID = BOOK_UUID, code: str = "smelter") -> ExampleBook:
    """Open the example book with its commodities and accounts."""
    with database.writer() as session:
        book_id = operations.open_book(
            session,
            book_uuid=book_uuid,
            tenant_id=TENANT,
            code=code,
            functional_currency="CNY",
            now=NOW - timedelta(days=1),
        )
        for commodity in COMMODITIES:
            operations.add_commodity(session, book_id, commodity, {})
        for opening in OPENINGS:
            operations.open_account(session, book_id, opening)
        session.commit()
    return ExampleBook(database, book_id, counted_bytes(str(book_uuid)))


def codes(outcomes: Sequence[EntryOutcome]) -> list[str]:
    """Return ``ok`` or the refusal's code of each outcome."""
    return [outcome.refusal.code if isinstance(outcome, EntryRefusal) else "ok" for outcome in outcomes]


def rows(database: Database, table: str, book_id: int | None = None) -> list[tuple[Any, ...]]:
    """Return a ledger table's rows in an order that both engines share."""
    found = Base.metadata.tables[table]
    wanted = select(found)
    if book_id is not None:
        wanted = wanted.where(found.c.book_id == book_id)
    with database.reader() as session:
        return sorted((tuple(_plain(value) for value in row) for row in session.execute(wanted)), key=repr)


def snapshot(database: Database, book_id: int | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """Return every ledger table's rows."""
    return {table: rows(database, table, book_id) for table in LEDGER_TABLES}


def columns(database: Database, table: str, *names: str, book_id: int) -> list[tuple[Any, ...]]:
    """Return some columns of a book's rows in primary key order."""
    found = Base.metadata.tables[table]
    wanted = (
        select(*(found.c[name] for name in names))
        .where(found.c.book_id == book_id)
        .order_by(*found.primary_key.columns)
    )
    with database.reader() as session:
        return [tuple(_plain(value) for value in row) for row in session.execute(wanted)]


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
