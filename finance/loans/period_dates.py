"""Interest periods on a calendar: they tile the life, each with the day on which its interest is paid.

Owns the meeting of a period rule with open days. Knows no rate and no contract. A day that the calendar does not cover
yet is said to be unknown, never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from finance.conventions.calendars import BusinessCalendar, BusinessDayConvention, adjust
from finance.loans.interest_periods import PeriodRule, period_bounds
from ledger.core.errors import Conflict


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRule:
    """How days meet the calendar; ``is_accrual_adjusted``: period ends and repayments move with payment dates."""

    calendar: BusinessCalendar
    convention: BusinessDayConvention
    is_accrual_adjusted: bool

    def paid_on(self, day: date) -> date | None:
        """Return the payment date of ``day``; None where the calendar does not reach."""
        if self.convention is BusinessDayConvention.UNADJUSTED:
            return day
        if not self.calendar.knows(day):
            return None
        try:
            return adjust(day, convention=self.convention, calendar=self.calendar)
        except Conflict:
            # Adjusting ran past the last published day: the answer is unknown, which is a state here, not a failure.
            return None

    def accrues_to(self, day: date) -> date:
        """Return the day on which ``day`` changes what interest runs on; an unknown day stands unadjusted."""
        return (self.paid_on(day) or day) if self.is_accrual_adjusted else day


def dated_periods(rule: PeriodRule, *, start: date, end: date, days: DayRule) -> tuple[InterestPeriod, ...]:
    """Return the periods in order: they tile [start, end) without gap or overlap.

    A period ends on the settlement day, which is the first day of the next (算头不算尾): settled on the 20th, [20 Dec,
    20 Mar) has 90 days from 2025 to 2026. The first may be short, the last ends at maturity, unadjusted, and is paid
    with the principal on the adjusted maturity date (利随本清), without the payment lag. Other payments fall
    ``payment_lag_days`` after the unadjusted settlement day, never after maturity, then adjusted. Source: RMB practice
    of quarterly settlement on the 20th (人民币利率管理规定).
    """
    bounds = _accrual_bounds(period_bounds(rule, start=start, end=end), days)
    lag = timedelta(days=rule.payment_lag_days)
    periods = []
    for number, (opening, closing) in enumerate(pairwise(bounds), start=1):
        # No interest stays unpaid when the principal is repaid: a lag never reaches past maturity.
        payment_date = days.paid_on(min(closing.unadjusted + lag, end))
        periods.append(
            InterestPeriod(
                number=number,
                start=opening.day,
                end=closing.day,
                payment_date=payment_date,
                payment_state=PaymentState.DATED if payment_date else PaymentState.CALENDAR_UNKNOWN,
                is_end_provisional=closing.is_provisional,
                repays_principal=closing.day == end,
            )
        )
    return tuple(periods)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    unadjusted: date
    day: date
    is_provisional: bool


def _accrual_bounds(unadjusted: Sequence[date], days: DayRule) -> tuple[_Bound, ...]:
    """Return drawdown, the period ends inside the life, maturity; an adjusted end that leaves the order is dropped."""
    start, *inner, end = unadjusted
    bounds = [_Bound(unadjusted=start, day=start, is_provisional=False)]
    for settlement in inner:
        is_provisional = days.is_accrual_adjusted and days.paid_on(settlement) is None
        bound = _Bound(unadjusted=settlement, day=days.accrues_to(settlement), is_provisional=is_provisional)
        if bounds[-1].day < bound.day < end:
            bounds.append(bound)
    bounds.append(_Bound(unadjusted=end, day=end, is_provisional=False))
    return tuple(bounds)
