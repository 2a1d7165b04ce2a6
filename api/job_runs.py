"""One job for one organisation: look what is due, ask the source with no transaction open, record the outcome in one.

An edge like the command line: it opens units of work and is given its clock. Fetching and reading happen between them, so no network
call is ever made inside a transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy.orm import Session

from api.auth.request_notices import end_lapsed
from api.deps import unit_of_work
from api.feed_answers import read_round
from api.store import access
from api.store.faults import DATABASE_ERRORS
from finance.conventions.calendars import BusinessCalendar, china_day, previous_open_day
from finance.feeds.feed import NO_CALENDAR, Feed, FeedRole, FeedState, expected_by, late_after
from finance.feeds.fetch import Clocks, FetchLimits
from finance.feeds.parsed import CheckValue
from finance.feeds.rounds import Circuit, fetch_round
from finance.market.closes import Close
from finance.operations import closing_snapshots, feed_health, feed_jobs, notice_conditions
from finance.operations.feed_health import FeedHealth
from finance.operations.feed_jobs import FeedDay, RunResult
from finance.store import calendar_years, published_rates, reference
from finance.store import feed_runs as run_store
from finance.store import market as market_store
from finance.store.feed_runs import RunOutcome
from ledger.core.errors import DomainError, NotFound
from ledger.store.database import Database

PARSER_VERSION = "1"
"""Raised with any change of how an answer is read, so that a stored run says which reading it was."""

CONDITIONS = "notices.daily"
"""The job that looks once a day at gaps, targets, prices and duties."""

_PRICED = frozenset({FeedRole.MARKS, FeedRole.CHECKS})
_RUNS_KNOWN = 50
_log = logging.getLogger("tonne.jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWorld:
    """What the jobs of a process work with: the database, the feeds, how sources are asked, and the clocks."""

    database: Database
    feeds: tuple[Feed, ...]
    closes: tuple[Close, ...]
    client: httpx.Client
    limits: FetchLimits
    clocks: Clocks

    def feed(self, feed_id: str) -> Feed:
        """Return a feed; an unknown id is ``feed.unknown`` with the known ones."""
        for feed in self.feeds:
            if feed.id == feed_id:
                return feed
        raise NotFound("feed.unknown", f"feed: expected one of {', '.join(feed.id for feed in self.feeds)}")


def is_on(session: Session, organisation_id: UUID, feed: Feed) -> bool:
    """Return whether a person switched the feed on, or nobody switched it off and it needs no permission."""
    switch = run_store.latest_switches(session, organisation_id).get(feed.id)
    return bool(feed.hours) and (feed.is_on_by_default if switch is None else switch.is_on)


def source_day(feed: Feed, now: datetime) -> date:
    """Return the day at the source: in Shanghai it is tomorrow from 16:00 UTC on."""
    return now.astimezone(ZoneInfo(feed.zone)).date()


def calendar_of(session: Session, organisation_id: UUID, feed: Feed, *, now: datetime) -> BusinessCalendar | None:
    """Return the feed's calendar as known now, ``None`` for a source without one."""
    if feed.calendar == NO_CALENDAR:
        return None
    return calendar_years.load_calendar(session, organisation_id, feed.calendar, known_at=now).calendar


def business_days(feed: Feed, calendar: BusinessCalendar | None, *, now: datetime) -> Iterator[date]:
    """Yield the feed's business days whose first hour has come, oldest first, as far back as the rule for catching up.

    Days that the calendar does not know are neither due nor holidays: they are left out, and the closes say what to import.
    """
    today = source_day(feed, now)
    back = int(_rule("job.catch_up", today))
    for day in (today - timedelta(days=number) for number in range(back, -1, -1)):
        if calendar is not None and not calendar.knows(day):
            continue
        instants = expected_by(feed, day)
        if instants and instants[0] <= now and feed.is_due_on(day, calendar):
            yield day


def due_days(session: Session, organisation_id: UUID, feed: Feed, *, now: datetime) -> tuple[date, ...]:
    """Return the business days that should be asked for now, the newest first.

    Nothing before the day on which the feed was first run or last switched is caught up on: history is asked for by hand.
    A day is tried at each of its hours and when it becomes late; after that again only when the last try failed, an hour
    later by the rule. The newest comes first, because its answer often brings the days before it.
    """
    calendar = calendar_of(session, organisation_id, feed, now=now)
    days = _since_begun(session, organisation_id, feed, tuple(business_days(feed, calendar, now=now)))
    if not days:
        return ()
    done = run_store.days_done(session, organisation_id, f"feed.{feed.id}", since=days[0])
    return tuple(
        day for day in reversed(days) if day not in done and _is_try_due(session, organisation_id, feed, day, now=now)
    )


