"""Day counts: hand-computed year fractions of the five conventions."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.day_counts import DayCount, parse_day_count, year_fraction
from ledger.core.errors import Invalid

days = st.dates(min_value=date(1990, 1, 1), max_value=date(2200, 12, 31))
ADDITIVE = (DayCount.ACT_360, DayCount.ACT_365F, DayCount.ACT_ACT_ISDA, DayCount.THIRTY_E_360)


@pytest.mark.parametrize(
    ("day_count", "start", "end", "expected"),
    [
        (DayCount.ACT_360, date(2024, 3, 20), date(2024, 6, 20), Fraction(92, 360)),
        (DayCount.ACT_360, date(2024, 2, 28), date(2024, 3, 1), Fraction(2, 360)),
        (DayCount.ACT_365F, date(2024, 1, 1), date(2025, 1, 1), Fraction(366, 365)),
        (DayCount.ACT_ACT_ISDA, date(2024, 1, 1), date(2025, 1, 1), Fraction(1)),
        # 31 December 2023 in a year of 365, 59 days of January and February 2024 up to the 29th in one of 366.
        (DayCount.ACT_ACT_ISDA, date(2023, 12, 31), date(2024, 2, 29), Fraction(1, 365) + Fraction(59, 366)),
        # The 2006 ISDA memo's example: 61 days of 2003 and 121 of 2004.
        (DayCount.ACT_ACT_ISDA, date(2003, 11, 1), date(2004, 5, 1), Fraction(61, 365) + Fraction(121, 366)),
        (DayCount.THIRTY_360_US, date(2024, 2, 29), date(2024, 8, 31), Fraction(180, 360)),
        (DayCount.THIRTY_360_US, date(2023, 2, 28), date(2024, 2, 29), Fraction(360, 360)),
        (DayCount.THIRTY_360_US, date(2024, 1, 31), date(2024, 3, 31), Fraction(60, 360)),
        (DayCount.THIRTY_360_US, date(2024, 1, 15), date(2024, 3, 31), Fraction(76, 360)),
        (DayCount.THIRTY_E_360, date(2024, 1, 15), date(2024, 3, 31), Fraction(75, 360)),
        (DayCount.THIRTY_E_360, date(2024, 2, 29), date(2024, 8, 31), Fraction(181, 360)),
    ],
)
def test_a_year_fraction_is_exact(day_count: DayCount, start: date, end: date, expected: Fraction) -> None:
    assert year_fraction(start, end, day_count) == expected


@pytest.mark.parametrize("day_count", list(DayCount))
def test_no_days_are_no_part_of_a_year(day_count: DayCount) -> None:
    assert year_fraction(date(2024, 2, 29), date(2024, 2, 29), day_count) == 0


@pytest.mark.parametrize("day_count", list(DayCount))
def test_an_end_before_the_start_is_refused(day_count: DayCount) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "day_count.order"):
        year_fraction(date(2024, 6, 20), date(2024, 3, 20), day_count)


@pytest.mark.parametrize("text", ["ACT/ACT", "30/360", "act/360", "ACT/365", "", "ACT/360 "])
def test_a_day_count_that_names_no_variant_is_refused_with_the_allowed_names(text: str) -> None:
    with pytest.raises(Invalid, match="ACT/360, ACT/365F, ACT/ACT ISDA, 30/360 US, 30E/360"):
        parse_day_count(text)


@given(day_count=st.sampled_from(ADDITIVE), first=days, second=days, third=days)
def test_cutting_a_period_leaves_its_year_fraction(day_count: DayCount, first: date, second: date, third: date) -> None:
    start, cut, end = sorted((first, second, third))

    parts = year_fraction(start, cut, day_count) + year_fraction(cut, end, day_count)

    assert parts == year_fraction(start, end, day_count)


@given(day_count=st.sampled_from(list(DayCount)), start=days, length=st.integers(min_value=0, max_value=4000))
def test_a_year_fraction_is_never_negative_and_near_its_days(day_count: DayCount, start: date, length: int) -> None:
    fraction = year_fraction(start, start + timedelta(days=length), day_count)

    assert fraction >= 0
    assert abs(fraction * 360 - length) <= Fraction(length, 50) + 4
