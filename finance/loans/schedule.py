"""The facility's terms resolved on a calendar: interest periods that tile the loan's life, each with its payment date.

Owns where periods begin, end and are paid. Knows no rate. A day that the calendar does not cover yet is said to be
unknown, never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from finance.conventions.calendars import BusinessCalendar, BusinessDayConvention, add_open_days, adjust
from finance.loans.terms import EffectKind, FacilityTerms
from ledger.core.errors import Conflict, Invalid


class PaymentState(StrEnum):
    """Whether a period's payment date can be said."""

    DATED = "dated"
    CALENDAR_UNKNOWN = "calendar_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestPeriod:
    """Interest runs from ``start`` to before ``end`` and is paid on ``payment_date`` (None: calendar unknown).

    ``is_end_provisional``: the terms adjust period ends to open days, and this end's calendar is not published; it
    stands unadjusted. The last period also repays the principal.
    """

    number: int
    start: date
    end: date
    payment_date: date | None
    payment_state: PaymentState
    is_end_provisional: bool
    repays_principal: bool

    def __post_init__(self) -> None:
        """State the two invariants of every period."""
        assert self.start < self.end, "an interest period has at least one day"
        assert (self.payment_date is None) == (self.payment_state is PaymentState.CALENDAR_UNKNOWN), "dated or unknown"


def interest_periods(terms: FacilityTerms, calendar: BusinessCalendar) -> tuple[InterestPeriod, ...]:
    """Return the periods in order: they tile [drawdown, maturity) without gap or overlap.

    A period ends on the settlement day, which is the first day of the next (算头不算尾): settled on the 20th, [20 Dec,
    20 Mar) has 90 days from 2025 to 2026. The first may be short, the last ends at maturity and is paid with the
    principal on the adjusted maturity date (利随本清), without the payment lag. Other payments fall
    ``payment_lag_days`` after the unadjusted settlement day, never after maturity, then adjusted. Source: RMB practice of quarterly
    settlement on the 20th (人民币利率管理规定).
    """
    if calendar.market != terms.calendar_market:
        raise Invalid(
            "schedule.calendar",
            f"calendar: expected the {terms.calendar_market} calendar, as the terms say",
            given=calendar.market,
        )
    settlements = [
        day
        for year in range(terms.drawdown_date.year, terms.maturity_date.year + 1)
        for day in terms.settlement.settlement_days(year)
        if terms.drawdown_date < day < terms.maturity_date
    ]
    bounds = _accrual_bounds(settlements, terms, calendar)
    lag = timedelta(days=terms.settlement.payment_lag_days)
    periods = []
    for number, (start, end) in enumerate(pairwise(bounds), start=1):
        is_last = end.day == terms.maturity_date
        # No interest stays unpaid when the principal is repaid: a lag never reaches past maturity.
        due_on = min(end.unadjusted + lag, terms.maturity_date)
        payment_date = _adjusted(due_on, terms, calendar)
        periods.append(
            InterestPeriod(
                number=number,
                start=start.day,
                end=end.day,
                payment_date=payment_date,
                payment_state=PaymentState.DATED if payment_date else PaymentState.CALENDAR_UNKNOWN,
                is_end_provisional=end.is_provisional,
                repays_principal=is_last,
            )
        )
    return tuple(periods)


def period_of(periods: Sequence[InterestPeriod], day: date) -> InterestPeriod:
    """Return the period that ``day`` lies in; a day outside the life is refused with ``schedule.outside_life``."""
    for period in periods:
        if period.start <= day < period.end:
            return period
    raise Invalid("schedule.outside_life", f"day: expected a day of the loan's life, not {day}", day=day.isoformat())


def effect_date(
    terms: FacilityTerms,
    *,
    approved_on: date,
    periods: Sequence[InterestPeriod],
    calendar: BusinessCalendar,
) -> date:
    """Return the first day on which an adjustment approved on ``approved_on`` counts, by the terms' effect rule.

    NEXT_INTEREST_PERIOD: the first interest period that starts on or after the approval date; approved on 2025-05-06
    it is 2025-06-20, approved on 2025-06-20 that very day. FIXED_DATE: the date of the terms, refused when it has
    already passed, since no clause allows a retroactive effect. N_BUSINESS_DAYS_AFTER: the n-th open day after
    approval, not before drawdown. A day that the calendar does not cover is refused with ``calendar.unknown``; no day left in the loan's
    life with ``schedule.no_effect_left``.
    """
    rule = terms.effect_rule
    if rule.kind is EffectKind.FIXED_DATE:
        assert rule.fixed_on is not None, "a fixed-date rule holds its date"
        if approved_on > rule.fixed_on:
            raise Conflict(
                "schedule.effect_passed",
                f"approved_on: expected an approval by {rule.fixed_on}, the effect date of the terms; amend the terms",
                approved_on=approved_on.isoformat(),
            )
        return rule.fixed_on
    if rule.kind is EffectKind.N_BUSINESS_DAYS_AFTER:
        assert rule.business_days is not None, "a business-day rule holds its number"
        # Approved before the loan is drawn, the adjustment counts from its first day.
        effective_from = max(terms.drawdown_date, add_open_days(calendar, approved_on, rule.business_days))
        if not terms.covers(effective_from):
            raise _no_effect_left(approved_on)
        return effective_from
    for previous, period in zip((None, *periods), periods, strict=False):
        if period.start >= approved_on:
            if previous is not None and previous.is_end_provisional:
                raise _start_unknown(period, calendar)
            return period.start
    raise _no_effect_left(approved_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    unadjusted: date
    day: date
    is_provisional: bool


def _accrual_bounds(
    settlements: Sequence[date], terms: FacilityTerms, calendar: BusinessCalendar
) -> tuple[_Bound, ...]:
    """Return drawdown, the period ends inside the life, maturity; an adjusted end that leaves the order is dropped."""
    bounds = [_Bound(unadjusted=terms.drawdown_date, day=terms.drawdown_date, is_provisional=False)]
    for settlement in settlements:
        adjusted = _adjusted(settlement, terms, calendar) if terms.is_accrual_adjusted else settlement
        bound = _Bound(unadjusted=settlement, day=adjusted or settlement, is_provisional=adjusted is None)
        if bounds[-1].day < bound.day < terms.maturity_date:
            bounds.append(bound)
    bounds.append(_Bound(unadjusted=terms.maturity_date, day=terms.maturity_date, is_provisional=False))
    return tuple(bounds)


def _adjusted(day: date, terms: FacilityTerms, calendar: BusinessCalendar) -> date | None:
    """Return the adjusted day, or None where the calendar does not reach."""
    if terms.payment_convention is not BusinessDayConvention.UNADJUSTED and not calendar.knows(day):
        return None
    try:
        return adjust(day, convention=terms.payment_convention, calendar=calendar)
    except Conflict:
        # Adjusting ran past the last published day: the answer is unknown, which is a state here and not a failure.
        return None


def _start_unknown(period: InterestPeriod, calendar: BusinessCalendar) -> Conflict:
    return Conflict(
        "calendar.unknown",
        f"the {calendar.market} calendar is known to {calendar.last_known}; load the one that says when the interest "
        f"period of about {period.start} begins",
        market=calendar.market,
        day=period.start.isoformat(),
    )


def _no_effect_left(approved_on: date) -> Conflict:
    return Conflict(
        "schedule.no_effect_left",
        "approved_on: expected an approval early enough that an interest period is still to come",
        approved_on=approved_on.isoformat(),
    )
