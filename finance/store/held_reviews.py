"""Writes and reads what persons decided about observations that were held.

Takes a session first and never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from finance.store.tables.feeds import HeldReviewRow


class HeldVerdict(StrEnum):
    """What became of a held observation."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldReview:
    """The decision about one held observation, with its reason."""

    content_sha256: str
    recorded_by: UUID
    verdict: HeldVerdict
    reason: str
    reviewer_id: UUID
    reviewed_at: datetime


def find_review(session: Session, organisation_id: UUID, content_sha256: str) -> HeldReview | None:
    """Return the decision about a held observation, ``None`` while it waits."""
    row = session.get(HeldReviewRow, (organisation_id, content_sha256))
    return None if row is None else _review(row)


def list_reviews(session: Session, organisation_id: UUID, *, limit: int) -> tuple[HeldReview, ...]:
    """Return the organisation's decisions, the newest first, at most ``limit``."""
    rows = session.scalars(
        select(HeldReviewRow)
        .where(HeldReviewRow.organisation_id == organisation_id)
        .order_by(HeldReviewRow.reviewed_at.desc(), HeldReviewRow.content_sha256)
        .limit(limit)
    )
    return tuple(_review(row) for row in rows)


def save_review(session: Session, organisation_id: UUID, review: HeldReview) -> None:
    """Insert a decision; the database refuses the uploader as reviewer."""
    session.execute(
        insert(HeldReviewRow).values(
            organisation_id=organisation_id,
            content_sha256=review.content_sha256,
            recorded_by=review.recorded_by,
            verdict=review.verdict.value,
            reason=review.reason,
            reviewer_id=review.reviewer_id,
            reviewed_at=review.reviewed_at,
        )
    )


def _review(row: HeldReviewRow) -> HeldReview:
    return HeldReview(
        content_sha256=row.content_sha256,
        recorded_by=row.recorded_by,
        verdict=HeldVerdict(row.verdict),
        reason=row.reason,
        reviewer_id=row.reviewer_id,
        reviewed_at=row.reviewed_at,
    )
