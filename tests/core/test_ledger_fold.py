from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given

from ledger.core.amounts import MAX_UNITS
from ledger.core.fold import Rejected, fold
from ledger.core.journal import CostLegs, JournalDraft, JournalEntry, LotMove, Posting
from ledger.core.state import BookState
from tests.strategies import (
    CASH,
    COST_LEGS,
    CREDIT_LINE,
    FIFO,
    FIRST_DAY,
    GAIN,
    INVENTORY,
    LOSS,
    NOW,
    POOL,
    REGISTRY,
    STEPS,
    STEPS_REGISTRY,
    draft,
    empty_state,
    histories,
    purchase,
    sale,
    transfer,
)


def accept(state: BookState, *wishes: JournalDraft) -> list[JournalEntry]:
    outcomes = fold(state, wishes, NOW)
    entries = [outcome for outcome in outcomes if isinstance(outcome, JournalEntry)]
    assert len(entries) == len(wishes), [o.refusal.code for o in outcomes if isinstance(o, Rejected)]
    return entries


def refuse(state: BookState, wish: JournalDraft) -> str:
    before = deepcopy(state)
    (outcome,) = fold(state, [wish], NOW)
    assert isinstance(outcome, Rejected)
    assert state == before
    return outcome.refusal.code


@given(histories())
def test_every_accepted_entry_sums_to_zero_per_commodity(history: tuple[JournalDraft, ...]) -> None:
    for outcome in fold(empty_state(), history, NOW):
        if isinstance(outcome, JournalEntry):
            sums: Counter[str] = Counter()
            for leg in outcome.legs:
                sums[leg.commodity] += leg.amount
            assert not any(sums.values())
            assert len(outcome.legs) >= 2
            assert all(leg.amount for leg in outcome.legs)


@given(histories())
def test_a_refused_draft_leaves_no_trace_in_the_state(history: tuple[JournalDraft, ...]) -> None:
    state = empty_state()
    for wish in history:
        before = deepcopy(state)

        (outcome,) = fold(state, [wish], NOW)

        assert (state == before) is isinstance(outcome, Rejected)


@given(histories())
def test_a_batch_is_what_its_drafts_are_one_after_another(history: tuple[JournalDraft, ...]) -> None:
    one_by_one, at_once = empty_state(), empty_state()

    singles = [fold(one_by_one, [wish], NOW)[0] for wish in history]
    together = fold(at_once, history, NOW)

    assert [_seen(outcome) for outcome in singles] == [_seen(outcome) for outcome in together]
    assert one_by_one == at_once


def _seen(outcome: JournalEntry | Rejected) -> object:
    return outcome if isinstance(outcome, JournalEntry) else (outcome.draft, outcome.refusal.code, outcome.refusal.data)


@given(histories())
def test_places_are_dense_and_times_strictly_increase(history: tuple[JournalDraft, ...]) -> None:
    state = empty_state()
    began = state.last_recorded_at

    entries = [outcome for outcome in fold(state, history, NOW) if isinstance(outcome, JournalEntry)]

    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    times = [began, *(entry.recorded_at for entry in entries)]
    assert all(earlier < later for earlier, later in pairwise(times))


def test_a_clock_that_goes_back_does_not_take_the_book_along() -> None:
    state = replace(empty_state(), last_recorded_at=NOW + timedelta(hours=1))

    (entry,) = fold(state, [transfer(1, GAIN, CASH, 5)], NOW)

    assert isinstance(entry, JournalEntry)
    assert entry.recorded_at == NOW + timedelta(hours=1, microseconds=1)


@given(histories())
def test_balances_are_the_postings_and_no_limit_is_ever_crossed(history: tuple[JournalDraft, ...]) -> None:
    state = empty_state()
    sums = dict.fromkeys(state.posted, 0)
    sides = {account.account_id: account.normal_side for account in state.accounts.values()}
    for wish in history:
        for outcome in fold(state, [wish], NOW):
            if isinstance(outcome, JournalEntry):
                for leg in outcome.legs:
                    sums[leg.account_id] += leg.amount * sides[leg.account_id]

        assert state.posted == sums
        for account in state.accounts.values():
            assert account.floor is None or sums[account.account_id] >= account.floor
            assert account.ceiling is None or sums[account.account_id] <= account.ceiling


