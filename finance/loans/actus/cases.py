"""One question to the evaluator: a contract's terms, what markets and parties were observed to do, and a horizon.

Owns the case, the observed series and the look-up in them. Knows no JSON.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.loans.actus.instants import Instant
from finance.loans.actus.terms import ActusTerms
from ledger.core.errors import Invalid


class ObservedType(StrEnum):
    """What parties can be observed to do that no schedule foretells."""

    CALL = "XD"
    PREPAYMENT = "PP"
    CREDIT_EVENT = "CE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedEvent:
    """An unscheduled event; ``value`` is the amount repaid early, without sign, and unused by the others."""

    when: Instant
    event_type: ObservedType
    value: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One market object's observations in rising order of time."""

    points: tuple[tuple[Instant, Fraction], ...]

    def __post_init__(self) -> None:
        """Two values at one time would leave the choice to chance."""
        times = [when for when, _ in self.points]
        assert all(earlier < later for earlier, later in itertools.pairwise(times)), "a series rises in time"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActusCase:
    """Terms and observations; ``horizon`` is the last instant of interest, None for the whole life."""

    terms: ActusTerms
    series: Mapping[str, Series]
    observed: tuple[ObservedEvent, ...]
    horizon: Instant | None

    def observe(self, market_object: str, when: Instant) -> Fraction:
        """Return the value observed at ``when``, else the latest before it; none at all is refused with its name."""
        points = self.series[market_object].points if market_object in self.series else ()
        place = bisect_right(points, when, key=lambda point: point[0])
        if place == 0:
            raise Invalid(
                "actus.market_missing",
                f"dataObserved: expected a value of {market_object or 'a market object'} on or before {when}",
                market_object=market_object,
                when=str(when),
            )
        return points[place - 1][1]
