"""Serial blocks: cutting and joining ranges, and where units go in the fold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import Invalid
from ledger.core.fold import Rejected, fold
from ledger.core.journal import JournalDraft, Posting
from ledger.core.serials import SerialBlock, common, take_lowest, together, without
from ledger.core.state import BookState
from tests.strategies import (
    CASH,
    COST_LEGS,
    FIFO,
    GAIN,
    NOW,
    POOL,
    REGISTRY,
    draft,
    empty_state,
    entry_id,
    purchase,
    sale,
    transfer,
)

ranges = st.lists(st.sets(st.integers(0, 60), max_size=30), min_size=2, max_size=2)


def blocks_of(units: set[int]) -> tuple[SerialBlock, ...]:
    return together(SerialBlock("A-", unit, unit) for unit in units)


def units_of(blocks: tuple[SerialBlock, ...]) -> set[int]:
    return {unit for block in blocks for unit in range(block.first, block.last + 1)}


@given(sets=ranges, count=st.integers(0, 70))
def test_ranges_behave_as_the_sets_of_units_they_are(sets: list[set[int]], count: int) -> None:
    one, other = sets
    blocks, more = blocks_of(one), blocks_of(other)

    assert units_of(blocks) == one
    assert units_of(common(blocks, more)) == one & other
    assert sorted(units_of(take_lowest(blocks, count))) == sorted(one)[:count]
    left = without(blocks, more)
    assert (None if left is None else units_of(left)) == (one - other if other <= one else None)


def judged(state: BookState, *drafts: JournalDraft) -> list[str]:
    return [o.refusal.code if isinstance(o, Rejected) else "ok" for o in fold(state, drafts, NOW)]


def units(state: BookState, path: str = FIFO) -> set[int]:
    return {u for lot in state.lots.get(state.accounts[path].account_id, {}).values() for u in units_of(lot.serials)}


def block(first: int, last: int) -> tuple[SerialBlock, ...]:
    return (SerialBlock("A-", first, last),)


def named_sale(number: int, first: int, last: int) -> JournalDraft:
    tonnes = last - first + 1
    legs = (Posting(FIFO, "CEA25", -tonnes, serials=block(first, last)), Posting(REGISTRY, "CEA25", tonnes))
    return draft(number, *legs, cost_legs=COST_LEGS)


@pytest.fixture
def state() -> BookState:
    state = empty_state()
    drafts = (
        transfer(1, GAIN, CASH, 10_000),
        purchase(2, 10, 1_000, serials=block(1, 10)),
        purchase(3, 10, 2_000, serials=block(21, 30)),
    )
    assert judged(state, *drafts) == ["ok"] * 3
    return state


def test_a_sale_takes_the_lowest_units_of_the_lots_it_draws_on(state: BookState) -> None:
    assert judged(state, sale(4, 12, 1)) == ["ok"]

    assert units(state) == set(range(23, 31))


def test_named_units_are_sold_at_the_cost_of_their_lot(state: BookState) -> None:
    assert judged(state, named_sale(4, 25, 26)) == ["ok"]

    assert units(state) == set(range(1, 11)) | set(range(21, 31)) - {25, 26}
    assert sum(lot.cost for lot in state.lots[state.accounts[FIFO].account_id].values()) == 2_600


@pytest.mark.parametrize(("first", "last"), [(10, 11), (31, 31), (15, 16)])
def test_units_that_are_not_there_are_not_sold(state: BookState, first: int, last: int) -> None:
    assert judged(state, named_sale(4, first, last)) == ["ledger.serial_unknown"]


def test_a_unit_has_one_place_and_comes_back_once_it_has_left(state: BookState) -> None:
    assert judged(
        state, purchase(4, 2, 1, serials=block(10, 11)), named_sale(5, 10, 10), purchase(6, 2, 1, serials=block(10, 11))
    ) == ["ledger.serial_overlap", "ok", "ok"]


def test_units_elsewhere_in_the_book_are_seen(state: BookState) -> None:
    state.serials_elsewhere = block(90, 99)

    assert judged(state, purchase(4, 2, 1, serials=block(89, 90))) == ["ledger.serial_overlap"]


def test_carried_lots_keep_their_units(state: BookState) -> None:
    carried = draft(4, Posting(FIFO, "CEA25", -11), Posting(POOL, "CEA25", 11, is_carried=True))

    assert judged(state, carried) == ["ok"]

    assert units(state, POOL) == {*range(1, 11), 21}


def test_a_reversal_gives_back_the_very_units(state: BookState) -> None:
    before = units(state)
    state.wanted = frozenset({entry_id(4)})

    assert judged(state, named_sale(4, 25, 26), draft(5, reverses=4)) == ["ok", "ok"]

    assert units(state) == before


def test_a_reversed_sale_does_not_bring_back_units_that_came_again(state: BookState) -> None:
    state.wanted = frozenset({entry_id(4)})

    assert judged(state, named_sale(4, 25, 26), purchase(5, 2, 1, serials=block(25, 26)), draft(6, reverses=4)) == [
        "ok",
        "ok",
        "ledger.serial_overlap",
    ]


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        (block(1, 9), "ledger.serial_count"),
        ((*block(1, 5), *block(5, 9)), "ledger.serial_twice"),
        ((SerialBlock("A B", 1, 10),), "ledger.serial_block"),
        ((SerialBlock("A", -1, 8),), "ledger.serial_block"),
    ],
)
def test_malformed_blocks_are_no_draft(blocks: tuple[SerialBlock, ...], code: str) -> None:
    wish = purchase(4, 10, 1)

    with pytest.raises(Invalid) as refused:
        replace(wish, postings=(replace(wish.postings[0], serials=blocks), *wish.postings[1:]))

    assert refused.value.code == code
