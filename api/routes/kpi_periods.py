"""KPI periods of a facility: the borrower opens, locks and reports them; parties and engaged assessors follow them."""

from __future__ import annotations

from fastapi.responses import Response

from api.auth.loan_kinds import (
    FACILITY,
    KPI_PERIOD,
    check_data_open,
    check_loan_party,
    engagements_of,
    is_loan_party,
)
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.second_person import KPI_REPORT
from api.deps import Call, ThisCall
from api.schemas.fields import UuidString
from api.schemas.kpi import KpiPeriodIn, KpiPeriodLineOut, KpiPeriodOut, KpiPeriodsOut, LockIn, ReasonIn
from api.store.access import OrganisationKind
from finance.operations.kpi_periods import (
    dispute_period,
    lock_period,
    open_period,
    report_period,
    restate_period,
    waive_period,
)
from finance.store import kpi_periods
from finance.store.kpi_periods import KpiPeriod
from ledger.core.errors import Conflict, Forbidden

_BORROWER = asks(Scope.KPI_WRITE, kinds=(OrganisationKind.BORROWER,))
_LENDER = asks(Scope.DETERMINATION_APPROVE, kinds=(OrganisationKind.LENDER,))

routes = Routes(tag="KPI periods")


@routes.post("/facilities/{facility_id}/kpi-periods", policy=_BORROWER)
def add_kpi_period(facility_id: UuidString, body: KpiPeriodIn, call: ThisCall) -> KpiPeriodOut:
    """Open the KPI's base year, or the test period that ends in the year."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    kpi_period_id = call.new_id()
    open_period(
        call.session,
        facility,
        kpi_period_id=kpi_period_id,
        kpi_id=body.kpi_id,
        year=body.year,
        purpose=body.purpose.value,
        actor=call.principal.actor,
        now=call.now,
    )
    return _shown(call, call.load(KPI_PERIOD, kpi_period_id))


@routes.get("/facilities/{facility_id}/kpi-periods", policy=asks())
def list_kpi_periods(facility_id: UuidString, call: ThisCall) -> KpiPeriodsOut:
    """Return the facility's periods: all of them to borrower and lenders, to an assessor those it was engaged for."""
    facility = call.load(FACILITY, facility_id)
    found = kpi_periods.list_periods(call.session, facility_id)
    if not is_loan_party(facility, call.principal):
        engaged = {each.kpi_period_id for each in engagements_of(call.session, call.principal, facility_id)}
        found = tuple(period for period in found if period.kpi_period_id in engaged)
    return KpiPeriodsOut(kpi_periods=tuple(KpiPeriodLineOut.from_core(period) for period in found))


@routes.get("/kpi-periods/{kpi_period_id}", policy=asks())
def read_kpi_period(kpi_period_id: UuidString, call: ThisCall) -> KpiPeriodOut:
    """Return the period with its history, value and snapshot hash."""
    return _shown(call, call.load(KPI_PERIOD, kpi_period_id))


@routes.post("/kpi-periods/{kpi_period_id}/lock", policy=_BORROWER, status=200)
def lock_kpi_period(kpi_period_id: UuidString, body: LockIn, call: ThisCall) -> KpiPeriodOut:
    """Freeze the period's data as a snapshot with a hash: every month of every site, or the value that is stated."""
    period = call.load(KPI_PERIOD, kpi_period_id)
    stated = None if body.stated is None else body.stated.to_core()
    lock_period(call.session, period.kpi_period_id, stated=stated, actor=call.principal.actor, now=call.now)
    return _shown(call, call.load(KPI_PERIOD, kpi_period_id))


@routes.post("/kpi-periods/{kpi_period_id}/report", policy=_BORROWER, status=200, second_person=KPI_REPORT)
def report_kpi_period(kpi_period_id: UuidString, call: ThisCall) -> KpiPeriodOut:
    """Report the locked value to the lenders; it then awaits its attestation."""
    period = call.load(KPI_PERIOD, kpi_period_id)
    report_period(call.session, period.kpi_period_id, actor=call.principal.actor, now=call.now)
    return _shown(call, call.load(KPI_PERIOD, kpi_period_id))


@routes.post("/kpi-periods/{kpi_period_id}/restate", policy=_BORROWER, status=200)
def restate_kpi_period(kpi_period_id: UuidString, body: ReasonIn, call: ThisCall) -> KpiPeriodOut:
    """Say that the reported value is to be put right; lock and report it anew."""
    period = call.load(KPI_PERIOD, kpi_period_id)
    restate_period(
        call.session,
        period.kpi_period_id,
        body.reason,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return _shown(call, call.load(KPI_PERIOD, kpi_period_id))


@routes.post("/kpi-periods/{kpi_period_id}/waive", policy=_LENDER, status=200)
def waive_kpi_period(kpi_period_id: UuidString, body: ReasonIn, call: ThisCall) -> KpiPeriodOut:
    """Let the test pass: it neither lowers nor raises a price."""
    period = call.load(KPI_PERIOD, kpi_period_id)
    waive_period(
        call.session,
        period.kpi_period_id,
        body.reason,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return _shown(call, call.load(KPI_PERIOD, kpi_period_id))


@routes.post("/kpi-periods/{kpi_period_id}/dispute", policy=_LENDER, status=200)
def dispute_kpi_period(kpi_period_id: UuidString, body: ReasonIn, call: ThisCall) -> KpiPeriodOut:
    """Contest the reported value, with the reason."""
    period = call.load(KPI_PERIOD, kpi_period_id)
    dispute_period(
        call.session,
        period.kpi_period_id,
        body.reason,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return _shown(call, call.load(KPI_PERIOD, kpi_period_id))


@routes.get("/kpi-periods/{kpi_period_id}/snapshot", policy=asks(), answers=("application/json",))
def read_kpi_snapshot(kpi_period_id: UuidString, call: ThisCall) -> Response:
    """Return the locked data as its canonical bytes: their SHA-256 is the snapshot's hash."""
    period = call.load(KPI_PERIOD, kpi_period_id)
    check_data_open(call.session, call.principal, period, call.now)
    snapshot = kpi_periods.load_snapshot(call.session, period.kpi_period_id)
    if snapshot is None:
        raise Conflict("kpi_period.no_snapshot", "the period's data is not locked yet; there is no snapshot to read")
    return Response(snapshot.content.encode(), media_type="application/json")


def _shown(call: Call, period: KpiPeriod) -> KpiPeriodOut:
    events = kpi_periods.load_events(call.session, period.kpi_period_id)
    try:
        check_data_open(call.session, call.principal, period, call.now)
    except Forbidden:
        return KpiPeriodOut.from_core(period, events, None)
    return KpiPeriodOut.from_core(period, events, kpi_periods.load_snapshot(call.session, period.kpi_period_id))
