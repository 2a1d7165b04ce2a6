"""Of two rules broken at once, the one that comes first in the fold's documented order is the refusal's code.

Each fault below breaks one rule and no other; a draft with two of them is refused with the code of the earlier.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import combinations

import pytest

from ledger.core.accounts import LotMethod
from ledger.core.fold import Rejected, fold
from ledger.core.holds import HoldCapture, HoldKind, HoldState
from ledger.core.journal import CostLegs, EntryKind, JournalDraft, Posting
from ledger.core.state import MAX_SUM, BookState, ReversibleEntry
from tests.strategies import (
    ACTOR,
    BENEFICIARY,
    CASH,
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
    entry_id,
    hold,
    purchase,
    sale,
)

LATE = "Expenses:Late"
LOTTED = "Expenses:Lotted"
FULL = "Expenses:Full"
NOWHERE = "Assets:Nowhere"


def book() -> BookState:
    """Return a book with 10 free tonnes, a pledge of 4 of them, and an account for each kind of trouble."""
    state = empty_state()
    accounts = dict(state.accounts)
    for number, path in enumerate((LATE, LOTTED, FULL), start=50):
        accounts[path] = accounts[LOSS]._replace(account_id=number, path=path)
        state.posted[number] = state.held[number] = 0
    accounts[LATE] = accounts[LATE]._replace(opened_on=date(2030, 1, 1))
    accounts[LOTTED] = accounts[LOTTED]._replace(lot_method=LotMethod.FIFO)
    state.accounts = accounts
    state.posted[accounts[FULL].account_id] = MAX_SUM
    placed = [purchase(1, 10, 0), hold(2, FIFO, 4, kind=HoldKind.PLEDGE)]
    assert not [each for each in fold(state, placed, NOW) if isinstance(each, Rejected)]
    return state


@dataclass(slots=True)
class Asked:
    """A draft on its way, and the book that is to judge it."""

    state: BookState = field(default_factory=book)
    legs: list[Posting] = field(default_factory=lambda: [Posting(GAIN, "CNY", 1), Posting(LOSS, "CNY", -1)])
    costs: CostLegs | None = None

    def code(self) -> str:
        return refused(self.state, draft(9, *self.legs, cost_legs=self.costs))

    def add(self, *legs: Posting) -> None:
        self.legs += legs


def refused(state: BookState, wish: JournalDraft) -> str:
    (outcome,) = fold(state, [wish], NOW)
    return outcome.refusal.code if isinstance(outcome, Rejected) else "ok"


def _costs(gain: str) -> Callable[[Asked], None]:
    """Return a fault in which a gain of one fen goes to ``gain``."""

    def spoil(asked: Asked) -> None:
        asked.costs = CostLegs(cost_account=INVENTORY, gain_account=gain, loss_account=gain)
        asked.add(Posting(CASH, "CNY", 1))

    return spoil


def _close(asked: Asked) -> None:
    asked.state.locked_through = FIRST_DAY


def _close_softly(asked: Asked) -> None:
    asked.state.soft_locked_through = FIRST_DAY


def _legs(*legs: Posting) -> Callable[[Asked], None]:
    return lambda asked: asked.add(*legs)


Fault = tuple[str, str, Callable[[Asked], None]]
"""(name, code, what spoils a draft)"""

_PASSING: tuple[Fault, ...] = (
    ("unknown account", "ledger.account_unknown", _legs(Posting(NOWHERE, "CNY", 1), Posting(LOSS, "CNY", -1))),
    (
        "other commodity",
        "ledger.commodity_mismatch",
        _legs(Posting(LOSS, "EUA", 10), Posting(STEPS_REGISTRY, "EUA", -10)),
    ),
    ("not open", "ledger.account_not_open", _legs(Posting(LATE, "CNY", 1), Posting(LOSS, "CNY", -1))),
    ("closed", "ledger.period_closed", _close),
    ("softly closed", "ledger.period_soft_closed", _close_softly),
    ("half a step", "ledger.amount_step", _legs(Posting(STEPS, "EUA", 5), Posting(STEPS_REGISTRY, "EUA", -5))),
    (
        "lots where none",
        "ledger.lot_cost_unexpected",
        _legs(Posting(LOSS, "CNY", 1), Posting(GAIN, "CNY", -1, lots=((7, 1),))),
    ),
)
_COST_MISSING: Fault = (
    "no lot cost",
    "ledger.lot_cost_missing",
    _legs(Posting(POOL, "CEA25", 1), Posting(REGISTRY, "CEA25", -1)),
)
_LOTS_SHORT: Fault = (
    "lots short",
    "ledger.insufficient_available",
    _legs(Posting(FIFO, "CEA25", -99), Posting(REGISTRY, "CEA25", 99)),
)
_COSTS: tuple[Fault, ...] = (
    ("cost leg unknown", "ledger.account_unknown", _costs("Income:Nowhere")),
    ("cost leg of other commodity", "ledger.commodity_mismatch", _costs(STEPS_REGISTRY)),
    ("cost leg not open", "ledger.account_not_open", _costs(LATE)),
    ("cost leg with lots", "ledger.cost_account", _costs(LOTTED)),
)
_LAST: tuple[Fault, ...] = (
    ("unbalanced", "ledger.entry_unbalanced", _legs(Posting(REGISTRY, "CEA25", 1))),
    ("beyond range", "ledger.amount_range", _legs(Posting(FULL, "CNY", 1), Posting(GAIN, "CNY", -1))),
    ("below floor", "ledger.insufficient_available", _legs(Posting(CASH, "CNY", -9_000), Posting(LOSS, "CNY", 9_000))),
    (
        "above ceiling",
        "ledger.ceiling_exceeded",
        _legs(Posting(CREDIT_LINE, "CNY", -9_000), Posting(LOSS, "CNY", 9_000)),
    ),
)
FAULTS = (*_PASSING, _COST_MISSING, _LOTS_SHORT, *_COSTS, *_LAST)
PAIRS = [pair for pair in combinations(FAULTS, 2) if not (pair[0] in _COSTS and pair[1] in _COSTS)]
# Rules that one pass over the legs judges: there the earlier leg speaks.
_ONE_PASS = (
    {"unknown account", "other commodity"},
    {"no lot cost", "lots short"},
    {"beyond range", "below floor", "above ceiling"},
)


def _named(pair: tuple[Fault, Fault]) -> str:
    return f"{pair[0][0]} before {pair[1][0]}"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault[0]))
def test_each_fault_alone_has_its_code(fault: Fault) -> None:
    asked = Asked()

    fault[2](asked)

    assert asked.code() == fault[1]


@pytest.mark.parametrize("pair", PAIRS, ids=_named)
def test_of_two_faults_the_earlier_rule_speaks(pair: tuple[Fault, Fault]) -> None:
    first, second = pair
    asked = Asked()

    first[2](asked)
    second[2](asked)

    assert asked.code() == first[1]


@pytest.mark.parametrize(
    "pair", [p for p in PAIRS if not any({p[0][0], p[1][0]} <= rules for rules in _ONE_PASS)], ids=_named
)
def test_the_order_of_the_legs_does_not_change_which_rule_speaks(pair: tuple[Fault, Fault]) -> None:
    first, second = pair
    asked = Asked()

    second[2](asked)
    first[2](asked)

    assert asked.code() == first[1]


@pytest.mark.parametrize("fault", [*_PASSING, _LOTS_SHORT], ids=lambda fault: str(fault[0]))
def test_what_is_wrong_with_legs_and_lots_comes_before_an_uneven_carry(fault: Fault) -> None:
    asked = Asked()
    asked.add(Posting(FIFO, "CEA25", -2), Posting(POOL, "CEA25", 1, is_carried=True), Posting(REGISTRY, "CEA25", 1))

    assert asked.code() == "ledger.carry_mismatch"
    fault[2](asked)

    assert asked.code() == fault[1]


@pytest.mark.parametrize("fault", _LAST, ids=lambda fault: str(fault[0]))
def test_an_uneven_carry_comes_before_balance_and_limits(fault: Fault) -> None:
    asked = Asked()
    asked.add(Posting(FIFO, "CEA25", -2), Posting(POOL, "CEA25", 1, is_carried=True), Posting(REGISTRY, "CEA25", 1))

    fault[2](asked)

    assert asked.code() == "ledger.carry_mismatch"


# --- what is set aside ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Used:
    """A capture of 3 of the 4 pledged tonnes by their beneficiary, on its way."""

    state: BookState = field(default_factory=book)
    placed: int = 2
    amount: int = 3
    credited: int = 3
    is_beneficiary: bool = True

    def code(self, *more: Posting) -> str:
        legs = (Posting(FIFO, "CEA25", -self.credited), Posting(REGISTRY, "CEA25", self.credited), *more)
        return refused(
            self.state,
            JournalDraft(
                entry_id=entry_id(9),
                kind=EntryKind.CAPTURE,
                effective_on=FIRST_DAY,
                actor=BENEFICIARY if self.is_beneficiary else ACTOR,
                postings=legs,
                hold=HoldCapture(hold_id=entry_id(self.placed), amount=self.amount),
            ),
        )


def _unknown(used: Used) -> None:
    used.placed = 77


def _ended(used: Used) -> None:
    held = used.state.holds[entry_id(2)]
    part = held.parts[0]._replace(remaining=0)
    used.state.holds[entry_id(2)] = replace(held, parts=(part,), state=HoldState.RELEASED)


def _run_out(used: Used) -> None:
    used.state.holds[entry_id(2)] = replace(used.state.holds[entry_id(2)], expires_at=NOW - timedelta(seconds=1))


def _not_theirs(used: Used) -> None:
    used.is_beneficiary = False


def _too_much(used: Used) -> None:
    used.amount = used.credited = 5


def _uneven(used: Used) -> None:
    used.credited -= 1


HoldFault = tuple[str, Callable[[Used], None]]
HOLD_FAULTS: tuple[HoldFault, ...] = (
    ("ledger.hold_unknown", _unknown),
    ("ledger.hold_ended", _ended),
    ("ledger.hold_expired", _run_out),
    ("ledger.hold_not_yours", _not_theirs),
    ("ledger.hold_exceeded", _too_much),
    ("ledger.hold_capture", _uneven),
)


def test_a_capture_without_fault_is_recorded() -> None:
    assert Used().code() == "ok"


@pytest.mark.parametrize(
    "pair", list(combinations(HOLD_FAULTS, 2)), ids=lambda pair: f"{pair[0][0]} before {pair[1][0]}"
)
def test_of_two_faults_of_a_capture_the_earlier_rule_speaks(pair: tuple[HoldFault, HoldFault]) -> None:
    first, second = pair
    used = Used()

    first[1](used)
    second[1](used)

    assert used.code() == first[0]


@pytest.mark.parametrize("fault", HOLD_FAULTS, ids=lambda fault: str(fault[0]))
def test_the_hold_speaks_before_the_legs_the_day_and_the_balance(fault: HoldFault) -> None:
    used = Used()
    used.state.locked_through = FIRST_DAY

    fault[1](used)

    assert used.code(Posting(NOWHERE, "CNY", 1)) == fault[0]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (hold(9, NOWHERE, 99, until=NOW), "ledger.account_unknown"),
        (hold(9, FIFO, 99, lots=((77, 99),), until=NOW), "ledger.hold_expires_past"),
        (hold(9, CASH, 99, lots=((77, 99),), until=NOW), "ledger.hold_expires_past"),
        (hold(9, FIFO, 99, lots=((77, 99),)), "ledger.lot_unknown"),
        (hold(9, FIFO, 99), "ledger.insufficient_available"),
    ],
)
def test_of_two_faults_of_a_placement_the_earlier_rule_speaks(wish: JournalDraft, code: str) -> None:
    assert refused(book(), wish) == code


def test_of_a_placement_the_opening_speaks_before_the_period_and_the_period_before_the_step() -> None:
    state = book()
    state.locked_through = state.soft_locked_through = FIRST_DAY

    assert refused(state, hold(9, LATE, 1)) == "ledger.account_not_open"
    assert refused(state, hold(9, STEPS, 5)) == "ledger.period_closed"
    state.locked_through = None
    assert refused(state, hold(9, STEPS, 5)) == "ledger.period_soft_closed"


# --- reversals ------------------------------------------------------------------------------------------------------------


def _reversible(state: BookState, *, is_reversed: bool = False, has_legs: bool = True) -> None:
    kept = state.reversible[entry_id(1)]
    state.reversible[entry_id(1)] = ReversibleEntry(
        seq=kept.seq,
        effective_on=kept.effective_on,
        legs=kept.legs if has_legs else (),
        lot_moves=kept.lot_moves if has_legs else (),
        is_reversed=is_reversed,
        is_reversal=False,
    )


@pytest.mark.parametrize(
    ("named", "is_reversed", "has_legs", "code"),
    [
        (66, False, True, "ledger.reversal_unknown"),
        (1, True, True, "ledger.already_reversed"),
        (1, True, False, "ledger.already_reversed"),
        (1, False, False, "ledger.reversal_of_hold"),
        (1, False, True, "ledger.period_closed"),
    ],
)
def test_what_a_reversal_names_speaks_before_its_day_and_its_lots(
    named: int, code: str, *, is_reversed: bool, has_legs: bool
) -> None:
    state = book()
    state.locked_through = FIRST_DAY
    _reversible(state, is_reversed=is_reversed, has_legs=has_legs)

    assert refused(state, draft(9, reverses=named)) == code


def test_of_a_reversal_the_opening_speaks_before_the_period_and_the_period_before_the_lots() -> None:
    state = book()
    state.locked_through = FIRST_DAY

    assert refused(state, draft(9, reverses=1)) == "ledger.period_closed"
    state.accounts = {**state.accounts, REGISTRY: state.accounts[REGISTRY]._replace(closed_on=FIRST_DAY)}
    assert refused(state, draft(9, reverses=1)) == "ledger.account_not_open"


def test_of_a_reversal_the_lots_speak_before_the_limits() -> None:
    state = book()
    assert refused(state, draft(9, reverses=1)) == "ledger.insufficient_available"
    assert refused(state, sale(3, 2, 0)) == "ok"

    assert refused(state, draft(9, reverses=1)) == "ledger.acquired_used"
