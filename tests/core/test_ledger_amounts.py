from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moneyed import Money

from ledger.core.amounts import (
    MAX_UNITS,
    Commodity,
    CommodityKind,
    Price,
    Quantity,
    RoundingMode,
    currency_scale,
    format_exact,
    format_units,
    minor_units,
    money,
    parse_decimal,
    parse_units,
    round_exact,
    round_money,
    split_exact,
)
from ledger.core.errors import Invalid
from tests.strategies import scales, units

FULL_WIDTH = "\uff11\uff12"
ARABIC_INDIC = "\u0661\u0662"


@given(units, scales)
def test_what_is_formatted_parses_back_to_the_same_units(amount: int, scale: int) -> None:
    assert parse_units(format_units(amount, scale), scale, field="amount") == amount


@pytest.mark.parametrize(
    "text",
    [
        FULL_WIDTH,
        ARABIC_INDIC,
        "1e400",
        "1E5",
        "NaN",
        "Infinity",
        "-Infinity",
        "+1",
        "1_000",
        "1,000",
        " 1",
        "1 ",
        "1\n",
        "",
        "-",
        ".",
        ".5",
        "5.",
        "01",
        "-01",
        "--1",
        "\u22121",
        "0x10",
        "1.2.3",
        "1" * 41,
        "1\x00",
        "\ud800",
    ],
)
def test_a_text_outside_the_one_pattern_is_refused_by_its_code(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_decimal(text, field="amount")

    assert refused.value.code == "amount.format"
    assert refused.value.data["field"] == "amount"


@pytest.mark.parametrize("value", [1, None, True, b"2", Decimal(1), ["1"]])
def test_a_number_or_other_thing_where_text_is_due_is_refused(value: object) -> None:
    with pytest.raises(Invalid) as refused:
        parse_decimal(value, field="amount")  # type: ignore[arg-type]  # what an untyped caller may hand over

    assert refused.value.code == "amount.format"


@given(st.text(max_size=50))
def test_any_text_parses_exactly_or_is_refused_and_never_crashes(text: str) -> None:
    with suppress(Invalid):
        value = parse_decimal(text, field="amount")
        assert f"{value:f}".lstrip("-") == text.lstrip("-")


@pytest.mark.parametrize("text", ["-0", "-0.00"])
def test_zero_has_no_sign(text: str) -> None:
    value = parse_decimal(text, field="amount")

    assert f"{value:f}" == text[1:]
    assert parse_units(text, 2, field="amount") == 0


def test_more_decimals_than_the_scale_are_refused_unless_they_are_zeros() -> None:
    assert parse_units("1.50", 1, field="fee") == 15
    with pytest.raises(Invalid) as refused:
        parse_units("1.55", 1, field="fee")

    assert refused.value.code == "amount.scale"


def test_the_largest_amount_is_ten_to_the_fifteenth_smallest_units() -> None:
    assert parse_units("10000000000000.00", 2, field="fee") == MAX_UNITS
    with pytest.raises(Invalid) as refused:
        parse_units("-10000000000000.01", 2, field="fee")

    assert refused.value.code == "amount.range"


@pytest.mark.parametrize(
    ("mode", "value", "rounded"),
    [
        (RoundingMode.HALF_UP, Fraction(5, 2), 3),
        (RoundingMode.HALF_UP, Fraction(-5, 2), -3),
        (RoundingMode.HALF_UP, Fraction(-12, 5), -2),
        (RoundingMode.HALF_UP, Fraction(-1, 3), 0),
        (RoundingMode.HALF_EVEN, Fraction(5, 2), 2),
        (RoundingMode.HALF_EVEN, Fraction(7, 2), 4),
        (RoundingMode.HALF_EVEN, Fraction(-5, 2), -2),
        (RoundingMode.HALF_EVEN, Fraction(-7, 2), -4),
        (RoundingMode.HALF_EVEN, Fraction(-8, 3), -3),
        (RoundingMode.FLOOR, Fraction(-1, 2), -1),
        (RoundingMode.FLOOR, Fraction(178970, 100), 1789),
        (RoundingMode.FLOOR, Fraction(-3), -3),
    ],
)
def test_rounding_decides_ties_and_signs_as_its_mode_says(mode: RoundingMode, value: Fraction, rounded: int) -> None:
    assert round_exact(value, mode) == rounded


@given(st.fractions(), st.sampled_from([RoundingMode.HALF_UP, RoundingMode.HALF_EVEN]))
def test_rounding_to_the_nearest_is_never_off_by_more_than_a_half_and_ignores_the_sign(
    value: Fraction, mode: RoundingMode
) -> None:
    assert abs(round_exact(value, mode) - value) <= Fraction(1, 2)
    assert round_exact(-value, mode) == -round_exact(value, mode)


@given(units, st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=20))
def test_parts_of_a_split_sum_to_the_whole_and_are_within_one_of_their_share(total: int, weights: list[int]) -> None:
    if not sum(weights):
        with pytest.raises(Invalid):
            split_exact(total, weights)
        return

    parts = split_exact(total, weights)

    assert sum(parts) == total
    assert len(parts) == len(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


def test_a_thousand_over_three_is_333_333_334() -> None:
    assert split_exact(1000, (1, 1, 1)) == (333, 333, 334)


@pytest.mark.parametrize("weights", [(), (0,), (0, 0), (1, -1), (3, -1)])
def test_weights_that_are_negative_or_all_zero_are_refused(weights: tuple[int, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        split_exact(10, weights)

    assert refused.value.code == "amount.weights"


@pytest.mark.parametrize(("currency", "scale"), [("CNY", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, scale: int) -> None:
    assert currency_scale(currency) == scale


@given(units, st.sampled_from(["CNY", "JPY", "KWD"]))
def test_money_gives_its_minor_units_back(amount: int, currency: str) -> None:
    assert minor_units(money(amount, currency)) == amount


def test_a_fraction_of_a_minor_unit_is_refused_never_cut_off() -> None:
    for value in (Money("1.005", "CNY"), Money("0.5", "JPY")):
        with pytest.raises(Invalid) as refused:
            minor_units(value)
        assert refused.value.code == "amount.scale"


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+400"])
def test_money_that_is_no_finite_amount_is_refused(amount: str) -> None:
    with pytest.raises(Invalid):
        minor_units(Money(amount, "CNY"))


@pytest.mark.parametrize("code", ["CEA25", "cny", "", "\x00", "\ud800", "ZZZ"])
def test_an_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(Invalid) as refused:
        currency_scale(code)

    assert refused.value.code == "currency.unknown"


def test_an_exact_amount_of_money_rounds_once() -> None:
    assert str(round_money(Fraction(5300000, 3), "CNY", RoundingMode.HALF_UP).amount) == "1766666.67"
    assert str(round_money(Fraction(-5, 2), "JPY", RoundingMode.HALF_UP).amount) == "-3"


def test_five_sixths_shows_as_many_digits_as_asked() -> None:
    assert format_exact(Fraction(5, 6), 4) == "0.8333"
    assert format_exact(Fraction(-5, 6), 0) == "-1"


def test_a_price_values_a_quantity_exactly() -> None:
    price = Price(value=Decimal("97.40"), currency="CNY", unit="t")
    tonnes = Quantity(1_000, Commodity(code="CEA25", kind=CommodityKind.ALLOWANCE, scale=0))

    assert price.value_of(tonnes) == 97_400
    assert str(tonnes) == "1000"
    assert str(price) == "97.40 CNY/t"


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "sNaN", "Infinity"])
def test_a_price_is_finite_and_above_zero(value: str) -> None:
    with pytest.raises(Invalid) as refused:
        Price(value=Decimal(value), currency="CNY", unit="t")

    assert refused.value.code == "price.value"


@pytest.mark.parametrize(
    ("code", "scale", "step", "refusal"),
    [
        ("cea", 0, 1, "commodity.code"),
        ("", 0, 1, "commodity.code"),
        ("CEA\n", 0, 1, "commodity.code"),
        ("A" * 41, 0, 1, "commodity.code"),
        ("CEA", -1, 1, "commodity.scale"),
        ("CEA", 10, 1, "commodity.scale"),
        ("CEA", 0, 0, "commodity.step"),
        ("CEA", 0, 10**16, "commodity.step"),
    ],
)
def test_what_cannot_be_a_commodity_does_not_construct(code: str, scale: int, step: int, refusal: str) -> None:
    with pytest.raises(Invalid) as refused:
        Commodity(code=code, kind=CommodityKind.CREDIT, scale=scale, step=step)

    assert refused.value.code == refusal
