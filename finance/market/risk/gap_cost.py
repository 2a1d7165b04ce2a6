"""Gap cost-at-risk: what the year's missing allowances may cost beyond their mean, by joint simulation.

Owns the joint draws of output, benchmark and price, and the quantile of the cost. The gap itself is asked of a pure function
that the caller hands in, because allocation rules belong elsewhere. Draws are estimates by a named seed; each drawn output,
benchmark and price is rounded once, and every cost made of them is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from finance.market.risk.monte_carlo import SampledTail, sampled_tail, standard_normals
from ledger.core.errors import Conflict, Invalid

GapOf = Callable[[int, Fraction], int]
"""Tonnes missing (negative: left over) for whole tonnes of output and a benchmark in tCO2e/t."""

_BENCHMARK_SCALE = 10**6
_FACTORS = 3
_EXACT_BITS = 53
_LARGEST_SPREAD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class GapModel:
    """What is uncertain until the surrender: output and benchmark are normal, the price log-normal around today's.

    ``output_spread`` and ``benchmark_spread`` are standard deviations as shares of the mean, ``price_volatility`` that of the
    log price over the whole horizon. ``correlation`` is of output, benchmark and price, in that order. ``price`` is today's in
    units of 10^-places of book currency per tonne.
    """

    output_t: int
    output_spread: Fraction
    benchmark: Fraction
    benchmark_spread: Fraction
    price: int
    price_volatility: Fraction
    correlation: tuple[tuple[Fraction, ...], ...]

    def __post_init__(self) -> None:
        """Refuse means of nothing, spreads out of range and correlations that are none."""
        if self.output_t < 0 or self.benchmark <= 0 or self.price <= 0:
            raise Invalid(
                "risk.gap_model", "gap model: expected output of zero or more, benchmark and price above zero"
            )
        spreads = (self.output_spread, self.benchmark_spread, self.price_volatility)
        if any(not 0 <= one <= _LARGEST_SPREAD for one in spreads):
            raise Invalid("risk.spread", f"spreads: expected 0 to {_LARGEST_SPREAD}")
        lines = self.correlation
        if len(lines) != _FACTORS or any(len(line) != _FACTORS for line in lines):
            raise Invalid("risk.correlation", "correlation: expected three lines of three: output, benchmark, price")
        if any(lines[one][two] != lines[two][one] or lines[one][one] != 1 for one in range(3) for two in range(3)):
            raise Invalid(
                "risk.correlation_uneven", "correlation: expected the same number both ways and 1 on the diagonal"
            )
        smallest = np.linalg.eigvalsh(np.array([list(line) for line in lines], dtype=object).astype(np.float64)).min()
        if any(abs(one) > 1 for line in lines for one in line) or smallest * 10**9 < -1:
            raise Invalid("risk.correlation_impossible", "correlation: expected numbers that can hold together")


@dataclass(frozen=True, slots=True, kw_only=True)
class GapCostAtRisk:
    """The cost of the gap in units of 10^-places of book currency: mean, quantile, and the quantile beyond the mean.

    ``tail`` holds the quantile with its standard error, ``short_share`` the share of years in which allowances are missing.
    """

    seed: int
    paths: int
    mean: Fraction
    tail: SampledTail
    at_risk: Fraction
    short_share: Fraction
    lowest_gap_t: int
    highest_gap_t: int


def gap_cost_at_risk(
    model: GapModel, gap_of: GapOf, *, confidence: Fraction, paths: int, seed: int, places: int
) -> GapCostAtRisk:
    """Return CFaR = quantile_a(max(G, 0) x P) - mean(max(G, 0) x P) over ``paths`` simulated years.

    Without any spread it is zero: 1,000 t missing at 97.40 cost 97,400.00 in every year. An output below zero counts as zero,
    a benchmark at or below zero as its smallest unit, 10^-6. The same seed gives the same answer. Source:
    loans-and-attestations notes of 2026-11-21, section 4, gap cost distribution.
    """
    costs: list[int] = []
    gaps: list[int] = []
    scale = model.benchmark * _BENCHMARK_SCALE
    mean = np.array([model.output_t, scale], dtype=object).astype(np.float64)
    spread = np.array([model.output_spread, model.benchmark_spread], dtype=object).astype(np.float64) * mean
    volatility = np.array([model.price_volatility], dtype=object).astype(np.float64)
    for draws in standard_normals(model.correlation, paths=paths, seed=seed):
        drawn = np.rint(mean[:, np.newaxis] + spread[:, np.newaxis] * draws[:2])
        prices = np.rint(np.exp(volatility[:, np.newaxis] * draws[2:]) * model.price)
        if max(drawn.max(), prices.max()) >= 1 << _EXACT_BITS:
            raise Conflict("risk.range", "gap model: a simulated figure leaves the exact range; lower the spreads")
        outputs, benchmarks = np.clip(drawn, [[0], [1]], None).astype(np.int64).tolist()
        for output_t, benchmark, price in zip(outputs, benchmarks, prices[0].astype(np.int64).tolist(), strict=True):
            gap_t = gap_of(output_t, Fraction(benchmark, _BENCHMARK_SCALE))
            gaps.append(gap_t)
            costs.append(max(gap_t, 0) * price)
    average = Fraction(sum(costs), len(costs))
    tail = sampled_tail(costs, confidence=confidence, places=places)
    return GapCostAtRisk(
        seed=seed,
        paths=paths,
        mean=average,
        tail=tail,
        at_risk=tail.value_at_risk - average,
        short_share=Fraction(sum(gap > 0 for gap in gaps), len(gaps)),
        lowest_gap_t=min(gaps),
        highest_gap_t=max(gaps),
    )
