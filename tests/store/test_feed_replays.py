"""Replays 8, 9, 10, 21, 25, 26, 27, 29 and 30 of the market-data notes, on each database, against a source on the loopback."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from api.deps import unit_of_work
from api.job_runs import JobWorld, due_days, feed_health_of, run_due, run_feed
from api.scheduler import Appointment, build_scheduler, next_times, timetable, trigger_of
from finance.conventions.calendar_years import parse_year
from finance.conventions.notices import NoticeKind
from finance.conventions.tables import ReferenceStatus
from finance.market.closes import find_close
from finance.market.feed_health import FeedState
from finance.market.marks import MarkState
from finance.market.observations import Observation, PriceBasis
from finance.market.snapshot_differences import differences
from finance.market.snapshots import Snapshot
from finance.operations.calendar_years import approve_year, propose_year
from finance.operations.closing_snapshots import freeze_close, note_unknown_calendar, refreeze_close
from finance.operations.held_prices import accept_held, reject_held
from finance.operations.market import freeze_snapshot, import_observations
from finance.operations.marks import approve_mark, need_mark, propose_mark, second_check_mark, withdraw_mark
from finance.store import feed_runs as run_store
from finance.store import market as market_store
from finance.store import reference
from finance.store.feed_runs import RunOutcome
from finance.store.market import RawFile
from finance.store.marks import MarkProposal
from finance.store.notices import open_conditions
from ledger.core.errors import Conflict, Forbidden, Invalid
from ledger.core.parties import Actor
from ledger.store.database import Database
from tests.store.carbon_books import every_row
from tests.store.feed_world import (
    ACTOR,
    COLLEAGUE,
    ORGANISATION,
    THIRD,
    Hands,
    Source,
    at,
    jobs_of,
    register,
    serving,
    switch_on,
)

THURSDAY, FRIDAY, MONDAY = date(2026, 8, 20), date(2026, 8, 21), date(2026, 8, 24)
CLOSED_AT = at("2026-08-21 10:00")
BEIJING = find_close(reference.shipped_closes(), "beijing", on=FRIDAY)
MARKET = "cneeex.market"
FACTS = ("observation", "held_observation", "job_effect", "closing_snapshot", "market_snapshot")


@pytest.fixture
def source() -> Iterator[Source]:
    with serving() as published:
        published.publish("CEA25", THURSDAY, "97.40")
        yield published


@pytest.fixture
def hands() -> Hands:
    return Hands(now=CLOSED_AT)


@pytest.fixture
def world(database: Database, source: Source, hands: Hands) -> Iterator[JobWorld]:
    register(database)
    switch_on(database, MARKET, now=at("2026-08-20 00:00"))
    with jobs_of(database, source, hands, MARKET) as jobs:
        yield jobs


def alerts(database: Database) -> list[str]:
    with database.reader() as session:
        return [alert.cause for alert in run_store.list_alerts(session, ORGANISATION, limit=100)]


def freeze(
    session: Session, *, as_of: date, now: datetime, number: int = 1, instruments: tuple[str, ...] = ("CEA25",)
) -> Snapshot:
    return freeze_snapshot(
        session,
        ORGANISATION,
        snapshot_id=UUID(int=0x5000 + number),
        as_of=as_of,
        known_at=now,
        instruments=instruments,
        actor=ACTOR,
        now=now,
    )


def state_of(world: JobWorld, now: datetime) -> FeedState:
    with world.database.reader() as session:
        return feed_health_of(session, ORGANISATION, world.feed(MARKET), now=now).lag.state


def test_replay_8_an_old_date_after_the_session_is_late_and_not_stale_with_one_alert_and_is_stored_once(
    database: Database, world: JobWorld, source: Source, hands: Hands
) -> None:
    feed = world.feed(MARKET)
    hands.now = at("2026-08-20 13:00")
    run_feed(world, ORGANISATION, feed, THURSDAY)

    hands.now = at("2026-08-21 09:36")
    early = run_feed(world, ORGANISATION, feed, FRIDAY)
    with unit_of_work(database) as session:
        mark = freeze(session, as_of=FRIDAY, now=hands.now).marks[0]
    before_it_is_due = (state_of(world, hands.now), alerts(database))
    for hour in ("10:00", "10:15", "10:30", "11:30"):
        hands.now = at(f"2026-08-21 {hour}")
        run_due(world)
    when_late = (state_of(world, hands.now), alerts(database))
    source.publish("CEA25", FRIDAY, "97.80")
    for hour in ("13:00", "13:15", "16:05"):
        hands.now = at(f"2026-08-21 {hour}")
        run_due(world)

    assert early is not None
    assert early.run.outcome is RunOutcome.NOT_PUBLISHED
    assert (mark.state, mark.value) == (MarkState.LATE, Decimal("97.40"))
    assert before_it_is_due == (FeedState.CURRENT, [])
    assert when_late == (FeedState.LATE, ["feed.no_new_date"])
    assert (state_of(world, hands.now), alerts(database)) == (FeedState.CURRENT, ["feed.no_new_date"])
    with database.reader() as session:
        seen = market_store.list_observations(session, ORGANISATION, instruments=["CEA25"], since=FRIDAY)
        runs = run_store.list_runs(session, ORGANISATION, MARKET, limit=50, business_day=FRIDAY)
    assert [(one.value, one.revision) for one in seen] == [(Decimal("97.80"), 1)]
    assert [run.outcome for run in runs].count(RunOutcome.DONE) == 1


def test_replay_9_the_same_answer_five_times_by_two_workers_is_one_row_and_one_snapshot(
    database: Database, source: Source, hands: Hands
) -> None:
    register(database)
    source.publish("CEA25", FRIDAY, "97.80")
    start = Barrier(2)

    def work() -> list[bool]:
        with jobs_of(database, source, hands, MARKET) as jobs:
            start.wait()
            results = [run_feed(jobs, ORGANISATION, jobs.feed(MARKET), FRIDAY) for _ in range(5)]
            with unit_of_work(database) as session:
                frozen = freeze_close(session, ORGANISATION, BEIJING, FRIDAY, now=hands.now)
            assert frozen is not None
            assert all(result is not None and result.run.attempt == 1 for result in results)
            return [result is not None and result.is_ours for result in results] + [frozen.is_ours]

    with ThreadPoolExecutor(2) as pool:
        won = [future.result() for future in [pool.submit(work), pool.submit(work)]]

    rows = every_row(database, *FACTS)
    assert sum(each[-1] for each in won) == 1
    assert sum(flag for each in won for flag in each[:-1]) == 1
    assert {name: len(found) for name, found in rows.items()} == {
        "observation": 1,
        "held_observation": 0,
        "job_effect": 2,
        "closing_snapshot": 1,
        "market_snapshot": 1,
    }


def test_replay_10_a_changed_close_is_a_revision_and_the_old_snapshot_keeps_the_old_value(
    database: Database, world: JobWorld, source: Source, hands: Hands
) -> None:
    feed = world.feed(MARKET)
    source.publish("CEA25", FRIDAY, "97.80")
    run_feed(world, ORGANISATION, feed, FRIDAY)
    with unit_of_work(database) as session:
        first = freeze_close(session, ORGANISATION, BEIJING, FRIDAY, now=hands.now)

    hands.now = at("2026-08-22 02:00")
    source.publish("CEA25", FRIDAY, "97.90")
    again = run_feed(world, ORGANISATION, feed, FRIDAY, is_again=True)
    with unit_of_work(database) as session:
        second = refreeze_close(
            session, ORGANISATION, BEIJING, FRIDAY, reason="the exchange corrected it", actor=ACTOR, now=hands.now
        )

    assert first is not None
    assert again is not None
    assert again.run.counts["revised"] == 1
    with database.reader() as session:
        kept = market_store.load_snapshot(session, ORGANISATION, first.closing.snapshot_id)
    assert kept == first.snapshot
    (difference,) = differences(kept, second.snapshot)
    assert (difference.instrument, difference.price_change) == ("CEA25", Decimal("0.10"))
    assert {"value", "revision", "raw_sha256"} <= set(difference.fields)
    assert (second.closing.version, second.closing.reason) == (2, "the exchange corrected it")


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (date(2026, 10, 23), "14:14", "14:15"),  # summer time: 16:15 in Berlin
        (date(2026, 10, 26), "15:14", "15:15"),  # winter time, from 25 October
        (date(2026, 3, 27), "15:14", "15:15"),
        (date(2026, 3, 30), "14:14", "14:15"),  # summer time, from 29 March
    ],
)
def test_replay_21_the_ecbs_hour_follows_berlin(
    database: Database, source: Source, hands: Hands, day: date, before: str, after: str
) -> None:
    with jobs_of(database, source, hands, "ecb.daily") as jobs, database.reader() as session:
        feed = jobs.feed("ecb.daily")
        due = [day in due_days(session, ORGANISATION, feed, now=at(f"{day} {hour}")) for hour in (before, after)]

    first = Appointment(id="x", feed="ecb.daily", zone=feed.zone, minute=16 * 60 + 15)
    fires = trigger_of(first, jitter_seconds=0).get_next_fire_time(None, at(f"{day} 12:00"))
    assert due == [False, True]
    assert fires.astimezone(UTC) == at(f"{day} {after}")


def test_replay_25_golden_week_raises_nothing_and_ages_nothing(
    database: Database, world: JobWorld, source: Source, hands: Hands
) -> None:
    last, first = date(2026, 9, 30), date(2026, 10, 8)
    source.publish("CEA25", last, "98.00")
    hands.now = at("2026-09-30 12:00")
    run_feed(world, ORGANISATION, world.feed(MARKET), last)
    asked = source.asked

    for number in range(1, 8):
        hands.now = at(f"2026-10-{number:02} 23:00")
        with world.database.reader() as session:
            assert [
                day for day in due_days(session, ORGANISATION, world.feed(MARKET), now=hands.now) if day > last
            ] == []
        with unit_of_work(database) as session:
            mark = freeze(session, as_of=hands.now.date(), now=hands.now, number=number).marks[0]
        assert (mark.state, mark.age_trading_days) == (MarkState.FRESH, 0)
        assert state_of(world, hands.now) is FeedState.CURRENT

    assert source.asked == asked
    assert alerts(database) == []
    with world.database.reader() as session:
        assert first in due_days(session, ORGANISATION, world.feed(MARKET), now=at("2026-10-08 10:00"))


def test_replay_25_the_exchange_rests_on_2024_02_09_and_the_interbank_market_does_not(
    database: Database, source: Source, hands: Hands
) -> None:
    day, now = date(2024, 2, 9), at("2024-02-09 12:00")
    with jobs_of(database, source, hands, MARKET, "cfets.parity") as jobs, database.reader() as session:
        due = {feed.id: day in due_days(session, ORGANISATION, feed, now=now) for feed in jobs.feeds}

    assert due == {MARKET: False, "cfets.parity": True}


def test_replay_25_on_a_make_up_saturday_the_interbank_job_runs_and_no_value_is_no_error(
    database: Database, source: Source, hands: Hands
) -> None:
    register(database)
    saturday = date(2026, 2, 14)
    source.parities = {date(2026, 2, 13): "8.2000"}
    with jobs_of(database, source, hands, "cfets.parity") as jobs:
        for hour in ("01:25", "01:40", "02:40", "23:00"):
            hands.now = at(f"2026-02-14 {hour}")
            run_feed_if_due(jobs, saturday)
        with database.reader() as session:
            runs = run_store.list_runs(session, ORGANISATION, "cfets.parity", limit=9, business_day=saturday)

    assert [run.outcome for run in runs] == [RunOutcome.NO_VALUE, RunOutcome.NOT_PUBLISHED]
    assert "feed.no_new_date" not in alerts(database)


def run_feed_if_due(jobs: JobWorld, day: date) -> None:
    (feed,) = jobs.feeds
    with jobs.database.reader() as session:
        is_due = day in due_days(session, ORGANISATION, feed, now=jobs.clocks.now())
    if is_due:
        run_feed(jobs, ORGANISATION, feed, day)


YEAR_2027 = "kind,first_day,last_day\nclosed,2027-01-01,2027-01-01\nclosed,2027-02-05,2027-02-11\n"


def test_replay_26_a_day_of_2027_blocks_marks_until_that_year_is_imported_by_two_persons(
    database: Database, source: Source, hands: Hands
) -> None:
    register(database)
    with jobs_of(database, source, hands, MARKET) as world:
        _import_2027(database, world, source, hands)


def _import_2027(database: Database, world: JobWorld, source: Source, hands: Hands) -> None:
    day, now = date(2027, 1, 4), at("2027-01-04 10:00")
    switch_on(database, MARKET, now=now)
    source.publish("CEA25", day, "99.00")
    hands.now = now
    with unit_of_work(database) as session, pytest.raises(Conflict) as refused:
        freeze(session, as_of=day, now=now)
    assert (refused.value.code, refused.value.data["market"], refused.value.data["year"]) == (
        "calendar.unknown",
        "cn_exchange",
        "2027",
    )
    run_due(world)
    run_due(world)
    assert alerts(database) == ["calendar.unknown cn_exchange 2027"]
    with database.reader() as session:
        (told,) = open_conditions(session, ORGANISATION, NoticeKind.JOB_FAILED)
    assert told.endswith("calendar.unknown cn_exchange 2027")
    with unit_of_work(database) as session:
        assert not note_unknown_calendar(session, ORGANISATION, BEIJING, now=now)

    raw = RawFile(file_name="notice.csv", content=YEAR_2027.encode())
    year = parse_year(
        YEAR_2027, market="cn_exchange", year=2027, source="notice of December 2026", status=ReferenceStatus.OFFICIAL,
        file="notice.csv",
    )  # fmt: skip
    with unit_of_work(database) as session:
        proposal = propose_year(session, ORGANISATION, year, raw, proposal_id=UUID(int=1), actor=ACTOR, now=now)
        with pytest.raises(Conflict, match="import the published calendar of 2027"):
            freeze(session, as_of=day, now=now)
        with pytest.raises(Forbidden):
            approve_year(session, ORGANISATION, proposal, sha256=proposal.sha256, actor=ACTOR, now=now)
        approve_year(session, ORGANISATION, proposal, sha256=proposal.sha256, actor=COLLEAGUE, now=now)
    hands.now = now + timedelta(minutes=15)
    run_due(world)

    with unit_of_work(database) as session:
        snapshot = freeze(session, as_of=day, now=hands.now, number=2)
    assert (snapshot.marks[0].state, snapshot.marks[0].value) == (MarkState.FRESH, Decimal("99.00"))
    assert f"2027 v1 {proposal.sha256[:12]}" in snapshot.calendars["cn_exchange"]


def quote(**changes: object) -> MarkProposal:
    facts: dict[str, object] = {
        "mark_id": UUID(int=0x61),
        "instrument": "CEA25",
        "value": Decimal("98.00"),
        "currency": "CNY",
        "unit": "t",
        "reason": "the print at the close was a mistake",
        "evidence_sha256": "cd" * 32,
        "valid_from": FRIDAY,
        "valid_to": FRIDAY + timedelta(days=1),
        "is_override": True,
    }
    return MarkProposal(**{**facts, **changes})  # type: ignore[arg-type]


def digest(session: Session) -> str:
    return need_mark(session, ORGANISATION, UUID(int=0x61)).sha256


def test_replay_27_an_override_counts_after_another_person_and_falls_back_to_the_feed_with_its_jump(
    database: Database, world: JobWorld, source: Source, hands: Hands
) -> None:
    source.publish("CEA25", FRIDAY, "97.00")
    source.publish("CEA25", MONDAY, "97.20")
    run_feed(world, ORGANISATION, world.feed(MARKET), FRIDAY)
    with unit_of_work(database) as session:
        propose_mark(session, ORGANISATION, quote(), actor=ACTOR, now=hands.now)
        with pytest.raises(Forbidden) as refused:
            approve_mark(session, ORGANISATION, UUID(int=0x61), sha256=digest(session), actor=ACTOR, now=hands.now)
        with pytest.raises(Conflict) as stale:
            approve_mark(session, ORGANISATION, UUID(int=0x61), sha256="0" * 64, actor=COLLEAGUE, now=hands.now)
        approve_mark(session, ORGANISATION, UUID(int=0x61), sha256=digest(session), actor=COLLEAGUE, now=hands.now)
        friday = freeze_close(session, ORGANISATION, BEIJING, FRIDAY, now=hands.now)
    hands.now = at("2026-08-24 10:00")
    run_feed(world, ORGANISATION, world.feed(MARKET), MONDAY)
    with unit_of_work(database) as session:
        monday = freeze_close(session, ORGANISATION, BEIJING, MONDAY, now=hands.now)

    assert (refused.value.code, stale.value.code) == ("market.same_person", "market.digest")
    assert friday is not None
    assert monday is not None
    overridden, back = friday.snapshot.marks[0], monday.snapshot.marks[0]
    assert (overridden.value, overridden.basis, overridden.state) == (
        Decimal("98.00"),
        PriceBasis.APPROVED_OVERRIDE,
        MarkState.FRESH,
    )
    assert (back.value, back.approved_by) == (Decimal("97.20"), None)
    (jump,) = monday.jumps
    assert (jump.before, jump.after, jump.change) == (Decimal("98.00"), Decimal("97.20"), Decimal("-0.80"))
    assert "override.ended CEA25" in alerts(database)


def test_replay_27_an_override_beyond_the_bound_needs_a_third_person_and_can_be_withdrawn(
    database: Database, world: JobWorld, source: Source, hands: Hands
) -> None:
    source.publish("CEA25", FRIDAY, "97.00")
    run_feed(world, ORGANISATION, world.feed(MARKET), FRIDAY)
    mark_id, far = UUID(int=0x61), quote(value=Decimal("107.00"))  # 10/97 above the feed, the bound is a tenth
    values = []
    with unit_of_work(database) as session:
        propose_mark(session, ORGANISATION, far, actor=ACTOR, now=hands.now)
        record = approve_mark(session, ORGANISATION, mark_id, sha256=digest(session), actor=COLLEAGUE, now=hands.now)
        values.append(freeze(session, as_of=FRIDAY, now=hands.now, number=1).marks[0].value)
        for person in (ACTOR, COLLEAGUE):
            with pytest.raises(Forbidden):
                second_check_mark(session, ORGANISATION, mark_id, sha256=digest(session), actor=person, now=hands.now)
        later = hands.now + timedelta(minutes=1)
        second_check_mark(session, ORGANISATION, mark_id, sha256=digest(session), actor=THIRD, now=later)
        values.append(freeze(session, as_of=FRIDAY, now=later, number=2).marks[0].value)
        last = later + timedelta(minutes=1)
        done = withdraw_mark(session, ORGANISATION, mark_id, reason="quote withdrawn", actor=COLLEAGUE, now=last)
        values.append(freeze(session, as_of=FRIDAY, now=last, number=3).marks[0].value)

    assert record.check is not None
    assert (record.check.deviation, record.check.needs_second) == (Fraction(10, 97), True)
    assert values == [Decimal("97.00"), Decimal("107.00"), Decimal("97.00")]
    assert (done.maker_id, done.checker_id, done.second_checker_id, done.withdrawn_at) == (
        ACTOR.user_id,
        COLLEAGUE.user_id,
        THIRD.user_id,
        last,
    )


def test_replay_27_an_override_at_the_bound_needs_no_third_person(
    database: Database, world: JobWorld, source: Source, hands: Hands
) -> None:
    source.publish("CEA25", FRIDAY, "97.00")
    run_feed(world, ORGANISATION, world.feed(MARKET), FRIDAY)
    with unit_of_work(database) as session:
        propose_mark(session, ORGANISATION, quote(value=Decimal("106.70")), actor=ACTOR, now=hands.now)
        record = approve_mark(
            session, ORGANISATION, UUID(int=0x61), sha256=digest(session), actor=COLLEAGUE, now=hands.now
        )
        with pytest.raises(Conflict) as needless:
            second_check_mark(session, ORGANISATION, UUID(int=0x61), sha256=digest(session), actor=THIRD, now=hands.now)
        with pytest.raises(Invalid) as other_unit:
            propose_mark(session, ORGANISATION, quote(mark_id=UUID(int=9), currency="EUR"), actor=ACTOR, now=hands.now)

    assert not record.is_waiting_for_second
    assert needless.value.code == "market.second_check_needless"
    assert other_unit.value.code == "market.mark_unit"


def saved_days(organisation_id: UUID) -> list[tuple[RawFile, list[Observation]]]:
    """Return 20 saved days: the exchange's close every day, a newspaper's repeat or contradiction, a hard breach."""
    calendar = reference.shipped_calendar("cn_exchange")
    sessions = [day for day in (date(2026, 7, 1) + timedelta(days=n) for n in range(60)) if calendar.is_open(day)][:20]
    files, previous = [], Decimal("90.00")
    for number, day in enumerate(sessions):
        close = previous + Decimal(number % 5 - 2) / 10
        raw = RawFile(file_name=f"{day}.json", content=f"{organisation_id} {day}".encode())
        base = Observation(
            source="exchange", instrument="CEA25", price_basis=PriceBasis.LISTED_CLOSE, trade_date=day,
            last_trade_date=day, value=close, currency="CNY", unit="t", known_at=at("2026-08-01"),
            raw_sha256=raw.sha256, volume_t=1000, previous_value=previous,
        )  # fmt: skip
        files.append((raw, [base]))
        if number % 4 == 1:
            paper = RawFile(file_name=f"{day}.txt", content=f"{organisation_id} paper {day}".encode())
            said = close if number % 8 == 1 else close + 1
            files.append((paper, [replace(base, source="newspaper", value=said, raw_sha256=paper.sha256)]))
        if number % 7 == 3:
            wild = RawFile(file_name=f"{day}.x", content=f"{organisation_id} wild {day}".encode())
            files.append((wild, [replace(base, source="terminal", value=close * 2, raw_sha256=wild.sha256)]))
        previous = close
    return files


def replayed(database: Database, organisation_id: UUID, seed: int) -> list[tuple[object, ...]]:
    """Return the marks of all 20 days after a replay in random order, with repeats, and the same reviewer's decisions."""
    shuffled = saved_days(organisation_id)
    chance = random.Random(seed)
    shuffled += chance.sample(shuffled, 8)
    chance.shuffle(shuffled)
    uploader = Actor(user_id=ACTOR.user_id, organisation_id=organisation_id)
    reviewer = Actor(user_id=COLLEAGUE.user_id, organisation_id=organisation_id)
    now = at("2026-08-10")
    for raw, observations in shuffled:
        now += timedelta(minutes=1)
        with unit_of_work(database) as session:
            import_observations(
                session,
                organisation_id,
                observations,
                raw,
                reference.shipped_instrument_bounds(),
                actor=uploader,
                now=now,
            )
    with unit_of_work(database) as session:
        for held in market_store.list_held(session, organisation_id):
            decide = accept_held if held.observation.source == "exchange" else reject_held
            decide(
                session, organisation_id, held.content_sha256, reason="the exchange decides", actor=reviewer, now=now
            )
        assert market_store.list_held(session, organisation_id) == ()
    raw, observations = chance.choice(shuffled)
    with unit_of_work(database) as session:  # what was decided stays decided when it is said again
        import_observations(
            session, organisation_id, observations, raw, reference.shipped_instrument_bounds(), actor=uploader, now=now
        )
        assert market_store.list_held(session, organisation_id) == ()
    marks: list[tuple[object, ...]] = []
    with unit_of_work(database) as session:
        for number, day in enumerate(sorted({seen[0].trade_date for _, seen in shuffled})):
            snapshot = freeze_snapshot(
                session, organisation_id, snapshot_id=UUID(int=(seed << 16) + number + 1), as_of=day, known_at=now,
                instruments=("CEA25",), actor=uploader, now=now,
            )  # fmt: skip
            mark = snapshot.marks[0]
            marks.append((day, mark.value, mark.state, mark.source, mark.revision, mark.age_trading_days))
    return marks


