"""KPI definitions, baselines and targets: illegal ones do not construct."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from finance.kpi.definitions import TargetKind
from ledger.core.errors import Invalid
from tests.core.test_kpi_evaluation import AT_MOST, BASE_TEN, DEFINITION, FIVE_PERCENT


@pytest.mark.parametrize("value", [Fraction(-1, 20), Fraction(1), Fraction(5)])
def test_a_reduction_is_a_fraction_of_one(value: Fraction) -> None:
    with pytest.raises(Invalid, match=r"5 % is 0\.05", check=lambda error: error.code == "kpi.target_value"):
        replace(FIVE_PERCENT, value=value)


@pytest.mark.parametrize("value", [Fraction(0), Fraction(-1)])
def test_a_level_is_above_zero(value: Fraction) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "kpi.target_value"):
        replace(AT_MOST, value=value)


def test_a_target_has_no_more_decimals_than_are_compared() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "kpi.target_digits"):
        replace(AT_MOST, compare_digits=2)


@pytest.mark.parametrize("digits", [-1, 13])
def test_compare_digits_are_a_sensible_number(digits: int) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "kpi.compare_digits"):
        replace(AT_MOST, compare_digits=digits)


@pytest.mark.parametrize("year", [0, 1989, 9999, 10_000])
def test_a_test_year_is_a_year_a_loan_can_have(year: int) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "kpi.test_year"):
        replace(FIVE_PERCENT, test_year=year)


def test_the_test_period_is_the_calendar_year_half_open() -> None:
    assert (FIVE_PERCENT.period_start, FIVE_PERCENT.period_end) == (date(2025, 1, 1), date(2026, 1, 1))


@pytest.mark.parametrize("value", [Fraction(0), Fraction(-1)])
def test_a_base_that_nothing_can_be_divided_by_is_refused(value: Fraction) -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "kpi.baseline_value"):
        replace(BASE_TEN, value=value)


def test_an_empty_base_period_is_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "kpi.baseline_period_end"):
        replace(BASE_TEN, period_end=BASE_TEN.period_start)


def test_a_base_that_nobody_verified_is_refused() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "kpi.baseline_attestation_id"):
        replace(BASE_TEN, attestation_id="")


def test_a_definition_names_its_boundary() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "kpi.boundary"):
        replace(DEFINITION, boundary=" ")


def test_a_target_names_its_clause() -> None:
    with pytest.raises(Invalid, check=lambda error: error.code == "kpi.target_source"):
        replace(FIVE_PERCENT, kind=TargetKind.LEVEL_AT_MOST, source="")
