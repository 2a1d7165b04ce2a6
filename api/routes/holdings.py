"""Holdings: what all books of the caller's organisation hold of carbon, by instrument, vintage, book or legal entity."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.fields import DateString
from api.schemas.holdings import HoldingsOut
from api.store import legal_entities
from finance.operations.holdings import HoldingGroup, holdings
from ledger.store import books

routes = Routes(tag="holdings")


@routes.get("/holdings", policy=asks(Scope.LEDGER_READ))
def read_holdings(
    call: ThisCall,
    as_of: Annotated[DateString, Query(description="Close of this business day, inclusive.")],
    by: Annotated[HoldingGroup, Query(description="What one line adds up.")] = HoldingGroup.INSTRUMENT,
) -> HoldingsOut:
    """Return what the organisation's books hold: posted, set aside and free, each sum with the accounts behind it."""
    own = books.list_books(call.session, call.principal.organisation_id)
    found = legal_entities.list_entities(call.session, call.principal.organisation_id)
    entities = {book_id: entity.name for entity in found for book_id in entity.book_ids}
    held = holdings(call.session, own, as_of=as_of, by=by, entities=entities)
    return HoldingsOut.from_core(held, as_of=as_of, by=by)
