"""Reviews: a lender's person accepts, refuses or queries a reported period or queries a proposal; the borrower answers.

Approving or refusing a proposal is the determination's own route.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.auth.loan_kinds import DETERMINATION, FACILITY, KPI_PERIOD, check_loan_party
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.review_kinds import REVIEW
from api.deps import Call, ThisCall
from api.routes.facilities import LOAN_PARTIES
from api.schemas.bank_desk import AnswerIn, QueryIn, ReviewIn, ReviewOut, ReviewsOut
from api.schemas.cursors import read_cursor, read_whole, write_cursor
from api.schemas.fields import PageCursor, UuidString
from api.store.access import OrganisationKind
from finance.operations import reviews as reviewing
from finance.store import facilities, kpi_periods, reviews
from finance.store.reviews import Review

_LENDER = asks(Scope.DETERMINATION_APPROVE, kinds=(OrganisationKind.LENDER,))
_Limit = Annotated[int, Query(ge=1, le=200, description="Reviews on a page.")]

routes = Routes(tag="reviews")


@routes.post("/kpi-periods/{kpi_period_id}/reviews", policy=_LENDER)
def review_kpi_period(kpi_period_id: UuidString, body: ReviewIn, call: ThisCall) -> ReviewOut:
    """Accept, refuse or query exactly the reported data that ``sha256`` names, with the reason."""
    period = call.load(KPI_PERIOD, kpi_period_id)
    review = reviewing.review_period(
        call.session,
        period,
        body.to_core(),
        sha256=body.sha256,
        reason=body.reason,
        review_id=call.new_id(),
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return ReviewOut.from_core(review)


@routes.get("/kpi-periods/{kpi_period_id}/reviews", policy=asks(kinds=LOAN_PARTIES))
def list_period_reviews(
    kpi_period_id: UuidString, call: ThisCall, after: PageCursor | None = None, limit: _Limit = 50
) -> ReviewsOut:
    """Return how the reported data stand with the lenders, and what was said about the period in order."""
    period = call.load(KPI_PERIOD, kpi_period_id)
    check_loan_party(call.load(FACILITY, period.facility_id), call.principal)
    reported = kpi_periods.load_reported(call.session, period.kpi_period_id)
    about = reviews.list_reviews(call.session, period.facility_id, kpi_period_id=period.kpi_period_id)
    sha256 = None if reported is None else reported.sha256
    return _page(call, period.facility_id, about, sha256, after=after, limit=limit, belongs=str(period.kpi_period_id))


@routes.post("/determinations/{determination_id}/reviews", policy=_LENDER)
def query_determination(determination_id: UuidString, body: QueryIn, call: ThisCall) -> ReviewOut:
    """Query exactly the undecided proposal that ``digest`` names; approve and refuse have their own routes."""
    determination = call.load(DETERMINATION, determination_id)
    review = reviewing.query_proposal(
        call.session,
        determination,
        sha256=body.digest,
        reason=body.reason,
        review_id=call.new_id(),
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return ReviewOut.from_core(review)


@routes.get("/determinations/{determination_id}/reviews", policy=asks(kinds=LOAN_PARTIES))
def list_determination_reviews(
    determination_id: UuidString, call: ThisCall, after: PageCursor | None = None, limit: _Limit = 50
) -> ReviewsOut:
    """Return the open queries on the proposal, and what was said about it in order; who approved it the proposal says itself."""
    found = call.load(DETERMINATION, determination_id)
    about = reviews.list_reviews(call.session, found.facility_id, determination_id=found.determination_id)
    belongs = str(found.determination_id)
    return _page(call, found.facility_id, about, found.digest, after=after, limit=limit, belongs=belongs)


@routes.post(
    "/reviews/{review_id}/answer", policy=asks(Scope.DETERMINATION_PROPOSE, kinds=(OrganisationKind.BORROWER,))
)
def answer_query(review_id: UuidString, body: AnswerIn, call: ThisCall) -> ReviewOut:
    """Answer a lender's query, for the borrower; a query is answered once."""
    query = call.load(REVIEW, review_id)
    answer = reviewing.answer_query(
        call.session,
        query,
        body.reason,
        review_id=call.new_id(),
        actor=call.principal.actor,
        now=call.now,
        random_bytes=call.random_bytes,
    )
    return ReviewOut.from_core(answer)


def _page(
    call: Call,
    facility_id: UUID,
    about: tuple[Review, ...],
    sha256: str | None,
    *,
    after: str | None,
    limit: int,
    belongs: str,
) -> ReviewsOut:
    begins = 0 if after is None else read_whole(read_cursor(after, count=1, belongs=belongs)[0])
    terms, _ = facilities.load_terms(call.session, facility_id)
    page = [each for each in about if each.number > begins][:limit]
    return ReviewsOut.from_core(
        reviewing.standing_of(about, subject_sha256=sha256, needed=terms.reporting.approvals),
        page,
        write_cursor((page[-1].number,), belongs=belongs) if len(page) == limit else None,
    )
