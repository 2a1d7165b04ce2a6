"""Holdings: what all books of the caller's organisation hold of carbon, by instrument, vintage or book."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.fields import DateString
from api.schemas.holdings import HoldingsOut
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
    return HoldingsOut.from_core(holdings(call.session, own, as_of=as_of, by=by), as_of=as_of, by=by)
