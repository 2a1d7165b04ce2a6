"""How each feed does, from what its runs recorded: last success, newest day, lag, what was held, what stands still.

Reads, and raises the alert of a series that stands still. Commits nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.calendars import BusinessCalendar
from finance.market.feed_health import FeedLag, PricePoint, flat_series, lag_of
from finance.operations.job_alerts import raise_job_alert
from finance.store import feed_runs as run_store
from finance.store import market as market_store
from finance.store import reference
from finance.store.feed_runs import FeedRun, HeldCount, JobAlert

_RUNS = 500
_DAYS_A_SESSION = 4
"""Calendar days that surely hold one session for each wanted: weekends and the longest holidays included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """Where one feed stands; ``flat`` names series that stood still although they were traded."""

    feed: str
    lag: FeedLag
    last_success: FeedRun | None
    last_run: FeedRun | None
    held: HeldCount
    flat: tuple[str, ...]
    is_circuit_open: bool


def health_of(
    session: Session,
    organisation_id: UUID,
    feed: str,
    *,
    host: str,
    calendar: BusinessCalendar | None,
    due_day: date | None,
    today: date,
) -> FeedHealth:
    """Return how ``feed`` does; ``due_day`` is the last business day that should be there, ``today`` the day at the source."""
    runs = run_store.list_runs(session, organisation_id, feed, limit=_RUNS)
    raws = [sha256 for run in runs for sha256 in run.raw_sha256s]
    rules = reference.shipped_market_job_rules()
    newest = max((run.newest_day for run in runs if run.newest_day is not None), default=None)
    stale_from = int(rules.lookup("feed.stale_lag", on=today).number())
    flat_sessions = int(rules.lookup("feed.flat_sessions", on=today).number())
    return FeedHealth(
        feed=feed,
        lag=lag_of(newest_day=newest, due_day=due_day, calendar=calendar, stale_from=stale_from),
        last_success=run_store.last_success(session, organisation_id, feed),
        last_run=runs[0] if runs else None,
        held=run_store.held_count(session, organisation_id, raws),
        flat=flat_series(
            _points(session, organisation_id, raws, since=today - timedelta(days=_DAYS_A_SESSION * flat_sessions)),
            sessions=flat_sessions,
        ),
        is_circuit_open=run_store.is_circuit_open(session, organisation_id, host, today),
    )


def note_flat(session: Session, organisation_id: UUID, health: FeedHealth, *, business_day: date, now: datetime) -> int:
    """Raise an alert for each series that stands still although it is traded; return how many are new."""
    market_store.lock_market(session, organisation_id)
    raised = 0
    for series in health.flat:
        alert = JobAlert(
            job=f"feed.{health.feed}",
            cause=f"feed.flat {series}"[:100],
            business_day=business_day,
            message=f"{health.feed}: {series} shows one price for many sessions with volume; is the source repeating itself?",
            raised_at=now,
        )
        raised += raise_job_alert(session, organisation_id, alert)
    return raised


def _points(session: Session, organisation_id: UUID, raws: list[str], *, since: date) -> tuple[PricePoint, ...]:
    if not raws:
        return ()
    sources = run_store.sources_of(session, organisation_id, raws)
    newest: dict[tuple[str, date], PricePoint] = {}
    for instrument, basis, day, _revision, value, volume in run_store.list_source(
        session, organisation_id, sources, since=since
    ):
        series = f"{instrument} {basis}"
        newest[series, day] = PricePoint(series=series, day=day, value=value, volume=volume)
    return tuple(newest.values())
