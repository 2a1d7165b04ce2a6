"""Facilities: opened by their borrower, seen by their parties, with the interest schedule and the rate of any day.

Terms, schedule and rates are for borrower and lenders; an engaged assessor gets a view that holds nothing priced.
"""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.auth.loan_kinds import FACILITY, NAMED_LENDER, check_loan_party, is_loan_party
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.facilities import (
    AssessedFacilityOut,
    FacilitiesOut,
    FacilityIn,
    FacilityLineOut,
    FacilityOut,
    KpiOut,
    RateOut,
    ScheduleOut,
)
from api.schemas.fields import DateString, InstantString, UuidString
from api.store.access import OrganisationKind
from finance.loans.terms import FacilityTerms
from finance.loans.terms_text import terms_from_mapping
from finance.operations.activity import record_reference
from finance.operations.facilities import explain_rate_on, open_facility, resolved_facility
from finance.store import facilities, reference
from finance.store.facilities import Facility
from ledger.core.errors import Invalid

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_LOAN_PARTIES = (OrganisationKind.BORROWER, OrganisationKind.LENDER)

routes = Routes(tag="facilities")


@routes.post("/facilities", policy=asks(Scope.FACILITY_WRITE, kinds=(OrganisationKind.BORROWER,)))
def add_facility(body: FacilityIn, call: ThisCall) -> FacilityOut:
    """Open a facility of the caller's organisation with its first terms, KPIs and targets."""
    terms = _terms_of(body, call)
    factors = reference.shipped_factors()
    record_reference(call.session, (factors,), now=call.now)
    facility_id = call.new_id()
    open_facility(
        call.session,
        facility_id,
        terms,
        [kpi.to_core(factor_set_version=factors.version) for kpi in body.kpis],
        actor=call.principal.actor,
        now=call.now,
    )
    return _priced(call, call.load(FACILITY, facility_id))


@routes.get("/facilities", policy=asks())
def list_facilities(call: ThisCall) -> FacilitiesOut:
    """Return the facilities to which the caller's organisation is a party."""
    organisation_id = call.principal.organisation_id
    found = facilities.list_facilities(call.session, organisation_id)
    return FacilitiesOut(facilities=tuple(FacilityLineOut.from_core(each, organisation_id) for each in found))


@routes.get("/facilities/{facility_id}", policy=asks())
def read_facility(facility_id: UuidString, call: ThisCall) -> FacilityOut | AssessedFacilityOut:
    """Return the facility: with its terms to borrower and lenders, without anything priced to an engaged assessor."""
    facility = call.load(FACILITY, facility_id)
    if is_loan_party(facility, call.principal):
        return _priced(call, facility)
    _, sha256 = facilities.load_terms(call.session, facility_id)
    return AssessedFacilityOut.from_core(facility, sha256, _kpis(call, facility_id))


@routes.get("/facilities/{facility_id}/schedule", policy=asks(kinds=_LOAN_PARTIES))
def read_schedule(
    facility_id: UuidString,
    call: ThisCall,
    known_at: Annotated[InstantString | None, Query(description="By what was decided then; now when absent.")] = None,
) -> ScheduleOut:
    """Return the interest of every period before and after the decisions known at ``known_at``, and the saving."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    resolved = resolved_facility(call.session, facility.facility_id, known_at=known_at)
    return ScheduleOut.from_core(facility.facility_id, resolved, known_at or call.now)


@routes.get("/facilities/{facility_id}/rate", policy=asks(kinds=_LOAN_PARTIES))
def read_rate(
    facility_id: UuidString,
    call: ThisCall,
    on: Annotated[DateString, Query(description="A day of the loan's life.")],
    known_at: Annotated[InstantString | None, Query(description="By what was decided then; now when absent.")] = None,
) -> RateOut:
    """Return the rate that interest of the day ``on`` runs at, with the tree of its reasons."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    rate, explanation = explain_rate_on(call.session, facility.facility_id, on, known_at=known_at)
    return RateOut.from_core(
        facility.facility_id, on=on, known_at=known_at or call.now, rate=rate, explanation=explanation
    )


def _terms_of(body: FacilityIn, call: Call) -> FacilityTerms:
    """Return the terms; the borrower is the caller's organisation, and every lender exists and is a bank."""
    own_id = str(call.principal.organisation_id)
    if body.terms.get("borrower_id", own_id) != own_id:
        raise Invalid(
            "terms.borrower_id", "borrower_id: expected your own organisation's id, or none", field="borrower_id"
        )
    terms = terms_from_mapping({**body.terms, "borrower_id": own_id})
    for lender_id in terms.lender_ids:
        if not _UUID.fullmatch(lender_id):
            raise Invalid(
                "terms.lender_ids", "lender_ids: expected organisation ids joined by commas", field="lender_ids"
            )
        call.load(NAMED_LENDER, UUID(lender_id))
    return terms


def _priced(call: Call, facility: Facility) -> FacilityOut:
    terms, sha256 = facilities.load_terms(call.session, facility.facility_id)
    return FacilityOut.from_core(facility, terms, sha256, _kpis(call, facility.facility_id))


def _kpis(call: Call, facility_id: UUID) -> tuple[KpiOut, ...]:
    return tuple(
        KpiOut.from_core(kpi, facilities.load_targets(call.session, facility_id, kpi.definition.kpi_id))
        for kpi in facilities.list_kpis(call.session, facility_id)
    )
