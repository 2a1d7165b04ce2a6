"""A bank's desk: its queue, its portfolio, a proposal computed again, and the sheet of a decision.

Queue and portfolio are of the calling lender; KPI path, recomputation and sheet are for borrower and lenders.
Nothing here is an assessor's.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.auth.loan_kinds import DETERMINATION, FACILITY, check_loan_party
from api.auth.policy import Routes, asks
from api.deps import Call, ThisCall
from api.routes.determinations import business_day
from api.routes.facilities import LOAN_PARTIES
from api.schemas.bank_desk import FacilityQueueOut, KpiPathOut, PortfolioOut, PositionOut, QueueOut, RecomputationOut
from api.schemas.cursors import read_cursor, read_id, write_cursor
from api.schemas.decision_sheets import DecisionSheetOut
from api.schemas.fields import CodeString, DateString, PageCursor, UuidString
from api.store.access import OrganisationKind
from finance.loans.facility_terms import PartyRole
from finance.operations.bank_desk import queue_of
from finance.operations.decision_sheet import sheet_of
from finance.operations.kpi_paths import kpi_path_of
from finance.operations.loan_duties import load_state
from finance.operations.portfolio import Position, position_of
from finance.operations.recomputation import recompute
from finance.store import reviews
from finance.store.facilities import Facility
from ledger.core.errors import DomainError

_BANK = asks(kinds=(OrganisationKind.LENDER,))
_PARTIES = asks(kinds=LOAN_PARTIES)
_QUEUE, _PORTFOLIO = "bank_queue", "bank_portfolio"
_Limit = Annotated[int, Query(ge=1, le=100, description="Facilities on a page.")]

routes = Routes(tag="bank desk")


@routes.get("/bank/queue", policy=_BANK)
def read_queue(call: ThisCall, after: PageCursor | None = None, limit: _Limit = 20) -> QueueOut:
    """Return what awaits somebody under each facility the caller lends under, each with the next action in words."""
    found = _facilities(call, _QUEUE, after, limit)
    return QueueOut(
        facilities=tuple(_queue(call, each) for each in found), next_cursor=_following(found, _QUEUE, limit)
    )


@routes.get("/bank/portfolio", policy=_BANK)
def read_portfolio(
    call: ThisCall,
    as_of: Annotated[DateString | None, Query(description="A day; today in Shanghai when absent.")] = None,
    after: PageCursor | None = None,
    limit: _Limit = 20,
) -> PortfolioOut:
    """Return each loan of the calling lender: label, KPI path, price in force, exposure, what the next decision is worth."""
    day = as_of or business_day(call.now)
    belongs = f"{_PORTFOLIO} {day}"
    found = _facilities(call, belongs, after, limit)
    positions, unreadable = [], []
    for each in found:
        try:
            positions.append(_position(call, each, day))
        except DomainError as refusal:  # one loan that cannot be read hides no other
            unreadable.append((refusal.code, str(each.facility_id)))
    return PortfolioOut.from_core(
        positions, unreadable, as_of=day, known_at=call.now, next_cursor=_following(found, belongs, limit)
    )


@routes.get("/bank/facilities/{facility_id}/position", policy=_BANK)
def read_position(
    facility_id: UuidString,
    call: ThisCall,
    as_of: Annotated[DateString | None, Query(description="A day; today in Shanghai when absent.")] = None,
) -> PositionOut:
    """Return one loan of the calling lender as the portfolio shows it."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    return PositionOut.from_core(_position(call, facility, as_of or business_day(call.now)))


@routes.get("/facilities/{facility_id}/kpi-path", policy=_PARTIES)
def read_kpi_path(
    facility_id: UuidString,
    call: ThisCall,
    kpi_id: Annotated[CodeString, Query(description="A KPI of the terms in force.", examples=["intensity"])],
) -> KpiPathOut:
    """Return a KPI's tests by period: each target as a number, and what the reported value comes to against it."""
    facility = call.load(FACILITY, facility_id)
    check_loan_party(facility, call.principal)
    return KpiPathOut.from_core(kpi_path_of(call.session, facility, kpi_id, now=call.now))


@routes.get("/determinations/{determination_id}/recomputation", policy=_PARTIES)
def read_recomputation(determination_id: UuidString, call: ThisCall) -> RecomputationOut:
    """Return each figure of the proposal beside the same computed again from stored facts as known when it was made."""
    determination = call.load(DETERMINATION, determination_id)
    return RecomputationOut.from_core(determination.determination_id, recompute(call.session, determination))


@routes.get("/determinations/{determination_id}/sheet", policy=_PARTIES)
def read_sheet(determination_id: UuidString, call: ThisCall) -> DecisionSheetOut:
    """Return the decision whole: terms, KPIs, evidence, opinions, prices, effect days, and the payments before and after."""
    return DecisionSheetOut.from_core(sheet_of(call.session, call.load(DETERMINATION, determination_id)))


def _position(call: Call, facility: Facility, day: date) -> Position:
    return position_of(
        call.session,
        load_state(call.session, facility, now=call.now),
        call.principal.organisation_id,
        as_of=day,
        now=call.now,
        today=business_day(call.now),
    )


def _queue(call: Call, facility: Facility) -> FacilityQueueOut:
    try:
        state = load_state(call.session, facility, now=call.now)
        items = queue_of(call.session, state, actor=call.principal.actor, now=call.now, today=business_day(call.now))
    except DomainError as refusal:  # one loan that cannot be read keeps no other from the desk
        return FacilityQueueOut.from_core(facility, (), (refusal.code,))
    return FacilityQueueOut.from_core(facility, items)


def _facilities(call: Call, belongs: str, after: str | None, limit: int) -> tuple[Facility, ...]:
    begins: UUID | None = None if after is None else read_id(read_cursor(after, count=1, belongs=belongs)[0])
    return reviews.page_facilities(
        call.session, call.principal.organisation_id, roles=(PartyRole.LENDER,), after=begins, limit=limit
    )


def _following(found: tuple[Facility, ...], belongs: str, limit: int) -> str | None:
    return write_cursor((found[-1].facility_id,), belongs=belongs) if len(found) == limit else None
