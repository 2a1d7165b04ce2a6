"""What the fold knows of a book where a batch touches it, and what one draft changes there.

Values only: nothing here decides.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from heapq import merge
from typing import NamedTuple
from uuid import UUID

from ledger.core.accounts import LotMethod
from ledger.core.errors import Conflict
from ledger.core.holds import HoldMove, HoldPosition
from ledger.core.journal import LotMove, PostedLeg
from ledger.core.lots import LotPosition
from ledger.core.serials import SerialBlock


class AccountFacts(NamedTuple):
    """What the fold must know of an account that does not change while folding."""

    account_id: int
    path: str
    normal_side: int
    commodity_id: int
    commodity: str
    step: int
    lot_method: LotMethod | None
    opened_on: date
    closed_on: date | None
    floor: int | None
    ceiling: int | None
    measure: str = ""
    """The commodity's kind and scale, such as ``allowance/0``: lots are carried over within one measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversibleEntry:
    """An entry as far as a reversal needs it."""

    seq: int
    effective_on: date
    legs: tuple[PostedLeg, ...]
    lot_moves: tuple[LotMove, ...]
    is_reversed: bool
    is_reversal: bool
    is_legless: bool = False


@dataclass(slots=True, kw_only=True)
class BookState:
    """What the book holds where the drafts touch it; the fold changes it in place as it accepts.

    ``posted`` and ``held`` are per account id on the normal side. ``lots`` is per account id and lot id. ``reversible`` holds
    the entries that drafts name for reversal, by entry id; ``holds`` those that drafts name, by hold id.
    """

    next_seq: int
    last_recorded_at: datetime
    locked_through: date | None
    functional_currency: str
    accounts: Mapping[str, AccountFacts]
    posted: dict[int, int]
    held: dict[int, int]
    lots: dict[int, dict[int, LotPosition]] = field(default_factory=dict)
    reversible: dict[UUID, ReversibleEntry] = field(default_factory=dict)
    holds: dict[UUID, HoldPosition] = field(default_factory=dict)
    serials_elsewhere: tuple[SerialBlock, ...] = ()
    """Blocks on accounts that the drafts do not touch, as far as they could collide with blocks that arrive."""
    soft_locked_through: date | None = None
    """Last day that is softly closed: only a closer posts on or before it."""
    is_closer: bool = False
    order: dict[int, list[tuple[date, int]]] = field(default_factory=dict, compare=False)
    """Open lots of an account as (acquired_on, lot_id) in order, made when first asked for; emptied ones are skipped, then dropped."""
    wanted: frozenset[UUID] = frozenset()
    """Ids that drafts of this batch name for reversal; an entry of the batch itself may be among them."""


@dataclass(slots=True)
class Changes:
    """What one draft does to lots and holds: the lots and holds as they stand after it, and the moves that got them there.

    ``held`` is what it adds to the amount set aside, by account id.
    """

    lots: dict[tuple[int, int], LotPosition] = field(default_factory=dict)
    moves: list[LotMove] = field(default_factory=list)
    opened: list[LotPosition] = field(default_factory=list)
    held: dict[int, int] = field(default_factory=dict)
    hold_moves: list[HoldMove] = field(default_factory=list)
    holds: dict[UUID, HoldPosition] = field(default_factory=dict)
    placed: HoldPosition | None = None

    def lot(self, state: BookState, account_id: int, lot_id: int) -> LotPosition | None:
        """Return a lot as it stands within the draft."""
        return self.lots.get((account_id, lot_id)) or state.lots.get(account_id, {}).get(lot_id)

    def pools(self, state: BookState, account_id: int) -> Iterator[LotPosition]:
        """Yield the account's lots in any order, emptied ones too: under the average method the first is its pool."""
        for key, lot in self.lots.items():
            if key[0] == account_id:
                yield lot
        yield from state.lots.get(account_id, {}).values()

    def lots_in_order(self, state: BookState, account_id: int, *, latest_first: bool) -> Iterator[LotPosition]:
        """Yield the account's lots as they stand within the draft, by (acquired_on, lot_id)."""
        order = lots_in_order(state, account_id, latest_first=latest_first)
        fresh = [(lot.acquired_on, lot.lot_id) for lot in self.opened if (account_id, lot.lot_id) in self.lots]
        known = state.lots.get(account_id, {})
        for _, lot_id in merge(order, sorted(fresh, reverse=latest_first), reverse=latest_first) if fresh else order:
            yield self.lots.get((account_id, lot_id)) or known[lot_id]


def lots_in_order(state: BookState, account_id: int, *, latest_first: bool) -> Iterator[tuple[date, int]]:
    """Yield the account's open lots as (acquired_on, lot_id), dropping what has been emptied at the end it starts from."""
    known = state.lots.get(account_id, {})
    order = state.order.get(account_id)
    if order is None:
        order = state.order[account_id] = sorted(
            (lot.acquired_on, lot.lot_id) for lot in known.values() if lot.quantity
        )
    gone = 0
    for _, lot_id in reversed(order) if latest_first else order:
        if known[lot_id].quantity:
            break
        gone += 1
    if gone:
        del order[slice(len(order) - gone, None) if latest_first else slice(gone)]
    return reversed(order) if latest_first else iter(order)


def note_lot(state: BookState, account_id: int, lot: LotPosition) -> None:
    """Put a lot where it now stands, and in order if it has just been opened or filled again."""
    known = state.lots.setdefault(account_id, {})
    before = known.get(lot.lot_id)
    known[lot.lot_id] = lot
    order = state.order.get(account_id)
    if order is not None and lot.quantity and (before is None or not before.quantity):
        key = (lot.acquired_on, lot.lot_id)
        place = bisect_left(order, key)
        if place == len(order) or order[place] != key:
            order.insert(place, key)


def insufficient(account: AccountFacts, asked: int, available: int) -> Conflict:
    """Return the refusal of a draft that asks for more than is available on an account."""
    return Conflict(
        "ledger.insufficient_available",
        f"{account.path}: {asked} smallest units of {account.commodity} asked, {available} available",
        account=account.path,
        commodity=account.commodity,
        asked=str(asked),
        available=str(available),
    )


def check_acquired(account: AccountFacts, lot: LotPosition, day: date) -> None:
    """Refuse to draw on or set aside a lot before the day it was acquired (``ledger.lot_date``); a pool has no such day."""
    if account.lot_method is not LotMethod.AVERAGE and day < lot.acquired_on:
        raise Conflict(
            "ledger.lot_date",
            f"{account.path}: lot {lot.lot_id} was acquired on {lot.acquired_on}; give that day or a later one, or name other lots",
            account=account.path,
            lot_id=str(lot.lot_id),
            effective_on=day.isoformat(),
            acquired_on=lot.acquired_on.isoformat(),
        )


MAX_SUM = 10**18
"""Largest absolute balance, pool or cost leg, in smallest units: sums of accepted amounts stay inside BIGINT."""


def check_range(account: AccountFacts, total: int) -> None:
    """Refuse a sum beyond 10^18 smallest units on an account (``ledger.amount_range``)."""
    if not -MAX_SUM <= total <= MAX_SUM:
        raise out_of_range(account)


def out_of_range(account: AccountFacts) -> Conflict:
    """Return the refusal of a sum beyond 10^18 smallest units."""
    return Conflict(
        "ledger.amount_range",
        f"{account.path} would pass 10^18 smallest units; spread it over several accounts",
        account=account.path,
    )
