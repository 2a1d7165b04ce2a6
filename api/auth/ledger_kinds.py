"""Books as records that can be asked for by id: an organisation sees its own.

Owns who may see a book. Knows no route.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from ledger.store import books
from ledger.store.books import Book


def _own_book(session: Session, principal: Principal, record_id: UUID) -> Book | None:
    book = books.find(session, record_id)
    return book if book is not None and book.tenant_id == principal.organisation_id else None


BOOK = register(ScopedKind(name="book", load=_own_book))
"""An organisation sees its own books."""
