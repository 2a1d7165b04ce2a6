"""What undoes an entry is of its day or later: releases and captures of a hold, and reversals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from ledger.core.journal import JournalDraft, Posting
from ledger.store import holds_report, reports
from tests.store.books import ExampleBook, codes
from tests.strategies import CASH, CREDIT_LINE, FIRST_DAY, GAIN, NOW, capture, draft, hold, release, transfer

PLACED = FIRST_DAY + timedelta(days=20)
BEFORE = PLACED - timedelta(days=1)
UNTIL = NOW + timedelta(seconds=5)


def used(number: int, day: date, amount: int = 40) -> JournalDraft:
    legs = (Posting(CASH, "CNY", -amount), Posting(CREDIT_LINE, "CNY", amount))
    return replace(capture(number, 3, amount, *legs), effective_on=day)


@pytest.fixture
def holding(book: ExampleBook) -> ExampleBook:
    """A hundred in the bank from the day before, a hold on all of it and a payment of the later day."""
    book.accept(
        transfer(1, CREDIT_LINE, CASH, 100, day=BEFORE),
        transfer(2, GAIN, CASH, 7, day=PLACED),
        hold(3, CASH, 100, day=PLACED, until=UNTIL),
    )
    return book


def test_a_hold_is_let_go_of_on_its_day_or_later(holding: ExampleBook) -> None:
    told = codes(
        holding.post(
            release(11, 3, 10, day=BEFORE),
            release(12, 3, 10, day=PLACED),
            used(13, BEFORE),
            used(14, PLACED),
            used(15, PLACED + timedelta(days=1), 10),
        )
    )

    assert told == ["ledger.hold_date", "ok", "ledger.hold_date", "ok", "ok"]


def test_a_hold_of_the_same_batch_keeps_its_day_too(book: ExampleBook) -> None:
    told = codes(
        book.post(
            transfer(1, GAIN, CASH, 100, day=PLACED),
            hold(3, CASH, 50, day=PLACED),
            release(4, 3, day=BEFORE),
            used(5, BEFORE),
            draft(6, reverses=1, day=BEFORE),
            draft(7, reverses=1, day=PLACED),
        )
    )

    assert told == [
        "ok",
        "ok",
        "ledger.hold_date",
        "ledger.hold_date",
        "ledger.reversal_date",
        "ok",
    ]


def test_an_entry_is_reversed_on_its_day_or_later(holding: ExampleBook) -> None:
    told = codes(holding.post(draft(21, reverses=2, day=BEFORE), draft(22, reverses=2, day=PLACED)))

    assert told == ["ledger.reversal_date", "ok"]


def test_who_may_not_let_go_hears_that_first_and_then_the_day_before_the_amount(holding: ExampleBook) -> None:
    told = codes(holding.post(release(31, 99, day=BEFORE), release(32, 3, 101, day=BEFORE), used(33, BEFORE, 101)))

    assert told == ["ledger.hold_unknown", "ledger.hold_date", "ledger.hold_date"]


def test_a_hold_dated_ahead_runs_out_all_the_same_and_is_never_seen_below_zero(book: ExampleBook) -> None:
    book.accept(transfer(1, GAIN, CASH, 100))
    ahead = NOW.date() + timedelta(days=9)
    book.accept(hold(3, CASH, 50, day=ahead, until=UNTIL))

    (receipt,) = book.post(transfer(4, CASH, GAIN, 100, day=NOW.date()), now=UNTIL)

    assert codes([receipt]) == ["ok"]
    with book.database.reader() as session:
        known = reports.record_point(session, book.book_id).seq
        for day in (NOW.date(), ahead - timedelta(days=1), ahead, date.max):
            assert not holds_report.held_as_of(session, book.book_id, as_of=day, known=known)


def test_no_past_day_shows_less_than_a_floor_by_undoing(holding: ExampleBook) -> None:
    holding.post(used(41, BEFORE - timedelta(days=5)), draft(42, reverses=1, day=BEFORE - timedelta(days=5)))

    with holding.database.reader() as session:
        before = reports.balance_as_of(session, holding.book_id, CASH, as_of=BEFORE - timedelta(days=1))

    assert before.balance == 0
