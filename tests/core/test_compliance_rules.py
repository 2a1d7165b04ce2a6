"""Carry-over, offsets, vintages, deadlines and fines: the rules' worked numbers and refusals."""

import dataclasses
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.compliance import carry_over, deadlines, offsets, rules, vintages
from finance.conventions.tables import ReferenceSet
from ledger.core.errors import ImportRefused, Invalid, NotFound

REFERENCE = Path(__file__).parents[2] / "finance" / "reference"


def load(name: str) -> ReferenceSet:
    text = (REFERENCE / f"{name}.csv").read_text(encoding="utf-8")
    return rules.parse_rules(text, set_id=name, version="1", file=f"{name}.csv")


CARRY_OVER = carry_over.carry_over_rule(load("carry_over_rules"))
OFFSETS = load("offset_rules")
VINTAGES = vintages.parse_vintage_rules((REFERENCE / "vintage_rules.csv").read_text(encoding="utf-8"))
SURRENDER_DAY = date(2026, 12, 31)

tonnes = st.integers(min_value=0, max_value=10**9)


@pytest.mark.parametrize(
    ("sold", "bought", "holding", "expected"),
    [
        (200000, 80000, 300000, 190000),
        (200000, 80000, 150000, 150000),
        (80000, 200000, 300000, 10000),
        (80000, 200000, 4000, 4000),
        (0, 0, 0, 0),
        (1, 0, 99999, 10001),
    ],
)
def test_carry_over_is_the_base_plus_one_and_a_half_net_sales_within_the_holding(
    sold: int, bought: int, holding: int, expected: int
) -> None:
    result = carry_over.carryover_t(sold_t=sold, bought_t=bought, holding_t=holding, rule=CARRY_OVER)

    assert result.carryover_t == expected


def test_a_late_surrender_bars_carry_over() -> None:
    result = carry_over.carryover_t(sold_t=9, bought_t=0, holding_t=9, rule=CARRY_OVER, is_barred=True)

    assert result.carryover_t == 0


def test_the_carry_over_rule_names_its_period_and_its_vintage() -> None:
    assert (CARRY_OVER.measured_from, CARRY_OVER.measured_to) == (date(2024, 1, 1), date(2026, 1, 1))
    assert CARRY_OVER.into_vintage == 2025


def test_a_year_without_a_carry_over_rule_is_refused() -> None:
    with pytest.raises(NotFound) as refused:
        carry_over.carry_over_rule(load("carry_over_rules"), into_year=2026)

    assert refused.value.code == "carryover.no_rule"


@pytest.mark.parametrize(("sold", "bought", "holding"), [(-1, 0, 0), (0, -1, 0), (0, 0, -1)])
def test_negative_tonnes_are_refused_by_carry_over(sold: int, bought: int, holding: int) -> None:
    with pytest.raises(Invalid):
        carry_over.carryover_t(sold_t=sold, bought_t=bought, holding_t=holding, rule=CARRY_OVER)


@given(sold=tonnes, bought=tonnes, holding=tonnes)
def test_carry_over_is_within_the_holding(sold: int, bought: int, holding: int) -> None:
    result = carry_over.carryover_t(sold_t=sold, bought_t=bought, holding_t=holding, rule=CARRY_OVER)

    assert 0 <= result.carryover_t <= holding


@pytest.mark.parametrize(("due", "cap"), [(1234567, 61728), (0, 0), (19, 0), (20, 1)])
def test_the_ccer_cap_is_five_percent_floored(due: int, cap: int) -> None:
    assert offsets.ccer_cap(OFFSETS, due_t=due, on=SURRENDER_DAY).cap_t == cap


def test_a_negative_duty_has_no_cap() -> None:
    with pytest.raises(Invalid):
        offsets.ccer_cap(OFFSETS, due_t=-1, on=SURRENDER_DAY)


@pytest.mark.parametrize(
    ("registered_on", "on", "is_eligible"),
    [
        (date(2025, 3, 6), SURRENDER_DAY, True),
        (date(2024, 1, 23), SURRENDER_DAY, True),
        (date(2024, 1, 22), SURRENDER_DAY, False),
        (date(2016, 5, 1), SURRENDER_DAY, False),
        (date(2016, 5, 1), date(2024, 12, 31), True),
        (date(2017, 3, 14), date(2024, 12, 31), False),
        (date(2027, 1, 1), SURRENDER_DAY, False),
        (date(2016, 5, 1), date(2020, 1, 1), False),
    ],
)
def test_a_ccer_is_usable_by_its_registration_and_the_day_of_surrender(
    registered_on: date, on: date, *, is_eligible: bool
) -> None:
    verdict = offsets.ccer_eligibility(OFFSETS, registered_on=registered_on, is_inside_national_ets=False, on=on)

    assert verdict.is_eligible is is_eligible
    assert verdict.reason_en
    assert verdict.reason_zh


