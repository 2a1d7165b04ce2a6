"""The jobs' and feeds' commands, and the scheduler running in the background, against a source on the loopback."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED

from api import cli
from api.scheduler import build_scheduler, job_world, timetable, trigger_of
from api.settings import from_environment
from finance.feeds.catalogue import feeds
from finance.store import feed_runs as run_store
from finance.store import reference
from ledger.core.errors import Invalid
from ledger.store.database import Database
from tests.store.feed_world import ORGANISATION, Hands, Source, at, jobs_of, register, serving, switch_on

MARKET = "cneeex.market"
NAME = "Example Aluminium"


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    with serving() as published:
        published.parities = {date(2026, 2, 6): "8.1000"}
        monkeypatch.setenv("TONNE_FEED_BASE_URL", published.base_url)
        yield published


def told(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = cli.main(words, out, err)
    return code, out.getvalue(), err.getvalue()


def test_the_lists_name_every_source_and_job() -> None:
    _, sources, _ = told("feeds", "list")
    _, jobs, _ = told("jobs", "list")

    assert all(feed.id in sources for feed in feeds())
    assert {"close.beijing", "close.brussels"} <= set(jobs.split())
    assert [MARKET, "off"] in [line.split()[:2] for line in sources.splitlines()]


def test_a_source_is_asked_once_for_a_day_from_the_command_line(
    database: Database, database_url: str, source: Source
) -> None:
    register(database)
    words = ("feeds", "run", "cfets.parity", "--database", database_url, "--organisation", NAME, "--day", "2026-02-06")

    first, again, more = told(*words), told(*words), told(*words, "--again")
    status = told("feeds", "status", "--database", database_url, "--organisation", NAME)

    assert first[0] == 0
    assert "2026-02-06: done; new 1" in first[1]
    assert "done (done before)" in again[1]
    assert "new 0, duplicate 1" in more[1]
    assert source.asked == 2
    assert "newest 2026-02-06" in status[1]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_source_that_is_off_or_unknown_is_not_asked(database: Database, database_url: str, source: Source) -> None:
    register(database)
    rest = ("--database", database_url, "--organisation", NAME)

    for words, code in (
        (("feeds", "run", MARKET, *rest), "feed.off"),
        (("feeds", "run", "moon", *rest), "feed.unknown"),
        (("feeds", "run", "cfets.parity", *rest, "--day", "yesterday"), "date.format"),
        (
            ("feeds", "run", "cfets.parity", "--database", database_url, "--organisation", "nobody"),
            "organisation.not_found",
        ),
        (("feeds", "run"), "command.usage"),
    ):
        exit_code, _, err = told(*words)
        assert exit_code == 2, words
        assert f"[{code}]" in err
    assert source.asked == 0


@pytest.mark.parametrize("text", ["ON", "1", "yes"])
def test_the_switch_of_the_jobs_is_on_or_off(text: str) -> None:
    with pytest.raises(Invalid):
        from_environment({"TONNE_JOBS": text})
    assert from_environment({"TONNE_JOBS": "on"}).jobs
    assert not from_environment({}).jobs


def test_every_appointment_has_the_zone_of_its_source_and_nothing_runs_twice_at_once(
    database: Database, source: Source
) -> None:
    with jobs_of(database, source, Hands(now=at("2026-08-21 09:59")), MARKET) as jobs:
        scheduler = build_scheduler(jobs)

    found = {job.id: job for job in scheduler.get_jobs()}
    assert str(found[f"feed.{MARKET} 18:00"].trigger.timezone) == "Asia/Shanghai"
    assert str(found["close.brussels"].trigger.timezone) == "Europe/Brussels"
    assert {f"feed.{MARKET} {hour}" for hour in ("18:00", "18:15", "19:30", "21:00", "00:05", "06:30")} <= set(found)
    assert {one.zone for one in timetable(feeds(), reference.shipped_closes())} >= {"Asia/Shanghai", "Europe/Berlin"}


def test_a_daily_time_in_berlin_comes_once_on_the_days_the_clock_changes() -> None:
    (daily,) = [one for one in timetable(feeds(), ()) if one.id == "feed.ecb.daily 16:15"]
    trigger = trigger_of(daily, jitter_seconds=0)

    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        times, now = [], midnight
        while (coming := trigger.get_next_fire_time(None, now)) < midnight + timedelta(days=1):
            times.append(coming.astimezone(UTC))
            now = coming + timedelta(seconds=1)
        assert len(times) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_scheduler_looks_for_work_when_it_starts(database: Database, source: Source) -> None:
    register(database)
    switch_on(database, MARKET, now=at("2026-08-21 00:00"))
    source.publish("CEA25", date(2026, 8, 21), "97.40")
    done, hands = threading.Event(), Hands(now=at("2026-08-21 10:00"))
    with jobs_of(database, source, hands, MARKET) as jobs:
        scheduler = build_scheduler(jobs)
        scheduler.add_listener(lambda _event: done.set(), EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
        scheduler.start()
        try:
            with_the_first_look = done.wait(30)
        finally:
            scheduler.shutdown(wait=True)

    assert with_the_first_look
    with database.reader() as session:
        runs = run_store.list_runs(session, ORGANISATION, MARKET, limit=9)
    assert [run.outcome.value for run in runs] == ["done"]


def test_the_real_world_of_jobs_knows_every_feed_and_close(database: Database) -> None:
    world = job_world(database)
    world.client.close()

    assert [feed.id for feed in world.feeds] == [feed.id for feed in feeds()]
    assert {close.id for close in world.closes} == {"beijing", "brussels"}
    assert all(feed.base_url.startswith("https://") for feed in world.feeds if feed.base_url)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_look_from_the_command_line_ends_by_itself(database: Database, database_url: str, source: Source) -> None:
    code, out, _ = told("jobs", "run", "--once", "--database", database_url)

    assert (code, out) == (0, "0 runs and closes recorded\n")
    assert source.asked == 0
