"""The CBAM certificate's price of a period: computed from the stored auctions, and beside it what was published."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.cbam_prices import CbamPriceOut
from api.schemas.fields import CodeString, InstantString
from finance.operations.cbam_prices import period_price

routes = Routes(tag="cbam")


@routes.get("/cbam-prices/{period}", policy=asks(Scope.LEDGER_READ))
def read_cbam_price(
    period: Annotated[CodeString, Path(examples=["2026-Q1"])],
    call: ThisCall,
    known_at: Annotated[InstantString | None, Query(description="As known then; now when left out.")] = None,
) -> CbamPriceOut:
    """Return a quarter's or week's own and published certificate price with the verdict."""
    found = period_price(
        call.session, call.principal.organisation_id, period, known_at=known_at or call.now, now=call.now
    )
    return CbamPriceOut.from_core(found)
