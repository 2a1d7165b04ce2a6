"""A book with carbon instruments on each engine, and what a test asks of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.accounting.instruments import Instrument, InstrumentKind, allowance
from finance.accounting.trades import Trade
from finance.operations.trades import Booking, book_trades, register_instruments
from ledger import operations as ledger
from ledger.core.parties import Actor
from ledger.store import reports
from ledger.store.database import Base, Database
from tests.store.books import counted_bytes

NOW = datetime(2026, 8, 20, 8, tzinfo=UTC)
OPENED = date(2024, 1, 1)
ORGANISATION = UUID(int=7)
ACTOR = Actor(user_id=UUID(int=11), organisation_id=ORGANISATION)
COLLEAGUE = Actor(user_id=UUID(int=12), organisation_id=ORGANISATION)
CREDIT = Instrument(
    code="CCER-1",
    kind=InstrumentKind.CCER,
    project="invented wind farm",
    methodology="offshore wind",
    registered_on=date(2025, 3, 6),
)
INSTRUMENTS = (allowance("CEA23"), allowance("CEA24"), allowance("CEA25"), CREDIT)
_ids = count(1)


@dataclass(frozen=True, slots=True)
class CarbonBook:
    """An open book and what makes its ids and salts."""

    database: Database
    book_id: int
    random_bytes: Callable[[int], bytes] = field(default_factory=lambda: counted_bytes("carbon"))

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session and commit at the end, also when the test's refusal was caught inside."""
        with self.database.writer() as session:
            yield session
            session.commit()

    def book(self, trades: Iterable[Trade], *, now: datetime = NOW) -> Booking:
        """Book trades and commit; a refusal leaves the session uncommitted."""
        with self.writing() as session:
            return self.book_in(session, trades, now=now)

    def book_in(self, session: Session, trades: Iterable[Trade], *, now: datetime = NOW) -> Booking:
        """Book trades in a session."""
        return book_trades(
            session, self.book_id, trades, actor=ACTOR, now=now, new_id=new_id, random_bytes=self.random_bytes
        )

    def close(self, through: date, *, now: datetime = NOW) -> None:
        """Close the period and commit."""
        with self.writing() as session:
            ledger.close_period(session, self.book_id, through, actor=ACTOR, now=now, random_bytes=self.random_bytes)

    def balance(self, path: str, as_of: date = date(2026, 12, 31)) -> int:
        """Return an account's balance."""
        with self.database.reader() as session:
            return reports.balance_as_of(session, self.book_id, path, as_of=as_of).balance

    def lots(self, as_of: date = date(2026, 12, 31)) -> tuple[reports.LotBalance, ...]:
        """Return the open lots."""
        with self.database.reader() as session:
            return reports.lots(session, self.book_id, as_of=as_of)


def new_id() -> UUID:
    """Return an id that no test had before."""
    return UUID(int=next(_ids) << 64)


def open_carbon_book(database: Database, *, currency: str = "CNY") -> CarbonBook:
    """Open a new book with the example's instruments."""
    book_uuid = new_id()
    with database.writer() as session:
        book_id = ledger.open_book(
            session,
            book_uuid=book_uuid,
            tenant_id=ORGANISATION,
            code=f"book-{book_uuid.int >> 64}",
            functional_currency=currency,
            now=datetime(2024, 1, 1, tzinfo=UTC),
        )
        if currency == "CNY":
            register_instruments(session, book_id, INSTRUMENTS, OPENED)
        session.commit()
    return CarbonBook(database, book_id)


def every_row(database: Database, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of tables in an order that both engines share."""
    with database.reader() as session:
        return {
            name: sorted((tuple(row) for row in session.execute(select(Base.metadata.tables[name]))), key=repr)
            for name in tables
        }
