"""Factor rows and methodologies: what is looked up is exactly one sourced row, or a refusal that says why."""

import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from finance.conventions import tables
from finance.emissions import factors, methodologies
from finance.emissions.factors import FactorSet
from finance.emissions.methodologies import Measure, Methodology
from ledger.core.errors import Conflict, ImportRefused, Invalid, NotFound

REFERENCE = Path(__file__).parents[2] / "finance" / "reference"


@pytest.fixture(scope="module")
def factor_set() -> FactorSet:
    text = (REFERENCE / "factors.csv").read_text(encoding="utf-8")
    return factors.parse_factors(text, set_id="tonne-factors", version="1")


@pytest.fixture(scope="module")
def recipes() -> tuple[Methodology, ...]:
    return methodologies.parse_methodologies((REFERENCE / "methodologies.csv").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("factor_id", "on", "region", "value"),
    [
        ("grid_average", date(2021, 6, 30), "CN", "0.5568"),
        ("grid_ex_market_nonfossil", date(2021, 1, 1), "CN", "0.5942"),
        ("grid_fossil_only", date(2022, 12, 31), "CN", "0.8325"),
        ("grid_average", date(2023, 1, 1), "CN", "0.5306"),
        ("grid_average", date(2023, 7, 1), "CN-GRID-NORTH", "0.6361"),
        ("grid_average", date(2023, 7, 1), "CN-YN", "0.1333"),
        ("draft_anode_per_t", date(2024, 3, 15), "CN", "1.424"),
        ("cets_anode_gross_loss", date(2026, 1, 1), "CN", "0.1518"),
    ],
)
def test_a_factor_is_found_by_calibre_year_and_region(
    factor_set: FactorSet, factor_id: str, on: date, region: str, value: str
) -> None:
    row = factor_set.lookup(factor_id, on=on, region=region)

    assert row.number() == Decimal(value)
    assert row.source


def test_thirty_provinces_have_a_2023_factor(factor_set: FactorSet) -> None:
    provinces = {
        row.region
        for row in factor_set.rows
        if row.row_id == "grid_average" and row.is_effective(date(2023, 1, 1)) and len(row.region) == len("CN-HE")
    }

    assert len(provinces) == 30


def test_a_missing_year_is_refused_and_never_replaced_by_another(factor_set: FactorSet) -> None:
    with pytest.raises(NotFound) as refused:
        factor_set.lookup("grid_average", on=date(2024, 1, 1))

    assert refused.value.code == "reference.missing"
    assert "2023" in refused.value.message


def test_a_province_without_a_factor_does_not_fall_back_to_the_national_one(factor_set: FactorSet) -> None:
    with pytest.raises(NotFound):
        factor_set.lookup("grid_average", on=date(2023, 1, 1), region="CN-XZ")


def test_two_rows_for_one_day_are_ambiguous(factor_set: FactorSet) -> None:
    doubled = dataclasses.replace(factor_set, rows=(*factor_set.rows, factor_set.rows[0]))

    with pytest.raises(Conflict) as refused:
        doubled.lookup(factor_set.rows[0].row_id, on=date(2025, 1, 1))

    assert refused.value.code == "reference.ambiguous"


def test_the_warming_potential_of_cf4_is_the_smaller_one(factor_set: FactorSet) -> None:
    cf4 = factor_set.lookup("gwp_cf4", on=date(2025, 1, 1)).number()
    c2f6 = factor_set.lookup("gwp_c2f6", on=date(2025, 1, 1)).number()

    assert (cf4, c2f6) == (Decimal(6630), Decimal(11100))


def test_the_content_hash_ignores_row_order_and_sees_every_value(factor_set: FactorSet) -> None:
    turned = dataclasses.replace(factor_set, rows=factor_set.rows[::-1])
    changed = dataclasses.replace(
        factor_set, rows=(dataclasses.replace(factor_set.rows[0], value="1.425"), *factor_set.rows[1:])
    )

    assert len(factor_set.content_hash()) == 64
    assert turned.content_hash() == factor_set.content_hash()
    assert changed.content_hash() != factor_set.content_hash()


