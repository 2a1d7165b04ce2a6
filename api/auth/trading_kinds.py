"""Orders, counterparties, limits and corrections as records that can be asked for by id: an organisation sees its own.

Owns who may see them, and who may approve now. Knows no route.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal, Scope
from api.auth.roles import roles_reaching
from api.auth.scope import ScopedKind, register
from api.store import access, role_grants
from finance.store import trading_proposals
from ledger.store import books
from ledger.store.books import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingPlace:
    """Where a proposal stands: its book and its id."""

    book: Book
    proposal_id: UUID


def _own(kind: str) -> Callable[[Session, Principal, UUID], TradingPlace | None]:
    def load(session: Session, principal: Principal, record_id: UUID) -> TradingPlace | None:
        book_id = trading_proposals.find_book(session, principal.organisation_id, record_id, kind)
        if book_id is None:
            return None
        book = next(
            (one for one in books.list_books(session, principal.organisation_id) if one.book_id == book_id), None
        )
        return None if book is None else TradingPlace(book=book, proposal_id=record_id)

    return load


def approvers_in_office(session: Session, organisation_id: UUID, *, now: datetime) -> frozenset[UUID]:
    """Return the persons who may approve at ``now``: enabled, with a live role that gives trading:approve."""
    organisation = access.load_organisation(session, organisation_id)
    assert organisation is not None, "an order stands in an organisation's book"
    roles = roles_reaching(organisation.kind, frozenset({Scope.TRADING_APPROVE}))
    return role_grants.holders(session, organisation_id, frozenset(roles), now=now)


ORDER = register(ScopedKind(name="order", load=_own("order")))
"""An organisation sees the orders of its books."""

COUNTERPARTY = register(ScopedKind(name="counterparty", load=_own("counterparty")))
"""An organisation sees the counterparties that its books deal with."""

TRADING_LIMIT = register(ScopedKind(name="limit", load=_own("limit")))
"""An organisation sees the limits of its books."""

CORRECTION = register(ScopedKind(name="correction", load=_own("correction")))
"""An organisation sees the corrections of its orders' fills."""
