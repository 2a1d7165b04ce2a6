"""By how much a price beside the margin moves on each day: a fee, a redemption price, the leg of a swap.

Owns the reading of a price timeline for one such price. Knows no amount, no calendar and no evidence.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.loans.adjustments import moves_of
from finance.loans.price_effects import PricedItem, Ratchet
from finance.loans.price_timeline import PriceInterval
from ledger.core.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedPrice:
    """Which price is asked about: an item of one tranche, with the fee's name when the item is one."""

    item: PricedItem
    tranche_id: str
    fee: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMove:
    """By how many bp one price moves on [start, end), by which clauses (each with its part), and by which decision.

    Minus lowers the price. ``determination_id`` is None where no decision counts.
    """

    start: date
    end: date
    moved_bp: Fraction
    clauses: tuple[tuple[str, Fraction], ...] = ()
    determination_id: str | None = None

    def __post_init__(self) -> None:
        """State the invariants of every move."""
        assert self.start < self.end, "a move holds on at least one day"
        assert not self.clauses or sum(bp for _, bp in self.clauses) == self.moved_bp, "the clauses make the move"


def unmoved(start: date, end: date) -> tuple[PriceMove, ...]:
    """Return the moves of [start, end) without any decision: nothing moves."""
    return (PriceMove(start=start, end=end, moved_bp=Fraction(0)),)


def price_moves(timeline: Sequence[PriceInterval], ratchet: Ratchet | None, price: MovedPrice) -> tuple[PriceMove, ...]:
    """Return the moves of ``price`` over the timeline's life, in order, one for each of its intervals.

    Commitment fee with a step of -1 bp in force from 5 May: two moves, 0 and -1.
    """
    return tuple(
        PriceMove(
            start=interval.start,
            end=interval.end,
            moved_bp=interval.moves(ratchet, price.item, tranche_id=price.tranche_id, fee=price.fee),
            clauses=_clauses(interval, ratchet, price),
            determination_id=interval.determination_id,
        )
        for interval in timeline
    )


def is_moved(ratchet: Ratchet | None, price: MovedPrice) -> bool:
    """Return whether some clause of the terms moves ``price``, whatever the outcomes."""
    return ratchet is not None and any(_concerned(ratchet, price))


def move_on(moves: Sequence[PriceMove], day: date) -> PriceMove:
    """Return the move in force on ``day``; on the day after the last (maturity) the one before it still holds.

    A day outside that is refused with ``price.outside_life``.
    """
    place = bisect_right(moves, day, key=lambda move: move.start) - 1
    if place < 0 or day > moves[-1].end:
        raise Invalid("price.outside_life", f"day: expected a day of the tranche's life, not {day}", field="day")
    return moves[place]


def moves_between(moves: Sequence[PriceMove], start: date, end: date) -> tuple[PriceMove, ...]:
    """Return the moves that hold on some day of [start, end), cut to it, in order."""
    return tuple(
        PriceMove(
            start=max(move.start, start),
            end=min(move.end, end),
            moved_bp=move.moved_bp,
            clauses=move.clauses,
            determination_id=move.determination_id,
        )
        for move in moves
        if move.start < end and start < move.end
    )


def _concerned(ratchet: Ratchet, price: MovedPrice) -> list[str]:
    return [
        effect.effect_id
        for effect in ratchet.effects
        if any(
            place.item is price.item and place.fee == price.fee and place.tranche_id in {None, price.tranche_id}
            for place in effect.applies_to
        )
    ]


def _clauses(interval: PriceInterval, ratchet: Ratchet | None, price: MovedPrice) -> tuple[tuple[str, Fraction], ...]:
    if ratchet is None or not interval.effects:
        return ()
    found = dict(interval.effects)
    parts = []
    for effect_id in _concerned(ratchet, price):
        alone = {effect_id: found[effect_id]}
        bp = moves_of(ratchet, alone, price.item, tranche_id=price.tranche_id, fee=price.fee)
        parts.append((effect_id, bp))
    return tuple(parts)
