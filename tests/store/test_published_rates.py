"""Published loan rates kept by the job, once per day and revision, on each database; totals kept for the next run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

import pytest
from sqlalchemy.exc import DBAPIError

from api.deps import unit_of_work
from api.job_runs import JobWorld, run_feed
from finance.loans.published_rates import PublishedRate
from finance.operations.published_rates import rate_steps, record_published_rates
from finance.store import feed_runs as run_store
from finance.store import published_rates as rate_store
from finance.store.market import RawFile, save_raw_file
from finance.store.published_rates import RunningTotal
from ledger.core.errors import DomainError
from ledger.store.database import Database
from tests.store.feed_world import ACTOR, ORGANISATION, Hands, Source, at, jobs_of, register, serving

SUNDAY, MONDAY = date(2025, 7, 20), date(2025, 7, 21)


@pytest.fixture
def source() -> Iterator[Source]:
    with serving() as published:
        published.loan_rates = {"2025-06-20": ("3.10", "3.60"), "2025-05-20": ("3.10", "3.60")}
        yield published


@pytest.fixture
def hands() -> Hands:
    return Hands(now=at("2025-07-21 02:00"))


@pytest.fixture
def world(database: Database, source: Source, hands: Hands) -> Iterator[JobWorld]:
    register(database)
    with jobs_of(database, source, hands, "lpr", "cneeex.statistics") as jobs:
        yield jobs


def ask(world: JobWorld, day: date = MONDAY) -> str:
    found = run_feed(world, ORGANISATION, world.feed("lpr"), day, is_again=True)
    assert found is not None
    return found.run.outcome.value


def stored(database: Database, index: str = "LPR-1Y") -> list[tuple[str, int, Fraction]]:
    with database.reader() as session:
        found = rate_store.list_rates(session, ORGANISATION, indices=(index,))
    return [(one.published_on.isoformat(), one.revision, one.rate * 100) for one in found]


def alerts(database: Database) -> set[str]:
    with database.reader() as session:
        return {one.cause for one in run_store.list_alerts(session, ORGANISATION, limit=100)}


def test_publications_are_stored_once_however_often_the_source_repeats_them(
    database: Database, source: Source, world: JobWorld
) -> None:
    source.loan_rates["2025-07-21"] = ("3.00", "3.50")

    outcomes = [ask(world) for _ in range(3)]

    assert outcomes == ["done"] * 3
    assert stored(database) == [
        ("2025-05-20", 1, Fraction("3.1")),
        ("2025-06-20", 1, Fraction("3.1")),
        ("2025-07-21", 1, 3),
    ]
    assert alerts(database) == {"fixing.published LPR-1Y 2025-07-21", "fixing.published LPR-5Y 2025-07-21"}


def test_due_on_a_sunday_the_rate_of_june_is_known_to_hold_through_it(database: Database, world: JobWorld) -> None:
    assert ask(world) == "not_published"

    with database.reader() as session:
        found = rate_steps(session, ORGANISATION, "LPR-1Y", known_at=world.clocks.now(), now=world.clocks.now())

    assert [(one.published.published_on, one.valid_through) for one in found][-1] == (date(2025, 6, 20), SUNDAY)


def test_a_corrected_value_is_a_revision_and_what_was_known_before_stays(
    database: Database, source: Source, hands: Hands, world: JobWorld
) -> None:
    source.loan_rates["2025-07-21"] = ("3.00", "3.50")
    ask(world)
    then = hands.now
    hands.now = at("2025-07-21 05:00")
    source.loan_rates["2025-07-21"] = ("2.95", "3.50")

    ask(world)

    assert stored(database)[-2:] == [("2025-07-21", 1, Fraction(3)), ("2025-07-21", 2, Fraction("2.95"))]
    assert "fixing.revised LPR-1Y 2025-07-21" in alerts(database)
    with database.reader() as session:
        before = rate_steps(session, ORGANISATION, "LPR-1Y", known_at=then, now=hands.now)
    assert before[-1].published.rate == Fraction(3, 100)


@pytest.mark.parametrize(("one", "five"), [("3.03", "3.60"), ("2.50", "3.60"), ("3.60", "3.60")])
def test_a_value_off_the_step_or_too_far_is_refused_and_named(
    database: Database, source: Source, world: JobWorld, one: str, five: str
) -> None:
    ask(world)
    source.loan_rates = {"2025-07-21": (one, five)}

    ask(world)

    is_bad = one != "3.60"
    assert ("feed.rate_bound LPR-1Y" in alerts(database)) == is_bad
    assert (len(stored(database)) == 2) == is_bad
    assert stored(database, "LPR-5Y")[-1] == ("2025-07-21", 1, Fraction("3.6"))


def test_a_repeating_source_never_changes_a_value_that_stands(database: Database, world: JobWorld) -> None:
    ask(world)
    raw = RawFile(file_name="fallback", content=b"{}")
    other = PublishedRate(
        index="LPR-1Y",
        published_on=date(2025, 6, 20),
        revision=1,
        rate=Fraction(3, 100),
        feed="lpr.fallback",
        known_at=world.clocks.now(),
        raw_sha256=raw.sha256,
    )

    with unit_of_work(database) as session:
        save_raw_file(session, ORGANISATION, raw, by=ACTOR.user_id, at=world.clocks.now())
        found = record_published_rates(session, ORGANISATION, (other,), now=world.clocks.now())

    assert [notice.code for notice in found.notices] == ["feed.rate_differs"]
    assert stored(database)[-1] == ("2025-06-20", 1, Fraction("3.1"))


def test_an_unknown_index_is_refused_with_the_known_ones(database: Database, world: JobWorld) -> None:
    with database.reader() as session, pytest.raises(DomainError) as refused:
        rate_steps(session, ORGANISATION, "SHIBOR-3M", known_at=world.clocks.now(), now=world.clocks.now())

    assert refused.value.code == "published_rates.index"


@pytest.mark.parametrize("change", ["UPDATE published_rate SET rate = '1/1'", "DELETE FROM published_rate"])
def test_the_database_refuses_to_change_a_stored_rate(database: Database, world: JobWorld, change: str) -> None:
    ask(world)

    with pytest.raises(DBAPIError), database.engine.connect() as connection:
        connection.exec_driver_sql(change)


def test_the_database_refuses_a_revision_that_skips_one(database: Database, world: JobWorld) -> None:
    ask(world)
    with database.reader() as session:
        last = rate_store.list_rates(session, ORGANISATION, indices=("LPR-1Y",))[-1]
    skipping = PublishedRate(
        index=last.index,
        published_on=last.published_on,
        revision=3,
        rate=last.rate,
        feed=last.feed,
        known_at=last.known_at,
        raw_sha256=last.raw_sha256,
    )

    with pytest.raises(DBAPIError, match="revisions of published_rate"), unit_of_work(database) as session:
        rate_store.save_rate(session, ORGANISATION, skipping)


def test_a_total_is_kept_once_and_the_newest_before_a_day_is_given(database: Database, world: JobWorld) -> None:
    del world
    raw = RawFile(file_name="statistics", content=b"{}")
    first = RunningTotal(name="CEA volume", day=date(2025, 7, 17), total=100, grew_by=10)
    second = RunningTotal(name="CEA volume", day=date(2025, 7, 18), total=125, grew_by=25)

    with unit_of_work(database) as session:
        save_raw_file(session, ORGANISATION, raw, by=ACTOR.user_id, at=at("2025-07-21 02:00"))
        kept = [
            rate_store.save_total(
                session, ORGANISATION, "f", one, known_at=at("2025-07-21 02:00"), raw_sha256=raw.sha256
            )
            for one in (first, second, second)
        ]
        before = [
            rate_store.totals_before(session, ORGANISATION, "f", before=date(2025, 7, day)) for day in (17, 18, 21)
        ]

    assert kept == [True, True, False]
    assert before == [{}, {"CEA volume": first}, {"CEA volume": second}]
