"""Integer columns give the fen of the exact path: plans, steps, accrual, and the division beyond 64 bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.calendars import BusinessDayConvention
from finance.conventions.day_counts import DayCount
from finance.loans import bulk
from finance.loans.base_rates import FixedRate
from finance.loans.flows import Happenings
from finance.loans.payment_plan import PeriodGrid, payment_plan, period_grid, rounded
from finance.loans.period_dates import DayRule
from finance.loans.repayment import Annuity, Bullet, EqualPrincipal, Instalment, InterestOnlyThen, Repayment, Stepped
from finance.loans.tranche import AdjustmentInterval, Drawdown, RoundingUnit, Tranche
from ledger.core.amounts import RoundingMode, round_exact
from ledger.core.errors import Invalid
from tests.core.loan_tranches import END, INTERBANK, QUARTERLY, START, flows, payments, stepped, tranche


def grid(*, is_accrual_adjusted: bool = False) -> PeriodGrid:
    days = DayRule(
        calendar=INTERBANK, convention=BusinessDayConvention.FOLLOWING, is_accrual_adjusted=is_accrual_adjusted
    )
    return period_grid(QUARTERLY, days=days, first_year=2019, last_year=2034)


def columns(count: int, *, seed: int = 1, denominator: int = 10**6, is_signed: bool = False) -> bulk.LoanColumns:
    rng = np.random.default_rng(seed)
    start = date(2021, 1, 1).toordinal() + rng.integers(0, 700, count)
    lowest = -denominator // 100 if is_signed else 0
    return bulk.LoanColumns(
        principal_minor=rng.integers(1, 10**15, count),
        start=start,
        maturity=start + rng.integers(1, 1_400, count),
        rate_numerator=rng.integers(lowest, denominator // 15, count),
        rate_denominator=denominator,
        is_equal_principal=rng.integers(0, 2, count) == 0,
        day_count=DayCount.ACT_365F,
        rounding=RoundingMode.HALF_UP,
    )


def row_of(loans: bulk.LoanColumns, row: int) -> Tranche:
    start = date.fromordinal(int(loans.start[row]))
    first = next(day for day in grid().ends if day > int(loans.start[row]))
    maturity = int(loans.maturity[row])
    is_cut = bool(loans.is_equal_principal[row]) and first < maturity
    return tranche(
        start=start,
        maturity=date.fromordinal(maturity),
        principal_minor=int(loans.principal_minor[row]),
        base_rate=FixedRate(rate=Fraction(int(loans.rate_numerator[row]), loans.rate_denominator)),
        day_count=loans.day_count,
        rounding=loans.rounding,
        repayment=EqualPrincipal(first_on=date.fromordinal(first), every_months=3) if is_cut else Bullet(),
    )


def lean(one: Tranche, *steps: tuple[date, Fraction]) -> list[int]:
    assert isinstance(one.base_rate, FixedRate)
    return list(payment_plan(one, grid=grid(), rates=[(one.start, one.base_rate.rate), *steps]).interest_minor)


@pytest.mark.parametrize("mode", RoundingMode)
@pytest.mark.parametrize(("denominator", "is_signed"), [(10**4, False), (10**6, True), (10**9, True), (10**12, False)])
def test_columns_equal_the_lean_path_and_the_engine_to_the_fen(
    *, mode: RoundingMode, denominator: int, is_signed: bool
) -> None:
    loans = replace(columns(60, denominator=denominator, is_signed=is_signed), rounding=mode)

    whole = bulk.bulk_plans(loans, grid=grid())

    for row in range(60):
        one = row_of(loans, row)
        schedule = flows(one)
        count = len(schedule.interest)
        assert whole.interest_minor[row, :count].tolist() == payments(schedule) == lean(one)
        assert not whole.interest_minor[row, count:].any()
        assert int(whole.principal_minor[row].sum()) == int(loans.principal_minor[row])


@pytest.mark.parametrize(
    "repayment",
    [
        Bullet(),
        EqualPrincipal(first_on=date(2024, 5, 5), every_months=1),
        Stepped(
            instalments=(Instalment(on=date(2024, 6, 20), amount_minor=7), Instalment(on=END, share=Fraction(1, 9)))
        ),
        InterestOnlyThen(until=date(2024, 9, 20), then=EqualPrincipal(first_on=date(2024, 9, 20), every_months=3)),
    ],
)
@pytest.mark.parametrize("day_count", DayCount)
def test_the_lean_path_gives_the_engine_s_fen_for_every_day_count(repayment: Repayment, day_count: DayCount) -> None:
    one = tranche(repayment=repayment, day_count=day_count)
    steps = [(date(2024, 5, 5), Fraction(335, 10_000)), (date(2024, 12, 20), Fraction(-1, 10_000))]
    adjustments = stepped((date(2024, 5, 5), -10), (date(2024, 12, 20), -346))

    plan = payment_plan(one, grid=grid(), rates=[(START, Fraction(345, 10_000)), *steps])

    schedule = flows(one, Happenings(adjustments=adjustments))
    assert list(plan.interest_minor) == payments(schedule)
    assert list(plan.payments) == [
        due.period.payment_date.toordinal() for due in schedule.interest if due.period.payment_date
    ]
    assert sum(plan.principal_minor) == one.drawn_minor


@given(
    amounts=st.lists(st.integers(0, 10**15), min_size=1, max_size=40),
    weight=st.integers(-(10**12) * 400, 10**12 * 400),
    divisor=st.integers(1, 10**12 * 366),
    mode=st.sampled_from(RoundingMode),
)
def test_a_product_beyond_64_bits_is_divided_as_python_divides_it(
    amounts: list[int], weight: int, divisor: int, mode: RoundingMode
) -> None:
    if max(amounts) * abs(weight) // divisor >= 2**62:
        weight %= divisor  # a quotient that no column holds is another test's

    found = bulk.rounded_products(
        np.array(amounts, dtype=np.int64), np.full(len(amounts), weight, dtype=np.int64), divisor=divisor, mode=mode
    )

    assert found.tolist() == [round_exact(Fraction(amount * weight, divisor), mode) for amount in amounts]


@pytest.mark.parametrize("mode", RoundingMode)
@pytest.mark.parametrize("numerator", [-5, -3, -1, 0, 1, 3, 5, 7, -7])
def test_ties_round_alike_with_and_without_fractions(numerator: int, mode: RoundingMode) -> None:
    assert rounded(numerator, 2, mode) == round_exact(Fraction(numerator, 2), mode)


def test_two_hundred_thousand_random_segments_differ_by_no_fen() -> None:
    rng = np.random.default_rng(9)
    amounts, weights = rng.integers(0, 10**15, 200_000), rng.integers(0, 10**8, 200_000) * rng.integers(1, 367, 200_000)
    divisor = 10**9 * 360

    found = bulk.rounded_products(amounts, weights, divisor=divisor, mode=RoundingMode.HALF_UP).tolist()

    pairs = zip(amounts.tolist(), weights.tolist(), strict=True)
    assert found == [(amount * weight + divisor // 2) // divisor for amount, weight in pairs]


def test_a_step_over_a_year_is_the_difference_of_two_exact_plans() -> None:
    loans = columns(80, seed=4)
    begins = np.full(80, date(2022, 5, 6).toordinal(), dtype=np.int64)

    changes = bulk.bulk_step(
        loans, grid=grid(), step_bp=Fraction(-5, 6), effective_from=begins, effective_to=begins + 365
    )

    for row, change in enumerate(changes.tolist()):
        one = row_of(loans, row)
        days = [one.start, date(2022, 5, 6), date(2023, 5, 6), one.maturity]
        days = [min(max(day, one.start), one.maturity) for day in days]
        intervals = tuple(
            AdjustmentInterval(start=opening, end=closing, adjustment_bp=bp)
            for opening, closing, bp in zip(days, days[1:], [Fraction(0), Fraction(-5, 6), Fraction(0)], strict=False)
            if opening < closing
        )
        moved = flows(one, Happenings(adjustments=intervals)).total_interest_minor
        assert change == moved - flows(one).total_interest_minor


def test_the_days_of_a_period_sum_to_its_payment() -> None:
    one = tranche(principal_minor=12_345_678_901)
    since = np.array([START.toordinal()], dtype=np.int64)
    booked, zero = np.array([0], dtype=np.int64), np.array([0], dtype=np.int64)
    daily = []

    for day in range(1, 93):
        periods = bulk.RunningPeriods(
            principal_minor=np.array([12_345_678_901]),
            rate_numerator=np.array([345]),
            carried=zero,
            since=since,
            booked_minor=booked,
            divisor=10_000 * 360,
            rounding=RoundingMode.HALF_UP,
        )
        accrued = bulk.accrual_of_day(periods, through=START.toordinal() + day)
        daily.append(int(accrued[0]))
        booked = booked + accrued

    assert sum(daily) == payments(flows(one))[0]
    assert max(daily) - min(daily) == 1


def test_rates_share_one_denominator_or_are_refused() -> None:
    numerators, denominator = bulk.rate_columns([Fraction(345, 10_000), Fraction(1, 12_000)])

    assert (numerators.tolist(), denominator) == ([414, 1], 12_000)
    with pytest.raises(Invalid, check=lambda error: error.code == "bulk.rate_denominator"):
        bulk.rate_columns([Fraction(1, 10**9), Fraction(1, 10**9 + 7)])


BAD_COLUMNS: tuple[tuple[str, Callable[[bulk.LoanColumns], object]], ...] = (
    ("principal_minor", lambda loans: replace(loans, principal_minor=loans.principal_minor * 0)),
    ("principal_minor", lambda loans: replace(loans, start=loans.start[:1])),
    ("maturity", lambda loans: replace(loans, maturity=loans.start)),
    ("rate_numerator", lambda loans: replace(loans, rate_numerator=loans.rate_numerator + 2 * 10**6)),
    ("rate_denominator", lambda loans: replace(loans, rate_denominator=10**13)),
    ("day_count", lambda loans: replace(loans, day_count=DayCount.THIRTY_E_360)),
    ("column", lambda loans: replace(loans, start=loans.start.astype(np.int32))),
    (
        "effective_from",
        lambda loans: bulk.bulk_step(
            loans, grid=grid(), step_bp=Fraction(1), effective_from=loans.start[:1], effective_to=loans.maturity
        ),
    ),
    (
        "amounts",
        lambda loans: bulk.rounded_products(-loans.principal_minor, loans.start, divisor=7, mode=RoundingMode.HALF_UP),
    ),
    ("grid", lambda loans: bulk.bulk_plans(replace(loans, maturity=loans.maturity + 10_000), grid=grid())),
)


@pytest.mark.parametrize(("field", "build"), BAD_COLUMNS, ids=range(len(BAD_COLUMNS)))
def test_columns_that_are_no_loans_are_refused(field: str, build: Callable[[bulk.LoanColumns], object]) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == f"bulk.{field}"):
        build(columns(3))


BAD_PLANS: tuple[tuple[str, Tranche], ...] = (
    ("repayment", tranche(repayment=Annuity(first_on=date(2024, 6, 20), every_months=3))),
    ("repayment", tranche(repayment=EqualPrincipal(first_on=date(2024, 6, 20), every_months=3, count=1))),
    ("convention", tranche(convention=BusinessDayConvention.PRECEDING)),
    ("rounding_unit", tranche(rounding_unit=RoundingUnit.PER_SEGMENT)),
    (
        "drawdowns",
        tranche(drawdowns=(Drawdown(on=START, amount_minor=1), Drawdown(on=date(2024, 4, 1), amount_minor=1))),
    ),
    ("grid", tranche(start=date(2014, 3, 20))),
)


@pytest.mark.parametrize(("field", "one"), BAD_PLANS, ids=range(len(BAD_PLANS)))
def test_the_lean_path_refuses_what_it_does_not_know(field: str, one: Tranche) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == f"payment_plan.{field}"):
        payment_plan(one, grid=grid(), rates=[(one.start, Fraction(0))])


def test_the_lean_path_refuses_rates_that_do_not_begin_with_the_loan() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "payment_plan.rates"):
        payment_plan(tranche(), grid=grid(), rates=[(date(2024, 3, 21), Fraction(0))])
