"""Return series: simple returns between traded sessions of one instrument and one price basis, with what was left out.

Owns which sessions make a return and how days without a trade, at the price limit or without any observation are
treated; every choice is declared in the result. Takes observations as values; knows no position and no quantile.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.conventions.calendars import BusinessCalendar, next_open_day, trading_days_between
from finance.market.bounds import InstrumentBound, Severity, belongs, in_force
from finance.market.observations import Observation, PriceBasis, current_revisions
from finance.market.risk.parameters import RiskParameters
from ledger.core.errors import Invalid

_CLOSES = frozenset({PriceBasis.LISTED_CLOSE, PriceBasis.COMPOSITE_CLOSE})


class NoTradeRule(StrEnum):
    """What becomes of sessions on which nobody traded; they are zero returns under neither rule."""

    DROP = "drop"  # they give no return; the move to the next trade counts once, whole, on that day
    SPREAD = "spread"  # the price is drawn as a straight line between the two trades, one return a session


class LimitDayRule(StrEnum):
    """What becomes of a session that closed at its price limit, where the move was cut off."""

    KEEP = "keep"  # it stays as it is, flagged and counted
    MERGE = "merge"  # it joins the sessions after it, up to the first that did not close at a limit


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRules:
    """How a series is made; part of every result."""

    no_trade: NoTradeRule
    limit_days: LimitDayRule


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesLeg:
    """One instrument and price basis on trade dates in ``[valid_from, valid_to)``; no return spans two legs.

    Legs are how a roll from one vintage to the next, a change of basis or a stand-in series is declared.
    """

    instrument: str
    price_basis: PriceBasis
    valid_from: date
    valid_to: date

    def __post_init__(self) -> None:
        """Refuse a leg of no days."""
        if self.valid_to <= self.valid_from:
            raise Invalid("risk.leg", "valid_to: expected a day after valid_from (the end is exclusive)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReturn:
    """The simple return from the close of ``start`` to the close of ``on``, over ``sessions`` sessions of the calendar."""

    start: date
    on: date
    value: Fraction
    sessions: int
    is_censored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFacts:
    """What a series was made from and what was left out, in sessions unless said otherwise.

    ``censored`` are traded sessions that closed at their price limit, ``breaks`` the places where no return was taken
    because an observation was missing or nobody traded for too long. ``off_calendar`` were dated outside the sessions.
    """

    traded: int
    no_trade: int
    missing: int
    off_calendar: int
    breaks: int
    censored: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnSeries:
    """The returns that stand for ``instrument``, oldest first, with the legs, rules and facts behind them."""

    instrument: str
    legs: tuple[SeriesLeg, ...]
    rules: ReturnRules
    returns: tuple[SessionReturn, ...]
    facts: SeriesFacts

    @property
    def censored_share(self) -> Fraction:
        """Return sessions at the limit over traded sessions; zero of an empty series."""
        return Fraction(self.facts.censored, self.facts.traded) if self.facts.traded else Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    on: date
    price: Fraction | None
    previous: Fraction | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _LegReturns:
    returns: tuple[SessionReturn, ...]
    facts: SeriesFacts


def return_series(
    instrument: str,
    observations: Iterable[Observation],
    *,
    legs: Sequence[SeriesLeg],
    calendar: BusinessCalendar,
    bounds: Sequence[InstrumentBound],
    rules: ReturnRules,
    parameters: RiskParameters,
) -> ReturnSeries:
    """Return the series that stands for ``instrument``, leg after leg.

    r = P(on) / P(start) - 1 of two traded sessions that follow each other, exact. A session is traded when its
    observation says that the last trade was that day and its volume is not zero. Sessions observed without a trade are
    dropped or spread; sessions without any observation break the series beyond the basis's limit. A traded session at or
    beyond the exchange's rounded price limit is censored. Closes 100, 100 (no trade), 106 over two sessions: one return
    of 6 % when dropped, 3 % and 3/103 when spread. Source: loans-and-attestations notes of 2026-11-21, section 4, traps;
    market-data notes of 2026-11-21, section 3.2 points 5, 7 and 10.
    """
    if not legs or any(later.valid_from < earlier.valid_to for earlier, later in itertools.pairwise(legs)):
        raise Invalid("risk.legs", "legs: expected at least one, in time order, without a day in two of them")
    seen = current_revisions(observations)
    parts = [
        _leg_returns(leg, seen, calendar=calendar, bounds=bounds, rules=rules, parameters=parameters) for leg in legs
    ]
    facts = [part.facts for part in parts]
    return ReturnSeries(
        instrument=instrument,
        legs=tuple(legs),
        rules=rules,
        returns=tuple(one for part in parts for one in part.returns),
        facts=SeriesFacts(
            traded=sum(one.traded for one in facts),
            no_trade=sum(one.no_trade for one in facts),
            missing=sum(one.missing for one in facts),
            off_calendar=sum(one.off_calendar for one in facts),
            breaks=sum(one.breaks for one in facts),
            censored=sum(one.censored for one in facts),
            sources=tuple(sorted({source for one in facts for source in one.sources})),
        ),
    )


def is_traded(seen: Observation) -> bool:
    """Return whether somebody traded at this price on its own day: a carried or unpriced day is no trade."""
    return seen.value is not None and seen.last_trade_date == seen.trade_date and seen.volume_t != 0


def _leg_returns(
    leg: SeriesLeg,
    seen: Sequence[Observation],
    *,
    calendar: BusinessCalendar,
    bounds: Sequence[InstrumentBound],
    rules: ReturnRules,
    parameters: RiskParameters,
) -> _LegReturns:
    sessions, off_calendar = _sessions(leg, seen, calendar)
    longest = parameters.whole("max_no_trade_sessions")
    most_missing = parameters.max_missing_sessions(leg.price_basis)
    returns: list[SessionReturn] = []
    last: _Session | None = None
    idle = missing = breaks = censored = traded = no_trade = 0
    for one in sessions:
        if one.price is None:
            idle, no_trade = idle + 1, no_trade + 1
            continue
        traded += 1
        is_censored = _is_at_limit(leg, one, last, bounds)
        censored += is_censored
        if last is not None:
            span = trading_days_between(calendar, last.on, one.on)
            absent = span - 1 - idle
            missing += absent
            if absent > most_missing or span - 1 > max(longest, most_missing):
                breaks += 1
            else:
                returns += _moves(last, one, span=span, is_censored=is_censored, calendar=calendar, rule=rules.no_trade)
        last, idle = one, 0
    kept = _merged(returns) if rules.limit_days is LimitDayRule.MERGE else tuple(returns)
    facts = SeriesFacts(
        traded=traded,
        no_trade=no_trade,
        missing=missing,
        off_calendar=off_calendar,
        breaks=breaks,
        censored=censored,
        sources=tuple(sorted({one.source for one in sessions})),
    )
    return _LegReturns(returns=kept, facts=facts)


def _sessions(
    leg: SeriesLeg, seen: Sequence[Observation], calendar: BusinessCalendar
) -> tuple[tuple[_Session, ...], int]:
    """Return the leg's observed sessions in order, and how many observed days were none by the calendar."""
    by_day: dict[date, list[Observation]] = {}
    for one in seen:
        if (one.instrument, one.price_basis) == (leg.instrument, leg.price_basis):
            by_day.setdefault(one.trade_date, []).append(one)
    sessions, off_calendar = [], 0
    for day, said in sorted(by_day.items()):
        if not leg.valid_from <= day < leg.valid_to:
            continue
        if not calendar.knows(day) or not calendar.is_open(day):
            off_calendar += 1
            continue
        # As the mark chooses among sources of one day: who said it first; but a trade that one source saw did happen.
        chosen = min(said, key=lambda one: (not is_traded(one), one.known_at, one.source))
        sessions.append(
            _Session(
                on=day,
                price=Fraction(chosen.value) if chosen.value is not None and is_traded(chosen) else None,
                previous=None if chosen.previous_value is None else Fraction(chosen.previous_value),
                source=chosen.source,
            )
        )
    return tuple(sessions), off_calendar


