"""Accrual against hand-computed payments of CNY 200,000,000, and its laws."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.day_counts import DayCount
from finance.loans.accrual import (
    RateSegment,
    accrue,
    interest_for_period,
    restatement_difference,
    segments_from_changes,
)
from ledger.core.amounts import RoundingMode, round_exact
from ledger.core.errors import Invalid

PRINCIPAL = 20_000_000_000  # fen
BASE, STEPPED = Fraction("0.0345"), Fraction("0.0335")
SPRING, MAY, SUMMER = date(2024, 3, 20), date(2024, 5, 6), date(2024, 6, 20)

rates = st.fractions(min_value=Fraction(-1, 10), max_value=Fraction(1, 2), max_denominator=10_000)
starts = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))
lengths = st.lists(st.tuples(st.integers(min_value=1, max_value=400), rates), min_size=1, max_size=6)


def segment(start: date, end: date, rate: str) -> RateSegment:
    return RateSegment(start=start, end=end, rate=Fraction(rate))


def interest(start: date, end: date, rate: str, day_count: DayCount = DayCount.ACT_360) -> int:
    return interest_for_period(principal_minor=PRINCIPAL, segments=(segment(start, end, rate),), day_count=day_count)


def tiled(start: date, lengths: list[tuple[int, Fraction]]) -> tuple[RateSegment, ...]:
    segments = []
    for days, rate in lengths:
        end = start + timedelta(days=days)
        segments.append(RateSegment(start=start, end=end, rate=rate))
        start = end
    return tuple(segments)


def test_a_quarter_at_one_rate() -> None:
    assert interest(SPRING, SUMMER, "0.0345") == 176_333_333


def test_a_step_in_the_middle_of_a_quarter_is_exact_and_rounded_once() -> None:
    segments = segments_from_changes(start=SPRING, end=SUMMER, rate=BASE, changes=((MAY, STEPPED),))

    accrual = accrue(principal_minor=PRINCIPAL, segments=segments, day_count=DayCount.ACT_360)

    assert [row.days for row in accrual.rows] == [47, 45]
    assert [round_exact(row.interest_minor, RoundingMode.HALF_UP) for row in accrual.rows] == [90_083_333, 83_750_000]
    assert accrual.rounded() == 173_833_333


def test_daily_rounding_would_give_another_figure() -> None:
    daily = interest(SPRING, SPRING + timedelta(days=1), "0.0345")

    assert daily * 92 == 176_333_364
    assert interest(SPRING, SUMMER, "0.0345") == 176_333_333


def test_ten_basis_points_taken_back_over_287_days() -> None:
    end = date(2025, 2, 17)
    then, now = (segment(MAY, end, "0.0335"),), (segment(MAY, end, "0.0345"),)

    difference = restatement_difference(
        principal_minor=PRINCIPAL, known_then=then, known_now=now, day_count=DayCount.ACT_360
    )

    assert (end - MAY).days == 287
    assert difference == Fraction(143_500_000, 9)
    assert round_exact(difference, RoundingMode.HALF_UP) == 15_944_444


def test_a_restatement_in_the_borrower_s_favour_is_negative() -> None:
    then, now = (segment(SPRING, SUMMER, "0.0345"),), (segment(SPRING, SUMMER, "0.0335"),)

    assert (
        restatement_difference(principal_minor=PRINCIPAL, known_then=then, known_now=now, day_count=DayCount.ACT_360)
        < 0
    )


@pytest.mark.parametrize(("rate", "expected"), [("0.03", 150_000_000), ("0.029", 145_000_000)])
def test_ninety_days_over_the_new_year(rate: str, expected: int) -> None:
    assert interest(date(2025, 12, 20), date(2026, 3, 20), rate) == expected


@pytest.mark.parametrize(
    ("start", "day_count", "expected"),
    [
        (date(2025, 1, 1), DayCount.ACT_360, 20_277_778),
        (date(2024, 1, 1), DayCount.ACT_360, 20_333_333),
        (date(2025, 1, 1), DayCount.ACT_365F, 20_000_000),
        (date(2024, 1, 1), DayCount.ACT_365F, 20_054_795),
    ],
)
def test_a_year_s_benefit_of_ten_basis_points(start: date, day_count: DayCount, expected: int) -> None:
    assert interest(start, date(start.year + 1, 1, 1), "0.001", day_count) == expected


def test_two_of_three_shared_kpis_on_the_alba_loan() -> None:
    start = date(2025, 1, 1)
    benefit = RateSegment(start=start, end=start + timedelta(days=181), rate=Fraction(5, 3) / 10_000)

    saved = interest_for_period(principal_minor=124_747_500_000, segments=(benefit,), day_count=DayCount.ACT_360)

    assert saved == 10_453_378


def test_another_rounding_mode_is_a_term_of_the_deal() -> None:
    half_fen = (segment(date(2025, 1, 1), date(2025, 1, 2), "0.0036"),)

    rounded = [
        interest_for_period(principal_minor=50_000, segments=half_fen, day_count=DayCount.ACT_360, mode=mode)
        for mode in (RoundingMode.HALF_UP, RoundingMode.HALF_EVEN, RoundingMode.FLOOR)
    ]

    assert rounded == [1, 0, 0]


def test_changes_may_come_in_any_order_and_one_may_fall_on_the_start() -> None:
    changes = ((MAY, STEPPED), (SPRING, Fraction("0.04")))

    segments = segments_from_changes(start=SPRING, end=SUMMER, rate=BASE, changes=changes)

    assert [(part.start, part.rate) for part in segments] == [(SPRING, Fraction("0.04")), (MAY, STEPPED)]


@pytest.mark.parametrize(
    "changes",
    [
        ((SPRING - timedelta(days=1), STEPPED),),
        ((SUMMER, STEPPED),),
        ((MAY, STEPPED), (MAY, BASE)),
        ((SPRING, STEPPED), (SPRING, BASE)),
    ],
)
def test_a_change_outside_the_period_or_twice_is_refused(changes: tuple[tuple[date, Fraction], ...]) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "accrual.change"):
        segments_from_changes(start=SPRING, end=SUMMER, rate=BASE, changes=changes)


@pytest.mark.parametrize("end", [SPRING, SPRING - timedelta(days=1)])
def test_a_period_without_a_day_is_refused(end: date) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "accrual.segment"):
        segments_from_changes(start=SPRING, end=end, rate=BASE, changes=())


@pytest.mark.parametrize("gap", [-1, 1])
def test_segments_with_a_gap_or_an_overlap_are_refused(gap: int) -> None:
    segments = (segment(SPRING, MAY, "0.03"), segment(MAY + timedelta(days=gap), SUMMER, "0.03"))

    with pytest.raises(Invalid, check=lambda error: error.code == "accrual.tiling"):
        accrue(principal_minor=PRINCIPAL, segments=segments, day_count=DayCount.ACT_360)


def test_no_segments_are_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "accrual.segments_missing"):
        accrue(principal_minor=PRINCIPAL, segments=(), day_count=DayCount.ACT_360)


def test_a_negative_principal_is_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "accrual.principal"):
        accrue(principal_minor=-1, segments=(segment(SPRING, MAY, "0.03"),), day_count=DayCount.ACT_360)


def test_two_histories_of_different_days_are_not_compared() -> None:
    then, now = (segment(SPRING, SUMMER, "0.03"),), (segment(MAY, SUMMER, "0.03"),)

    with pytest.raises(Invalid, check=lambda error: error.code == "accrual.other_period"):
        restatement_difference(principal_minor=PRINCIPAL, known_then=then, known_now=now, day_count=DayCount.ACT_360)


@given(start=starts, lengths=lengths, day_count=st.sampled_from(list(DayCount)), cut=st.integers(min_value=1))
def test_cutting_a_segment_changes_nothing_under_any_day_count(
    start: date, lengths: list[tuple[int, Fraction]], day_count: DayCount, cut: int
) -> None:
    whole = tiled(start, lengths)
    position = cut % len(lengths)
    days, rate = lengths[position]
    part = cut % days
    pieces = [(length, rate) for length in (part, days - part) if length]
    parts = tiled(start, [*lengths[:position], *pieces, *lengths[position + 1 :]])

    sums = [
        accrue(principal_minor=PRINCIPAL, segments=segments, day_count=day_count).interest_minor
        for segments in (whole, parts)
    ]

    assert sums[0] == sums[1]


@given(start=starts, lengths=lengths)
def test_the_whole_is_the_sum_of_its_segments(start: date, lengths: list[tuple[int, Fraction]]) -> None:
    segments = tiled(start, lengths)

    whole = accrue(principal_minor=PRINCIPAL, segments=segments, day_count=DayCount.ACT_360).interest_minor

    assert whole == sum(Fraction(PRINCIPAL * days, 360) * rate for days, rate in lengths)


@given(start=starts, lengths=lengths)
def test_a_restatement_without_a_change_is_zero(start: date, lengths: list[tuple[int, Fraction]]) -> None:
    segments = tiled(start, lengths)

    assert not restatement_difference(
        principal_minor=PRINCIPAL, known_then=segments, known_now=segments, day_count=DayCount.ACT_ACT_ISDA
    )
