"""The industry of the first article and of the law: balance values, plants, and where the article contradicts itself."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.compliance.allocation import Coefficient, allocation_rule
from finance.compliance.industry import (
    Plant,
    at_balance_value,
    at_benchmark,
    balance_benchmark,
    balance_value,
    imbalance,
)
from finance.compliance.industry_scenario import (
    GeneratedIndustry,
    PowerFactors,
    PowerUser,
    generated_plants,
    industry_scenario,
)
from finance.compliance.plant_distribution import BoundedNormal, green_plants, plant_quantiles
from finance.conventions.explain import Explanation
from finance.store import reference
from ledger.core.errors import Conflict, Invalid

LAW = Coefficient(
    slope=Fraction("0.15"), saturation=Fraction("0.20"), cap=Fraction("0.03"), small_below_t=Fraction(26_000)
)
EVERY_PLANT = Coefficient(slope=LAW.slope, saturation=LAW.saturation, cap=LAW.cap, small_below_t=Fraction(0))
LEAF = Explanation(label_en="factor", label_zh="因子", value="1", unit="1", source="test")
FACTORS = PowerFactors(
    direct_tco2e_per_t=Fraction("1.424") + Fraction("0.1454"), grid_kg_per_kwh=Fraction("0.5942"), leaves=(LEAF,)
)
ARTICLE = BoundedNormal(
    low=Fraction(12_750),
    high=Fraction(13_450),
    mean=Fraction(13_100),
    threshold=Fraction(13_000),
    share_below=Fraction(1, 5),
)
GREEN = Fraction(60, 5200)


def plant(name: str, emissions_t: int, intensity: str) -> Plant:
    return Plant(name=name, output_t=emissions_t / Fraction(intensity), intensity=Fraction(intensity))


def user(ac_kwh_per_t: int, green: Fraction = Fraction(0), output_t: int = 1) -> PowerUser:
    return PowerUser(
        name=f"{ac_kwh_per_t}", output_t=Fraction(output_t), ac_kwh_per_t=Fraction(ac_kwh_per_t), green_share=green
    )


def test_the_shipped_rule_of_2025_is_the_one_these_tests_use() -> None:
    assert allocation_rule(reference.shipped_allocation_rules(), 2025).coefficient == LAW


# --- the law's balance value ---


def test_with_no_plant_capped_the_balance_value_is_the_emission_weighted_mean_intensity() -> None:
    found = balance_value([plant("a", 800_000, "1.5"), plant("b", 400_000, "1.8")], LAW)

    assert found.value == (800_000 * Fraction("1.5") + 400_000 * Fraction("1.8")) / 1_200_000
    assert (found.mid, found.good, found.bad) == (2, 0, 0)


def test_a_capped_plant_moves_the_balance_value_exactly() -> None:
    """One dirty plant at -3 %: 0.15 (BP - 1.6) / BP x 300 = 0.03 x 100, so BP (45 - 3) = 72 and BP = 12/7."""
    found = balance_value([plant("mid", 300_000, "1.6"), plant("bad", 100_000, "3")], LAW)

    assert found.low == found.high == Fraction(12, 7)
    assert (found.mid, found.good, found.bad) == (1, 0, 1)


def test_with_every_plant_capped_the_whole_interval_balances() -> None:
    """1.0 is good from 1.25 on, 3.0 is bad up to 2.5: equal emissions balance anywhere between."""
    plants = [plant("good", 100_000, "1"), plant("bad", 100_000, "3")]

    found = balance_value(plants, LAW)

    assert (found.low, found.high) == (Fraction("1.25"), Fraction("2.5"))
    assert imbalance(plants, LAW, Fraction(2)) == 0
    assert (found.mid, found.good, found.bad) == (0, 1, 1)


def test_one_plant_balances_at_its_own_intensity() -> None:
    assert balance_value([plant("a", 30_000, "1.7")], LAW).value == Fraction("1.7")


intensities = st.integers(1, 4000).map(lambda each: Fraction(each, 1000))
plants_of_any_kind = st.lists(st.tuples(st.integers(1, 1_000_000), intensities), min_size=1, max_size=12).map(
    lambda drawn: (
        [
            Plant(name=f"p{place}", output_t=Fraction(output_t), intensity=intensity)
            for place, (output_t, intensity) in enumerate(drawn)
            if output_t * intensity >= 1
        ]
        or [plant("only", 10, "1")]
    )
)


@given(plants_of_any_kind)
def test_the_balance_value_solves_the_equation_exactly_and_is_the_lowest_that_does(plants: list[Plant]) -> None:
    found = balance_value(plants, EVERY_PLANT)

    assert imbalance(plants, EVERY_PLANT, found.low) == imbalance(plants, EVERY_PLANT, found.high) == 0
    assert imbalance(plants, EVERY_PLANT, found.low * Fraction(999_999, 1_000_000)) < 0
    assert imbalance(plants, EVERY_PLANT, found.high * Fraction(1_000_001, 1_000_000)) > 0
    assert found.mid + found.good + found.bad == found.counted == len(plants)


@given(plants_of_any_kind, st.integers(1, 6000), st.integers(1, 6000))
def test_allowances_less_emissions_never_fall_as_the_balance_value_rises(
    plants: list[Plant], one: int, other: int
) -> None:
    low, high = Fraction(min(one, other), 1000), Fraction(max(one, other), 1000)

    assert imbalance(plants, EVERY_PLANT, low) <= imbalance(plants, EVERY_PLANT, high)


@given(plants_of_any_kind)
def test_at_the_balance_value_surplus_and_shortage_meet_but_for_flooring(plants: list[Plant]) -> None:
    balance = at_balance_value(plants, EVERY_PLANT, balance_value(plants, EVERY_PLANT).value)

    assert abs(balance.net_t) <= len(plants)


def test_small_plants_get_what_they_emitted_and_do_not_move_the_balance_value() -> None:
    large, small = plant("large", 800_000, "1.6"), plant("small", 25_999, "3.9")

    found = balance_value([large, small], LAW)
    balance = at_balance_value([large, small], LAW, Fraction("1.5"))

    assert (found.value, found.counted) == (Fraction("1.6"), 1)
    assert [each.surplus_t for each in balance.plants] == [-8_000, 0]


def test_only_small_plants_have_no_balance_value() -> None:
    with pytest.raises(Conflict, match="small emitters"):
        balance_value([plant("small", 25_999, "1.6")], LAW)


def test_rule_vector_r1_holds_for_a_plant_of_the_industry() -> None:
    balance = at_balance_value(
        [plant("a", 800_000, "1.50"), plant("b", 800_000, "1.60"), plant("c", 800_000, "1.75")], LAW, Fraction("1.60")
    )

    assert [each.allocation_t for each in balance.plants] == [807_500, 800_000, 788_750]
    assert [each.alpha for each in balance.plants] == [Fraction("0.009375"), 0, Fraction("-0.0140625")]
    assert (balance.surplus_t, balance.shortage_t, balance.short_count) == (7_500, 11_250, 1)


@pytest.mark.parametrize(
    ("output", "intensity"), [(Fraction(0), Fraction(1)), (Fraction(-1), Fraction(1)), (Fraction(1), Fraction(-1))]
)
def test_a_plant_without_output_or_below_zero_is_refused(output: Fraction, intensity: Fraction) -> None:
    with pytest.raises(Invalid):
        Plant(name="x", output_t=output, intensity=intensity)


def test_no_plant_a_name_twice_and_too_many_plants_are_refused() -> None:
    one = plant("a", 30_000, "1.5")

    for plants in ([], [one, one], [one] * 2001):
        with pytest.raises(Invalid):
            balance_value(plants, LAW)


# --- article A, reference 8.1 and 8.3 ---


def test_article_a_balances_at_9_264() -> None:
    found = industry_scenario([user(13_100, GREEN)], FACTORS, benchmark=None, step=Fraction(1, 100))

    assert abs(found.benchmark - Fraction("9.264")) < Fraction("0.001")
    assert found.balance.net_t == 0


def test_the_text_of_article_a_says_1_2_percent_but_its_benchmark_comes_from_1_15() -> None:
    """8.3.2: 1.2 % gives 9.260 and a break-even of 12,943 kWh/t, not 9.264 and 12,950."""
    by_text = industry_scenario([user(13_100, Fraction("0.012"))], FACTORS, benchmark=None, step=Fraction(1, 100))
    by_pair = industry_scenario([user(13_100, GREEN)], FACTORS, benchmark=Fraction("9.264"), step=Fraction(1, 100))

    assert abs(by_text.benchmark - Fraction("9.260")) < Fraction("0.0005")
    assert abs(by_text.breakeven_kwh_per_t - 12_943) < 1
    assert abs(by_pair.breakeven_kwh_per_t - Fraction("12949.5")) < 1


def test_at_9_the_industry_is_short_by_more_than_the_10_million_tonnes_article_a_speaks_of() -> None:
    """8.3.4: (9.264 - 9.0) x 40 Mt = 10.56 Mt; at 9.5 it has 9.44 Mt too much."""
    plants = [Plant(name="all", output_t=Fraction(40_000_000), intensity=Fraction("9.264"))]

    assert at_benchmark(plants, Fraction(9)).shortage_t == 10_560_000
    assert at_benchmark(plants, Fraction("9.5")).surplus_t == 9_440_000


def test_a_coal_powered_tonne_at_the_upper_bound_misses_less_than_30_yuan_only_at_the_articles_benchmark() -> None:
    """8.1.14 and 8.3.6."""
    gap = FACTORS.intensity(user(13_450)) - Fraction("9.264")

    assert abs(gap * 100 - Fraction("29.739")) < Fraction("0.01")
    assert (FACTORS.intensity(user(13_450)) - 9) * 100 > 30


def test_intensities_of_the_article_lie_between_direct_only_and_all_coal_at_the_limit() -> None:
    """8.1.25 and 8.1.1."""
    assert FACTORS.intensity(user(13_350, Fraction(1))) == Fraction("1.5694")
    assert abs(FACTORS.intensity(user(13_350)) - Fraction("9.50197")) < Fraction("0.00001")


def test_swapped_warming_potentials_would_change_the_direct_part() -> None:
    """8.3.1: with the footnote's swap the default PFC would be 0.2210 instead of 0.1454 t/t."""
    cf4_kg = Fraction("145.4") / (6630 + Fraction(11_100, 10))
    swapped = cf4_kg * (11_100 + Fraction(6630, 10)) / 1000

    assert abs(swapped - Fraction("0.2210")) < Fraction("0.0001")
    assert FACTORS.direct_tco2e_per_t - Fraction("1.424") == Fraction("0.1454")


