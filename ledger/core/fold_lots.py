"""The fold's part that moves lots: acquires, relieves, carries inside the book, and gives back on reversal.

Each function fills a draft's ``Changes``; the state itself stays as it was. A posting line opens at most one lot, whose id is
1024 x seq + line: unique and in recording order without a counter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from ledger.core.accounts import LotMethod
from ledger.core.errors import Conflict, Invalid
from ledger.core.journal import LotMove, PostedLeg, Posting
from ledger.core.lots import (
    LotPosition,
    Relief,
    add_to_pool,
    after_relief,
    cost_of_parts,
    relieve,
    relieve_in_order,
    relieve_picked,
)
from ledger.core.serials import SerialBlock, common, take_lowest, together, without
from ledger.core.state import (
    AccountFacts,
    BookState,
    Changes,
    ReversibleEntry,
    check_acquired,
    check_range,
    insufficient,
)

LINES = 1024
"""More than an entry's legs, so that seq x 1024 + line names a lot."""


class _Piece(NamedTuple):
    """Part of a lot on its way inside an entry."""

    quantity: int
    cost: int
    acquired_on: date
    origin_lot_id: int
    serials: tuple[SerialBlock, ...]


def move_lots(
    state: BookState, postings: Sequence[Posting], facts: Sequence[AccountFacts], changes: Changes, *, day: date
) -> None:
    """Acquire on debits and relieve on credits of lot-keeping accounts, in line order."""
    for line, (leg, account) in enumerate(zip(postings, facts, strict=True), start=1):
        if account.lot_method is None:
            continue
        if leg.amount > 0:
            if leg.lot_cost is None:
                raise Invalid(
                    "ledger.lot_cost_missing",
                    f"a debit into {account.path} says the lot's total cost, zero when free",
                    account=account.path,
                )
            _acquire(state, changes, account, line, _Piece(leg.amount, leg.lot_cost, day, 0, leg.serials))
        else:
            _relieve(state, changes, account, leg, line, day=day)


def carry_lots(
    state: BookState, postings: Sequence[Posting], facts: Sequence[AccountFacts], changes: Changes, *, day: date
) -> tuple[list[PostedLeg], list[AccountFacts]]:
    """Move lots inside the book with their cost and day of acquisition; return the legs, a carried debit split into one leg a lot.

    What credits give up in line order is what carried debits take in line order, 1:1 across vintages too. A lot split between
    debits splits its cost by cumulative floor.
    """
    _check_carried(postings, facts)
    waiting: list[_Piece] = []
    given_up: list[tuple[int, tuple[Relief, ...]]] = []
    for index, (leg, account) in enumerate(zip(postings, facts, strict=True)):
        if account.lot_method is not None and leg.amount < 0:
            reliefs = _relieved(state, changes, account, leg, day=day)
            for relief in reliefs:
                lot = changes.lot(state, account.account_id, relief.lot_id)
                assert lot is not None, "what was relieved is there"
                changes.lots[account.account_id, relief.lot_id] = after_relief(lot, relief)
                waiting.append(_Piece(relief.quantity, relief.cost, lot.acquired_on, relief.lot_id, relief.serials))
            given_up.append((index, reliefs))
    arriving = [
        leg.amount for leg, account in zip(postings, facts, strict=True) if account.lot_method and leg.amount > 0
    ]
    if sum(arriving) != sum(piece.quantity for piece in waiting):
        raise Invalid(
            "ledger.carry_mismatch", "the lots that an entry carries over leave and arrive in the same quantity"
        )
    shares = iter(_split(waiting, arriving))
    legs: list[PostedLeg] = []
    new_facts: list[AccountFacts] = []
    line_of: dict[int, int] = {}
    for index, (leg, account) in enumerate(zip(postings, facts, strict=True)):
        line_of[index] = len(legs) + 1
        pieces = next(shares) if account.lot_method and leg.amount > 0 else (None,)
        for piece in pieces:
            amount = leg.amount if piece is None else piece.quantity
            legs.append(PostedLeg(account.account_id, account.commodity_id, leg.account, leg.commodity, amount))
            new_facts.append(account)
            if piece is not None:
                _acquire(state, changes, account, len(legs), piece)
    out = [
        LotMove(line_of[index], r.lot_id, -r.quantity, -r.cost, r.serials)
        for index, reliefs in given_up
        for r in reliefs
    ]
    changes.moves[:0] = out
    changes.moves.sort(key=lambda move: move.line)
    return legs, new_facts


