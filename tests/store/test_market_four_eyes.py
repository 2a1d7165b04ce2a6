"""Calendars, price files, held prices, feeds and closes in the database: two persons, append-only, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.deps import unit_of_work
from api.job_runs import due_days, feed_health_of, run_due, run_feed
from finance.conventions.calendar_years import CalendarYear, parse_year
from finance.conventions.tables import ReferenceStatus
from finance.market.closes import find_close
from finance.market.marks import MarkState
from finance.market.observations import Observation, PriceBasis
from finance.operations import four_eyes
from finance.operations.calendar_years import approve_year, change_by, propose_year
from finance.operations.closing_snapshots import complete_close, freeze_close, refreeze_close
from finance.operations.feed_jobs import switch_feed
from finance.operations.held_prices import accept_held, reject_held
from finance.operations.market import freeze_snapshot, import_observations
from finance.operations.marks import approve_mark, need_mark, propose_mark, second_check_mark
from finance.operations.price_uploads import UploadFile, approve_upload, propose_upload
from finance.store import calendar_years, reference
from finance.store import feed_runs as run_store
from finance.store import market as market_store
from finance.store.feed_runs import RunOutcome
from finance.store.market import RawFile
from finance.store.market_proposals import Proposal
from finance.store.marks import MarkProposal
from ledger.core.errors import Conflict, DomainError, Forbidden, ImportRefused, Invalid, NotFound
from ledger.store.database import Database
from tests.store.carbon_books import every_row
from tests.store.feed_world import ACTOR, COLLEAGUE, ORGANISATION, THIRD, Hands, Source, at, jobs_of, register, serving

NOW = at("2026-11-21 08:00")
DAY = date(2026, 8, 21)
MARKET = "cneeex.market"
BEIJING = find_close(reference.shipped_closes(), "beijing", on=DAY)
NOTICE = RawFile(file_name="notice.csv", content=b"the notice of the year")
TABLES = (
    "market_proposal",
    "market_decision",
    "calendar_year",
    "held_review",
    "feed_switch",
    "feed_run",
    "job_effect",
    "feed_alert",
    "closing_snapshot",
    "mark_check",
    "second_mark_check",
)


def year(number: int = 2027, *closed: str, market: str = "cn_exchange") -> CalendarYear:
    days = closed or (f"{number}-01-01",)
    rows = "".join(f"closed,{day},{day}\n" for day in days)
    return parse_year(
        f"kind,first_day,last_day\n{rows}", market=market, year=number, source=f"notice of {number}",
        status=ReferenceStatus.OFFICIAL, file="notice.csv",
    )  # fmt: skip


def imported(session: Session, found: CalendarYear, *, number: int, now: Any = NOW) -> Proposal:
    proposal = propose_year(session, ORGANISATION, found, NOTICE, proposal_id=UUID(int=number), actor=ACTOR, now=now)
    return approve_year(session, ORGANISATION, proposal, sha256=proposal.sha256, actor=COLLEAGUE, now=now)


def known(session: Session, now: Any = NOW) -> calendar_years.HeldCalendar:
    return calendar_years.load_calendar(session, ORGANISATION, "cn_exchange", known_at=now)


def test_an_imported_year_is_known_from_its_approval_on_and_not_before(database: Database) -> None:
    later = NOW + timedelta(hours=1)
    with unit_of_work(database) as session:
        imported(session, year(), number=1, now=later)

        before, after = known(session), known(session, later)

    assert (before.calendar.last_known, after.calendar.last_known) == (date(2026, 12, 31), date(2027, 12, 31))
    assert (before.edition.count("2027"), after.versions[0].version) == (0, 1)
    assert not after.calendar.is_open(date(2027, 1, 1))
    assert after.calendar.is_open(date(2027, 1, 4))


def test_a_corrected_year_is_the_next_version_and_says_what_it_changes(database: Database) -> None:
    with unit_of_work(database) as session:
        imported(session, year(), number=1)
        corrected = year(2027, "2027-01-04")
        change = change_by(corrected, known(session))
        imported(session, corrected, number=2, now=NOW + timedelta(minutes=1))
        held = known(session, NOW + timedelta(minutes=1))

    assert (change.is_new, change.newly_closed, change.newly_open) == (False, (date(2027, 1, 4),), (date(2027, 1, 1),))
    assert [(one.year.year, one.version) for one in held.versions] == [(2027, 2)]
    assert held.calendar.is_open(date(2027, 1, 1))


def test_a_changed_calendar_changes_no_frozen_snapshot(database: Database) -> None:
    def frozen(session: Session, number: int, now: Any) -> Any:
        return freeze_snapshot(
            session, ORGANISATION, snapshot_id=UUID(int=number), as_of=DAY, known_at=now, instruments=["CEA25"],
            actor=ACTOR, now=now,
        )  # fmt: skip

    later = NOW + timedelta(minutes=1)
    with unit_of_work(database) as session:
        first = frozen(session, 1, NOW)
        imported(session, year(2026, "2026-08-20"), number=5, now=later)
        again, second = frozen(session, 1, NOW), frozen(session, 2, later)

    assert again == first
    assert first.calendars["cn_exchange"].startswith("shipped ")
    assert "2026 v1" in second.calendars["cn_exchange"]
    assert second.sha256 != first.sha256


def test_a_year_that_leaves_a_gap_or_names_no_market_is_refused(database: Database) -> None:
    with unit_of_work(database) as session:
        with pytest.raises(Conflict, match="import 2027 first"):
            imported(session, year(2028, "2028-01-03"), number=1)
        with pytest.raises(NotFound) as unknown:
            imported(session, year(market="moon"), number=1)

    assert unknown.value.code == "calendar.market"


@pytest.mark.parametrize(
    "rows",
    [
        "", "closed,2027-01-02,2027-01-03\n", "open,2027-01-04,2027-01-04\n", "closed,2026-12-31,2027-01-01\n",
        "known,2027-01-01,2027-12-31\n", "closed,2027-01-01,2027-01-01\nclosed,2027-01-01,2027-01-01\n",
        "closed,0001-01-01,9999-12-31\n", "closed,2027-01-01\n", '"', "closed,x,y\n",
    ],
)  # fmt: skip
def test_a_file_that_is_no_year_is_refused(rows: str) -> None:
    with pytest.raises(ImportRefused):
        parse_year(
            f"kind,first_day,last_day\n{rows}", market="cn_exchange", year=2027, source="notice",
            status=ReferenceStatus.OFFICIAL, file="notice.csv",
        )  # fmt: skip


def test_a_rejected_year_never_counts_and_is_decided_once(database: Database) -> None:
    with unit_of_work(database) as session:
        proposal = propose_year(session, ORGANISATION, year(), NOTICE, proposal_id=UUID(int=1), actor=ACTOR, now=NOW)
        with pytest.raises(Forbidden):
            four_eyes.reject(session, ORGANISATION, proposal, reason="mine", actor=ACTOR, now=NOW)
        four_eyes.reject(session, ORGANISATION, proposal, reason="wrong year", actor=COLLEAGUE, now=NOW)
        with pytest.raises(Conflict) as decided:
            approve_year(session, ORGANISATION, proposal, sha256=proposal.sha256, actor=THIRD, now=NOW)
        again = four_eyes.reject(session, ORGANISATION, proposal, reason="wrong year", actor=COLLEAGUE, now=NOW)

        assert known(session).calendar.last_known == date(2026, 12, 31)
    assert decided.value.code == "market.decided"
    assert again.decision is not None


def seen(**changes: Any) -> Observation:
    facts: dict[str, Any] = {
        "source": "exchange", "instrument": "CEA25", "price_basis": PriceBasis.LISTED_CLOSE, "trade_date": DAY,
        "last_trade_date": DAY, "value": Decimal("97.40"), "currency": "CNY", "unit": "t", "known_at": NOW,
        "raw_sha256": NOTICE.sha256, "volume_t": 1000,
    }  # fmt: skip
    return Observation(**{**facts, **changes})


def uploaded(session: Session, *observations: Observation, number: int = 1) -> tuple[Proposal, UploadFile]:
    file = UploadFile(raw=NOTICE, format="prices", observations=observations)
    found = propose_upload(session, ORGANISATION, file, proposal_id=UUID(int=number), actor=ACTOR, now=NOW)
    return found, file


def stored(session: Session) -> list[tuple[str, Decimal | None, int]]:
    rows = market_store.list_observations(session, ORGANISATION, instruments=["CEA25"])
    return [(row.source, row.value, row.revision) for row in rows]


def test_an_upload_counts_only_after_another_person_approved_it(database: Database) -> None:
    with unit_of_work(database) as session:
        proposal, file = uploaded(session, seen())
        before = stored(session)
        for sha256, person, code in (
            (proposal.sha256, ACTOR, "market.same_person"),
            ("0" * 64, COLLEAGUE, "market.digest"),
            ("x", COLLEAGUE, "market.format"),
        ):
            with pytest.raises(DomainError) as refused:
                approve_upload(session, ORGANISATION, proposal, file, sha256=sha256, actor=person, now=NOW)
            assert refused.value.code == code
        _, counts = approve_upload(
            session, ORGANISATION, proposal, file, sha256=proposal.sha256, actor=COLLEAGUE, now=NOW
        )
        _, again = approve_upload(
            session, ORGANISATION, proposal, file, sha256=proposal.sha256, actor=COLLEAGUE, now=NOW
        )

    assert before == []
    assert counts is not None
    assert (counts.new, again) == (1, None)
    assert {row[-1] for row in every_row(database, "observation")["observation"]} == {ACTOR.user_id}


def test_an_upload_shows_what_it_would_do(database: Database) -> None:
    with unit_of_work(database) as session:
        first, file = uploaded(session, seen())
        approve_upload(session, ORGANISATION, first, file, sha256=first.sha256, actor=COLLEAGUE, now=NOW)
        proposal, _ = uploaded(
            session,
            seen(value=Decimal("97.50")),
            seen(source="newspaper", value=Decimal("90.00")),
            seen(source="terminal", value=Decimal("200.00"), previous_value=Decimal("97.00")),
            seen(trade_date=DAY + timedelta(days=3), last_trade_date=None),
            number=2,
        )

    assert proposal.content["counts"] == {
        "new": 1, "duplicate": 0, "revised": 1, "corroborated": 0, "conflict": 1, "quarantined": 1,
    }  # fmt: skip


def test_an_upload_that_would_do_something_else_by_now_is_proposed_again(database: Database) -> None:
    with database.writer() as session:
        first, file = uploaded(session, seen())
        second, other = uploaded(session, seen(value=Decimal("97.50")), number=2)
        approve_upload(session, ORGANISATION, first, file, sha256=first.sha256, actor=COLLEAGUE, now=NOW)
        with pytest.raises(Conflict) as outdated:
            approve_upload(session, ORGANISATION, second, other, sha256=second.sha256, actor=COLLEAGUE, now=NOW)
    with database.writer() as session:
        third, file = uploaded(session, seen(), number=3)
        changed = replace(file, observations=(seen(value=Decimal("1.00")),))
        with pytest.raises(Conflict) as altered:
            approve_upload(session, ORGANISATION, third, changed, sha256=third.sha256, actor=COLLEAGUE, now=NOW)

    assert (outdated.value.code, altered.value.code) == ("market.upload_outdated", "market.upload_changed")
    assert outdated.value.data["shown"] == "new 1"


def test_the_same_upload_again_stands_and_another_under_its_id_is_refused(database: Database) -> None:
    with unit_of_work(database) as session:
        proposal, file = uploaded(session, seen())
        approve_upload(session, ORGANISATION, proposal, file, sha256=proposal.sha256, actor=COLLEAGUE, now=NOW)
        again, _ = uploaded(session, seen())
        with pytest.raises(Conflict) as refused:
            uploaded(session, seen(value=Decimal("98.00")))

    assert again.sha256 == proposal.sha256
    assert again.decision is not None
    assert refused.value.code == "market.proposal_exists"


def held_conflict(session: Session) -> str:
    batch = (seen(), seen(source="newspaper", value=Decimal("98.40")))
    import_observations(
        session, ORGANISATION, batch, NOTICE, reference.shipped_instrument_bounds(), actor=ACTOR, now=NOW
    )
    (held,) = market_store.list_held(session, ORGANISATION)
    return held.content_sha256


def test_an_accepted_conflict_sets_the_other_source_aside_and_stays_decided(database: Database) -> None:
    later = NOW + timedelta(minutes=1)
    with unit_of_work(database) as session:
        held = held_conflict(session)
        with pytest.raises(Forbidden) as same:
            accept_held(session, ORGANISATION, held, reason="mine", actor=ACTOR, now=later)
        review = accept_held(session, ORGANISATION, held, reason="the bulletin says so", actor=COLLEAGUE, now=later)
        again = accept_held(session, ORGANISATION, held, reason="the bulletin says so", actor=COLLEAGUE, now=later)
        with pytest.raises(Conflict) as decided:
            reject_held(session, ORGANISATION, held, reason="no", actor=THIRD, now=later)
        counts = import_observations(
            session, ORGANISATION, (seen(),), NOTICE, (), actor=ACTOR, now=later + timedelta(minutes=1)
        )

        assert market_store.list_held(session, ORGANISATION) == ()
        assert stored(session) == [
            ("exchange", Decimal("97.40"), 1),
            ("exchange", None, 2),
            ("newspaper", Decimal("98.40"), 1),
        ]
    assert (same.value.code, decided.value.code) == ("market.same_person", "market.held_decided")
    assert again == review
    assert (counts.duplicate, counts.held) == (1, 0)


def test_a_rejected_price_is_not_held_again_and_an_accepted_breach_is_the_next_revision(database: Database) -> None:
    later = NOW + timedelta(minutes=1)
    wild = seen(value=Decimal("200.00"), previous_value=Decimal("97.00"))
    bounds = reference.shipped_instrument_bounds()
    with unit_of_work(database) as session:
        reject_held(session, ORGANISATION, held_conflict(session), reason="a misprint", actor=COLLEAGUE, now=later)
        again = import_observations(
            session,
            ORGANISATION,
            (seen(source="newspaper", value=Decimal("98.40")),),
            NOTICE,
            bounds,
            actor=ACTOR,
            now=later,
        )
        import_observations(session, ORGANISATION, (wild,), NOTICE, bounds, actor=ACTOR, now=later)
        (held,) = market_store.list_held(session, ORGANISATION)
        accept_held(session, ORGANISATION, held.content_sha256, reason="real", actor=COLLEAGUE, now=later)
        with pytest.raises(NotFound):
            accept_held(session, UUID(int=99), held.content_sha256, reason="real", actor=COLLEAGUE, now=later)

        assert (again.held, held.acceptance) == (0, "quarantined")
        assert stored(session) == [("exchange", Decimal("97.40"), 1), ("exchange", Decimal("200.00"), 2)]


@pytest.fixture
def source() -> Iterator[Source]:
    with serving() as published:
        published.publish("CEA25", DAY, "97.40")
        yield published


def test_a_refusal_ends_the_day_for_its_host_with_one_alert(database: Database, source: Source) -> None:
    register(database)
    hands, source.status = Hands(now=at("2026-08-21 10:00")), 403
    with jobs_of(database, source, hands, MARKET) as jobs:
        feed = jobs.feed(MARKET)
        first = run_feed(jobs, ORGANISATION, feed, DAY)
        asked = source.asked
        second = run_feed(jobs, ORGANISATION, feed, DAY)
        hands.now = at("2026-08-21 11:30")
        with database.reader() as session:
            due_today = due_days(session, ORGANISATION, feed, now=hands.now)
            is_open = feed_health_of(session, ORGANISATION, feed, now=hands.now).is_circuit_open
            found = [alert.cause for alert in run_store.list_alerts(session, ORGANISATION, limit=9)]
        source.status, hands.now = 200, at("2026-08-21 16:05")
        tomorrow = run_feed(jobs, ORGANISATION, feed, DAY)

    assert first is not None
    assert (first.run.outcome, first.run.failure, first.run.http_status) == (RunOutcome.BLOCKED, "feed.blocked", 403)
    assert (asked, second, due_today, is_open) == (1, None, (), True)
    assert found == ["feed.blocked"]
    assert tomorrow is not None
    assert tomorrow.run.outcome is RunOutcome.DONE


def test_a_run_keeps_the_bytes_and_a_failed_source_is_asked_again_an_hour_later(
    database: Database, source: Source
) -> None:
    register(database)
    hands, source.status = Hands(now=at("2026-08-21 10:00")), 500
    with jobs_of(database, source, hands, MARKET) as jobs:
        feed = jobs.feed(MARKET)
        failed = run_feed(jobs, ORGANISATION, feed, DAY)
        due = []
        for hour in ("10:01", "10:20", "10:59", "11:01"):
            with database.reader() as session:
                due.append(bool(due_days(session, ORGANISATION, feed, now=at(f"2026-08-21 {hour}"))))
        source.status, hands.now = 200, at("2026-08-21 11:01")
        done = run_feed(jobs, ORGANISATION, feed, DAY)

    assert failed is not None
    assert (failed.run.outcome, failed.run.raw_sha256s) == (RunOutcome.FAILED, ())
    assert due == [False, True, True, True]
    assert done is not None
    with database.reader() as session:
        raw = [market_store.find_raw_file(session, ORGANISATION, sha256) for sha256 in done.run.raw_sha256s]
    assert all(one is not None and one.file_name.startswith(MARKET) for one in raw)
    assert done.run.attempt == 2
    assert "?" not in done.run.url


def test_one_call_that_brings_a_window_does_the_work_of_its_other_days(database: Database, source: Source) -> None:
    register(database)
    friday, monday = date(2026, 2, 6), date(2026, 2, 9)
    source.parities = {date(2026, 2, 5): "8.1000", friday: "8.1100", monday: "8.1200"}
    hands = Hands(now=at("2026-02-05 01:25"))
    with jobs_of(database, source, hands, "cfets.parity") as jobs:
        feed = jobs.feed("cfets.parity")
        run_due(jobs)
        asked, hands.now = source.asked, at("2026-02-09 01:25")
        run_due(jobs)
        with database.reader() as session:
            done = run_store.days_done(session, ORGANISATION, "feed.cfets.parity", since=date(2026, 2, 1))
            left = due_days(session, ORGANISATION, feed, now=hands.now)

    assert asked == 1
    assert source.asked == 2
    assert {date(2026, 2, 5), friday, monday} <= done
    assert left == ()


def test_a_source_that_needs_permission_is_switched_on_only_with_its_hash(database: Database) -> None:
    def switch(session: Session, *, is_on: bool, evidence: str) -> Any:
        return switch_feed(
            session, ORGANISATION, MARKET, is_on=is_on, needs_permission=True, evidence_sha256=evidence,
            reason="contract", actor=COLLEAGUE, now=NOW,
        )  # fmt: skip

    with unit_of_work(database) as session:
        with pytest.raises(Forbidden) as missing:
            switch(session, is_on=True, evidence="")
        with pytest.raises(Invalid):
            switch(session, is_on=True, evidence="AB" * 32)
        first = switch(session, is_on=True, evidence="ab" * 32)
        assert switch(session, is_on=True, evidence="ab" * 32) == first
        off = switch(session, is_on=False, evidence="")
        latest = run_store.latest_switches(session, ORGANISATION)[MARKET]

    assert missing.value.code == "feed.permission_missing"
    assert (first.is_on, off.is_on, latest) == (True, False, off)
    assert len(every_row(database, "feed_switch")["feed_switch"]) == 2


def test_what_is_published_after_the_close_is_the_jobs_next_version(database: Database) -> None:
    close_at, later = at("2026-08-21 10:00"), at("2026-08-21 13:00")
    before = seen(trade_date=DAY - timedelta(days=1), last_trade_date=DAY - timedelta(days=1))
    with unit_of_work(database) as session:
        import_observations(session, ORGANISATION, (before,), NOTICE, (), actor=ACTOR, now=close_at)
        first = freeze_close(session, ORGANISATION, BEIJING, DAY, now=close_at)
        assert complete_close(session, ORGANISATION, BEIJING, DAY, now=later) is None
        import_observations(session, ORGANISATION, (seen(),), NOTICE, (), actor=ACTOR, now=later)
        second = complete_close(session, ORGANISATION, BEIJING, DAY, now=later)
        third = complete_close(session, ORGANISATION, BEIJING, DAY, now=later)

    assert first is not None
    assert second is not None
    assert third is None
    assert [one.snapshot.marks[0].state for one in (first, second)] == [MarkState.LATE, MarkState.FRESH]
    assert (second.closing.version, second.closing.reason) == (2, "published after the close")


def test_a_close_that_is_not_over_or_has_no_session_is_not_frozen(database: Database) -> None:
    with unit_of_work(database) as session:
        for day, now, code in (
            (DAY, at("2026-08-21 09:59"), "market.close_open"),
            (date(2026, 8, 22), at("2026-08-22 12:00"), "market.close_no_session"),
            (date(2027, 3, 1), at("2027-03-01 12:00"), "calendar.unknown"),
        ):
            with pytest.raises(Conflict) as refused:
                freeze_close(session, ORGANISATION, BEIJING, day, now=now)
            assert refused.value.code == code
        assert freeze_close(session, ORGANISATION, BEIJING, DAY, now=NOW) is None  # nothing is known of any instrument
        assert freeze_close(session, ORGANISATION, BEIJING, DAY, now=NOW) is None
        with pytest.raises(NotFound):
            refreeze_close(session, ORGANISATION, BEIJING, DAY, reason="x", actor=ACTOR, now=NOW)


def fill(database: Database, source: Source) -> None:
    """Give every table of this part a row."""
    register(database)
    hands, source.status = Hands(now=at("2026-08-21 10:20")), 200
    with jobs_of(database, source, hands, MARKET) as jobs:
        run_feed(jobs, ORGANISATION, jobs.feed(MARKET), DAY)
        run_feed(jobs, ORGANISATION, jobs.feed(MARKET), DAY + timedelta(days=3))
    with unit_of_work(database) as session:
        switch_feed(
            session, ORGANISATION, MARKET, is_on=True, needs_permission=True, evidence_sha256="ab" * 32, reason="contract",
            actor=ACTOR, now=NOW,
        )  # fmt: skip
        imported(session, year(), number=1)
        accept_held(session, ORGANISATION, held_conflict(session), reason="real", actor=COLLEAGUE, now=NOW)
        freeze_close(session, ORGANISATION, BEIJING, DAY, now=NOW)
        far = MarkProposal(
            mark_id=UUID(int=3), instrument="CEA25", value=Decimal(150), currency="CNY", unit="t", reason="quote",
            evidence_sha256="ab" * 32, valid_from=DAY, valid_to=DAY + timedelta(days=1),
        )  # fmt: skip
        propose_mark(session, ORGANISATION, far, actor=ACTOR, now=NOW)
        sha256 = need_mark(session, ORGANISATION, far.mark_id).sha256
        approve_mark(session, ORGANISATION, far.mark_id, sha256=sha256, actor=COLLEAGUE, now=NOW)
        second_check_mark(session, ORGANISATION, far.mark_id, sha256=sha256, actor=THIRD, now=NOW)
        alert = run_store.JobAlert(job="x", cause="y", business_day=DAY, message="z", raised_at=NOW)
        assert run_store.raise_alert(session, ORGANISATION, alert)
        assert not run_store.raise_alert(session, ORGANISATION, alert)


def test_what_was_decided_or_done_is_never_changed(database: Database, source: Source) -> None:
    fill(database, source)

    for table in TABLES:
        assert every_row(database, table)[table], table
        last = (
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
            if database.is_sqlite
            else f"TRUNCATE {table} CASCADE"
        )
        for statement in (f"UPDATE {table} SET organisation_id = organisation_id", f"DELETE FROM {table}", last):
            with database.writer() as session, pytest.raises(DBAPIError, match="append_only"):
                session.execute(text(statement))


ONE_PERSON = {
    "market_decision": (
        "SELECT organisation_id, proposal_id, maker_id, sha256, 'approved', '', maker_id, proposed_at FROM market_proposal"
        " WHERE kind = 'price_upload'"
    ),
    "held_review": (
        "SELECT organisation_id, content_sha256, recorded_by, 'accepted', 'mine', recorded_by, known_at"
        " FROM held_observation"
    ),
    "second_mark_check": (
        "SELECT m.organisation_id, m.mark_id, m.maker_id, m.checker_id, m.checker_id, a.approved_at FROM mark_check m"
        " JOIN approved_mark a ON a.mark_id = m.mark_id"
    ),
}


@pytest.mark.parametrize("table", ONE_PERSON)
def test_the_database_itself_refuses_one_person_acting_for_two(database: Database, table: str) -> None:
    with unit_of_work(database) as session:
        held_conflict(session)
        uploaded(session, seen(trade_date=DAY + timedelta(days=3), last_trade_date=None), number=77)
        far = MarkProposal(
            mark_id=UUID(int=3), instrument="CEA25", value=Decimal(150), currency="CNY", unit="t", reason="quote",
            evidence_sha256="ab" * 32, valid_from=DAY, valid_to=DAY + timedelta(days=1),
        )  # fmt: skip
        propose_mark(session, ORGANISATION, far, actor=ACTOR, now=NOW)
        sha256 = need_mark(session, ORGANISATION, far.mark_id).sha256
        approve_mark(session, ORGANISATION, far.mark_id, sha256=sha256, actor=COLLEAGUE, now=NOW)

    statement = text(f"INSERT INTO {table} {ONE_PERSON[table]}")
    with database.writer() as session, pytest.raises(DBAPIError, match=r"two_persons|three_persons"):
        session.execute(statement)


def test_a_decision_about_another_content_is_refused_by_the_database(database: Database) -> None:
    with unit_of_work(database) as session:
        uploaded(session, seen())
    other = (
        "INSERT INTO market_decision SELECT organisation_id, proposal_id, maker_id,"
        " 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 'approved', '', :other, proposed_at"
        " FROM market_proposal"
    )
    person = COLLEAGUE.user_id.bytes if database.is_sqlite else COLLEAGUE.user_id

    with database.writer() as session, pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        session.execute(text(other), {"other": person})
