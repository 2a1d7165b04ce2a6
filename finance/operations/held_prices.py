"""Deciding about prices that were held: another person than the uploader accepts or rejects each, with a reason.

Joins the caller's transaction and commits nothing. What was held stays on file; a decision is a row of its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.market.observations import Observation, check_instant, check_text, current_revisions
from finance.operations import four_eyes
from finance.store import held_reviews as review_store
from finance.store import market as market_store
from finance.store.held_reviews import HeldReview, HeldVerdict
from finance.store.market import HeldObservation
from ledger.core.errors import Conflict, NotFound
from ledger.core.parties import Actor

JOB_ID = UUID(int=0)
"""Who is named where no person acted: a job fetched or froze it."""


def accept_held(
    session: Session, organisation_id: UUID, content_sha256: str, *, reason: str, actor: Actor, now: datetime
) -> HeldReview:
    """Accept a held price: from ``now`` on it is the price of its day, as the next revision of its source with the reason.

    What other sources say otherwise for that day and basis is set aside by a revision without a price, so that the
    order in which the sources arrived does not decide the mark. Deciding the same again changes nothing; the uploader is
    ``market.same_person``, another decision ``market.held_decided``.
    """
    held, standing = _waiting(
        session, organisation_id, content_sha256, HeldVerdict.ACCEPTED, reason=reason, actor=actor, now=now
    )
    if standing is not None:
        return standing
    wanted = held.observation
    current = current_revisions(
        seen
        for seen in market_store.list_observations(
            session,
            organisation_id,
            instruments=(wanted.instrument,),
            since=wanted.trade_date,
            until=wanted.trade_date,
        )
        if seen.price_basis is wanted.price_basis
    )
    own = next((seen for seen in current if seen.source == wanted.source), None)
    accepted = replace(
        wanted,
        known_at=now,
        revision=1 if own is None else own.revision + 1,
        warnings=(*wanted.warnings, f"accepted on review: {reason}"),
    )
    aside = [_set_aside(seen, accepted, reason=reason, now=now) for seen in current if _speaks_against(seen, accepted)]
    market_store.save_observations(session, organisation_id, [accepted, *aside], actor.user_id)
    return _save(session, organisation_id, held, HeldVerdict.ACCEPTED, reason=reason, actor=actor, now=now)


def reject_held(
    session: Session, organisation_id: UUID, content_sha256: str, *, reason: str, actor: Actor, now: datetime
) -> HeldReview:
    """Reject a held price: it marks nothing, and the same said again is not held again."""
    held, standing = _waiting(
        session, organisation_id, content_sha256, HeldVerdict.REJECTED, reason=reason, actor=actor, now=now
    )
    if standing is not None:
        return standing
    return _save(session, organisation_id, held, HeldVerdict.REJECTED, reason=reason, actor=actor, now=now)


def _waiting(
    session: Session,
    organisation_id: UUID,
    content_sha256: str,
    verdict: HeldVerdict,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> tuple[HeldObservation, HeldReview | None]:
    """Return the held price and, when this person decided the same before, that decision."""
    check_text(reason, field="reason")
    check_instant(now, field="now")
    market_store.lock_market(session, organisation_id)
    held = market_store.find_held(session, organisation_id, content_sha256)
    if held is None:
        raise NotFound("market.held_unknown", "held observation: no such one", content_sha256=content_sha256[:64])
    four_eyes.refuse_same_person(held.recorded_by, actor, content_sha256=content_sha256)
    standing = review_store.find_review(session, organisation_id, content_sha256)
    if standing is not None and (standing.verdict, standing.reviewer_id) != (verdict, actor.user_id):
        raise Conflict(
            "market.held_decided",
            f"held observation: it was {standing.verdict.value} already; upload a correction if that was wrong",
            content_sha256=content_sha256,
        )
    return held, standing


def _save(
    session: Session,
    organisation_id: UUID,
    held: HeldObservation,
    verdict: HeldVerdict,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> HeldReview:
    review = HeldReview(
        content_sha256=held.content_sha256,
        recorded_by=held.recorded_by,
        verdict=verdict,
        reason=reason,
        reviewer_id=actor.user_id,
        reviewed_at=now,
    )
    review_store.save_review(session, organisation_id, review)
    return review


def _speaks_against(seen: Observation, accepted: Observation) -> bool:
    if seen.source == accepted.source or seen.value is None or accepted.value is None:
        return False
    return (seen.value, seen.currency, seen.unit) != (accepted.value, accepted.currency, accepted.unit)


def _set_aside(seen: Observation, accepted: Observation, *, reason: str, now: datetime) -> Observation:
    return replace(
        seen,
        value=None,
        missing_reason=f"set aside on review for what {accepted.source} says"[:300],
        revision=seen.revision + 1,
        known_at=now,
        warnings=(f"set aside on review: {reason}",),
    )
