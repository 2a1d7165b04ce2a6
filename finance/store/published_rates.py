"""Writes and reads published index rates and running totals. Takes a session first and never commits; judges nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from finance.loans.published_rates import PublishedRate, current_rates
from finance.store.tables.published_rates import PublishedRateRow, RunningTotalRow


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTotal:
    """A running total as stated for the end of ``day``; ``grew_by`` is the day's own share, ``None`` when not stated."""

    name: str
    day: date
    total: int
    grew_by: int | None


def save_rate(session: Session, organisation_id: UUID, rate: PublishedRate) -> None:
    """Insert a published rate under its revision."""
    session.execute(
        insert(PublishedRateRow).values(
            organisation_id=organisation_id,
            index_name=rate.index,
            published_on=rate.published_on,
            revision=rate.revision,
            rate=rate.rate,
            feed=rate.feed,
            known_at=rate.known_at,
            raw_sha256=rate.raw_sha256,
        )
    )


def list_rates(
    session: Session, organisation_id: UUID, *, indices: Iterable[str] | None = None, known_at: datetime | None = None
) -> tuple[PublishedRate, ...]:
    """Return every revision known at ``known_at`` (now when None) of the indices (all when None), by index, day, revision."""
    wanted = select(PublishedRateRow).where(PublishedRateRow.organisation_id == organisation_id)
    if indices is not None:
        wanted = wanted.where(PublishedRateRow.index_name.in_(sorted(set(indices))))
    if known_at is not None:
        wanted = wanted.where(PublishedRateRow.known_at <= known_at)
    ordered = wanted.order_by(PublishedRateRow.index_name, PublishedRateRow.published_on, PublishedRateRow.revision)
    return tuple(
        PublishedRate(
            index=row.index_name,
            published_on=row.published_on,
            revision=row.revision,
            rate=row.rate,
            feed=row.feed,
            known_at=row.known_at,
            raw_sha256=row.raw_sha256,
        )
        for row in session.scalars(ordered)
    )


def newest_rates(session: Session, organisation_id: UUID) -> Mapping[str, tuple[date, Fraction]]:
    """Return each index's last publication: its day and its current rate."""
    return {one.index: (one.published_on, one.rate) for one in current_rates(list_rates(session, organisation_id))}


def save_total(
    session: Session, organisation_id: UUID, feed: str, total: RunningTotal, *, known_at: datetime, raw_sha256: str
) -> bool:
    """Insert a stated total as the next revision of its day and return true; the same statement again changes nothing."""
    key = (
        RunningTotalRow.organisation_id == organisation_id,
        RunningTotalRow.feed == feed,
        RunningTotalRow.name == total.name,
        RunningTotalRow.day == total.day,
    )
    last = session.scalars(
        select(RunningTotalRow).where(*key).order_by(RunningTotalRow.revision.desc()).limit(1)
    ).first()
    if last is not None and (last.total, last.grew_by) == (total.total, total.grew_by):
        return False
    session.execute(
        insert(RunningTotalRow).values(
            organisation_id=organisation_id,
            feed=feed,
            name=total.name,
            day=total.day,
            revision=1 if last is None else last.revision + 1,
            total=total.total,
            grew_by=total.grew_by,
            known_at=known_at,
            raw_sha256=raw_sha256,
        )
    )
    return True


def totals_before(session: Session, organisation_id: UUID, feed: str, *, before: date) -> Mapping[str, RunningTotal]:
    """Return the feed's newest total of each name for a day before ``before``, as last stated."""
    key = (RunningTotalRow.organisation_id == organisation_id, RunningTotalRow.feed == feed)
    newest = (
        select(RunningTotalRow.name, func.max(RunningTotalRow.day).label("day"))
        .where(*key, RunningTotalRow.day < before)
        .group_by(RunningTotalRow.name)
        .subquery()
    )
    rows = session.scalars(
        select(RunningTotalRow)
        .join(newest, (RunningTotalRow.name == newest.c.name) & (RunningTotalRow.day == newest.c.day))
        .where(*key)
        .order_by(RunningTotalRow.name, RunningTotalRow.revision)
    )
    return {row.name: RunningTotal(name=row.name, day=row.day, total=row.total, grew_by=row.grew_by) for row in rows}
