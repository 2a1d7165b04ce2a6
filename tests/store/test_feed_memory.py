"""What a run remembers of the run before: closes and running totals that the next answer must continue, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from api.job_runs import JobWorld, run_due, run_feed
from finance.store import feed_runs as run_store
from ledger.store.database import Database
from tests.store.feed_world import ORGANISATION, Hands, Source, at, jobs_of, register, serving, switch_on

THURSDAY, FRIDAY, MONDAY = date(2026, 8, 20), date(2026, 8, 21), date(2026, 8, 24)
STATISTICS, MARKET = "cneeex.statistics", "cneeex.market"


@pytest.fixture
def source() -> Iterator[Source]:
    with serving() as published:
        published.volumes = {"20260820": ("100", "1,000"), "20260821": ("150", "1,150"), "20260824": ("50", "1,200")}
        for day, close in ((THURSDAY, "97.40"), (FRIDAY, "97.50"), (MONDAY, "97.60")):
            published.publish("CEA25", day, close)
        yield published


@pytest.fixture
def hands() -> Hands:
    return Hands(now=at("2026-08-20 11:00"))


@pytest.fixture
def world(database: Database, source: Source, hands: Hands) -> Iterator[JobWorld]:
    register(database)
    for feed in (STATISTICS, MARKET):
        switch_on(database, feed, now=at("2026-08-20 00:00"))
    with jobs_of(database, source, hands, STATISTICS, MARKET) as jobs:
        yield jobs


def ask(world: JobWorld, hands: Hands, feed: str, day: date) -> None:
    hands.now = at(f"{day} 11:00")
    found = run_feed(world, ORGANISATION, world.feed(feed), day)
    assert found is not None
    assert found.run.outcome.value == "done"


def findings(database: Database) -> list[str]:
    with database.reader() as session:
        found = run_store.list_alerts(session, ORGANISATION, limit=100)
    return sorted(one.cause.partition(" ")[0] for one in found if "_differs" in one.cause)


@pytest.mark.parametrize(("total", "expected"), [("1,150", []), ("1,151", ["feed.total_differs"])])
def test_a_total_that_does_not_grow_by_the_days_volume_since_the_run_before_is_told(
    database: Database, source: Source, hands: Hands, world: JobWorld, total: str, expected: list[str]
) -> None:
    ask(world, hands, STATISTICS, THURSDAY)
    source.volumes["20260821"] = ("150", total)

    ask(world, hands, STATISTICS, FRIDAY)

    assert findings(database) == expected


@pytest.mark.parametrize(("corrected", "expected"), [("97.40", []), ("97.30", ["feed.previous_differs"])])
def test_a_previous_close_that_is_not_the_one_stored_by_the_run_before_is_told(
    database: Database, source: Source, hands: Hands, world: JobWorld, corrected: str, expected: list[str]
) -> None:
    ask(world, hands, MARKET, THURSDAY)
    source.publish("CEA25", THURSDAY, corrected)

    ask(world, hands, MARKET, FRIDAY)

    assert findings(database) == expected


def test_days_that_come_together_follow_one_another_and_not_what_was_stored_before_them(
    database: Database, hands: Hands, world: JobWorld
) -> None:
    ask(world, hands, STATISTICS, THURSDAY)
    ask(world, hands, MARKET, THURSDAY)
    hands.now = at("2026-08-24 11:00")

    run_due(world)

    assert findings(database) == []
    with database.reader() as session:
        done = [
            run_store.days_done(session, ORGANISATION, f"feed.{feed}", since=FRIDAY) for feed in (STATISTICS, MARKET)
        ]
    assert done == [{FRIDAY, MONDAY}] * 2
