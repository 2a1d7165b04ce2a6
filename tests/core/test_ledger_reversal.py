from __future__ import annotations

from collections.abc import Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.core.fold import Rejected, fold
from ledger.core.journal import JournalDraft, JournalEntry, Posting
from ledger.core.state import BookState
from tests.strategies import (
    CASH,
    FIFO,
    GAIN,
    NOW,
    POOL,
    REGISTRY,
    draft,
    empty_state,
    histories,
    purchase,
    sale,
    transfer,
    unreversed_histories,
)

_FUNDS = transfer(150, GAIN, CASH, 100_000)


def holdings(state: BookState) -> tuple[dict[int, int], dict[int, tuple[int, int]]]:
    """Return balances and open lots."""
    lots = {lot.lot_id: (lot.quantity, lot.cost) for of_account in state.lots.values() for lot in of_account.values()}
    return dict(state.posted), {lot_id: left for lot_id, left in lots.items() if left != (0, 0)}


def number_of(wish: JournalDraft) -> int:
    return wish.entry_id.int & 0xFFFF


def code_of(state: BookState, wish: JournalDraft) -> str | None:
    (outcome,) = fold(state, [wish], NOW)
    return outcome.refusal.code if isinstance(outcome, Rejected) else None


def accept(state: BookState, wishes: Sequence[JournalDraft]) -> None:
    assert [code_of(state, wish) for wish in wishes] == [None] * len(wishes)


@given(unreversed_histories())
def test_unwinding_a_history_backwards_passes_through_every_state_it_had(history: tuple[JournalDraft, ...]) -> None:
    state = empty_state()
    seen = []
    for wish in history:
        before = holdings(state)
        if code_of(state, wish) is None:
            seen.append((wish, before))

    for offset, (wish, before) in enumerate(reversed(seen)):
        undo = draft(100 + offset, day=wish.effective_on, reverses=number_of(wish))
        assert code_of(state, undo) is None
        assert holdings(state) == before


@given(histories(), st.integers(min_value=0))
def test_no_entry_is_reversed_twice(history: tuple[JournalDraft, ...], which: int) -> None:
    state = empty_state()
    entries = [outcome for outcome in fold(state, history, NOW) if isinstance(outcome, JournalEntry)]
    assume(entries)
    entry = entries[which % len(entries)].draft
    assume(code_of(state, draft(150, day=entry.effective_on, reverses=number_of(entry))) is None)

    again = code_of(state, draft(151, day=entry.effective_on, reverses=number_of(entry)))

    assert again == "ledger.already_reversed"


def test_a_reversal_is_not_itself_reversed() -> None:
    state = empty_state()
    accept(state, [_FUNDS, draft(1, reverses=150)])

    assert code_of(state, draft(2, reverses=1)) == "ledger.reversal_unknown"


def test_a_reversal_negates_each_leg_and_gives_lots_back_at_their_cost() -> None:
    state = empty_state()
    accept(state, [_FUNDS, purchase(1, 3, 1000)])
    (sold,) = fold(state, [sale(2, 2, 900)], NOW)

    (undone,) = fold(state, [draft(3, reverses=2)], NOW)

    assert isinstance(sold, JournalEntry)
    assert isinstance(undone, JournalEntry)
    assert undone.reverses_seq == sold.seq
    assert [(leg.account, -leg.amount) for leg in undone.legs] == [(leg.account, leg.amount) for leg in sold.legs]
    assert [(move.lot_id, move.quantity, move.cost) for move in undone.lot_moves] == [(2 * 1024 + 1, 2, 666)]


def test_a_purchase_whose_lot_was_partly_sold_is_not_reversed_before_the_sale() -> None:
    state = empty_state()
    accept(state, [_FUNDS, purchase(1, 3, 1000), sale(2, 1, 900)])

    assert code_of(state, draft(3, reverses=1)) == "ledger.acquired_used"
    accept(state, [draft(4, reverses=2), draft(5, reverses=1)])
    assert holdings(state)[1] == {}


def test_a_reversal_never_leaves_cost_without_tonnes_in_a_pool() -> None:
    state = empty_state()
    bought = [purchase(1, 10, 100, into=POOL), purchase(2, 10, 200, into=POOL)]
    accept(state, [_FUNDS, *bought, sale(3, 10, 500, out_of=POOL)])

    assert code_of(state, draft(4, reverses=1)) == "ledger.acquired_used"
    assert holdings(state)[1] == {2 * 1024 + 1: (10, 150)}


def test_an_entry_that_sold_of_its_own_lot_can_be_reversed() -> None:
    state = empty_state()
    legs = (Posting(FIFO, "CEA25", 5, lot_cost=0), Posting(FIFO, "CEA25", -5))
    moved = (Posting(REGISTRY, "CEA25", 1), Posting(REGISTRY, "CEA25", -1))
    accept(state, [draft(1, *legs, *moved)])

    assert code_of(state, draft(2, reverses=1)) is None
    assert holdings(state)[1] == {}


def test_lots_given_back_out_of_order_still_sell_for_their_whole_cost() -> None:
    state = empty_state()
    accept(state, [_FUNDS, purchase(1, 3, 1000), *(sale(number, 1, 400) for number in (2, 3, 4))])

    accept(state, [draft(5, reverses=2), draft(6, reverses=3), sale(7, 1, 400), sale(8, 1, 400)])

    assert holdings(state)[1] == {}


def test_an_emptied_pool_fills_again_after_its_first_purchase_was_reversed() -> None:
    state = empty_state()
    accept(state, [_FUNDS, purchase(1, 10, 100, into=POOL), draft(2, reverses=1), purchase(3, 4, 80, into=POOL)])

    assert holdings(state)[1] == {2 * 1024 + 1: (4, 80)}


def test_an_entry_of_the_same_batch_can_be_reversed() -> None:
    state = empty_state()

    outcomes = fold(state, [_FUNDS, purchase(1, 3, 1000), draft(2, reverses=1)], NOW)

    assert all(isinstance(outcome, JournalEntry) for outcome in outcomes)
    assert holdings(state)[1] == {}