# --- generated plants ---


def test_the_articles_distribution_has_its_mean_its_bounds_and_its_share() -> None:
    found = plant_quantiles(ARTICLE, 1000)

    assert abs(sum(found, Fraction(0)) / 1000 - 13_100) < Fraction(1, 100)
    assert sum(1 for each in found if each < 13_000) == 200
    assert 12_750 <= found[0] < found[-1] <= 13_450
    assert list(found) == sorted(found)


def test_the_articles_distribution_is_symmetric_about_its_mean() -> None:
    found = plant_quantiles(ARTICLE, 87)

    assert found[43] == 13_100
    assert all(abs(low + high - 26_200) <= Fraction(2, 1000) for low, high in zip(found, reversed(found), strict=True))


@pytest.mark.parametrize("count", [1, 2, 87])
def test_the_same_parameters_always_give_the_same_plants(count: int) -> None:
    assert plant_quantiles(ARTICLE, count) == plant_quantiles(ARTICLE, count)


def test_a_share_that_the_mean_cannot_have_is_refused_with_what_it_can() -> None:
    lopsided = BoundedNormal(
        low=ARTICLE.low,
        high=ARTICLE.high,
        mean=Fraction(13_200),
        threshold=Fraction(13_000),
        share_below=Fraction(1, 2),
    )

    with pytest.raises(Invalid, match="below the threshold"):
        plant_quantiles(lopsided, 10)


