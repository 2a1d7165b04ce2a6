"""Prices and marks in the database: what a file adds, what is held, who may approve, and what a snapshot keeps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from finance.feeds.manual import parse_prices
from finance.feeds.tabular import read_table
from finance.market.marks import MarkState
from finance.market.observations import Observation, PriceBasis
from finance.operations.market import ImportCounts, freeze_snapshot, import_observations
from finance.operations.marks import approve_mark, need_mark, propose_mark, withdraw_mark
from finance.store import market as market_store
from finance.store import reference
from finance.store.market import RawFile
from finance.store.marks import MarkProposal
from ledger.core.errors import Conflict, Forbidden, Invalid, NotFound
from ledger.core.parties import Actor
from ledger.store.database import Database
from tests.store.carbon_books import ACTOR, COLLEAGUE, NOW, ORGANISATION, every_row

RAW = RawFile(file_name="prices.csv", content=b"bytes as they came")
DAY = date(2026, 8, 19)
SNAPSHOT = UUID(int=0x51)
MARK = UUID(int=0x61)
FACTS = (
    "raw_file",
    "observation",
    "held_observation",
    "proposed_mark",
    "approved_mark",
    "withdrawn_mark",
    "market_snapshot",
)


def seen(**changes: Any) -> Observation:
    facts: dict[str, Any] = {
        "source": "exchange",
        "instrument": "CEA25",
        "price_basis": PriceBasis.LISTED_CLOSE,
        "trade_date": DAY,
        "last_trade_date": DAY,
        "value": Decimal("97.40"),
        "currency": "CNY",
        "unit": "t",
        "known_at": NOW,
        "raw_sha256": RAW.sha256,
        "volume_t": 3_530_439,
    }
    return Observation(**{**facts, **changes})


def take_in(session: Session, *observations: Observation, now: datetime = NOW, raw: RawFile = RAW) -> ImportCounts:
    return import_observations(
        session, ORGANISATION, observations, raw, reference.shipped_instrument_bounds(), actor=ACTOR, now=now
    )


def freeze(
    session: Session, *instruments: str, known_at: datetime = NOW, now: datetime = NOW, snapshot_id: UUID = SNAPSHOT
) -> Any:
    return freeze_snapshot(
        session,
        ORGANISATION,
        snapshot_id=snapshot_id,
        as_of=DAY,
        known_at=known_at,
        instruments=instruments,
        actor=ACTOR,
        now=now,
    )


def proposal(**changes: Any) -> MarkProposal:
    facts: dict[str, Any] = {
        "mark_id": MARK,
        "instrument": "CEA24",
        "value": Decimal("95.00"),
        "currency": "CNY",
        "unit": "t",
        "reason": "broker quote",
        "evidence_sha256": "ab" * 32,
        "valid_from": DAY,
        "valid_to": DAY + timedelta(days=3),
    }
    return MarkProposal(**{**facts, **changes})


def approve(
    session: Session, *, actor: Actor = COLLEAGUE, now: datetime = NOW, organisation: UUID = ORGANISATION
) -> Any:
    sha256 = need_mark(session, ORGANISATION, MARK).sha256
    return approve_mark(session, organisation, MARK, sha256=sha256, actor=actor, now=now)


def counts(**changed: int) -> ImportCounts:
    return ImportCounts(**{"new": 0, "duplicate": 0, "revised": 0, "corroborated": 0, "held": 0, **changed})


def test_an_observation_comes_back_as_it_went(database: Database) -> None:
    carried = seen(
        trade_date=DAY + timedelta(days=1), value=None, missing_reason="no trade", last_trade_date=None, volume_t=None, warnings=("look",),
    )  # fmt: skip
    with database.writer() as session:
        take_in(session, seen(previous_value=Decimal("98.0100")), carried)
        session.commit()

    with database.reader() as session:
        found = market_store.list_observations(session, ORGANISATION, instruments=["CEA25"])
        raw = market_store.find_raw_file(session, ORGANISATION, RAW.sha256)

    assert found == (seen(previous_value=Decimal("98.0100")), carried)
    assert raw == RAW


def test_each_outcome_is_counted_and_the_same_file_again_adds_nothing(database: Database) -> None:
    batch = (
        seen(),
        seen(source="terminal"),
        seen(source="newspaper", value=Decimal("79.40")),
        seen(instrument="CEA24", value=Decimal(200), previous_value=Decimal(81), volume_t=10),
    )
    with database.writer() as session:
        first = take_in(session, *batch)
        session.commit()
    before = every_row(database, *FACTS)

    with database.writer() as session:
        again = take_in(session, *batch, now=NOW + timedelta(hours=1))
        session.commit()

    assert first == counts(new=1, corroborated=1, held=2)
    assert again == counts(duplicate=4)
    assert every_row(database, *FACTS) == before


def test_what_is_held_says_why_and_marks_nothing(database: Database) -> None:
    with database.writer() as session:
        take_in(session, seen(), seen(source="newspaper", value=Decimal("79.40")))
        (held,) = market_store.list_held(session, ORGANISATION)
        snapshot = freeze(session, "CEA25")

    assert held.acceptance == "conflict"
    assert held.observation.value == Decimal("79.40")
    assert "79.40" in held.reasons[0]
    assert snapshot.marks[0].value == Decimal("97.40")


def test_a_correction_is_a_revision_that_an_earlier_view_does_not_see(database: Database) -> None:
    later = NOW + timedelta(hours=1)
    with database.writer() as session:
        take_in(session, seen())
        corrected = take_in(session, seen(value=Decimal("97.50")), now=later)
        then = freeze(session, "CEA25", known_at=NOW, now=later)
        since = freeze(session, "CEA25", known_at=later, now=later, snapshot_id=UUID(int=0x52))

    assert corrected == counts(revised=1)
    assert (then.marks[0].value, then.marks[0].revision) == (Decimal("97.40"), 1)
    assert (since.marks[0].value, since.marks[0].revision) == (Decimal("97.50"), 2)


def test_knowledge_is_never_dated_back(database: Database) -> None:
    with database.writer() as session:
        take_in(session, seen(known_at=datetime(2020, 1, 1, tzinfo=UTC)))
        (stored,) = market_store.list_observations(session, ORGANISATION, instruments=["CEA25"])

    assert stored.known_at == NOW


def test_an_observation_of_other_bytes_is_refused(database: Database) -> None:
    with database.writer() as session, pytest.raises(Invalid) as refusal:
        take_in(session, seen(raw_sha256="0" * 64))

    assert refusal.value.code == "market.raw_mismatch"


def test_a_price_of_the_future_is_refused_and_nothing_is_kept(database: Database) -> None:
    tomorrow, later = NOW.date() + timedelta(days=1), NOW.date() + timedelta(days=2)
    with database.writer() as session:
        take_in(session, seen(trade_date=tomorrow, last_trade_date=None))  # Shanghai's day begins before UTC's
        session.commit()

    with database.writer() as session, pytest.raises(Invalid) as refusal:
        take_in(session, seen(trade_date=later, last_trade_date=None))

    assert refusal.value.code == "market.trade_date_future"


def test_one_organisations_prices_are_not_anothers(database: Database) -> None:
    with database.writer() as session:
        take_in(session, seen())
        assert market_store.list_observations(session, UUID(int=99), instruments=["CEA25"]) == ()
        freeze(session, "CEA25")
        with pytest.raises(NotFound):
            market_store.load_snapshot(session, UUID(int=99), SNAPSHOT)


def test_a_snapshot_loads_as_it_was_frozen_whatever_is_learned_later(database: Database) -> None:
    with database.writer() as session:
        take_in(session, seen())
        frozen = freeze(session, "CEA25", "CEA24")
        take_in(session, seen(value=Decimal("97.50")), now=NOW + timedelta(hours=1))
        assert freeze(session, "CEA24", "CEA25", now=NOW + timedelta(hours=2)) == frozen
        session.commit()

    with database.reader() as session:
        loaded = market_store.load_snapshot(session, ORGANISATION, SNAPSHOT)

    assert loaded == frozen
    assert [mark.state for mark in loaded.marks] == [MarkState.MISSING, MarkState.FRESH]


def test_a_snapshot_id_names_one_content(database: Database) -> None:
    with database.writer() as session:
        freeze(session, "CEA25")
        with pytest.raises(Conflict) as refusal:
            freeze(session, "CEA24")
        with pytest.raises(Conflict):
            freeze_snapshot(
                session, UUID(int=99), snapshot_id=SNAPSHOT, as_of=DAY, known_at=NOW, instruments=["CEA25"], actor=ACTOR, now=NOW,
            )  # fmt: skip

    assert refusal.value.code == "market.snapshot_exists"


def test_an_altered_snapshot_is_refused(database: Database) -> None:
    with database.writer() as session:
        take_in(session, seen())
        freeze(session, "CEA25")
        session.commit()
    drop = (
        "DROP TRIGGER market_snapshot_no_update"
        if database.is_sqlite
        else "ALTER TABLE market_snapshot DISABLE TRIGGER USER"
    )
    with database.writer() as session:
        session.execute(text(drop))
        session.execute(text("UPDATE market_snapshot SET content = replace(content, '97.40', '99.40')"))
        session.commit()

    with database.reader() as session, pytest.raises(Conflict) as refusal:
        market_store.load_snapshot(session, ORGANISATION, SNAPSHOT)

    assert refusal.value.code == "market.snapshot_altered"


@pytest.mark.parametrize(("known_at", "instruments"), [(NOW + timedelta(seconds=1), ("CEA25",)), (NOW, ())])
def test_a_snapshot_of_the_future_or_of_nothing_is_refused(
    database: Database, known_at: datetime, instruments: tuple[str, ...]
) -> None:
    with database.writer() as session, pytest.raises(Invalid):
        freeze(session, *instruments, known_at=known_at)


def test_an_instrument_that_nothing_marks_is_refused(database: Database) -> None:
    with database.writer() as session, pytest.raises(NotFound) as refusal:
        freeze(session, "GOLD")

    assert refusal.value.code == "market.instrument_unknown"


def test_a_mark_counts_from_its_approval_by_another_person_to_its_withdrawal(database: Database) -> None:
    hours = [NOW + timedelta(hours=number) for number in range(4)]
    with database.writer() as session:
        propose_mark(session, ORGANISATION, proposal(), actor=ACTOR, now=hours[0])
        approve(session, now=hours[1])
        withdraw_mark(session, ORGANISATION, MARK, reason="typing error", actor=COLLEAGUE, now=hours[3])
        values = [
            freeze(session, "CEA24", known_at=hour, now=hours[3], snapshot_id=UUID(int=0x70 + number)).marks[0].value
            for number, hour in enumerate(hours)
        ]
        session.commit()

    assert values == [None, Decimal("95.00"), Decimal("95.00"), None]


def test_the_maker_is_not_the_checker(database: Database) -> None:
    with database.writer() as session:
        propose_mark(session, ORGANISATION, proposal(), actor=ACTOR, now=NOW)
        with pytest.raises(Forbidden) as refusal:
            approve(session, actor=ACTOR)
        session.commit()
    assert refusal.value.code == "market.same_person"

    copied = text(
        "INSERT INTO approved_mark SELECT organisation_id, mark_id, maker_id, maker_id, proposed_at FROM proposed_mark"
    )
    with database.writer() as session, pytest.raises(DBAPIError, match="two_persons"):
        session.execute(copied)


def test_proposing_approving_and_withdrawing_twice_changes_nothing(database: Database) -> None:
    def all_of_it(session: Session) -> None:
        propose_mark(session, ORGANISATION, proposal(), actor=ACTOR, now=NOW)
        approve(session)
        withdraw_mark(session, ORGANISATION, MARK, reason="ended", actor=ACTOR, now=NOW)
        session.commit()

    with database.writer() as session:
        all_of_it(session)
    before = every_row(database, *FACTS)
    with database.writer() as session:
        all_of_it(session)

    assert every_row(database, *FACTS) == before


def test_what_a_mark_cannot_be_is_refused(database: Database) -> None:
    third = Actor(user_id=UUID(int=13), organisation_id=ORGANISATION)
    with database.writer() as session:
        with pytest.raises(Invalid):
            propose_mark(session, ORGANISATION, proposal(valid_to=DAY + timedelta(days=6)), actor=ACTOR, now=NOW)
        with pytest.raises(NotFound):
            propose_mark(session, ORGANISATION, proposal(instrument="GOLD"), actor=ACTOR, now=NOW)
        with pytest.raises(NotFound):
            approve(session, actor=ACTOR)
        propose_mark(session, ORGANISATION, proposal(), actor=ACTOR, now=NOW)
        with pytest.raises(Conflict):
            propose_mark(session, ORGANISATION, proposal(value=Decimal(1)), actor=ACTOR, now=NOW)
        with pytest.raises(Conflict):
            withdraw_mark(session, ORGANISATION, MARK, reason="ended", actor=ACTOR, now=NOW)
        approve(session)
        with pytest.raises(Conflict):
            approve(session, actor=third)
        with pytest.raises(NotFound):
            approve(session, actor=third, organisation=UUID(int=99))


@pytest.mark.parametrize(
    "changes",
    [
        {"value": Decimal(0)}, {"value": Decimal("NaN")}, {"currency": "XXY"}, {"valid_to": DAY}, {"reason": " "},
        {"evidence_sha256": "short"}, {"instrument": "cea"},
    ],
)  # fmt: skip
def test_a_proposal_outside_its_bounds_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        proposal(**changes)


@pytest.mark.parametrize("table", FACTS)
def test_market_facts_are_never_changed(database: Database, table: str) -> None:
    with database.writer() as session:
        take_in(session, seen(), seen(source="newspaper", value=Decimal("79.40")))
        freeze(session, "CEA25")
        propose_mark(session, ORGANISATION, proposal(), actor=ACTOR, now=NOW)
        approve(session)
        withdraw_mark(session, ORGANISATION, MARK, reason="ended", actor=ACTOR, now=NOW)
        session.commit()
    last = (
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" if database.is_sqlite else f"TRUNCATE {table} CASCADE"
    )

    for statement in (f"UPDATE {table} SET organisation_id = organisation_id", f"DELETE FROM {table}", last):
        with database.writer() as session, pytest.raises(DBAPIError, match="append_only"):
            session.execute(text(statement))


def test_the_example_prices_go_in_once(database: Database) -> None:
    path = Path(__file__).parents[2] / "examples" / "smelter" / "prices.csv"
    raw = RawFile(file_name=path.name, content=path.read_bytes())
    observations = parse_prices(read_table(path.name, raw.content)[0], known_at=NOW, raw_sha256=raw.sha256)
    with database.writer() as session:
        first = take_in(session, *observations, raw=raw)
        again = take_in(session, *observations, raw=raw)
        snapshot = freeze(session, "CEA24", "CEA25", "CCER")
        session.commit()

    assert first == counts(new=len(observations))
    assert again == counts(duplicate=len(observations))
    shown = {mark.instrument: (mark.state, mark.value) for mark in snapshot.marks}
    assert shown["CEA25"] == (MarkState.FRESH, Decimal("97.40"))
    assert shown["CEA24"] == (MarkState.STALE, None)


def test_a_raw_file_needs_a_name_and_content() -> None:
    for broken in ({"file_name": ""}, {"file_name": "a\nb"}, {"content": b""}):
        with pytest.raises(Invalid):
            replace(RAW, **broken)


def test_two_writers_with_one_file_store_it_once(database: Database) -> None:
    start = Barrier(2)

    def run() -> ImportCounts:
        with database.writer() as session:
            start.wait()
            counted = take_in(session, seen(), seen(source="newspaper", value=Decimal("79.40")))
            session.commit()
            return counted

    with ThreadPoolExecutor(2) as pool:
        counted = [future.result() for future in [pool.submit(run), pool.submit(run)]]

    assert sorted(counted, key=lambda one: one.new) == [counts(duplicate=2), counts(new=1, held=1)]
