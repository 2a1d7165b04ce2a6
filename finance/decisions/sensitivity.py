"""Which assumption moves the answer most: every driver to its low and high end alone, exact, sorted by effect.

Owns the table. Knows no driver's meaning: the caller says how a value is computed from the drivers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from ledger.core.errors import Conflict, Invalid

MOST_DRIVERS = 20
_PLACES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One assumption: its value in the base case and the two ends it is moved to, low up to high."""

    name: str
    unit: str
    base: Fraction
    low: Fraction
    high: Fraction
    source: str

    def __post_init__(self) -> None:
        """Refuse ends turned round and a base outside them."""
        if not self.low <= self.base <= self.high:
            raise Invalid("decision.driver", f"{self.name}: expected low up to the base up to high", field=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row of the table: the value with the driver at each end; ``effect`` is the larger distance from the base value."""

    driver: Driver
    at_low: Fraction
    at_high: Fraction
    effect: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Tornado:
    """The base value and the bars, largest effect first (equal effects by name)."""

    base: Fraction
    unit: str
    bars: tuple[Bar, ...]
    explanation: Explanation


def relative(name: str, unit: str, base: Fraction, *, change: Fraction, source: str) -> Driver:
    """Return a driver moved by ``change`` of its base either way: 100 by 10 % is 90 to 110; above 1 or negative is refused."""
    if not 0 <= change <= 1:
        raise Invalid("decision.change", f"{name}: change: expected a fraction of 0 to 1; 10 % is 0.1", field="change")
    return Driver(name=name, unit=unit, base=base, low=base * (1 - change), high=base * (1 + change), source=source)


def tornado(value_at: Callable[[Mapping[str, Fraction]], Fraction], drivers: Sequence[Driver], *, unit: str) -> Tornado:
    """Return the table: each driver alone at its ends, every other at its base.

    ``value_at`` computes the exact value from all drivers by name. For value = price x 2 at 100 +- 10: base 200, bar 180
    to 220, effect 20.
    """
    if not 0 < len(drivers) <= MOST_DRIVERS:
        raise Invalid("decision.drivers", f"drivers: expected 1 to {MOST_DRIVERS} of them", field="drivers")
    if len({each.name for each in drivers}) != len(drivers):
        raise Conflict("decision.driver_twice", "drivers: expected each once")
    bases = {each.name: each.base for each in drivers}
    base = value_at(bases)
    bars = []
    for each in drivers:
        low, high = (value_at({**bases, each.name: end}) for end in (each.low, each.high))
        bars.append(Bar(driver=each, at_low=low, at_high=high, effect=max(abs(low - base), abs(high - base))))
    ordered = tuple(sorted(bars, key=lambda bar: (-bar.effect, bar.driver.name)))
    return Tornado(
        base=base,
        unit=unit,
        bars=ordered,
        explanation=Explanation(
            label_en="value in the base case, with its drivers",
            label_zh="基准情形价值及其驱动因素",
            value=decimal_text(base, places=_PLACES),
            unit=unit,
            formula="each driver alone at its low and high end; effect = larger distance from the base",
            children=tuple(_leaf(bar) for bar in ordered),
        ),
    )


def _leaf(bar: Bar) -> Explanation:
    ends = f"{decimal_text(bar.at_low, places=_PLACES)} to {decimal_text(bar.at_high, places=_PLACES)}"
    return Explanation(
        label_en=f"{bar.driver.name}: value from {ends}",
        label_zh=f"{bar.driver.name}：价值由 {ends}",
        value=decimal_text(bar.driver.base, places=_PLACES),
        unit=bar.driver.unit,
        source=bar.driver.source,
    )
