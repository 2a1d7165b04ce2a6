"""Legal entities of an organisation, and which book is kept for which.

Functions take the session first, return frozen values and never commit. A credit code is checked where it is typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.person_tables import LegalEntityBookRow, LegalEntityRow
from ledger.core.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalEntity:
    """One company of a group, by its unified social credit code, with the books kept for it."""

    entity_id: UUID
    organisation_id: UUID
    name: str
    credit_code: str
    created_at: datetime
    book_ids: tuple[int, ...] = ()


def add_entity(session: Session, entity: LegalEntity) -> LegalEntity:
    """Add an entity; a credit code stands once in an organisation (``legal_entity.code_taken``)."""
    taken = select(LegalEntityRow.entity_id).where(
        LegalEntityRow.organisation_id == entity.organisation_id, LegalEntityRow.credit_code == entity.credit_code
    )
    if session.execute(taken).first():
        raise Conflict(
            "legal_entity.code_taken", "credit_code: a legal entity with this code stands already", field="credit_code"
        )
    session.add(
        LegalEntityRow(
            entity_id=entity.entity_id,
            organisation_id=entity.organisation_id,
            name=entity.name,
            credit_code=entity.credit_code,
            created_at=entity.created_at,
        )
    )
    session.flush()  # a book in the same request refers to the row
    return entity


def load_entity(session: Session, organisation_id: UUID, entity_id: UUID) -> LegalEntity | None:
    """Return the entity if of this organisation, else ``None``."""
    row = session.get(LegalEntityRow, entity_id)
    return None if row is None or row.organisation_id != organisation_id else _entity(session, row)


def list_entities(session: Session, organisation_id: UUID) -> tuple[LegalEntity, ...]:
    """Return an organisation's entities by name."""
    rows = session.scalars(
        select(LegalEntityRow)
        .where(LegalEntityRow.organisation_id == organisation_id)
        .order_by(LegalEntityRow.name, LegalEntityRow.entity_id)
    )
    return tuple(_entity(session, row) for row in rows)


def add_book(session: Session, entity_id: UUID, book_id: int, *, now: datetime) -> None:
    """Say that a book is kept for an entity; said once (``legal_entity.book_taken``)."""
    if session.get(LegalEntityBookRow, book_id) is not None:
        raise Conflict("legal_entity.book_taken", "book_id: this book has its legal entity already", field="book_id")
    session.add(LegalEntityBookRow(book_id=book_id, entity_id=entity_id, recorded_at=now))
    session.flush()  # what is read next in the same request sees it


def _entity(session: Session, row: LegalEntityRow) -> LegalEntity:
    books = select(LegalEntityBookRow.book_id).where(LegalEntityBookRow.entity_id == row.entity_id)
    return LegalEntity(
        entity_id=row.entity_id,
        organisation_id=row.organisation_id,
        name=row.name,
        credit_code=row.credit_code,
        created_at=row.created_at,
        book_ids=tuple(sorted(session.scalars(books))),
    )
