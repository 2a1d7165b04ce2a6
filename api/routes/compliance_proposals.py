"""Proposals of compliance years: read them, approve or refuse them as a second person, carry them out; and the calendar."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query, Response

from api.auth.compliance_kinds import COMPLIANCE_PROPOSAL
from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.routes.determinations import business_day
from api.schemas.amounts import WholeNumber
from api.schemas.compliance_steps import (
    ApproveIn,
    CalendarStepOut,
    ComplianceCalendarOut,
    ComplianceProposalOut,
    ComplianceProposalsOut,
    ExecuteIn,
    RefuseIn,
)
from api.schemas.fields import DateString, UuidString
from finance.compliance.deadline_calendar import MOST_DAYS_AHEAD, CalendarStep, Sector
from finance.operations import allocation_settlements, carry_over, compliance_calendar, surrender_plans
from finance.operations.compliance_proposals import FIRST_YEAR, LAST_YEAR, decide
from finance.store import compliance as store
from finance.store.compliance import Proposal, ProposalKind, Verdict
from ledger.core.errors import Conflict, Invalid
from ledger.store.books import Book

routes = Routes(tag="compliance")

_PAGE = 100
_DAYS_AHEAD = 30


@routes.get("/books/{book_id}/compliance-proposals", policy=asks(Scope.LEDGER_READ))
def list_compliance_proposals(
    book_id: UuidString,
    call: ThisCall,
    year: Annotated[WholeNumber | None, Query(description="Of one compliance year.")] = None,
    after: Annotated[WholeNumber, Query(description="next_after of the page before.")] = 0,
    limit: Annotated[WholeNumber, Query(description="1 to 100 proposals.")] = _PAGE,
) -> ComplianceProposalsOut:
    """Return a page of the book's facts and plans, decided or not, in the order in which they became known."""
    book = call.load(BOOK, book_id)
    if not 1 <= limit <= _PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {_PAGE}", field="limit")
    _check_year(year)
    found = store.list_proposals(call.session, book.book_id, year=year, after=after, limit=limit + 1)
    page = found[:limit]
    return ComplianceProposalsOut(
        proposals=tuple(ComplianceProposalOut.from_core(each) for each in page),
        next_after=page[-1].number if len(found) > limit else None,
    )


@routes.get("/compliance-proposals/{proposal_id}", policy=asks(Scope.LEDGER_READ))
def read_compliance_proposal(proposal_id: UuidString, call: ThisCall) -> ComplianceProposalOut:
    """Return a fact or plan and what became of it."""
    return ComplianceProposalOut.from_core(call.load(COMPLIANCE_PROPOSAL, proposal_id))


@routes.post("/compliance-proposals/{proposal_id}/approve", policy=asks(Scope.COMPLIANCE_APPROVE), status=200)
def approve_compliance_proposal(proposal_id: UuidString, body: ApproveIn, call: ThisCall) -> ComplianceProposalOut:
    """Approve exactly the content that ``sha256`` names, as another person than its maker."""
    return _decided(call, proposal_id, Verdict.APPROVED, sha256=body.sha256, reason="")


@routes.post("/compliance-proposals/{proposal_id}/refuse", policy=asks(Scope.COMPLIANCE_WRITE), status=200)
def refuse_compliance_proposal(proposal_id: UuidString, body: RefuseIn, call: ThisCall) -> ComplianceProposalOut:
    """Refuse the content that ``sha256`` names; its maker takes it back so."""
    return _decided(call, proposal_id, Verdict.REFUSED, sha256=body.sha256, reason=body.reason)


@routes.post(
    "/compliance-proposals/{proposal_id}/execute",
    policy=asks(Scope.COMPLIANCE_WRITE, Scope.LEDGER_WRITE),
    status=200,
)
def execute_compliance_proposal(proposal_id: UuidString, body: ExecuteIn, call: ThisCall) -> ComplianceProposalOut:
    """Book an approved settlement, carry-over or surrender plan; what changed since refuses it."""
    proposal = call.load(COMPLIANCE_PROPOSAL, proposal_id)
    today = business_day(call.now)
    is_confirmed = proposal.kind is ProposalKind.CARRY_OVER
    if (body.confirmed_on is not None) != is_confirmed:
        raise Invalid("compliance.confirmed_on", "confirmed_on: expected for a carry-over and for nothing else")
    return ComplianceProposalOut.from_core(_executed(call, proposal, today=today, confirmed_on=body.confirmed_on))


