"""Reads and writes what lenders' persons say about periods and proposals, and pages a lender's facilities. Never commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.loans.facility_terms import PartyRole
from finance.store import facilities
from finance.store.facilities import Facility
from finance.store.tables.loans import FacilityPartyRow
from finance.store.tables.reviews import LoanReviewRow
from ledger.core.errors import Conflict
from ledger.core.parties import Actor


class ReviewKind(StrEnum):
    """What was said: three kinds by a person of a lender, an answer by one of the borrower."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    QUERIED = "queried"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One remark about a KPI period or a determination (one of the two ids is set), bound to exactly what was read.

    ``subject_sha256`` is the reported data's hash or the proposal's digest. ``answers_id`` names the query of an answer; ``number`` is
    its place among the facility's.
    """

    review_id: UUID
    facility_id: UUID
    number: int
    kpi_period_id: UUID | None
    determination_id: UUID | None
    subject_sha256: str
    what: ReviewKind
    answers_id: UUID | None
    reason: str
    recorded_at: datetime
    actor: Actor

    def __post_init__(self) -> None:
        """State what the table checks too."""
        assert (self.kpi_period_id is None) != (self.determination_id is None), "a review is about one thing"
        assert (self.what is ReviewKind.ANSWERED) == (self.answers_id is not None), "an answer names its query"


def next_number(session: Session, facility_id: UUID) -> int:
    """Return the number of the facility's next review; the facility is locked by the caller."""
    wanted = select(func.max(LoanReviewRow.number)).where(LoanReviewRow.facility_id == facility_id)
    return (session.scalar(wanted) or 0) + 1


def save_review(session: Session, review: Review) -> None:
    """Record a review; a query is answered once (``review.answered_before``)."""
    if review.answers_id is not None and find_answer(session, review.answers_id) is not None:
        raise Conflict("review.answered_before", "this query was answered already; read the answer")
    session.execute(
        insert(LoanReviewRow).values(
            review_id=review.review_id,
            facility_id=review.facility_id,
            number=review.number,
            kpi_period_id=review.kpi_period_id,
            determination_id=review.determination_id,
            subject_sha256=review.subject_sha256,
            what=review.what.value,
            answers_id=review.answers_id,
            reason=review.reason,
            recorded_at=review.recorded_at,
            actor_id=review.actor.user_id,
            acting_for_id=review.actor.organisation_id,
        )
    )


def find_review(session: Session, review_id: UUID) -> Review | None:
    """Return the review, or None."""
    row = session.get(LoanReviewRow, review_id)
    return None if row is None else _review(row)


def find_answer(session: Session, query_id: UUID) -> Review | None:
    """Return the answer to a query, or None."""
    row = session.scalars(select(LoanReviewRow).where(LoanReviewRow.answers_id == query_id)).one_or_none()
    return None if row is None else _review(row)


def list_reviews(
    session: Session,
    facility_id: UUID,
    *,
    kpi_period_id: UUID | None = None,
    determination_id: UUID | None = None,
    after: int = 0,
    limit: int | None = None,
) -> tuple[Review, ...]:
    """Return the facility's reviews with numbers above ``after``, in that order: all, or those about one thing, at most ``limit``."""
    wanted = select(LoanReviewRow).where(LoanReviewRow.facility_id == facility_id, LoanReviewRow.number > after)
    if kpi_period_id is not None:
        wanted = wanted.where(LoanReviewRow.kpi_period_id == kpi_period_id)
    if determination_id is not None:
        wanted = wanted.where(LoanReviewRow.determination_id == determination_id)
    return tuple(_review(row) for row in session.scalars(wanted.order_by(LoanReviewRow.number).limit(limit)))


def open_queries(reviews: tuple[Review, ...]) -> tuple[Review, ...]:
    """Return the queries among ``reviews`` that no answer among them answers."""
    answered = {each.answers_id for each in reviews}
    return tuple(each for each in reviews if each.what is ReviewKind.QUERIED and each.review_id not in answered)


def page_facilities(
    session: Session, organisation_id: UUID, *, roles: tuple[PartyRole, ...], after: UUID | None, limit: int
) -> tuple[Facility, ...]:
    """Return up to ``limit`` facilities in which the organisation has one of ``roles``, by id from the one after ``after`` on."""
    wanted = (
        select(FacilityPartyRow.facility_id)
        .where(FacilityPartyRow.organisation_id == organisation_id)
        .where(FacilityPartyRow.role.in_([role.value for role in roles]))
        .distinct()
    )
    if after is not None:
        wanted = wanted.where(FacilityPartyRow.facility_id > after)
    ids = session.scalars(wanted.order_by(FacilityPartyRow.facility_id).limit(limit)).all()
    found = (facilities.find_facility(session, facility_id) for facility_id in ids)
    return tuple(each for each in found if each is not None)


def _review(row: LoanReviewRow) -> Review:
    return Review(
        review_id=row.review_id,
        facility_id=row.facility_id,
        number=row.number,
        kpi_period_id=row.kpi_period_id,
        determination_id=row.determination_id,
        subject_sha256=row.subject_sha256,
        what=ReviewKind(row.what),
        answers_id=row.answers_id,
        reason=row.reason,
        recorded_at=row.recorded_at,
        actor=Actor(user_id=row.actor_id, organisation_id=row.acting_for_id),
    )
