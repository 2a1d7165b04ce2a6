"""No lot is drawn on or set aside before the day it was acquired, by whichever way it is found; a pool has no such day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ledger.core.fold import Rejected, fold
from ledger.core.journal import JournalDraft, JournalEntry, Posting
from ledger.core.serials import SerialBlock
from ledger.core.state import BookState
from tests.strategies import (
    FIFO,
    FIRST_DAY,
    LIFO,
    NOW,
    OLD,
    OLD_REGISTRY,
    PICKED,
    POOL,
    REGISTRY,
    WIDE_OPENINGS,
    draft,
    empty_state,
    hold,
    purchase,
    sale,
)

LATER = FIRST_DAY + timedelta(days=10)
BETWEEN = FIRST_DAY + timedelta(days=9)


def book(account: str) -> tuple[BookState, int, int]:
    """Return a book with ten tonnes of the first day and ten of ten days later on ``account``, and both lots' numbers."""
    state = empty_state(WIDE_OPENINGS)
    first, second = (
        purchase(number, 10, 100, into=account, day=day, serials=(SerialBlock("A-", number * 100, number * 100 + 9),))
        for number, day in ((1, FIRST_DAY), (2, LATER))
    )
    lots = []
    for outcome in fold(state, [first, second], NOW):
        assert isinstance(outcome, JournalEntry)
        lots.append(outcome.lot_moves[0].lot_id)
    return state, lots[0], lots[1]


def code(state: BookState, wish: JournalDraft) -> str:
    (outcome,) = fold(state, [wish], NOW)
    return outcome.refusal.code if isinstance(outcome, Rejected) else "ok"


def test_a_sale_that_reaches_into_a_lot_of_a_later_day_is_refused_and_names_lot_and_day() -> None:
    state, _, second = book(FIFO)

    (outcome,) = fold(state, [sale(3, 11, 0, day=BETWEEN)], NOW)

    assert isinstance(outcome, Rejected)
    assert outcome.refusal.code == "ledger.lot_date"
    assert outcome.refusal.data["lot_id"] == str(second)
    assert outcome.refusal.data["acquired_on"] == LATER.isoformat()


@pytest.mark.parametrize(("tonnes", "day"), [(10, BETWEEN), (11, LATER)])
def test_what_was_there_on_the_day_can_be_sold(tonnes: int, day: date) -> None:
    state, _, _ = book(FIFO)

    assert code(state, sale(3, tonnes, 0, day=day)) == "ok"


def test_last_in_first_out_does_not_reach_back_before_its_last_lot() -> None:
    state, _, _ = book(LIFO)

    assert code(state, sale(3, 1, 0, out_of=LIFO, day=BETWEEN)) == "ledger.lot_date"


def test_a_named_lot_counts_by_its_own_day() -> None:
    state, first, second = book(PICKED)

    assert code(state, sale(3, 1, 0, out_of=PICKED, day=BETWEEN, picks=((second, 1),))) == "ledger.lot_date"
    assert code(state, sale(4, 1, 0, out_of=PICKED, day=BETWEEN, picks=((first, 1),))) == "ok"


def test_units_named_by_serial_number_count_by_the_day_of_their_lot() -> None:
    state, _, _ = book(FIFO)
    legs = [
        Posting(FIFO, "CEA25", -1, serials=(SerialBlock("A-", 200, 200),)),
        Posting(REGISTRY, "CEA25", 1),
    ]

    assert code(state, draft(3, *legs, day=BETWEEN)) == "ledger.lot_date"
    assert code(state, draft(4, *legs, day=LATER)) == "ok"


def test_lots_are_not_carried_over_before_they_came() -> None:
    state, _, _ = book(OLD)
    legs = [
        Posting(OLD, "CEA24", -11),
        Posting(OLD_REGISTRY, "CEA24", 11),
        Posting(FIFO, "CEA25", 11, is_carried=True),
        Posting(REGISTRY, "CEA25", -11),
    ]

    assert code(state, draft(3, *legs, day=BETWEEN)) == "ledger.lot_date"
    assert code(state, draft(4, *legs, day=LATER)) == "ok"


def test_a_lot_is_not_pledged_before_it_came() -> None:
    state, _, second = book(FIFO)

    assert code(state, hold(3, FIFO, 1, lots=((second, 1),), day=BETWEEN)) == "ledger.lot_date"
    assert code(state, hold(4, FIFO, 1, lots=((second, 1),), day=LATER)) == "ok"


def test_a_pool_is_drawn_on_at_any_day_it_is_open() -> None:
    state, _, _ = book(POOL)

    assert code(state, sale(3, 11, 0, out_of=POOL, day=BETWEEN)) == "ok"


def test_too_little_is_told_before_too_early() -> None:
    state, _, _ = book(FIFO)

    assert code(state, sale(3, 21, 0, day=BETWEEN)) == "ledger.insufficient_available"
