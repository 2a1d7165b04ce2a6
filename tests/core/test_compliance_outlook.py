"""The gap a year will end with: expected, its interval, the alert, the month the allocation runs out, and the replay."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.compliance.allocation import allocation_rule
from finance.compliance.gap_forecast import (
    AlertLevel,
    BalanceRange,
    EmissionsOutlook,
    GapBackTest,
    GapCut,
    GapForecast,
    GapSetting,
    MonthOutlook,
    alert_level,
    gap_forecast,
)
from finance.compliance.obligation import AllowanceHolding, ComplianceRules, Cover, CreditHolding
from finance.conventions.explain import Explanation
from finance.store import reference
from ledger.core.amounts import Price
from ledger.core.errors import Invalid

DAY = date(2026, 12, 31)
LEAF = Explanation(label_en="emissions", label_zh="排放量", value="1", unit="tCO2e", source="test")


def cover(*, held_t: int = 0, issued_t: int = 0, ccer_t: int = 0) -> Cover:
    return Cover(
        allowances=(AllowanceHolding(commodity="CEA25", vintage_year=2025, available_t=held_t, source="test"),),
        ccer=(
            CreditHolding(
                commodity="CCER-1",
                registered_on=date(2025, 3, 6),
                is_inside_national_ets=False,
                available_t=ccer_t,
                source="test",
            ),
        ),
        issued_t=issued_t,
        issued_source="test",
        surrendered_t=0,
        ccer_surrendered_t=0,
        surrendered_source="test",
    )


def setting(covered: Cover | None = None, *, year: int = 2025, price: str | None = "97.40") -> GapSetting:
    return GapSetting(
        rule=allocation_rule(reference.shipped_allocation_rules(), year),
        cover=covered or cover(),
        rules=ComplianceRules(vintages=reference.shipped_vintage_rules(), offsets=reference.shipped_offset_rules()),
        on=DAY,
        mark=None if price is None else Price(value=Decimal(price), currency="CNY", unit="t"),
        mark_source="CEA25 fresh: test",
    )


def outlook(
    emissions_t: Fraction | int,
    *,
    production_t: int = 120_000,
    low_t: Fraction | None = None,
    high_t: Fraction | None = None,
    year: int = 2025,
) -> EmissionsOutlook:
    return EmissionsOutlook(
        year=year,
        months=tuple(
            MonthOutlook(
                month=f"{year}-{number:02d}", emissions_t=Fraction(emissions_t) / 12, is_over=number < 7, source="test"
            )
            for number in range(1, 13)
        ),
        production_t=Fraction(production_t),
        low_t=low_t,
        high_t=high_t,
        confidence=Fraction(9, 10),
        explanation=LEAF,
    )


def known(value: str) -> BalanceRange:
    return BalanceRange(low=Fraction(value), high=Fraction(value), source="test")


def test_the_gap_is_what_the_coefficient_takes_away() -> None:
    """X = (1.60 - 1.75) / 1.60 = -9.375 %, alpha -1.40625 %, A = floor(207,046.875)."""
    found = gap_forecast(outlook(210_000), known("1.60"), setting())

    assert (found.expected.due_t, found.expected.allocation_t, found.gap_t) == (210_000, 207_046, 2_954)
    assert found.cost_cny(found.gap_t) == 2_954 * Fraction("97.40")


def test_without_a_mark_the_cost_is_unknown_never_zero() -> None:
    found = gap_forecast(outlook(210_000), known("1.60"), setting(price=None))

    assert found.cost_cny(found.gap_t) is None


def test_a_year_whose_allocation_equals_its_emissions_has_no_gap_whatever_is_emitted() -> None:
    found = gap_forecast(
        outlook(210_000, low_t=Fraction(180_000), high_t=Fraction(240_000), year=2024), None, setting(year=2024)
    )

    assert (found.low_t, found.gap_t, found.high_t) == (0, 0, 0)
    assert found.level is AlertLevel.COVERED


def test_a_range_of_the_balance_value_widens_the_interval() -> None:
    emissions = outlook(192_000, low_t=Fraction(192_000), high_t=Fraction(192_000))
    balance = BalanceRange(low=Fraction("1.55"), high=Fraction("1.65"), source="test")

    found = gap_forecast(emissions, balance, setting())

    assert (found.low_t, found.gap_t, found.high_t) == (-872, 0, 930)
    assert found.level is AlertLevel.WATCH


@given(
    expected=st.integers(30_000, 400_000),
    down=st.integers(0, 30_000),
    up=st.integers(0, 200_000),
    balance=st.sampled_from(["1.2", "1.6", "2.4"]),
    ccer_t=st.sampled_from([0, 3_000, 9_000]),
    part=st.integers(0, 100),
)
def test_no_point_of_the_interval_lies_beyond_the_bounds_of_the_gap(
    expected: int, down: int, up: int, balance: str, ccer_t: int, part: int
) -> None:
    low_t, high_t = Fraction(expected - down), Fraction(expected + up)
    given_setting = setting(cover(ccer_t=ccer_t, held_t=500))

    found = gap_forecast(outlook(expected, low_t=low_t, high_t=high_t), known(balance), given_setting)
    inside = gap_forecast(outlook(low_t + (high_t - low_t) * part / 100), known(balance), given_setting)

    assert found.low_t is not None
    assert found.high_t is not None
    assert found.low_t - 2 <= inside.gap_t <= found.high_t + 2


@given(gap=st.integers(-100, 100), down=st.integers(0, 100), up=st.integers(0, 100))
def test_the_alert_never_says_covered_while_a_gap_is_possible(gap: int, down: int, up: int) -> None:
    level = alert_level(gap, low_t=gap - down, high_t=gap + up)

    assert (level is AlertLevel.COVERED) == (gap + up <= 0)
    assert (level is AlertLevel.SHORT) == (gap - down > 0)
    assert (level in {AlertLevel.WARNING, AlertLevel.SHORT}) == (gap > 0)


def test_without_an_interval_the_alert_is_watch_or_warning() -> None:
    assert alert_level(0, low_t=None, high_t=None) is AlertLevel.WATCH
    assert alert_level(1, low_t=None, high_t=None) is AlertLevel.WARNING


def test_the_month_in_which_each_cover_runs_out_is_named() -> None:
    """17,500 t a month: 105,000 issued last for six months, the allocation of 207,046 t until November, all of it with 10,000 held."""
    found = gap_forecast(outlook(210_000), known("1.60"), setting(cover(held_t=115_000, issued_t=105_000)))

    assert [(each.what, each.month) for each in found.exhaustions] == [
        ("issued_so_far", "2025-07"),
        ("free_allocation", "2025-12"),
        ("everything_usable", None),
    ]


def test_a_forecast_explains_itself_down_to_sourced_leaves() -> None:
    tree = gap_forecast(
        outlook(210_000, low_t=Fraction(200_000), high_t=Fraction(220_000)), known("1.60"), setting()
    ).explain()

    assert all(leaf.source for leaf in tree.leaves())
    assert any("allocation_slope" in leaf.source for leaf in tree.leaves())


def cut(month: str, gap: int, low: int, high: int, actual: int) -> GapCut:
    forecast = gap_forecast(outlook(210_000), known("1.60"), setting())
    shaped = GapForecast(
        emissions=forecast.emissions,
        balance=forecast.balance,
        expected=gap_forecast(outlook(210_000), known("1.60"), setting(cover(held_t=2_954 - gap))).expected,
        low_t=low,
        high_t=high,
        level=alert_level(gap, low_t=low, high_t=high),
        exhaustions=(),
    )
    return GapCut(month=month, forecast=shaped, actual_gap_t=actual)


def test_a_back_test_counts_the_intervals_that_held_and_names_the_first_lasting_warning() -> None:
    test = GapBackTest(
        cuts=(
            cut("2025-01", 10, -5, 20, 30),
            cut("2025-02", -1, -5, 20, 30),
            cut("2025-03", 25, 5, 40, 30),
            cut("2025-04", 31, 28, 40, 30),
        )
    )

    assert test.coverage == Fraction(1, 2)
    assert test.largest_error_t == 31
    assert test.first_warning == "2025-03"


@pytest.mark.parametrize(
    ("low", "high"), [(Fraction(0), Fraction(1)), (Fraction(-1), Fraction(1)), (Fraction(2), Fraction(1))]
)
def test_a_balance_value_of_nothing_or_in_the_wrong_order_is_refused(low: Fraction, high: Fraction) -> None:
    with pytest.raises(Invalid, match="balance value"):
        BalanceRange(low=low, high=high, source="test")


def test_an_interval_that_misses_the_expected_emissions_is_refused() -> None:
    with pytest.raises(Invalid, match="interval"):
        outlook(100, low_t=Fraction(101), high_t=Fraction(102))
    with pytest.raises(Invalid, match="interval"):
        outlook(100, low_t=Fraction(99))
