"""Methodologies are data: versions, regions, warming potentials, boundaries, another metal, and what is refused."""

import dataclasses
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.conventions.tables import ReferenceSet, csv_table, parse_reference_rows
from finance.emissions import intensity
from finance.emissions.activity import ActivityMonth, parse_activity
from finance.emissions.factors import parse_factors
from finance.emissions.formulas import NEEDS, Formula
from finance.emissions.intensity import YearEmissions
from finance.emissions.methodologies import BoundMethodology, Scope, bind, find, parse_methodologies
from finance.emissions.reports import report_lines, rounding_of
from finance.emissions.sources import PowerSource
from finance.emissions.templates import Evidence, find_template, parse_templates
from ledger.core.amounts import RoundingMode
from ledger.core.errors import Conflict, DomainError, ImportRefused, Invalid, NotFound

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "finance" / "reference"


def text_of(name: str) -> str:
    return (REFERENCE / f"{name}.csv").read_text(encoding="utf-8")


FACTORS = parse_factors(text_of("factors"), set_id="factors", version="1")
RECIPES = parse_methodologies(text_of("methodologies"))
TEMPLATES = parse_templates(text_of("activity_templates"))
ROUNDING = ReferenceSet(
    set_id="report_rounding", version="1", rows=parse_reference_rows(text_of("report_rounding"), file="x.csv")
)


def bound(methodology_id: str, version: str | None = None) -> BoundMethodology:
    return bind(find(RECIPES, methodology_id, version), FACTORS)


def month_of(template_id: str = "aluminium-electrolysis", month: str = "2025-01", **figures: str) -> ActivityMonth:
    power = {source: Decimal(figures.pop(source.value, "0")) for source in PowerSource}
    return ActivityMonth(
        month=month,
        site="North",
        template=find_template(TEMPLATES, template_id),
        production_t=Decimal(figures.pop("production", "1000")),
        ac_kwh=power,
        measured={field: Decimal(value) for field, value in figures.items()},
        origin="activity.csv row 2",
    )


def year_of(recipe: BoundMethodology, *months: ActivityMonth) -> YearEmissions:
    return intensity.year_emissions(months, recipe, year=2025)


def test_no_code_of_emissions_or_forecasts_names_a_metal() -> None:
    metals = re.compile(r"alumin|copper|zinc|nickel|\blead\b|铝|铜|锌|镍|铅", re.IGNORECASE)
    modules = [*(ROOT / "finance" / "emissions").glob("*.py"), *(ROOT / "finance" / "kpi").glob("forecast*.py")]

    named = [path.name for path in modules if metals.search(path.read_text(encoding="utf-8"))]

    assert len(modules) > 12
    assert named == []


def test_copper_refining_is_reckoned_from_rows_alone() -> None:
    month = month_of(
        "copper-electrorefining", production="25000", grid="8000000", natural_gas_10k_m3="10", steam_gj="30000"
    )

    year = year_of(bound("copper-electrorefining"), month)

    # 10 x 389.31 GJ x 0.0153 tC/GJ x 0.99 x 44/12; 30,000 GJ x 0.11; 8 GWh x 0.6096 kg
    gas = 10 * Fraction("389.31") * Fraction("0.0153") * Fraction("0.99") * Fraction(44, 12)
    assert [year.part_t(name) for name in ("natural_gas", "steam", "grid")] == [gas, 3300, Fraction("4876.8")]
    assert year.intensity_tco2e_per_t() == (gas + 3300 + Fraction("4876.8")) / 25000
    assert any(leaf.label_zh == "外购蒸汽" and leaf.unit == "GJ" for leaf in year.explain().leaves())


def test_a_figure_that_was_not_measured_is_missed_by_name() -> None:
    with pytest.raises(Conflict) as refused:
        year_of(bound("copper-electrorefining"), month_of("copper-electrorefining", steam_gj="1"))

    assert refused.value.code == "emissions.figure_missing"
    assert "natural_gas_10k_m3" in refused.value.message


