"""Writes and reads what the jobs did: switches, runs, effects keyed by business day, alerts.

Takes a session first and never commits. Knows no network and no timetable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.store.tables.feeds import FeedAlertRow, FeedRunRow, FeedSwitchRow, JobEffectRow
from finance.store.tables.market import HeldObservationRow, ObservationRow


class RunOutcome(StrEnum):
    """How a try ended."""

    DONE = "done"  # the business day's price came
    NO_VALUE = "no_value"  # the source answered, and no price was to be expected: a make-up working day
    NOT_PUBLISHED = "not_published"  # the source answered without the business day
    FAILED = "failed"  # no usable answer; tried again later
    BLOCKED = "blocked"  # the source refuses us: nothing more is asked of it today


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRun:
    """One try of one feed for one business day."""

    feed: str
    business_day: date
    attempt: int
    host: str
    circuit_day: date
    started_at: datetime
    finished_at: datetime
    outcome: RunOutcome
    failure: str
    http_status: int | None
    url: str
    parser_version: str
    raw_sha256s: tuple[str, ...]
    counts: Mapping[str, int]
    newest_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSwitch:
    """Who switched a feed on or off, when, and by which permission."""

    feed: str
    is_on: bool
    evidence_sha256: str
    reason: str
    switched_by: UUID
    switched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAlert:
    """Something a person should look at, once per job, cause and day."""

    job: str
    cause: str
    business_day: date
    message: str
    raised_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCount:
    """How many observations of some sources wait for review or were held, by kind."""

    conflicts: int
    quarantined: int


def save_switch(session: Session, organisation_id: UUID, switch: FeedSwitch) -> None:
    """Insert a switch as the feed's next."""
    last = session.scalar(
        select(func.max(FeedSwitchRow.number)).where(
            FeedSwitchRow.organisation_id == organisation_id, FeedSwitchRow.feed == switch.feed
        )
    )
    session.execute(
        insert(FeedSwitchRow).values(
            organisation_id=organisation_id,
            feed=switch.feed,
            number=(last or 0) + 1,
            is_on=int(switch.is_on),
            evidence_sha256=switch.evidence_sha256,
            reason=switch.reason,
            switched_by=switch.switched_by,
            switched_at=switch.switched_at,
        )
    )


def latest_switches(session: Session, organisation_id: UUID) -> Mapping[str, FeedSwitch]:
    """Return the last switch of each feed that was ever switched."""
    rows = session.scalars(
        select(FeedSwitchRow)
        .where(FeedSwitchRow.organisation_id == organisation_id)
        .order_by(FeedSwitchRow.feed, FeedSwitchRow.number)
    )
    return {
        row.feed: FeedSwitch(
            feed=row.feed,
            is_on=bool(row.is_on),
            evidence_sha256=row.evidence_sha256,
            reason=row.reason,
            switched_by=row.switched_by,
            switched_at=row.switched_at,
        )
        for row in rows
    }


def next_attempt(session: Session, organisation_id: UUID, feed: str, business_day: date) -> int:
    """Return the number of the next try, from 1; the market's lock makes it this transaction's."""
    last = session.scalar(
        select(func.max(FeedRunRow.attempt)).where(
            FeedRunRow.organisation_id == organisation_id,
            FeedRunRow.feed == feed,
            FeedRunRow.business_day == business_day,
        )
    )
    return (last or 0) + 1


def save_run(session: Session, organisation_id: UUID, run: FeedRun) -> None:
    """Insert a run."""
    session.execute(
        insert(FeedRunRow).values(
            organisation_id=organisation_id,
            feed=run.feed,
            business_day=run.business_day,
            attempt=run.attempt,
            host=run.host,
            circuit_day=run.circuit_day,
            started_at=run.started_at,
            finished_at=run.finished_at,
            outcome=run.outcome.value,
            failure=run.failure,
            http_status=run.http_status,
            url=run.url,
            parser_version=run.parser_version,
            raw={"sha256": list(run.raw_sha256s)},
            counts=dict(run.counts),
            newest_day=run.newest_day,
        )
    )


def list_runs(
    session: Session, organisation_id: UUID, feed: str, *, limit: int, business_day: date | None = None
) -> tuple[FeedRun, ...]:
    """Return a feed's runs (of one business day, when given), the newest first, at most ``limit``."""
    wanted = select(FeedRunRow).where(FeedRunRow.organisation_id == organisation_id, FeedRunRow.feed == feed)
    if business_day is not None:
        wanted = wanted.where(FeedRunRow.business_day == business_day)
    ordered = wanted.order_by(
        FeedRunRow.finished_at.desc(), FeedRunRow.business_day.desc(), FeedRunRow.attempt.desc()
    ).limit(limit)
    return tuple(_run(row) for row in session.scalars(ordered))


def first_day(session: Session, organisation_id: UUID, feed: str) -> date | None:
    """Return the earliest business day the feed was ever run for, ``None`` when it never ran."""
    return session.scalar(
        select(func.min(FeedRunRow.business_day)).where(
            FeedRunRow.organisation_id == organisation_id, FeedRunRow.feed == feed
        )
    )


def last_success(session: Session, organisation_id: UUID, feed: str) -> FeedRun | None:
    """Return the newest run that brought its day, ``None`` when there was none."""
    row = session.scalars(
        select(FeedRunRow)
        .where(
            FeedRunRow.organisation_id == organisation_id,
            FeedRunRow.feed == feed,
            FeedRunRow.outcome == RunOutcome.DONE.value,
        )
        .order_by(FeedRunRow.business_day.desc(), FeedRunRow.attempt.desc())
        .limit(1)
    ).first()
    return None if row is None else _run(row)


