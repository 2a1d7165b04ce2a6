"""The published certificate price beside the own mean of the stored auctions, as the job takes it in, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest

from api.deps import unit_of_work
from api.job_runs import JobWorld, run_feed
from finance.accounting.instruments import Instrument, InstrumentKind, instrument_of
from finance.market.cbam_price import Agreement
from finance.market.observations import Observation, PriceBasis
from finance.operations.cbam_prices import period_price
from finance.operations.held_prices import accept_held
from finance.operations.market import freeze_snapshot, import_observations
from finance.store import feed_runs as run_store
from finance.store import market as market_store
from finance.store.market import RawFile
from ledger.core.errors import DomainError
from ledger.store.database import Database
from tests.store.feed_world import ACTOR, ORGANISATION, Hands, Source, at, jobs_of, register, serving

PAGE = "price-cbam-certificates_en"
RAW = RawFile(file_name="auctions", content=b"auctions typed by hand")
# 75.30 and 75.42 at equal volumes give 75.36; 75.20 and 75.36 give 75.28.
AUCTIONS = (("2026-01-13", "75.30"), ("2026-02-10", "75.42"), ("2026-04-14", "75.20"), ("2026-05-12", "75.36"))


def page(*rows: tuple[str, str, str]) -> bytes:
    cells = "".join(f"<tr><td>{period}</td><td>{day}</td><td>{price}</td></tr>" for period, day, price in rows)
    return f"<html><table><tr><th>Period</th><th>Date</th><th>Price</th></tr>{cells}</table></html>".encode()


Q1 = ("Q1 2026", "2026-04-07", "75.36")


@pytest.fixture
def source() -> Iterator[Source]:
    with serving() as published:
        published.pages[PAGE] = page(Q1)
        yield published


@pytest.fixture
def hands() -> Hands:
    return Hands(now=at("2026-04-08 10:00"))


@pytest.fixture
def world(database: Database, source: Source, hands: Hands) -> Iterator[JobWorld]:
    register(database)
    with jobs_of(database, source, hands, "cbam.page") as jobs:
        yield jobs


def load_auctions(database: Database, hands: Hands) -> None:
    seen = [
        Observation(
            source="eex.primary_auction",
            instrument="EUA",
            price_basis=PriceBasis.AUCTION,
            trade_date=date.fromisoformat(day),
            last_trade_date=date.fromisoformat(day),
            value=Decimal(price),
            currency="EUR",
            unit="t",
            volume_t=1_000_000,
            known_at=hands.now,
            raw_sha256=RAW.sha256,
        )
        for day, price in AUCTIONS
        if date.fromisoformat(day) <= hands.now.date()
    ]
    with unit_of_work(database) as session:
        import_observations(session, ORGANISATION, seen, RAW, (), actor=ACTOR, now=hands.now)


def ask(world: JobWorld, day: date = date(2026, 4, 7)) -> dict[str, int]:
    found = run_feed(world, ORGANISATION, world.feed("cbam.page"), day, is_again=True)
    assert found is not None
    return dict(found.run.counts)


def alerts(database: Database) -> list[str]:
    with database.reader() as session:
        return sorted(one.cause for one in run_store.list_alerts(session, ORGANISATION, limit=100))


def stored(database: Database, code: str) -> list[Decimal | None]:
    with database.reader() as session:
        found = market_store.list_observations(session, ORGANISATION, instruments=(code,))
    return [one.value for one in found]


def test_a_published_price_that_the_own_mean_bears_out_marks_the_certificates_of_its_quarter(
    database: Database, hands: Hands, world: JobWorld
) -> None:
    load_auctions(database, hands)

    counts = [ask(world) for _ in range(2)]

    assert [(one["new"], one["duplicate"], one["held"]) for one in counts] == [(1, 0, 0), (0, 1, 0)]
    held = Instrument(code="CERT-A", kind=InstrumentKind.CBAM, vintage_year=2026, price_period="2026Q1")
    with unit_of_work(database) as session:
        snapshot = freeze_snapshot(
            session,
            ORGANISATION,
            snapshot_id=UUID(int=1),
            as_of=date(2026, 4, 8),
            known_at=hands.now,
            instruments=(held.marked_by,),
            actor=ACTOR,
            now=hands.now,
        )
    (mark,) = snapshot.marks
    assert (mark.value, mark.currency, mark.unit) == (Decimal("75.36"), "EUR", held.unit)
    assert alerts(database) == []


def test_a_price_that_contradicts_the_own_mean_waits_for_a_person_with_both_figures_and_the_bound(
    database: Database, source: Source, hands: Hands, world: JobWorld
) -> None:
    hands.now = at("2026-07-07 10:00")
    load_auctions(database, hands)
    source.pages[PAGE] = page(Q1, ("Q2 2026", "2026-07-06", "70.07"))

    counts = [ask(world, date(2026, 7, 6)) for _ in range(2)]

    assert [one["held"] for one in counts] == [1, 0]
    assert stored(database, "CBAM-2026Q2") == []
    with database.reader() as session:
        (held,) = market_store.list_held(session, ORGANISATION)
        found = period_price(session, ORGANISATION, "2026-Q2", known_at=hands.now, now=hands.now)
    # 70.07 / 75.28 - 1 = -6.92 percent, allowed 0.5 percent
    assert all(word in held.reasons[0] for word in ("70.07", "75.28", "-6.92 percent", "0.50 percent"))
    assert (found.reconciliation.agreement, found.is_taken_in, found.waits_for_review) == (
        Agreement.CONFLICT,
        False,
        True,
    )
    assert found.reconciliation.difference == Fraction(7007, 7528) - 1
    assert alerts(database) == ["cbam.conflict 2026-Q2"]


def test_a_person_who_accepts_the_held_price_makes_it_the_mark(
    database: Database, source: Source, hands: Hands, world: JobWorld
) -> None:
    hands.now = at("2026-07-07 10:00")
    load_auctions(database, hands)
    source.pages[PAGE] = page(("Q2 2026", "2026-07-06", "70.07"))
    ask(world, date(2026, 7, 6))
    with unit_of_work(database) as session:
        (held,) = market_store.list_held(session, ORGANISATION)
        accept_held(session, ORGANISATION, held.content_sha256, reason="seen on the page", actor=ACTOR, now=hands.now)

    again = ask(world, date(2026, 7, 6))

    assert again["held"] == 0
    assert stored(database, "CBAM-2026Q2") == [Decimal("70.07")]


def test_a_published_price_without_auctions_is_not_taken_and_an_alert_says_so(
    database: Database, world: JobWorld
) -> None:
    ask(world)

    assert stored(database, "CBAM-2026Q1") == []
    assert alerts(database) == ["cbam.published_only 2026-Q1"]


def test_a_quarter_that_is_over_with_auctions_and_no_published_price_is_an_alert(
    database: Database, source: Source, hands: Hands, world: JobWorld
) -> None:
    hands.now = at("2026-07-07 10:00")
    load_auctions(database, hands)
    source.pages[PAGE] = page(Q1)

    ask(world, date(2026, 7, 6))

    assert alerts(database) == ["cbam.own_only 2026-Q2"]


def test_a_price_by_the_wrong_kind_of_period_is_not_taken(database: Database, source: Source, world: JobWorld) -> None:
    source.pages[PAGE] = page(("2026-W14", "2026-04-07", "75.36"))

    ask(world)

    assert stored(database, "CBAM-2026W14") == []
    assert "cbam.period_kind 2026-W14" in alerts(database)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("2026-Q5", "cbam.period_format"),
        ("Q1", "cbam.period_format"),
        ("2026-W14", "cbam.period_kind"),
        ("2025-Q4", "reference.missing"),
        ("2026-Q1", "cbam.no_price"),
        ("2099-W60", "cbam.week"),
    ],
)
def test_a_period_without_a_price_or_rule_is_refused(
    database: Database, hands: Hands, world: JobWorld, label: str, code: str
) -> None:
    del world
    with database.reader() as session, pytest.raises(DomainError) as refused:
        period_price(session, ORGANISATION, label, known_at=hands.now, now=hands.now)

    assert refused.value.code == code


def test_a_quarter_that_is_not_over_has_no_own_price_yet(database: Database, hands: Hands, world: JobWorld) -> None:
    del world
    hands.now = at("2026-03-31 10:00")
    load_auctions(database, hands)

    with database.reader() as session, pytest.raises(DomainError) as refused:
        period_price(session, ORGANISATION, "2026-Q1", known_at=hands.now, now=hands.now)

    assert refused.value.code == "cbam.no_price"


def test_a_certificate_registered_before_its_period_had_a_price_of_its_own_is_marked_by_it_too() -> None:
    facts = {
        "instrument_kind": "CBAM",
        "price_instrument": "CBAM",
        "vintage_year": "2026",
        "price_period": "2026Q1",
        "unit": "certificate",
    }

    found = instrument_of("CERT-A", facts)

    assert found is not None
    assert found.marked_by == "CBAM-2026Q1"