def run_feed(
    world: JobWorld, organisation_id: UUID, feed: Feed, business_day: date, *, is_again: bool = False
) -> RunResult | None:
    """Ask a feed for a business day and record what came; ``None`` when the circuit is open or nothing is to be asked.

    When the day's work is done the run that did it is returned, and the source is not asked (unless ``is_again``).
    """
    started_at = world.clocks.now()
    day = feed_day(feed, business_day, now=started_at)
    with world.database.reader() as session:
        done = feed_jobs.done_run(session, organisation_id, feed.id, business_day)
        if done is not None and not is_again:
            return RunResult(run=done, is_ours=False)
        is_open = run_store.is_circuit_open(session, organisation_id, day.host, day.circuit_day)
        also_due = due_days(session, organisation_id, feed, now=started_at)
        state = _state(session, organisation_id, feed, business_day, also_due, now=started_at)
        calendar = calendar_of(session, organisation_id, feed, now=started_at)
    if is_open:
        with unit_of_work(world.database) as session:
            feed_jobs.note_missing(session, organisation_id, day, why="the source refuses us today", now=started_at)
        return None
    requests = feed.requests(business_day, state)
    if not requests:
        return None
    circuit = Circuit(source=day.host)
    asked = fetch_round(
        world.client, feed, requests, day=day.circuit_day, circuit=circuit, limits=world.limits, clocks=world.clocks
    )
    now = world.clocks.now()
    answers, failure = read_round(feed, asked, state, calendar, circuit_day=day.circuit_day, now=now)
    with unit_of_work(world.database) as session:
        return feed_jobs.record_run(
            session,
            organisation_id,
            day,
            answers,
            failure,
            started_at=started_at,
            now=now,
            is_again=is_again,
            also_due=also_due,
        )


def run_close(world: JobWorld, organisation_id: UUID, close: Close) -> int:
    """Freeze every close that is over and not frozen, complete yesterday's, and return how many versions were made."""
    made, now = 0, world.clocks.now()
    today = close.today(now)
    since = today - timedelta(days=int(_rule("job.catch_up", today)))
    with world.database.reader() as session:
        due = closing_snapshots.due_closes(session, organisation_id, close, since=since, now=now)
        done = run_store.days_done(session, organisation_id, close.job, since=since)
    with unit_of_work(world.database) as session:
        closing_snapshots.note_unknown_calendar(session, organisation_id, close, now=now)
    for day in due:
        with unit_of_work(world.database) as session:
            frozen = closing_snapshots.freeze_close(session, organisation_id, close, day, now=now)
            made += frozen is not None and frozen.is_ours
    for day in sorted(done)[-1:]:
        with _quietly(f"{close.job} {day}"), unit_of_work(world.database) as session:
            made += closing_snapshots.complete_close(session, organisation_id, close, day, now=now) is not None
    return made


def run_due(world: JobWorld, *, only_feed: str | None = None) -> int:
    """Do everything that is due for every organisation and return how many runs and closes were recorded.

    One organisation's or feed's refusal stops no other. Feeds come before closes, so that a close finds the day's prices.
    """
    with world.database.reader() as session:
        organisations = [one.organisation_id for one in access.list_organisations(session)]
    recorded = 0
    for organisation_id in organisations:
        for feed in world.feeds:
            if only_feed in {None, feed.id}:
                with _quietly(f"feed.{feed.id}"):
                    recorded += _run_feed_days(world, organisation_id, feed)
        for close in world.closes if only_feed is None else ():
            with _quietly(close.job):
                recorded += run_close(world, organisation_id, close)
        if only_feed is None:
            with _quietly(CONDITIONS):
                run_conditions(world, organisation_id)
    return recorded


def run_conditions(world: JobWorld, organisation_id: UUID) -> int:
    """Look once a day, from its minute in Shanghai on, at what alerts while it stands; return 1 when this was the look."""
    now = world.clocks.now()
    on = china_day(now)
    begins = int(reference.shipped_notice_rules().lookup("notice.daily_minute", on=on).number())
    local = now.astimezone(ZoneInfo("Asia/Shanghai"))
    if local.hour * 60 + local.minute < begins:
        return 0
    with world.database.reader() as session:
        if run_store.find_effect(session, organisation_id, CONDITIONS, on) is not None:
            return 0
    with unit_of_work(world.database) as session:
        market_store.lock_market(session, organisation_id)
        if run_store.find_effect(session, organisation_id, CONDITIONS, on) is not None:
            return 0
        settled = notice_conditions.look_at_conditions(session, organisation_id, now=now)
        lapsed = end_lapsed(session, organisation_id, now=now)
        effect = {"raised": settled.raised, "ended": settled.ended + lapsed}
        run_store.save_effect(session, organisation_id, CONDITIONS, on, effect=effect, at=now)
    return 1


def feed_day(feed: Feed, business_day: date, *, now: datetime) -> FeedDay:
    """Return a feed's work for a business day as the operations know it."""
    return FeedDay(
        feed=feed.id,
        host=urlsplit(feed.base_url).netloc or feed.id,
        business_day=business_day,
        circuit_day=source_day(feed, now),
        late_after=late_after(feed, business_day),
        parser_version=f"{feed.id} {PARSER_VERSION}",
        has_prices=feed.role in _PRICED,
    )