@given(histories())
def test_lots_in_less_lots_out_are_the_position_and_never_negative(history: tuple[JournalDraft, ...]) -> None:
    state = empty_state()
    quantity: Counter[int] = Counter()
    cost: Counter[int] = Counter()
    for outcome in fold(state, history, NOW):
        if isinstance(outcome, JournalEntry):
            for move in outcome.lot_moves:
                quantity[move.lot_id] += move.quantity
                cost[move.lot_id] += move.cost

    keepers = [account for account in state.accounts.values() if account.lot_method is not None]
    for account in keepers:
        lots = state.lots.get(account.account_id, {})
        assert sum(lot.quantity for lot in lots.values()) == state.posted[account.account_id]
        for lot_id, lot in lots.items():
            assert (lot.quantity, lot.cost) == (quantity[lot_id], cost[lot_id])
            assert lot.quantity >= 0
            assert lot.cost >= 0
            assert lot.quantity > 0 or lot.cost == 0
    assert sum(len(state.lots.get(account.account_id, {})) for account in keepers) == len(quantity)


def test_a_sale_books_cost_and_gain_so_that_money_closes() -> None:
    state = empty_state()
    accept(state, transfer(1, GAIN, CASH, 100_000), purchase(2, 3, 1000))

    (entry,) = accept(state, sale(3, 2, 900))

    assert [(leg.account, leg.amount) for leg in entry.legs] == [
        (FIFO, -2),
        (REGISTRY, 2),
        (CASH, 900),
        (INVENTORY, -666),
        (GAIN, -234),
    ]
    assert entry.lot_moves == (LotMove(1, 2 * 1024 + 1, -2, -666),)


def test_a_sale_below_cost_books_a_loss_as_a_debit() -> None:
    state = empty_state()
    accept(state, transfer(1, GAIN, CASH, 100_000), purchase(2, 3, 1000))

    (entry,) = accept(state, sale(3, 3, 400))

    assert [(leg.account, leg.amount) for leg in entry.legs[2:]] == [(CASH, 400), (INVENTORY, -1000), (LOSS, 600)]


def test_a_sale_of_free_allowances_is_all_gain_and_a_surrender_of_them_has_no_money() -> None:
    state = empty_state()
    accept(state, purchase(1, 10, 0))

    sold, surrendered = accept(state, sale(2, 4, 300), sale(3, 6, 0))

    assert [(leg.account, leg.amount) for leg in sold.legs[2:]] == [(CASH, 300), (GAIN, -300)]
    assert [leg.commodity for leg in surrendered.legs] == ["CEA25", "CEA25"]


def test_an_entry_may_sell_of_the_lot_that_it_acquires() -> None:
    state = empty_state()
    legs = (Posting(FIFO, "CEA25", 5, lot_cost=0), Posting(FIFO, "CEA25", -2), Posting(REGISTRY, "CEA25", -3))

    (entry,) = accept(state, draft(1, *legs))

    assert entry.lot_moves == (LotMove(1, 1025, 5, 0), LotMove(2, 1025, -2, 0))


def test_given_lots_are_relieved_and_the_others_stay() -> None:
    state = empty_state()
    accept(state, transfer(1, GAIN, CASH, 100_000), purchase(2, 5, 500), purchase(3, 5, 900))

    (entry,) = accept(state, sale(4, 5, 1000, picks=((3 * 1024 + 1, 5),)))

    assert entry.lot_moves == (LotMove(1, 3 * 1024 + 1, -5, -900),)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (draft(9, Posting("Assets:Nowhere", "CNY", 1), Posting(CASH, "CNY", -1)), "ledger.account_unknown"),
        (draft(9, Posting(CASH, "CEA25", 1), Posting(REGISTRY, "CEA25", -1)), "ledger.commodity_mismatch"),
        (transfer(9, GAIN, CASH, 1, day=FIRST_DAY - timedelta(days=1)), "ledger.account_not_open"),
        (transfer(9, GAIN, CASH, 1, day=date(2025, 6, 30)), "ledger.period_closed"),
        (transfer(9, STEPS_REGISTRY, STEPS, 15, day=date(2025, 7, 1)), "ledger.amount_step"),
        (draft(9, Posting(CASH, "CNY", 2), Posting(GAIN, "CNY", -1), day=date(2025, 7, 1)), "ledger.entry_unbalanced"),
        (transfer(9, CASH, GAIN, 5_001, day=date(2025, 7, 1)), "ledger.insufficient_available"),
        (transfer(9, CREDIT_LINE, CASH, 3_001, day=date(2025, 7, 1)), "ledger.ceiling_exceeded"),
        (sale(9, 1, 10, day=date(2025, 7, 1)), "ledger.insufficient_available"),
        (draft(9, reverses=8, day=date(2025, 7, 1)), "ledger.reversal_unknown"),
        (
            draft(9, Posting(FIFO, "CEA25", 1), Posting(REGISTRY, "CEA25", -1), day=date(2025, 7, 1)),
            "ledger.lot_cost_missing",
        ),
        (
            draft(9, Posting(CASH, "CNY", 1, lot_cost=1), Posting(GAIN, "CNY", -1), day=date(2025, 7, 1)),
            "ledger.lot_cost_unexpected",
        ),
        (
            draft(9, Posting(CASH, "CNY", 1), Posting(GAIN, "CNY", -1, lots=((5, 1),)), day=date(2025, 7, 1)),
            "ledger.lot_cost_unexpected",
        ),
    ],
)
def test_each_refusal_has_its_own_code(wish: JournalDraft, code: str) -> None:
    state = replace(empty_state(), locked_through=date(2025, 6, 30))

    assert refuse(state, wish) == code


