"""Plants made from a distribution: a normal cut off at two bounds, fixed by its mean and the share below a threshold.

STATISTICS: the distribution's cumulative function and its quantiles are computed with numpy float64 on a fine grid and
rounded once to three decimals; they are estimates and labelled so. What is booked, planned or compared is recomputed
exactly from the rounded plants. Plants stand at the mid-quantiles (i - 1/2) / n, so the same parameters always give the
same plants; only which of them use green power is drawn, from the seed that is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from finance.compliance.industry import MOST_PLANTS
from ledger.core.errors import Invalid

PLACES = 3
_SCALE = 10**PLACES
_INTERVALS = 4000
_HALVINGS = 55
_STEEPEST = 40_000
_NARROWEST = 20_000
_PER_MILLION = 1_000_000
_LARGEST_SEED = 2**63 - 1

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundedNormal:
    """A normal distribution cut off at ``low`` and ``high``, both inclusive, with ``mean`` after the cut.

    ``share_below`` of it lies below ``threshold``. Article A: 12,750 to 13,450 kWh/t, mean 13,100, 20 % below 13,000.
    """

    low: Fraction
    high: Fraction
    mean: Fraction
    threshold: Fraction
    share_below: Fraction

    def __post_init__(self) -> None:
        """Refuse bounds out of order and a mean, a threshold or a share outside of them."""
        if not 0 <= self.low < self.high <= _PER_MILLION:
            raise Invalid("distribution.bounds", "low: expected zero or more, below high", field="low")
        if not self.low < self.mean < self.high:
            raise Invalid("distribution.mean", "mean: expected between low and high", field="mean")
        if not self.low < self.threshold < self.high:
            raise Invalid("distribution.threshold", "threshold: expected between low and high", field="threshold")
        if not 0 < self.share_below < 1:
            raise Invalid("distribution.share_below", "share_below: expected between 0 and 1", field="share_below")


def plant_quantiles(distribution: BoundedNormal, count: int) -> tuple[Fraction, ...]:
    """Return the mid-quantiles of the distribution, rising, each rounded to three decimals (an estimate).

    The density exp(a z - b z^2) on z in [-1, 1] with b >= 0 is a normal cut off at both ends; a is bisected so that the
    mean is met, b so that the share is. A mean and a share that no such density has together raise
    ``distribution.unreachable`` with the shares that can be reached. Article A's numbers give a standard deviation of
    about 119 kWh/t before the cut, and quantiles symmetric about 13,100.
    """
    if not 0 < count <= MOST_PLANTS:
        raise Invalid("distribution.count", f"plants: expected 1 to {MOST_PLANTS}", field="count")
    grid = np.linspace(-1, 1, _INTERVALS + 1)
    half, middle = (distribution.high - distribution.low) / 2, (distribution.high + distribution.low) / 2
    mean_z = _float((distribution.mean - middle) / half)
    threshold_z = _float((distribution.threshold - middle) / half)
    cumulative = _fitted(grid, mean_z, threshold_z, _float(distribution.share_below))
    places = (2 * np.arange(count) + 1) / (2 * count)
    found = np.interp(places, cumulative, grid)
    per_grid = _float(half) * found + _float(middle)
    return tuple(
        min(max(Fraction(int(each), _SCALE), distribution.low), distribution.high)
        for each in np.rint(per_grid * _SCALE).astype(np.int64)
    )


def green_plants(count: int, green_count: int, seed: int) -> frozenset[int]:
    """Return which plants use green power: ``green_count`` different places below ``count``, drawn from the seed."""
    if not 0 <= green_count <= count:
        raise Invalid(
            "distribution.green_count", "green_plants: expected 0 to the number of plants", field="green_plants"
        )
    if not 0 <= seed <= _LARGEST_SEED:
        raise Invalid("distribution.seed", "seed: expected 0 to 2^63 - 1", field="seed")
    generator = np.random.Generator(np.random.PCG64(seed))
    return frozenset(int(each) for each in generator.permutation(count)[:green_count])


def _fitted(grid: Floats, mean_z: np.float64, threshold_z: np.float64, share: np.float64) -> Floats:
    """Return the cumulative function at the grid's points for the mean and the share below the threshold."""
    narrow, wide = np.float64(_NARROWEST), np.float64(0)
    at_narrow = _share(grid, _with_mean(grid, narrow, mean_z), threshold_z)
    at_wide = _share(grid, _with_mean(grid, wide, mean_z), threshold_z)
    lowest, highest = min(at_narrow, at_wide), max(at_narrow, at_wide)
    if not lowest < share < highest:
        shown = " to ".join(f"{int(each * _PER_MILLION)}/{_PER_MILLION}" for each in (lowest, highest))
        raise Invalid(
            "distribution.unreachable",
            f"share_below: a normal cut off at these bounds with this mean has {shown} below the threshold",
            field="share_below",
        )
    rises = at_wide > at_narrow
    for _ in range(_HALVINGS):
        middle = (narrow + wide) / 2
        found = _share(grid, _with_mean(grid, middle, mean_z), threshold_z)
        if (found < share) == rises:
            narrow = middle
        else:
            wide = middle
    return _with_mean(grid, (narrow + wide) / 2, mean_z)


def _with_mean(grid: Floats, curvature: np.float64, mean_z: np.float64) -> Floats:
    """Return the cumulative function of the density of that curvature whose mean is ``mean_z``."""
    low, high = np.float64(-_STEEPEST), np.float64(_STEEPEST)
    for _ in range(_HALVINGS):
        tilt = (low + high) / 2
        if _mean(grid, _density(grid, tilt, curvature)) < mean_z:
            low = tilt
        else:
            high = tilt
    density = _density(grid, (low + high) / 2, curvature)
    pieces = (density[1:] + density[:-1]) / 2
    cumulative = np.concatenate((np.zeros(1), np.cumsum(pieces)))
    fitted: Floats = cumulative / cumulative[-1]
    return fitted


def _density(grid: Floats, tilt: np.float64, curvature: np.float64) -> Floats:
    exponent = tilt * grid - curvature * grid * grid
    density: Floats = np.exp(exponent - exponent.max())
    return density


def _mean(grid: Floats, density: Floats) -> np.float64:
    return np.float64(np.sum(grid * density) / np.sum(density))


def _share(grid: Floats, cumulative: Floats, threshold_z: np.float64) -> np.float64:
    return np.float64(np.interp(threshold_z, grid, cumulative))


def _float(value: Fraction) -> np.float64:
    return np.float64(value.numerator) / np.float64(value.denominator)
