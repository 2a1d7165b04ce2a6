from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.loans.actus.conventions import BusinessDayShift, Calendar, YearFraction, part_of_year, shifted
from finance.loans.actus.cycles import Cycle, Period, cyclic, parse_cycle, parse_period, plus
from finance.loans.actus.instants import Instant, parse_instant
from ledger.core.errors import Invalid

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2060, 12, 31))


def at(text: str) -> Instant:
    return parse_instant(text, field="test")


def schedule(anchor: str, cycle: str, end: str, *, keeps_month_end: bool = False) -> list[str]:
    found = cyclic(at(anchor), parse_cycle(cycle, field="test"), at(end), keeps_month_end=keeps_month_end)
    return [each.day.isoformat() for each in found]


@pytest.mark.parametrize(
    ("text", "day", "second"),
    [
        ("2026-01-31", date(2026, 1, 31), 0),
        ("2026-01-31T00:00", date(2026, 1, 31), 0),
        ("2026-01-31T23:59:59", date(2026, 1, 31), 86_399),
        ("2026-01-31T24:00:00", date(2026, 2, 1), 0),
        (" 2026-01-31T12:30:15.000 ", date(2026, 1, 31), 45_015),
    ],
)
def test_an_instant_is_read_in_each_form_of_the_files(text: str, day: date, second: int) -> None:
    assert at(text) == Instant(day, second)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-01-01T00:00:00Z",
        "2026-01-01T25:00",
        "1492-01-01",
        "31.12.2026",
        "",
        None,
        5,
        "2026-01-01T24:00:01",
    ],
)
def test_anything_else_is_no_instant(text: object) -> None:
    with pytest.raises(Invalid, match="maturityDate: expected a local time") as refused:
        parse_instant(text, field="maturityDate")

    assert refused.value.code == "actus.instant"


def test_the_last_second_of_a_day_accrues_as_the_next_day_and_no_other_clock_time_does() -> None:
    assert at("2025-12-31T23:59:59").accrual_day == date(2026, 1, 1)
    assert at("2025-12-31T23:59:58").accrual_day == date(2025, 12, 31)
    assert str(at("2025-12-31T23:59:59")) == "2025-12-31T23:59:59"


def test_a_short_stub_stays_and_a_long_stub_joins_the_period_before() -> None:
    assert schedule("2026-01-01", "P1ML1", "2026-03-15") == ["2026-01-01", "2026-02-01", "2026-03-01", "2026-03-15"]
    assert schedule("2026-01-01", "P1ML0", "2026-03-15") == ["2026-01-01", "2026-02-01", "2026-03-15"]


def test_a_schedule_that_fits_its_end_has_no_stub_to_drop() -> None:
    assert schedule("2026-01-01", "P1ML0", "2026-03-01") == ["2026-01-01", "2026-02-01", "2026-03-01"]


def test_an_end_within_the_first_period_keeps_the_anchor_even_with_a_long_stub() -> None:
    assert schedule("2026-01-01", "P1ML0", "2026-01-20") == ["2026-01-01", "2026-01-20"]


def test_an_anchor_on_or_after_the_end_leaves_the_end() -> None:
    assert schedule("2026-05-01", "P1ML0", "2026-03-15") == ["2026-03-15"]


def test_days_missing_in_a_month_are_counted_from_the_anchor_and_come_back() -> None:
    assert schedule("2026-01-31", "P1ML1", "2026-04-30") == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]


def test_the_month_end_convention_moves_the_thirtieth_of_april_to_the_end_of_may() -> None:
    assert schedule("2026-04-30", "P1ML1", "2026-06-30", keeps_month_end=True)[1] == "2026-05-31"
    assert schedule("2026-04-30", "P1ML1", "2026-06-30")[1] == "2026-05-30"


def test_the_month_end_convention_leaves_other_anchors_and_day_cycles_alone() -> None:
    assert schedule("2026-04-29", "P1ML1", "2026-06-30", keeps_month_end=True)[1] == "2026-05-29"
    assert schedule("2026-04-30", "P4WL1", "2026-06-30", keeps_month_end=True)[1] == "2026-05-28"


@pytest.mark.parametrize(
    ("cycle", "second"),
    [
        ("P9DL1", "2026-01-10"),
        ("P2WL1", "2026-01-15"),
        ("P1QL1", "2026-04-01"),
        ("P1HL1", "2026-07-01"),
        ("P1YL1", "2027-01-01"),
    ],
)
def test_every_unit_of_a_cycle_has_its_length(cycle: str, second: str) -> None:
    assert schedule("2026-01-01", cycle, "2029-01-01")[1] == second


