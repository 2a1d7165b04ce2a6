"""What happens to a loan: principal drawn or repaid early, index fixings, ratings, and adjustments of interest already booked."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.ledger_kinds import BOOK
from api.auth.loan_kinds import ADJUSTMENT, FACILITY, check_loan_party
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.routes.determinations import business_day
from api.routes.facilities import LOAN_PARTIES
from api.schemas.facilities import ScheduleOut
from api.schemas.fields import DateString, UuidString
from api.schemas.loan_facts import (
    AdjustmentAgreementIn,
    AdjustmentIn,
    AdjustmentOut,
    AdjustmentsOut,
    BookingIn,
    EntriesOut,
    EntryOut,
    FixingsIn,
    FixingsOut,
    FromPublishedIn,
    FromPublishedOut,
    GradeIn,
    PaymentsIn,
    PrincipalIn,
)
from api.schemas.servicing import BookedOut, LoanFactsOut
from api.store.access import OrganisationKind
from finance.conventions.rates import parse_rate
from finance.loans.price_explanation import explain_true_up
from finance.loans.price_timeline import GradeFrom
from finance.operations.facilities import record_fixings, record_grade, record_principal
from finance.operations.interest_adjustments import agree_to_adjustment, propose_adjustment
from finance.operations.interest_adjustments import book_adjustment as post_adjustment
from finance.operations.loan_entries import book_loan
from finance.operations.loan_view import known_loan
from finance.operations.published_rates import record_fixings_from_published
from finance.operations.servicing import currencies_of, servicing_of
from finance.store import facilities, loan_facts, loan_records
from finance.store.loan_facts import InterestAdjustment

_PARTIES = asks(Scope.FACILITY_WRITE, kinds=LOAN_PARTIES)
_BOOKING = asks(Scope.LEDGER_WRITE, kinds=(OrganisationKind.BORROWER,))
_AGREEING = asks(Scope.FACILITY_AGREE, kinds=LOAN_PARTIES)

routes = Routes(tag="loan facts")


@routes.get("/facilities/{facility_id}/facts", policy=asks(kinds=LOAN_PARTIES))
def read_facts(
    facility_id: UuidString,
    call: ThisCall,
    on: Annotated[DateString | None, Query(description="A day; today in Shanghai when absent.")] = None,
) -> LoanFactsOut:
    """Return how the loan stands on a day, its last resets, and the fixings, principal and ratings that were recorded."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    reader_id = call.principal.organisation_id
    found = servicing_of(call.session, facility, reader_id, on=on or business_day(call.now), now=call.now)
    return LoanFactsOut.from_core(found)


@routes.get("/facilities/{facility_id}/entries", policy=asks(Scope.LEDGER_READ, kinds=(OrganisationKind.BORROWER,)))
def list_booked(facility_id: UuidString, call: ThisCall) -> BookedOut:
    """Return the interest of the loan that stands in the borrower's books, payments and adjustments, each with its entry."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    currencies = currencies_of(call.session, facility.facility_id)
    return BookedOut.from_core(loan_records.list_bookings(call.session, facility.facility_id), currencies)


@routes.post("/facilities/{facility_id}/principal", policy=_PARTIES)
def add_principal(facility_id: UuidString, body: PrincipalIn, call: ThisCall) -> ScheduleOut:
    """Record principal drawn or repaid early, and return the payments that follow."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    terms, _ = facilities.load_terms(call.session, facility.facility_id)
    event = body.to_core(terms.tranche(body.tranche_id).currency)
    record_principal(
        call.session,
        facility,
        body.tranche_id,
        event,
        event_id=call.new_id(),
        actor=call.principal.actor,
        now=call.now,
    )
    return ScheduleOut.from_core(known_loan(call.session, facility.facility_id, known_at=call.now), call.now)


@routes.post("/facilities/{facility_id}/grades", policy=_PARTIES)
def add_grade(facility_id: UuidString, body: GradeIn, call: ThisCall) -> ScheduleOut:
    """Record a rating that the terms' grid prices, and return the payments that follow."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    record_grade(
        call.session,
        facility,
        GradeFrom(on=body.on, grade=body.grade),
        source=body.source,
        notice_id=call.new_id(),
        actor=call.principal.actor,
        now=call.now,
    )
    return ScheduleOut.from_core(known_loan(call.session, facility.facility_id, known_at=call.now), call.now)


@routes.post("/facilities/{facility_id}/fixings", policy=_PARTIES)
def add_fixings(facility_id: UuidString, body: FixingsIn, call: ThisCall) -> FixingsOut:
    """Record published values of an index that the terms read; a corrected value is a further revision."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    revisions = record_fixings(
        call.session,
        facility,
        body.index,
        tuple((each.on, parse_rate(each.rate), each.source) for each in body.fixings),
        actor=call.principal.actor,
        now=call.now,
    )
    return FixingsOut(index=body.index, revisions=revisions)