def _check_carried(postings: Sequence[Posting], facts: Sequence[AccountFacts]) -> None:
    """Refuse a debit that does not say where its lots come from, and lots that would turn into something of another kind."""
    moved = [(leg, account) for leg, account in zip(postings, facts, strict=True) if account.lot_method is not None]
    for leg, account in moved:
        if leg.amount > 0 and not leg.is_carried:
            raise Invalid(
                "ledger.lot_not_carried",
                f"a debit into {account.path} in an entry that carries lots over is carried too (is_carried)",
                account=account.path,
            )
    if len({account.measure for _, account in moved}) > 1:
        raise Invalid(
            "ledger.carry_kind", "lots are carried over between accounts of one kind of commodity and scale only"
        )


def return_lots(state: BookState, undone: ReversibleEntry, changes: Changes) -> None:
    """Give every move of the undone entry back, at the same quantity and cost, to the same lot."""
    last_leg: dict[tuple[int, int], PostedLeg] = {}
    for move in undone.lot_moves:
        leg = undone.legs[move.line - 1]
        key = (leg.account_id, move.lot_id)
        lot = changes.lots.get(key) or state.lots[leg.account_id][move.lot_id]
        serials = _returned_serials(state, changes, lot, move)
        changes.lots[key] = replace(
            lot, quantity=lot.quantity - move.quantity, cost=lot.cost - move.cost, serials=serials
        )
        last_leg[key] = leg
        changes.moves.append(LotMove(move.line, move.lot_id, -move.quantity, -move.cost, move.serials))
    for key, lot in changes.lots.items():
        # Judged when all moves are given back: an entry may have sold of the very lot it acquired. An emptied lot keeps no cost.
        if lot.available < 0 or lot.cost < 0 or (lot.quantity == 0 and lot.cost != 0):
            leg, available = last_leg[key], state.lots[key[0]][key[1]].available
            raise Conflict(
                "ledger.acquired_used",
                f"{leg.account}: what the entry acquired has partly been disposed of or set aside; undo that first",
                account=leg.account,
                commodity=leg.commodity,
                asked=str(available - lot.available),
                available=str(available),
            )


def _returned_serials(state: BookState, changes: Changes, lot: LotPosition, move: LotMove) -> tuple[SerialBlock, ...]:
    if move.quantity < 0:
        _check_free(state, changes, move.serials)
        return together((*lot.serials, *move.serials))
    left = without(lot.serials, move.serials)
    if left is None:
        raise Conflict(
            "ledger.acquired_used",
            "units that the entry acquired have left this lot; undo that first",
            lot_id=str(lot.lot_id),
        )
    return left


def _check_free(state: BookState, changes: Changes, arriving: Sequence[SerialBlock]) -> None:
    """Refuse units that the book holds already (``ledger.serial_overlap``)."""
    if not arriving:
        return
    standing = {(account, lot_id): lot for account, lots in state.lots.items() for lot_id, lot in lots.items()}
    standing |= changes.lots
    held = [block for lot in standing.values() for block in lot.serials]
    for block in arriving:
        for other in (*held, *state.serials_elsewhere):
            if block.overlaps(other):
                raise Conflict(
                    "ledger.serial_overlap",
                    "units of that serial block are in this book already",
                    prefix=block.prefix,
                    first=str(max(block.first, other.first)),
                    last=str(min(block.last, other.last)),
                )


def check_keeps_no_lots(leg: Posting, account: AccountFacts) -> None:
    """Refuse lot facts on an account that keeps no lots (``ledger.lot_cost_unexpected``)."""
    if leg.lot_cost is not None or leg.lots or leg.is_carried or leg.serials:
        raise Invalid("ledger.lot_cost_unexpected", f"{account.path} keeps no lots", account=account.path)


