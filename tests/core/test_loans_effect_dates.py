"""From when an adjustment counts: one example per rule by hand, and the laws that no rule may break."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.calendars import BusinessDayConvention
from finance.loans.clauses import EffectKind, EffectRule, UntilKind
from finance.loans.effect_dates import EffectSpan, effect_span
from ledger.core.errors import Conflict
from tests.core.loan_examples import INTENSITY, MATURITY, NEXT_PERIOD, START, TRANCHE, drawn, target_of
from tests.core.loan_tranches import INTERBANK

F = Fraction
LOAN = drawn(TRANCHE)
KINDS = [kind for kind in EffectKind if kind is not EffectKind.N_BUSINESS_DAYS_AFTER]


def rule_of(kind: EffectKind, until: UntilKind = UntilKind.NEXT_DETERMINATION) -> EffectRule:
    has_date = kind is EffectKind.FIXED_DATE
    return EffectRule(
        begins=kind,
        business_days=5 if kind is EffectKind.N_BUSINESS_DAYS_AFTER else None,
        month=4 if has_date else None,
        day=15 if has_date else None,
        until=until,
        months=12 if until is UntilKind.MONTHS else None,
    )


def span(rule: EffectRule, approved_on: date, *, year: int = 2025) -> EffectSpan | None:
    return effect_span(
        rule, target=target_of(INTENSITY, year), approved_on=approved_on, periods=LOAN.periods, calendar=INTERBANK
    )


def begins(rule: EffectRule, approved_on: date, *, year: int = 2025) -> date | None:
    found = span(rule, approved_on, year=year)
    return None if found is None else found.effective_from


@pytest.mark.parametrize(
    ("approved_on", "expected"),
    [
        (date(2026, 5, 6), date(2026, 6, 20)),
        (date(2026, 6, 20), date(2026, 6, 20)),
        (date(2026, 6, 21), date(2026, 9, 20)),
        (date(2028, 12, 20), date(2028, 12, 20)),
        (date(2028, 12, 21), None),  # the last period has begun
    ],
)
def test_the_next_interest_period_is_the_first_that_starts_on_or_after_the_approval(
    approved_on: date, expected: date | None
) -> None:
    assert begins(NEXT_PERIOD, approved_on) == expected


def test_business_days_are_counted_over_the_spring_festival() -> None:
    # 13 February 2026 is a Friday, 14 February a make-up Saturday, the festival closes from 15 to 23 February.
    rule = rule_of(EffectKind.N_BUSINESS_DAYS_AFTER)

    assert begins(replace(rule, business_days=1), date(2026, 2, 13)) == date(2026, 2, 14)
    assert begins(replace(rule, business_days=2), date(2026, 2, 13)) == date(2026, 2, 24)
    assert begins(rule, date(2026, 2, 13)) == date(2026, 2, 27)


def test_a_business_day_beyond_the_published_calendar_is_refused_not_guessed() -> None:
    with pytest.raises(Conflict) as refusal:
        begins(rule_of(EffectKind.N_BUSINESS_DAYS_AFTER), date(2026, 12, 30))

    assert refusal.value.code == "calendar.unknown"


def test_a_fixed_date_is_in_the_year_after_the_test_or_the_approval_if_later() -> None:
    rule = rule_of(EffectKind.FIXED_DATE)

    assert begins(rule, date(2026, 3, 2)) == date(2026, 4, 15)
    assert begins(rule, date(2026, 4, 16)) == date(2026, 4, 16)
    assert begins(rule, date(2026, 3, 2), year=2026) == date(2027, 4, 15)


def test_the_loan_year_and_the_calendar_year_begin_on_their_first_day_after_the_approval() -> None:
    loan_year, calendar_year = rule_of(EffectKind.NEXT_LOAN_YEAR), rule_of(EffectKind.NEXT_CALENDAR_YEAR)

    assert begins(loan_year, date(2026, 3, 20)) == date(2026, 3, 20)
    assert begins(loan_year, date(2026, 3, 21)) == date(2027, 3, 20)
    assert begins(calendar_year, date(2026, 1, 1)) == date(2026, 1, 1)
    assert begins(calendar_year, date(2026, 1, 2)) == date(2027, 1, 1)


def test_a_loan_year_begun_on_a_leap_day_has_its_anniversary_on_28_february() -> None:
    loan = replace(
        TRANCHE, signed_on=date(2024, 2, 29), drawdowns=(replace(TRANCHE.drawdowns[0], on=date(2024, 2, 29)),)
    )

    found = effect_span(
        rule_of(EffectKind.NEXT_LOAN_YEAR),
        target=target_of(INTENSITY, 2024),
        approved_on=date(2025, 2, 10),
        periods=drawn(loan).periods,
        calendar=INTERBANK,
    )

    assert found == EffectSpan(effective_from=date(2025, 2, 28), until=None)


def test_a_retroactive_effect_begins_the_day_after_the_test_period() -> None:
    assert begins(rule_of(EffectKind.RETROACTIVE), date(2026, 5, 6)) == date(2026, 1, 1)


def test_a_retroactive_effect_before_the_first_day_counts_from_that_day() -> None:
    assert begins(rule_of(EffectKind.RETROACTIVE), date(2024, 5, 6), year=2023) == START


def test_a_status_counts_inside_its_own_test_period_only() -> None:
    assert span(rule_of(EffectKind.STATUS_DAY, UntilKind.STATUS_END), date(2026, 5, 6)) == EffectSpan(
        effective_from=date(2025, 1, 1), until=date(2026, 1, 1)
    )


def test_twelve_months_end_on_the_same_day_of_the_next_year() -> None:
    assert span(rule_of(EffectKind.NEXT_INTEREST_PERIOD, UntilKind.MONTHS), date(2026, 5, 6)) == EffectSpan(
        effective_from=date(2026, 6, 20), until=date(2027, 6, 20)
    )


def test_an_effect_that_ends_before_it_could_begin_is_none() -> None:
    rule = replace(rule_of(EffectKind.NEXT_INTEREST_PERIOD), until=UntilKind.STATUS_END)

    assert span(rule, date(2026, 5, 6)) is None


def test_a_period_whose_start_no_calendar_says_is_refused() -> None:
    loan = replace(TRANCHE, payment_convention=BusinessDayConvention.FOLLOWING, is_accrual_adjusted=True)

    with pytest.raises(Conflict) as refusal:
        effect_span(
            NEXT_PERIOD,
            target=target_of(INTENSITY, 2026),
            approved_on=date(2027, 5, 6),
            periods=drawn(loan).periods,
            calendar=INTERBANK,
        )

    assert refusal.value.code == "effect.start_unknown"


approvals = st.dates(min_value=date(2024, 1, 1), max_value=date(2029, 6, 1))


@given(
    kind=st.sampled_from(KINDS), until=st.sampled_from(UntilKind), approved_on=approvals, year=st.integers(2023, 2026)
)
def test_no_effect_day_lies_before_the_approval_unless_retroactive_or_a_status(
    kind: EffectKind, until: UntilKind, approved_on: date, year: int
) -> None:
    found = span(rule_of(kind, until), approved_on, year=year)

    if found is not None:
        assert START <= found.effective_from < MATURITY
        assert found.until is None or found.until > found.effective_from
        if kind not in {EffectKind.RETROACTIVE, EffectKind.STATUS_DAY}:
            assert found.effective_from >= approved_on


@given(kind=st.sampled_from(KINDS), approved_on=approvals, later_by=st.integers(0, 400))
def test_a_later_approval_never_counts_earlier(kind: EffectKind, approved_on: date, later_by: int) -> None:
    sooner = begins(rule_of(kind), approved_on)
    later = begins(rule_of(kind), approved_on + timedelta(days=later_by))

    assert later is None or (sooner is not None and sooner <= later)
