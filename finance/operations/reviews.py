"""Reviews: persons of lenders accept, refuse or query what was reported or proposed, and the borrower answers queries.

A review binds to exactly what was read, and nothing is ever taken back. Accepting or refusing a proposal is the rate decision's own
approval or refusal; here a proposal can only be queried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.approvals import WaitingKind
from finance.kpi.periods import ALLOWED, KpiPeriodState
from finance.operations.determinations import SUBJECT as DETERMINATION_SUBJECT
from finance.operations.evidence import EvidenceEvent, log_events
from finance.operations.kpi_periods import SUBJECT as PERIOD_SUBJECT
from finance.operations.kpi_periods import dispute_period
from finance.operations.loan_notices import loan_asks, loan_asks_no_more
from finance.store import facilities, kpi_periods, reviews
from finance.store.determinations import Determination
from finance.store.facilities import Facility
from finance.store.kpi_periods import KpiPeriod
from finance.store.reviews import Review, ReviewKind
from ledger.core.errors import Conflict, Forbidden, Invalid, NotFound
from ledger.core.parties import Actor
from ledger.operations import RandomBytes

_VERDICTS = frozenset((ReviewKind.ACCEPTED, ReviewKind.REFUSED))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewStanding:
    """How a period's reported data or a proposal stands with the lenders.

    ``accepted_by`` are the persons who accepted exactly what is reported now; ``needed`` how many the terms ask for.
    """

    subject_sha256: str | None
    needed: int
    accepted_by: tuple[UUID, ...]
    is_refused: bool
    open_queries: tuple[Review, ...]

    @property
    def is_accepted(self) -> bool:
        """Return whether enough persons accepted, none refused and no query is open."""
        return len(self.accepted_by) >= self.needed and not self.is_refused and not self.open_queries


def review_period(
    session: Session,
    period: KpiPeriod,
    what: ReviewKind,
    *,
    sha256: str,
    reason: str,
    review_id: UUID,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> Review:
    """Record what a lender's person says about the reported data that ``sha256`` names, and return it.

    Nothing reported is ``review.nothing_reported``, other data ``review.digest``, a second verdict of one person on the same data
    ``review.given_before``. A refusal contests a period that its state lets be contested.
    """
    facility = _locked(session, period.facility_id)
    _check_side(facility, actor, "lender")
    if what is ReviewKind.ANSWERED:
        raise Invalid(
            "review.what", "what: expected accepted, refused or queried; answer a query by its id", field="what"
        )
    reported = kpi_periods.load_reported(session, period.kpi_period_id)
    if reported is None:
        raise Conflict("review.nothing_reported", "the period's value is not reported yet; there is nothing to review")
    _check_digest(sha256, reported.sha256)
    about = reviews.list_reviews(session, facility.facility_id, kpi_period_id=period.kpi_period_id)
    if what in _VERDICTS and any(
        each.what in _VERDICTS and each.subject_sha256 == sha256 and each.actor.user_id == actor.user_id
        for each in about
    ):
        raise Conflict("review.given_before", "you accepted or refused this data already; another person is awaited")
    review = Review(
        review_id=review_id,
        facility_id=facility.facility_id,
        number=reviews.next_number(session, facility.facility_id),
        kpi_period_id=period.kpi_period_id,
        determination_id=None,
        subject_sha256=sha256,
        what=what,
        answers_id=None,
        reason=reason,
        recorded_at=now,
        actor=actor,
    )
    _record(session, facility, review, random_bytes)
    if what is ReviewKind.REFUSED and KpiPeriodState.DISPUTED in ALLOWED[_state(session, period)]:
        dispute_period(
            session,
            period.kpi_period_id,
            reason[:_MOST_REASON].strip(),
            actor=actor,
            now=now,
            random_bytes=random_bytes,
        )
    return review


_MOST_REASON = 200
"""A period's own event keeps a short text; the review keeps the whole."""


