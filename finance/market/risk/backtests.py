"""Backtests of value at risk: exceptions, Kupiec, Christoffersen, and the traffic light.

Owns the replay and the tests. Likelihoods are logarithms of exact ratios in 50-digit decimals; the tail of the chi-squared
distribution with one degree of freedom is a 64-bit estimate (scipy). Both are rounded once to six decimals. The zone comes
from the exact binomial distribution. Knows no price.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from fractions import Fraction
from math import comb

import numpy as np
from scipy import special

from finance.market.risk.value_at_risk import tail_risk
from ledger.core.errors import Conflict, Invalid

_CONTEXT = Context(prec=50, rounding=ROUND_HALF_UP)
_SHOWN = Decimal("0.000001")


class Zone(StrEnum):
    """The traffic light of a backtest."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodTest:
    """A likelihood ratio with its probability under a right model, six decimals; ``is_rejected`` below the significance."""

    statistic: Decimal
    probability: Decimal
    degrees: int
    is_rejected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """What a model said against what came: ``exceptions`` are the numbers of the days whose loss exceeded the figure.

    ``transitions`` counts day pairs by (exception before, exception after): 00, 01, 10, 11. ``cumulative`` is the exact
    probability of so many exceptions or fewer under a right model.
    """

    confidence: Fraction
    days: int
    exceptions: tuple[int, ...]
    transitions: tuple[int, int, int, int]
    kupiec: LikelihoodTest
    independence: LikelihoodTest
    joint: LikelihoodTest
    cumulative: Fraction
    zone: Zone

    @property
    def expected(self) -> Fraction:
        """Return the exceptions that a right model has on average."""
        return self.days * (1 - self.confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTestRules:
    """The significance of the tests and the cumulative probabilities at which the zones begin, from rows."""

    significance: Fraction
    yellow_from: Fraction
    red_from: Fraction

    def __post_init__(self) -> None:
        """Refuse zones out of order."""
        if not 0 < self.yellow_from < self.red_from < 1 or not 0 < self.significance < 1:
            raise Invalid("risk.zones", "zones: expected 0 < yellow < red < 1 and a significance between 0 and 1")


def rolling_exceptions(profits: Sequence[int], *, window: int, confidence: Fraction) -> tuple[bool, ...]:
    """Return for each scenario after the first ``window`` whether its loss exceeded the figure of the window before it.

    The position is held constant (a hypothetical backtest); a loss equal to the figure is no exception. No day to judge is
    ``risk.too_few_returns``.
    """
    if window < 1:
        raise Invalid("risk.window", "window: expected one return or more")
    if len(profits) <= window:
        raise Conflict(
            "risk.too_few_returns",
            f"returns: expected more than the window of {window}, found {len(profits)}; load more days or shorten it",
            needed=str(window + 1),
            found=str(len(profits)),
        )
    return tuple(
        -profits[day] > tail_risk(profits[day - window : day], confidence=confidence).value_at_risk
        for day in range(window, len(profits))
    )


def back_test(exceptions: Sequence[bool], *, confidence: Fraction, rules: BackTestRules) -> BackTest:
    """Return every test of a row of days, oldest first.

    p = 1 - confidence, x exceptions of n. Kupiec: -2 ln[(1-p)^(n-x) p^x / ((1-x/n)^(n-x) (x/n)^x)], one degree.
    Independence: -2 ln[(1-q)^(n00+n10) q^(n01+n11) / ((1-q01)^n00 q01^n01 (1-q11)^n10 q11^n11)], one degree; without a pair
    of days, or without any exception, it is 0. Joint: the sum, two degrees, probability exp(-LR/2). 255 days with 7
    exceptions at 99 %: Kupiec 5.316341, the first count that the test rejects at 95 % (Kupiec's table:
    N < 7). Source: Kupiec, Journal of Derivatives 3(2), 1995; Christoffersen, International Economic Review 39(4), 1998;
    loans-and-attestations notes of 2026-11-21, section 4.
    """
    if not exceptions or not 0 < confidence < 1:
        raise Invalid("risk.backtest", "backtest: expected at least one day and a confidence between 0 and 1")
    days, hits = len(exceptions), sum(exceptions)
    chance = 1 - confidence
    uncovered = 2 * (
        _log_likelihood(days - hits, hits, Fraction(hits, days)) - _log_likelihood(days - hits, hits, chance)
    )
    pairs = _transitions(exceptions)
    clustered = _independence(pairs)
    cumulative = binomial_up_to(hits, days, chance)
    return BackTest(
        confidence=confidence,
        days=days,
        exceptions=tuple(day for day, is_hit in enumerate(exceptions) if is_hit),
        transitions=pairs,
        kupiec=_tested(uncovered, 1, rules),
        independence=_tested(clustered, 1, rules),
        joint=_tested(uncovered + clustered, 2, rules),
        cumulative=cumulative,
        zone=_zone(cumulative, rules),
    )


def binomial_up_to(hits: int, days: int, chance: Fraction) -> Fraction:
    """Return the exact probability of at most ``hits`` in ``days`` independent days: of 4 in 250 at 1 % about 0.8922."""
    stay, go, base = chance.denominator - chance.numerator, chance.numerator, chance.denominator**days
    return Fraction(sum(comb(days, one) * go**one * stay ** (days - one) for one in range(hits + 1)), base)


def _zone(cumulative: Fraction, rules: BackTestRules) -> Zone:
    if cumulative >= rules.red_from:
        return Zone.RED
    return Zone.YELLOW if cumulative >= rules.yellow_from else Zone.GREEN


def _transitions(exceptions: Sequence[bool]) -> tuple[int, int, int, int]:
    counts = [0, 0, 0, 0]
    for before, after in itertools.pairwise(exceptions):
        counts[2 * before + after] += 1
    return counts[0], counts[1], counts[2], counts[3]


def _independence(pairs: tuple[int, int, int, int]) -> Decimal:
    calm_calm, calm_hit, hit_calm, hit_hit = pairs
    hits, total = calm_hit + hit_hit, sum(pairs)
    if not hits:
        return Decimal(0)
    together = _log_likelihood(total - hits, hits, Fraction(hits, total))
    apart = Decimal(0)
    for calm, hit in ((calm_calm, calm_hit), (hit_calm, hit_hit)):
        if calm + hit:
            apart = _CONTEXT.add(apart, _log_likelihood(calm, hit, Fraction(hit, calm + hit)))
    return _CONTEXT.multiply(Decimal(2), _CONTEXT.subtract(apart, together))


def _log_likelihood(misses: int, hits: int, chance: Fraction) -> Decimal:
    """Return misses x ln(1 - chance) + hits x ln(chance), where nothing happened nothing is added (0 ln 0 = 0)."""
    total = Decimal(0)
    for count, share in ((misses, 1 - chance), (hits, chance)):
        if count:
            ratio = _CONTEXT.divide(Decimal(share.numerator), Decimal(share.denominator))
            total = _CONTEXT.add(total, _CONTEXT.multiply(Decimal(count), ratio.ln(_CONTEXT)))
    return total


def _tested(statistic: Decimal, degrees: int, rules: BackTestRules) -> LikelihoodTest:
    # A ratio of likelihoods is never below one; the last digits of fifty may say so.
    shown = max(statistic, Decimal(0)).quantize(_SHOWN, context=_CONTEXT)
    if degrees == 1:
        tail = Decimal(str(special.chdtrc(1, np.float64(str(shown))))).quantize(_SHOWN, context=_CONTEXT)
    else:
        tail = _CONTEXT.divide(-shown, Decimal(2)).exp(_CONTEXT).quantize(_SHOWN, context=_CONTEXT)
    return LikelihoodTest(
        statistic=shown,
        probability=tail,
        degrees=degrees,
        is_rejected=Fraction(tail) < rules.significance,
    )