def _acquire(state: BookState, changes: Changes, account: AccountFacts, line: int, piece: _Piece) -> None:
    account_id = account.account_id
    _check_free(state, changes, piece.serials)
    if account.lot_method is LotMethod.AVERAGE:
        pool = next(changes.pools(state, account_id), None)
        if pool is not None:
            pool = add_to_pool(pool, piece.quantity, piece.cost, piece.serials)
            check_range(account, max(pool.quantity, pool.cost))
            changes.lots[account_id, pool.lot_id] = pool
            changes.moves.append(LotMove(line, pool.lot_id, piece.quantity, piece.cost, piece.serials))
            return
    lot = LotPosition(
        lot_id=LINES * state.next_seq + line,
        acquired_on=piece.acquired_on,
        quantity=piece.quantity,
        cost=piece.cost,
        lot_quantity=piece.quantity,
        lot_cost=piece.cost,
        origin_lot_id=piece.origin_lot_id or None,
        serials=together(piece.serials),
    )
    changes.opened.append(lot)
    changes.lots[account_id, lot.lot_id] = lot
    changes.moves.append(LotMove(line, lot.lot_id, piece.quantity, piece.cost, piece.serials))


def _relieve(state: BookState, changes: Changes, account: AccountFacts, leg: Posting, line: int, *, day: date) -> None:
    for relief in _relieved(state, changes, account, leg, day=day):
        lot = changes.lot(state, account.account_id, relief.lot_id)
        assert lot is not None, "what was relieved is there"
        changes.lots[account.account_id, relief.lot_id] = after_relief(lot, relief)
        changes.moves.append(LotMove(line, relief.lot_id, -relief.quantity, -relief.cost, relief.serials))


def _relieved(
    state: BookState, changes: Changes, account: AccountFacts, leg: Posting, *, day: date
) -> tuple[Relief, ...]:
    reliefs = _chosen(state, changes, account, leg)
    for relief in reliefs:
        lot = changes.lot(state, account.account_id, relief.lot_id)
        assert lot is not None, "what was chosen is there"
        check_acquired(account, lot, day)
    return reliefs


def _chosen(state: BookState, changes: Changes, account: AccountFacts, leg: Posting) -> tuple[Relief, ...]:
    method, account_id = account.lot_method, account.account_id
    assert method is not None, "only a lot-keeping account relieves lots"
    latest_first = method is LotMethod.LIFO
    try:
        if leg.serials:
            return _relieved_by_serial(state, changes, account, leg)
        if leg.lots:
            return relieve_picked(lambda lot_id: changes.lot(state, account_id, lot_id), leg.lots, method)
        in_order = changes.lots_in_order(state, account_id, latest_first=latest_first)
        return relieve_in_order(in_order, -leg.amount, method)
    except Conflict as refusal:
        if refusal.code != "ledger.insufficient_available":
            raise
        raise insufficient(account, -leg.amount, int(refusal.data["available"])) from refusal


def _relieved_by_serial(state: BookState, changes: Changes, account: AccountFacts, leg: Posting) -> tuple[Relief, ...]:
    """Return what each lot gives when the units are named: specific identification by the registry's numbers."""
    method = account.lot_method
    assert method is not None, "only a lot-keeping account relieves lots"
    reliefs: list[Relief] = []
    for lot in changes.lots_in_order(state, account.account_id, latest_first=False):
        named = common(lot.serials, leg.serials)
        quantity = sum(block.size for block in named)
        if quantity:
            picks = () if method is LotMethod.AVERAGE else ((lot.lot_id, quantity),)
            (relief,) = relieve([lot], quantity, method, picks)
            reliefs.append(replace(relief, serials=named))
    if sum(relief.quantity for relief in reliefs) != -leg.amount:
        raise Conflict("ledger.serial_unknown", f"not all of these units are in {account.path}", account=account.path)
    return tuple(reliefs)


def _split(pieces: Iterable[_Piece], wanted: Sequence[int]) -> list[list[_Piece]]:
    """Return the pieces cut so that they fill each of ``wanted`` in order."""
    filled: list[list[_Piece]] = [[] for _ in wanted]
    place, missing = 0, wanted[0] if wanted else 0
    for piece in pieces:
        parts: list[int] = []
        targets: list[int] = []
        left = piece.quantity
        while left:
            part = min(left, missing)
            parts.append(part)
            targets.append(place)
            left -= part
            missing -= part
            if missing == 0 and place + 1 < len(wanted):
                place += 1
                missing = wanted[place]
        serials = piece.serials
        for target, part, cost in zip(targets, parts, cost_of_parts(piece.cost, piece.quantity, parts), strict=True):
            going = take_lowest(serials, part)
            serials = without(serials, going) or ()
            filled[target].append(piece._replace(quantity=part, cost=cost, serials=going))
    return filled
