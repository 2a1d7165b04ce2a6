"""A month's close in the database: what blocks, who may take which step, and that nothing of it changes afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from finance.accounting.month_close import Item, ItemState
from finance.accounting.months import Month
from finance.accounting.trades import Trade, TradeKind
from finance.operations.day_close import close_day
from finance.operations.market import freeze_snapshot, import_observations
from finance.operations.month_close import (
    MonthClose,
    approve_waiver,
    check_direct_closing,
    close_hard,
    close_softly,
    confirm_item,
    month_close,
    propose_reopening,
    propose_waiver,
    reopen,
)
from finance.operations.vouchers import number_vouchers, review_vouchers
from finance.store import reference
from finance.store import vouchers as voucher_store
from ledger.core.errors import Conflict, Forbidden, Invalid
from ledger.core.parties import Actor
from ledger.store.books import Book
from ledger.store.database import Database
from tests.store.carbon_books import ACTOR, COLLEAGUE, ORGANISATION, CarbonBook, new_id, open_carbon_book
from tests.store.test_market_marks import RAW, seen
from tests.store.test_vouchers import R14, loaded

MARCH = Month(year=2025, month=3)
APRIL_1 = datetime(2025, 4, 1, 2, tzinfo=UTC)
LAST = date(2025, 3, 31)


def price(book: CarbonBook) -> None:
    with book.writing() as session:
        import_observations(
            session,
            ORGANISATION,
            [seen(instrument="CEA24", trade_date=LAST, last_trade_date=LAST)],
            RAW,
            reference.shipped_instrument_bounds(),
            actor=ACTOR,
            now=APRIL_1,
        )


def freeze(book: CarbonBook) -> None:
    price(book)
    with book.writing() as session:
        freeze_snapshot(
            session,
            ORGANISATION,
            snapshot_id=new_id(),
            as_of=LAST,
            known_at=APRIL_1,
            instruments=["CEA24"],
            actor=ACTOR,
            now=APRIL_1,
        )


def state(book: CarbonBook) -> MonthClose:
    with book.database.reader() as session:
        return month_close(session, loaded(session, book), MARCH, now=APRIL_1)


def states(book: CarbonBook) -> dict[Item, ItemState]:
    return {each.item: each.state for each in state(book).checklist.items}


Step = Callable[..., MonthClose]


def take(book: CarbonBook, step: Step, *arguments: object, actor: Actor = ACTOR, **more: object) -> MonthClose:
    with book.writing() as session:
        return step(session, loaded(session, book), MARCH, *arguments, actor=actor, now=APRIL_1, **more)


def answer(book: CarbonBook, step: Step, *, to: int = -1, actor: Actor = COLLEAGUE, **more: object) -> MonthClose:
    asked = state(book).steps[to]
    return take(book, step, asked.number, asked.digest, "seen and agreed", actor=actor, **more)


def vouch(book: CarbonBook) -> None:
    with book.writing() as session:
        number_vouchers(session, book.book_id, MARCH, actor=ACTOR, now=APRIL_1)
        records = voucher_store.list_vouchers(session, book.book_id, MARCH)
        digests = {each.voucher.number: each.digest for each in records}
        review_vouchers(session, book.book_id, MARCH, digests, actor=COLLEAGUE, now=APRIL_1)


def ready(database: Database) -> CarbonBook:
    """Return a book whose March stands but for its closes."""
    book = open_carbon_book(database)
    book.book(R14)
    freeze(book)
    vouch(book)
    for item in (Item.TRADES, Item.ALLOCATION, Item.RECONCILIATION):
        take(book, confirm_item, item, "checked against the desk's list")
    return book


def soft(book: CarbonBook, actor: Actor = ACTOR) -> None:
    take(book, close_softly, "month is complete", actor=actor, random_bytes=book.random_bytes)


def hard(book: CarbonBook, actor: Actor = COLLEAGUE) -> MonthClose:
    return answer(book, close_hard, actor=actor, random_bytes=book.random_bytes)


def locks(book: CarbonBook) -> tuple[date | None, date | None]:
    found = state(book).book
    return found.locked_through, found.soft_locked_through


def test_a_fresh_month_says_what_is_open_and_why(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)

    found = states(book)

    assert found[Item.INTEREST] is ItemState.DONE  # no loan runs
    assert {item for item, each in found.items() if each is ItemState.OPEN} == set(Item) - {Item.INTEREST}
    vouchers = state(book).checklist.status(Item.VOUCHERS)
    assert vouchers.explanation().leaves()[0].label_en.startswith("0 vouchers, 4 entries without one")


def test_a_month_is_closed_by_its_checklist_with_a_state_root(database: Database) -> None:
    book = ready(database)
    soft(book)

    closed = hard(book)

    assert locks(book) == (LAST, None)
    assert closed.steps[-1].evidence["state_root"]
    assert {each.state for each in closed.checklist.items} <= {ItemState.DONE, ItemState.CONFIRMED}


def test_an_open_item_blocks_the_hard_close_and_is_named(database: Database) -> None:
    book = ready(database)
    book.book([Trade(trade_ref="X", kind=TradeKind.FEE, traded_on=date(2025, 3, 7), fee_fen=100)])
    soft(book)

    with pytest.raises(Conflict, match="open: trades, reconciliation, vouchers, reviews"):
        hard(book)
    assert locks(book) == (None, LAST)


def test_who_closed_softly_does_not_close_for_good(database: Database) -> None:
    book = ready(database)
    soft(book)

    with pytest.raises(Forbidden, match="another person"):
        hard(book, actor=ACTOR)


def test_the_close_binds_to_the_step_s_digest(database: Database) -> None:
    book = ready(database)
    soft(book)
    step = state(book).steps[-1].number

    with pytest.raises(Conflict, match="digest"):
        take(book, close_hard, step, "0" * 64, "agreed", actor=COLLEAGUE, random_bytes=book.random_bytes)


def test_a_confirmation_falls_when_what_it_rests_on_changes(database: Database) -> None:
    book = ready(database)
    before = states(book)[Item.TRADES]

    book.book([Trade(trade_ref="X", kind=TradeKind.FEE, traded_on=date(2025, 3, 7), fee_fen=100)])

    assert (before, states(book)[Item.TRADES]) == (ItemState.CONFIRMED, ItemState.OPEN)


def test_what_the_books_decide_nobody_confirms(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)

    with pytest.raises(Conflict, match="decided by the books"):
        take(book, confirm_item, Item.REVIEWS, "trust me")
    with pytest.raises(Invalid, match="reason"):
        take(book, confirm_item, Item.TRADES, " ")


def test_a_waiver_takes_two_persons_and_stands_for_what_it_was_given_for(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)
    take(book, propose_waiver, Item.FEEDS, "exchange was shut")
    with pytest.raises(Forbidden, match="another person"):
        answer(book, approve_waiver, actor=ACTOR)

    answer(book, approve_waiver)
    waived = states(book)[Item.FEEDS]
    book.book([Trade(trade_ref="O", kind=TradeKind.OPENING, traded_on=LAST, instrument="CEA23", quantity_t=5)])

    assert (waived, states(book)[Item.FEEDS]) == (ItemState.WAIVED, ItemState.OPEN)


def test_vouchers_are_never_waived(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)

    with pytest.raises(Conflict, match="cannot be waived"):
        take(book, propose_waiver, Item.VOUCHERS, "in a hurry")


def test_a_softly_closed_month_reopens_with_a_second_person(database: Database) -> None:
    book = ready(database)
    soft(book)
    take(book, propose_reopening, "a late invoice")
    with pytest.raises(Forbidden, match="another person"):
        answer(book, reopen, actor=ACTOR, random_bytes=book.random_bytes)

    answer(book, reopen, random_bytes=book.random_bytes)

    assert locks(book) == (None, None)
    with pytest.raises(Conflict, match=r"answered|reopened"):
        answer(book, close_hard, to=-3, random_bytes=book.random_bytes)
    soft(book)
    hard(book)
    assert locks(book) == (LAST, None)


def test_a_later_softly_closed_month_reopens_first(database: Database) -> None:
    book = ready(database)
    soft(book)
    with book.writing() as session:
        close_softly(
            session,
            loaded(session, book),
            Month(year=2025, month=4),
            "complete too",
            actor=ACTOR,
            now=datetime(2025, 5, 1, 2, tzinfo=UTC),
            random_bytes=book.random_bytes,
        )
    take(book, propose_reopening, "a late invoice")

    with pytest.raises(Conflict, match="2025-04 is softly closed too"):
        answer(book, reopen, random_bytes=book.random_bytes)
    assert locks(book) == (None, date(2025, 4, 30))


def test_what_is_closed_for_good_stays_closed(database: Database) -> None:
    book = ready(database)
    soft(book)
    hard(book)

    with pytest.raises(Conflict, match="closed for good"):
        take(book, propose_reopening, "a late invoice")
    with pytest.raises(Conflict, match="closed for good"):
        soft(book)


def test_a_month_closed_by_steps_is_not_moved_past_them(database: Database) -> None:
    book = ready(database)
    with database.reader() as session:
        check_direct_closing(session, book.book_id, LAST)
    soft(book)

    with database.reader() as session, pytest.raises(Conflict, match="checklist"):
        check_direct_closing(session, book.book_id, None)
    with database.reader() as session, pytest.raises(Conflict, match="checklist"):
        check_direct_closing(session, book.book_id, LAST)


def test_earlier_days_with_entries_are_closed_first(database: Database) -> None:
    book = ready(database)
    book.book([Trade(trade_ref="X", kind=TradeKind.FEE, traded_on=date(2025, 2, 7), fee_fen=100)])
    soft(book)

    with pytest.raises(Conflict, match="close those months first"):
        hard(book)


def test_a_month_that_has_not_reached_its_last_day_stays_open(database: Database) -> None:
    book = open_carbon_book(database)

    with book.writing() as session, pytest.raises(Invalid, match="last day"):
        _close_early(session, loaded(session, book), book)


def _close_early(session: Session, found: Book, book: CarbonBook) -> None:
    close_softly(
        session,
        found,
        MARCH,
        "too early",
        actor=ACTOR,
        now=datetime(2025, 3, 30, 8, tzinfo=UTC),
        random_bytes=book.random_bytes,
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE close_step SET reason = 'other'",
        "DELETE FROM close_step",
        """INSERT INTO close_step SELECT book_id, month, 9, what, item, reason, basis, evidence, digest, answers_no, proposer_id,
        actor_id, acting_for_id, recorded_at FROM close_step WHERE step_no = 1""",
        """INSERT INTO close_step SELECT book_id, month, 5, 'hard_closed', '', reason, basis, evidence, digest, 4, actor_id,
        actor_id, acting_for_id, recorded_at FROM close_step WHERE step_no = 4""",
    ],
)
def test_the_database_refuses_change_gap_and_one_person_for_two(database: Database, statement: str) -> None:
    book = ready(database)
    soft(book)

    with database.writer() as session, pytest.raises(DBAPIError):
        session.execute(text(statement))
    assert len(state(book).steps) == 4


def test_a_day_s_close_values_the_book_and_again_changes_nothing(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)
    price(book)

    def close() -> tuple[UUID | None, int, int, bool]:
        with book.writing() as session:
            done = close_day(session, loaded(session, book), LAST, actor=ACTOR, now=APRIL_1)
            return done.close.snapshot_id, done.close.run_no, done.close.unrealised_fen, done.is_replay

    first, again = close(), close()
    book.book([Trade(trade_ref="X", kind=TradeKind.FEE, traded_on=LAST, fee_fen=100)])
    later = close()

    # 2,500 t at 97.40 over 200,600.00.
    assert first[1:] == (1, 4_290_000, False)
    assert again == (*first[:3], True)
    assert later[1:] == (2, 4_290_000, False)


def test_a_day_without_holdings_closes_without_marks(database: Database) -> None:
    book = open_carbon_book(database)

    with book.writing() as session:
        done = close_day(session, loaded(session, book), LAST, actor=ACTOR, now=APRIL_1)

    assert (done.close.snapshot_id, done.close.market_value_fen) == (None, 0)


def test_a_day_that_has_not_begun_is_not_closed(database: Database) -> None:
    book = open_carbon_book(database)

    with book.writing() as session, pytest.raises(Invalid, match="has begun"):
        close_day(session, loaded(session, book), date(2025, 4, 2), actor=ACTOR, now=APRIL_1)
