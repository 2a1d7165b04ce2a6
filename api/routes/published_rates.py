"""Index rates as published: a step function, each step valid until the next publication."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.fields import CodeString, InstantString
from api.schemas.published_rates import PublishedRatesOut
from finance.operations.published_rates import rate_steps

routes = Routes(tag="feeds")


@routes.get("/published-rates", policy=asks(Scope.LEDGER_READ))
def list_published_rates(
    call: ThisCall,
    index: Annotated[CodeString, Query(examples=["LPR-1Y"])],
    known_at: Annotated[InstantString | None, Query(description="As known then; now when left out.")] = None,
) -> PublishedRatesOut:
    """Return an index's publications by day with the last day each is known to hold."""
    found = rate_steps(call.session, call.principal.organisation_id, index, known_at=known_at or call.now, now=call.now)
    return PublishedRatesOut.from_core(index, found)
