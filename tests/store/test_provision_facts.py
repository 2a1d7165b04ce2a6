"""The emissions provision read from the book: verified duty, eligible free lots, a snapshot's mark, on each database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from finance.accounting.ifrs import ObligationFacts, provision_of
from finance.accounting.policies import Standard
from finance.accounting.trades import TradeKind
from finance.market.snapshots import Snapshot
from finance.operations.market import freeze_snapshot, import_observations
from finance.operations.provision_facts import GivenFacts, facts_of_book
from finance.store import reference
from finance.store.market import RawFile
from ledger.core.errors import DomainError
from ledger.store.database import Database
from tests.store.carbon_books import ACTOR, ORGANISATION, CarbonBook, new_id, open_carbon_book
from tests.store.compliance_books import NOW, TODAY, process, trade, verified
from tests.store.test_market_marks import seen

BUY = TradeKind.PURCHASE


@pytest.fixture
def book(database: Database) -> CarbonBook:
    """100 t of CEA25 at 80, 100 t at 60, 100 t free."""
    opened = open_carbon_book(database)
    opened.book(
        [
            trade("B-1", BUY, date(2026, 1, 5), "CEA25", 100, price_cny_per_t=Decimal(80)),
            trade("B-2", BUY, date(2026, 2, 5), "CEA25", 100, price_cny_per_t=Decimal(60)),
            trade("F-1", TradeKind.FREE_ALLOCATION, date(2026, 3, 5), "CEA25", 100, compliance_year=2025),
        ]
    )
    return opened


def snapshot(book: CarbonBook, day: date = date(2026, 11, 20)) -> Snapshot:
    raw = RawFile(file_name="prices.csv", content=b"prices")
    price = seen(instrument="CEA25", trade_date=day, last_trade_date=day, value=Decimal("97.40"), raw_sha256=raw.sha256)
    with book.writing() as session:
        bounds = reference.shipped_instrument_bounds()
        import_observations(session, ORGANISATION, [price], raw, bounds, actor=ACTOR, now=NOW)
        return freeze_snapshot(
            session,
            ORGANISATION,
            snapshot_id=new_id(),
            as_of=day,
            known_at=NOW,
            instruments=["CEA25", "EUA"],
            actor=ACTOR,
            now=NOW,
        )


def facts(
    session: Session, book: CarbonBook, marks: Snapshot, *, code: str = "CEA25", year: int = 2025
) -> ObligationFacts:
    return facts_of_book(
        session, book.book_id, year=year, snapshot=marks, mark_instrument=code, given=GivenFacts(), known_at=NOW
    )


def test_the_facts_are_the_books_own_with_their_sources(book: CarbonBook) -> None:
    assert date(2026, 11, 20) <= TODAY
    verification, marks = verified(book, process("350", "1.6")), snapshot(book)

    with book.database.reader() as session:
        found = facts(session, book, marks)

    # 350 t due: 100 t free, 100 t at 60 and 100 t at 80 are held, 50 t are missing.
    assert (found.obligation_t, found.held_free_t, found.held_bought_t, found.bought_cost_fen) == (
        350,
        100,
        200,
        1_400_000,
    )
    assert found.mark_cny_per_t == Decimal("97.40")
    assert str(verification.proposal_id) in found.emissions_source
    assert marks.id in found.mark_source
    # 50 t x 97.40 at mark; with the bought ones at cost 14,000.00 more.
    assert provision_of(found, Standard.IFRS_NET_AT_MARK).provision_fen == 487_000
    assert provision_of(found, Standard.IFRS_NET_AT_COST).provision_fen == 1_887_000


def test_without_an_approved_verification_nothing_is_guessed(book: CarbonBook) -> None:
    marks = snapshot(book)

    with book.database.reader() as session, pytest.raises(DomainError) as refused:
        facts(session, book, marks)

    assert refused.value.code == "provision.no_duty"


@pytest.mark.parametrize("code", ["CEA24", "NO-SUCH"])
def test_a_mark_that_the_snapshot_does_not_have_is_refused(book: CarbonBook, code: str) -> None:
    verified(book, process("350", "1.6"))
    marks = snapshot(book)

    with book.database.reader() as session, pytest.raises(DomainError) as refused:
        facts(session, book, marks, code=code)

    assert refused.value.code == "provision.mark_instrument"