def test_a_ccer_from_inside_the_national_market_is_never_usable() -> None:
    verdict = offsets.ccer_eligibility(
        OFFSETS, registered_on=date(2025, 3, 6), is_inside_national_ets=True, on=SURRENDER_DAY
    )

    assert not verdict.is_eligible


@pytest.mark.parametrize(
    ("vintage", "duty", "on", "is_usable"),
    [
        (2023, 2025, date(2026, 12, 31), False),
        (2023, 2024, date(2026, 12, 31), True),
        (2026, 2024, date(2026, 12, 31), True),
        (2024, 2023, date(2024, 12, 31), False),
        (2023, 2023, date(2024, 12, 31), True),
        (2020, 2024, date(2025, 12, 31), True),
        (2025, 2025, date(2026, 12, 31), True),
        (2026, 2025, date(2026, 12, 31), True),
        (2025, 2030, date(2030, 12, 31), True),
        (2027, 2027, date(2028, 12, 31), False),
        (2024, 2026, date(2027, 12, 31), False),
        (2018, 2019, date(2021, 12, 31), False),
        (2025, 2018, date(2026, 12, 31), False),
    ],
)
def test_a_vintage_settles_the_years_the_rules_permit(vintage: int, duty: int, on: date, *, is_usable: bool) -> None:
    verdict = vintages.vintage_verdict(VINTAGES, vintage_year=vintage, duty_year=duty, on=on)

    assert verdict.is_usable is is_usable
    assert verdict.reason_en
    assert verdict.reason_zh


def test_bad_vintage_rows_are_all_named() -> None:
    header = "rule_id,duty_from,duty_to,vintage_from,vintage_to,borrowing,effective_from,effective_to,source,status"
    good = "r,2025,,2025,2026,yes,2026-01-01,,s,draft"
    bad = (
        good.replace("yes", "maybe"),
        good.replace("2025,,2025", "25,,2025"),
        good.replace("2025,2026", "2026,2025"),
        "x",
        good.replace("draft", "sure"),
    )

    with pytest.raises(ImportRefused) as refused:
        vintages.parse_vintage_rules("\n".join((header, good, *bad)))

    assert [error.row for error in refused.value.rows] == [3, 4, 5, 6, 7]


def test_the_calendar_of_2025_ends_with_the_surrender() -> None:
    found = deadlines.deadlines_of(load("deadlines"), year=2025)

    assert [deadline.due_on for deadline in found] == sorted(deadline.due_on for deadline in found)
    assert (found[-1].row.row_id, found[-1].due_on) == ("deadline_surrender", date(2026, 12, 31))


def test_a_year_without_deadlines_is_refused() -> None:
    with pytest.raises(NotFound):
        deadlines.deadlines_of(load("deadlines"), year=2031)


@pytest.mark.parametrize(("on", "status"), [(date(2025, 12, 31), "official"), (date(2026, 12, 31), "assumed")])
def test_the_fine_is_five_to_ten_times_the_missing_value(on: date, status: str) -> None:
    found = deadlines.fine_range(load("sanctions"), missing_t=10, mean_price_cny_per_t=Fraction(80), on=on)

    assert (found.low_cny, found.high_cny) == (Fraction(4000), Fraction(8000))
    assert {row.status for row in found.rows} == {status}


def test_a_rule_of_fractional_tonnes_is_refused() -> None:
    row = dataclasses.replace(load("carry_over_rules").rows[0], value="0.5")

    with pytest.raises(Invalid) as refused:
        rules.whole(row)

    assert refused.value.code == "rule.not_whole"


@pytest.mark.parametrize(
    "name", ["allocation_rules", "carry_over_rules", "offset_rules", "deadlines", "sanctions", "power_rules"]
)
def test_every_rule_row_has_one_value_per_day(name: str) -> None:
    loaded = load(name)

    for row in loaded.rows:
        assert loaded.lookup(row.row_id, on=row.effective_from, region=row.region) == row
