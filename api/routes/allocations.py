"""A year's allocation in a book: its facts, proposed for a second person, and the state they give."""

from __future__ import annotations

from api.auth.compliance_kinds import COMPLIANCE_PROPOSAL
from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.allocations import (
    AllocationDeterminationIn,
    AllocationStateOut,
    EntityIn,
    EntityOut,
    ObjectionAnswerIn,
    ObjectionIn,
    PreallocationIn,
    SettlementIn,
    VerificationIn,
    WithdrawalIn,
)
from api.schemas.amounts import WholeNumber
from api.schemas.compliance_steps import ComplianceProposalOut, MilestoneIn
from api.schemas.fields import UuidString
from api.schemas.points import AskedPoint
from finance.operations import allocation_settlements, allocations
from finance.operations.allocations import By

routes = Routes(tag="allocations")

_WRITES = asks(Scope.COMPLIANCE_WRITE)


@routes.post("/entity-allocations", policy=asks(Scope.LEDGER_READ), status=200, writes=False)
def compute_entity(body: EntityIn, call: ThisCall) -> EntityOut:
    """Return what processes and captive units would be allocated and owe under the year's rules; stores nothing."""
    assert call.principal, "only a known caller computes"
    verified = body.verified()
    entity = allocations.compute_entity(body.year, verified, balance_value=body.exact_balance_value())
    return EntityOut.from_core(entity, verified)


@routes.get("/books/{book_id}/allocations/{year}", policy=asks(Scope.LEDGER_READ))
def read_allocation(
    book_id: UuidString,
    year: WholeNumber,
    call: ThisCall,
    asked: AskedPoint,
) -> AllocationStateOut:
    """Return the year's life cycle at the close of ``as_of`` by what was approved and recorded at the record point."""
    book = call.load(BOOK, book_id)
    point = asked.resolve(call.session, book.book_id)
    known_at = asked.at or call.now
    if asked.known is not None and point.recorded_at is not None:
        known_at = point.recorded_at
    state = allocations.state_of(
        call.session, book.book_id, year=year, on=point.as_of, known_at=known_at, known=point.known
    )
    return AllocationStateOut.from_core(state, point, year=year)


@routes.post("/books/{book_id}/allocations/{year}/preallocations", policy=_WRITES)
def propose_preallocation(
    book_id: UuidString, year: WholeNumber, body: PreallocationIn, call: ThisCall
) -> ComplianceProposalOut:
    """Propose what was pre-allocated; it counts when a second person approves it."""
    book = call.load(BOOK, book_id)
    proposal = allocations.propose_preallocation(
        call.session,
        book.book_id,
        year=year,
        dated_on=body.dated_on,
        sector=body.sector,
        prior_verified_t=body.exact_prior(),
        allocation_t=body.allocation_t,
        by=_by(call, body.proposal_id),
    )
    return ComplianceProposalOut.from_core(proposal)


@routes.post("/books/{book_id}/allocations/{year}/verifications", policy=_WRITES)
def propose_verification(
    book_id: UuidString, year: WholeNumber, body: VerificationIn, call: ThisCall
) -> ComplianceProposalOut:
    """Propose the year's verified emissions by process and captive unit; a later one corrects it."""
    book = call.load(BOOK, book_id)
    proposal = allocations.propose_verification(
        call.session,
        book.book_id,
        year=year,
        dated_on=body.dated_on,
        verified=body.to_core(),
        by=_by(call, body.proposal_id),
    )
    return ComplianceProposalOut.from_core(proposal)


@routes.post("/books/{book_id}/allocations/{year}/withdrawals", policy=_WRITES)
def propose_withdrawal(
    book_id: UuidString, year: WholeNumber, body: WithdrawalIn, call: ThisCall
) -> ComplianceProposalOut:
    """Propose that a verification is withdrawn; what was determined on it is reopened."""
    book = call.load(BOOK, book_id)
    call.load(COMPLIANCE_PROPOSAL, body.verification_id)
    proposal = allocations.propose_withdrawal(
        call.session,
        book.book_id,
        year=year,
        dated_on=body.dated_on,
        verification_id=body.verification_id,
        reason=body.reason,
        by=_by(call, body.proposal_id),
    )
    return ComplianceProposalOut.from_core(proposal)


