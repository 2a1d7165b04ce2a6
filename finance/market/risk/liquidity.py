"""Liquidity: how many sessions a position takes to sell into the month's volume, and what that adds to its risk.

Owns average volumes by month, days to liquidate, the liquidity-adjusted figure and the share of a year's volume in its last
quarter. Exact but for the declared square root. Takes observations as values; knows no ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.market.observations import Observation, PriceBasis, current_revisions
from finance.market.risk.roots import root
from ledger.core.errors import Conflict, Invalid

_LAST_QUARTER = 4
_MONTHS_A_QUARTER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthVolume:
    """What one instrument traded in one month: tonnes, and the sessions for which a volume is known, no-trade ones included."""

    instrument: str
    year: int
    month: int
    volume_t: int
    sessions: int

    @property
    def average_t(self) -> Fraction:
        """Return average tonnes a session."""
        return Fraction(self.volume_t, self.sessions)

    @property
    def name(self) -> str:
        """Return the month as YYYY-MM."""
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityAdjusted:
    """A position's days to liquidate and its risk over them, in whole units of the value-at-risk figure.

    ``root_days`` is the rounded square root that was used. Days below the figure's own horizon count as that horizon.
    """

    instrument: str
    quantity_t: int
    volume: MonthVolume
    share: Fraction
    days: Fraction
    root_days: Fraction
    value_at_risk: int
    half_spread_cost: Fraction
    adjusted: Fraction


def month_volumes(
    instrument: str, observations: Iterable[Observation], *, price_bases: Iterable[PriceBasis]
) -> tuple[MonthVolume, ...]:
    """Return the volumes of every month by time, the given price bases (listed trades, block trades) added up.

    A day whose volume no source states counts neither as tonnes nor as a session. Where two sources state one day's
    volume of one basis the larger counts once.
    """
    bases = frozenset(price_bases)
    days: dict[date, dict[PriceBasis, int]] = {}
    for one in current_revisions(observations):
        if one.instrument == instrument and one.price_basis in bases and one.volume_t is not None:
            stated = days.setdefault(one.trade_date, {})
            stated[one.price_basis] = max(one.volume_t, stated.get(one.price_basis, 0))
    months: dict[tuple[int, int], list[int]] = {}
    for day, volumes in days.items():
        months.setdefault((day.year, day.month), []).append(sum(volumes.values()))
    return tuple(
        MonthVolume(instrument=instrument, year=year, month=month, volume_t=sum(tonnes), sessions=len(tonnes))
        for (year, month), tonnes in sorted(months.items())
    )


def volume_of(volumes: Iterable[MonthVolume], instrument: str, *, year: int, month: int) -> MonthVolume:
    """Return the month's volume; without one, or without any trade in it, there is nothing to sell into: ``risk.no_volume``."""
    known = {(one.year, one.month): one for one in volumes if one.instrument == instrument}
    found = known.get((year, month))
    if found is None or found.volume_t == 0:
        months = ", ".join(one.name for one in known.values() if one.volume_t)
        raise Conflict(
            "risk.no_volume",
            f"liquidity_month: expected a month with volume of {instrument}: {months[-200:] or 'none is stored'}",
            instrument=instrument,
        )
    return found


def last_quarter_share(volumes: Iterable[MonthVolume], *, year: int) -> Fraction | None:
    """Return the share of the year's volume that traded from October on; ``None`` unless all twelve months are known.

    100 t in each of nine months and 900 t in each of the last three: 3/4.
    """
    of_year = [one for one in volumes if one.year == year]
    total = sum(one.volume_t for one in of_year)
    if len({one.month for one in of_year}) != _LAST_QUARTER * _MONTHS_A_QUARTER or total == 0:
        return None
    first = (_LAST_QUARTER - 1) * _MONTHS_A_QUARTER + 1
    return Fraction(sum(one.volume_t for one in of_year if one.month >= first), total)


def liquidity_adjusted(
    *,
    quantity_t: int,
    value_at_risk: int,
    volume: MonthVolume,
    share: Fraction,
    half_spread: Fraction,
    places: int,
    horizon: int = 1,
) -> LiquidityAdjusted:
    """Return VaR x sqrt(days) + abs(q) x half spread, with days = abs(q) / (share x average volume), at least the horizon.

    ``value_at_risk`` is of ``horizon`` sessions; beyond one the root is of days / horizon. ``half_spread`` is in the units of
    ``value_at_risk`` per tonne; the root is rounded at ``places``. 40,000 t into 20 % of 50,000 t a session takes 4 days: 100
    becomes 200, plus the spread. A gain is not multiplied: there VaR stays as it is. Source: loans-and-attestations notes of
    2026-11-21, section 4.
    """
    if not 0 < share <= 1:
        raise Invalid("risk.share", "participation_share: expected above 0 up to 1")
    if half_spread < 0:
        raise Invalid("risk.half_spread", "half_spread: expected zero or more")
    if volume.volume_t <= 0:
        raise Conflict("risk.no_volume", f"{volume.instrument}: nothing traded in {volume.name}; name another month")
    days = Fraction(abs(quantity_t)) / (share * volume.average_t)
    root_days = root(max(days / horizon, Fraction(1)), places=places)
    spread = abs(quantity_t) * half_spread
    scaled = value_at_risk * root_days if value_at_risk > 0 else Fraction(value_at_risk)
    return LiquidityAdjusted(
        instrument=volume.instrument,
        quantity_t=quantity_t,
        volume=volume,
        share=share,
        days=days,
        root_days=root_days,
        value_at_risk=value_at_risk,
        half_spread_cost=spread,
        adjusted=scaled + spread,
    )