def test_months_of_another_product_stay_out_of_a_year() -> None:
    copper = month_of("copper-electrorefining", grid="1", natural_gas_10k_m3="1", steam_gj="1")
    recipe = bound("article-2024-draft")

    assert year_of(recipe, month_of(), copper).production_t == 1000
    with pytest.raises(NotFound) as refused:
        year_of(recipe, copper)
    assert refused.value.code == "emissions.no_activity"
    with pytest.raises(Invalid) as other:
        intensity.month_emissions(copper, recipe)
    assert other.value.code == "emissions.other_template"


@pytest.mark.parametrize(("year", "factor"), [("2021", "0.5942"), ("2022", "0.5856"), ("2023", "0.6096")])
def test_each_data_year_of_the_grid_is_a_version_of_its_own(year: str, factor: str) -> None:
    found = year_of(bound("cets-direct-with-power", f"grid-{year}"), month_of(grid="1000000"))

    assert found.part_t("grid") == 1000 * Fraction(factor)
    assert found.methodology_version == f"grid-{year}"


def test_a_methodology_with_several_versions_is_asked_for_by_version() -> None:
    for version in (None, "grid-1999"):
        with pytest.raises(NotFound) as refused:
            find(RECIPES, "cets-direct-with-power", version)
        assert refused.value.code == "methodology.version"
        assert "grid-2021, grid-2022, grid-2023" in refused.value.message


@pytest.mark.parametrize(("region", "factor"), [("CN-YN", "0.1333"), ("CN-GRID-NORTH", "0.6361"), ("CN", "0.5306")])
def test_a_region_replaces_the_grid_factor_and_the_version_says_so(region: str, factor: str) -> None:
    recipe = bound("cets-direct-location-based", "grid-2023").with_grid_region(FACTORS, region)

    found = year_of(recipe, month_of(grid="1000000", captive_coal="1000000"))

    assert found.part_t("grid") == 1000 * Fraction(factor)
    assert found.part_t("captive_coal") == 1000 * Fraction("0.8273")
    assert found.methodology_version == f"grid-2023@{region}"


def test_a_region_without_a_row_in_that_calibre_is_refused() -> None:
    with pytest.raises(NotFound) as refused:
        bound("cets-direct-with-power", "grid-2023").with_grid_region(FACTORS, "CN-YN")

    assert refused.value.code == "reference.missing"


def test_a_region_for_a_methodology_without_power_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        bound("cets-ag-04.01").with_grid_region(FACTORS, "CN-YN")

    assert refused.value.code == "methodology.no_grid_factor"


@pytest.mark.parametrize(("gwp_set", "cf4", "c2f6"), [("ar4", 7390, 12200), ("ar5", 6630, 11100), ("ar6", 7380, 12400)])
def test_warming_potentials_come_in_sets_and_the_version_says_so(gwp_set: str, cf4: int, c2f6: int) -> None:
    recipe = bound("cets-ag-04.01").with_gwp_set(FACTORS, gwp_set)

    found = year_of(recipe, month_of(anode_effect_min_per_cell_day="0.25"))

    assert found.part_t("pfc") == Fraction("0.03575") * cf4 + Fraction("0.003575") * c2f6
    assert found.methodology_version == f"V01-2024+{gwp_set}"
    with pytest.raises(NotFound):
        bound("cets-ag-04.01").with_gwp_set(FACTORS, "ar7")


