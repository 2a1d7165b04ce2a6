"""What a book is worth and what it owes, from its trades and one snapshot, at any day and record point."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from finance.accounting.trades import TradeKind
from finance.market.marks import Mark, MarkState
from finance.market.observations import PriceBasis
from finance.market.snapshots import Snapshot, freeze_snapshot
from finance.operations.compliance import cover_of, obligation_for
from finance.operations.valuations import BookValuation, marks_needed, value_book
from ledger import operations as ledger
from ledger.core.accounts import AccountOpening, LotMethod
from ledger.core.amounts import Commodity, CommodityKind
from ledger.core.errors import Conflict, Invalid
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.store import reports
from ledger.store.database import Database
from tests.core.trade_lists import R14, trade
from tests.store.carbon_books import ACTOR, NOW, CarbonBook, new_id, open_carbon_book

DAY = date(2026, 8, 19)
TRADES = (
    trade("A-24", TradeKind.FREE_ALLOCATION, 10_000, year=2024, on=date(2025, 11, 20)),
    trade("P-24", TradeKind.PURCHASE, 1000, price="58.14", on=date(2025, 11, 28)),
    trade("Y-24", TradeKind.SURRENDER, 9000, year=2024, on=date(2025, 12, 26)),
    trade("A-25", TradeKind.FREE_ALLOCATION, 6300, year=2025, instrument="CEA25", on=date(2026, 4, 10)),
    trade("P-25", TradeKind.PURCHASE, 500, price="80.77", fee_fen=4038, instrument="CEA25", on=date(2026, 5, 29)),
    trade("P-C", TradeKind.PURCHASE, 400, price="83.36", instrument="CCER-1", on=date(2026, 6, 30)),
    trade("S-C", TradeKind.SALE, 100, price="94.92", instrument="CCER-1", on=date(2026, 7, 31)),
    trade("Y-C", TradeKind.SURRENDER, 50, year=2025, instrument="CCER-1", on=date(2026, 8, 3)),
    trade("Y-25", TradeKind.SURRENDER, 300, year=2025, instrument="CEA25", on=date(2026, 8, 4)),
)


@pytest.fixture
def book(database: Database) -> CarbonBook:
    opened = open_carbon_book(database)
    opened.book(TRADES)
    return opened


def mark(instrument: str, value: str | None) -> Mark:
    return Mark(
        instrument=instrument,
        state=MarkState.STALE if value is None else MarkState.FRESH,
        value=None if value is None else Decimal(value),
        last_value=Decimal(value or "81.00"),
        currency="CNY",
        unit="t",
        source="exchange",
        basis=PriceBasis.LISTED_CLOSE,
        trade_date=DAY,
    )


def snapshot(as_of: date = DAY) -> Snapshot:
    marks = (mark("CEA24", None), mark("CEA25", "97.40"), mark("CCER", "93.54"))
    return freeze_snapshot("close", as_of=as_of, known_at=datetime(2026, 8, 20, tzinfo=UTC), marks=marks)


def valued(book: CarbonBook, *, as_of: date = DAY, known: int | None = None) -> BookValuation:
    with book.database.reader() as session:
        return value_book(session, book.book_id, snapshot(as_of), as_of=as_of, known=known)


def test_each_lot_is_worth_its_mark_and_a_stale_vintage_is_unvalued(book: CarbonBook) -> None:
    total = valued(book).valuation.total

    # 6,500 t CEA25 x 97.40 + 250 t CCER x 93.54, against 500 t x 80.77 + 40.38 of CEA25 (the 300 t surrendered were free)
    # and 250 t x 83.36 of CCER
    assert total.market_value_units == 63_310_000 + 2_338_500
    assert total.cost_units == 4_042_538 + 2_084_000
    assert total.unrealised_units == total.market_value_units - total.cost_units
    assert (total.is_complete, total.unvalued_quantity_t) == (False, 2000)
    assert [(lot.lot.instrument, lot.unvalued_reason) for lot in valued(book).unvalued] == [
        ("CEA24", "mark_stale"),
        ("CEA24", "mark_stale"),
    ]


def test_what_sales_earned_is_shown_by_instrument(book: CarbonBook) -> None:
    book.book(
        [trade("S-25", TradeKind.SALE, 6300, price="1.00", fee_fen=700_000, instrument="CEA25", on=date(2026, 8, 5))]
    )

    realised = {result.instrument: (result.gain_fen, result.loss_fen) for result in valued(book).realised}

    # CCER: 100 x (94.92 - 83.36). CEA25: 6,300.00 less 7,000.00 of fees, less the cost of 300 t of the bought lot.
    loss = 70_000 + 4_042_538 * 300 // 500
    assert realised == {"CCER-1": (115_600, 0), "CEA25": (0, loss)}
    assert valued(book).realised_net_fen == 115_600 - loss


def test_an_earlier_day_and_an_earlier_record_point_show_what_was_then(book: CarbonBook) -> None:
    before = valued(book, as_of=date(2026, 4, 30))
    unknown = valued(book, known=4)

    assert before.valuation.total.quantity_t == 6300
    assert before.realised == ()
    assert unknown.valuation.total.quantity_t == 6300
    assert unknown.record.seq == 4


def test_a_snapshot_of_another_day_is_refused(book: CarbonBook) -> None:
    with book.database.reader() as session, pytest.raises(Invalid) as refusal:
        value_book(session, book.book_id, snapshot(), as_of=date(2026, 8, 18))

    assert refusal.value.code == "valuation.snapshot_day"


def test_the_marks_that_a_book_needs_are_named(book: CarbonBook) -> None:
    with book.database.reader() as session:
        assert marks_needed(session, book.book_id, as_of=DAY) == ("CCER", "CEA24", "CEA25")
        assert marks_needed(session, book.book_id, as_of=date(2025, 12, 31)) == ("CEA24",)


def test_a_commodity_with_decimals_is_not_taken_for_tonnes(book: CarbonBook) -> None:
    with book.writing() as session:
        _hold_kilograms(session, book)

    with pytest.raises(Conflict) as refusal:
        valued(book)

    assert refusal.value.code == "valuation.scale"


def test_the_cover_of_a_year_is_what_is_held_issued_and_surrendered(book: CarbonBook) -> None:
    with book.database.reader() as session:
        cover = cover_of(session, book.book_id, year=2025, on=DAY)

    assert [(one.commodity, one.vintage_year, one.available_t) for one in cover.allowances] == [
        ("CEA24", 2024, 2000),
        ("CEA25", 2025, 6500),
    ]
    assert [(one.commodity, one.registered_on, one.available_t) for one in cover.ccer] == [
        ("CCER-1", date(2025, 3, 6), 250)
    ]
    assert (cover.issued_t, cover.surrendered_t, cover.ccer_surrendered_t) == (6300, 350, 50)


def test_another_year_has_its_own_issues_and_surrenders(book: CarbonBook) -> None:
    with book.database.reader() as session:
        cover = cover_of(session, book.book_id, year=2024, on=DAY)

    assert (cover.issued_t, cover.surrendered_t, cover.ccer_surrendered_t) == (10_000, 9000, 0)


def test_a_reversed_surrender_does_not_count(book: CarbonBook) -> None:
    with book.database.reader() as session:
        point = cover_of(session, book.book_id, year=2025, on=DAY)
    _reverse(book, seq=9)

    with book.database.reader() as session:
        now = cover_of(session, book.book_id, year=2025, on=DAY)
        then = cover_of(session, book.book_id, year=2025, on=DAY, known=9)

    assert (now.surrendered_t, now.allowances[1].available_t) == (50, 6800)
    assert then == point


def test_the_obligation_counts_what_may_be_used_and_values_the_gap(book: CarbonBook) -> None:
    with book.database.reader() as session:
        owed = obligation_for(
            session,
            book.book_id,
            year=2025,
            emissions_t=Fraction(90_000),
            intensity=Fraction("1.50"),
            balance_value=Fraction("1.60"),
            on=DAY,
            mark=mark("CEA25", "97.40"),
        )

    # alpha = 0.15 x 6.25 % = 0.009375; allocation = floor(90,843.75)
    assert owed.allocation_t == 90_843
    assert (owed.unissued_t, owed.eligible_held_t, owed.ineligible_held_t) == (90_843 - 6300, 6500, 2000)
    assert owed.ccer_usable_t == 250
    assert owed.gap_t == 90_000 - 350 - 6500 - (90_843 - 6300) - 250
    assert owed.cost_cny == 0
    assert "CEA25 fresh: exchange, trade date 2026-08-19" in owed.mark_source


@pytest.mark.parametrize("price", [None, mark("CEA24", None)])
def test_without_a_usable_mark_the_gap_is_unvalued(book: CarbonBook, price: Mark | None) -> None:
    with book.database.reader() as session:
        owed = obligation_for(
            session,
            book.book_id,
            year=2024,
            emissions_t=Fraction(50_000),
            intensity=None,
            balance_value=None,
            on=date(2025, 12, 30),
            mark=price,
        )

    assert owed.cost_cny is None
    assert owed.allocation_t == 50_000


def test_a_book_without_trades_has_nothing_and_owes_everything(database: Database) -> None:
    empty = open_carbon_book(database)

    with database.reader() as session:
        cover = cover_of(session, empty.book_id, year=2025, on=DAY)

    assert (cover.allowances, cover.ccer, cover.issued_t, cover.surrendered_t) == ((), (), 0, 0)
    assert valued(empty).valuation.total.is_complete


def test_more_postings_than_a_page_are_all_counted(database: Database) -> None:
    book = open_carbon_book(database)
    book.book([trade(f"A-{number}", TradeKind.FREE_ALLOCATION, 3, year=2024) for number in range(250)])

    with database.reader() as session:
        assert cover_of(session, book.book_id, year=2024, on=DAY).issued_t == 750


def test_a_cover_costs_the_same_few_statements_however_much_was_issued_and_surrendered(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(TRADES)

    def statements() -> int:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            seen.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        with database.reader() as session:
            cover_of(session, book.book_id, year=2025, on=DAY)
        event.remove(database.engine, "before_cursor_execute", note)
        return len(seen)

    few = statements()
    more = [
        trade(f"Z-{number}", TradeKind.SURRENDER, 1, year=2025, instrument="CEA25", on=date(2026, 8, 5))
        for number in range(250)
    ]
    book.book(more)
    _reverse(book, seq=9)

    assert statements() == few
    assert few < 20


def test_r14_shows_in_the_realised_result(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)

    assert valued(book).realised_net_fen == 1_727_657


def _reverse(book: CarbonBook, *, seq: int) -> None:
    with book.writing() as session:
        entry = reports.entry_at(session, book.book_id, seq)
        assert entry is not None
        ledger.reverse_entry(
            session,
            book.book_id,
            entry_id=new_id(),
            reverses=entry.entry_id,
            effective_on=entry.effective_on,
            actor=ACTOR,
            now=NOW,
            random_bytes=book.random_bytes,
        )


def _hold_kilograms(session: Session, book: CarbonBook) -> None:
    ledger.add_commodity(session, book.book_id, Commodity(code="KG", kind=CommodityKind.CREDIT, scale=3), {})
    for path, method in (("Assets:Carbon:KG", LotMethod.FIFO), ("Equity:Registry:KG", None)):
        opening = AccountOpening(path=path, commodity="KG", opened_on=date(2024, 1, 1), lot_method=method)
        ledger.open_account(session, book.book_id, opening)
    draft = JournalDraft(
        entry_id=UUID(int=1),
        kind=EntryKind.ISSUE,
        effective_on=date(2025, 1, 2),
        actor=ACTOR,
        postings=(Posting("Assets:Carbon:KG", "KG", 5, lot_cost=0), Posting("Equity:Registry:KG", "KG", -5)),
    )
    ledger.post_entry(session, book.book_id, draft, now=NOW, random_bytes=book.random_bytes)
