"""Books, holds and transfers as records that can be asked for by id.

Owns who may see each: an organisation its own, and a beneficiary exactly the holds in its favour. Knows no route.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.scope import ScopedKind, register
from api.store import access
from ledger.store import books, closings, holds_report
from ledger.store.books import Book
from ledger.store.closings import TransferSide
from ledger.store.holds_report import HoldPlace


def _own_book(session: Session, principal: Principal, record_id: UUID) -> Book | None:
    book = books.find(session, record_id)
    return book if book is not None and book.tenant_id == principal.organisation_id else None


BOOK = register(ScopedKind(name="book", load=_own_book))
"""An organisation sees its own books."""


def _visible_holds(session: Session, principal: Principal, record_id: UUID) -> tuple[HoldPlace, ...] | None:
    mine = principal.organisation_id
    return (
        tuple(
            place
            for place in holds_report.find_places(session, record_id)
            if mine in (place.book.tenant_id, place.beneficiary_id)
        )
        or None
    )


def _own_transfer(session: Session, principal: Principal, record_id: UUID) -> tuple[TransferSide, ...] | None:
    sides = closings.transfer_sides(session, record_id)
    return tuple(side for side in sides if side.tenant_id == principal.organisation_id) or None


def _any_organisation(session: Session, _principal: Principal, record_id: UUID) -> access.Organisation | None:
    return access.load_organisation(session, record_id)


HOLD = register(ScopedKind(name="hold", load=_visible_holds))
"""The book's organisation, and the beneficiary: nothing else of the book. Ids are made by clients: one may stand in several books."""

TRANSFER = register(ScopedKind(name="transfer", load=_own_transfer))
"""An organisation sees the sides of a transfer that are in its own books."""

NAMED_BENEFICIARY = register(ScopedKind(name="beneficiary", load=_any_organisation))
"""An organisation for which something is set aside; one that nobody could release for does not exist."""
