"""What a late fact changes in money: to the fen, period by period, and split among those who were owed the interest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.calendars import BusinessDayConvention
from finance.conventions.day_counts import DayCount
from finance.loans.clauses import EffectKind, EffectRule, LateFactKind, LateFactTerms, UntilKind
from finance.loans.evidence_rules import AttestationStanding
from finance.loans.flows import FlowSchedule
from finance.loans.prepayment import Prepayment
from finance.loans.rate_determinations import DeterminationCause
from finance.loans.tranche import RoundingUnit
from finance.loans.true_ups import LenderShare, TrueUp, TrueUpRow, rate_difference, split_by_lender, true_up
from ledger.core.errors import Conflict, DomainError, Invalid
from tests.core.loan_examples import (
    MATURITY,
    MET,
    MISSED,
    PRINCIPAL,
    START,
    TRANCHE,
    TRUE_UP,
    attested,
    decide,
    facility,
    finding,
    knowing,
    payments,
    schedule,
    terms,
)

F = Fraction
THEN, NOW = "a" * 64, "b" * 64


def adjust(
    due: FlowSchedule, booked: Mapping[date, int], *, through: date, late_facts: LateFactTerms = TRUE_UP
) -> TrueUp | None:
    return true_up(
        due,
        tranche_id="A",
        booked=booked,
        through=through,
        terms=late_facts,
        known_then_sha256=THEN,
        known_now_sha256=NOW,
    )


def stepped_and_base() -> tuple[FlowSchedule, FlowSchedule]:
    """Return the plain loan with 10 bp off from 20 June 2026, and as it is when that attestation falls."""
    known = knowing(facility(), decide(facility(), finding(MET)))
    fallen = finding(MET, fact=attested(MET, standing=AttestationStanding.WITHDRAWN))
    again = decide(
        known,
        fallen,
        name="again",
        on=date(2027, 1, 10),
        cause=DeterminationCause.ATTESTATION_FELL,
        replaces="first",
    )
    return schedule(known), schedule(knowing(known, again))


def test_ten_basis_points_from_6_may_2024_to_17_february_2025_are_159444_44() -> None:
    found = rate_difference(
        principal_minor=PRINCIPAL,
        difference_bp=F(10),
        start=date(2024, 5, 6),
        end=date(2025, 2, 17),
        day_count=DayCount.ACT_360,
    )

    assert (date(2025, 2, 17) - date(2024, 5, 6)).days == 287
    assert found == 159_444_44


def test_the_same_claw_back_through_a_withdrawn_attestation_is_exact_before_each_payment_is_rounded() -> None:
    # Approved on 30 April 2024, the next open day after the May holiday is the 6th; the loan ends on 17 February 2025.
    rule = EffectRule(
        begins=EffectKind.N_BUSINESS_DAYS_AFTER,
        business_days=1,
        month=None,
        day=None,
        until=UntilKind.NEXT_DETERMINATION,
        months=None,
    )
    agreed = terms(replace(TRANCHE, maturity_date=date(2025, 2, 17)), effect=rule)
    known = knowing(facility(agreed), decide(facility(agreed), finding(MET, year=2023), on=date(2024, 4, 30)))
    fallen = finding(MET, year=2023, fact=attested(MET, year=2023, standing=AttestationStanding.WITHDRAWN))
    again = decide(
        known,
        fallen,
        name="again",
        on=date(2025, 2, 10),
        cause=DeterminationCause.ATTESTATION_FELL,
        replaces="first",
    )
    then, now = schedule(known), schedule(knowing(known, again))

    found = adjust(now, payments(then, through=date(2025, 2, 17)), through=date(2025, 2, 17))

    exact = sum(due.interest_minor for due in now.interest) - sum(due.interest_minor for due in then.interest)
    assert exact == F(PRINCIPAL) * 10 / 10_000 * 287 / 360  # 159,444.444...
    assert found is not None
    # 45, 92, 91 and 59 days, each quarter's own rounded payment.
    assert [row.change_minor for row in found.rows] == [25_000_00, 51_111_11, 50_555_56, 32_777_77]
    assert found.change_minor == 159_444_44
    assert (found.known_then_sha256, found.known_now_sha256) == (THEN, NOW)


def test_two_discounted_quarters_are_clawed_back_period_by_period() -> None:
    then, now = stepped_and_base()

    found = adjust(now, payments(then, through=date(2026, 12, 20)), through=date(2026, 12, 20))

    assert found is not None
    assert [(row.period_start, row.change_minor) for row in found.rows] == [
        (date(2026, 6, 20), 51_111_11),
        (date(2026, 9, 20), 50_555_56),
    ]


def test_the_other_way_round_it_is_a_refund_of_the_same_amount() -> None:
    then, now = stepped_and_base()

    found = adjust(then, payments(now, through=date(2026, 12, 20)), through=date(2026, 12, 20))

    assert found is not None
    assert found.change_minor == -101_666_67


def test_nothing_is_adjusted_when_nothing_changed() -> None:
    then, _ = stepped_and_base()

    assert adjust(then, payments(then, through=MATURITY), through=MATURITY) is None
    assert adjust(then, {}, through=MATURITY) is None


def test_interest_not_yet_paid_is_left_to_its_own_payment() -> None:
    then, now = stepped_and_base()

    found = adjust(now, payments(then, through=MATURITY), through=date(2026, 9, 20))

    assert found is not None
    assert [row.payment_date for row in found.rows] == [date(2026, 9, 20)]


def test_where_late_facts_count_from_now_on_nothing_paid_is_adjusted() -> None:
    then, now = stepped_and_base()
    from_now_on = replace(TRUE_UP, kind=LateFactKind.FROM_NOW_ON)

    assert adjust(now, payments(then, through=MATURITY), through=MATURITY, late_facts=from_now_on) is None


@pytest.mark.parametrize(("threshold_minor", "is_adjusted"), [(101_666_67, True), (101_666_68, False)])
def test_a_sum_below_the_threshold_is_not_adjusted(threshold_minor: int, is_adjusted: bool) -> None:  # noqa: FBT001
    then, now = stepped_and_base()
    through = date(2026, 12, 20)

    found = adjust(
        now,
        payments(then, through=through),
        through=through,
        late_facts=replace(TRUE_UP, threshold_minor=threshold_minor),
    )

    assert (found is not None) == is_adjusted


def test_rows_that_cancel_out_are_an_adjustment_of_nothing_that_still_says_so() -> None:
    due, _ = stepped_and_base()
    booked = payments(due, through=date(2026, 12, 20))
    booked[date(2026, 6, 20)] += 100
    booked[date(2026, 9, 20)] -= 100

    found = adjust(due, booked, through=date(2026, 12, 20))

    assert found is not None
    assert found.change_minor == 0
    assert [row.change_minor for row in found.rows] == [-100, 100]


def test_an_early_repayment_that_became_known_late_refunds_the_days_that_were_not_lived() -> None:
    known = facility()
    booked = payments(schedule(known), through=date(2026, 12, 20))
    cleared = schedule(known, prepayments=(Prepayment(on=date(2026, 8, 1), amount_minor=PRINCIPAL),))

    found = adjust(cleared, booked, through=date(2026, 12, 20))

    assert found is not None
    # [20 June, 1 August) is 42 days: 805,000.00 due instead of 1,763,333.33; the quarter after it never was.
    assert [(row.period_start, row.period_end, row.due_minor) for row in found.rows] == [
        (date(2026, 6, 20), date(2026, 8, 1), 805_000_00),
        (date(2026, 9, 20), date(2026, 9, 21), 0),
    ]
    assert found.change_minor == 805_000_00 - 1_763_333_33 - 1_744_166_67


def test_a_payment_day_that_no_calendar_says_is_refused() -> None:
    known = facility(terms(replace(TRANCHE, payment_convention=BusinessDayConvention.FOLLOWING)))
    due = schedule(known)

    with pytest.raises(Conflict) as refusal:
        adjust(due, {date(2027, 3, 20): 1}, through=date(2027, 6, 30))

    assert refusal.value.code == "true_up.payment_day_unknown"


HALF = F(1, 2)
ROW = TrueUpRow(
    period_start=date(2026, 6, 20),
    period_end=date(2026, 9, 20),
    payment_date=date(2026, 9, 20),
    booked_minor=1_712_222_22,
    due_minor=1_763_333_33,
)


def held(name: str, share: Fraction, start: date = START, end: date = MATURITY) -> LenderShare:
    return LenderShare(organisation_id=name, share=share, start=start, end=end)


def test_a_lender_that_sold_mid_period_bears_the_days_it_held() -> None:
    # b held its half for 23 of the 92 days, c for the other 69.
    sold = date(2026, 7, 13)

    found = split_by_lender(ROW, [held("a", HALF), held("b", HALF, end=sold), held("c", HALF, start=sold)])

    assert found == {"a": 2_555_555, "b": 638_889, "c": 1_916_667}
    assert sum(found.values()) == ROW.change_minor == 51_111_11


def test_a_lender_without_a_day_in_the_period_bears_nothing() -> None:
    found = split_by_lender(ROW, [held("a", F(1), end=ROW.period_end), held("b", F(1), start=ROW.period_end)])

    assert found == {"a": 51_111_11}


def test_the_correction_of_the_days_after_a_transfer_is_borne_by_the_buyer_alone() -> None:
    # Ten basis points off from 13 July by a wrong decision; the seller was owed full interest all along.
    sold = date(2026, 7, 13)
    rule = EffectRule(
        begins=EffectKind.FIXED_DATE,
        business_days=None,
        month=7,
        day=13,
        until=UntilKind.NEXT_DETERMINATION,
        months=None,
    )
    known = facility(terms(effect=rule))
    wrong = schedule(knowing(known, decide(known, finding(MET))))
    then = next(due for due in wrong.interest if due.period.start == ROW.period_start)
    now = next(due for due in schedule(known).interest if due.period.start == ROW.period_start)
    row = replace(ROW, booked_minor=then.payment_minor)

    found = split_by_lender(row, [held("buyer", F(1), start=sold), held("seller", F(1), end=sold)], then=then, now=now)

    assert row.change_minor == 38_333_33  # 69 days
    assert found == {"buyer": 38_333_33, "seller": 0}


def test_the_refund_of_a_period_that_never_was_goes_to_who_was_owed_it() -> None:
    then = next(due for due in schedule(facility()).interest if due.period.start == date(2026, 9, 20))
    gone = TrueUpRow(
        period_start=date(2026, 9, 20),
        period_end=date(2026, 9, 21),
        payment_date=date(2026, 9, 20),
        booked_minor=1_744_166_67,
        due_minor=0,
    )
    sold = date(2026, 10, 1)  # after 11 of 91 days

    found = split_by_lender(gone, [held("a", F(1), end=sold), held("b", F(1), start=sold)], then=then)

    assert found == {"a": -210_833_34, "b": -1_533_333_33}


@pytest.mark.parametrize(
    "shares",
    [
        [],
        [held("a", HALF)],
        [held("a", F(1)), held("b", HALF)],
        [held("a", F(1), end=date(2026, 9, 19))],
        [held("a", F(1), start=date(2026, 6, 21))],
    ],
)
def test_parts_that_do_not_make_the_whole_on_every_day_are_refused(shares: list[LenderShare]) -> None:
    with pytest.raises(Invalid) as refusal:
        split_by_lender(ROW, shares)

    assert refusal.value.code == "true_up.shares"


@pytest.mark.parametrize(
    ("share", "start", "end", "field"),
    [(F(0), START, MATURITY, "share"), (F(3, 2), START, MATURITY, "share"), (F(1), START, START, "end")],
)
def test_a_lenders_part_is_a_part_of_some_days(share: Fraction, start: date, end: date, field: str) -> None:
    with pytest.raises(DomainError) as refusal:
        held("a", share, start, end)

    assert refusal.value.data["field"] == field


@given(
    change_minor=st.integers(-(10**12), 10**12),
    cut=st.integers(1, 91),
    parts=st.lists(st.integers(1, 20), min_size=1, max_size=6),
)
def test_lenders_parts_sum_to_the_change_and_each_is_within_a_unit_of_exact(
    change_minor: int, cut: int, parts: list[int]
) -> None:
    row = replace(ROW, due_minor=ROW.booked_minor + change_minor)
    sold = row.period_start + timedelta(days=cut)
    shares = [held(f"lender-{n}", F(part, sum(parts))) for n, part in enumerate(parts[1:], start=1)]
    first = F(parts[0], sum(parts))
    shares += [held("lender-0", first, end=sold), held("buyer", first, start=sold)]

    found = split_by_lender(row, shares)

    assert sum(found.values()) == change_minor
    for name, part in found.items():
        days = sum(
            (min(each.end, row.period_end) - max(each.start, row.period_start)).days * each.share
            for each in shares
            if each.organisation_id == name
        )
        assert abs(part - F(change_minor) * days / 92) < 1


@given(cut=st.integers(1, 91), effect=st.integers(0, 91))
def test_each_lender_bears_exactly_the_difference_of_its_own_days(cut: int, effect: int) -> None:
    sold, day = ROW.period_start + timedelta(days=cut), ROW.period_start + timedelta(days=effect)
    rule = EffectRule(
        begins=EffectKind.FIXED_DATE,
        business_days=None,
        month=day.month,
        day=day.day,
        until=UntilKind.NEXT_DETERMINATION,
        months=None,
    )
    known = facility(terms(replace(TRANCHE, rounding_unit=RoundingUnit.PER_SEGMENT), effect=rule))
    stepped = schedule(knowing(known, decide(known, finding(MET))))
    then = next(due for due in stepped.interest if due.period.start == ROW.period_start)
    now = next(due for due in schedule(known).interest if due.period.start == ROW.period_start)
    row = replace(ROW, booked_minor=then.payment_minor, due_minor=now.payment_minor)

    found = split_by_lender(row, [held("buyer", F(1), start=sold), held("seller", F(1), end=sold)], then=then, now=now)

    affected = max(cut - effect, 0)
    assert sum(found.values()) == row.change_minor
    assert abs(found["seller"] - F(PRINCIPAL) * 10 / 10_000 * affected / 360) <= 2
    assert abs(found["buyer"] - F(PRINCIPAL) * 10 / 10_000 * (92 - effect - affected) / 360) <= 2


def test_a_missed_target_needs_no_adjustment_of_a_one_way_clause() -> None:
    known = knowing(facility(), decide(facility(), finding(MISSED)))

    assert adjust(schedule(known), payments(schedule(facility()), through=MATURITY), through=MATURITY) is None
