"""The exact flow schedule: golden numbers, repayment forms, early repayment, order of events."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.calendars import BusinessDayConvention
from finance.conventions.day_counts import DayCount
from finance.loans.balance import PrincipalKind
from finance.loans.base_rates import FixedRate, IndexRate, RepricingKind, RepricingRule
from finance.loans.fixings import FixingSeries
from finance.loans.flow_events import EventKind, flow_events
from finance.loans.flows import Happenings
from finance.loans.interest_periods import PeriodCycle, SettlementRule, StubRule
from finance.loans.prepayment import InstalmentEffect, PenaltyKind, Prepayment, PrepaymentRule, UntestedOutcome
from finance.loans.repayment import (
    Annuity,
    Bullet,
    EqualPrincipal,
    Instalment,
    InterestOnlyThen,
    RateChangeEffect,
    Repayment,
    Stepped,
)
from finance.loans.tranche import AdjustmentInterval, Drawdown, RoundingUnit, Tranche
from ledger.core.errors import DomainError, Invalid
from tests.core.loan_tranches import END, START, flows, payments, stepped, tranche

YEARLY = PeriodCycle(months=12, stub=StubRule.SHORT_BACK, is_end_of_month=False, payment_lag_days=0)
QUARTERS = (date(2024, 6, 20), date(2024, 9, 20), date(2024, 12, 20))
EQUAL = EqualPrincipal(first_on=date(2024, 6, 20), every_months=3)
LEVEL = Annuity(first_on=date(2024, 6, 20), every_months=3)


def paid_early(*prepayments: tuple[date, int]) -> Happenings:
    return Happenings(prepayments=tuple(Prepayment(on=day, amount_minor=amount) for day, amount in prepayments))


def repaid(one: Tranche, known: Happenings | None = None) -> list[tuple[date, int]]:
    kinds = {PrincipalKind.REDEMPTION, PrincipalKind.MATURITY}
    return [(flow.on, flow.amount_minor) for flow in flows(one, known).principal if flow.kind in kinds]


def test_a_step_in_mid_period_is_two_segments_and_one_payment() -> None:
    known = Happenings(adjustments=stepped((date(2024, 5, 6), -10)))

    due = flows(tranche(), known).interest[0]

    assert [segment.interest_minor for segment in due.segments] == [Fraction(270_250_000, 3), 83_750_000]
    assert due.payment_minor == 173_833_333
    assert payments(flows(tranche()))[0] == 176_333_333


def test_daily_rounding_would_differ_and_is_not_done() -> None:
    daily = round(20_000_000_000 * 345 / 3_600_000) * 92  # what a system that rounds each day would book

    assert (daily, payments(flows(tranche()))[0]) == (176_333_364, 176_333_333)


def test_a_claw_back_of_ten_basis_points_over_287_days() -> None:
    one = tranche(start=date(2024, 5, 6), maturity=date(2025, 2, 17), periods=YEARLY)
    then = Happenings(adjustments=stepped((date(2024, 5, 6), -10), start=date(2024, 5, 6), end=date(2025, 2, 17)))

    difference = flows(one).interest[0].interest_minor - flows(one, then).interest[0].interest_minor

    assert difference == Fraction(143_500_000, 9)  # 159,444.44


def test_alba_two_of_three_targets_share_two_and_a_half_basis_points() -> None:
    one = tranche(start=date(2023, 1, 1), maturity=date(2023, 7, 1), principal_minor=124_747_500_000, periods=YEARLY)
    step = stepped((date(2023, 1, 1), Fraction(-5, 3)), start=date(2023, 1, 1), end=date(2023, 7, 1))

    saved = flows(one).interest[0].interest_minor - flows(one, Happenings(adjustments=step)).interest[0].interest_minor

    assert int(saved + Fraction(1, 2)) == 10_453_378


@pytest.mark.parametrize(
    ("start", "day_count", "benefit"),
    [
        (date(2022, 12, 20), DayCount.ACT_360, 20_277_778),
        (date(2023, 12, 20), DayCount.ACT_360, 20_333_333),
        (date(2022, 12, 20), DayCount.ACT_365F, 20_000_000),
        (date(2023, 12, 20), DayCount.ACT_365F, 20_054_795),
    ],
)
def test_the_benefit_of_the_weiqiao_step_over_one_year(start: date, day_count: DayCount, benefit: int) -> None:
    end = start.replace(year=start.year + 1)
    one = tranche(start=start, maturity=end, periods=YEARLY, day_count=day_count)
    step = Happenings(adjustments=(AdjustmentInterval(start=start, end=end, adjustment_bp=Fraction(-10)),))

    saved = flows(one).interest[0].interest_minor - flows(one, step).interest[0].interest_minor

    assert int(saved + Fraction(1, 2)) == benefit


def test_a_loan_at_lpr_minus_89_basis_points_is_repriced_on_1_january() -> None:
    rate = IndexRate(
        index="LPR1Y",
        multiplier=Fraction(1),
        spread_bp=Fraction(-89),
        repricing=RepricingRule(kind=RepricingKind.YEARLY_ON, month=1, day=1),
        fixing_lag_business_days=0,
    )
    rates = ((date(2024, 2, 20), Fraction(345, 10_000)), (date(2024, 10, 21), Fraction(310, 10_000)))
    lpr = {"LPR1Y": FixingSeries(index="LPR1Y", rates=rates, known_through=date(2025, 2, 1))}

    schedule = flows(tranche(base_rate=rate), Happenings(fixings=lpr))

    # 12 days at 2.56 % and 78 days at 2.21 % in the quarter of the turn of the year.
    assert [segment.rate for segment in schedule.interest[3].segments] == [Fraction(256, 10_000), Fraction(221, 10_000)]
    assert payments(schedule)[3] == 17_066_667 + 95_766_667 - 1
    assert schedule.repricing_days == (date(2025, 1, 1),)


def test_floor_and_cap_apply_to_the_sum_with_the_adjustment() -> None:
    bounded = FixedRate(rate=Fraction(345, 10_000), rate_floor=Fraction(340, 10_000), rate_cap=Fraction(350, 10_000))
    known = Happenings(adjustments=stepped((date(2024, 6, 20), -10), (date(2024, 9, 20), 10)))

    schedule = flows(tranche(base_rate=bounded), known)

    assert [due.segments[0].rate * 10_000 for due in schedule.interest] == [345, 340, 350, 350]


def test_equal_principal_splits_to_the_fen_and_maturity_clears() -> None:
    assert repaid(tranche(principal_minor=1_001, repayment=EQUAL)) == [
        (QUARTERS[0], 250),
        (QUARTERS[1], 250),
        (QUARTERS[2], 250),
        (END, 251),
    ]


def test_equal_principal_with_a_count_ends_before_maturity_and_so_does_interest() -> None:
    one = tranche(repayment=EqualPrincipal(first_on=date(2024, 6, 20), every_months=3, count=2))

    assert repaid(one) == [(QUARTERS[0], 10_000_000_000), (QUARTERS[1], 10_000_000_000)]
    assert [due.period.end for due in flows(one).interest] == [QUARTERS[0], QUARTERS[1]]


def test_an_annuity_pays_one_amount_until_the_last() -> None:
    schedule = flows(tranche(repayment=LEVEL))
    parts = [flow.amount_minor for flow in schedule.principal[1:]]

    totals = [part + interest for part, interest in zip(parts, payments(schedule), strict=True)]

    assert totals[:3] == [5_110_211_806] * 3
    assert abs(totals[3] - totals[0]) <= 2
    assert sum(parts) == 20_000_000_000


def test_a_repriced_annuity_keeps_the_running_instalment_and_changes_the_next() -> None:
    known = Happenings(adjustments=stepped((date(2024, 8, 1), -50)))

    schedule = flows(tranche(repayment=LEVEL), known)

    parts = [flow.amount_minor for flow in schedule.principal[1:]]
    totals = [part + interest for part, interest in zip(parts, payments(schedule), strict=True)]
    assert totals[0] == totals[1] == 5_110_211_806
    assert totals[2] < totals[1]
    assert abs(totals[3] - totals[2]) <= 2


def test_a_fixed_instalment_is_kept_and_maturity_takes_the_difference() -> None:
    fixed = Annuity(
        first_on=date(2024, 6, 20),
        every_months=3,
        on_rate_change=RateChangeEffect.KEEP,
        instalment_minor=1_000_000_000,
    )

    parts = repaid(tranche(repayment=fixed))

    assert parts[0] == (QUARTERS[0], 1_000_000_000 - 176_333_333)
    assert sum(amount for _, amount in parts) == 20_000_000_000


def test_an_instalment_below_the_interest_repays_nothing() -> None:
    tiny = Annuity(first_on=date(2024, 6, 20), every_months=3, on_rate_change=RateChangeEffect.KEEP, instalment_minor=1)

    assert repaid(tranche(repayment=tiny)) == [(END, 20_000_000_000)]


def test_stepped_instalments_take_amounts_and_shares_and_leave_the_rest() -> None:
    plan = Stepped(
        instalments=(
            Instalment(on=date(2024, 7, 1), amount_minor=5_000_000_000),
            Instalment(on=date(2024, 12, 20), share=Fraction(1, 3)),
        )
    )

    assert repaid(tranche(repayment=plan)) == [
        (date(2024, 7, 1), 5_000_000_000),
        (date(2024, 12, 20), 6_666_666_666),
        (END, 8_333_333_334),
    ]


def test_interest_only_until_a_day_then_equal_parts() -> None:
    plan = InterestOnlyThen(until=date(2024, 9, 20), then=EqualPrincipal(first_on=date(2024, 9, 20), every_months=3))

    assert [day for day, _ in repaid(tranche(repayment=plan))] == [QUARTERS[1], QUARTERS[2], END]


def test_a_later_drawdown_bears_interest_from_its_day() -> None:
    one = tranche(drawdowns=(Drawdown(on=START, amount_minor=10**9), Drawdown(on=date(2024, 5, 6), amount_minor=10**9)))

    first = flows(one).interest[0]

    assert [(segment.days, segment.principal_minor) for segment in first.segments] == [(47, 10**9), (45, 2 * 10**9)]


@pytest.mark.parametrize(
    ("effect", "later"),
    [
        (InstalmentEffect.NONE, [5_000_000_000, 5_000_000_000, 1_000_000_000]),
        (InstalmentEffect.SHORTER_LIFE, [5_000_000_000, 5_000_000_000, 1_000_000_000]),
        (InstalmentEffect.LOWER_INSTALMENT, [3_666_666_666, 3_666_666_667, 3_666_666_667]),
    ],
)
def test_early_repayment_of_equal_parts(effect: InstalmentEffect, later: list[int]) -> None:
    rule = PrepaymentRule(untested=UntestedOutcome.REFERENCE_LAST, effect=effect)
    known = paid_early((date(2024, 8, 1), 4_000_000_000))

    parts = repaid(tranche(repayment=EQUAL, prepayment=rule), known)

    assert [amount for _, amount in parts[1:]] == later


def test_a_lower_annuity_after_early_repayment_keeps_the_end() -> None:
    rule = PrepaymentRule(untested=UntestedOutcome.REFERENCE_LAST, effect=InstalmentEffect.LOWER_INSTALMENT)

    parts = repaid(tranche(repayment=LEVEL, prepayment=rule), paid_early((date(2024, 6, 20), 4_000_000_000)))

    assert [day for day, _ in parts] == [*QUARTERS, END]
    assert parts[1][1] < 4_000_000_000


def test_a_shorter_annuity_after_early_repayment_keeps_the_instalment() -> None:
    rule = PrepaymentRule(untested=UntestedOutcome.REFERENCE_LAST, effect=InstalmentEffect.SHORTER_LIFE)

    schedule = flows(tranche(repayment=LEVEL, prepayment=rule), paid_early((date(2024, 8, 1), 6_000_000_000)))

    last = schedule.principal[-1]
    assert (last.on, last.balance_minor) == (QUARTERS[2], 0)
    assert schedule.principal[-2].amount_minor + payments(schedule)[1] == 5_110_211_806


def test_full_early_repayment_pays_the_interest_with_it_and_ends_the_loan() -> None:
    schedule = flows(tranche(), paid_early((date(2024, 8, 1), 20_000_000_000)))

    last = schedule.interest[-1]
    assert (last.period.end, last.period.payment_date) == (date(2024, 8, 1), date(2024, 8, 1))
    assert last.payment_minor == 80_500_000  # 42 days
    assert schedule.principal[-1].kind is PrincipalKind.PREPAYMENT


def test_an_early_repayment_is_charged_by_fee_and_rate_differential() -> None:
    rule = PrepaymentRule(
        untested=UntestedOutcome.FEE,
        effect=InstalmentEffect.NONE,
        fee_bp=Fraction(25),
        penalty_kind=PenaltyKind.RATE_DIFFERENTIAL,
        penalty=Fraction(100),
    )

    schedule = flows(tranche(prepayment=rule), paid_early((date(2024, 9, 20), 10**9)))

    # 25 bp of CNY 10 m, and 1 % a year on it for the 181 days left.
    assert schedule.principal[1].charge_minor == 2_500_000 + 5_027_778


@pytest.mark.parametrize(
    ("prepaid", "code"),
    [
        (((date(2024, 8, 1), 20_000_000_001),), "prepayment.amount"),
        (((date(2024, 8, 1), 20_000_000_000), (date(2024, 9, 1), 1)), "prepayment.cleared"),
        (((START, 1),), "prepayment.on"),
        (((END, 1),), "prepayment.on"),
    ],
)
def test_an_impossible_early_repayment_is_refused(prepaid: tuple[tuple[date, int], ...], code: str) -> None:
    with pytest.raises(DomainError, check=lambda error: error.code == code):
        flows(tranche(), paid_early(*prepaid))


def test_early_repayment_without_a_clause_is_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "prepayment.on"):
        flows(tranche(prepayment=None), paid_early((date(2024, 8, 1), 1)))


def test_the_events_of_one_day_stand_in_actus_order_with_the_margin_before_the_repricing() -> None:
    rate = IndexRate(
        index="LPR1Y",
        multiplier=Fraction(1),
        spread_bp=Fraction(0),
        repricing=RepricingRule(kind=RepricingKind.EACH_INTEREST_PERIOD),
        fixing_lag_business_days=0,
    )
    lpr = FixingSeries(
        index="LPR1Y",
        rates=((START, Fraction(345, 10_000)), (date(2024, 6, 20), Fraction(335, 10_000))),
        known_through=END,
    )
    one = tranche(
        base_rate=rate,
        repayment=EQUAL,
        prepayment=PrepaymentRule(untested=UntestedOutcome.FEE, effect=InstalmentEffect.NONE, fee_bp=Fraction(1)),
    )
    known = Happenings(
        adjustments=stepped((date(2024, 6, 20), -10)),
        prepayments=(Prepayment(on=date(2024, 6, 20), amount_minor=10**6),),
        fixings={"LPR1Y": lpr},
    )

    events = [event for event in flow_events(flows(one, known), clause=rate) if event.on == date(2024, 6, 20)]

    assert [event.kind for event in events] == [
        EventKind.PR,
        EventKind.PY,
        EventKind.PP,
        EventKind.IP,
        EventKind.MRA,
        EventKind.RR,
    ]
    assert [event.rate * 10_000 for event in events[3:]] == [345, 335, 325]
    assert events[3].amount_minor == 176_333_333


def test_interest_accrued_on_a_day_grows_to_the_payment_and_starts_again() -> None:
    schedule = flows(tranche(), Happenings(adjustments=stepped((date(2024, 5, 6), -10))))

    assert schedule.accrued_on(date(2024, 5, 6)) == Fraction(270_250_000, 3)
    assert schedule.accrued_on(date(2024, 5, 7)) == Fraction(270_250_000, 3) + Fraction(83_750_000, 45)
    assert schedule.accrued_on(date(2024, 6, 20)) == 0
    assert schedule.principal_on(date(2024, 6, 19)) == 20_000_000_000


def test_rounding_each_segment_is_a_term_of_the_deal() -> None:
    known = Happenings(adjustments=stepped((date(2024, 5, 6), -10), (date(2024, 5, 16), -9)))

    apart = flows(tranche(rounding_unit=RoundingUnit.PER_SEGMENT), known).interest[0]

    rounded = sum(int(segment.interest_minor + Fraction(1, 2)) for segment in apart.segments)
    assert apart.payment_minor == rounded


def test_a_period_end_moves_with_the_open_day_only_if_the_terms_say_so() -> None:
    # Sunday 2026-09-20 is a working day before the National Day holiday; Saturday 2026-06-20 is not.
    one = tranche(start=date(2026, 3, 20), maturity=date(2026, 12, 20))
    moved = tranche(start=date(2026, 3, 20), maturity=date(2026, 12, 20), is_accrual_adjusted=True)

    stay, shift = flows(one).interest, flows(moved).interest

    assert [due.period.end for due in stay][:2] == [date(2026, 6, 20), date(2026, 9, 20)]
    assert [due.period.payment_date for due in stay][:2] == [date(2026, 6, 22), date(2026, 9, 20)]
    assert [due.period.end for due in shift][:2] == [date(2026, 6, 22), date(2026, 9, 20)]


def test_a_day_the_calendar_does_not_reach_has_no_payment_date() -> None:
    schedule = flows(tranche(start=date(2026, 6, 20), maturity=date(2027, 6, 20)))

    assert [due.period.payment_date is None for due in schedule.interest] == [False, False, True, True]


def test_annuity_days_that_end_no_interest_period_are_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "repayment.every_months"):
        flows(tranche(repayment=Annuity(first_on=date(2024, 6, 21), every_months=3)))


@pytest.mark.parametrize(
    ("adjustments", "reason"),
    [
        ((AdjustmentInterval(start=START, end=date(2024, 9, 1), adjustment_bp=Fraction(0)),), "too short"),
        (
            (
                AdjustmentInterval(start=START, end=date(2024, 9, 1), adjustment_bp=Fraction(0)),
                AdjustmentInterval(start=date(2024, 9, 2), end=END, adjustment_bp=Fraction(0)),
            ),
            "a gap",
        ),
        ((AdjustmentInterval(start=date(2024, 3, 19), end=END, adjustment_bp=Fraction(0)),), "another life"),
    ],
)
def test_adjustments_that_do_not_tile_the_life_are_refused(
    adjustments: tuple[AdjustmentInterval, ...], reason: str
) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "tranche.adjustments"):
        flows(tranche(), Happenings(adjustments=adjustments))


REPAYMENTS: tuple[Repayment, ...] = (
    Bullet(),
    EQUAL,
    LEVEL,
    Stepped(instalments=(Instalment(on=date(2024, 7, 1), share=Fraction(1, 7)),)),
    InterestOnlyThen(until=date(2024, 9, 20), then=Annuity(first_on=date(2024, 9, 20), every_months=3)),
)


@given(
    repayment=st.sampled_from(REPAYMENTS),
    effect=st.sampled_from(InstalmentEffect),
    principal_minor=st.integers(1_000, 10**13),
    day=st.integers(1, 364),
    share=st.fractions(Fraction(1, 100), Fraction(1), max_denominator=100),
    step=st.integers(-300, 300),
    is_adjusted=st.booleans(),
)
def test_principal_is_conserved_and_every_payment_is_its_segments_rounded_once(
    *,
    repayment: Repayment,
    effect: InstalmentEffect,
    principal_minor: int,
    day: int,
    share: Fraction,
    step: int,
    is_adjusted: bool,
) -> None:
    rule = PrepaymentRule(untested=UntestedOutcome.REFERENCE_LAST, effect=effect)
    one = tranche(
        principal_minor=principal_minor,
        repayment=repayment,
        prepayment=rule,
        is_accrual_adjusted=is_adjusted,
        convention=BusinessDayConvention.MODIFIED_FOLLOWING,
    )
    on = START + timedelta(days=day)
    step_known = Happenings(adjustments=stepped((on, step)))
    amount = max(1, int(flows(one, step_known).principal_on(on) * share))
    known = Happenings(adjustments=stepped((on, step)), prepayments=(Prepayment(on=on, amount_minor=amount),))

    schedule = flows(one, known)

    assert sum(flow.amount_minor for flow in schedule.principal) == 0
    assert schedule.principal[-1].balance_minor == 0
    bounds = [START, *(due.period.end for due in schedule.interest)]
    for due, start in zip(schedule.interest, bounds, strict=False):
        assert (due.segments[0].start, due.segments[-1].end) == (start, due.period.end)
        assert due.interest_minor == sum(segment.interest_minor for segment in due.segments)
        assert abs(due.payment_minor - due.interest_minor) <= Fraction(1, 2)
    events = flow_events(schedule, clause=one.base_rate)
    assert [event.on for event in events] == sorted(event.on for event in events)
    assert events[-1].balance_minor == 0


def test_a_settlement_on_the_31st_takes_the_last_day_of_short_months() -> None:
    rule = SettlementRule(day=31, months=(2, 6), payment_lag_days=0)
    one = tranche(start=date(2023, 12, 1), maturity=date(2024, 12, 1), periods=rule)

    assert [due.period.end for due in flows(one).interest] == [date(2024, 2, 29), date(2024, 6, 30), date(2024, 12, 1)]