def test_a_mean_off_the_middle_is_met_too() -> None:
    skewed = BoundedNormal(
        low=ARTICLE.low,
        high=ARTICLE.high,
        mean=Fraction(13_150),
        threshold=Fraction(13_000),
        share_below=Fraction(1, 5),
    )

    found = plant_quantiles(skewed, 1000)

    assert abs(sum(found, Fraction(0)) / 1000 - 13_150) < Fraction(1, 10)
    assert abs(sum(1 for each in found if each < 13_000) - 200) <= 1


def industry(green_plants: int | None, seed: int = 7) -> GeneratedIndustry:
    return GeneratedIndustry(
        distribution=ARTICLE,
        plants=87,
        output_t=Fraction(40_000_000),
        green_share=GREEN,
        green_plants=green_plants,
        seed=seed,
    )


def test_concentrating_the_green_power_leaves_the_balance_where_it_is() -> None:
    even = industry_scenario(generated_plants(industry(None)), FACTORS, benchmark=None, step=Fraction(1, 100))
    few = industry_scenario(generated_plants(industry(3)), FACTORS, benchmark=None, step=Fraction(1, 100))

    assert even.benchmark == few.benchmark
    assert abs(even.benchmark - Fraction("9.264")) < Fraction("0.001")
    assert few.balance.surplus_t > even.balance.surplus_t
    assert sum(1 for each in few.plants if each.green_share) == 3


