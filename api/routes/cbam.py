"""CBAM certificates for a flow of aluminium goods: a calculation that stores nothing."""

from __future__ import annotations

from fractions import Fraction

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.cbam import CbamFlowIn, CbamFlowOut
from finance.compliance.cbam import NOTHING_PAID
from finance.operations.cbam_flows import flow_of_year
from ledger.core.amounts import parse_decimal

routes = Routes(tag="cbam")


@routes.post("/cbam/flows", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def compute_cbam_flow(body: CbamFlowIn, call: ThisCall) -> CbamFlowOut:
    """Return the certificates that one importer's goods of a year need, what they cost, what to hold and when it is due."""
    del call
    mass = body.importer_mass_t
    flow = flow_of_year(
        body.year,
        [each.to_core() for each in body.lines],
        prices=body.to_prices(),
        paid=NOTHING_PAID if body.carbon_price_paid is None else body.carbon_price_paid.to_core(),
        importer_mass_t=None if mass is None else Fraction(parse_decimal(mass, field="importer_mass_t")),
    )
    return CbamFlowOut.from_core(flow)
