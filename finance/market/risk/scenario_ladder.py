"""Scenario ladder: the year's gap under each change of benchmark, output, grid factor and green share, times each price.

Owns the rungs and the exact table. The gap is asked of a pure function that the caller hands in. Knows no rule of allocation
and no probability: a ladder says what if, not how likely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from ledger.core.errors import Invalid


class Axis(StrEnum):
    """What a rung changes; everything else stays at the base."""

    BASE = "base"
    BENCHMARK = "benchmark"
    OUTPUT = "output"
    GRID_FACTOR = "grid_factor"
    GREEN_SHARE = "green_share"


@dataclass(frozen=True, slots=True, kw_only=True)
class YearCase:
    """One assumed year: output in t, benchmark and direct intensity in tCO2e/t, power in MWh/t, factor in tCO2/MWh.

    ``green_share`` of the power counts as zero. ``counts_power`` says whether the duty includes power at all: under the rule
    in force for aluminium it does not, and then factor and green share change nothing.
    """

    output_t: Fraction
    benchmark: Fraction
    direct_intensity: Fraction
    power_mwh_per_t: Fraction
    grid_factor: Fraction
    green_share: Fraction
    counts_power: bool

    def __post_init__(self) -> None:
        """Refuse a year that cannot be."""
        if self.benchmark <= 0 or not 0 <= self.green_share <= 1:
            raise Invalid("risk.year_case", "expected a benchmark above zero and a green share from 0 to 1")
        if min(self.output_t, self.direct_intensity, self.power_mwh_per_t, self.grid_factor) < 0:
            raise Invalid("risk.year_negative", "expected output, intensity, power and factor of zero or more")

    @property
    def intensity(self) -> Fraction:
        """Return tCO2e per tonne of product that the duty counts."""
        power = self.power_mwh_per_t * self.grid_factor * (1 - self.green_share)
        return self.direct_intensity + (power if self.counts_power else 0)

    @property
    def emissions_t(self) -> Fraction:
        """Return the emissions that the duty counts."""
        return self.output_t * self.intensity


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderSteps:
    """Step and number of steps of price, benchmark, output and green share, as shares of the base (green share: added)."""

    price: tuple[Fraction, int]
    benchmark: tuple[Fraction, int]
    output: tuple[Fraction, int]
    green_share: tuple[Fraction, int]

    def __post_init__(self) -> None:
        """Refuse a ladder down to nothing or longer than a person reads."""
        for step, count in (self.price, self.benchmark, self.output, self.green_share):
            if step <= 0 or not 0 <= count <= 20 or step * count >= 1:  # noqa: PLR2004 - rows of a table on one page
                raise Invalid("risk.ladder", "ladder: expected steps above zero, at most 20, that stay below 100 %")


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRung:
    """One line of the table: what was changed to what, the gap (positive: missing), and its value at each price.

    ``values`` are exact book currency: positive a cost, negative what the surplus is worth. ``has_effect`` is false where the
    change leaves the gap as it is: the rule does not look at the figure, or its cap is reached already.
    """

    axis: Axis
    change: Fraction
    case: YearCase
    gap_t: int
    has_effect: bool
    values: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The table: prices with their change across, rungs down."""

    price_changes: tuple[Fraction, ...]
    prices: tuple[Fraction, ...]
    rungs: tuple[GapRung, ...]


def scenario_ladder(
    base: YearCase,
    price: Fraction,
    gap_of: Callable[[YearCase], int],
    *,
    steps: LadderSteps,
    other_factors: Sequence[Fraction] = (),
) -> Ladder:
    """Return gap x price for every rung and price, exact.

    Prices: base x (1 - n step) to (1 + n step). Gap 1,000 t at 97.40: 97,400 at the base, 87,660 at -10 %.
    ``other_factors`` are grid factors to compare (the one before, the one proposed). Source: loans-and-attestations notes of
    2026-11-21, section 4, scenario ladder.
    """
    if price <= 0:
        raise Invalid("risk.price", "price: expected above zero")
    changes = _around(steps.price)
    prices = tuple(price * (1 + change) for change in changes)
    cases = (
        (Axis.BASE, Fraction(0), base),
        *(
            (Axis.BENCHMARK, change, _with(base, benchmark=base.benchmark * (1 + change)))
            for change in _around(steps.benchmark)
            if change
        ),
        *(
            (Axis.OUTPUT, change, _with(base, output_t=base.output_t * (1 + change)))
            for change in _around(steps.output)
            if change
        ),
        *((Axis.GRID_FACTOR, factor, _with(base, grid_factor=factor)) for factor in other_factors),
        *(
            (Axis.GREEN_SHARE, change, _with(base, green_share=base.green_share + change))
            for change in _around(steps.green_share)
            if change and 0 <= base.green_share + change <= 1
        ),
    )
    base_gap_t = gap_of(base)
    rungs = []
    for axis, change, case in cases:
        gap_t = base_gap_t if axis is Axis.BASE else gap_of(case)
        rungs.append(
            GapRung(
                axis=axis,
                change=change,
                case=case,
                gap_t=gap_t,
                has_effect=axis is Axis.BASE or gap_t != base_gap_t,
                values=tuple(gap_t * one for one in prices),
            )
        )
    return Ladder(price_changes=changes, prices=prices, rungs=tuple(rungs))


def _around(step: tuple[Fraction, int]) -> tuple[Fraction, ...]:
    size, count = step
    return tuple(size * number for number in range(-count, count + 1))


def _with(
    base: YearCase,
    *,
    output_t: Fraction | None = None,
    benchmark: Fraction | None = None,
    grid_factor: Fraction | None = None,
    green_share: Fraction | None = None,
) -> YearCase:
    return YearCase(
        output_t=base.output_t if output_t is None else output_t,
        benchmark=base.benchmark if benchmark is None else benchmark,
        direct_intensity=base.direct_intensity,
        power_mwh_per_t=base.power_mwh_per_t,
        grid_factor=base.grid_factor if grid_factor is None else grid_factor,
        green_share=base.green_share if green_share is None else green_share,
        counts_power=base.counts_power,
    )
