"""From when and until when a determination counts for one tranche, by the clause and never by hand.

Owns the dates alone. Knows no rate and no evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from finance.conventions.calendars import BusinessCalendar, add_open_days
from finance.kpi.targets import PerformanceTarget
from finance.loans.clauses import EffectKind, EffectRule, UntilKind
from finance.loans.interest_periods import add_months
from finance.loans.period_dates import InterestPeriod
from ledger.core.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSpan:
    """The first day on which an adjustment counts, and the first on which it no longer does (None: until the next)."""

    effective_from: date
    until: date | None


def effect_span(
    rule: EffectRule,
    *,
    target: PerformanceTarget,
    approved_on: date,
    periods: Sequence[InterestPeriod],
    calendar: BusinessCalendar,
) -> EffectSpan | None:
    """Return when an adjustment approved on ``approved_on`` counts for the tranche with these ``periods``; None: no day is left.

    Never before the approval, except RETROACTIVE (the day after the test period) and STATUS_DAY (the test period itself, the status
    says on which days). NEXT_INTEREST_PERIOD: the first period that starts on or after the approval; approved on 2025-05-06 with
    settlement on the 20th it is 2025-06-20, approved on 2025-06-20 that very day. N_BUSINESS_DAYS_AFTER: the n-th open day after.
    FIXED_DATE: the clause's day in the year after the test period, or the approval if later. NEXT_LOAN_YEAR and
    NEXT_CALENDAR_YEAR: the first anniversary of the first day, or 1 January, on or after the approval. Before the tranche's first
    day it counts from that day. A day that no calendar covers is refused (``calendar.unknown``, ``effect.start_unknown``).
    """
    start, end = periods[0].start, periods[-1].end
    begins = _begins(rule, target=target, approved_on=approved_on, periods=periods, calendar=calendar)
    if begins is None or begins >= end:
        return None
    effective_from = max(begins, start)
    until = None
    if rule.until is UntilKind.MONTHS:
        assert rule.months is not None, "a rule in months holds their number"
        until = add_months(begins, rule.months, is_end_of_month=False)
    elif rule.until is UntilKind.STATUS_END:
        until = target.period_end
    if until is not None and until <= effective_from:
        return None
    return EffectSpan(effective_from=effective_from, until=until)


def _begins(
    rule: EffectRule,
    *,
    target: PerformanceTarget,
    approved_on: date,
    periods: Sequence[InterestPeriod],
    calendar: BusinessCalendar,
) -> date | None:
    begins: date | None
    match rule.begins:
        case EffectKind.NEXT_INTEREST_PERIOD:
            begins = _next_period(periods, approved_on)
        case EffectKind.N_BUSINESS_DAYS_AFTER:
            assert rule.business_days is not None, "a business-day rule holds its number"
            begins = add_open_days(calendar, approved_on, rule.business_days)
        case EffectKind.FIXED_DATE:
            assert rule.month is not None, "a fixed-date rule holds its month"
            assert rule.day is not None, "a fixed-date rule holds its day"
            begins = max(date(target.test_year + 1, rule.month, rule.day), approved_on)
        case EffectKind.NEXT_LOAN_YEAR:
            begins = _anniversary(periods[0].start, approved_on)
        case EffectKind.NEXT_CALENDAR_YEAR:
            is_first = (approved_on.month, approved_on.day) == (1, 1)
            begins = approved_on if is_first else date(approved_on.year + 1, 1, 1)
        case EffectKind.RETROACTIVE:
            begins = target.period_end
        case EffectKind.STATUS_DAY:
            begins = target.period_start
    return begins


def _next_period(periods: Sequence[InterestPeriod], approved_on: date) -> date | None:
    for previous, period in zip((None, *periods), periods, strict=False):
        if period.start >= approved_on:
            if previous is not None and previous.is_end_provisional:
                raise Conflict(
                    "effect.start_unknown",
                    f"no calendar says on which day the interest period of {period.start} starts; load that year's calendar",
                    start=period.start.isoformat(),
                )
            return period.start
    return None


def _anniversary(start: date, approved_on: date) -> date | None:
    years = approved_on.year - start.year
    for count in (years, years + 1):
        day = add_months(start, 12 * count, is_end_of_month=False) if count >= 0 else start
        if day is not None and day >= approved_on:
            return day
    return None
