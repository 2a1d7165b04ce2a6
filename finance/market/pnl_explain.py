"""Why a value changed between two days: opening value, one effect after the other, closing value, exact to the minor unit.

Owns the order of the effects and where each is rounded: a lot is valued at every stage as a valuation would, exact and
rounded half-up once, and an effect is the difference of two stages, so the parts of any lot, instrument, book or group sum.
Knows no ledger row and no snapshot store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from finance.conventions.rounding import VALUATION
from finance.market.movements import Movement, MovementKind
from finance.market.profit_and_loss import HeldIdentity
from finance.market.unit_values import UnitValue
from ledger.core.amounts import currency_scale, round_exact


class Effect(StrEnum):
    """One reason for a change of value, in the order in which they are taken."""

    LOTS_LEARNED = "lots_learned"  # holdings of the opening day recorded since, at the marks known then
    MARKS_REVISED = "marks_revised"  # the opening day's marks as known now
    UNVALUED_IN = "unvalued_in"  # held at the opening without a mark, valued at the closing
    OPENINGS = "openings"  # taken over into the book, at the opening mark
    PURCHASES = "purchases"  # what was paid, fees included
    ALLOCATIONS = "allocations"  # received free, at the opening mark
    SALES = "sales"  # what was received, net of fees
    SURRENDERS = "surrenders"  # handed in, at the opening mark
    CANCELLATIONS = "cancellations"
    TRANSFERS = "transfers"
    FEES = "fees"  # the part of what was paid or kept back that bought no tonne
    PRICE = "price"  # marks moved; a trade's price against the opening mark is here too
    FX = "fx"  # fixings moved, on the closing price
    UNVALUED_OUT = "unvalued_out"  # valued at the opening, without a usable mark at the closing


_OF_KIND: Mapping[MovementKind, Effect] = MappingProxyType(
    {
        MovementKind.OPENING: Effect.OPENINGS,
        MovementKind.PURCHASE: Effect.PURCHASES,
        MovementKind.ALLOCATION: Effect.ALLOCATIONS,
        MovementKind.SALE: Effect.SALES,
        MovementKind.SURRENDER: Effect.SURRENDERS,
        MovementKind.CANCELLATION: Effect.CANCELLATIONS,
        MovementKind.TRANSFER: Effect.TRANSFERS,
    }
)
_PRICED = frozenset({MovementKind.PURCHASE, MovementKind.SALE})
"""Kinds whose money says at what price they happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LotPath:
    """One lot between two points: quantity and cost as known at the opening, as known now for the opening day, its moves.

    ``movements`` are those after the opening day, in order; ``learned`` those of the opening day or before that were
    recorded since. The restated quantity is the opening one and the learned moves, the closing one that and the rest.
    """

    held: HeldIdentity
    opening_t: int
    opening_cost_units: int
    learned: tuple[Movement, ...] = ()
    movements: tuple[Movement, ...] = ()

    @property
    def restated_t(self) -> int:
        """Return the opening day's quantity as known now."""
        return self.opening_t + sum(move.quantity_t for move in self.learned)

    @property
    def closing_t(self) -> int:
        """Return the closing quantity."""
        return self.restated_t + sum(move.quantity_t for move in self.movements)

    @property
    def closing_cost_units(self) -> int:
        """Return the closing cost."""
        return self.opening_cost_units + sum(move.cost_units for move in (*self.learned, *self.movements))


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreeValues:
    """One instrument's unit value: at the opening as known then, the same day as known now, and at the closing."""

    opening: UnitValue
    restated: UnitValue
    closing: UnitValue
    minor_units: Mapping[str, Fraction | None] = field(init=False, compare=False)
    """The exact minor units a unit at each stage, worked out once for all lots of the instrument."""

    def __post_init__(self) -> None:
        """Work out the prices of the stages; the last but one is the closing price at the reference's fixing."""
        reference = self.closing if self.restated.price is None else self.restated
        stages = {
            "opening": self.opening.minor_units,
            "restated": self.restated.minor_units,
            "reference": reference.minor_units,
            "closing": self.closing.minor_units,
            "at_old_rate": None,
        }
        is_same = reference.price_currency == self.closing.price_currency
        if is_same and self.closing.price is not None and reference.rate is not None:
            minor_per_major: int = 10 ** currency_scale(self.closing.currency)
            stages["at_old_rate"] = self.closing.price * reference.rate * minor_per_major
        object.__setattr__(self, "minor_units", MappingProxyType(stages))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A change of value: ``opening_units`` plus the effects is ``closing_units``; unvalued holdings count zero.

    ``money_units`` is what the book gave less what it got, so ``result_units`` is the change that is not money moved.
    The four terms after it are the same result told by the books: change of unrealised, realised, settled cost (all over
    the period) and the change of the cost of lots without a value.
    """

    key: str
    opening_units: int = 0
    effects: Mapping[Effect, int]
    closing_units: int = 0
    money_units: int = 0
    unrealised_change_units: int = 0
    realised_units: int = 0
    settled_units: int = 0
    unvalued_cost_change_units: int = 0

    def __post_init__(self) -> None:
        """The parts sum, and the result is the same by value and by the books."""
        assert self.opening_units + sum(self.effects.values()) == self.closing_units, "the effects sum to the change"
        booked = self.unrealised_change_units - self.unvalued_cost_change_units
        assert self.result_units == booked + self.realised_units - self.settled_units, "both ways give one result"

    @property
    def result_units(self) -> int:
        """Return the economic result of the period, gain positive: change of value less money put in."""
        return self.closing_units - self.opening_units - self.money_units


def explain_lot(path: LotPath, values: ThreeValues) -> Explained:
    """Return why the lot's value changed, in minor units.

    Bought 100 t at 80.00 with 24.00 of fees, closing at 82.00: purchases 8,024.00, fees -24.00, price 200.00, closing
    8,200.00. Moves are taken at the opening mark as known now; a lot without one there at the closing mark.
    """
    effects, prices = dict(_NO_EFFECT), values.minor_units
    held = path.restated_t
    opening = _worth(path.opening_t, prices["opening"])
    learned = _worth(held, prices["opening"])
    restated = _worth(held, prices["restated"])
    effects[Effect.LOTS_LEARNED] = learned - opening
    effects[Effect.MARKS_REVISED] = restated - learned
    reference, rest, standing = prices["reference"], Effect.PRICE, restated
    if prices["restated"] is None:
        standing = _worth(held, reference)
        effects[Effect.UNVALUED_IN] = standing
        rest = Effect.UNVALUED_OUT if reference is None else Effect.PRICE
    for move in path.movements:
        held += move.quantity_t
        after = _worth(held, reference)
        _take_move(effects, move, change=after - standing, rest=rest)
        standing = after
    closing = _worth(held, prices["closing"])
    _take_marks(effects, held, standing, closing, prices)
    return _told(path, values, effects, opening=opening, closing=closing)


def _take_move(effects: dict[Effect, int], move: Movement, *, change: int, rest: Effect) -> None:
    """Split what a move changed into its money, its fee and the difference between its price and the mark."""
    if move.kind not in _PRICED:
        effects[_OF_KIND[move.kind]] += change
        return
    effects[_OF_KIND[move.kind]] += move.money_units
    effects[Effect.FEES] -= move.fee_units
    effects[rest] += change - move.money_units + move.fee_units


def _take_marks(
    effects: dict[Effect, int], held: int, standing: int, closing: int, prices: Mapping[str, Fraction | None]
) -> None:
    """Move from the reference marks to the closing ones: price first at the old fixing, then the fixing."""
    if prices["closing"] is None:
        effects[Effect.UNVALUED_OUT] -= standing
        return
    if prices["at_old_rate"] is None:
        effects[Effect.PRICE] += closing - standing  # quoted in another currency since: nothing tells the two apart
        return
    at_old_rate = _worth(held, prices["at_old_rate"])
    effects[Effect.PRICE] += at_old_rate - standing
    effects[Effect.FX] += closing - at_old_rate


def _told(
    path: LotPath, values: ThreeValues, effects: Mapping[Effect, int], *, opening: int, closing: int
) -> Explained:
    moves = (*path.learned, *path.movements)
    unvalued_before = path.opening_cost_units if values.opening.price is None else 0
    unvalued_after = path.closing_cost_units if values.closing.price is None else 0
    before = opening - (path.opening_cost_units - unvalued_before)
    after = closing - (path.closing_cost_units - unvalued_after)
    return Explained(
        key=path.held.lot_id,
        opening_units=opening,
        effects=effects,
        closing_units=closing,
        money_units=sum(move.money_units for move in moves),
        unrealised_change_units=after - before,
        realised_units=sum(move.realised_units for move in moves),
        settled_units=sum(move.settled_units for move in moves),
        unvalued_cost_change_units=unvalued_after - unvalued_before,
    )


def summed(key: str, parts: Iterable[Explained]) -> Explained:
    """Return the sum of ``parts`` under ``key``; it sums because they do."""
    effects = dict(_NO_EFFECT)
    totals = [0] * 7
    for part in parts:
        for effect, amount in part.effects.items():
            effects[effect] += amount
        for place, amount in enumerate(_amounts(part)):
            totals[place] += amount
    opening, closing, money, unrealised, realised, settled, unvalued = totals
    return Explained(
        key=key,
        opening_units=opening,
        effects=effects,
        closing_units=closing,
        money_units=money,
        unrealised_change_units=unrealised,
        realised_units=realised,
        settled_units=settled,
        unvalued_cost_change_units=unvalued,
    )


def grouped(
    lots: Iterable[tuple[HeldIdentity, Explained]], key: Callable[[HeldIdentity], str]
) -> tuple[Explained, ...]:
    """Return the sums by what ``key`` says of each lot, in its order."""
    found: dict[str, list[Explained]] = {}
    for held, part in lots:
        found.setdefault(key(held), []).append(part)
    return tuple(summed(name, found[name]) for name in sorted(found))


def _amounts(part: Explained) -> tuple[int, ...]:
    return (
        part.opening_units,
        part.closing_units,
        part.money_units,
        part.unrealised_change_units,
        part.realised_units,
        part.settled_units,
        part.unvalued_cost_change_units,
    )


def _worth(quantity: int, minor_units: Fraction | None) -> int:
    """Return the worth rounded once, zero where there is no usable mark."""
    if minor_units is None or not quantity:
        return 0
    if minor_units.denominator == 1:
        return quantity * minor_units.numerator
    return round_exact(quantity * minor_units, VALUATION)


_NO_EFFECT: Mapping[Effect, int] = MappingProxyType(dict.fromkeys(Effect, 0))
