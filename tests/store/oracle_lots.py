"""The oracle's lots: drawn on, added to and carried as the rules say, in plain dicts.

Takes nothing from the ledger's own lots. Each function changes the dict of an account's lots that it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


class RefusedError(Exception):
    """A draft is refused with ``code``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = f"ledger.{code}"


@dataclass(slots=True)
class Lot:
    """What is left of a lot, and what it was acquired with."""

    acquired_on: date
    quantity: int
    cost: int
    first_quantity: int
    first_cost: int
    held: int = 0


@dataclass(slots=True)
class Piece:
    """Part of a lot on its way: what leaves it, and what it cost."""

    lot_id: int
    quantity: int
    cost: int
    acquired_on: date


def add(lots: dict[int, Lot], method: str, lot_id: int, piece: Piece) -> int:
    """Bring a piece to an account and return the lot it went to: under the average method the one pool, else a new lot."""
    if method == "average" and lots:
        (pool_id,) = lots
        lots[pool_id].quantity += piece.quantity
        lots[pool_id].cost += piece.cost
        return pool_id
    lots[lot_id] = Lot(piece.acquired_on, piece.quantity, piece.cost, piece.quantity, piece.cost)
    return lot_id


def draw(lots: dict[int, Lot], method: str, quantity: int, picks: Sequence[tuple[int, int]]) -> list[Piece]:
    """Take ``quantity`` from an account's lots and return the pieces; what holds set aside is not drawn on."""
    if picks and method == "average":
        raise RefusedError("lot_pool")
    if not picks and method == "specific":
        raise RefusedError("lot_pick")
    wanted = _checked_picks(lots, picks) if picks else _in_order(lots, method, quantity)
    pieces = []
    for lot_id, part in wanted:
        lot = lots[lot_id]
        cost = _pool_cost(lot, part) if method == "average" else _part_cost(lot, part)
        lot.quantity -= part
        lot.cost -= cost
        pieces.append(Piece(lot_id, part, cost, lot.acquired_on))
    return pieces


def _checked_picks(lots: dict[int, Lot], picks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    named: set[int] = set()
    for lot_id, part in picks:
        # A lot that is all held counts as one that is not there.
        if lot_id in named:
            raise RefusedError("lot_repeated")
        if lot_id not in lots or lots[lot_id].quantity == lots[lot_id].held:
            raise RefusedError("lot_unknown")
        if part > lots[lot_id].quantity - lots[lot_id].held:
            raise RefusedError("insufficient_available")
        named.add(lot_id)
    return list(picks)


def _in_order(lots: dict[int, Lot], method: str, quantity: int) -> list[tuple[int, int]]:
    order = sorted(lots, key=lambda lot_id: (lots[lot_id].acquired_on, lot_id))
    if method == "lifo":
        order.reverse()
    wanted = []
    for lot_id in order:
        part = min(quantity, lots[lot_id].quantity - lots[lot_id].held)
        if part > 0:
            wanted.append((lot_id, part))
            quantity -= part
    if quantity:
        raise RefusedError("insufficient_available")
    return wanted


def _part_cost(lot: Lot, part: int) -> int:
    """Return floor(acquired cost x quantity out so far and now / acquired quantity) less the cost already out, never negative."""
    out = lot.first_quantity - lot.quantity + part
    return max(0, lot.first_cost * out // lot.first_quantity - (lot.first_cost - lot.cost))


def _pool_cost(pool: Lot, part: int) -> int:
    """Return pool cost x part / pool quantity, half to even."""
    whole, rest = divmod(pool.cost * part, pool.quantity)
    is_up = 2 * rest > pool.quantity or (2 * rest == pool.quantity and whole % 2 == 1)
    return whole + 1 if is_up else whole


def split(pieces: Sequence[Piece], wanted: Sequence[int]) -> list[list[Piece]]:
    """Return the pieces in order, cut so that they fill each of ``wanted``; a cut piece's cost by cumulative floor."""
    units = [(number, place) for number, piece in enumerate(pieces) for place in range(piece.quantity)]
    found: list[list[Piece]] = []
    for amount in wanted:
        taken, units = units[:amount], units[amount:]
        parts = []
        for number in sorted({number for number, _ in taken}):
            piece = pieces[number]
            places = [place for each, place in taken if each == number]
            before, after = places[0], places[-1] + 1
            cost = piece.cost * after // piece.quantity - piece.cost * before // piece.quantity
            parts.append(Piece(piece.lot_id, after - before, cost, piece.acquired_on))
        found.append(parts)
    return found