def test_green_power_that_so_few_plants_cannot_use_is_refused() -> None:
    with pytest.raises(Invalid, match="green_plants"):
        generated_plants(
            GeneratedIndustry(
                distribution=ARTICLE,
                plants=10,
                output_t=Fraction(1),
                green_share=Fraction(1, 2),
                green_plants=4,
                seed=1,
            )
        )


def test_the_seed_decides_which_plants_are_green_and_nothing_else() -> None:
    assert green_plants(87, 3, 7) == green_plants(87, 3, 7)
    assert len({green_plants(87, 3, seed) for seed in range(20)}) > 10
    with pytest.raises(Invalid):
        green_plants(3, 4, 1)
    with pytest.raises(Invalid):
        green_plants(3, 1, -1)


def test_sensitivities_move_the_benchmark_the_way_the_formula_says() -> None:
    found = industry_scenario([user(13_100, GREEN)], FACTORS, benchmark=None, step=Fraction(1, 100))
    electricity = found.benchmark - FACTORS.direct_tco2e_per_t

    assert len(found.sensitivities) == 6
    assert found.sensitivities[0].delta == electricity / 100
    assert found.sensitivities[1].delta == -Fraction(131, 10) * Fraction("0.5942") / 100
    assert found.sensitivities[3].delta == -electricity / 100


def test_a_scenario_explains_itself_down_to_sourced_leaves() -> None:
    tree = industry_scenario([user(13_100, GREEN)], FACTORS, benchmark=None, step=Fraction(1, 100)).explanation

    assert all(leaf.source for leaf in tree.leaves())
    assert "not law" in tree.label_en


def test_the_balance_benchmark_weighs_plants_by_output() -> None:
    assert balance_benchmark(
        [
            Plant(name="a", output_t=Fraction(300), intensity=Fraction(9)),
            Plant(name="b", output_t=Fraction(100), intensity=Fraction(10)),
        ]
    ) == Fraction("9.25")