def test_replay_29_twenty_saved_days_in_any_order_give_the_same_final_marks(database: Database) -> None:
    states = [replayed(database, UUID(int=0x700 + seed), seed) for seed in range(1, 7)]

    assert len(states[0]) == 20
    assert all(source == "exchange" for _, _, _, source, *_ in states[0])
    assert all(state == states[0] for state in states[1:])


def test_replay_30_a_china_job_on_a_server_in_utc_restarted_at_17_59_fires_once(
    database: Database, source: Source, hands: Hands
) -> None:
    register(database)
    switch_on(database, MARKET, now=at("2026-08-20 00:00"))
    source.publish("CEA25", FRIDAY, "97.80")
    recorded = []
    for instant in ("2026-08-21 09:58", "2026-08-21 09:59", "2026-08-21 10:00", "2026-08-21 10:00", "2026-08-21 10:01"):
        hands.now = at(instant)
        with jobs_of(database, source, hands, MARKET) as restarted:
            timed = timetable(restarted.feeds, restarted.closes)
            coming = {one.id: when for one, when in next_times(timed, now=hands.now)}
            scheduler = build_scheduler(restarted)
            recorded.append(run_due(restarted))
        if instant.endswith("09:59"):
            assert coming["close.beijing"] == at("2026-08-21 10:00")
            assert coming[f"feed.{MARKET} 18:00"] == at("2026-08-21 10:00")
            assert {f"feed.{MARKET} 18:00", "close.beijing", "catch_up"} <= {job.id for job in scheduler.get_jobs()}

    with database.reader() as session:
        runs = run_store.list_runs(session, ORGANISATION, MARKET, limit=50, business_day=FRIDAY)
    rows = every_row(database, "closing_snapshot", "job_effect")
    assert [run.outcome for run in runs] == [RunOutcome.DONE]
    assert sum(1 for row in rows["closing_snapshot"] if FRIDAY in row) == 1
    assert recorded[2] >= 2
    assert recorded[3:] == [0, 0]
