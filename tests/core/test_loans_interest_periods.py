"""Where periods are cut: settlement days, cycles with stubs and month ends, and the refusals of the rules."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.loans.interest_periods import PeriodCycle, PeriodRule, SettlementRule, StubRule, add_months, period_bounds
from ledger.core.errors import Invalid

QUARTERLY = SettlementRule(day=20, months=(3, 6, 9, 12), payment_lag_days=0)


def cycle(months: int, stub: StubRule, *, is_end_of_month: bool = False, anchor: date | None = None) -> PeriodCycle:
    return PeriodCycle(months=months, stub=stub, is_end_of_month=is_end_of_month, payment_lag_days=0, anchor=anchor)


@pytest.mark.parametrize(
    ("stub", "inner"),
    [
        (StubRule.SHORT_BACK, [(4, 10), (7, 10), (10, 10)]),
        (StubRule.LONG_BACK, [(4, 10), (7, 10)]),
        (StubRule.SHORT_FRONT, [(2, 25), (5, 25), (8, 25)]),
        (StubRule.LONG_FRONT, [(5, 25), (8, 25)]),
    ],
)
def test_an_irregular_life_has_its_stub_where_the_rule_says(stub: StubRule, inner: list[tuple[int, int]]) -> None:
    bounds = period_bounds(cycle(3, stub), start=date(2025, 1, 10), end=date(2025, 11, 25))

    assert list(bounds[1:-1]) == [date(2025, month, day) for month, day in inner]


@pytest.mark.parametrize("stub", StubRule)
def test_a_life_of_whole_cycles_has_no_stub(stub: StubRule) -> None:
    bounds = period_bounds(cycle(3, stub), start=date(2025, 1, 10), end=date(2026, 1, 10))

    assert bounds == (*(date(2025, month, 10) for month in (1, 4, 7, 10)), date(2026, 1, 10))


def test_month_ends_stay_month_ends_if_the_terms_say_so() -> None:
    bounds = period_bounds(
        cycle(3, StubRule.SHORT_BACK, is_end_of_month=True), start=date(2025, 2, 28), end=date(2025, 12, 15)
    )

    assert bounds[1:-1] == (date(2025, 5, 31), date(2025, 8, 31), date(2025, 11, 30))


def test_an_anchor_cuts_both_ends() -> None:
    anchored = cycle(3, StubRule.LONG_FRONT, anchor=date(2020, 3, 20))

    bounds = period_bounds(anchored, start=date(2025, 2, 1), end=date(2025, 10, 1))

    assert bounds[1:-1] == (date(2025, 6, 20),)


def test_a_monthly_cycle_from_the_30th_never_reaches_march_for_february() -> None:
    assert add_months(date(2025, 1, 30), 1, is_end_of_month=False) == date(2025, 2, 28)
    assert add_months(date(2024, 1, 30), 1, is_end_of_month=False) == date(2024, 2, 29)
    assert add_months(date(9999, 12, 1), 1, is_end_of_month=False) is None


@given(
    rule=st.one_of(
        st.builds(
            cycle,
            st.integers(1, 24),
            st.sampled_from(StubRule),
            is_end_of_month=st.booleans(),
            anchor=st.none() | st.dates(date(2000, 1, 1), date(2040, 1, 1)),
        ),
        st.just(QUARTERLY),
        st.builds(
            lambda day, months: SettlementRule(day=day, months=tuple(sorted(months)), payment_lag_days=0),
            st.integers(1, 31),
            st.sets(st.integers(1, 12), min_size=1),
        ),
    ),
    start=st.dates(date(1990, 1, 1), date(2060, 1, 1)),
    days=st.integers(1, 4_000),
)
def test_bounds_rise_from_drawdown_to_maturity(rule: PeriodRule, start: date, days: int) -> None:
    end = start + timedelta(days=days)

    bounds = period_bounds(rule, start=start, end=end)

    assert (bounds[0], bounds[-1]) == (start, end)
    assert all(earlier < later for earlier, later in pairwise(bounds))


@pytest.mark.parametrize("months", [0, 121])
def test_a_cycle_of_no_length_is_refused(months: int) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "interest_periods.months"):
        cycle(months, StubRule.SHORT_BACK)


@pytest.mark.parametrize(
    ("day", "months", "lag", "field"),
    [
        (0, (3,), 0, "settlement_day"),
        (32, (3,), 0, "settlement_day"),
        (20, (), 0, "settlement_months"),
        (20, (6, 3), 0, "settlement_months"),
        (20, (13,), 0, "settlement_months"),
        (20, (3,), 32, "payment_lag_days"),
    ],
)
def test_settlement_days_that_are_none_are_refused(day: int, months: tuple[int, ...], lag: int, field: str) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == f"interest_periods.{field}"):
        SettlementRule(day=day, months=months, payment_lag_days=lag)


def test_a_life_without_a_day_is_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "interest_periods.end"):
        period_bounds(QUARTERLY, start=date(2025, 1, 1), end=date(2025, 1, 1))
