"""When to buy a gap: now, spread over the months left, or in the last quarter; cash by month and the limits of volume.

Owns the schedules and their exact cost on a given series of monthly prices. Knows no source of prices and no forecast
of them: a price path is a value with a name. Which schedule is advised is decided in ``purchase_advice``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.conventions.rounding import VALUATION
from ledger.core import amounts
from ledger.core.errors import Invalid

MONTHS_PER_YEAR = 12
_LAST_QUARTER = 3
_FEN = 100
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)
_MOST_MONTHS = 36


class Strategy(StrEnum):
    """When the tonnes are bought, in months of the window from now to the deadline."""

    BUY_NOW = "buy_now"  # everything in the first month
    SPREAD_EVENLY = "spread_evenly"  # the same quantity every month
    LAST_QUARTER = "last_quarter"  # the same quantity in each of the window's last three months
    LAST_MONTH = "last_month"  # everything in the month of the deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthPrice:
    """What a month traded at: ``price_cny_per_t`` above zero, and the tonnes traded (None when not known)."""

    instrument: str
    month: str
    price_cny_per_t: Fraction
    volume_t: int | None

    def __post_init__(self) -> None:
        """Refuse a month that is none, a price of nothing and a negative volume."""
        if not _MONTH.fullmatch(self.month):
            raise Invalid("purchase.month", "month: expected a month as YYYY-MM", field="month")
        if self.price_cny_per_t <= 0:
            raise Invalid(
                "purchase.price", f"{self.month}: price_cny_per_t: expected above zero", field="price_cny_per_t"
            )
        if self.volume_t is not None and self.volume_t < 0:
            raise Invalid("purchase.volume", f"{self.month}: volume_t: expected zero or more", field="volume_t")


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseTerms:
    """The purchase: whole tonnes above zero, the share of a month's volume one may be, and the price of money.

    ``volume_share`` is above 0 and at most 1, None for no limit. ``funding_rate`` is a yearly rate as a fraction: money
    spent in a month is charged for the whole months from then to the deadline's, simple, a twelfth a month.
    """

    quantity_t: int
    volume_share: Fraction | None
    funding_rate: Fraction

    def __post_init__(self) -> None:
        """Refuse nothing to buy, a share beyond the market, and a rate below zero or above one."""
        if not 0 < self.quantity_t <= amounts.MAX_UNITS:
            raise Invalid("purchase.quantity_t", "quantity_t: expected whole tonnes above zero", field="quantity_t")
        if self.volume_share is not None and not 0 < self.volume_share <= 1:
            raise Invalid("purchase.volume_share", "volume_share: expected above 0, at most 1", field="volume_share")
        if not 0 <= self.funding_rate <= 1:
            raise Invalid("purchase.funding_rate", "funding_rate: expected 0 to 1; 3 % is 0.03", field="funding_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One month's purchase: tonnes, price, and the cash that leaves, rounded half-up once to the fen."""

    month: str
    quantity_t: int
    price_cny_per_t: Fraction
    cash_fen: int
    share_of_volume: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCost:
    """What one strategy costs on one price path.

    ``cost_fen`` is the sum of the months' cash, ``funding_fen`` what holding it until the deadline costs;
    ``unfilled_t`` could not be bought within the share of volume, at any price.
    """

    strategy: Strategy
    purchases: tuple[Purchase, ...]
    cost_fen: int
    funding_fen: int
    unfilled_t: int

    @property
    def total_fen(self) -> int:
        """Purchases and funding together."""
        return self.cost_fen + self.funding_fen

    @property
    def bought_t(self) -> int:
        """Tonnes bought."""
        return sum(each.quantity_t for each in self.purchases)

    @property
    def is_filled(self) -> bool:
        """Whether everything was bought."""
        return self.unfilled_t == 0

    @property
    def average_cny_per_t(self) -> Fraction | None:
        """Cost without funding per tonne bought, exact; None when nothing was."""
        return Fraction(self.cost_fen, _FEN * self.bought_t) if self.bought_t else None


def window_months(first: str, last: str) -> tuple[str, ...]:
    """Return the months from ``first`` to ``last``, both inclusive: 2026-11 to 2027-01 are three; at most 36."""
    for month in (first, last):
        if not _MONTH.fullmatch(month):
            raise Invalid("purchase.month", "month: expected a month as YYYY-MM", field="month")
    count = ordinal(last) - ordinal(first) + 1
    if not 1 <= count <= _MOST_MONTHS:
        raise Invalid(
            "purchase.window",
            f"deadline_month: expected the first month or up to {_MOST_MONTHS - 1} later",
            field="deadline_month",
        )
    return tuple(shifted(first, step) for step in range(count))


