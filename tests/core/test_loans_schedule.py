"""Interest periods and payment dates: RMB quarters, stubs, holidays, and the edge of the published calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.calendars import BusinessDayConvention
from finance.loans.schedule import PaymentState, effect_date, interest_periods, period_of
from finance.loans.terms import EffectKind, EffectRule, FacilityTerms, SettlementRule
from ledger.core.errors import Conflict, Invalid
from tests.core.test_loans_examples import EXCHANGE, TERMS

LAGGED = replace(TERMS, settlement=replace(TERMS.settlement, payment_lag_days=1))
ADJUSTED = replace(TERMS, is_accrual_adjusted=True)

drawdowns = st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 12, 31))
settlements = st.builds(
    SettlementRule,
    day=st.integers(min_value=1, max_value=31),
    months=st.sets(st.integers(min_value=1, max_value=12), min_size=1).map(lambda months: tuple(sorted(months))),
    payment_lag_days=st.integers(min_value=0, max_value=31),
)


def effect_of(terms: FacilityTerms, approved_on: date) -> date:
    periods = interest_periods(terms, EXCHANGE)
    return effect_date(terms, approved_on=approved_on, periods=periods, calendar=EXCHANGE)


def test_a_three_year_loan_has_twelve_quarters_settled_on_the_twentieth() -> None:
    periods = interest_periods(TERMS, EXCHANGE)

    assert len(periods) == 12
    assert (periods[0].start, periods[0].end) == (date(2024, 12, 20), date(2025, 3, 20))
    assert (periods[4].start, periods[4].end) == (date(2025, 12, 20), date(2026, 3, 20))
    assert [period.repays_principal for period in periods] == [False] * 11 + [True]


def test_interest_is_paid_on_the_next_open_day_while_the_period_still_ends_on_the_twentieth() -> None:
    periods = interest_periods(TERMS, EXCHANGE)

    # 20 September 2025 is a Saturday, 20 June 2026 the Saturday after Dragon Boat, 20 December 2026 a Sunday.
    assert periods[2].end == date(2025, 9, 20)
    assert periods[2].payment_date == date(2025, 9, 22)
    assert periods[5].payment_date == date(2026, 6, 22)
    assert periods[7].payment_date == date(2026, 12, 21)


def test_settled_on_the_twentieth_paid_on_the_twenty_first_is_a_term() -> None:
    periods = interest_periods(LAGGED, EXCHANGE)

    assert (periods[0].end, periods[0].payment_date) == (date(2025, 3, 20), date(2025, 3, 21))


def test_a_lag_never_carries_a_payment_past_the_repayment_of_the_principal() -> None:
    terms = replace(
        TERMS,
        maturity_date=date(2026, 3, 23),
        settlement=replace(TERMS.settlement, payment_lag_days=10),
    )

    periods = interest_periods(terms, EXCHANGE)

    # Settled on Friday 20 March with ten days to pay, but all is repaid on Monday 23 March.
    assert [period.payment_date for period in periods[-2:]] == [date(2026, 3, 23), date(2026, 3, 23)]


def test_business_days_that_end_before_the_drawdown_count_from_the_drawdown() -> None:
    rule = EffectRule(kind=EffectKind.N_BUSINESS_DAYS_AFTER, business_days=5)

    assert effect_of(replace(TERMS, effect_rule=rule), date(2024, 11, 4)) == TERMS.drawdown_date


def test_a_payment_beyond_the_published_calendar_is_unknown_and_not_guessed() -> None:
    period = interest_periods(TERMS, EXCHANGE)[8]

    assert period.end == date(2027, 3, 20)
    assert (period.payment_date, period.payment_state) == (None, PaymentState.CALENDAR_UNKNOWN)


def test_the_last_interest_falls_due_with_the_principal_at_maturity_without_lag() -> None:
    terms = replace(LAGGED, maturity_date=date(2026, 8, 5))

    last = interest_periods(terms, EXCHANGE)[-1]

    assert (last.start, last.end) == (date(2026, 6, 20), date(2026, 8, 5))
    assert last.payment_date == date(2026, 8, 5)
    assert last.repays_principal


def test_a_first_stub_runs_to_the_first_settlement_day() -> None:
    terms = replace(TERMS, drawdown_date=date(2025, 3, 19))

    periods = interest_periods(terms, EXCHANGE)

    assert (periods[0].start, periods[0].end) == (date(2025, 3, 19), date(2025, 3, 20))


def test_a_settlement_day_that_the_month_lacks_is_its_last_day() -> None:
    terms = replace(TERMS, settlement=SettlementRule(day=31, months=(2, 6), payment_lag_days=0))

    ends = [period.end for period in interest_periods(terms, EXCHANGE)]

    assert ends[:3] == [date(2025, 2, 28), date(2025, 6, 30), date(2026, 2, 28)]


def test_an_adjusted_accrual_moves_the_period_s_end_as_far_as_the_calendar_reaches() -> None:
    periods = interest_periods(ADJUSTED, EXCHANGE)

    assert periods[2].end == periods[3].start == date(2025, 9, 22)
    assert not periods[2].is_end_provisional
    assert (periods[8].end, periods[8].is_end_provisional) == (date(2027, 3, 20), True)


def test_a_schedule_needs_the_calendar_of_its_terms() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "schedule.calendar"):
        interest_periods(replace(TERMS, calendar_market="target"), EXCHANGE)


def test_a_day_has_one_period_and_the_settlement_day_begins_it() -> None:
    periods = interest_periods(TERMS, EXCHANGE)

    assert period_of(periods, date(2025, 3, 19)).number == 1
    assert period_of(periods, date(2025, 3, 20)).number == 2


def test_a_day_outside_the_life_has_no_period() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "schedule.outside_life"):
        period_of(interest_periods(TERMS, EXCHANGE), date(2027, 12, 20))


@pytest.mark.parametrize(
    ("approved_on", "expected"),
    [
        (date(2025, 5, 6), date(2025, 6, 20)),
        (date(2025, 6, 19), date(2025, 6, 20)),
        (date(2025, 6, 20), date(2025, 6, 20)),
        (date(2025, 6, 21), date(2025, 9, 20)),
        (date(2024, 1, 1), date(2024, 12, 20)),
    ],
)
def test_an_approval_counts_from_the_next_interest_period(approved_on: date, expected: date) -> None:
    assert effect_of(TERMS, approved_on) == expected


def test_an_approval_in_the_last_period_has_no_effect_left() -> None:
    with pytest.raises(Conflict, check=lambda error: error.code == "schedule.no_effect_left"):
        effect_of(TERMS, date(2027, 9, 21))


def test_an_effect_at_a_provisional_start_is_unknown() -> None:
    with pytest.raises(Conflict, check=lambda error: error.code == "calendar.unknown"):
        effect_of(ADJUSTED, date(2027, 3, 1))


def test_a_fixed_date_is_the_effect_date_until_it_has_passed() -> None:
    terms = replace(TERMS, effect_rule=EffectRule(kind=EffectKind.FIXED_DATE, fixed_on=date(2026, 4, 1)))

    assert effect_of(terms, date(2026, 4, 1)) == date(2026, 4, 1)
    with pytest.raises(Conflict, check=lambda error: error.code == "schedule.effect_passed"):
        effect_of(terms, date(2026, 4, 2))


def test_business_days_after_the_approval_skip_holidays() -> None:
    terms = replace(TERMS, effect_rule=EffectRule(kind=EffectKind.N_BUSINESS_DAYS_AFTER, business_days=5))

    # From Wednesday 11 February 2026: 12 and 13, then New Year to the 23rd, then 24, 25, 26.
    assert effect_of(terms, date(2026, 2, 11)) == date(2026, 2, 26)


def test_business_days_into_the_unknown_are_refused() -> None:
    terms = replace(TERMS, effect_rule=EffectRule(kind=EffectKind.N_BUSINESS_DAYS_AFTER, business_days=5))

    with pytest.raises(Conflict, check=lambda error: error.code == "calendar.unknown"):
        effect_of(terms, date(2026, 12, 28))


@given(
    drawdown_date=drawdowns,
    life_days=st.integers(min_value=1, max_value=4000),
    settlement=settlements,
    convention=st.sampled_from(list(BusinessDayConvention)),
    is_adjusted=st.booleans(),
)
def test_interest_periods_tile_the_loan_s_life(
    drawdown_date: date,
    life_days: int,
    settlement: SettlementRule,
    convention: BusinessDayConvention,
    is_adjusted: bool,  # noqa: FBT001 - given by name
) -> None:
    terms = replace(
        TERMS,
        drawdown_date=drawdown_date,
        maturity_date=drawdown_date + timedelta(days=life_days),
        settlement=settlement,
        payment_convention=convention,
        is_accrual_adjusted=is_adjusted,
    )

    periods = interest_periods(terms, EXCHANGE)

    assert periods[0].start == terms.drawdown_date
    assert periods[-1].end == terms.maturity_date
    assert all(period.end == after.start for period, after in pairwise(periods))
    assert all(period.start < period.end for period in periods)
    assert [period.repays_principal for period in periods].count(True) == 1
