"""Rates and exact numbers as text: what is read, what is refused, and that writing and reading agree."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.exact_text import decimal_text, fraction_text, parse_exact, parse_fraction_text
from finance.conventions.rates import (
    basis_points,
    format_rate_percent,
    in_basis_points,
    parse_rate,
    parse_rate_text,
    rate_text,
)
from ledger.core.errors import Invalid

HOSTILE = (
    "",
    " ",
    "+1",
    "1e400",
    "NaN",
    "Infinity",
    "-",
    "1/0",
    "1/-2",
    "0x1",
    "1_000",
    "\uff11.5",
    "1 /2",
    "1/2/3",
    "01",
    ".5",
)

rates = st.fractions(min_value=-1, max_value=1, max_denominator=10**9)


@pytest.mark.parametrize("text", ["0.0345", "69/2000", "138/4000", "0.03450"])
def test_a_rate_is_read_as_a_fraction_of_one_however_it_is_written(text: str) -> None:
    assert parse_rate(text) == Fraction(69, 2000)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_spells_no_exact_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_rate(text)


def test_a_percentage_typed_as_a_rate_is_refused_by_its_size() -> None:
    with pytest.raises(Invalid, match=r"write 3.45 % as 0.0345", check=lambda error: error.code == "rate.range"):
        parse_rate("3.45")


def test_an_endless_number_is_refused_before_it_is_computed() -> None:
    with pytest.raises(Invalid):
        parse_exact("1/" + "9" * 5000, field="rate")


def test_five_sixths_of_a_basis_point_stay_exact() -> None:
    shared = basis_points(Fraction(5, 2) / 3)

    assert shared == Fraction(1, 12_000)
    assert in_basis_points(shared) == Fraction(5, 6)


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (Fraction(69, 2000), "3.45%"),
        (Fraction(1, 12_000), "0.008333%"),
        (Fraction(0), "0.00%"),
        (Fraction(-1, 1000), "-0.10%"),
        (Fraction(1), "100.00%"),
    ],
)
def test_a_rate_is_shown_as_a_percentage(rate: Fraction, shown: str) -> None:
    assert format_rate_percent(rate) == shown


@pytest.mark.parametrize("text", ["10/12", "0.5", "0/2", "-0/1", "2"])
def test_only_the_canonical_spelling_of_a_fraction_is_taken_back(text: str) -> None:
    with pytest.raises(Invalid):
        parse_fraction_text(text, field="rate")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(5, 6), "0.833333333333"),
        (Fraction("9.2636"), "9.2636"),
        (Fraction(1200), "1200"),
        (Fraction(-1, 10**13), "0"),
        (Fraction(0), "0"),
    ],
)
def test_a_number_is_shown_without_trailing_zeros(value: Fraction, shown: str) -> None:
    assert decimal_text(value) == shown


@given(rate=rates)
def test_a_rate_survives_its_canonical_text(rate: Fraction) -> None:
    assert parse_rate_text(rate_text(rate)) == rate


@given(value=st.fractions())
def test_equal_numbers_have_one_canonical_text(value: Fraction) -> None:
    doubled = Fraction(2 * value.numerator, 2 * value.denominator)

    assert fraction_text(value) == fraction_text(doubled)


@given(value=st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**9), max_value=10**9))
def test_a_terminating_number_survives_being_shown(value: object) -> None:
    exact = Fraction(str(value))

    assert parse_exact(decimal_text(exact), field="value") == exact
