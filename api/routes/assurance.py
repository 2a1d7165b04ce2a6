"""What an assessor's work rests on and what rests on it: the locked value computed again, and the decisions that rely on a statement.

For the parties to the loan and for the engaged assessor; nothing here is priced.
"""

from __future__ import annotations

from api.auth.loan_kinds import ATTESTATION, KPI_PERIOD, check_data_open
from api.auth.policy import Routes, asks
from api.deps import ThisCall
from api.schemas.assurance import PeriodRecomputationOut, RelianceOut, ReliancesOut
from api.schemas.fields import UuidString
from api.store import access
from finance.operations.kpi_recomputation import recompute_period
from finance.operations.reliance import reliance_on

routes = Routes(tag="assurance")


@routes.get("/kpi-periods/{kpi_period_id}/recomputation", policy=asks())
def read_period_recomputation(kpi_period_id: UuidString, call: ThisCall) -> PeriodRecomputationOut:
    """Return the locked value beside the same computed again, with every month, factor and step; for whom the data is open."""
    period = call.load(KPI_PERIOD, kpi_period_id)
    check_data_open(call.session, call.principal, period, call.now)
    return PeriodRecomputationOut.from_core(period.kpi_period_id, recompute_period(call.session, period))


@routes.get("/attestations/{attestation_id}/reliance", policy=asks())
def list_reliance(attestation_id: UuidString, call: ThisCall) -> ReliancesOut:
    """Return which rate decisions rest on the attestation, how they ended and who acted on it, without any price."""
    record = call.load(ATTESTATION, attestation_id)
    found = reliance_on(call.session, record)
    names = {each: _name(call, each) for reliance in found for each in reliance.organisation_ids}
    return ReliancesOut(
        attestation_id=record.attestation_id, reliances=tuple(RelianceOut.from_core(each, names) for each in found)
    )


def _name(call: ThisCall, organisation_id: UuidString) -> str:
    organisation = access.load_organisation(call.session, organisation_id)
    assert organisation is not None, "whoever acted is an organisation on file"
    return organisation.legal_name
