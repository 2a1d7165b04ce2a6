"""The facility's interest period by period: payments as booked, before and after."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from finance.loans.margins import DatedAdjustment, margin_intervals
from finance.loans.savings import InterestSchedule, interest_schedule
from tests.core.test_loans_examples import EXCHANGE, TERMS

THREE_PERCENT = replace(TERMS, base_rate=Fraction(3, 100))


def schedule_with(effective_from: date, bp: int) -> InterestSchedule:
    step = DatedAdjustment(
        determination_id="det-1", effective_from=effective_from, adjustment_bp=Fraction(bp), sequence=1
    )
    return interest_schedule(THREE_PERCENT, calendar=EXCHANGE, margins=margin_intervals(THREE_PERCENT, (step,)))


def test_a_quarter_of_ninety_days_before_and_after_ten_basis_points() -> None:
    row = schedule_with(date(2025, 12, 20), -10).rows[4]

    assert (row.period.start, row.period.end) == (date(2025, 12, 20), date(2026, 3, 20))
    assert (row.interest_before_minor, row.interest_after_minor) == (150_000_000, 145_000_000)
    assert row.saving_minor == 5_000_000


def test_totals_are_the_sums_of_the_payments() -> None:
    schedule = schedule_with(date(2026, 1, 1), -10)

    assert schedule.total_saving_minor == sum(row.saving_minor for row in schedule.rows)
    assert schedule.total_before_minor - schedule.total_after_minor == schedule.total_saving_minor


def test_a_step_inside_a_period_is_accrued_in_segments() -> None:
    row = schedule_with(date(2026, 1, 1), -10).rows[4]

    # 12 days at 3.00 % and 78 at 2.90 %: 200,000.00 + 1,256,666.67.
    assert [part.days for part in row.accrual.rows] == [12, 78]
    assert row.interest_after_minor == 145_666_667


def test_without_a_decision_nothing_is_saved() -> None:
    schedule = interest_schedule(TERMS, calendar=EXCHANGE, margins=margin_intervals(TERMS, ()))

    assert schedule.total_saving_minor == 0
    assert schedule.currency == "CNY"
