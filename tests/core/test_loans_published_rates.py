"""Index rates as published: steps valid until the next publication, values nobody should believe, and the days a loan reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.loans.base_rates import IndexRate, RepricingKind, RepricingRule
from finance.loans.period_dates import InterestPeriod, PaymentState
from finance.loans.published_rates import (
    PublicationRule,
    PublishedRate,
    current_rates,
    doubt,
    rate_in_force,
    reading_days,
    steps,
)
from finance.store import reference
from ledger.core.errors import Conflict, Invalid

INDEX = "LPR-1Y"
CALENDAR = reference.shipped_calendar("cn_interbank")
RULE = PublicationRule(
    calendar=CALENDAR,
    day_of_month=20,
    step=Fraction(1, 20),
    max_move=Fraction(1, 2),
    effective_from=date(2019, 8, 20),
)


def published(day: str, percent: str, *, revision: int = 1) -> PublishedRate:
    return PublishedRate(
        index=INDEX,
        published_on=date.fromisoformat(day),
        revision=revision,
        rate=Fraction(percent) / 100,
        feed="lpr",
        known_at=datetime(2026, 1, 1, tzinfo=UTC),
        raw_sha256="ab" * 32,
    )


JUNE, JULY = published("2025-06-20", "3.10"), published("2025-07-21", "3.00")


def test_the_rate_of_june_holds_through_sunday_the_20th_and_the_new_one_from_monday() -> None:
    rates = (JUNE, JULY)

    assert rate_in_force(rates, date(2025, 7, 20), index=INDEX, rule=RULE) == JUNE
    assert rate_in_force(rates, date(2025, 7, 21), index=INDEX, rule=RULE) == JULY
    assert [one.valid_through for one in steps(rates, RULE)] == [date(2025, 7, 20), date(2025, 8, 19)]


def test_a_day_whose_own_publication_is_not_stored_is_refused_and_never_takes_the_older_one() -> None:
    with pytest.raises(Conflict) as refused:
        rate_in_force((JUNE,), date(2025, 7, 21), index=INDEX, rule=RULE)

    assert refused.value.code == "published_rates.missing"
    assert refused.value.data["due"] == "2025-07-21"


def test_a_month_left_out_ends_the_step_before_it_on_the_eve_of_the_missing_day() -> None:
    rates = (JUNE, published("2025-08-20", "3.00"))

    first, _ = steps(rates, RULE)

    assert first.valid_through == date(2025, 7, 20)
    with pytest.raises(Conflict):
        rate_in_force(rates, date(2025, 8, 1), index=INDEX, rule=RULE)


def test_a_publication_a_day_later_than_the_calendar_says_leaves_the_old_rate_until_then() -> None:
    rates = (JUNE, published("2025-07-22", "3.00"))

    assert rate_in_force(rates, date(2025, 7, 21), index=INDEX, rule=RULE) == JUNE


def test_the_newest_revision_of_a_day_counts() -> None:
    corrected = published("2025-07-21", "2.95", revision=2)

    assert current_rates((corrected, JULY, JUNE)) == (JUNE, corrected)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (published("2025-07-21", "3.07"), "no multiple"),
        (published("2025-07-21", "0"), "no multiple"),
        (published("2025-07-21", "2.55"), "further"),
        (published("2025-06-20", "3.65", revision=2), "further"),
        (published("2025-07-21", "2.60"), ""),
    ],
)
def test_a_rate_off_the_step_or_too_far_from_the_one_before_is_doubted(rate: PublishedRate, words: str) -> None:
    why = doubt(rate, (JUNE,), RULE)

    assert words in why
    assert bool(why) == bool(words)


@given(st.lists(st.integers(min_value=0, max_value=40), min_size=1, max_size=20))
def test_every_step_ends_the_day_before_the_next_begins_or_earlier(moves: list[int]) -> None:
    days = sorted({RULE.due_day(date(2021, 1, 31) + timedelta(days=31 * move)) for move in moves})

    found = steps([published(day.isoformat(), "3.00") for day in days], RULE)

    assert [one.published.published_on for one in found] == days
    for one, following in zip(found, days[1:], strict=False):
        assert one.valid_through is not None
        assert one.published.published_on <= one.valid_through < following


def test_a_loan_reads_its_index_at_drawdown_and_on_each_repricing_day_that_is_past() -> None:
    base = IndexRate(
        index=INDEX,
        multiplier=Fraction(1),
        spread_bp=Fraction(0),
        repricing=RepricingRule(kind=RepricingKind.YEARLY_ON, month=1, day=1),
        fixing_lag_business_days=1,
    )
    period = InterestPeriod(
        number=1,
        start=date(2024, 12, 20),
        end=date(2026, 12, 20),
        payment_date=date(2026, 12, 21),
        payment_state=PaymentState.DATED,
        is_end_provisional=False,
        repays_principal=True,
    )

    found = reading_days(base, (period,), calendar=CALENDAR, through=date(2025, 12, 31))

    assert found == (
        (date(2024, 12, 20), date(2024, 12, 19)),
        (date(2025, 1, 1), date(2024, 12, 31)),
    )


def test_a_file_without_a_hash_is_no_source() -> None:
    with pytest.raises(Invalid) as refused:
        PublishedRate(
            index=INDEX,
            published_on=date(2025, 7, 21),
            revision=1,
            rate=Fraction(3, 100),
            feed="lpr",
            known_at=datetime(2026, 1, 1, tzinfo=UTC),
            raw_sha256="ab",
        )

    assert refused.value.code == "published_rates.raw_sha256"
