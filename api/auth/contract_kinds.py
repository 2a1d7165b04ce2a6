"""Carbon-finance contracts as records that can be asked for by id: the book's organisation, and the lender of a pledge loan.

Owns who may see them. Knows no route.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from finance.store import carbon_contracts
from ledger.store import books
from ledger.store.books import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractPlace:
    """Where a contract stands: its book and its id."""

    book: Book
    contract_id: UUID


def _place(session: Session, organisation_id: UUID, book_id: int, contract_id: UUID) -> ContractPlace | None:
    found = (one for one in books.list_books(session, organisation_id) if one.book_id == book_id)
    book = next(found, None)
    return None if book is None else ContractPlace(book=book, contract_id=contract_id)


def _own(session: Session, principal: Principal, record_id: UUID) -> ContractPlace | None:
    book_id = carbon_contracts.find_book(session, principal.organisation_id, record_id)
    return None if book_id is None else _place(session, principal.organisation_id, book_id, record_id)


def _own_or_lent_on(session: Session, principal: Principal, record_id: UUID) -> ContractPlace | None:
    found = carbon_contracts.find_visible(session, principal.organisation_id, record_id)
    return None if found is None else _place(session, found[1], found[0], record_id)


CARBON_CONTRACT = register(ScopedKind(name="carbon_contract", load=_own))
"""An organisation acts on the contracts of its books."""

PLEDGED_CONTRACT = register(ScopedKind(name="pledged_contract", load=_own_or_lent_on))
"""The lender of a pledge loan sees that contract too, and releases under it; nothing else of the book."""