@routes.post("/facilities/{facility_id}/fixings/from-published", policy=_PARTIES)
def add_fixings_from_published(facility_id: UuidString, body: FromPublishedIn, call: ThisCall) -> FromPublishedOut:
    """Record what the loan reads of an index from the rates that the caller's organisation holds; the same again changes nothing."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    found = record_fixings_from_published(
        call.session, facility, body.index, body.days, actor=call.principal.actor, now=call.now
    )
    return FromPublishedOut.from_core(found)


@routes.post("/facilities/{facility_id}/entries", policy=_BOOKING)
def book_payments(facility_id: UuidString, body: PaymentsIn, call: ThisCall) -> EntriesOut:
    """Post what was drawn, paid and repaid through a day into a book of the borrower; what stands already is not posted again."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    receipts = book_loan(
        call.session,
        call.load(BOOK, body.book_id).book_id,
        facility.facility_id,
        through=body.through,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return EntriesOut(entries=tuple(EntryOut.from_core(receipt) for receipt in receipts))


@routes.post("/facilities/{facility_id}/adjustments", policy=_AGREEING)
def add_adjustment(facility_id: UuidString, body: AdjustmentIn, call: ThisCall) -> AdjustmentOut:
    """Put to both parties what late facts change in interest already booked; proposing it is agreeing to it."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    adjustment = propose_adjustment(
        call.session,
        facility,
        body.tranche_id,
        through=body.through,
        adjustment_id=call.new_id(),
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return _shown(call, adjustment)


@routes.get("/facilities/{facility_id}/adjustments", policy=asks(kinds=LOAN_PARTIES))
def list_adjustments(facility_id: UuidString, call: ThisCall) -> AdjustmentsOut:
    """Return the facility's claw-backs and refunds in order of proposal."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    found = loan_facts.list_adjustments(call.session, facility.facility_id)
    return AdjustmentsOut(adjustments=tuple(_shown(call, each) for each in found))


@routes.get("/adjustments/{adjustment_id}", policy=asks(kinds=LOAN_PARTIES))
def read_adjustment(adjustment_id: UuidString, call: ThisCall) -> AdjustmentOut:
    """Return the adjustment with its rows, who agreed, and why."""
    return _shown(call, call.load(ADJUSTMENT, adjustment_id))


@routes.post("/adjustments/{adjustment_id}/agreement", policy=_AGREEING, status=200)
def agree_adjustment(adjustment_id: UuidString, body: AdjustmentAgreementIn, call: ThisCall) -> AdjustmentOut:
    """Agree, for the caller's side, to exactly the adjustment that ``digest`` names."""
    adjustment = call.load(ADJUSTMENT, adjustment_id)
    agreed = agree_to_adjustment(
        call.session,
        call.load(FACILITY, adjustment.facility_id),
        adjustment_id,
        body.digest,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return _shown(call, agreed)


@routes.post("/adjustments/{adjustment_id}/entry", policy=asks(Scope.LEDGER_WRITE, kinds=(OrganisationKind.BORROWER,)))
def book_adjustment(adjustment_id: UuidString, body: BookingIn, call: ThisCall) -> EntryOut:
    """Post the one entry of an adjustment that both sides agreed to into a book of the borrower."""
    adjustment = call.load(ADJUSTMENT, adjustment_id)
    ledger_book = call.load(BOOK, body.book_id)
    receipt = post_adjustment(
        call.session,
        ledger_book.book_id,
        adjustment,
        on=body.on,
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return EntryOut.from_core(receipt)


def _shown(call: Call, adjustment: InterestAdjustment) -> AdjustmentOut:
    terms, _ = facilities.load_terms(call.session, adjustment.facility_id)
    return AdjustmentOut.from_core(adjustment, explain_true_up(adjustment.true_up, terms=terms))
