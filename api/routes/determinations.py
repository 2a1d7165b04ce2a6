"""Rate determinations: proposed by the borrower from an attested KPI, approved or refused by a person of a lender."""

from __future__ import annotations

from datetime import date, datetime

from api.auth.loan_kinds import DETERMINATION, FACILITY, KPI_PERIOD, check_loan_party
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.determinations import ApprovalIn, DeterminationOut, DeterminationsOut, ProposalIn, RefusalIn
from api.schemas.fields import UuidString
from api.store.access import OrganisationKind
from finance.conventions.calendars import china_day
from finance.operations import determinations as deciding
from finance.store import determinations

_LENDER = asks(Scope.DETERMINATION_APPROVE, kinds=(OrganisationKind.LENDER,))

routes = Routes(tag="determinations")


def business_day(now: datetime) -> date:
    """Return the lenders' local day of the instant ``now``: the date in Asia/Shanghai.

    China has kept UTC+8 all year since 1991-09-15 (IANA zone Asia/Shanghai), so the offset is written here and no zone file is
    needed. 16:30 UTC on 5 May is already the 6th.
    """
    return china_day(now)


@routes.post(
    "/kpi-periods/{kpi_period_id}/determinations",
    policy=asks(Scope.DETERMINATION_PROPOSE, kinds=(OrganisationKind.BORROWER,)),
)
def propose_determination(kpi_period_id: UuidString, body: ProposalIn, call: ThisCall) -> DeterminationOut:
    """Propose what the KPIs of this test period do to the prices, for lenders to decide on; the period names the test."""
    period = call.load(KPI_PERIOD, kpi_period_id)
    proposed = deciding.propose(
        call.session,
        period.facility_id,
        period.period_start,
        deciding.Occasion(cause=body.cause, replaces=body.replaces),
        determination_id=call.new_id(),
        actor=call.principal.actor,
        now=call.now,
        today=business_day(call.now),
        random_bytes=call.random_bytes,
    )
    return DeterminationOut.from_core(proposed)


@routes.get("/determinations/{determination_id}", policy=asks())
def read_determination(determination_id: UuidString, call: ThisCall) -> DeterminationOut:
    """Return the proposal with its digest, and the decision on it."""
    return DeterminationOut.from_core(call.load(DETERMINATION, determination_id))


@routes.get("/facilities/{facility_id}/determinations", policy=asks())
def list_determinations(facility_id: UuidString, call: ThisCall) -> DeterminationsOut:
    """Return the facility's determinations in order of proposal."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    found = determinations.list_determinations(call.session, facility.facility_id)
    return DeterminationsOut(determinations=tuple(DeterminationOut.from_core(each) for each in found))


@routes.post("/determinations/{determination_id}/approve", policy=_LENDER, status=200)
def approve_determination(determination_id: UuidString, body: ApprovalIn, call: ThisCall) -> DeterminationOut:
    """Approve exactly the proposal that ``digest`` names; the rate changes from the day that the terms say."""
    determination = call.load(DETERMINATION, determination_id)
    approved = deciding.approve(
        call.session,
        determination.determination_id,
        body.digest,
        actor=call.principal.actor,
        now=call.now,
        today=business_day(call.now),
        random_bytes=call.random_bytes,
    )
    return DeterminationOut.from_core(approved)


@routes.post("/determinations/{determination_id}/refuse", policy=_LENDER, status=200)
def refuse_determination(determination_id: UuidString, body: RefusalIn, call: ThisCall) -> DeterminationOut:
    """Refuse the proposal that ``digest`` names, with a reason; the rate stays and another proposal may follow."""
    determination = call.load(DETERMINATION, determination_id)
    refused = deciding.refuse(
        call.session,
        determination.determination_id,
        body.digest,
        body.reason,
        actor=call.principal.actor,
        now=call.now,
        today=business_day(call.now),
        random_bytes=call.random_bytes,
    )
    return DeterminationOut.from_core(refused)
