"""Linked groups, lots carried inside a book, and the methods that choose lots."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.accounts import LotMethod
from ledger.core.fold import Outcome, Rejected, fold
from ledger.core.journal import EntryKind, JournalDraft, JournalEntry, LotMove, Posting
from ledger.core.lots import cost_of_parts
from ledger.core.state import BookState
from tests.strategies import (
    CASH,
    FIFO,
    GAIN,
    NOW,
    POOL,
    draft,
    empty_state,
    histories,
    hold,
    purchase,
    release,
    sale,
    transfer,
)

LINK = UUID(int=77)


def linked(*drafts: JournalDraft) -> list[JournalDraft]:
    return [replace(each, link=LINK) for each in drafts]


def codes(outcomes: list[Outcome]) -> list[str]:
    return [o.refusal.code if isinstance(o, Rejected) else "ok" for o in outcomes]


def carried(number: int, tonnes: int, *, out_of: str = FIFO, into: str = POOL) -> JournalDraft:
    return draft(
        number,
        Posting(out_of, "CEA25", -tonnes),
        Posting(into, "CEA25", tonnes, is_carried=True),
        kind=EntryKind.TRANSFER,
    )


@pytest.fixture
def state() -> BookState:
    state = empty_state()
    fold(state, [transfer(1, GAIN, CASH, 10_000), purchase(2, 3, 1_000), purchase(3, 10, 2_000)], NOW)
    return state


def test_a_group_is_recorded_whole(state: BookState) -> None:
    assert codes(fold(state, linked(sale(4, 1, 1), sale(5, 2, 1)), NOW)) == ["ok", "ok"]


def test_a_refused_member_refuses_its_group_and_nothing_else(state: BookState) -> None:
    untouched = deepcopy(state)
    group = linked(sale(4, 1, 1), hold(5, FIFO, 2), release(6, 5), sale(7, 50, 1), sale(8, 1, 1))

    assert codes(fold(state, group, NOW)) == [
        "ledger.linked_refused",
        "ledger.linked_refused",
        "ledger.linked_refused",
        "ledger.insufficient_available",
        "ledger.linked_refused",
    ]

    assert state == untouched


@given(history=histories(max_size=12), spoiled=st.booleans())
def test_any_group_is_all_or_nothing(history: tuple[JournalDraft, ...], *, spoiled: bool) -> None:
    state = empty_state()
    group = linked(*history, *([sale(900, 10**9, 1)] if spoiled else []))
    before = deepcopy(state)

    answers = codes(fold(state, group, NOW))

    if set(answers) != {"ok"}:
        assert answers.count("ledger.linked_refused") == len(answers) - 1 or len(answers) == 1
        assert (state.posted, state.held, state.next_seq) == (before.posted, before.held, before.next_seq)
        assert {k: v for k, v in state.lots.items() if v} == before.lots


def test_lots_are_carried_with_their_cost_and_day(state: BookState) -> None:
    (entry,) = fold(state, [carried(4, 5)], NOW)

    assert isinstance(entry, JournalEntry)
    assert [move.cost for move in entry.lot_moves if move.quantity < 0] == [-1_000, -400]
    pool = next(iter(state.lots[state.accounts[POOL].account_id].values()))
    assert (pool.quantity, pool.cost) == (5, 1_400)


def test_a_carried_debit_gets_one_leg_a_lot_so_that_each_keeps_its_day() -> None:
    state = empty_state()
    other = "Assets:Carbon:CEA25:Other"
    first = state.accounts[FIFO]
    state.accounts = {**state.accounts, other: first._replace(account_id=99, path=other)}
    state.posted[99] = state.held[99] = 0
    fold(state, [transfer(1, GAIN, CASH, 10_000), purchase(2, 3, 1_000), purchase(3, 10, 2_000)], NOW)

    (entry,) = fold(state, [carried(4, 5, into=other)], NOW)

    assert isinstance(entry, JournalEntry)
    assert [leg.amount for leg in entry.legs] == [-5, 3, 2]
    assert entry.lot_moves == (
        LotMove(1, 2 * 1024 + 1, -3, -1_000),
        LotMove(1, 3 * 1024 + 1, -2, -400),
        LotMove(2, 4 * 1024 + 2, 3, 1_000),
        LotMove(3, 4 * 1024 + 3, 2, 400),
    )
    assert [lot.origin_lot_id for lot in entry.lots] == [2 * 1024 + 1, 3 * 1024 + 1]


def test_what_is_carried_leaves_and_arrives_in_the_same_quantity(state: BookState) -> None:
    uneven = draft(
        4,
        Posting(FIFO, "CEA25", -5),
        Posting(POOL, "CEA25", 4, is_carried=True),
        Posting("Equity:Registry:CEA25", "CEA25", 1),
        kind=EntryKind.TRANSFER,
    )

    assert codes(fold(state, [uneven], NOW)) == ["ledger.carry_mismatch"]


@pytest.mark.parametrize(
    ("method", "picks", "expected"),
    [
        (LotMethod.LIFO, (), [(3 * 1024 + 1, -4, -800)]),
        (LotMethod.SPECIFIC, ((3 * 1024 + 1, 4),), [(3 * 1024 + 1, -4, -800)]),
        (LotMethod.SPECIFIC, (), "ledger.lot_pick"),
    ],
)
def test_an_account_is_relieved_by_its_method(
    state: BookState, method: LotMethod, picks: tuple[tuple[int, int], ...], expected: object
) -> None:
    state.accounts = {**state.accounts, FIFO: state.accounts[FIFO]._replace(lot_method=method)}

    (outcome,) = fold(state, [sale(4, 4, 1, picks=picks)], NOW)

    if isinstance(outcome, Rejected):
        assert outcome.refusal.code == expected
    else:
        assert [(m.lot_id, m.quantity, m.cost) for m in outcome.lot_moves] == expected


@given(cost=st.integers(0, 10**12), parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=9))
def test_parts_of_a_cost_sum_to_it(cost: int, parts: list[int]) -> None:
    shares = cost_of_parts(cost, sum(parts), parts)

    assert sum(shares) == cost
    assert min(shares) >= 0
