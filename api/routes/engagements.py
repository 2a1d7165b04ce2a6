"""Engagements: the borrower engages an assessor for a KPI period, the assessor declares its independence and learns what to attest."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from api.auth.assessors import sharing_a_person
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
from api.deps import Call, ThisCall
from api.routes.attestations import proven
from api.schemas.attestations import (
    ConnectionIn,
    ConnectionOut,
    ConnectionsOut,
    EngagementEndIn,
    EngagementIn,
    EngagementOut,
    EngagementsOut,
    ExpectationOut,
)
from api.schemas.evidence import ProvenReceiptsOut
from api.schemas.fields import UuidString
from api.settings import AUDIENCE
from api.store import access
from api.store.access import OrganisationKind
from finance.operations import engagements
from finance.operations.attestations import expectation_of
from finance.store import attestations, facilities, loan_connections
from finance.store.facilities import Facility
from ledger.core.errors import NotFound

routes = Routes(tag="engagements")


@routes.post("/engagements", policy=asks(Scope.ENGAGEMENT_WRITE, kinds=(OrganisationKind.BORROWER,)))
def add_engagement(body: EngagementIn, call: ThisCall) -> EngagementOut:
    """Engage an assessor for one KPI period: no party to the loan, nor anyone that shares a person with one."""
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
    engagements.engage_assessor(
        call.session,
        facility,
        engagement,
        sharing_a_person=sharing_a_person(call.session, engagement.assessor_id, engagement.kpi_period_id),
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
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
    engagements.declare_independence(
        call.session,
        _facility_of(call, engagement.facility_id),
        engagement,
        sharing_a_person=sharing_a_person(call.session, engagement.assessor_id, engagement.kpi_period_id),
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return EngagementOut.from_core(replace(engagement, is_independence_declared=True))


@routes.get("/engagements/{engagement_id}/expectation", policy=asks())
def read_expectation(engagement_id: UuidString, call: ThisCall) -> ExpectationOut:
    """Return what a statement under the engagement must say, byte for byte; the period must have been reported."""
    engagement = call.load(ENGAGEMENT, engagement_id)
    period = call.load(KPI_PERIOD, engagement.kpi_period_id)
    check_data_open(call.session, call.principal, period, call.now)
    if _is_own(call, engagement.assessor_id):
        shared = sharing_a_person(call.session, engagement.assessor_id, engagement.kpi_period_id)
        engagements.check_data_opens(call.session, _facility_of(call, engagement.facility_id), engagement, shared)
    expectation = expectation_of(call.session, period, engagement.level, audience=AUDIENCE)
    return ExpectationOut.from_core(engagement, expectation)


@routes.post(
    "/engagements/{engagement_id}/end",
    policy=asks(kinds=(OrganisationKind.BORROWER, OrganisationKind.LENDER, OrganisationKind.ASSESSOR)),
    status=200,
)
def end_engagement(engagement_id: UuidString, body: EngagementEndIn, call: ThisCall) -> EngagementOut:
    """End a mandate before its time: for the assessor itself, or for a party to the loan that learns it lost its accreditation."""
    engagement = call.load(ENGAGEMENT, engagement_id)
    asked = Scope.ATTESTATION_WRITE if _is_own(call, engagement.assessor_id) else Scope.ENGAGEMENT_WRITE
    asks(asked).permit(call.principal)
    engagements.end_engagement(
        call.session,
        _facility_of(call, engagement.facility_id),
        engagement,
        body.reason,
        ended_at=body.ended_at,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return EngagementOut.from_core(call.load(ENGAGEMENT, engagement_id))


@routes.get("/engagements/{engagement_id}/receipts", policy=asks())
def prove_engagement(engagement_id: UuidString, call: ThisCall) -> ProvenReceiptsOut:
    """Return that the assessor was engaged and declared its independence, each as a leaf of the borrower's evidence book."""
    engagement = call.load(ENGAGEMENT, engagement_id)
    return proven(call.session, "engagement", str(engagement.engagement_id))


@routes.post(
    "/facilities/{facility_id}/connections",
    policy=asks(Scope.FACILITY_WRITE, kinds=(OrganisationKind.BORROWER, OrganisationKind.LENDER)),
)
def add_connection(facility_id: UuidString, body: ConnectionIn, call: ThisCall) -> ConnectionsOut:
    """Record an agent, guarantor, group member or coordinator of the loan: nobody bound to it may assess the loan."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    if access.load_organisation(call.session, body.organisation_id) is None:
        raise NotFound("organisation.not_found", "the organisation does not exist, or not for you")
    engagements.connect_organisation(
        call.session,
        facility,
        body.organisation_id,
        body.role,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return _connections(call, facility)


@routes.get("/facilities/{facility_id}/connections", policy=asks())
def list_connections(facility_id: UuidString, call: ThisCall) -> ConnectionsOut:
    """Return everyone whom an assessor of the loan must be independent of; an engaged assessor may read it too."""
    return _connections(call, call.load(FACILITY, facility_id))


def _connections(call: Call, facility: Facility) -> ConnectionsOut:
    found = loan_connections.loan_parties(call.session, facility)
    return ConnectionsOut(
        connections=tuple(
            ConnectionOut(
                organisation_id=party.organisation_id,
                role=party.role.value,
                legal_name=_legal_name(call, party.organisation_id),
            )
            for party in found
        )
    )


def _legal_name(call: Call, organisation_id: str) -> str | None:
    organisation = access.load_organisation(call.session, UUID(organisation_id))
    return None if organisation is None else organisation.legal_name


def _facility_of(call: Call, facility_id: UuidString) -> Facility:
    return call.load(FACILITY, facility_id)


def _is_own(call: Call, assessor_id: UuidString) -> bool:
    return assessor_id == call.principal.organisation_id
