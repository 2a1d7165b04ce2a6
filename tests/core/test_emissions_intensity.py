"""Emissions and intensity: the check table's numbers, sums that are exact, and laws."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.tables import csv_table
from finance.emissions import activity as activities
from finance.emissions import calculators, factors, intensity, methodologies
from finance.emissions.activity import ActivityMonth
from finance.emissions.methodologies import POWER_TERMS, BoundMethodology, Measure, TermName
from finance.emissions.sources import PowerSource
from finance.emissions.templates import parse_templates
from ledger.core.amounts import format_exact
from ledger.core.errors import Conflict, Invalid, NotFound

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "finance" / "reference"
FACTORS = factors.parse_factors(
    (REFERENCE / "factors.csv").read_text(encoding="utf-8"), set_id="tonne-factors", version="1"
)
RECIPES = methodologies.parse_methodologies((REFERENCE / "methodologies.csv").read_text(encoding="utf-8"))
TEMPLATE = parse_templates((REFERENCE / "activity_templates.csv").read_text(encoding="utf-8"))[0]
DRAFT = methodologies.bind(methodologies.find(RECIPES, "article-2024-draft"), FACTORS)
CETS = methodologies.bind(methodologies.find(RECIPES, "cets-ag-04.01"), FACTORS)

amount = st.integers(min_value=0, max_value=10**9).map(lambda thousandths: Decimal(thousandths) / 1000)
share = st.fractions(min_value=0, max_value=1, max_denominator=1000)
kwh = st.fractions(min_value=0, max_value=20000, max_denominator=100)


def month_of(
    month: str = "2025-01",
    *,
    production: str = "1000",
    power: tuple[str, str, str, str] = ("8000000", "3000000", "500000", "1500000"),
    minutes: str | None = None,
    net_anode: str | None = None,
    gross_anode: str | None = None,
    certificate: str = "0",
) -> ActivityMonth:
    return ActivityMonth(
        month=month,
        site="North",
        template=TEMPLATE,
        production_t=Decimal(production),
        ac_kwh=dict(zip(PowerSource, map(Decimal, (*power, certificate)), strict=True)),
        measured={
            field: None if value is None else Decimal(value)
            for field, value in {
                "anode_effect_min_per_cell_day": minutes,
                "net_anode_t": net_anode,
                "gross_anode_t": gross_anode,
            }.items()
        },
        origin="activity.csv row 2",
    )


def of(ac: int, green: Fraction, bound: BoundMethodology = DRAFT) -> Fraction:
    answer = calculators.intensity_of(bound, ac_kwh_per_t=Fraction(ac), zero_emission_share=green)
    return answer.intensity_tco2e_per_t


def test_the_draft_defaults_give_direct_emissions_of_1_5694() -> None:
    answer = calculators.intensity_of(DRAFT, ac_kwh_per_t=Fraction(13500), zero_emission_share=Fraction(1))

    assert answer.intensity_tco2e_per_t == Fraction("1.5694")
    assert answer.anode_tco2e_per_t == Fraction("1.424")
    assert answer.pfc_tco2e_per_t == Fraction("0.1454")
    assert answer.electricity_tco2e_per_t == 0


def test_the_power_of_13500_kwh_emits_8_0217() -> None:
    answer = calculators.intensity_of(DRAFT, ac_kwh_per_t=Fraction(13500), zero_emission_share=Fraction(0))

    assert answer.electricity_tco2e_per_t == Fraction("8.0217")


def test_full_green_power_at_13100_kwh_saves_7_7840() -> None:
    saving = of(13100, Fraction(0)) - of(13100, Fraction(1))

    assert format_exact(saving, 4) == "7.7840"
    assert format_exact(saving * 100, 2) == "778.40"


def test_the_articles_mean_plant_has_9_2636() -> None:
    assert format_exact(of(13100, Fraction(60, 5200)), 4) == "9.2636"


def test_a_plant_at_the_limit_without_green_power_has_9_50197() -> None:
    assert of(13350, Fraction(0)) == Fraction("9.50197")


def test_a_high_user_pays_29_739_per_tonne_over_the_benchmark() -> None:
    assert (of(13450, Fraction(0)) - Fraction("9.264")) * 100 == Fraction("29.739")


def test_another_grid_factor_replaces_only_the_power_part() -> None:
    answer = calculators.intensity_of(
        DRAFT,
        ac_kwh_per_t=Fraction(13342),
        zero_emission_share=Fraction(0),
        grid_factor_kg_per_kwh=Decimal("0.6101"),
    )

    assert format_exact(answer.electricity_tco2e_per_t, 4) == "8.1400"
    assert answer.anode_tco2e_per_t == Fraction("1.424")
    assert [row.source for row in answer.factors][-1] == "input"


def test_the_benchmark_of_9_264_is_met_at_12949_5_kwh() -> None:
    answer = calculators.breakeven(DRAFT, benchmark_tco2e_per_t=Fraction("9.264"))

    assert format_exact(answer.ac_kwh_per_t, 1) == "12949.5"


def test_the_final_guideline_counts_no_power() -> None:
    answer = calculators.intensity_of(CETS, ac_kwh_per_t=Fraction(13500), zero_emission_share=Fraction(0))

    assert format_exact(answer.anode_tco2e_per_t, 6) == "1.470832"
    assert answer.pfc_tco2e_per_t == Fraction("0.26316")
    assert format_exact(answer.intensity_tco2e_per_t, 6) == "1.733992"
    assert not any(part.is_counted for part in answer.parts if part.name in POWER_TERMS)


def test_a_grid_factor_for_a_methodology_without_power_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        calculators.intensity_of(
            CETS, ac_kwh_per_t=Fraction(1), zero_emission_share=Fraction(0), grid_factor_kg_per_kwh=Decimal("0.5")
        )

    assert refused.value.code == "methodology.no_grid_factor"


@pytest.mark.parametrize(("ac", "green"), [("-1", "0"), ("1", "-0.1"), ("1", "1.0001")])
def test_a_power_use_below_zero_or_a_share_outside_0_to_1_is_refused(ac: str, green: str) -> None:
    with pytest.raises(Invalid):
        calculators.intensity_of(DRAFT, ac_kwh_per_t=Fraction(ac), zero_emission_share=Fraction(green))


@pytest.mark.parametrize("factor", ["-0.1", "NaN", "Infinity"])
def test_a_grid_factor_that_is_no_factor_is_refused(factor: str) -> None:
    with pytest.raises(Invalid):
        calculators.intensity_of(
            DRAFT,
            ac_kwh_per_t=Fraction(1),
            zero_emission_share=Fraction(0),
            grid_factor_kg_per_kwh=Decimal(factor),
        )


def test_a_benchmark_below_the_direct_emissions_has_no_breakeven() -> None:
    with pytest.raises(Invalid) as refused:
        calculators.breakeven(DRAFT, benchmark_tco2e_per_t=Fraction("1.5693"))

    assert refused.value.code == "breakeven.below_direct"


def test_a_methodology_without_power_has_no_breakeven() -> None:
    with pytest.raises(Invalid) as refused:
        calculators.breakeven(CETS, benchmark_tco2e_per_t=Fraction(2))

    assert refused.value.code == "methodology.no_power"


def test_the_draft_counts_coal_and_grid_power_and_neither_non_fossil_kind() -> None:
    month = intensity.month_emissions(month_of(), DRAFT)

    tonnes = {part.name: part.emissions_t for part in month.parts}
    assert tonnes == {
        TermName.ANODE: Fraction(1424),
        TermName.PFC: Fraction("145.4"),
        TermName.CAPTIVE_COAL: Fraction("4753.6"),
        TermName.GRID: Fraction("1782.6"),
        TermName.OWN_NONFOSSIL_DIRECT: 0,
        TermName.MARKET_NONFOSSIL_CONTRACT: 0,
        TermName.GRID_CERTIFICATE: 0,
    }
    assert month.emissions_t == Fraction("8105.6")
    assert month.zero_emission_kwh == 2000000


def test_measured_minutes_replace_the_pfc_default() -> None:
    measured = intensity.month_emissions(month_of(minutes="0.25"), CETS)

    # CF4 0.143 x 0.25 = 0.03575 kg/t, C2F6 0.003575: (0.03575 x 6630 + 0.003575 x 11100) x 1000 t / 1000
    assert measured.parts[1].emissions_t == Fraction("276.705")


def test_zero_minutes_are_a_measurement_and_not_the_default() -> None:
    assert intensity.month_emissions(month_of(minutes="0"), CETS).parts[1].emissions_t == 0


def test_measured_net_anode_replaces_the_anode_default() -> None:
    measured = intensity.month_emissions(month_of(net_anode="400"), CETS)

    assert measured.parts[0].emissions_t == 400 * Fraction("0.976") * Fraction(44, 12)


def test_gross_anode_counts_less_what_is_not_consumed() -> None:
    gross = intensity.month_emissions(month_of(gross_anode="500"), CETS)
    both = intensity.month_emissions(month_of(gross_anode="500", net_anode="400"), CETS)

    # 500 t x (1 - 15.18 %) = 424.1 t net
    assert gross.parts[0].emissions_t == Fraction("424.1") * Fraction("0.976") * Fraction(44, 12)
    assert gross.parts[0].workings == {"net_mass_t": Fraction("424.1")}
    assert both.parts[0].emissions_t == 400 * Fraction("0.976") * Fraction(44, 12)


def test_the_draft_uses_its_default_even_with_measurements() -> None:
    measured = intensity.month_emissions(month_of(minutes="5", net_anode="1"), DRAFT)

    assert measured.emissions_t == intensity.month_emissions(month_of(), DRAFT).emissions_t


def test_the_years_intensity_is_sum_over_sum_and_not_a_mean_of_means() -> None:
    small = month_of("2025-01", production="100", power=("2000000", "0", "0", "0"))
    large = month_of("2025-02", production="1000", power=("13000000", "0", "0", "0"))

    year = intensity.year_emissions((small, large), DRAFT, year=2025)

    assert year.intensity_tco2e_per_t() == Fraction("1.5694") + Fraction(15000000, 1100) * Fraction("0.5942") / 1000
    assert not year.is_complete


def test_a_year_sums_a_month_without_production_too() -> None:
    idle = month_of("2025-02", production="0", power=("0", "1000000", "0", "0"))

    year = intensity.year_emissions((month_of(), idle), DRAFT, year=2025)

    assert year.emissions_t == Fraction("8105.6") + Fraction("594.2")


def test_no_production_has_no_intensity() -> None:
    idle = month_of(production="0")

    with pytest.raises(Conflict) as refused:
        intensity.month_emissions(idle, DRAFT).intensity_tco2e_per_t()

    assert refused.value.code == "emissions.no_production"


def test_a_year_without_activity_is_refused() -> None:
    with pytest.raises(NotFound) as refused:
        intensity.year_emissions((month_of(),), DRAFT, year=2024)

    assert refused.value.code == "emissions.no_activity"


def test_a_month_counted_twice_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        intensity.year_emissions((month_of(), month_of()), DRAFT, year=2025)

    assert refused.value.code == "emissions.repeated_month"


def test_the_explanation_ends_in_activity_rows_and_sourced_factors() -> None:
    year = intensity.year_emissions((month_of(),), DRAFT, year=2025)

    leaves = year.explain().leaves()

    assert any(leaf.source == "activity.csv row 2" for leaf in leaves)
    assert any("0.5942" in leaf.value and "公告2024年第12号" in leaf.source for leaf in leaves)
    assert all(leaf.label_zh for leaf in leaves)


def test_the_example_smelters_power_inclusive_intensity_falls_by_more_than_3_percent() -> None:
    text = (ROOT / "examples" / "smelter" / "activity.csv").read_text(encoding="utf-8")
    activity = activities.parse_activity(csv_table(text, file="activity.csv"), TEMPLATE)

    base, test = (intensity.year_emissions(activity, DRAFT, year=year) for year in intensity.years_of(activity))

    assert base.is_complete
    assert test.is_complete
    assert base.measure is Measure.OPERATIONAL_INCL_POWER
    assert format_exact(base.intensity_tco2e_per_t(), 4) == "8.5362"
    assert format_exact(test.intensity_tco2e_per_t(), 4) == "8.1636"


def test_the_example_smelters_direct_intensity_hardly_moves() -> None:
    text = (ROOT / "examples" / "smelter" / "activity.csv").read_text(encoding="utf-8")
    activity = activities.parse_activity(csv_table(text, file="activity.csv"), TEMPLATE)

    years = [intensity.year_emissions(activity, CETS, year=year) for year in (2024, 2025)]

    assert [format_exact(year.intensity_tco2e_per_t(), 4) for year in years] == ["1.7444", "1.7150"]


@given(ac=kwh, low=share, high=share)
def test_intensity_never_rises_with_the_zero_emission_share(ac: Fraction, low: Fraction, high: Fraction) -> None:
    low, high = sorted((low, high))

    lower = calculators.intensity_of(DRAFT, ac_kwh_per_t=ac, zero_emission_share=high).intensity_tco2e_per_t
    upper = calculators.intensity_of(DRAFT, ac_kwh_per_t=ac, zero_emission_share=low).intensity_tco2e_per_t

    assert (lower < upper) == (ac > 0 and low < high)


@given(ac=kwh)
def test_breakeven_undoes_intensity(ac: Fraction) -> None:
    benchmark = calculators.intensity_of(DRAFT, ac_kwh_per_t=ac, zero_emission_share=Fraction(0))

    answer = calculators.breakeven(DRAFT, benchmark_tco2e_per_t=benchmark.intensity_tco2e_per_t)

    assert answer.ac_kwh_per_t == ac


@given(production=amount, power=st.tuples(amount, amount, amount, amount), minutes=st.none() | amount)
def test_parts_sum_to_the_year_exactly(
    production: Decimal, power: tuple[Decimal, Decimal, Decimal, Decimal], minutes: Decimal | None
) -> None:
    first = month_of(
        "2025-01",
        production=str(production),
        power=(str(power[0]), str(power[1]), str(power[2]), str(power[3])),
        minutes=None if minutes is None else str(minutes),
    )

    for bound in (DRAFT, CETS):
        year = intensity.year_emissions((first, month_of("2025-02")), bound, year=2025)

        assert sum(year.part_t(name) for name in TermName) == year.emissions_t
