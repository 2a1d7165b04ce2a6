"""Parity of green power and allowances: the check table's numbers and the round trip."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.decisions import parity
from ledger.core.amounts import format_exact
from ledger.core.errors import Invalid

FACTOR = Fraction("0.5942")

positive = st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=10000)


def test_a_price_of_100_is_worth_a_premium_of_0_05942() -> None:
    result = parity.premium_at(price_cny_per_t=Fraction(100), factor_kg_per_kwh=FACTOR)

    assert result.premium_cny_per_kwh == Fraction("0.05942")


def test_a_premium_of_0_06_needs_a_price_of_100_976() -> None:
    result = parity.price_at(premium_cny_per_kwh=Fraction("0.06"), factor_kg_per_kwh=FACTOR)

    assert format_exact(result.price_cny_per_t, 3) == "100.976"


@given(price=positive, factor=positive)
def test_price_and_premium_undo_each_other(price: Fraction, factor: Fraction) -> None:
    premium = parity.premium_at(price_cny_per_t=price, factor_kg_per_kwh=factor).premium_cny_per_kwh

    assert parity.price_at(premium_cny_per_kwh=premium, factor_kg_per_kwh=factor).price_cny_per_t == price


@pytest.mark.parametrize(("value", "factor"), [("-1", "0.5"), ("1", "0"), ("1", "-0.5")])
def test_a_negative_price_or_premium_and_a_factor_of_zero_or_less_are_refused(value: str, factor: str) -> None:
    with pytest.raises(Invalid):
        parity.premium_at(price_cny_per_t=Fraction(value), factor_kg_per_kwh=Fraction(factor))
    with pytest.raises(Invalid):
        parity.price_at(premium_cny_per_kwh=Fraction(value), factor_kg_per_kwh=Fraction(factor))


def test_the_answer_names_the_formula_and_the_source_of_the_factor() -> None:
    result = parity.premium_at(
        price_cny_per_t=Fraction(100), factor_kg_per_kwh=FACTOR, factor_source="MEE announcement 2024 no. 12"
    )

    assert result.formula == "premium = grid factor / 1000 x price"
    assert result.factor_source == "MEE announcement 2024 no. 12"
