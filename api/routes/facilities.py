"""Facilities: opened by their borrower, amended and agreed to by their parties, with the payments and the rate of any day.

Terms, schedule and rates are for borrower and lenders; an engaged assessor gets a view that holds nothing priced.
"""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from api.auth.loan_kinds import FACILITY, NAMED_LENDER, check_loan_party, is_loan_party
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.facilities import (
    LOAN_ROLES,
    AssessedFacilityOut,
    FacilitiesOut,
    FacilityLineOut,
    FacilityOut,
    InterestOut,
    KpiOut,
    RateOut,
    ScheduleOut,
)
from api.schemas.fields import CodeString, DateString, InstantString, UuidString
from api.schemas.terms import AgreementIn, TermsIn, TermsVersionOut, TermsVersionsOut
from api.store import access
from api.store.access import OrganisationKind
from finance.loans.facility_terms import FacilityTerms
from finance.loans.price_explanation import rate_on
from finance.operations.activity import record_reference
from finance.operations.facilities import agree_to_terms, amend_terms, open_facility
from finance.operations.loan_view import known_loan
from finance.store import facilities, reference
from finance.store.facilities import Facility
from ledger.core.errors import Invalid

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
LOAN_PARTIES = (OrganisationKind.BORROWER, OrganisationKind.LENDER)
KnownAt = Annotated[InstantString | None, Query(description="By what was known then; now when absent.")]

routes = Routes(tag="facilities")


@routes.post("/facilities", policy=asks(Scope.FACILITY_WRITE, kinds=(OrganisationKind.BORROWER,)))
def add_facility(body: TermsIn, call: ThisCall) -> FacilityOut:
    """Open a facility of the caller's organisation with its first terms; they count once every lender agreed too."""
    terms = _terms_of(body, call)
    record_reference(call.session, (reference.shipped_factors(),), now=call.now)
    facility_id = call.new_id()
    open_facility(
        call.session, facility_id, terms, actor=call.principal.actor, now=call.now, random_bytes=call.random_bytes
    )
    return _priced(call, call.load(FACILITY, facility_id))


@routes.get("/facilities", policy=asks())
def list_facilities(call: ThisCall) -> FacilitiesOut:
    """Return the facilities to which the caller's organisation is a party, each with its borrower and lenders by name."""
    organisation_id = call.principal.organisation_id
    found = facilities.list_facilities(call.session, organisation_id)
    parties = {party for each in found for party in each.organisations_as(*LOAN_ROLES)}
    names = access.legal_names(call.session, parties)
    return FacilitiesOut(facilities=tuple(FacilityLineOut.from_core(each, organisation_id, names) for each in found))


@routes.get("/facilities/{facility_id}", policy=asks())
def read_facility(facility_id: UuidString, call: ThisCall) -> FacilityOut | AssessedFacilityOut:
    """Return the facility: with its terms to borrower and lenders, without anything priced to an engaged assessor."""
    facility = call.load(FACILITY, facility_id)
    if is_loan_party(facility, call.principal):
        return _priced(call, facility)
    _, sha256 = facilities.load_terms(call.session, facility_id)
    return AssessedFacilityOut.from_core(facility, sha256, _kpis(call, facility_id))


@routes.get("/facilities/{facility_id}/terms", policy=asks(kinds=LOAN_PARTIES))
def list_terms(facility_id: UuidString, call: ThisCall) -> TermsVersionsOut:
    """Return every version of the terms with its hash and who agreed to it, oldest first."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    return _versions(call, facility)


@routes.post("/facilities/{facility_id}/terms", policy=asks(Scope.FACILITY_WRITE, kinds=LOAN_PARTIES))
def add_terms(facility_id: UuidString, body: TermsIn, call: ThisCall) -> TermsVersionsOut:
    """Propose the next version of the terms; it counts once the borrower and the consent share of the lenders agreed."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    amend_terms(
        call.session,
        facility,
        _named(body.to_core(), call),
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return _versions(call, facility)


