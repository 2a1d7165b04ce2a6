"""What a job asks a person to look at: recorded once for its day, and told to those who keep prices.

Joins the caller's transaction and commits nothing.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.notice_words import job_failed
from finance.operations.notices import raise_notice
from finance.store import feed_runs
from finance.store.feed_runs import JobAlert


def raise_job_alert(session: Session, organisation_id: UUID, alert: JobAlert, *, lasts: bool = False) -> bool:
    """Record what a job asks a person to look at, tell it, and return whether it is new for its day.

    One that ``lasts`` stands until it is resolved; any other is told anew each day.
    """
    is_new = feed_runs.raise_alert(session, organisation_id, alert)
    if is_new:
        told = job_failed(
            organisation_id,
            job=alert.job,
            cause=alert.cause,
            day=alert.business_day,
            message=alert.message,
            lasts=lasts,
        )
        raise_notice(session, told, now=alert.raised_at)
    return is_new
