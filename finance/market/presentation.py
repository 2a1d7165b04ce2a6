"""Several books in one currency: each amount converted through a pinned fixing at one named level, so that sums hold.

Owns the conversion. The level is one book's one instrument: everything above it is a sum of converted amounts, so lines,
books and the group agree to the minor unit. Knows no market and no ledger: fixings come from the caller's snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from finance.conventions.rounding import VALUATION
from finance.market.marks import Mark
from finance.market.pnl_explain import Effect, Explained
from finance.market.profit_and_loss import ResultLine
from finance.market.snapshots import Snapshot
from finance.market.unit_values import exchange_rate
from ledger.core.amounts import currency_scale, round_exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How amounts of ``currency`` become ``presentation``: the fixing and the exact rate, ``None`` without a usable one."""

    currency: str
    presentation: str
    fx_mark: Mark | None
    rate: Fraction | None

    @property
    def missing_reason(self) -> str:
        """Return why nothing is converted, empty when it is."""
        if self.rate is not None:
            return ""
        if self.fx_mark is None:
            return "fx_missing"
        return f"fx_{self.fx_mark.state.value}" if self.fx_mark.value is None else "fx_unit"

    def units(self, units: int) -> int:
        """Return minor units of the presentation currency, rounded half-up once: 100.00 EUR at 7.9341 is 793.41 CNY."""
        assert self.rate is not None, "an amount is converted only with a rate"
        step = Fraction(10 ** currency_scale(self.presentation), 10 ** currency_scale(self.currency))
        return round_exact(units * self.rate * step, VALUATION)


def conversion(snapshot: Snapshot, *, currency: str, presentation: str) -> Conversion:
    """Return the conversion by the snapshot's fixing of the pair, in either direction; the same currency is 1."""
    marks = {mark.instrument: mark for mark in snapshot.marks}
    fx_mark, rate = exchange_rate(marks, price_currency=currency, currency=presentation)
    return Conversion(currency=currency, presentation=presentation, fx_mark=fx_mark, rate=rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedResult:
    """A result in the presentation currency, in minor units; value and cost are of the valued lots."""

    cost_units: int = 0
    market_value_units: int = 0
    realised_units: int = 0
    settled_units: int = 0
    unvalued_cost_units: int = 0

    @property
    def unrealised_units(self) -> int:
        """Return worth less cost."""
        return self.market_value_units - self.cost_units


def present_lines(lines: Iterable[ResultLine], by: Conversion) -> dict[str, PresentedResult]:
    """Return one book's results by instrument, each amount converted once: the level above which all is a sum."""
    return {
        line.key: PresentedResult(
            cost_units=by.units(line.cost_units),
            market_value_units=by.units(line.market_value_units),
            realised_units=by.units(line.realised_units),
            settled_units=by.units(line.settled_units),
            unvalued_cost_units=by.units(line.unvalued_cost_units),
        )
        for line in lines
    }


def summed_results(results: Iterable[PresentedResult]) -> PresentedResult:
    """Return the sum of results of one currency."""
    total = PresentedResult()
    for result in results:
        total = added_results(total, result)
    return total


def added_results(one: PresentedResult, other: PresentedResult) -> PresentedResult:
    """Return the sum of two results of one currency."""
    return PresentedResult(
        cost_units=one.cost_units + other.cost_units,
        market_value_units=one.market_value_units + other.market_value_units,
        realised_units=one.realised_units + other.realised_units,
        settled_units=one.settled_units + other.settled_units,
        unvalued_cost_units=one.unvalued_cost_units + other.unvalued_cost_units,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedChange:
    """A change of value in the presentation currency; ``translation_units`` is what its own fixing moved."""

    opening_units: int
    effects: Mapping[Effect, int]
    translation_units: int
    closing_units: int

    def __post_init__(self) -> None:
        """The parts sum to the minor unit."""
        parts = sum(self.effects.values()) + self.translation_units
        assert self.opening_units + parts == self.closing_units, "the effects and the translation sum to the change"


def present_change(
    parts: Iterable[Explained], *, opening: Conversion, closing: Conversion
) -> dict[str, PresentedChange]:
    """Return one book's changes by instrument in the presentation currency.

    The stages between the effects are converted at the opening fixing, each rounded once, an effect being the difference
    of two; the closing value is converted at the closing fixing and the rest is translation. 100.00 EUR growing to
    110.00 EUR while CNY per EUR goes from 7.90 to 8.00: 790.00, effects 79.00, translation 11.00, 880.00.
    """
    return {part.key: _present_one(part, opening=opening, closing=closing) for part in parts}


def added_changes(changes: Iterable[PresentedChange]) -> PresentedChange:
    """Return the sum of changes of one currency."""
    effects = dict.fromkeys(Effect, 0)
    first = translation = last = 0
    for change in changes:
        for effect, amount in change.effects.items():
            effects[effect] += amount
        first += change.opening_units
        translation += change.translation_units
        last += change.closing_units
    return PresentedChange(opening_units=first, effects=effects, translation_units=translation, closing_units=last)


def _present_one(part: Explained, *, opening: Conversion, closing: Conversion) -> PresentedChange:
    effects: dict[Effect, int] = {}
    stage = part.opening_units
    first = shown = opening.units(stage)
    for effect in Effect:
        stage += part.effects.get(effect, 0)
        following = opening.units(stage)
        effects[effect] = following - shown
        shown = following
    last = closing.units(part.closing_units)
    return PresentedChange(opening_units=first, effects=effects, translation_units=last - shown, closing_units=last)
