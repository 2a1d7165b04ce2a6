"""Engagements: the borrower engages an assessor for a KPI period, the assessor declares its independence and learns what to attest."""

from __future__ import annotations

from dataclasses import replace

from api.auth.loan_kinds import (
    ENGAGEMENT,
    FACILITY,
    KPI_PERIOD,
    NAMED_ASSESSOR,
    check_data_open,
    check_loan_party,
)
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.scope import ORGANISATION
from api.deps import ThisCall
from api.schemas.attestations import EngagementIn, EngagementOut, EngagementsOut, ExpectationOut
from api.schemas.fields import UuidString
from api.settings import AUDIENCE
from api.store.access import OrganisationKind
from finance.operations.attestations import engage_assessor, expectation_of
from finance.store import attestations, facilities

routes = Routes(tag="engagements")


@routes.post("/engagements", policy=asks(Scope.ENGAGEMENT_WRITE, kinds=(OrganisationKind.BORROWER,)))
def add_engagement(body: EngagementIn, call: ThisCall) -> EngagementOut:
    """Engage an assessor organisation, no party to the loan, for one KPI period."""
    period = call.load(KPI_PERIOD, body.kpi_period_id)
    facility = call.load(FACILITY, period.facility_id)
    check_loan_party(facility, call.principal)
    assessor = call.load(NAMED_ASSESSOR, body.assessor_id)
    borrower = call.load(ORGANISATION, call.principal.organisation_id)
    engagement = body.to_core(
        engagement_id=call.new_id(),
        facility_id=facility.facility_id,
        assessor_name=assessor.legal_name,
        borrower_name=borrower.legal_name,
        now=call.now,
    )
    engage_assessor(call.session, facility, engagement, actor=call.principal.actor, now=call.now)
    return EngagementOut.from_core(engagement)


@routes.get("/engagements", policy=asks())
def list_engagements(call: ThisCall) -> EngagementsOut:
    """Return an assessor's own engagements, or those of the facilities that the caller borrows or lends under."""
    organisation_id = call.principal.organisation_id
    found = list(attestations.list_engagements(call.session, assessor_id=organisation_id))
    for facility in facilities.list_facilities(call.session, organisation_id):
        if facility.has_party(organisation_id, "borrower", "lender"):
            found += attestations.list_engagements(call.session, facility_id=facility.facility_id)
    return EngagementsOut(engagements=tuple(EngagementOut.from_core(each) for each in found))


@routes.get("/engagements/{engagement_id}", policy=asks())
def read_engagement(engagement_id: UuidString, call: ThisCall) -> EngagementOut:
    """Return the engagement."""
    return EngagementOut.from_core(call.load(ENGAGEMENT, engagement_id))


@routes.post(
    "/engagements/{engagement_id}/independence",
    policy=asks(Scope.ATTESTATION_WRITE, kinds=(OrganisationKind.ASSESSOR,)),
    status=200,
)
def declare_independence(engagement_id: UuidString, call: ThisCall) -> EngagementOut:
    """Declare that the assessor is independent of borrower and lenders; the period's data then opens to it."""
    engagement = call.load(ENGAGEMENT, engagement_id)
    attestations.declare_independence(
        call.session, engagement.engagement_id, now=call.now, declared_by=call.principal.user_id
    )
    return EngagementOut.from_core(replace(engagement, is_independence_declared=True))


@routes.get("/engagements/{engagement_id}/expectation", policy=asks())
def read_expectation(engagement_id: UuidString, call: ThisCall) -> ExpectationOut:
    """Return what a statement under the engagement must say, byte for byte; the period must have been reported."""
    engagement = call.load(ENGAGEMENT, engagement_id)
    period = call.load(KPI_PERIOD, engagement.kpi_period_id)
    check_data_open(call.session, call.principal, period, call.now)
    expectation = expectation_of(call.session, period, engagement.level, audience=AUDIENCE)
    return ExpectationOut.from_core(engagement, expectation)
