"""Marks: the one price per instrument that a valuation may use on a day, with its source, basis, age and state.

Owns the choice among observations, the state (fresh, carried, late, stale, missing) and approved marks. Reads no clock
and knows no limit of its own: staleness limits and the admitted price bases are rows passed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from finance.conventions.calendars import BusinessCalendar, trading_days_between
from finance.market.mark_rules import MarkRules
from finance.market.observations import (
    INSTRUMENT,
    SHA256_HEX,
    Observation,
    PriceBasis,
    check_instant,
    check_pattern,
    check_price,
    check_text,
    current_revisions,
)
from ledger.core.errors import Forbidden, Invalid

_ONE_DAY = timedelta(days=1)


class MarkState(StrEnum):
    """How far a mark can be trusted, judged by the last trade in sessions of the instrument's own calendar."""

    FRESH = "fresh"  # observed and traded on the last session
    CARRIED = "carried"  # observed on the last session, last traded before it
    LATE = "late"  # the last session is not published yet; an earlier one stands in and says so
    STALE = "stale"  # last traded too long ago, or nobody knows when: no usable value
    MISSING = "missing"  # nobody has said a price: no usable value


USABLE_STATES = frozenset({MarkState.FRESH, MarkState.CARRIED, MarkState.LATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedMark:
    """A price that two different persons stand for, on days in ``[valid_from, valid_to)``.

    ``evidence_sha256`` names the document it rests on. It counts from ``approved_at`` and, when withdrawn, until
    ``withdrawn_at``. It stands where the feed has no usable price; with ``is_override`` also where it has one.
    """

    id: str
    instrument: str
    value: Decimal
    currency: str
    unit: str
    maker: str
    checker: str
    reason: str
    evidence_sha256: str
    valid_from: date
    valid_to: date
    approved_at: datetime
    withdrawn_at: datetime | None = None
    is_override: bool = False

    def __post_init__(self) -> None:
        """Refuse one person acting for two, a price without evidence and an empty validity."""
        check_pattern(INSTRUMENT, self.instrument, field="instrument", expected="1 to 40 of A-Z 0-9 . _ -")
        check_pattern(SHA256_HEX, self.evidence_sha256, field="evidence_sha256", expected="64 hexadecimal digits")
        for text, field in ((self.id, "id"), (self.maker, "maker"), (self.checker, "checker"), (self.reason, "reason")):
            check_text(text, field=field)
        check_price(self.value, field="value")
        check_instant(self.approved_at, field="approved_at")
        if self.withdrawn_at is not None:
            check_instant(self.withdrawn_at, field="withdrawn_at")
        if self.maker.strip().casefold() == self.checker.strip().casefold():
            raise Forbidden(
                "market.same_person",
                "checker: expected another person than the maker; ask a colleague to approve",
                id=self.id,
            )
        if self.valid_to <= self.valid_from:
            raise Invalid(
                "market.validity_order", "valid_to: expected a day after valid_from (the end is exclusive)", id=self.id
            )

    def covers(self, *, as_of: date, known_at: datetime) -> bool:
        """Return whether the mark is in force on ``as_of`` by what was known at ``known_at``."""
        withdrawn = self.withdrawn_at is not None and self.withdrawn_at <= known_at
        return self.valid_from <= as_of < self.valid_to and self.approved_at <= known_at and not withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The price of one instrument on one day, by what was known at one instant.

    ``value`` is the usable price, ``currency`` per one ``unit``; ``None`` when stale or missing and nobody approved
    one. ``last_value`` is the last observed price: to be shown, never to be valued with. ``age_trading_days`` counts
    sessions after ``last_trade_date`` up to and including ``as_of``; ``None`` when the last trade is unknown or lies
    before the calendar's first known day.
    ``is_fallback`` says that a better ranked price basis is known for the instrument but is older than this one.
    ``source``, ``basis``, ``revision`` and ``raw_sha256`` name the very observation; for an approved mark its id and
    the evidence.
    """

    instrument: str
    state: MarkState
    value: Decimal | None
    last_value: Decimal | None = None
    currency: str = ""
    unit: str = ""
    source: str = ""
    basis: PriceBasis | None = None
    trade_date: date | None = None
    last_trade_date: date | None = None
    age_trading_days: int | None = None
    revision: int | None = None
    raw_sha256: str = ""
    approved_by: str | None = None
    is_fallback: bool = False

    def __post_init__(self) -> None:
        """A stale or missing mark has a value only when somebody stands for it; a usable one always has."""
        check_pattern(INSTRUMENT, self.instrument, field="instrument", expected="1 to 40 of A-Z 0-9 . _ -")
        usable = self.state in USABLE_STATES
        assert (self.value is not None) == (usable or self.approved_by is not None), (
            "a value needs a usable state or approval"
        )
        assert self.approved_by is None or self.basis is PriceBasis.APPROVED_OVERRIDE, "an approved mark says so"


def mark_for(
    instrument: str,
    *,
    as_of: date,
    known_at: datetime,
    observations: Iterable[Observation],
    calendar: BusinessCalendar,
    rules: MarkRules,
    approved: Iterable[ApprovedMark] = (),
) -> Mark:
    """Return the mark of ``instrument`` for ``as_of`` by what was known at ``known_at``.

    Only observations learned by then count, in their newest revision known then. Of the price bases the rules admit for
    the instrument, the newest day wins, then the better rank, then the source by name: who arrived first decides nothing.
    A last trade more than the rules'
    limit of sessions ago, or unknown, makes the mark stale; a stale or missing mark has no value unless an approved
    mark covers the day. An override in force replaces a usable price too, and the mark says so.
    Example: CEA24 closed at 81.00 on 2026-08-14 but last traded on 2026-02-13: stale, no value.
    Source: market-data notes of 2026-11-21, section 0 point 2 and section 3.2 points 3, 5, 10, 12 and 14.
    """
    check_instant(known_at, field="known_at")
    check_pattern(INSTRUMENT, instrument, field="instrument", expected="1 to 40 of A-Z 0-9 . _ -")
    calendar.is_open(as_of)  # a day that the calendar does not know is refused before anything is marked on it
    ranks = rules.ranks(instrument, on=as_of)
    known = current_revisions(
        seen
        for seen in observations
        if seen.instrument == instrument
        and seen.price_basis.value in ranks
        and seen.trade_date <= as_of
        and seen.known_at <= known_at
    )
    observed = _observed_mark(instrument, known, as_of=as_of, calendar=calendar, rules=rules)
    return _with_approval(observed, as_of=as_of, known_at=known_at, rules=rules, approved=approved)


def _observed_mark(
    instrument: str, known: Sequence[Observation], *, as_of: date, calendar: BusinessCalendar, rules: MarkRules
) -> Mark:
    ranks = rules.ranks(instrument, on=as_of)
    priced = [seen for seen in known if seen.value is not None]
    if not priced:
        return Mark(instrument=instrument, state=MarkState.MISSING, value=None)
    # Sources that stand side by side agree, so the name only decides whom the mark cites.
    chosen = min(priced, key=lambda seen: (-seen.trade_date.toordinal(), ranks[seen.price_basis.value], seen.source))
    last_trade = _last_trade(known, chosen)
    age = None if last_trade is None else _sessions_since(calendar, last_trade, as_of)
    # A published day without a price (a CCER day with no trade) is an observation too: the price is carried, not late.
    quoted_on = max(seen.trade_date for seen in known)
    is_quoted = _sessions_since(calendar, quoted_on, as_of) == 0
    state = _state(age=age, is_quoted=is_quoted, limit=rules.max_age_sessions(instrument, on=as_of))
    return Mark(
        instrument=instrument,
        state=state,
        value=chosen.value if state in USABLE_STATES else None,
        last_value=chosen.value,
        currency=chosen.currency,
        unit=chosen.unit,
        source=chosen.source,
        basis=chosen.price_basis,
        trade_date=chosen.trade_date,
        last_trade_date=last_trade,
        age_trading_days=age,
        revision=chosen.revision,
        raw_sha256=chosen.raw_sha256,
        is_fallback=any(ranks[seen.price_basis.value] < ranks[chosen.price_basis.value] for seen in priced),
    )


def _state(*, age: int | None, is_quoted: bool, limit: int) -> MarkState:
    """Return the state; the limit is inclusive: an age of exactly ``limit`` sessions is still usable."""
    if age is None or age > limit:
        return MarkState.STALE
    if not is_quoted:
        return MarkState.LATE
    return MarkState.FRESH if age == 0 else MarkState.CARRIED


def _sessions_since(calendar: BusinessCalendar, day: date, as_of: date) -> int | None:
    """Return the sessions after ``day`` up to ``as_of``; None where ``day`` lies too far before the calendar to count.

    An old price then is stale, and does not stop the marks of every other instrument.
    """
    if day < as_of and not calendar.knows(day + _ONE_DAY):
        return None
    return trading_days_between(calendar, day, as_of)


def _last_trade(known: Sequence[Observation], chosen: Observation) -> date | None:
    """Return the newest known trade up to the chosen day: a carried close does not say when it was last traded."""
    if chosen.last_trade_date is not None:
        return chosen.last_trade_date
    trades = [
        seen.last_trade_date
        for seen in known
        if seen.last_trade_date is not None and seen.trade_date <= chosen.trade_date
    ]
    return max(trades, default=None)


def _with_approval(
    observed: Mark, *, as_of: date, known_at: datetime, rules: MarkRules, approved: Iterable[ApprovedMark]
) -> Mark:
    """Return the mark with the latest approval in force, its state unchanged: approved is not the same as fresh."""
    in_force = [
        one
        for one in approved
        if one.instrument == observed.instrument
        and one.covers(as_of=as_of, known_at=known_at)
        and (one.is_override or observed.state not in USABLE_STATES)
    ]
    if not in_force:
        return observed
    one = max(in_force, key=lambda candidate: (candidate.approved_at, candidate.id))
    limit = rules.approved_max_days(one.instrument, on=one.valid_from)
    if (one.valid_to - one.valid_from).days > limit:
        raise Invalid(
            "market.validity",
            f"valid_to: expected at most {limit} days after valid_from; approve a new mark when this one ends",
            id=one.id,
        )
    return Mark(
        instrument=observed.instrument,
        state=observed.state,
        value=one.value,
        last_value=observed.last_value,
        currency=one.currency,
        unit=one.unit,
        source=f"approved mark {one.id}",
        basis=PriceBasis.APPROVED_OVERRIDE,
        trade_date=one.valid_from,
        last_trade_date=observed.last_trade_date,
        age_trading_days=observed.age_trading_days,
        raw_sha256=one.evidence_sha256,
        approved_by=one.checker,
    )
