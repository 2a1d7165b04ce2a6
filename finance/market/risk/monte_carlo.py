"""Monte Carlo: correlated log-normal prices by a named seed, with the standard error of the quantile.

This module alone of the risk package computes in 64-bit floating point (numpy): volatilities, correlations and draws are
estimates. Simulated prices are rounded once to whole units of a declared step; losses, their order and their means are exact
integers from there. The seed and the generator (PCG64) are part of the result; no random source is opened here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from finance.market.risk.roots import root
from finance.market.risk.scenarios import Exposure, ScenarioSet
from finance.market.risk.value_at_risk import Integers, rank_of
from ledger.core.amounts import RoundingMode, round_exact
from ledger.core.errors import Conflict, Invalid

Estimates = npt.NDArray[np.float64]

GENERATOR = "numpy PCG64, standard normal (ziggurat)"
_DIGITS = 12
_SCALE = 10**_DIGITS
_BLOCK = 16_384
_EXACT_BITS = 53
_SEED_BITS = 63
_LARGEST_VOLATILITY = 5
"""Above 500 % a session nothing is a price process; the exponential would leave the numbers it is computed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogNormalModel:
    """log(P'/P) is normal with mean zero, ``volatility`` per session and ``correlation``; the names say of what.

    Mean zero is a choice: over days a drift is smaller than its own error. Volatilities are zero or more.
    """

    names: tuple[str, ...]
    volatility: tuple[Fraction, ...]
    correlation: tuple[tuple[Fraction, ...], ...]

    def __post_init__(self) -> None:
        """Refuse what is no covariance: sizes, range, symmetry, ones on the diagonal, a negative variance of some sum."""
        size = len(self.names)
        if not size or len(self.volatility) != size or len(self.correlation) != size:
            raise Invalid("risk.model", "model: expected one volatility and one line of correlations per name")
        if any(not 0 <= value <= _LARGEST_VOLATILITY for value in self.volatility):
            raise Invalid("risk.volatility", f"volatility: expected 0 to {_LARGEST_VOLATILITY} per session")
        for one, line in enumerate(self.correlation):
            if len(line) != size or line[one] != 1 or any(abs(value) > 1 for value in line):
                raise Invalid("risk.correlation", "correlation: expected lines of -1 to 1 with 1 on the diagonal")
            if any(line[two] != self.correlation[two][one] for two in range(one)):
                raise Invalid("risk.correlation_uneven", "correlation: expected the same number both ways")
        smallest = np.linalg.eigvalsh(_floats(self.correlation)).min()
        if smallest * 10**9 < -1:
            raise Invalid(
                "risk.correlation_impossible",
                "correlation: expected numbers that can hold together (positive semidefinite)",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledTail:
    """Value at risk and expected shortfall of simulated losses, each with its standard error, in the losses' units."""

    paths: int
    rank: int
    value_at_risk: int
    value_at_risk_error: Fraction
    expected_shortfall: Fraction
    expected_shortfall_error: Fraction


def fitted_model(scenarios: ScenarioSet) -> LogNormalModel:
    """Return the model whose volatility is the root mean square of the log returns per session, mean taken as zero.

    A return over several sessions is scaled by the root of their number. A series that never moved has volatility zero and
    correlation zero. Estimates are rounded half-even at twelve decimals.
    """
    if any(value <= -1 for line in scenarios.returns for value in line):
        raise Conflict(
            "risk.price_vanished", "returns: a price fell to zero, which no log-normal price does; use historical"
        )
    values = _floats(
        [[round_exact(value * _SCALE, RoundingMode.HALF_UP) for value in line] for line in scenarios.returns]
    )
    logs = np.log1p(values / _SCALE) / np.sqrt(np.asarray(scenarios.sessions, dtype=np.float64))
    covariance = logs @ logs.T / scenarios.count
    return _model(scenarios.names, np.sqrt(np.diagonal(covariance)), covariance)


def model_of_exposures(model: LogNormalModel, exposures: Sequence[Exposure]) -> LogNormalModel:
    """Return the model of prices in book currency: the logarithms of price and exchange rate add, an inverse rate subtracts.

    An exposure to one factor alone keeps that factor's volatility to the last digit.
    """
    place = {name: number for number, name in enumerate(model.names)}
    weights = [[0] * len(model.names) for _ in exposures]
    for line, exposure in zip(weights, exposures, strict=True):
        for name, is_inverse in exposure.factors:
            line[place[name]] += -1 if is_inverse else 1
    spread = _floats([model.volatility])[0]
    covariance = np.outer(spread, spread) * _floats(model.correlation)
    mixed = _floats(weights) @ covariance @ _floats(weights).T
    volatility = np.sqrt(np.clip(np.diagonal(mixed), 0, None))
    return _model(tuple(one.instrument for one in exposures), volatility, mixed)


def standard_normals(correlation: Sequence[Sequence[Fraction]], *, paths: int, seed: int) -> Iterator[Estimates]:
    """Yield correlated standard normal draws, one line per name, in blocks of paths; the same seed gives the same draws.

    The factor is the symmetric root of the correlation by its eigenvectors, which needs no positive definite matrix.
    """
    if not 0 <= seed < 1 << _SEED_BITS:
        raise Invalid("risk.seed", f"seed: expected a whole number from 0 to 2^{_SEED_BITS} - 1")
    values, vectors = np.linalg.eigh(_floats(correlation))
    factor = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    generator = np.random.Generator(np.random.PCG64(seed))
    for first in range(0, paths, _BLOCK):
        yield factor @ generator.standard_normal((len(correlation), min(_BLOCK, paths - first)))


def simulated_moves(
    model: LogNormalModel, prices: Sequence[int], *, horizon: int, paths: int, seed: int
) -> Iterator[Integers]:
    """Yield price moves in the units of ``prices``, one line per name, in blocks of paths: P x exp(sigma sqrt(h) z) - P.

    The simulated price is rounded half-even once to a whole unit; one beyond 2^53 units is ``risk.range``.
    """
    base = np.asarray(prices, dtype=np.int64)[:, np.newaxis]
    spread = _floats([model.volatility]).T * np.sqrt(np.float64(horizon))
    for draws in standard_normals(model.correlation, paths=paths, seed=seed):
        with np.errstate(over="ignore"):
            simulated = np.rint(base * np.exp(spread * draws))
        if not bool((simulated < 1 << _EXACT_BITS).all()):
            raise Conflict(
                "risk.horizon_long", "volatility: a simulated price leaves the exact range; shorten the horizon"
            )
        yield simulated.astype(np.int64) - base


def sampled_tail(losses: Sequence[int], *, confidence: Fraction, places: int) -> SampledTail:
    """Return the tail of simulated ``losses`` by the order-statistic rule, with standard errors rounded at ``places``.

    The quantile's is a quarter of the distance between the order statistics two binomial standard deviations, sqrt(n a (1 - a)),
    either side of it: no density is estimated (David and Nagaraja, Order Statistics, 3rd ed., section 7.1). The shortfall's
    is sqrt((variance of the tail + a (ES - VaR)^2) / (n (1 - a))) (Manistre and Hancock, NAAJ 9(2), 2005).
    """
    ordered = sorted(losses)
    count = len(ordered)
    rank = rank_of(count, confidence)
    spread = max(1, round_exact(2 * root(count * confidence * (1 - confidence), places=2), RoundingMode.HALF_UP))
    upper, lower = ordered[min(count, rank + spread) - 1], ordered[max(1, rank - spread) - 1]
    tail = ordered[rank - 1 :]
    mean = Fraction(sum(tail), len(tail))
    variance = Fraction(sum(one * one for one in tail), len(tail)) - mean * mean
    found = ordered[rank - 1]
    error = (variance + confidence * (mean - found) ** 2) / (count * (1 - confidence))
    return SampledTail(
        paths=count,
        rank=rank,
        value_at_risk=found,
        value_at_risk_error=Fraction(upper - lower, 4),
        expected_shortfall=mean,
        expected_shortfall_error=root(error, places=places),
    )


def _model(names: tuple[str, ...], volatility: Estimates, covariance: Estimates) -> LogNormalModel:
    scale = np.where(volatility > 0, volatility, 1)
    lines = _rounded(np.clip(covariance / np.outer(scale, scale), -1, 1))
    size = len(names)
    return LogNormalModel(
        names=names,
        volatility=tuple(_rounded(volatility[np.newaxis, :])[0]),
        # The upper triangle stands for both, so that the matrix is symmetric to the last digit.
        correlation=tuple(
            tuple(Fraction(1) if one == two else lines[min(one, two)][max(one, two)] for two in range(size))
            for one in range(size)
        ),
    )


def _floats(lines: Sequence[Sequence[Fraction]] | Sequence[Sequence[int]]) -> Estimates:
    return np.array([list(line) for line in lines], dtype=object).astype(np.float64)


def _rounded(values: Estimates) -> list[list[Fraction]]:
    whole = np.rint(values * _SCALE).astype(np.int64)
    return [[Fraction(one, _SCALE) for one in line] for line in whole.tolist()]
