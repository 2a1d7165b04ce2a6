"""Lots: a quantity with a cost, from which disposals draw; exact integer cost, so that parts always sum to the whole.

FIFO draws in order of (acquired_on, lot_id), LIFO in the reverse, specific identification as picked. Under the average method
an account has one lot, its pool, that acquisitions add to. Owns relief and nothing else: what is sold and at what price is
told to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from ledger.core.accounts import LotMethod
from ledger.core.amounts import RoundingMode, round_exact
from ledger.core.errors import Conflict, Invalid
from ledger.core.serials import SerialBlock, take_lowest, together, without


@dataclass(frozen=True, slots=True, kw_only=True)
class LotPosition:
    """What is left of a lot: ``quantity`` and ``cost`` in smallest units, neither negative.

    ``lot_quantity`` and ``lot_cost`` are what the lot was acquired with; a pool has no use for them. ``held`` of the quantity is
    set aside under holds that name this lot. A lot carried here inside the book names the lot it was part of.
    """

    lot_id: int
    acquired_on: date
    quantity: int
    cost: int
    lot_quantity: int
    lot_cost: int
    held: int = 0
    origin_lot_id: int | None = None
    serials: tuple[SerialBlock, ...] = ()
    """The registry's numbers of the units, where they are known."""

    @property
    def available(self) -> int:
        """Return what of the lot no hold sets aside."""
        return self.quantity - self.held


@dataclass(frozen=True, slots=True)
class Relief:
    """What a disposal takes from one lot."""

    lot_id: int
    quantity: int
    cost: int
    serials: tuple[SerialBlock, ...] = ()


def relieve(
    positions: Iterable[LotPosition],
    quantity: int,
    method: LotMethod,
    picks: Sequence[tuple[int, int]] = (),
) -> tuple[Relief, ...]:
    """Return what each lot gives for a disposal of ``quantity``, by ``picks`` (lot_id, quantity) when given, else by ``method``.

    Cost of a part of a lot: floor(lot cost x quantity out so far and now / lot quantity) less the cost already out, so
    parts sum to the lot's cost exactly (3 units for 1,000: 333, 333, 334). Of a pool: half-even of pool cost x part / pool
    quantity; the last disposal takes the rest. Source: the ledger's own rule of exact integer cost.

    Refused with ``ledger.insufficient_available`` when the lots hold less, ``ledger.lot_unknown`` for a lot that is not
    here, ``ledger.lot_repeated`` for one named twice, ``ledger.lot_pool`` when a pool is asked for given lots, ``ledger.lot_pick``
    when none is named under specific identification. What a hold sets aside is not drawn on.
    """
    if quantity <= 0:
        raise Invalid("ledger.lot_quantity", "a disposal takes a positive quantity")
    in_order = sorted(positions, key=lambda p: (p.acquired_on, p.lot_id), reverse=method is LotMethod.LIFO)
    if picks:
        return relieve_picked({position.lot_id: position for position in in_order}.get, picks, method)
    return relieve_in_order(in_order, quantity, method)


def relieve_in_order(in_order: Iterable[LotPosition], quantity: int, method: LotMethod) -> tuple[Relief, ...]:
    """Return what ``relieve`` does for lots that come in the method's order already; it reads no more of them than it needs."""
    if method is LotMethod.SPECIFIC:
        raise Invalid("ledger.lot_pick", "this account is kept by specific identification: name the lots (lots)")
    reliefs, missing = [], quantity
    for position in in_order:
        taken = min(missing, position.available)
        if taken > 0:
            reliefs.append(_take(position, taken, method))
            missing -= taken
            if missing == 0:
                return tuple(reliefs)
    raise _insufficient(quantity, quantity - missing)


def relieve_picked(
    find: Callable[[int], LotPosition | None], picks: Sequence[tuple[int, int]], method: LotMethod
) -> tuple[Relief, ...]:
    """Return what each picked lot (lot_id, quantity) gives, ``find`` telling a lot by its number."""
    if method is LotMethod.AVERAGE:
        raise Invalid("ledger.lot_pool", "an account under the average method is one pool; name no lots")
    reliefs: list[Relief] = []
    for lot_id, taken in picks:
        position = find(lot_id)
        if any(relief.lot_id == lot_id for relief in reliefs):
            raise Conflict(
                "ledger.lot_repeated", "every lot is named once; name the whole quantity", lot_id=str(lot_id)
            )
        if position is None or position.quantity <= 0:
            raise Conflict("ledger.lot_unknown", "no open lot of that id in this account", lot_id=str(lot_id))
        if taken > position.available:
            raise _insufficient(taken, position.available)
        reliefs.append(_take(position, taken, method))
    return tuple(reliefs)


def add_to_pool(pool: LotPosition, quantity: int, cost: int, serials: tuple[SerialBlock, ...] = ()) -> LotPosition:
    """Return an average-method pool after an acquisition of ``quantity`` at total ``cost``."""
    return replace(
        pool, quantity=pool.quantity + quantity, cost=pool.cost + cost, serials=together((*pool.serials, *serials))
    )


def after_relief(position: LotPosition, relief: Relief) -> LotPosition:
    """Return the lot after ``relief``; never below zero in quantity or cost."""
    assert relief.lot_id == position.lot_id, "a relief applies to its own lot"
    serials = without(position.serials, relief.serials)
    assert serials is not None, "a lot gives up only serials that lie in it"
    left = replace(
        position, quantity=position.quantity - relief.quantity, cost=position.cost - relief.cost, serials=serials
    )
    assert left.quantity >= 0, "a lot never gives more than it holds"
    assert left.cost >= 0, "a lot never gives more cost than it carries"
    return left


def cost_of_parts(cost: int, quantity: int, parts: Sequence[int]) -> tuple[int, ...]:
    """Return the cost of each of ``parts`` (which sum to ``quantity``), by cumulative floor, so that they sum to ``cost`` exactly.

    1,000 over 3 units as parts 1, 1, 1: 333, 333, 334.
    """
    shares, out, given = [], 0, 0
    for part in parts:
        out += part
        share = cost * out // quantity - given
        given += share
        shares.append(share)
    return tuple(shares)


def _take(position: LotPosition, taken: int, method: LotMethod) -> Relief:
    if method is LotMethod.AVERAGE:
        share = round_exact(Fraction(position.cost * taken, position.quantity), RoundingMode.HALF_EVEN)
        return Relief(position.lot_id, taken, share, take_lowest(position.serials, taken))
    out_with_this = position.lot_quantity - position.quantity + taken
    already_out = position.lot_cost - position.cost
    # After reversals the parts still out may carry a unit more than the formula's floor: a part never costs less than nothing.
    share = max(0, position.lot_cost * out_with_this // position.lot_quantity - already_out)
    return Relief(position.lot_id, taken, share, take_lowest(position.serials, taken))


def _insufficient(asked: int, available: int) -> Conflict:
    return Conflict(
        "ledger.insufficient_available",
        f"{asked} smallest units asked, {available} available",
        asked=str(asked),
        available=str(available),
    )
