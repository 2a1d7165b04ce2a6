"""Hedging: the minimum-variance ratio of one price against another, and how far a year's need is covered.

Owns the exact ratio and the cover. Takes two return series and whole tonnes; knows no order and no contract.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.market.risk.returns import ReturnSeries
from ledger.core.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeRatio:
    """Tonnes of the hedge per tonne held that leave the least variance of price changes.

    ``effectiveness`` is the share of variance removed, the squared correlation. ``count`` overlapping changes were used,
    from ``first`` to ``last``. ``left_out`` counts changes that only one of the two series has.
    """

    ratio: Fraction
    effectiveness: Fraction
    count: int
    left_out: int
    first: date
    last: date


def hedge_ratio(
    held: ReturnSeries, hedge: ReturnSeries, prices: tuple[Fraction, Fraction], *, needed: int
) -> HedgeRatio:
    """Return h = cov(dS, dF) / var(dF), sample moments, on changes over the same sessions of both series.

    A change overlaps when both its first and its last session are the same; no-trade and unsettled days of either are left
    out. Changes are returns times today's ``prices`` of held and hedge, so that the ratio is tonnes per tonne today. Held
    moving exactly half as much as the hedge at equal prices: 1/2, effectiveness 1. Fewer than ``needed``:
    ``risk.too_few_returns``. Source: loans-and-attestations notes of 2026-11-21, section 4; Ederington, Journal of Finance
    34(1), 1979.
    """
    theirs = {(one.start, one.on): one.value * prices[1] for one in hedge.returns}
    pairs = [
        (one.on, one.value * prices[0], theirs[one.start, one.on])
        for one in held.returns
        if (one.start, one.on) in theirs
    ]
    count = len(pairs)
    if count < max(needed, 2):
        raise Conflict(
            "risk.too_few_overlaps",
            f"returns: expected at least {max(needed, 2)} overlapping changes of {held.instrument} and "
            f"{hedge.instrument}, found {count}; load more days",
            needed=str(max(needed, 2)),
            found=str(count),
        )
    mean_held = sum((one for _, one, _ in pairs), Fraction(0)) / count
    mean_hedge = sum((one for _, _, one in pairs), Fraction(0)) / count
    covariance = sum(((one - mean_held) * (other - mean_hedge) for _, one, other in pairs), Fraction(0)) / (count - 1)
    variance_held = sum(((one - mean_held) ** 2 for _, one, _ in pairs), Fraction(0)) / (count - 1)
    variance_hedge = sum(((other - mean_hedge) ** 2 for _, _, other in pairs), Fraction(0)) / (count - 1)
    if variance_hedge == 0:
        raise Conflict("risk.no_movement", f"{hedge.instrument}: its price did not move; it hedges nothing")
    return HedgeRatio(
        ratio=covariance / variance_hedge,
        effectiveness=covariance**2 / (variance_held * variance_hedge) if variance_held else Fraction(0),
        count=count,
        left_out=len(held.returns) + len(hedge.returns) - 2 * count,
        first=pairs[0][0],
        last=pairs[-1][0],
    )


def cover(*, held_t: int, forward_t: int, forecast_t: int) -> Fraction:
    """Return (held + forward) / forecast need of a compliance year: 60,000 t and 20,000 t of 100,000 t are 4/5."""
    if min(held_t, forward_t) < 0 or forecast_t <= 0:
        raise Invalid("risk.cover", "cover: expected tonnes of zero or more and a forecast above zero")
    return Fraction(held_t + forward_t, forecast_t)
