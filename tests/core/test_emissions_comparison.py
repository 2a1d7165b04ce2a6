"""Two methodologies side by side: differences by component that sum exactly, and what cannot be compared."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.emissions.comparison import check_comparable, compare
from ledger.core.errors import Conflict, Invalid
from tests.core.test_emissions_methodologies import bound, month_of, year_of

DRAFT, FINAL = bound("article-2024-draft"), bound("cets-ag-04.01")
figure = st.integers(min_value=0, max_value=10**9).map(lambda each: str(Decimal(each) / 100))


def test_the_final_guideline_differs_from_the_draft_in_every_component() -> None:
    month = month_of(grid="1000000", net_anode_t="400", anode_effect_min_per_cell_day="0.25")

    compared = compare(year_of(DRAFT, month), year_of(FINAL, month))

    by_name = {each.name: each for each in compared.components}
    assert by_name["anode"].difference_t == 400 * Fraction("0.976") * Fraction(44, 12) - 1424
    assert by_name["pfc"].difference_t == Fraction("276.705") - Fraction("145.4")
    assert (by_name["grid"].first_t, by_name["grid"].second_t) == (Fraction("594.2"), None)
    assert by_name["grid"].difference_t == -Fraction("594.2")
    assert compared.intensity_difference_tco2e_per_t() == compared.emissions_difference_t / 1000


def test_a_component_of_one_alone_is_compared_with_nothing() -> None:
    month = month_of(grid="1000", alumina_t="1900")

    compared = compare(year_of(FINAL, month), year_of(bound("gb-t-44905-footprint"), month))

    alumina = next(each for each in compared.components if each.name == "alumina")
    assert (alumina.first_t, alumina.second_t) == (None, 1900 * Fraction("1.3"))


def test_other_months_are_another_activity() -> None:
    with pytest.raises(Invalid) as refused:
        compare(year_of(DRAFT, month_of()), year_of(FINAL, month_of(month="2025-02")))

    assert refused.value.code == "comparison.activity"


def test_methodologies_of_two_forms_are_not_compared() -> None:
    with pytest.raises(Conflict) as refused:
        check_comparable("aluminium-electrolysis", "copper-electrorefining")

    assert refused.value.code == "comparison.template"


@given(production=figure, grid=figure, contract=figure, minutes=figure)
def test_the_differences_of_the_components_sum_to_the_difference_exactly(
    production: str, grid: str, contract: str, minutes: str
) -> None:
    month = month_of(
        production=production, grid=grid, market_nonfossil_contract=contract, anode_effect_min_per_cell_day=minutes
    )

    forth = compare(year_of(DRAFT, month), year_of(FINAL, month))
    back = compare(year_of(FINAL, month), year_of(DRAFT, month))

    assert sum(each.difference_t for each in forth.components) == forth.emissions_difference_t
    assert back.emissions_difference_t == -forth.emissions_difference_t


def test_the_reasons_name_both_methodologies_and_are_told_in_both_languages() -> None:
    month = month_of(grid="1000000")

    tree = compare(year_of(DRAFT, month), year_of(FINAL, month)).explain()

    sources = " ".join(leaf.source for leaf in tree.leaves())
    assert "article-2024-draft version 1" in sources
    assert "cets-ag-04.01 version V01-2024" in sources
    assert all(leaf.label_zh for leaf in tree.leaves())
