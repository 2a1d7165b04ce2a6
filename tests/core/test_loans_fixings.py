"""Index fixings: which value counts when, nothing silently old, compounding in arrears."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from finance.conventions.day_counts import DayCount
from finance.loans.base_rates import CompoundedIndexRate, IndexRate, RepricingKind, RepricingRule
from finance.loans.fixings import CompoundedSpan, FixingSeries, base_pieces, compounded_rate, repricing_days
from finance.loans.flows import Happenings
from finance.loans.repayment import EqualPrincipal
from ledger.core.errors import Conflict, NotFound
from tests.core.loan_tranches import INTERBANK, START, flows, tranche

BOUNDS = (date(2024, 2, 29), date(2024, 6, 20), date(2025, 6, 20), date(2026, 3, 1))
TEN_BP = Fraction(36, 1000)  # 3.60 %: one basis point a day on 360


def lpr(kind: RepricingKind = RepricingKind.EACH_INTEREST_PERIOD, *, lag: int = 0, **more: Fraction) -> IndexRate:
    return IndexRate(
        index="LPR1Y",
        multiplier=more.get("multiplier", Fraction(1)),
        spread_bp=Fraction(-89),
        repricing=RepricingRule(kind=kind),
        fixing_lag_business_days=lag,
        index_floor=more.get("index_floor"),
    )


def sofr(*, lookback: int = 0, is_shifted: bool = False, rate_places: int | None = None) -> CompoundedIndexRate:
    return CompoundedIndexRate(
        index="SOFR",
        day_count=DayCount.ACT_360,
        lookback_business_days=lookback,
        is_observation_shifted=is_shifted,
        credit_adjustment_bp=Fraction(0),
        spread_bp=Fraction(0),
        rate_places=rate_places,
    )


def flat(rate: Fraction) -> dict[str, FixingSeries]:
    series = FixingSeries(index="SOFR", rates=((date(2023, 1, 3), rate),), known_through=date(2026, 12, 31))
    return {"SOFR": series}


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        (RepricingRule(kind=RepricingKind.NEVER), ()),
        (RepricingRule(kind=RepricingKind.EACH_INTEREST_PERIOD), BOUNDS[1:3]),
        (RepricingRule(kind=RepricingKind.ANNIVERSARY), (date(2025, 2, 28), date(2026, 2, 28))),
        (RepricingRule(kind=RepricingKind.YEARLY_ON, month=1, day=1), (date(2025, 1, 1), date(2026, 1, 1))),
        (RepricingRule(kind=RepricingKind.ON_DATES, dates=(date(2024, 7, 1), date(2027, 1, 1))), (date(2024, 7, 1),)),
    ],
)
def test_an_index_is_read_again_on_the_days_of_the_clause(rule: RepricingRule, days: tuple[date, ...]) -> None:
    assert repricing_days(rule, bounds=BOUNDS) == days


def test_the_value_last_published_counts_minus_the_spread() -> None:
    rates = ((date(2024, 2, 20), Fraction(345, 10_000)), (date(2024, 7, 22), Fraction(335, 10_000)))
    series = {"LPR1Y": FixingSeries(index="LPR1Y", rates=rates, known_through=date(2026, 1, 1))}

    pieces = base_pieces(lpr(), bounds=BOUNDS, fixings=series, calendar=INTERBANK)

    assert [piece.rate * 10_000 for piece in pieces] == [256, 256, 246]
    assert pieces[2].fixing is not None
    assert pieces[2].fixing.published_on == date(2024, 7, 22)


def test_a_lag_reads_the_index_on_an_earlier_open_day() -> None:
    # The two open days before Monday 2024-02-19 are Sunday the 18th (made up for the Spring Festival) and Friday the 9th.
    rates = ((date(2024, 2, 1), Fraction(1, 100)), (date(2024, 2, 18), Fraction(2, 100)))
    series = {"LPR1Y": FixingSeries(index="LPR1Y", rates=rates, known_through=date(2026, 1, 1))}
    bounds = (date(2024, 2, 19), date(2024, 3, 19))

    read = [
        base_pieces(lpr(lag=lag), bounds=bounds, fixings=series, calendar=INTERBANK)[0].rate * 10_000 + 89
        for lag in (0, 1, 2)
    ]

    assert read == [200, 200, 100]


def test_a_floor_on_the_index_comes_before_multiplier_and_spread() -> None:
    rate = lpr(index_floor=Fraction(0), multiplier=Fraction(2))
    series = {"LPR1Y": FixingSeries(index="LPR1Y", rates=((START, Fraction(-1, 100)),), known_through=START)}

    piece = base_pieces(rate, bounds=(START, date(2024, 6, 20)), fixings=series, calendar=INTERBANK)[0]

    assert piece.rate == Fraction(-89, 10_000)


@pytest.mark.parametrize("day", [date(2024, 1, 1), date(2024, 3, 1)])
def test_a_day_beyond_what_is_published_is_refused(day: date) -> None:
    series = FixingSeries(index="LPR1Y", rates=((date(2024, 2, 1), Fraction(0)),), known_through=date(2024, 2, 29))

    with pytest.raises(Conflict, check=lambda error: error.code == "fixings.unknown"):
        series.on(day)


def test_an_index_that_was_not_given_is_refused_by_name() -> None:
    with pytest.raises(NotFound, check=lambda error: error.code == "fixings.index"):
        flows(tranche(base_rate=lpr()))


def test_a_projection_rests_on_a_stated_assumption_and_says_so() -> None:
    series = FixingSeries(
        index="LPR1Y", rates=((START, Fraction(3, 100)),), known_through=date(2024, 7, 1), assumed=Fraction(3, 100)
    )

    schedule = flows(tranche(base_rate=lpr()), Happenings(fixings={"LPR1Y": series}))

    assert [due.is_projected for due in schedule.interest] == [False, False, True, True]


def test_two_days_compound_and_a_weekend_does_not() -> None:
    thursday = date(2024, 3, 7)

    def growth(days: int) -> Fraction:
        span = CompoundedSpan(period_start=thursday, start=thursday, end=thursday + timedelta(days=days))
        piece = compounded_rate(sofr(), span, fixings=flat(TEN_BP), calendar=INTERBANK)
        return piece.rate * days / 360

    assert growth(2) == Fraction(10_001, 10_000) ** 2 - 1
    assert growth(4) == Fraction(10_001, 10_000) * Fraction(10_003, 10_000) - 1


def test_spans_of_one_period_add_up_to_the_period_even_when_cut_on_a_weekend() -> None:
    start, end = date(2024, 3, 20), date(2024, 6, 20)

    def earned(opening: date, closing: date) -> Fraction:
        span = CompoundedSpan(period_start=start, start=opening, end=closing)
        rate = compounded_rate(sofr(), span, fixings=flat(TEN_BP), calendar=INTERBANK).rate
        return rate * (closing - opening).days

    for cut in (date(2024, 4, 6), date(2024, 5, 4), date(2024, 5, 15)):
        assert earned(start, cut) + earned(cut, end) == earned(start, end)


def test_a_lookback_reads_earlier_days_and_a_shift_weighs_them_too() -> None:
    rates = ((date(2024, 3, 7), TEN_BP), (date(2024, 3, 8), 2 * TEN_BP), (date(2024, 3, 11), 3 * TEN_BP))
    series = {"SOFR": FixingSeries(index="SOFR", rates=rates, known_through=date(2024, 3, 29))}
    span = CompoundedSpan(period_start=date(2024, 3, 11), start=date(2024, 3, 11), end=date(2024, 3, 12))

    plain = compounded_rate(sofr(lookback=1), span, fixings=series, calendar=INTERBANK).rate
    shifted = compounded_rate(sofr(lookback=1, is_shifted=True), span, fixings=series, calendar=INTERBANK).rate

    # Monday's interest reads Friday; shifted, Friday's value counts for the three days that it stood.
    assert (plain, shifted) == (2 * TEN_BP, 6 * TEN_BP)


def test_the_compounded_rate_is_rounded_only_if_the_terms_say_so() -> None:
    span = CompoundedSpan(period_start=START, start=START, end=date(2024, 6, 20))

    piece = compounded_rate(sofr(rate_places=7), span, fixings=flat(TEN_BP), calendar=INTERBANK)

    assert piece.rate.denominator <= 10**7
    assert abs(piece.rate - compounded_rate(sofr(), span, fixings=flat(TEN_BP), calendar=INTERBANK).rate) <= Fraction(
        1, 2 * 10**7
    )


def test_an_amortising_loan_compounds_each_balance_over_its_own_days() -> None:
    one = tranche(base_rate=sofr(), repayment=EqualPrincipal(first_on=date(2024, 5, 6), every_months=3))

    due = flows(one, Happenings(fixings=flat(TEN_BP))).interest[0]

    assert [segment.principal_minor for segment in due.segments] == [20_000_000_000, 16_000_000_000]
    assert due.segments[1].rate > due.segments[0].rate > TEN_BP
