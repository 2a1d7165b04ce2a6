"""Purchase schedules compared: now, spread, or late; a calculation that stores nothing."""

from __future__ import annotations

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.purchase_plans import PurchasePlanIn, PurchasePlanOut
from finance.operations.purchase_plans import purchase_advice

routes = Routes(tag="compliance")


@routes.post("/purchase-plans", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def compare_purchase_plans(body: PurchasePlanIn, call: ThisCall) -> PurchasePlanOut:
    """Compare buying a gap now, evenly, in the last quarter and in the last month, on past years and under scenarios."""
    advice = purchase_advice(
        call.session, call.principal.organisation_id, body.to_core(), known_at=body.known_at or call.now
    )
    return PurchasePlanOut.from_core(advice)