@routes.post("/books/{book_id}/allocations/{year}/determinations", policy=_WRITES)
def propose_allocation_determination(
    book_id: UuidString, year: WholeNumber, body: AllocationDeterminationIn, call: ThisCall
) -> ComplianceProposalOut:
    """Propose the allocation determined on the verification that stands, computed by the year's rule."""
    book = call.load(BOOK, book_id)
    call.load(COMPLIANCE_PROPOSAL, body.verification_id)
    proposal = allocations.propose_determination(
        call.session,
        book.book_id,
        year=year,
        dated_on=body.dated_on,
        verification_id=body.verification_id,
        determined=body.to_core(),
        by=_by(call, body.proposal_id),
    )
    return ComplianceProposalOut.from_core(proposal)


@routes.post("/books/{book_id}/allocations/{year}/settlements", policy=_WRITES)
def propose_settlement(
    book_id: UuidString, year: WholeNumber, body: SettlementIn, call: ThisCall
) -> ComplianceProposalOut:
    """Propose to issue or give back the difference between what should be issued and what was."""
    book = call.load(BOOK, book_id)
    proposal = allocation_settlements.propose_settlement(
        call.session,
        book.book_id,
        year=year,
        dated_on=body.dated_on,
        instrument=body.instrument,
        by=_by(call, body.proposal_id),
    )
    return ComplianceProposalOut.from_core(proposal)


@routes.post("/books/{book_id}/allocations/{year}/objections", policy=_WRITES)
def propose_objection(
    book_id: UuidString, year: WholeNumber, body: ObjectionIn, call: ThisCall
) -> ComplianceProposalOut:
    """Propose an objection to a verification or an allocation, within the working days after its notice."""
    book = call.load(BOOK, book_id)
    call.load(COMPLIANCE_PROPOSAL, body.against)
    proposal = allocations.propose_objection(
        call.session,
        book.book_id,
        year=year,
        against=body.against,
        notified_on=body.notified_on,
        raised_on=body.raised_on,
        reason=body.reason,
        by=_by(call, body.proposal_id),
    )
    return ComplianceProposalOut.from_core(proposal)


@routes.post("/books/{book_id}/allocations/{year}/objection-answers", policy=_WRITES)
def propose_answer(
    book_id: UuidString, year: WholeNumber, body: ObjectionAnswerIn, call: ThisCall
) -> ComplianceProposalOut:
    """Propose the authority's answer to an objection."""
    book = call.load(BOOK, book_id)
    call.load(COMPLIANCE_PROPOSAL, body.objection_id)
    proposal = allocations.propose_answer(
        call.session,
        book.book_id,
        year=year,
        objection_id=body.objection_id,
        answered_on=body.answered_on,
        is_upheld=body.is_upheld,
        reason=body.reason,
        by=_by(call, body.proposal_id),
    )
    return ComplianceProposalOut.from_core(proposal)


@routes.post("/books/{book_id}/allocations/{year}/milestones", policy=_WRITES)
def propose_milestone(
    book_id: UuidString, year: WholeNumber, body: MilestoneIn, call: ThisCall
) -> ComplianceProposalOut:
    """Propose that a step of the year's calendar was done, such as the report filed."""
    book = call.load(BOOK, book_id)
    proposal = allocations.propose_milestone(
        call.session,
        book.book_id,
        year=year,
        step=body.step,
        done_on=body.done_on,
        evidence=body.evidence,
        by=_by(call, body.proposal_id),
    )
    return ComplianceProposalOut.from_core(proposal)


def _by(call: Call, proposal_id: UuidString) -> By:
    return By(proposal_id=proposal_id, actor=call.principal.actor, now=call.now)