def test_a_limit_is_met_exactly_and_not_crossed_by_one() -> None:
    state = empty_state()

    assert refuse(state, transfer(1, CASH, GAIN, 5_001)) == "ledger.insufficient_available"
    accept(state, transfer(2, CASH, GAIN, 5_000), transfer(3, CREDIT_LINE, CASH, 3_000))
    assert refuse(state, transfer(4, CREDIT_LINE, CASH, 1)) == "ledger.ceiling_exceeded"


def test_what_is_held_is_not_available() -> None:
    state = empty_state()
    accept(state, transfer(1, STEPS_REGISTRY, STEPS, 30))
    state.held[state.accounts[STEPS].account_id] = 20

    assert refuse(state, transfer(2, STEPS, STEPS_REGISTRY, 20)) == "ledger.insufficient_available"
    accept(state, transfer(3, STEPS, STEPS_REGISTRY, 10))


def test_a_limit_holds_for_the_entry_as_a_whole_not_leg_by_leg() -> None:
    state = empty_state()
    legs = (Posting(CASH, "CNY", -6_000), Posting(CASH, "CNY", 2_000), Posting(LOSS, "CNY", 4_000))

    accept(state, draft(1, *legs))

    assert state.posted[state.accounts[CASH].account_id] == -4_000


def test_a_balance_beyond_what_the_database_can_add_is_refused_not_a_crash() -> None:
    state = empty_state()
    legs = [leg for _ in range(499) for leg in (Posting(LOSS, "CNY", MAX_UNITS), Posting(GAIN, "CNY", -MAX_UNITS))]
    accept(state, draft(1, *legs), draft(2, *legs))

    assert refuse(state, draft(3, *legs)) == "ledger.amount_range"


def test_a_pool_beyond_what_the_database_can_add_is_refused_not_a_crash() -> None:
    state = empty_state()
    legs = [Posting(POOL, "CEA25", 1, lot_cost=MAX_UNITS), Posting(REGISTRY, "CEA25", -1)] * 499
    accept(state, draft(1, *legs), draft(2, *legs))

    assert refuse(state, draft(3, *legs)) == "ledger.amount_range"


def test_cost_legs_do_not_go_to_an_account_that_keeps_lots() -> None:
    state = empty_state()
    accounts = dict(state.accounts)
    accounts[LOSS] = accounts[LOSS]._replace(lot_method=accounts[FIFO].lot_method)
    state = replace(state, accounts=accounts)
    accept(state, transfer(1, GAIN, CASH, 1_000), purchase(2, 3, 1000))

    assert refuse(state, sale(3, 3, 400)) == "ledger.cost_account"


def test_cost_legs_meet_the_same_checks_as_legs_asked_for() -> None:
    state = empty_state()
    accept(state, transfer(1, GAIN, CASH, 1_000), purchase(2, 3, 1000))
    legs = (Posting(FIFO, "CEA25", -1), Posting(REGISTRY, "CEA25", 1))
    nowhere = CostLegs(cost_account="Assets:Nowhere", gain_account=GAIN, loss_account=LOSS)
    tonnes = CostLegs(cost_account=REGISTRY, gain_account=GAIN, loss_account=LOSS)

    assert refuse(state, draft(3, *legs, cost_legs=nowhere)) == "ledger.account_unknown"
    assert refuse(state, draft(3, *legs, cost_legs=tonnes)) == "ledger.commodity_mismatch"


def test_an_account_takes_nothing_from_its_closing_day_on() -> None:
    state = empty_state()
    accounts = dict(state.accounts)
    accounts[CASH] = accounts[CASH]._replace(closed_on=date(2025, 3, 1))
    state = replace(state, accounts=accounts)

    accept(state, transfer(1, GAIN, CASH, 1, day=date(2025, 2, 28)))
    assert refuse(state, transfer(2, GAIN, CASH, 1, day=date(2025, 3, 1))) == "ledger.account_not_open"


def test_a_single_leg_with_nothing_to_relieve_is_malformed() -> None:
    state = empty_state()

    assert refuse(state, draft(1, Posting(REGISTRY, "CEA25", 1), cost_legs=COST_LEGS)) == "ledger.entry_legs"
