"""What users of other loan engines complain about, each as a test of ours (reference: loans and attestations, section 3.3)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest

from finance.conventions.day_counts import DayCount, year_fraction
from finance.loans.flows import Happenings
from finance.loans.interest_periods import PeriodCycle, StubRule
from finance.loans.repayment import EqualPrincipal, Instalment, Stepped
from tests.core.loan_tranches import END, START, flows, payments, stepped, tranche

YEARLY = PeriodCycle(months=12, stub=StubRule.SHORT_BACK, is_end_of_month=False, payment_lag_days=0)


def test_the_days_of_a_year_are_the_contract_s_and_not_built_in() -> None:
    def year(day_count: DayCount) -> int:
        one = tranche(
            start=date(2023, 3, 1),
            maturity=date(2024, 3, 1),
            principal_minor=2_898_551,
            periods=YEARLY,
            day_count=day_count,
        )
        return payments(flows(one))[0]

    # 1,000.00 for a year on 365 days; on 360 it is 1,016.67 for the 366 days that hold 29 February.
    assert (year(DayCount.ACT_365F), year(DayCount.ACT_360), year(DayCount.THIRTY_E_360)) == (100_274, 101_667, 100_000)


def test_a_leap_day_makes_only_the_days_of_its_own_year_longer_in_act_act_isda() -> None:
    fraction = year_fraction(date(2023, 12, 1), date(2024, 3, 1), DayCount.ACT_ACT_ISDA)

    assert fraction == Fraction(31, 365) + Fraction(60, 366)


def test_a_due_day_of_30_january_is_followed_by_the_end_of_february() -> None:
    monthly = PeriodCycle(months=1, stub=StubRule.SHORT_BACK, is_end_of_month=False, payment_lag_days=0)

    ends = [
        due.period.end
        for due in flows(tranche(start=date(2024, 1, 30), maturity=date(2024, 4, 30), periods=monthly)).interest
    ]

    assert ends == [date(2024, 2, 29), date(2024, 3, 30), date(2024, 4, 30)]


def test_instalments_after_a_rate_change_still_sum_to_the_principal() -> None:
    known = Happenings(adjustments=stepped((date(2024, 8, 1), 75)))

    moved = flows(tranche(repayment=EqualPrincipal(first_on=date(2024, 6, 20), every_months=3)), known)

    assert sum(flow.amount_minor for flow in moved.principal[1:]) == 20_000_000_000


def test_a_rate_change_reprices_nothing_before_its_day() -> None:
    before = payments(flows(tranche()))

    after = payments(flows(tranche(), Happenings(adjustments=stepped((date(2024, 9, 20), 75)))))

    assert after[:2] == before[:2]
    assert after[2] > before[2]


def test_accrual_is_to_the_beginning_of_the_day_asked_for() -> None:
    schedule = flows(tranche())

    assert schedule.accrued_on(START) == 0
    assert schedule.accrued_on(date(2024, 3, 21)) == 20_000_000_000 * Fraction(69, 2000) / 360


def test_a_list_of_stepped_rates_and_an_interest_only_time_are_ordinary() -> None:
    known = Happenings(adjustments=stepped((date(2024, 6, 20), 25), (date(2024, 9, 20), 50)))
    plan = Stepped(instalments=(Instalment(on=date(2024, 12, 20), share=Fraction(1, 2)),))

    schedule = flows(tranche(repayment=plan), known)

    rates = [due.segments[0].rate * 10_000 for due in schedule.interest]
    assert rates == [345, 370, 395, 395]
    assert schedule.principal_on(date(2024, 12, 19)) == 20_000_000_000


@pytest.mark.parametrize("cut", [date(2024, 4, 30), date(2024, 5, 31), date(2024, 6, 1)])
@pytest.mark.parametrize("day_count", DayCount)
def test_a_cut_that_changes_nothing_changes_no_interest(cut: date, day_count: DayCount) -> None:
    one = tranche(day_count=day_count)

    assert payments(flows(one, Happenings(adjustments=stepped((cut, 0))))) == payments(flows(one))


def test_interest_is_exact_on_the_day_a_loan_is_drawn_at_a_month_s_end() -> None:
    schedule = flows(tranche(start=date(2024, 1, 31), maturity=END))

    bounds = [due.period.start for due in schedule.interest] + [END]
    assert bounds[0] == date(2024, 1, 31)
    assert all(due.period.end == end for due, (_, end) in zip(schedule.interest, pairwise(bounds), strict=True))
