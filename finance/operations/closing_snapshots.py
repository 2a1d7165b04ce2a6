"""Freezing the marks of a close: once by the job for each business day, again by a person with a reason.

Joins the caller's transaction and commits nothing. Version 1 and its key (job, business day) are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from finance.market.closes import Close, due_days
from finance.market.marks import MarkState
from finance.market.observations import check_instant, check_text
from finance.market.overrides import Jump, jumps
from finance.market.snapshots import Snapshot
from finance.operations import market
from finance.operations.held_prices import JOB_ID
from finance.operations.job_alerts import raise_job_alert
from finance.store import calendar_years, reference
from finance.store import closing_snapshots as closing_store
from finance.store import feed_runs as run_store
from finance.store import market as market_store
from finance.store.closing_snapshots import ClosingSnapshot
from finance.store.feed_runs import JobAlert
from ledger.core.errors import Conflict, NotFound
from ledger.core.parties import Actor
from ledger.store import books

_NAMESPACE = UUID("3d2f6c56-52c1-5c1b-9a1e-6d1d3a0b7c11")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenClose:
    """A version of a close with its snapshot, and the overrides that ended since the close before."""

    closing: ClosingSnapshot
    snapshot: Snapshot
    jumps: tuple[Jump, ...]
    is_ours: bool


def freeze_close(
    session: Session, organisation_id: UUID, close: Close, day: date, *, now: datetime
) -> FrozenClose | None:
    """Freeze version 1 of a close by what is known now, or return what stands; ``None`` when nothing is to be marked.

    It names the instant of its knowledge, also when it comes late, after a standstill. A close that is
    not over is ``market.close_open``, a closed day ``market.close_no_session``, an unknown one ``calendar.unknown``.
    """
    check_instant(now, field="now")
    market_store.lock_market(session, organisation_id)
    effect = run_store.find_effect(session, organisation_id, close.job, day)
    if effect is not None:
        return _standing(session, organisation_id, close, day, version=1) if effect["version"] else None
    _check_session(session, organisation_id, close, day, now=now)
    instruments = close_instruments(session, organisation_id, close, on=day, known_at=now)
    if not instruments:
        # Nothing to mark is a result too: the day is done, and a later price does not reopen it.
        run_store.save_effect(session, organisation_id, close.job, day, effect={"version": 0}, at=now)
        return None
    closing = _closing(organisation_id, close, day, version=1, reason="", by=JOB_ID, at=now)
    frozen = _freeze(session, organisation_id, close, closing, instruments=instruments)
    effect = {"version": 1, "snapshot_id": str(frozen.closing.snapshot_id), "sha256": frozen.snapshot.sha256}
    run_store.save_effect(session, organisation_id, close.job, day, effect=effect, at=now)
    for jump in frozen.jumps:
        raise_job_alert(
            session,
            organisation_id,
            JobAlert(
                job=close.job,
                cause=f"override.ended {jump.instrument}",
                business_day=day,
                message=jump.sentence()[:300],
                raised_at=now,
            ),
        )
    return frozen


def refreeze_close(
    session: Session, organisation_id: UUID, close: Close, day: date, *, reason: str, actor: Actor, now: datetime
) -> FrozenClose:
    """Freeze the next version of a close by what is known now, for a reason; every earlier version stays as it is.

    A day that no job has frozen yet is ``market.close_not_frozen``; nothing new to say is ``market.close_unchanged``.
    """
    check_instant(now, field="now")
    check_text(reason, field="reason")
    market_store.lock_market(session, organisation_id)
    standing = closing_store.list_closings(session, organisation_id, close.id, since=day, until=day)
    if not standing:
        raise NotFound("market.close_not_frozen", "close: no snapshot of that close and day", close=close.id)
    _check_session(session, organisation_id, close, day, now=now)
    before = market_store.load_snapshot(session, organisation_id, standing[-1].snapshot_id)
    instruments = close_instruments(session, organisation_id, close, on=day, known_at=now)
    wanted = sorted({*instruments, *(mark.instrument for mark in before.marks)})
    closing = _closing(
        organisation_id, close, day, version=standing[-1].version + 1, reason=reason, by=actor.user_id, at=now
    )
    frozen = _freeze(session, organisation_id, close, closing, instruments=wanted)
    if (frozen.snapshot.marks, frozen.snapshot.calendars) == (before.marks, before.calendars):
        raise Conflict(
            "market.close_unchanged",
            f"close: every mark is as in version {standing[-1].version}; that version stands",
            close=close.id,
        )
    return frozen


def complete_close(
    session: Session, organisation_id: UUID, close: Close, day: date, *, now: datetime
) -> FrozenClose | None:
    """Freeze the next version of a close whose marks were late and are not any more; ``None`` when that changes nothing.

    The job's own follow-up for what the exchange publishes after the close; the version that stood stays.
    """
    check_instant(now, field="now")
    market_store.lock_market(session, organisation_id)
    standing = closing_store.list_closings(session, organisation_id, close.id, since=day, until=day)
    if not standing:
        return None
    before = market_store.load_snapshot(session, organisation_id, standing[-1].snapshot_id)
    late = [mark.instrument for mark in before.marks if mark.state is MarkState.LATE]
    arrived = {
        seen.instrument
        for seen in market_store.list_observations(session, organisation_id, instruments=late, since=day, until=day)
    }
    if not arrived:
        return None
    actor = Actor(user_id=JOB_ID, organisation_id=organisation_id)
    reason = "published after the close"
    return refreeze_close(session, organisation_id, close, day, reason=reason, actor=actor, now=now)


def due_closes(
    session: Session, organisation_id: UUID, close: Close, *, since: date, now: datetime
) -> tuple[date, ...]:
    """Return the sessions from ``since`` whose close is over and not frozen, oldest first.

    Days that the calendar does not know stop the list: they are no sessions and no holidays, until somebody imports the year.
    """
    calendar = calendar_years.load_calendar(session, organisation_id, close.calendar, known_at=now).calendar
    today = close.today(now)
    days = (since + timedelta(days=number) for number in range((today - since).days + 1))
    sessions = tuple(day for day in days if calendar.knows(day) and calendar.is_open(day))
    done = run_store.days_done(session, organisation_id, close.job, since=since)
    return due_days(sessions, done=done, close=close, now=now)


def note_unknown_calendar(session: Session, organisation_id: UUID, close: Close, *, now: datetime) -> bool:
    """Raise the task of importing the year, once a day, when the calendar does not know the close's day; say whether it is new."""
    market_store.lock_market(session, organisation_id)
    today = close.today(now)
    calendar = calendar_years.load_calendar(session, organisation_id, close.calendar, known_at=now).calendar
    if calendar.knows(today):
        return False
    return raise_job_alert(
        session,
        organisation_id,
        JobAlert(
            job=close.job,
            cause=f"calendar.unknown {close.calendar} {today.year}",
            business_day=today,
            message=f"the {close.calendar} calendar of {today.year} is unknown: nothing is marked until that year is imported",
            raised_at=now,
        ),
    )


