"""The tranche that the loan tests vary: CNY 200 m at 3.45 %, ACT/360, settled on the 20th, no repayment before maturity."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import finance.reference
from finance.conventions.calendar_rows import parse_calendars
from finance.conventions.calendars import BusinessDayConvention, calendar_of
from finance.conventions.day_counts import DayCount
from finance.loans.base_rates import BaseRate, FixedRate
from finance.loans.flows import FlowSchedule, Happenings, flow_schedule
from finance.loans.interest_periods import PeriodRule, SettlementRule
from finance.loans.prepayment import InstalmentEffect, PrepaymentRule, UntestedOutcome
from finance.loans.repayment import Bullet, Repayment
from finance.loans.tranche import AdjustmentInterval, Drawdown, RoundingUnit, Tranche
from ledger.core.amounts import RoundingMode

CALENDARS = parse_calendars(
    Path(str(finance.reference.__file__)).with_name("calendars.csv").read_text(encoding="utf-8")
)
INTERBANK = calendar_of(CALENDARS, "cn_interbank")
QUARTERLY = SettlementRule(day=20, months=(3, 6, 9, 12), payment_lag_days=0)
START, END = date(2024, 3, 20), date(2025, 3, 20)
NO_CONDITION = PrepaymentRule(untested=UntestedOutcome.REFERENCE_LAST, effect=InstalmentEffect.NONE)


def tranche(
    *,
    start: date = START,
    maturity: date = END,
    principal_minor: int = 20_000_000_000,
    drawdowns: tuple[Drawdown, ...] = (),
    base_rate: BaseRate | None = None,
    periods: PeriodRule = QUARTERLY,
    day_count: DayCount = DayCount.ACT_360,
    convention: BusinessDayConvention = BusinessDayConvention.FOLLOWING,
    is_accrual_adjusted: bool = False,
    repayment: Repayment | None = None,
    prepayment: PrepaymentRule | None = NO_CONDITION,
    rounding: RoundingMode = RoundingMode.HALF_UP,
    rounding_unit: RoundingUnit = RoundingUnit.PER_PAYMENT,
) -> Tranche:
    return Tranche(
        currency="CNY",
        drawdowns=drawdowns or (Drawdown(on=start, amount_minor=principal_minor),),
        maturity=maturity,
        base_rate=base_rate or FixedRate(rate=Fraction(69, 2000)),
        periods=periods,
        day_count=day_count,
        convention=convention,
        is_accrual_adjusted=is_accrual_adjusted,
        repayment=repayment or Bullet(),
        prepayment=prepayment,
        rounding=rounding,
        rounding_unit=rounding_unit,
    )


def stepped(
    *steps: tuple[date, int | Fraction], start: date = START, end: date = END
) -> tuple[AdjustmentInterval, ...]:
    """Return intervals that tile the life: zero from the start, then each adjustment from its day on."""
    days = [start, *(day for day, _ in steps), end]
    values = [Fraction(0), *(Fraction(bp) for _, bp in steps)]
    return tuple(
        AdjustmentInterval(start=opening, end=closing, adjustment_bp=bp)
        for opening, closing, bp in zip(days, days[1:], values, strict=False)
        if opening < closing
    )


def flows(one: Tranche, known: Happenings | None = None) -> FlowSchedule:
    return flow_schedule(one, calendar=INTERBANK, known=known or Happenings())


def payments(schedule: FlowSchedule) -> list[int]:
    return [due.payment_minor for due in schedule.interest]
