"""Filtered historical simulation: past returns scaled to today's volatility, in fixed-point integers.

Owns the variance recursion and the scaling. Every number is an integer of 10^-12 (returns, volatilities) or 10^-24
(variances), rounded half-up at each step: the same input gives the same answer on every machine. Knows no price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from finance.market.risk.scenarios import ScenarioSet
from ledger.core.amounts import RoundingMode, round_exact
from ledger.core.errors import Conflict, Invalid

_SCALE = 10**12
_STEP = RoundingMode.HALF_UP


@dataclass(frozen=True, slots=True, kw_only=True)
class FilteredReturns:
    """Scaled returns of one series, with the volatility per session today; ``floored`` counts those cut off at -1."""

    returns: tuple[Fraction, ...]
    volatility_now: Fraction
    floored: int


def filtered_returns(returns: Sequence[Fraction], sessions: Sequence[int], *, decay: Fraction) -> FilteredReturns:
    """Return each r_s x sigma_now / sigma_s, with sigma_s known before the session.

    sigma^2 of the first session is the mean square of the window; then v' = decay x v + (1 - decay) x r^2 / sessions, a
    move over several sessions counting per session; sigma_now is the forecast after the last. A series that never moved
    stays at zero. Returns of +-1 % throughout stay as they are. Source: Hull and White 1998, Journal of Risk 1(1); decay:
    RiskMetrics 1996; loans-and-attestations notes of 2026-11-21, section 4.
    """
    if not 0 < decay < 1:
        raise Invalid("risk.decay", "decay: expected a number between 0 and 1, both excluded")
    if not returns or len(returns) != len(sessions) or min(sessions) < 1:
        raise Invalid("risk.returns", "returns: expected at least one, each with its sessions")
    units = [round_exact(value * _SCALE, _STEP) for value in returns]
    squares = [_divided(unit * unit, span) for unit, span in zip(units, sessions, strict=True)]
    if not any(squares):
        return FilteredReturns(returns=tuple(Fraction(0) for _ in units), volatility_now=Fraction(0), floored=0)
    variance = _divided(sum(squares), len(squares))
    sigmas = []
    for square in squares:
        sigmas.append(_root(variance))
        mixed = decay.numerator * variance + (decay.denominator - decay.numerator) * square
        variance = _divided(mixed, decay.denominator)
    now = _root(variance)
    if not all(sigmas):
        raise Conflict(
            "risk.no_variance", "returns: the volatility of a session vanished after a long standstill; use historical"
        )
    scaled = [_divided(unit * now, sigma) for unit, sigma in zip(units, sigmas, strict=True)]
    return FilteredReturns(
        returns=tuple(Fraction(max(value, -_SCALE), _SCALE) for value in scaled),
        volatility_now=Fraction(now, _SCALE),
        floored=sum(value < -_SCALE for value in scaled),
    )


def filtered_scenarios(scenarios: ScenarioSet, *, decay: Fraction) -> tuple[FilteredReturns, ...]:
    """Return every series of ``scenarios`` filtered by its own volatility; the sessions stay common."""
    return tuple(
        filtered_returns(values, spans, decay=decay)
        for values, spans in zip(scenarios.returns, scenarios.sessions, strict=True)
    )


def _divided(numerator: int, denominator: int) -> int:
    return round_exact(Fraction(numerator, denominator), _STEP)


def _root(variance: int) -> int:
    return (isqrt(4 * variance) + 1) // 2