def test_what_a_source_of_power_counts_for_depends_on_the_methodology() -> None:
    month = month_of(
        grid="1000", own_nonfossil_direct="1000", market_nonfossil_contract="1000", grid_certificate="1000"
    )

    def counted(methodology_id: str, version: str | None = None) -> list[str]:
        return [use.counted_as for use in year_of(bound(methodology_id, version), month).power()[1:]]

    assert counted("article-2024-draft") == ["energy_factor", "zero", "zero", "energy_factor"]
    assert counted("cets-direct-location-based", "grid-2023") == ["energy_factor", "zero", *["energy_factor"] * 2]
    assert counted("cets-ag-04.01") == ["outside"] * 4
    evidence = [use.evidence for use in year_of(bound("article-2024-draft"), month).power()]
    assert evidence == [
        Evidence.CAPTIVE_PLANT,
        Evidence.GRID_RESIDUAL,
        Evidence.DIRECT_LINE,
        Evidence.MARKET_CONTRACT,
        Evidence.CERTIFICATE,
    ]


def test_certificates_are_part_of_the_electricity_and_no_zero_emission_power() -> None:
    found = year_of(bound("article-2024-draft"), month_of(grid="600", grid_certificate="400"))

    assert found.ac_kwh == 1000
    assert found.zero_emission_kwh == 0
    assert sum(use.ac_kwh for use in found.power()) == found.ac_kwh


def test_cbam_counts_direct_emissions_only_in_the_definitive_period() -> None:
    month = month_of(grid="13300000")
    before, after = (
        year_of(bound("cbam-unwrought-aluminium", version), month)
        for version in ("transitional-2023", "definitive-2026")
    )

    assert after.emissions_t == before.scope_t(Scope.DIRECT) == Fraction("1733.992")
    assert before.scope_t(Scope.INDIRECT) == 13300 * Fraction("0.5306")
    assert after.scope_t(Scope.INDIRECT) == 0


def test_the_footprint_counts_power_by_life_cycle_factors_and_materials_upstream() -> None:
    found = year_of(bound("gb-t-44905-footprint"), month_of(grid="1000000", captive_coal="1000000", alumina_t="1900"))

    assert found.part_t("grid") == Fraction("620.5")
    assert found.part_t("captive_coal") == 944
    assert found.scope_t(Scope.UPSTREAM) == 1900 * Fraction("1.3")
    assert sum(found.scope_t(scope) for scope in Scope) == found.emissions_t


def test_the_draft_with_measured_anode_uses_it_and_its_default_otherwise() -> None:
    recipe = bound("guideline-draft-2024-03")

    assert year_of(recipe, month_of()).part_t("anode") == 1424
    measured = year_of(recipe, month_of(net_anode_t="398")).part_t("anode")
    assert measured == 398 * Fraction("0.976") * Fraction(44, 12)


def test_gaps_are_named_and_a_partial_year_does_not_pass_as_whole() -> None:
    months = [month_of(month=f"2025-{n:02d}") for n in range(1, 13) if n != 7]

    partial = year_of(bound("article-2024-draft"), *months)

    assert partial.missing_months == ("North 2025-07",)
    with pytest.raises(Conflict) as refused:
        partial.complete()
    assert refused.value.code == "emissions.year_incomplete"
    whole = year_of(bound("article-2024-draft"), *months, month_of(month="2025-07"))
    assert whole.complete() is whole


def test_one_claimed_month_makes_the_year_a_claim() -> None:
    first = dataclasses.replace(month_of(), verification="report 17")
    second = month_of(month="2025-02")
    recipe = bound("article-2024-draft")

    assert year_of(recipe, first).data_status == "verified"
    assert year_of(recipe, first, second).data_status == "claimed"


def test_a_report_form_rounds_each_figure_by_its_own_row() -> None:
    month = month_of(production="42318.604", grid="13300000.1234", anode_effect_min_per_cell_day="0.25")

    lines = report_lines(year_of(bound("cets-ag-04.01"), month), ROUNDING, report="cets")

    printed = {(line.month, line.figure): line.printed for line in lines}
    assert printed["2025-01", "production_t"] == printed["", "production_t"] == "42318.60"
    assert printed["2025-01", "cf4_kg_per_t"] == "0.036"
    assert printed["2025-01", "c2f6_kg_per_t"] == "0.0036"
    assert printed["2025-01", "ac_mwh"] == "13300.000"