@routes.post(
    "/facilities/{facility_id}/terms/{version}/agreement",
    policy=asks(Scope.FACILITY_AGREE, kinds=LOAN_PARTIES),
    status=200,
)
def agree_terms(
    facility_id: UuidString,
    version: Annotated[int, Path(ge=1, le=10_000, description="The version that is agreed to.", examples=[1])],
    body: AgreementIn,
    call: ThisCall,
) -> TermsVersionsOut:
    """Agree, for the caller's organisation, to exactly the version that the hash names."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    agree_to_terms(
        call.session,
        facility,
        version,
        body.sha256,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return _versions(call, facility)


@routes.get("/facilities/{facility_id}/schedule", policy=asks(kinds=LOAN_PARTIES))
def read_schedule(facility_id: UuidString, call: ThisCall, known_at: KnownAt = None) -> ScheduleOut:
    """Return every payment before and after the decisions known at ``known_at``, and the saving, by tranche."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    at = known_at or call.now
    return ScheduleOut.from_core(known_loan(call.session, facility.facility_id, known_at=at), at)


@routes.get("/facilities/{facility_id}/rate", policy=asks(kinds=LOAN_PARTIES))
def read_rate(
    facility_id: UuidString,
    call: ThisCall,
    on: Annotated[DateString, Query(description="A day of the loan's life.")],
    tranche_id: Annotated[CodeString | None, Query(description="A tranche; may be left out when there is one.")] = None,
    known_at: KnownAt = None,
) -> RateOut:
    """Return the rate that interest of the day ``on`` runs at, with the tree of its reasons."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    at = known_at or call.now
    loan = known_loan(call.session, facility.facility_id, known_at=at)
    tranche = _tranche(loan.facility.terms, tranche_id)
    return RateOut.from_core(
        facility.facility_id,
        tranche,
        on=on,
        known_at=at,
        rate=rate_on(loan.schedule(tranche), on),
        explanation=loan.explain_rate(tranche, on),
    )


@routes.get("/facilities/{facility_id}/interest", policy=asks(kinds=LOAN_PARTIES))
def read_interest(
    facility_id: UuidString,
    call: ThisCall,
    on: Annotated[DateString, Query(description="A day of the interest period.")],
    tranche_id: Annotated[CodeString | None, Query(description="A tranche; may be left out when there is one.")] = None,
    known_at: KnownAt = None,
) -> InterestOut:
    """Return the payment of the interest period that ``on`` lies in, with the tree of its segments, rates and reasons."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    at = known_at or call.now
    loan = known_loan(call.session, facility.facility_id, known_at=at)
    return InterestOut.from_core(loan, _tranche(loan.facility.terms, tranche_id), on=on, known_at=at)


def _tranche(terms: FacilityTerms, tranche_id: str | None) -> str:
    if tranche_id is not None:
        return terms.tranche(tranche_id).tranche_id
    if len(terms.tranches) != 1:
        names = ", ".join(tranche.tranche_id for tranche in terms.tranches)
        raise Invalid("terms.tranche_unknown", f"tranche_id: expected one of {names}", field="tranche_id")
    return terms.tranches[0].tranche_id


def _terms_of(body: TermsIn, call: Call) -> FacilityTerms:
    """Return the terms; the borrower is the caller's organisation, and every lender exists and is a bank."""
    terms = _named(body.to_core(), call)
    if terms.borrower_id != str(call.principal.organisation_id):
        raise Invalid(
            "terms.borrower_not_you", "parties: expected your own organisation as the borrower", field="parties"
        )
    return terms


def _named(terms: FacilityTerms, call: Call) -> FacilityTerms:
    """Return the terms if every party is named by an id and every lender is a bank."""
    for party in terms.parties:
        if not _UUID.fullmatch(party.organisation_id):
            raise Invalid("terms.party_id", "parties: expected organisations by their ids", field="parties")
    for lender_id in terms.lender_ids:
        call.load(NAMED_LENDER, UUID(lender_id))
    return terms


def _versions(call: Call, facility: Facility) -> TermsVersionsOut:
    versions = facilities.list_terms(call.session, facility.facility_id)
    shown, counting = [], None
    for version in versions:
        counts = version.is_agreed(None if counting is None else counting.terms)
        counting = version if counts else counting
        shown.append(TermsVersionOut.from_core(version, counts=counts))
    return TermsVersionsOut(versions=tuple(shown))


def _priced(call: Call, facility: Facility) -> FacilityOut:
    version, is_agreed = facilities.terms_in_force(call.session, facility.facility_id)
    return FacilityOut.from_core(facility, version, _kpis(call, facility.facility_id), is_agreed=is_agreed)


def _kpis(call: Call, facility_id: UUID) -> tuple[KpiOut, ...]:
    return tuple(
        KpiOut.from_core(kpi, facilities.load_targets(call.session, facility_id, kpi.definition.kpi_id))
        for kpi in facilities.list_kpis(call.session, facility_id)
    )
