"""Whether an answer fits what is stored: previous closes, running totals, and two sources side by side.

Owns those comparisons. They give findings for a person and change no figure. Values in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from finance.feeds.parsed import CheckValue, FeedAlert, ParsedFeed
from finance.market.observations import Observation
from ledger.core.amounts import format_exact
from ledger.core.errors import Invalid


def check_against_stored(
    parsed: ParsedFeed, *, closes: Mapping[str, tuple[date, Decimal]], checks: Mapping[str, CheckValue]
) -> ParsedFeed:
    """Return ``parsed`` with an alert for every previous close and running total that the stored ones contradict.

    ``closes`` are the stored prices of the session before, by instrument; ``checks`` the stored running totals by
    name. Source: market-data notes of 2026-11-21, section 3.2 point 8.
    """
    found = [*previous_close_findings(parsed.observations, closes), *running_total_findings(parsed.checks, checks)]
    return replace(parsed, alerts=(*parsed.alerts, *found))


def previous_close_findings(
    observations: Iterable[Observation], closes: Mapping[str, tuple[date, Decimal]]
) -> tuple[FeedAlert, ...]:
    """Return one finding per observation whose stated previous close is not the stored one: a missed day or a revision.

    Stored 98.15 for 2026-08-13 and stated 98.15 on 2026-08-14 fit; stated 98.20 is a finding.
    """
    found = []
    first_of: dict[str, Observation] = {}
    for seen in sorted(observations, key=lambda one: one.trade_date):
        first_of.setdefault(seen.instrument, seen)
    for instrument, seen in first_of.items():
        day, close = closes.get(instrument, (seen.trade_date, None))
        if day >= seen.trade_date or seen.previous_value is None or seen.previous_value == close:
            continue
        sentence = (
            f"{seen.source}: {instrument} {seen.trade_date}: the stated previous close {seen.previous_value} is not the "
            f"{close} stored for {day}; a day between was missed or a close was revised"
        )
        found.append(FeedAlert(code="feed.previous_differs", message=sentence, subject=instrument))
    return tuple(found)


def running_total_findings(stated: Iterable[CheckValue], stored: Mapping[str, CheckValue]) -> tuple[FeedAlert, ...]:
    """Return one finding per running total that did not grow by its own day's volume, or that fell.

    211,392,733 t stored and 211,890,430 t stated fit a day of 497,697 t.
    """
    found = []
    for now in stated:
        before = stored.get(now.name)
        if before is None or before.day >= now.day or now.grew_by is None or now.value - before.value == now.grew_by:
            continue
        sentence = (
            f"{now.name}: {before.value} on {before.day} and {now.value} on {now.day} differ by {now.value - before.value}, "
            f"the day's own figure is {now.grew_by}; a day between was missed or a figure was revised"
        )
        found.append(FeedAlert(code="feed.total_differs", message=sentence, subject=now.name))
    return tuple(found)


def two_source_finding(first: Observation, second: Observation, *, max_difference: Fraction) -> FeedAlert | None:
    """Return a finding when two sources of one instrument and day differ by more than ``max_difference``, a share of the first.

    For sources of different bases, such as the ECB's fixing and the CFETS parity, which are never one series and yet never far apart:
    7.9341 and 7.9500 CNY per EUR differ by 0.2 %.
    """
    if (first.instrument, first.trade_date, first.currency, first.unit) != (
        second.instrument,
        second.trade_date,
        second.currency,
        second.unit,
    ):
        raise Invalid("feed.not_comparable", "sources: expected one instrument, day, currency and unit", field="source")
    if first.value is None or second.value is None:
        return None
    difference = Fraction(second.value) / Fraction(first.value) - 1
    if abs(difference) <= max_difference:
        return None
    sentence = (
        f"{first.instrument} {first.trade_date}: {first.source} says {first.value}, {second.source} says {second.value}: "
        f"{format_exact(difference * 100, 2)} percent apart"
    )
    return FeedAlert(code="feed.sources_differ", message=sentence, subject=first.instrument)


def with_stored_previous(parsed: ParsedFeed, closes: Mapping[str, tuple[date, Decimal]]) -> ParsedFeed:
    """Return ``parsed`` with the stored value of an earlier day as the previous one, where the answer has none.

    For sources whose answer is one day without a previous value: without it no move could be tested.
    """
    first_days: dict[str, date] = {}
    for seen in parsed.observations:
        first_days[seen.instrument] = min(seen.trade_date, first_days.get(seen.instrument, seen.trade_date))
    filled = []
    for seen in parsed.observations:
        day, close = closes.get(seen.instrument, (seen.trade_date, None))
        is_first = seen.trade_date == first_days[seen.instrument]
        if seen.previous_value is None and is_first and close is not None and day < seen.trade_date:
            filled.append(replace(seen, previous_value=close))
        else:
            filled.append(seen)
    return replace(parsed, observations=tuple(filled))
