"""Holds and encumbrances in the fold: what is set aside, who lets go, and what is refused first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.core.errors import Invalid
from ledger.core.fold import Rejected, fold
from ledger.core.holds import HoldKind, HoldState
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.core.state import BookState
from tests.strategies import (
    ACTOR,
    BENEFICIARY,
    CASH,
    COST_LEGS,
    FIFO,
    FIRST_DAY,
    GAIN,
    NOW,
    POOL,
    REGISTRY,
    capture,
    empty_state,
    entry_id,
    hold,
    purchase,
    release,
    sale,
    transfer,
)


def judged(state: BookState, *drafts: JournalDraft) -> list[str]:
    return [o.refusal.code if isinstance(o, Rejected) else "ok" for o in fold(state, drafts, NOW)]


def held(state: BookState, path: str) -> int:
    return state.held[state.accounts[path].account_id]


@pytest.fixture
def state() -> BookState:
    """Two lots of 10 tonnes each and 10,000 fen in the bank."""
    state = empty_state()
    assert judged(state, transfer(1, GAIN, CASH, 10_000), purchase(2, 10, 1_000), purchase(3, 10, 2_000)) == ["ok"] * 3
    return state


def test_what_is_held_is_not_sold(state: BookState) -> None:
    assert judged(state, hold(4, FIFO, 15), sale(5, 6, 1), sale(6, 5, 1)) == [
        "ok",
        "ledger.insufficient_available",
        "ok",
    ]

    assert held(state, FIFO) == 15


def test_holds_together_never_exceed_what_is_there(state: BookState) -> None:
    assert judged(state, hold(4, FIFO, 15), hold(5, FIFO, 6), hold(6, FIFO, 5)) == [
        "ok",
        "ledger.insufficient_available",
        "ok",
    ]


def test_a_hold_does_not_draw_on_an_overdraft(state: BookState) -> None:
    cash = state.posted[state.accounts[CASH].account_id]

    assert judged(state, hold(4, CASH, cash + 1), hold(5, CASH, cash)) == ["ledger.insufficient_available", "ok"]


def test_a_hold_without_amount_takes_all_that_is_available(state: BookState) -> None:
    assert judged(state, hold(4, FIFO, 3), hold(5, FIFO, None), hold(6, FIFO, None)) == [
        "ok",
        "ok",
        "ledger.insufficient_available",
    ]

    assert state.holds[entry_id(5)].amount == 17


def test_a_captured_part_is_sold_and_the_rest_stays_held(state: BookState) -> None:
    legs = (Posting(FIFO, "CEA25", -4), Posting(REGISTRY, "CEA25", 4), Posting(CASH, "CNY", 800))

    assert judged(state, hold(4, FIFO, 10), capture(5, 4, 4, *legs, cost_legs=COST_LEGS)) == ["ok", "ok"]

    assert held(state, FIFO) == 6
    assert state.holds[entry_id(4)].parts[0].captured == 4


@pytest.mark.parametrize(
    ("legs", "amount", "code"),
    [
        ((Posting(FIFO, "CEA25", -4), Posting(REGISTRY, "CEA25", 4)), 11, "ledger.hold_exceeded"),
        ((Posting(FIFO, "CEA25", -4), Posting(REGISTRY, "CEA25", 4)), 5, "ledger.hold_capture"),
        ((Posting(POOL, "CEA25", -5), Posting(REGISTRY, "CEA25", 5)), 5, "ledger.hold_capture"),
    ],
)
def test_a_capture_credits_the_held_account_by_what_it_captures(
    state: BookState, legs: tuple[Posting, ...], amount: int, code: str
) -> None:
    assert judged(state, hold(4, FIFO, 10), capture(5, 4, amount, *legs)) == ["ok", code]

    assert held(state, FIFO) == 10


def test_a_hold_that_has_ended_takes_nothing_more(state: BookState) -> None:
    assert judged(state, hold(4, FIFO, 10), release(5, 4), release(6, 4), release(7, 99)) == [
        "ok",
        "ok",
        "ledger.hold_ended",
        "ledger.hold_unknown",
    ]

    assert state.holds[entry_id(4)].state is HoldState.RELEASED


def test_only_the_beneficiary_or_an_enforcing_role_lets_go_of_a_pledge(state: BookState) -> None:
    pledge = hold(4, FIFO, 10, kind=HoldKind.PLEDGE)

    assert judged(
        state, pledge, release(5, 4, 1), release(6, 4, 2, actor=BENEFICIARY), release(7, 4, 3, is_enforced=True)
    ) == ["ok", "ledger.hold_not_yours", "ok", "ok"]

    assert held(state, FIFO) == 5


def test_held_lots_are_not_drawn_on_and_a_capture_takes_just_them(state: BookState) -> None:
    second = 1024 * 3 + 1
    legs = (Posting(FIFO, "CEA25", -6), Posting(REGISTRY, "CEA25", 6))

    assert judged(
        state,
        hold(4, FIFO, 8, lots=((second, 8),)),
        sale(5, 13, 1),
        sale(6, 12, 1),
        capture(7, 4, 6, *legs, cost_legs=COST_LEGS),
    ) == ["ok", "ledger.insufficient_available", "ok", "ok"]

    lot = state.lots[state.accounts[FIFO].account_id][second]
    assert (lot.quantity, lot.held) == (2, 2)


def test_lots_that_are_not_there_or_held_already_are_not_held(state: BookState) -> None:
    second = 1024 * 3 + 1

    assert judged(
        state,
        hold(4, FIFO, 1, lots=((77, 1),)),
        hold(5, FIFO, 11, lots=((second, 11),)),
        hold(6, FIFO, 10, lots=((second, 10),)),
        hold(7, FIFO, 1, lots=((second, 1),)),
        hold(8, CASH, 1, lots=((second, 1),)),
    ) == [
        "ledger.lot_unknown",
        "ledger.insufficient_available",
        "ok",
        "ledger.insufficient_available",
        "ledger.lot_cost_unexpected",
    ]


def test_a_hold_is_gone_at_the_instant_it_expires(state: BookState) -> None:
    over = NOW + timedelta(seconds=1)
    fold(state, [hold(4, FIFO, 10, until=over)], NOW)

    (outcome,) = fold(state, [release(5, 4)], over)

    assert isinstance(outcome, Rejected)
    assert outcome.refusal.code == "ledger.hold_expired"


def test_a_hold_that_would_be_over_at_once_is_refused(state: BookState) -> None:
    assert judged(state, hold(4, FIFO, 1, until=NOW)) == ["ledger.hold_expires_past"]


def test_a_hold_is_released_not_reversed() -> None:
    state = empty_state()
    state.wanted = frozenset({entry_id(2)})
    reversal = JournalDraft(
        entry_id=entry_id(3), kind=EntryKind.REVERSAL, effective_on=FIRST_DAY, actor=ACTOR, reverses=entry_id(2)
    )

    assert judged(state, transfer(1, GAIN, CASH, 10), hold(2, CASH, 5), reversal) == [
        "ok",
        "ok",
        "ledger.reversal_of_hold",
    ]


@pytest.mark.parametrize(
    ("amount", "lots", "code"),
    [
        (0, (), "ledger.hold_amount"),
        (5, ((1, 4),), "ledger.hold_lots"),
        (4, ((1, 2), (1, 2)), "ledger.hold_lots"),
    ],
)
def test_a_malformed_hold_is_no_draft(amount: int, lots: tuple[tuple[int, int], ...], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        hold(1, FIFO, amount, lots=lots)

    assert refused.value.code == code