def is_circuit_open(session: Session, organisation_id: UUID, host: str, on: date) -> bool:
    """Return whether ``host`` refused us on that day: nothing more is asked of it until the day is over."""
    found = session.scalar(
        select(FeedRunRow.feed)
        .where(
            FeedRunRow.organisation_id == organisation_id,
            FeedRunRow.host == host,
            FeedRunRow.circuit_day == on,
            FeedRunRow.outcome == RunOutcome.BLOCKED.value,
        )
        .limit(1)
    )
    return found is not None


def find_effect(session: Session, organisation_id: UUID, job: str, business_day: date) -> Mapping[str, Any] | None:
    """Return what a job did for a business day, ``None`` while it did not."""
    row = session.get(JobEffectRow, (organisation_id, job, business_day))
    return None if row is None else row.effect


def save_effect(
    session: Session,
    organisation_id: UUID,
    job: str,
    business_day: date,
    *,
    effect: Mapping[str, Any],
    at: datetime,
) -> None:
    """Insert that a job's work for a day is done, in the transaction of that work; a second one breaks the key."""
    session.execute(
        insert(JobEffectRow).values(
            organisation_id=organisation_id, job=job, business_day=business_day, done_at=at, effect=dict(effect)
        )
    )


def days_done(session: Session, organisation_id: UUID, job: str, *, since: date) -> frozenset[date]:
    """Return the business days from ``since`` for which the job's work is done."""
    return frozenset(
        session.scalars(
            select(JobEffectRow.business_day).where(
                JobEffectRow.organisation_id == organisation_id,
                JobEffectRow.job == job,
                JobEffectRow.business_day >= since,
            )
        )
    )


def raise_alert(session: Session, organisation_id: UUID, alert: JobAlert) -> bool:
    """Insert an alert and return true; the same cause of the same day again changes nothing."""
    key = (organisation_id, alert.job, alert.cause, alert.business_day)
    if session.get(FeedAlertRow, key) is not None:
        return False
    session.execute(
        insert(FeedAlertRow).values(
            organisation_id=organisation_id,
            job=alert.job,
            cause=alert.cause,
            business_day=alert.business_day,
            message=alert.message,
            raised_at=alert.raised_at,
        )
    )
    return True


def list_alerts(session: Session, organisation_id: UUID, *, limit: int, job: str | None = None) -> tuple[JobAlert, ...]:
    """Return the alerts (of one job, when given), the newest first, at most ``limit``."""
    wanted = select(FeedAlertRow).where(FeedAlertRow.organisation_id == organisation_id)
    if job is not None:
        wanted = wanted.where(FeedAlertRow.job == job)
    ordered = wanted.order_by(FeedAlertRow.raised_at.desc(), FeedAlertRow.job, FeedAlertRow.cause).limit(limit)
    return tuple(
        JobAlert(
            job=row.job,
            cause=row.cause,
            business_day=row.business_day,
            message=row.message,
            raised_at=row.raised_at,
        )
        for row in session.scalars(ordered)
    )


def sources_of(session: Session, organisation_id: UUID, raw_sha256s: Iterable[str]) -> tuple[str, ...]:
    """Return which sources spoke in those files, by name."""
    wanted = (
        select(ObservationRow.source)
        .where(
            ObservationRow.organisation_id == organisation_id, ObservationRow.raw_sha256.in_(sorted(set(raw_sha256s)))
        )
        .distinct()
    )
    return tuple(sorted(session.scalars(wanted)))


def list_source(
    session: Session, organisation_id: UUID, sources: Iterable[str], *, since: date
) -> tuple[tuple[str, str, date, int, Decimal | None, int | None], ...]:
    """Return (instrument, basis, day, revision, value, volume) of what the sources said since a day, by series and day."""
    wanted = (
        select(
            ObservationRow.instrument,
            ObservationRow.price_basis,
            ObservationRow.trade_date,
            ObservationRow.revision,
            ObservationRow.value,
            ObservationRow.volume_t,
        )
        .where(
            ObservationRow.organisation_id == organisation_id,
            ObservationRow.source.in_(sorted(set(sources))),
            ObservationRow.trade_date >= since,
        )
        .order_by(
            ObservationRow.instrument, ObservationRow.price_basis, ObservationRow.trade_date, ObservationRow.revision
        )
    )
    return tuple(
        (instrument, basis, day, revision, value, volume)
        for instrument, basis, day, revision, value, volume in session.execute(wanted)
    )


def held_count(session: Session, organisation_id: UUID, raw_sha256s: Iterable[str]) -> HeldCount:
    """Return how many observations of those files were held, by kind."""
    rows = session.execute(
        select(HeldObservationRow.acceptance, func.count())
        .where(
            HeldObservationRow.organisation_id == organisation_id,
            HeldObservationRow.raw_sha256.in_(sorted(set(raw_sha256s))),
        )
        .group_by(HeldObservationRow.acceptance)
    )
    counted = {kind: number for kind, number in rows}  # noqa: C416 - rows are tuples by shape, not by type
    return HeldCount(conflicts=counted.get("conflict", 0), quarantined=counted.get("quarantined", 0))


def _run(row: FeedRunRow) -> FeedRun:
    return FeedRun(
        feed=row.feed,
        business_day=row.business_day,
        attempt=row.attempt,
        host=row.host,
        circuit_day=row.circuit_day,
        started_at=row.started_at,
        finished_at=row.finished_at,
        outcome=RunOutcome(row.outcome),
        failure=row.failure,
        http_status=row.http_status,
        url=row.url,
        parser_version=row.parser_version,
        raw_sha256s=tuple(row.raw["sha256"]),
        counts=row.counts,
        newest_day=row.newest_day,
    )