@pytest.mark.parametrize("text", ["1ML0", "P1M", "P0DL1", "P1ML2", "P-1ML0", "P1Y6ML1", "", None, 3])
def test_a_cycle_in_another_form_is_refused_by_name(text: object) -> None:
    with pytest.raises(Invalid, match="cycleOfInterestPayment: expected P1ML0") as refused:
        parse_cycle(text, field="cycleOfInterestPayment")

    assert refused.value.code == "actus.cycle"


def test_a_schedule_without_measure_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        schedule("1900-01-01", "P1DL1", "2199-01-01")

    assert refused.value.code == "actus.schedule_length"


def test_a_notice_may_be_zero_days() -> None:
    assert parse_period("P0D", field="test") == Period()
    assert plus(at("2026-01-31"), parse_period("P1M", field="test")) == at("2026-02-28")


@given(anchor=DAYS, months=st.integers(1, 12), length=st.integers(1, 3000), keeps=st.booleans(), long=st.booleans())
def test_a_schedule_rises_begins_at_its_anchor_and_ends_at_its_end(
    anchor: date, months: int, length: int, *, keeps: bool, long: bool
) -> None:
    end = Instant(anchor + timedelta(days=length))

    found = cyclic(Instant(anchor), Cycle(period=Period(months=months), has_long_stub=long), end, keeps_month_end=keeps)

    assert found[0] == Instant(anchor)
    assert found[-1] == end
    assert all(earlier < later for earlier, later in pairwise(found))


@pytest.mark.parametrize(
    ("shift", "moved"),
    [
        ("SCF", "2026-06-01"),
        ("CSF", "2026-06-01"),
        ("SCMF", "2026-05-29"),
        ("CSMF", "2026-05-29"),
        ("SCP", "2026-05-29"),
        ("CSP", "2026-05-29"),
        ("SCMP", "2026-05-29"),
        ("CSMP", "2026-05-29"),
        ("NOS", "2026-05-31"),
    ],
)
def test_sunday_the_last_of_may_moves_by_each_convention(shift: str, moved: str) -> None:
    found = shifted(at("2026-05-31T23:59:59"), BusinessDayShift(shift), Calendar.MONDAY_TO_FRIDAY)

    assert found == at(f"{moved}T23:59:59")


@pytest.mark.parametrize(
    ("shift", "moved"), [("SCP", "2026-07-31"), ("CSP", "2026-07-31"), ("SCMP", "2026-08-03"), ("CSMP", "2026-08-03")]
)
def test_saturday_the_first_of_august_moves_back_unless_that_leaves_the_month(shift: str, moved: str) -> None:
    assert shifted(at("2026-08-01"), BusinessDayShift(shift), Calendar.MONDAY_TO_FRIDAY) == at(moved)


def test_without_holidays_nothing_moves() -> None:
    assert shifted(at("2026-05-31"), BusinessDayShift.SHIFT_CALCULATE_FOLLOWING, Calendar.EVERY_DAY) == at("2026-05-31")


@pytest.mark.parametrize(
    ("day_count", "expected"),
    [
        ("AA", Fraction(306, 366) + Fraction(59, 365)),
        ("A360", Fraction(365, 360)),
        ("A365", Fraction(1)),
        ("30E360", Fraction(359, 360)),
        ("30E360ISDA", Fraction(1)),
        ("28E336", Fraction(1)),
    ],
)
def test_a_year_from_leap_day_to_the_end_of_february_by_each_day_count(day_count: str, expected: Fraction) -> None:
    found = part_of_year(date(2024, 2, 29), date(2025, 2, 28), YearFraction(day_count), maturity=None)

    assert found == expected + (Fraction(1, 366) - Fraction(1, 365) if day_count == "AA" else 0)


def test_the_isda_count_keeps_the_end_of_february_at_maturity() -> None:
    start, end = date(2025, 12, 31), date(2026, 2, 28)

    assert part_of_year(start, end, YearFraction.THIRTY_E_360_ISDA, maturity=None) == Fraction(60, 360)
    assert part_of_year(start, end, YearFraction.THIRTY_E_360_ISDA, maturity=end) == Fraction(58, 360)


def test_twenty_eight_day_months_count_336_days_a_year() -> None:
    found = part_of_year(date(2026, 1, 10), date(2026, 3, 31), YearFraction.TWENTY_EIGHT_E_336, maturity=None)

    assert found == Fraction(2 * 28 + 18, 336)


@given(start=DAYS, end=DAYS, day_count=st.sampled_from(list(YearFraction)))
def test_no_day_count_is_negative_and_none_counts_backwards(start: date, end: date, day_count: YearFraction) -> None:
    found = part_of_year(start, end, day_count, maturity=None)

    assert found >= 0
    if end <= start:
        assert found == 0
