"""Schedules and interest agree with QuantLib wherever it can express them; it computes in binary floating point, we exactly."""

from __future__ import annotations

import importlib
import random
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from finance.conventions.calendars import BusinessDayConvention, open_on_or_after
from finance.conventions.day_counts import DayCount
from finance.loans.base_rates import FixedRate
from finance.loans.interest_periods import PeriodCycle, StubRule
from finance.loans.repayment import Bullet, EqualPrincipal
from finance.loans.tranche import Tranche
from tests.core.loan_tranches import INTERBANK, flows, tranche

ql: Any = importlib.import_module("QuantLib")

CONVENTIONS = {
    BusinessDayConvention.UNADJUSTED: ql.Unadjusted,
    BusinessDayConvention.FOLLOWING: ql.Following,
    BusinessDayConvention.MODIFIED_FOLLOWING: ql.ModifiedFollowing,
    BusinessDayConvention.PRECEDING: ql.Preceding,
    BusinessDayConvention.MODIFIED_PRECEDING: ql.ModifiedPreceding,
}
DAY_COUNTS = {
    DayCount.ACT_360: ql.Actual360(),
    DayCount.ACT_365F: ql.Actual365Fixed(),
    DayCount.ACT_ACT_ISDA: ql.ActualActual(ql.ActualActual.ISDA),
    DayCount.THIRTY_360_US: ql.Thirty360(ql.Thirty360.USA),
    DayCount.THIRTY_E_360: ql.Thirty360(ql.Thirty360.European),
}
FIRST, LAST = date(2021, 1, 4), date(2026, 12, 1)
CASES = 100


def theirs(day: date) -> Any:
    return ql.Date(day.day, day.month, day.year)


def ours(day: Any) -> date:
    return date(day.year(), day.month(), day.dayOfMonth())


def random_tranche(rng: random.Random, *, is_amortising: bool) -> Tranche:
    start = open_on_or_after(INTERBANK, FIRST + timedelta(days=rng.randrange(1_200)))
    maturity = min(LAST, start + timedelta(days=rng.randrange(40, 1_700)))
    months = rng.choice([1, 3, 6, 12])
    first_on = start
    if is_amortising:
        # Parts fall on the ends of a cycle counted from the drawdown; days that every month has keep both alike.
        start = start.replace(day=min(start.day, 28))
        start = start if INTERBANK.is_open(start) else open_on_or_after(INTERBANK, start)
        months_after = start.year * 12 + start.month - 1 + months
        first_on = date(months_after // 12, months_after % 12 + 1, min(start.day, 28))
        maturity = min(LAST, max(maturity, first_on + timedelta(days=40)))
    is_clean = is_amortising and first_on.day == start.day
    return tranche(
        start=start,
        maturity=maturity,
        principal_minor=rng.randrange(10**6, 10**13),
        base_rate=FixedRate(rate=Fraction(rng.randrange(1, 900), 10_000)),
        periods=PeriodCycle(
            months=months,
            stub=StubRule.SHORT_BACK if is_amortising else rng.choice([StubRule.SHORT_BACK, StubRule.SHORT_FRONT]),
            is_end_of_month=False,
            payment_lag_days=0,
        ),
        day_count=rng.choice(list(DAY_COUNTS)),
        convention=rng.choice(list(CONVENTIONS)),
        is_accrual_adjusted=not is_amortising and rng.random() < 0.5,
        repayment=EqualPrincipal(first_on=first_on, every_months=months) if is_clean else Bullet(),
    )


def their_schedule(one: Tranche) -> Any:
    assert isinstance(one.periods, PeriodCycle)
    is_front = one.periods.stub is StubRule.SHORT_FRONT
    return ql.Schedule(
        theirs(one.start),
        theirs(one.maturity),
        ql.Period(one.periods.months, ql.Months),
        ql.China(ql.China.IB),
        CONVENTIONS[one.convention] if one.is_accrual_adjusted else ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Backward if is_front else ql.DateGeneration.Forward,
        False,  # noqa: FBT003 - the library's own signature
    )


def check_alike(one: Tranche) -> None:
    assert isinstance(one.base_rate, FixedRate)
    schedule, mine = their_schedule(one), flows(one)
    notionals = [due.segments[0].principal_minor / 100 for due in mine.interest]
    convention = CONVENTIONS[one.convention]
    leg = list(ql.FixedRateLeg(schedule, DAY_COUNTS[one.day_count], notionals, [float(one.base_rate.rate)], convention))

    assert [one.start, *(due.period.end for due in mine.interest)] == [ours(day) for day in schedule]
    assert [due.period.payment_date for due in mine.interest] == [ours(coupon.date()) for coupon in leg]
    for due, coupon in zip(mine.interest, leg, strict=True):
        assert float(due.interest_minor) / 100 == pytest.approx(coupon.amount(), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_bullets_agree_in_days_and_interest(seed: int) -> None:
    rng = random.Random(seed)

    for _ in range(CASES):
        check_alike(random_tranche(rng, is_amortising=False))


@pytest.mark.parametrize("seed", range(5, 7))
def test_equal_parts_agree_in_days_and_interest(seed: int) -> None:
    rng = random.Random(seed)

    for _ in range(CASES):
        check_alike(random_tranche(rng, is_amortising=True))
