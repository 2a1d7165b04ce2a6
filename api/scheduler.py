"""When the jobs run: each feed at its own hours in its own zone, each close at its hour, and a steady look for what was missed.

Owns the timetable and the background scheduler. What a job does is ``api.job_runs``; that it is done once is the database's key.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from api.deps import utc_now, uuid7
from api.job_runs import JobWorld, run_due
from api.notices.dispatcher import Dispatch, delivery_rules, dispatch_quietly
from api.notices.mail import mail_sender
from api.notices.senders import Sender
from api.notices.settings import NoticeSettings
from api.notices.webhooks import webhook_bounds, webhook_sender
from finance.conventions.notices import Channel
from finance.conventions.tables import ReferenceSet
from finance.feeds.catalogue import EVERY_FEED, feeds
from finance.feeds.feed import Feed
from finance.feeds.fetch import Clocks, FetchLimits, feed_client
from finance.market.closes import Close
from finance.store import reference
from ledger.store.database import Database

CATCH_UP = "catch_up"
DISPATCH = "notices"
_MINUTES_A_DAY = 24 * 60
_JITTER_STEPS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """One daily time at which a job looks for work: ``minute`` of the day in ``zone``; the catch-up has a zone and no minute."""

    id: str
    feed: str | None
    zone: str
    minute: int


def timetable(known: Iterable[Feed], closes: Iterable[Close]) -> tuple[Appointment, ...]:
    """Return when jobs look for work, by id: at each hour of a feed, when a missing day becomes late, and at each close.

    An hour of the next day (00:05, minute 1445) is that minute of any day: which business day is due is asked of the calendar.
    """
    found: dict[str, Appointment] = {}
    for feed in known:
        minutes = {hour.minute for hour in feed.hours}
        if minutes:
            minutes.add(min(minutes) + feed.grace_minutes)
        for minute in sorted(minute % _MINUTES_A_DAY for minute in minutes):
            job_id = f"feed.{feed.id} {minute // 60:02}:{minute % 60:02}"
            found[job_id] = Appointment(id=job_id, feed=feed.id, zone=feed.zone, minute=minute)
    for close in closes:
        found[close.job] = Appointment(id=close.job, feed=None, zone=close.zone, minute=close.minute)
    return tuple(found[job_id] for job_id in sorted(found))


def trigger_of(appointment: Appointment, *, jitter_seconds: int) -> CronTrigger:
    """Return the appointment's trigger, in its own zone: 18:00 in Shanghai is 10:00 UTC all year, wherever the server stands."""
    return CronTrigger(
        hour=appointment.minute // 60,
        minute=appointment.minute % 60,
        timezone=appointment.zone,
        jitter=jitter_seconds or None,
    )


def build_scheduler(world: JobWorld, *, dispatch: Dispatch | None = None) -> BackgroundScheduler:
    """Return a scheduler with every appointment and the catch-up, not started.

    One thread does one job after the other; what was missed while the process stood still runs once (coalesce), and the first
    catch-up comes with the start. A second process beside it finds the work done by the key in the database.
    """
    rules = reference.shipped_market_job_rules()
    today = world.clocks.now().date()
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": _whole(rules, "job.misfire_grace", today)}
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1), DISPATCH: ThreadPoolExecutor(1)},
        job_defaults=defaults,
        daemon=True,
    )
    jitter = _whole(rules, "job.jitter", today)
    for appointment in timetable(world.feeds, world.closes):
        scheduler.add_job(
            run_due,
            trigger_of(appointment, jitter_seconds=jitter),
            args=(world,),
            kwargs={"only_feed": appointment.feed},
            id=appointment.id,
        )
    tick = timedelta(minutes=_whole(rules, "job.tick", today))
    scheduler.add_job(
        run_due, IntervalTrigger(seconds=int(tick.total_seconds())), args=(world,), id=CATCH_UP, next_run_time=utc_now()
    )
    if dispatch is not None:
        every = _whole(reference.shipped_notice_rules(), "delivery.every", today)
        scheduler.add_job(
            dispatch_quietly, IntervalTrigger(seconds=every), args=(dispatch,), id=DISPATCH, executor=DISPATCH
        )
    return scheduler


def dispatch_world(database: Database, settings: NoticeSettings) -> Dispatch:
    """Return what brings alerts to people and programs from this process: a sender for each channel that is set up."""
    rules, now = reference.shipped_notice_rules(), utc_now()
    senders: dict[Channel, Sender] = {}
    if settings.mail is not None:
        senders[Channel.EMAIL] = mail_sender(settings.mail, public_url=settings.public_url, clock=utc_now)
    if settings.webhook_key:
        senders[Channel.WEBHOOK] = webhook_sender(
            settings.webhook_key,
            webhook_bounds(rules, now=now),
            clock=utc_now,
            is_loopback_allowed=settings.loopback_webhooks,
        )
    return Dispatch(
        database=database,
        senders=senders,
        rules=delivery_rules(rules, now=now),
        clock=utc_now,
        random_bytes=secrets.token_bytes,
        new_id=lambda: uuid7(utc_now(), secrets.token_bytes),
    )


def job_world(database: Database, *, feed_base_url: str = "") -> JobWorld:
    """Return the world of this process's jobs: every feed that ships, the real clock and one client.

    ``feed_base_url`` sends every feed to one place instead of its publisher: a company's own mirror, or a rehearsal.
    """
    return JobWorld(
        database=database,
        feeds=feeds({EVERY_FEED: feed_base_url} if feed_base_url else None),
        closes=reference.shipped_closes(),
        client=feed_client(),
        limits=FetchLimits(),
        clocks=Clocks(
            now=utc_now,
            monotonic=time.monotonic,
            sleep=time.sleep,
            jitter=lambda: secrets.randbelow(_JITTER_STEPS) / _JITTER_STEPS,
        ),
    )


def next_times(appointments: Iterable[Appointment], *, now: datetime) -> tuple[tuple[Appointment, datetime], ...]:
    """Return each appointment with the next instant (UTC) at which it comes, the soonest first."""
    found = []
    for appointment in appointments:
        at = trigger_of(appointment, jitter_seconds=0).get_next_fire_time(None, now)
        assert at is not None, "a daily appointment always comes again"
        found.append((appointment, at.astimezone(UTC)))
    return tuple(sorted(found, key=lambda one: (one[1], one[0].id)))


def _whole(rules: ReferenceSet, row_id: str, on: date) -> int:
    return int(rules.lookup(row_id, on=on).number())