def close_instruments(
    session: Session, organisation_id: UUID, close: Close, *, on: date, known_at: datetime
) -> tuple[str, ...]:
    """Return the instruments of a close: of its calendar, and observed, marked or kept in a book of the organisation."""
    kept = set(market_store.list_instruments(session, organisation_id, known_at=known_at))
    for book in books.list_books(session, organisation_id):
        kept |= set(books.commodities(session, book.book_id))
    return tuple(sorted(_of_calendar(kept, close, on=on)))


def _of_calendar(instruments: Iterable[str], close: Close, *, on: date) -> Iterable[str]:
    rules = reference.shipped_mark_rules()
    for instrument in instruments:
        try:
            market_name = rules.calendar_of(instrument, on=on)
        except NotFound:  # money, and what no price source is set up for
            continue
        if market_name == close.calendar:
            yield instrument


def _check_session(session: Session, organisation_id: UUID, close: Close, day: date, *, now: datetime) -> None:
    calendar = calendar_years.load_calendar(session, organisation_id, close.calendar, known_at=now).calendar
    if not calendar.is_open(day):
        raise Conflict("market.close_no_session", f"day: {close.calendar} has no session on {day}", close=close.id)
    if now < close.instant(day):
        raise Conflict("market.close_open", f"day: the {close.id} close of {day} is not over yet", close=close.id)


def _freeze(
    session: Session,
    organisation_id: UUID,
    close: Close,
    closing: ClosingSnapshot,
    *,
    instruments: Iterable[str],
) -> FrozenClose:
    day = closing.business_day
    snapshot = market.freeze_snapshot(
        session,
        organisation_id,
        snapshot_id=closing.snapshot_id,
        as_of=day,
        known_at=closing.frozen_at,
        instruments=instruments,
        actor=Actor(user_id=closing.frozen_by, organisation_id=organisation_id),
        now=closing.frozen_at,
    )
    closing_store.save_closing(session, organisation_id, closing)
    return FrozenClose(
        closing=closing,
        snapshot=snapshot,
        jumps=_jumps_since(session, organisation_id, close, day, snapshot),
        is_ours=True,
    )


def _closing(
    organisation_id: UUID, close: Close, day: date, *, version: int, reason: str, by: UUID, at: datetime
) -> ClosingSnapshot:
    return ClosingSnapshot(
        close=close.id,
        business_day=day,
        version=version,
        snapshot_id=uuid5(_NAMESPACE, f"{organisation_id}/{close.id}/{day}/{version}"),
        reason=reason,
        frozen_by=by,
        frozen_at=at,
    )


def _standing(session: Session, organisation_id: UUID, close: Close, day: date, *, version: int) -> FrozenClose:
    standing = closing_store.list_closings(session, organisation_id, close.id, since=day, until=day)
    closing = next(one for one in standing if one.version == version)
    snapshot = market_store.load_snapshot(session, organisation_id, closing.snapshot_id)
    found = _jumps_since(session, organisation_id, close, day, snapshot)
    return FrozenClose(closing=closing, snapshot=snapshot, jumps=found, is_ours=False)


def _jumps_since(
    session: Session, organisation_id: UUID, close: Close, day: date, snapshot: Snapshot
) -> tuple[Jump, ...]:
    last = closing_store.last_closing_before(session, organisation_id, close.id, day)
    if last is None:
        return ()
    return jumps(market_store.load_snapshot(session, organisation_id, last.snapshot_id), snapshot)
