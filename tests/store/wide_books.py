"""The wide book of ``tests.strategies`` in a database."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from ledger import operations
from ledger.store.database import Database
from tests.store.books import ExampleBook, counted_bytes
from tests.strategies import NOW, TENANT, WIDE_COMMODITIES, WIDE_OPENINGS

BEGAN = NOW - timedelta(days=1)


def open_wide(database: Database, book_uuid: UUID, code: str) -> ExampleBook:
    """Open a wide book with its commodities and accounts."""
    with database.writer() as session:
        book_id = operations.open_book(
            session, book_uuid=book_uuid, tenant_id=TENANT, code=code, functional_currency="CNY", now=BEGAN
        )
        for commodity in WIDE_COMMODITIES:
            operations.add_commodity(session, book_id, commodity, {})
        for opening in WIDE_OPENINGS:
            operations.open_account(session, book_id, opening)
        session.commit()
    return ExampleBook(database, book_id, counted_bytes(str(book_uuid)))