def _is_at_limit(leg: SeriesLeg, one: _Session, last: _Session | None, bounds: Sequence[InstrumentBound]) -> bool:
    """Return whether the session closed at or beyond an exchange limit: a hard bound with a tick, which only exchanges have."""
    previous = one.previous
    if previous is None and last is not None and leg.price_basis in _CLOSES:
        previous = last.price
    if previous is None or one.price is None:
        return False
    for bound in bounds:
        if bound.severity is not Severity.HARD or bound.tick is None or bound.price_basis != leg.price_basis:
            continue
        if not belongs(leg.instrument, bound.instrument_family):
            continue
        if not in_force(one.on, effective_from=bound.effective_from, effective_to=bound.effective_to):
            continue
        low, high = bound.limits(previous)
        if not low < one.price < high:
            return True
    return False


def _moves(
    last: _Session, one: _Session, *, span: int, is_censored: bool, calendar: BusinessCalendar, rule: NoTradeRule
) -> list[SessionReturn]:
    assert last.price is not None, "a return begins at a trade"
    assert one.price is not None, "a return ends at a trade"
    if span == 1 or rule is NoTradeRule.DROP:
        value = one.price / last.price - 1
        return [SessionReturn(start=last.on, on=one.on, value=value, sessions=span, is_censored=is_censored)]
    days = [last.on]
    while len(days) <= span:
        days.append(next_open_day(calendar, days[-1]))
    prices = [last.price + (one.price - last.price) * Fraction(step, span) for step in range(span + 1)]
    return [
        SessionReturn(
            start=days[step],
            on=days[step + 1],
            value=prices[step + 1] / prices[step] - 1,
            sessions=1,
            is_censored=is_censored and step == span - 1,
        )
        for step in range(span)
    ]


def _merged(returns: Sequence[SessionReturn]) -> tuple[SessionReturn, ...]:
    """Return the returns with each censored one joined to those after it; at the end of the chain it stays, still flagged."""
    merged: list[SessionReturn] = []
    for one in returns:
        before = merged[-1] if merged else None
        if before is not None and before.is_censored and before.on == one.start:
            merged[-1] = SessionReturn(
                start=before.start,
                on=one.on,
                value=(1 + before.value) * (1 + one.value) - 1,
                sessions=before.sessions + one.sessions,
                is_censored=one.is_censored,
            )
        else:
            merged.append(one)
    return tuple(merged)
