"""Surrender plans and carry-over of a book: the cheapest choice with its proof, and what may be carried over."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Query

from api.auth.ledger_kinds import BOOK
from api.auth.market_kinds import MARKET_SNAPSHOT
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.schemas.amounts import WholeNumber
from api.schemas.compliance_steps import ComplianceProposalOut
from api.schemas.fields import DateString, UuidString
from api.schemas.surrender_plans import CarryOverIn, CarryOverOut, SurrenderPlanIn, SurrenderPlanOut
from finance.compliance.penalties import Penalty
from finance.compliance.plan_lots import CostBasis
from finance.operations import carry_over, surrender_plans
from finance.operations.allocations import By, standing_verification
from finance.operations.compliance_calendar import fine_for
from finance.operations.surrender_plans import BookPlan, PlanRequest
from ledger.core.errors import Conflict, Invalid
from ledger.store.books import Book

routes = Routes(tag="compliance")

_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_YEARS = re.compile(r"[0-9]{4}(?:,[0-9]{4}){0,19}", re.ASCII)


@routes.get("/books/{book_id}/surrender-plan", policy=asks(Scope.LEDGER_READ))
def preview_surrender_plan(
    book_id: UuidString,
    call: ThisCall,
    year: Annotated[WholeNumber, Query(description="Compliance year.", examples=[2025])],
    surrender_on: DateString,
    basis: Annotated[str, Query(description="economic or book.", max_length=20)] = CostBasis.ECONOMIC.value,
    snapshot_id: Annotated[UuidString | None, Query(description="Prices the economic basis.")] = None,
    due_t: Annotated[WholeNumber | None, Query(description="That of the approved verification when absent.")] = None,
) -> SurrenderPlanOut:
    """Return the cheapest surrender as of its day with the proof, what is missing and what that would cost; stores nothing."""
    book = call.load(BOOK, book_id)
    if basis not in set(CostBasis):
        raise Invalid("query.basis", f"basis: expected one of {', '.join(CostBasis)}", field="basis")
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise Invalid("query.year", f"year: expected {_FIRST_YEAR} to {_LAST_YEAR}", field="year")
    asked = SurrenderPlanIn(
        proposal_id=book_id,
        year=year,
        surrender_on=surrender_on,
        basis=CostBasis(basis),
        snapshot_id=snapshot_id,
        due_t=due_t,
    )
    computed = surrender_plans.compute_plan(call.session, book.book_id, _request(call, book, asked))
    return SurrenderPlanOut.from_core(computed, _fine(call, computed), None)


@routes.post("/books/{book_id}/surrender-plans", policy=asks(Scope.COMPLIANCE_WRITE))
def propose_surrender_plan(book_id: UuidString, body: SurrenderPlanIn, call: ThisCall) -> SurrenderPlanOut:
    """Propose the cheapest surrender for a second person to approve; it is booked from the very lots once approved."""
    book = call.load(BOOK, book_id)
    request = _request(call, book, body)
    by = By(proposal_id=body.proposal_id, actor=call.principal.actor, now=call.now)
    proposal = surrender_plans.propose_plan(call.session, book.book_id, request, by=by)
    computed = surrender_plans.compute_plan(call.session, book.book_id, request)
    return SurrenderPlanOut.from_core(computed, _fine(call, computed), ComplianceProposalOut.from_core(proposal))


@routes.get("/books/{book_id}/carry-over", policy=asks(Scope.LEDGER_READ))
def read_carry_over(
    book_id: UuidString,
    call: ThisCall,
    into_year: Annotated[WholeNumber, Query(description="Compliance year carried into.", examples=[2025])],
    declared_settled: Annotated[
        str,
        Query(
            description="Duty years not on file, settled in time or without a duty, joined by commas.",
            examples=["2023,2024"],
            max_length=100,
        ),
    ] = "",
) -> CarryOverOut:
    """Return what may be carried over, net sales from the book's own trades that stand."""
    book = call.load(BOOK, book_id)
    if not _FIRST_YEAR <= into_year <= _LAST_YEAR:
        raise Invalid("query.year", f"into_year: expected {_FIRST_YEAR} to {_LAST_YEAR}", field="into_year")
    if declared_settled and not _YEARS.fullmatch(declared_settled):
        raise Invalid(
            "query.declared_settled", "declared_settled: expected years such as 2023,2024", field="declared_settled"
        )
    found = carry_over.compute_carry_over(
        call.session,
        book.book_id,
        into_year=into_year,
        declared_settled=tuple(int(year) for year in declared_settled.split(",") if year),
        known_at=call.now,
    )
    return CarryOverOut.from_core(found)


@routes.post("/books/{book_id}/carry-over", policy=asks(Scope.COMPLIANCE_WRITE))
def propose_carry_over(book_id: UuidString, body: CarryOverIn, call: ThisCall) -> ComplianceProposalOut:
    """Propose a request to carry old vintages over, oldest first; it is booked when the registry confirmed it."""
    book = call.load(BOOK, book_id)
    proposal = carry_over.propose_carry_over(
        call.session,
        book.book_id,
        into_year=body.into_year,
        requested_on=body.requested_on,
        into_instrument=body.into,
        tonnes=body.tonnes,
        declared_settled=body.declared_settled,
        by=By(proposal_id=body.proposal_id, actor=call.principal.actor, now=call.now),
    )
    return ComplianceProposalOut.from_core(proposal)


def _request(call: Call, book: Book, asked: SurrenderPlanIn) -> PlanRequest:
    due_t, source = asked.due_t, "given with the request"
    if due_t is None:
        verification = standing_verification(
            call.session, book.book_id, year=asked.year, on=asked.surrender_on, known_at=call.now
        )
        if verification is None:
            raise Conflict(
                "plan.no_duty",
                f"due_t: expected the tonnes due, no verification of {asked.year} is approved",
                field="due_t",
            )
        due_t, source = int(verification.document["tonnes"]), f"verification {verification.proposal_id}"
    return PlanRequest(
        year=asked.year,
        surrender_on=asked.surrender_on,
        due_t=due_t,
        due_source=source,
        basis=asked.basis,
        snapshot=None if asked.snapshot_id is None else call.load(MARKET_SNAPSHOT, asked.snapshot_id),
    )


def _fine(call: Call, computed: BookPlan) -> Penalty | None:
    """Return the fine's range for what stays missing; None where nothing is, or no deadline or price is known."""
    request, plan = computed.request, computed.plan
    if not plan.shortfall_t:
        return None
    marks = () if request.snapshot is None else request.snapshot.marks
    usable = [mark for mark in marks if mark.instrument.startswith(("CEA", "COMCEA")) and mark.value is not None]
    return fine_for(
        call.session,
        call.principal.organisation_id,
        year=request.year,
        missing_t=plan.shortfall_t,
        on=request.surrender_on,
        known_at=call.now,
        mark=usable[-1] if usable else None,
    )
