"""Legal entities of the caller's organisation, and the books kept for them."""

from __future__ import annotations

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.scope import LEGAL_ENTITY
from api.deps import Call, ThisCall
from api.schemas.fields import UuidString
from api.schemas.people import EntityBookIn, LegalEntitiesOut, LegalEntityIn, LegalEntityOut
from api.store import legal_entities
from api.store.access import OrganisationKind
from api.store.legal_entities import LegalEntity
from api.store.names import clean_credit_code
from ledger.store import books

routes = Routes(tag="legal entities")

_ADMIN = asks(Scope.ADMIN, kinds=(OrganisationKind.BORROWER,))


@routes.get("/legal-entities", policy=asks(kinds=(OrganisationKind.BORROWER,)))
def list_legal_entities(call: ThisCall) -> LegalEntitiesOut:
    """Return the organisation's legal entities with their books."""
    found = legal_entities.list_entities(call.session, call.principal.organisation_id)
    return LegalEntitiesOut(legal_entities=tuple(_out(call, entity) for entity in found))


@routes.post("/legal-entities", policy=_ADMIN)
def add_legal_entity(body: LegalEntityIn, call: ThisCall) -> LegalEntityOut:
    """Add a company of the group by its unified social credit code, whose check character is checked."""
    entity = LegalEntity(
        entity_id=call.new_id(),
        organisation_id=call.principal.organisation_id,
        name=body.name,
        credit_code=clean_credit_code(body.credit_code, field="credit_code"),
        created_at=call.now,
    )
    return _out(call, legal_entities.add_entity(call.session, entity))


@routes.post("/legal-entities/{entity_id}/books", policy=_ADMIN)
def add_entity_book(entity_id: UuidString, body: EntityBookIn, call: ThisCall) -> LegalEntityOut:
    """Say for which entity a book is kept, once."""
    entity = call.load(LEGAL_ENTITY, entity_id)
    book = call.load(BOOK, body.book_id)
    legal_entities.add_book(call.session, entity.entity_id, book.book_id, now=call.now)
    return _out(call, call.load(LEGAL_ENTITY, entity.entity_id))


def _out(call: Call, entity: LegalEntity) -> LegalEntityOut:
    known = {book.book_id: book.book_uuid for book in books.list_books(call.session, entity.organisation_id)}
    return LegalEntityOut.from_core(entity, tuple(known[book_id] for book_id in entity.book_ids if book_id in known))
