"""The whole industry under a rule: who is short and who has too much, and the value at which the sector breaks even.

Owns the balance benchmark of a power-inclusive rule (the first article's what-if, never law) and the balance value BP of
the law in force, both exact. Knows no plant by itself: plants are values, uploaded or generated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from finance.compliance.allocation import Coefficient, coefficient_of
from finance.conventions.rounding import ALLOWANCE_QUANTITY
from ledger.core import amounts
from ledger.core.errors import Conflict, Invalid

MOST_PLANTS = 2000
_NAME_LENGTH = 80
_PRINTED = re.compile(r"[^\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One process: output in t above zero, and its intensity in tCO2e/t of zero or more by the rule in question."""

    name: str
    output_t: Fraction
    intensity: Fraction

    def __post_init__(self) -> None:
        """Refuse a plant without a name or output, and a negative intensity."""
        if not 0 < len(self.name) <= _NAME_LENGTH or not _PRINTED.fullmatch(self.name):
            raise Invalid("industry.name", f"name: expected 1 to {_NAME_LENGTH} printable characters", field="name")
        if not 0 < self.output_t <= amounts.MAX_UNITS:
            raise Invalid("industry.output_t", f"{self.name}: output_t: expected above zero tonnes", field="output_t")
        if not 0 <= self.intensity <= amounts.MAX_UNITS:
            raise Invalid("industry.intensity", f"{self.name}: intensity: expected zero or more", field="intensity")

    @property
    def emissions_t(self) -> Fraction:
        """E = output x intensity."""
        return self.output_t * self.intensity


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantBalance:
    """One plant's allocation against what it owes: above zero a surplus, below zero a shortage, whole tonnes.

    ``alpha`` is the law's coefficient, None under a plain benchmark.
    """

    plant: Plant
    alpha: Fraction | None
    allocation_t: int
    due_t: int

    @property
    def surplus_t(self) -> int:
        """Allocation less what is due."""
        return self.allocation_t - self.due_t


