"""Scenarios: the returns of several series on their common sessions, and the price moves that they make of today's prices.

Owns the alignment, the horizon of several sessions and the one rounding of a scenario price. Knows no quantity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.market.risk.returns import ReturnSeries, SessionReturn
from ledger.core.amounts import RoundingMode, round_exact
from ledger.core.errors import Conflict, Invalid

SCENARIO_PRICE = RoundingMode.HALF_UP
"""A scenario price is exact and rounded half-up once, at the declared decimals; profit and loss are exact from there."""


class HorizonRule(StrEnum):
    """How one session's risk becomes that of a longer horizon."""

    SQRT_TIME = "sqrt_time"  # one-session figure x sqrt(horizon): independent returns of one distribution
    OVERLAPPING = "overlapping"  # returns compounded over every run of so many consecutive ones; the runs overlap


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSet:
    """Returns per series name on common days, oldest first; ``starts`` and ``sessions`` are those of each return.

    ``left_out`` counts a series' returns inside the window's days that another series does not have.
    """

    names: tuple[str, ...]
    days: tuple[date, ...]
    returns: tuple[tuple[Fraction, ...], ...]
    starts: tuple[tuple[date, ...], ...]
    sessions: tuple[tuple[int, ...], ...]
    censored: tuple[int, ...]
    left_out: tuple[int, ...]

    @property
    def count(self) -> int:
        """Return the number of scenarios."""
        return len(self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What a held instrument's price in book currency moves with.

    ``price`` is book currency per tonne today, exact. ``factors`` name the series (its price, an exchange rate); an
    inverse one divides, because its rate is quoted the other way round.
    """

    instrument: str
    price: Fraction
    factors: tuple[tuple[str, bool], ...]

    def __post_init__(self) -> None:
        """Refuse a price that is none."""
        if self.price <= 0 or not self.factors:
            raise Invalid("risk.price", f"{self.instrument[:40]}: expected a price above zero and at least one series")


def common_scenarios(series: Sequence[ReturnSeries], *, window: int, needed: int) -> ScenarioSet:
    """Return the last ``window`` returns that every series has on the same session.

    Fewer than ``needed`` are ``risk.too_few_returns``, which says how many there are and which series is shortest: risk is
    not read from a handful of days.
    """
    if not series or len({one.instrument for one in series}) != len(series):
        raise Invalid("risk.series", "series: expected at least one, every instrument once")
    if window < needed:
        raise Invalid("risk.window", f"window: expected at least {needed} returns", window=str(window))
    by_day: list[Mapping[date, SessionReturn]] = [{each.on: each for each in one.returns} for one in series]
    common = sorted(set.intersection(*(set(days) for days in by_day)))[-window:]
    if len(common) < needed:
        shortest = min(series, key=lambda one: len(one.returns))
        raise Conflict(
            "risk.too_few_sessions",
            f"returns: expected at least {needed} on common sessions, found {len(common)}; the shortest series is "
            f"{shortest.instrument} with {len(shortest.returns)}: load more days, or declare legs that stand for it",
            needed=str(needed),
            found=str(len(common)),
            instrument=shortest.instrument,
        )
    chosen = [[days[day] for day in common] for days in by_day]
    first = common[0]
    return ScenarioSet(
        names=tuple(one.instrument for one in series),
        days=tuple(common),
        returns=tuple(tuple(each.value for each in one) for one in chosen),
        starts=tuple(tuple(each.start for each in one) for one in chosen),
        sessions=tuple(tuple(each.sessions for each in one) for one in chosen),
        censored=tuple(sum(each.is_censored for each in one) for one in chosen),
        left_out=tuple(sum(day >= first for day in days) - len(common) for days in by_day),
    )


def compounded(scenarios: ScenarioSet, *, horizon: int, needed: int) -> ScenarioSet:
    """Return the returns over every run of ``horizon`` consecutive scenarios: (1 + r1) ... (1 + rh) - 1, exact.

    A run is consecutive when each return of every series begins where the one before ended; runs overlap, so they are not
    independent. +10 % then -10 % is -1 %.
    """
    if horizon < 1:
        raise Invalid("risk.horizon", "horizon: expected one session or more")
    if horizon == 1:
        return scenarios
    runs = [end for end in range(horizon - 1, scenarios.count) if _is_chain(scenarios, end - horizon + 1, end)]
    if len(runs) < needed:
        raise Conflict(
            "risk.too_few_runs",
            f"returns: expected at least {needed} runs of {horizon} consecutive sessions, found {len(runs)}; "
            "load more days, shorten the horizon or use sqrt_time",
            needed=str(needed),
            found=str(len(runs)),
        )
    returns = []
    for one in scenarios.returns:
        values = []
        for end in runs:
            grown = Fraction(1)
            for value in one[end - horizon + 1 : end + 1]:
                grown *= 1 + value
            values.append(grown - 1)
        returns.append(tuple(values))
    return ScenarioSet(
        names=scenarios.names,
        days=tuple(scenarios.days[end] for end in runs),
        returns=tuple(returns),
        starts=tuple(tuple(one[end - horizon + 1] for end in runs) for one in scenarios.starts),
        sessions=tuple(tuple(sum(one[end - horizon + 1 : end + 1]) for end in runs) for one in scenarios.sessions),
        censored=scenarios.censored,
        left_out=scenarios.left_out,
    )


def price_moves(
    exposures: Sequence[Exposure],
    names: Sequence[str],
    returns: Sequence[Sequence[Fraction]],
    *,
    places: int,
) -> tuple[tuple[int, ...], ...]:
    """Return per exposure and scenario the price move in units of 10^-``places`` of book currency per tonne.

    P' = P x (1 + r) over its factors, P' and P each rounded half-up once. 97.40 and -1.5 % at four places: 95.9390 less
    97.4000 is -14610. A price never falls below zero: a return below -1 counts as -1.
    """
    place = {name: number for number, name in enumerate(names)}
    scale = 10**places
    moves = []
    for exposure in exposures:
        base = round_exact(exposure.price * scale, SCENARIO_PRICE)
        factors = [(returns[place[name]], is_inverse) for name, is_inverse in exposure.factors]
        line = []
        for scenario in range(len(returns[0])):
            price = exposure.price * scale
            for values, is_inverse in factors:
                grown = max(Fraction(0), 1 + values[scenario])
                if is_inverse and grown == 0:
                    raise Conflict(
                        "risk.rate_zero", f"{exposure.instrument}: an exchange rate of zero has no reciprocal"
                    )
                price = price / grown if is_inverse else price * grown
            line.append(round_exact(price, SCENARIO_PRICE) - base)
        moves.append(tuple(line))
    return tuple(moves)


def _is_chain(scenarios: ScenarioSet, first: int, last: int) -> bool:
    return all(
        starts[number] == scenarios.days[number - 1]
        for starts in scenarios.starts
        for number in range(first + 1, last + 1)
    )