@routes.get("/books/{book_id}/compliance-deadlines", policy=asks(Scope.LEDGER_READ))
def read_deadlines(
    book_id: UuidString,
    call: ThisCall,
    year: Annotated[WholeNumber, Query(description="Compliance year.", examples=[2025])],
    as_of: DateString,
    sector: Annotated[str, Query(description="aluminium or power.", max_length=20)] = Sector.ALUMINIUM.value,
    days_ahead: Annotated[WholeNumber, Query(description="Due soon within this many days.")] = _DAYS_AHEAD,
) -> ComplianceCalendarOut:
    """Return the year's steps by day, each done, open, due soon or overdue at the close of ``as_of``."""
    book = call.load(BOOK, book_id)
    steps = _steps(call, book, year=year, sector=sector, on=as_of, days_ahead=days_ahead)
    return ComplianceCalendarOut(
        year=year, sector=sector, as_of=as_of, steps=tuple(CalendarStepOut.from_core(step) for step in steps)
    )


@routes.get("/books/{book_id}/compliance-deadlines.ics", policy=asks(Scope.LEDGER_READ), answers=("text/calendar",))
def read_deadline_calendar(
    book_id: UuidString,
    call: ThisCall,
    year: Annotated[WholeNumber, Query(description="Compliance year.", examples=[2025])],
    as_of: DateString,
    sector: Annotated[str, Query(description="aluminium or power.", max_length=20)] = Sector.ALUMINIUM.value,
) -> Response:
    """Return the year's steps as one calendar (RFC 5545) for any calendar program to subscribe to."""
    book = call.load(BOOK, book_id)
    steps = _steps(call, book, year=year, sector=sector, on=as_of, days_ahead=_DAYS_AHEAD)
    text = compliance_calendar.calendar_file(steps, book_uuid=book_id, now=call.now)
    return Response(
        text.encode(),
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="compliance.ics"'},
    )


def _steps(call: Call, book: Book, *, year: int, sector: str, on: date, days_ahead: int) -> tuple[CalendarStep, ...]:
    if sector not in set(Sector):
        raise Invalid("query.sector", f"sector: expected one of {', '.join(Sector)}", field="sector")
    if days_ahead > MOST_DAYS_AHEAD:
        raise Invalid("query.days_ahead", f"days_ahead: expected 0 to {MOST_DAYS_AHEAD}", field="days_ahead")
    _check_year(year)
    return compliance_calendar.steps_of(
        call.session, book.book_id, year=year, sector=Sector(sector), on=on, days_ahead=days_ahead, known_at=call.now
    )


def _check_year(year: int | None) -> None:
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid("query.year", f"year: expected {FIRST_YEAR} to {LAST_YEAR}", field="year")


def _decided(
    call: Call, proposal_id: UuidString, verdict: Verdict, *, sha256: str, reason: str
) -> ComplianceProposalOut:
    call.load(COMPLIANCE_PROPOSAL, proposal_id)
    proposal = decide(
        call.session,
        proposal_id,
        verdict,
        sha256=sha256,
        reason=reason,
        actor=call.principal.actor,
        now=call.now,
    )
    return ComplianceProposalOut.from_core(proposal)


def _executed(call: Call, proposal: Proposal, *, today: date, confirmed_on: date | None) -> Proposal:
    principal = call.principal
    if confirmed_on is not None:
        return carry_over.execute_carry_over(
            call.session,
            proposal.proposal_id,
            confirmed_on=confirmed_on,
            actor=principal.actor,
            now=call.now,
            today=today,
            new_id=call.new_id,
            random_bytes=call.random_bytes,
        )
    carry_out = {
        ProposalKind.SETTLEMENT: allocation_settlements.execute_settlement,
        ProposalKind.SURRENDER_PLAN: surrender_plans.execute_plan,
    }.get(proposal.kind)
    if carry_out is None:
        raise Conflict(
            "compliance.nothing_booked", f"proposal: a {proposal.kind} counts once approved, nothing is booked for it"
        )
    return carry_out(
        call.session,
        proposal.proposal_id,
        actor=principal.actor,
        now=call.now,
        today=today,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
    )