@dataclass(frozen=True, slots=True, kw_only=True)
class IndustryBalance:
    """Every plant's balance at one value in tCO2e/t, and the sums."""

    value: Fraction
    plants: tuple[PlantBalance, ...]

    @property
    def surplus_t(self) -> int:
        """The tonnes that plants have too much, together, zero or more."""
        return sum(max(0, each.surplus_t) for each in self.plants)

    @property
    def shortage_t(self) -> int:
        """The tonnes that plants miss, together, zero or more."""
        return sum(max(0, -each.surplus_t) for each in self.plants)

    @property
    def net_t(self) -> int:
        """Surplus less shortage."""
        return self.surplus_t - self.shortage_t

    @property
    def short_count(self) -> int:
        """How many plants miss tonnes."""
        return sum(1 for each in self.plants if each.surplus_t < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceValue:
    """Where the sector breaks even under the law: every BP in ``[low, high]`` solves the equation, one unless ``low`` < ``high``.

    ``value`` is the lowest; between the two ends the allocations are the same, since every plant is capped. ``counted``
    plants take part; the others are too small and get what they emitted. ``mid``, ``good`` and ``bad`` say how many lie
    inside the caps, at +cap and at -cap at ``value``.
    """

    low: Fraction
    high: Fraction
    counted: int
    mid: int
    good: int
    bad: int

    @property
    def value(self) -> Fraction:
        """The lowest BP that solves the equation."""
        return self.low


def balance_benchmark(plants: Sequence[Plant]) -> Fraction:
    """Return the one benchmark at which the industry's allowances equal its emissions: sum E / sum output.

    Article A's balance: 13,100 kWh/t with 60/5200 zero-emission power gives 9.2636 tCO2e/t. With intensities 9 and 10
    and outputs 300 and 100: 9.25.
    """
    _check(plants)
    return sum((each.emissions_t for each in plants), Fraction(0)) / sum(
        (each.output_t for each in plants), Fraction(0)
    )


def at_benchmark(plants: Sequence[Plant], benchmark: Fraction) -> IndustryBalance:
    """Return each plant's balance when it gets benchmark x output, floored to whole tonnes, and owes its emissions, floored.

    40 Mt of output at 9.264 against a benchmark of 9.0: 10.56 Mt short (Article A says within about 10 Mt).
    """
    _check(plants)
    if benchmark <= 0:
        raise Invalid("industry.benchmark", "benchmark: expected above zero tCO2e/t", field="benchmark")
    return IndustryBalance(
        value=benchmark,
        plants=tuple(
            PlantBalance(
                plant=each, alpha=None, allocation_t=_floor(benchmark * each.output_t), due_t=_floor(each.emissions_t)
            )
            for each in plants
        ),
    )


def balance_value(plants: Sequence[Plant], coefficient: Coefficient) -> BalanceValue:
    """Return BP of the law: the root of F(BP) = sum E_i alpha_i(BP), found exactly.

    Rule: draft plan 2025/26 of 2026-07-27, table 2-4: sum E = sum_mid E (1 + 0.15 (BP - I) / BP) + 1.03 sum_good E
    + 0.97 sum_bad E. Proof that it is found: X_i = 1 - I_i / BP rises with BP and alpha is a non-decreasing,
    continuous function of X, so F is non-decreasing and continuous, -cap sum E near zero and +cap sum E far out: a
    root exists, and the roots are one point or one closed interval. A plant changes its branch only where
    BP = I / (1 - saturation) or I / (1 + saturation); between two such joints the sets are fixed and F = 0 reads
    BP = slope sum_mid E I / (slope sum_mid E + cap (sum_good E - sum_bad E)), a rational number. The joints are sorted
    and the first with F >= 0 is found by bisection. With no plant capped BP = sum E I / sum E. Emissions 800 each at
    1.5 and 1.7 give 1.6. Plants below the small limit get what they emitted and do not enter; with none left, or only
    plants of intensity zero, it is ``industry.no_balance``.
    """
    _check(plants)
    if coefficient.slope <= 0 or not 0 < coefficient.saturation < 1:
        raise Invalid("industry.rule", "allocation rule: expected a slope above zero and a saturation between 0 and 1")
    counted = [each for each in plants if each.emissions_t >= max(coefficient.small_below_t, Fraction(1))]
    if not counted:
        raise Conflict("industry.no_balance", "plants: expected at least one above the limit of small emitters")
    joints = sorted({each.intensity / (1 + sign * coefficient.saturation) for each in counted for sign in (-1, 1)})
    first = _first(joints, counted, coefficient)
    low = _root(joints, first, counted, coefficient)
    high = low
    if not _mid(counted, low, coefficient):
        # Every plant is capped at the root: F stays zero up to the next joint.
        high = next((joint for joint in joints if joint > low), low)
    sides = [coefficient_of(1 - each.intensity / low, coefficient) for each in counted]
    good = sum(1 for alpha in sides if alpha == coefficient.cap)
    bad = sum(1 for alpha in sides if alpha == -coefficient.cap)
    return BalanceValue(low=low, high=high, counted=len(counted), mid=len(counted) - good - bad, good=good, bad=bad)


def at_balance_value(plants: Sequence[Plant], coefficient: Coefficient, value: Fraction) -> IndustryBalance:
    """Return each plant's balance under the law at a BP: A = floor(E (1 + alpha)), due = floor(E).

    Plants below the small limit get what they emitted. 800,000 t at 1.50 with BP 1.60: 807,500 t, 7,500 t too much.
    """
    _check(plants)
    if value <= 0:
        raise Invalid("industry.balance_value", "balance_value: expected above zero tCO2e/t", field="balance_value")
    found = []
    for each in plants:
        is_small = each.emissions_t < coefficient.small_below_t
        alpha = Fraction(0) if is_small else coefficient_of((value - each.intensity) / value, coefficient)
        found.append(
            PlantBalance(
                plant=each,
                alpha=alpha,
                allocation_t=_floor(each.emissions_t * (1 + alpha)),
                due_t=_floor(each.emissions_t),
            )
        )
    return IndustryBalance(value=value, plants=tuple(found))


def imbalance(plants: Sequence[Plant], coefficient: Coefficient, value: Fraction) -> Fraction:
    """Return F(BP) = sum E_i alpha_i, exact and unfloored: allowances minus emissions of the plants that take part."""
    return sum(
        (each.emissions_t * coefficient_of(1 - each.intensity / value, coefficient) for each in plants), Fraction(0)
    )


def _first(joints: Sequence[Fraction], counted: Sequence[Plant], coefficient: Coefficient) -> int:
    """Return the place of the first joint at which F is zero or more; the last joint always is (all plants at +cap)."""
    low, high = 0, len(joints) - 1
    while low < high:
        middle = (low + high) // 2
        if imbalance(counted, coefficient, joints[middle]) >= 0:
            high = middle
        else:
            low = middle + 1
    return low


def _root(joints: Sequence[Fraction], first: int, counted: Sequence[Plant], coefficient: Coefficient) -> Fraction:
    if imbalance(counted, coefficient, joints[first]) == 0:
        return joints[first]
    assert first > 0, "at the first joint every plant is at -cap or leaves it, so F is below zero there"
    inside = (joints[first - 1] + joints[first]) / 2
    alphas = [coefficient_of(1 - each.intensity / inside, coefficient) for each in counted]
    mid = [each for each, alpha in zip(counted, alphas, strict=True) if abs(alpha) < coefficient.cap]
    capped = sum(
        (
            each.emissions_t * alpha
            for each, alpha in zip(counted, alphas, strict=True)
            if abs(alpha) == coefficient.cap
        ),
        Fraction(0),
    )
    emitted = sum((each.emissions_t for each in mid), Fraction(0))
    weighted = sum((each.emissions_t * each.intensity for each in mid), Fraction(0))
    return coefficient.slope * weighted / (coefficient.slope * emitted + capped)


def _mid(counted: Sequence[Plant], value: Fraction, coefficient: Coefficient) -> bool:
    """Return whether some plant lies strictly inside the caps just above ``value``, so that F rises from there."""
    return any(
        value * (1 - coefficient.saturation) < each.intensity <= value * (1 + coefficient.saturation)
        for each in counted
    )


def _floor(tonnes: Fraction) -> int:
    return amounts.round_exact(tonnes, ALLOWANCE_QUANTITY)


def _check(plants: Sequence[Plant]) -> None:
    if not 0 < len(plants) <= MOST_PLANTS:
        raise Invalid("industry.plants", f"plants: expected 1 to {MOST_PLANTS} plants", field="plants")
    if len({each.name for each in plants}) != len(plants):
        raise Invalid("industry.names", "plants: expected each name once", field="plants")