def feed_health_of(session: Session, organisation_id: UUID, feed: Feed, *, now: datetime) -> FeedHealth:
    """Return how a feed does now: the last business day that is late when missing is the one that is due."""
    calendar = calendar_of(session, organisation_id, feed, now=now)
    passed = [
        day
        for day in business_days(feed, calendar, now=now)
        if (late := late_after(feed, day)) is not None and late <= now
    ]
    today = source_day(feed, now)
    return feed_health.health_of(
        session,
        organisation_id,
        feed.id,
        host=urlsplit(feed.base_url).netloc or feed.id,
        calendar=calendar,
        due_day=passed[-1] if passed else None,
        today=today,
    )


def _run_feed_days(world: JobWorld, organisation_id: UUID, feed: Feed) -> int:
    now = world.clocks.now()
    with world.database.reader() as session:
        if not is_on(session, organisation_id, feed):
            return 0
        due = due_days(session, organisation_id, feed, now=now)
    recorded = 0
    for day in due:
        result = run_feed(world, organisation_id, feed, day)
        recorded += result is not None and result.is_ours
    if due:
        with unit_of_work(world.database) as session:
            health = feed_health_of(session, organisation_id, feed, now=now)
            feed_health.note_flat(session, organisation_id, health, business_day=due[0], now=now)
    return recorded


def _since_begun(session: Session, organisation_id: UUID, feed: Feed, days: tuple[date, ...]) -> tuple[date, ...]:
    switch = run_store.latest_switches(session, organisation_id).get(feed.id)
    begun = [run_store.first_day(session, organisation_id, feed.id)]
    begun += [] if switch is None else [source_day(feed, switch.switched_at)]
    known = [day for day in begun if day is not None]
    return tuple(day for day in days if day >= min(known)) if known else days[-1:]


def _is_try_due(session: Session, organisation_id: UUID, feed: Feed, day: date, *, now: datetime) -> bool:
    late = late_after(feed, day)
    tries = [instant for instant in (*expected_by(feed, day), late) if instant is not None and instant <= now]
    runs = run_store.list_runs(session, organisation_id, feed.id, limit=1, business_day=day)
    if not runs:
        return True
    last = runs[0]
    if last.outcome is RunOutcome.BLOCKED:
        return last.circuit_day < source_day(feed, now)
    again = timedelta(minutes=int(_rule("job.retry_after", day)))
    return last.started_at < max(tries) or (last.outcome is RunOutcome.FAILED and last.finished_at + again <= now)


def _state(
    session: Session, organisation_id: UUID, feed: Feed, business_day: date, missing: tuple[date, ...], *, now: datetime
) -> FeedState:
    """Return what is known of the feed's own past: newest day, missing days, last prices before the business day."""
    runs = run_store.list_runs(session, organisation_id, feed.id, limit=_RUNS_KNOWN)
    sources = run_store.sources_of(session, organisation_id, [sha for run in runs for sha in run.raw_sha256s])
    since = business_day - timedelta(days=int(_rule("job.catch_up", business_day)))
    said = run_store.list_source(session, organisation_id, sources, since=since)
    asked = {business_day, *(day for day in missing if day <= business_day)}
    closes: dict[str, tuple[date, Decimal]] = {}
    for instrument, _, day, _, value, _ in said:
        if value is not None and day < business_day and day >= closes.get(instrument, (day, value))[0]:
            closes[instrument] = (day, value)
    calendar = calendar_of(session, organisation_id, feed, now=now)
    stored = {day for _, _, day, *_ in said}
    after_gap = frozenset(
        day
        for day in asked
        if calendar is not None
        and calendar.knows(day - timedelta(days=1))
        and previous_open_day(calendar, day) not in stored
    )
    return FeedState(
        last_day=max((run.newest_day for run in runs if run.newest_day is not None), default=None),
        days=tuple(sorted(day for day in missing if day <= business_day)),
        closes=closes,
        checks={
            name: CheckValue(name=name, day=one.day, value=one.total, grew_by=one.grew_by)
            for name, one in published_rates.totals_before(
                session, organisation_id, feed.id, before=business_day
            ).items()
        },
        rates=published_rates.newest_rates(session, organisation_id),
        after_gap=after_gap,
    )


def _rule(row_id: str, on: date) -> int:
    return int(reference.shipped_market_job_rules().lookup(row_id, on=on).number())


class _quietly:  # noqa: N801 - read as a phrase: with _quietly("feed.ecb.daily")
    """Log a refusal or a busy database and go on: one job's trouble is no other's. A bug passes through."""

    def __init__(self, job: str) -> None:
        self._job = job

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: object) -> bool:
        if isinstance(error, DomainError):
            _log.warning("%s: %s [%s]", self._job, error.message, error.code)
            return True
        if isinstance(error, DATABASE_ERRORS):
            _log.warning("%s: the database does not answer or is busy: %s", self._job, type(error).__name__)
            return True
        return False