def ordinal(month: str) -> int:
    """Return a month's place on one line of months."""
    year, number = month.split("-")
    return int(year) * MONTHS_PER_YEAR + int(number) - 1


def shifted(month: str, months: int) -> str:
    """Return the month that many months later (earlier below zero): 2026-11 and 2 give 2027-01."""
    year, number = divmod(ordinal(month) + months, MONTHS_PER_YEAR)
    return f"{year:04d}-{number + 1:02d}"


def schedule(strategy: Strategy, quantity_t: int, capacities_t: Sequence[int | None]) -> tuple[tuple[int, ...], int]:
    """Return the tonnes by month and what stays unfilled.

    ``capacities_t`` is the most that each month of the window takes, None for no limit. What a month cannot take goes
    to the next months in order, and what is left at the end to the latest earlier month with room: a plan that must be
    done by the deadline. 100 t evenly over capacities (10, 50, 50) are (10, 50, 40).
    """
    wanted = _wanted(strategy, quantity_t, len(capacities_t))
    bought: list[int] = []
    over = 0
    for tonnes, most in zip(wanted, capacities_t, strict=True):
        asked = tonnes + over
        taken = asked if most is None else min(asked, most)
        bought.append(taken)
        over = asked - taken
    for place in reversed(range(len(bought))):
        most = capacities_t[place]
        room = over if most is None else min(over, most - bought[place])
        bought[place] += room
        over -= room
    return tuple(bought), over


def plan_cost(strategy: Strategy, terms: PurchaseTerms, path: Sequence[MonthPrice]) -> PlanCost:
    """Return what a strategy costs on a path of months in time order, the last one the deadline's.

    Cash of a month = tonnes x price, half-up to the fen (one purchase); funding = cash x rate x months to the deadline
    / 12, half-up to the fen once. 100 t at 60 and 70 CNY/t in two months, evenly: 3,000 + 3,500 = 6,500 CNY.
    """
    if not path:
        raise Invalid("purchase.path", "prices: expected at least one month")
    capacities = tuple(capacity_t(each, terms.volume_share) for each in path)
    tonnes, unfilled_t = schedule(strategy, terms.quantity_t, capacities)
    purchases = tuple(
        Purchase(
            month=each.month,
            quantity_t=quantity_t,
            price_cny_per_t=each.price_cny_per_t,
            cash_fen=amounts.round_exact(quantity_t * each.price_cny_per_t * _FEN, VALUATION),
            share_of_volume=Fraction(quantity_t, each.volume_t) if each.volume_t else None,
        )
        for each, quantity_t in zip(path, tonnes, strict=True)
    )
    last = ordinal(path[-1].month)
    funding = sum(
        (each.cash_fen * terms.funding_rate * (last - ordinal(each.month)) / MONTHS_PER_YEAR for each in purchases),
        Fraction(0),
    )
    return PlanCost(
        strategy=strategy,
        purchases=purchases,
        cost_fen=sum(each.cash_fen for each in purchases),
        funding_fen=amounts.round_exact(funding, VALUATION),
        unfilled_t=unfilled_t,
    )


def capacity_t(price: MonthPrice, volume_share: Fraction | None) -> int | None:
    """Return the most tonnes to buy in a month: floor(share x volume), None without a limit or a known volume."""
    if volume_share is None or price.volume_t is None:
        return None
    return amounts.round_exact(price.volume_t * volume_share, amounts.RoundingMode.FLOOR)


def compare(terms: PurchaseTerms, path: Sequence[MonthPrice]) -> Mapping[Strategy, PlanCost]:
    """Return every strategy's cost on one path."""
    return {strategy: plan_cost(strategy, terms, path) for strategy in Strategy}


def _wanted(strategy: Strategy, quantity_t: int, count: int) -> tuple[int, ...]:
    match strategy:
        case Strategy.BUY_NOW:
            weights = [1] + [0] * (count - 1)
        case Strategy.SPREAD_EVENLY:
            weights = [1] * count
        case Strategy.LAST_QUARTER:
            late = min(_LAST_QUARTER, count)
            weights = [0] * (count - late) + [1] * late
        case Strategy.LAST_MONTH:
            weights = [0] * (count - 1) + [1]
    return amounts.split_exact(quantity_t, weights)