def test_every_bad_reference_row_is_named_at_once() -> None:
    header = "row_id,value,unit,effective_from,effective_to,region,label_en,label_zh,source,status,version"
    good = "grid_average,0.5,kgCO2/kWh,2021-01-01,2022-01-01,CN,a,b,s,official,1"
    bad = (
        good.replace("0.5", "NaN"),
        good.replace("official", "certain"),
        good.replace("2022-01-01", "2021-01-01"),
        good.replace("2021-01-01", "2021-02-30"),
        good.replace(",s,", ",,"),
        "only,three,cells",
    )

    with pytest.raises(ImportRefused) as refused:
        tables.parse_reference_rows("\n".join((header, good, *bad)), file="x.csv")

    assert [error.row for error in refused.value.rows] == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("text", ["", "a,b\n1,2", '"unclosed', "\x00"])
def test_text_that_is_no_reference_table_is_refused(text: str) -> None:
    with pytest.raises(ImportRefused):
        tables.parse_reference_rows(text, file="x.csv")


def test_a_negative_factor_is_refused(factor_set: FactorSet) -> None:
    row = dataclasses.replace(factor_set.rows[0], value="-1")

    with pytest.raises(Invalid):
        FactorSet(set_id="x", version="1", rows=(row,))


def test_every_methodology_names_its_measure(recipes: tuple[Methodology, ...]) -> None:
    measures = {recipe.methodology_id: recipe.measure for recipe in recipes}

    assert measures == {
        "article-2024-draft": Measure.OPERATIONAL_INCL_POWER,
        "guideline-draft-2024-03": Measure.OPERATIONAL_INCL_POWER,
        "cets-ag-04.01": Measure.ETS_DIRECT,
        "cets-direct-with-power": Measure.OPERATIONAL_INCL_POWER,
        "cets-direct-location-based": Measure.OPERATIONAL_INCL_POWER,
        "gb-t-44905-footprint": Measure.PRODUCT_FOOTPRINT,
        "cbam-unwrought-aluminium": Measure.CBAM_EMBEDDED,
        "copper-electrorefining": Measure.OPERATIONAL_INCL_POWER,
    }


def test_an_unknown_methodology_is_refused_with_the_known_ones(recipes: tuple[Methodology, ...]) -> None:
    with pytest.raises(NotFound) as refused:
        methodologies.find(recipes, "article-2025")

    assert refused.value.code == "methodology.unknown"
    assert "article-2024-draft, guideline-draft-2024-03, cets-ag-04.01" in refused.value.message


def test_a_methodology_binds_to_the_rows_it_pins(recipes: tuple[Methodology, ...], factor_set: FactorSet) -> None:
    bound = methodologies.bind(methodologies.find(recipes, "article-2024-draft"), factor_set)

    assert [row.value for row in bound.factor_rows()] == ["1.424", "0.1454", "0.5942"]
    assert bound.factor_set_hash == factor_set.content_hash()


def test_mixed_grid_calibres_are_refused(recipes: tuple[Methodology, ...]) -> None:
    recipe = methodologies.find(recipes, "article-2024-draft")
    mixed = tuple(
        dataclasses.replace(term, factor_ids={"per_kwh": "grid_average"}) if term.name == "grid_certificate" else term
        for term in recipe.terms
    )

    with pytest.raises(Invalid) as refused:
        dataclasses.replace(recipe, terms=mixed)

    assert refused.value.code == "methodology.mixed_calibres"


def test_a_factor_in_another_unit_is_refused_at_binding(
    recipes: tuple[Methodology, ...], factor_set: FactorSet
) -> None:
    kilograms = dataclasses.replace(
        factor_set,
        rows=tuple(
            dataclasses.replace(row, unit="kgCO2e/t") if row.row_id == "draft_anode_per_t" else row
            for row in factor_set.rows
        ),
    )

    with pytest.raises(Invalid) as refused:
        methodologies.bind(methodologies.find(recipes, "article-2024-draft"), kilograms)

    assert refused.value.code == "methodology.unit"