def query_proposal(
    session: Session,
    determination: Determination,
    *,
    sha256: str,
    reason: str,
    review_id: UUID,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> Review:
    """Record a lender's query on the undecided proposal whose digest is ``sha256``; a decided one is ``review.decided``."""
    facility = _locked(session, determination.facility_id)
    _check_side(facility, actor, "lender")
    if determination.decision is not None:
        raise Conflict("review.decided", f"this proposal was {determination.decision.verdict} already")
    _check_digest(sha256, determination.digest)
    review = Review(
        review_id=review_id,
        facility_id=facility.facility_id,
        number=reviews.next_number(session, facility.facility_id),
        kpi_period_id=None,
        determination_id=determination.determination_id,
        subject_sha256=sha256,
        what=ReviewKind.QUERIED,
        answers_id=None,
        reason=reason,
        recorded_at=now,
        actor=actor,
    )
    _record(session, facility, review, random_bytes)
    return review


def answer_query(
    session: Session,
    query: Review,
    reason: str,
    *,
    review_id: UUID,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> Review:
    """Record the borrower's answer to a query, once (``review.answered_before``); only a query has one (``review.no_query``)."""
    facility = _locked(session, query.facility_id)
    _check_side(facility, actor, "borrower")
    if query.what is not ReviewKind.QUERIED:
        raise Conflict("review.no_query", f"this review is {query.what}: expected a query to answer")
    answer = Review(
        review_id=review_id,
        facility_id=facility.facility_id,
        number=reviews.next_number(session, facility.facility_id),
        kpi_period_id=query.kpi_period_id,
        determination_id=query.determination_id,
        subject_sha256=query.subject_sha256,
        what=ReviewKind.ANSWERED,
        answers_id=query.review_id,
        reason=reason,
        recorded_at=now,
        actor=actor,
    )
    _record(session, facility, answer, random_bytes)
    return answer


def review_subject(about: str) -> str:
    """Return under what the log keeps reviews of a ``kpi_period`` or a ``determination``."""
    return f"{about}_review"


def _record(session: Session, facility: Facility, review: Review, random_bytes: RandomBytes) -> None:
    """Keep the review, and make it a leaf of the borrower's evidence book."""
    reviews.save_review(session, review)
    _tell(session, facility, review)
    about = (
        (PERIOD_SUBJECT, review.kpi_period_id)
        if review.determination_id is None
        else (DETERMINATION_SUBJECT, review.determination_id)
    )
    logged = EvidenceEvent(
        organisation_id=facility.borrower_id,
        subject=review_subject(about[0]),
        subject_id=str(about[1]),
        event=review.what.value,
        facts={"reason": review.reason, "review_id": str(review.review_id), "subject_sha256": review.subject_sha256},
    )
    log_events(session, [logged], actor=review.actor, now=review.recorded_at, random_bytes=random_bytes)


def _tell(session: Session, facility: Facility, review: Review) -> None:
    """Tell the borrower that a lender asks something, and end it once that was answered."""
    told = (facility.borrower_id,)
    if review.what is ReviewKind.QUERIED:
        loan_asks(
            session,
            facility,
            WaitingKind.QUERY,
            review.review_id,
            organisations=told,
            maker=review.actor,
            now=review.recorded_at,
        )
    elif review.answers_id is not None:
        loan_asks_no_more(
            session, facility, WaitingKind.QUERY, review.answers_id, organisations=told, now=review.recorded_at
        )


def standing_of(about: Sequence[Review], *, subject_sha256: str | None, needed: int) -> ReviewStanding:
    """Return how the subject stands by the reviews about it; what was said of other data no longer counts, open queries do."""
    now = [each for each in about if each.subject_sha256 == subject_sha256]
    accepted = dict.fromkeys(each.actor.user_id for each in now if each.what is ReviewKind.ACCEPTED)
    return ReviewStanding(
        subject_sha256=subject_sha256,
        needed=needed,
        accepted_by=tuple(accepted),
        is_refused=any(each.what is ReviewKind.REFUSED for each in now),
        open_queries=reviews.open_queries(tuple(about)),
    )


def _state(session: Session, period: KpiPeriod) -> KpiPeriodState:
    found = kpi_periods.find_period(session, period.kpi_period_id, lock=True)
    assert found is not None, "a period that was loaded stands"
    return found.state


def _check_digest(given: str, expected: str) -> None:
    if given != expected:
        raise Conflict("review.digest", "sha256: expected that of what is reported or proposed now; read it again")


def _check_side(facility: Facility, actor: Actor, role: str) -> None:
    if not facility.has_party(actor.organisation_id, role):
        raise Forbidden("review.not_party", f"reviewer: expected a person of the {role}")


def _locked(session: Session, facility_id: UUID) -> Facility:
    facility = facilities.find_facility(session, facility_id, lock=True)
    if facility is None:
        raise NotFound("facility.not_found", "the facility does not exist, or not for you")
    return facility