def test_a_methodology_without_a_form_prints_no_report() -> None:
    with pytest.raises(Conflict) as refused:
        report_lines(year_of(bound("article-2024-draft"), month_of()), ROUNDING, report="")

    assert refused.value.code == "report.unknown"


def test_a_rounding_row_names_its_decimals_and_mode() -> None:
    row = ROUNDING.rows[0]

    assert rounding_of(row) == (2, RoundingMode.HALF_UP)
    for bad in (dataclasses.replace(row, unit="decimals"), dataclasses.replace(row, value="2.5")):
        with pytest.raises(Invalid):
            rounding_of(bad)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("energy=grid_kwh", "energy=captive_coal_kwh", "methodology.rule"),
        ("per_kwh=grid_ex_market_nonfossil", "per_gj=grid_ex_market_nonfossil;per_kwh=x", "methodology.factors"),
        (",ets_direct,", ",operational_incl_power,", "methodology.measure"),
    ],
)
def test_a_recipe_that_contradicts_itself_is_refused(before: str, after: str, code: str) -> None:
    text = text_of("methodologies").replace(before, after)

    with pytest.raises(DomainError) as refused:
        parse_methodologies(text)

    assert refused.value.code in {code, "import.rows_unreadable"}


def test_a_power_source_left_out_of_a_recipe_is_refused() -> None:
    recipe = find(RECIPES, "cets-ag-04.01")

    with pytest.raises(Invalid) as refused:
        dataclasses.replace(recipe, terms=recipe.terms[:-1])

    assert refused.value.code == "methodology.terms"


def test_a_figure_in_another_unit_is_refused_where_it_is_used() -> None:
    month = month_of(net_anode_t="400")
    fields = tuple(
        dataclasses.replace(each, unit="kg") if each.field == "net_anode_t" else each for each in month.template.fields
    )
    kilograms = dataclasses.replace(month, template=dataclasses.replace(month.template, fields=fields))

    with pytest.raises(Conflict) as refused:
        intensity.month_emissions(kilograms, bound("cets-ag-04.01"))

    assert refused.value.code == "methodology.input_unit"


def test_the_set_of_formulas_is_closed_and_every_one_is_used() -> None:
    used = {term.rule for recipe in RECIPES for term in recipe.terms}

    assert used == set(Formula) == set(NEEDS)


def test_factor_rows_all_carry_a_source_and_those_from_memory_are_assumed() -> None:
    assert all(row.source for row in FACTORS.rows)
    assert all(row.status == "assumed" for row in FACTORS.rows if "from memory" in row.source)
    on = date(2023, 6, 30)
    assert FACTORS.lookup("grid_average", on=on).status == "official"


@pytest.mark.parametrize("text", ["", "a,b", "template_id,version\nx,1", "\x00"])
def test_text_that_is_no_template_or_methodology_is_refused(text: str) -> None:
    for parse in (parse_templates, parse_methodologies):
        with pytest.raises(ImportRefused):
            parse(text)


@given(st.text(max_size=60))
def test_any_row_of_text_is_read_or_refused(row: str) -> None:
    for parse, name in ((parse_templates, "activity_templates"), (parse_methodologies, "methodologies")):
        header = text_of(name).split("\n", 1)[0]
        try:
            parse(f"{header}\n{row}")
        except DomainError:
            continue


def test_the_example_smelter_reads_by_every_methodology_of_its_form() -> None:
    text = (ROOT / "examples" / "smelter" / "activity.csv").read_text(encoding="utf-8")
    months = parse_activity(csv_table(text, file="activity.csv"), TEMPLATES[0])

    for recipe in RECIPES:
        if recipe.template_id != TEMPLATES[0].template_id:
            continue
        year = intensity.year_emissions(months, bind(recipe, FACTORS), year=2025).complete()
        assert sum(year.part_t(name) for name in year.component_names) == year.emissions_t > 0
