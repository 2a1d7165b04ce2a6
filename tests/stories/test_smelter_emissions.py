"""The smelter's emissions, worked with pencil and paper from the rows of its activity file."""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.stories.smelter import Smelter, decimal

ACTIVITY = Path(__file__).parents[2] / "examples" / "smelter" / "activity.csv"
ANODE_T_PER_T, PFC_T_PER_T = Decimal("1.424"), Decimal("0.1454")  # the draft guideline's defaults
POWER_KG_PER_KWH = Decimal("0.5942")


def rows_of(year: int) -> list[dict[str, Decimal]]:
    """Return the year's monthly figures by the English name in front of each heading."""
    with ACTIVITY.open(encoding="utf-8-sig", newline="") as file:
        return [
            {
                heading.partition(" ")[0]: Decimal(cell)
                for heading, cell in row.items()
                if heading.partition(" ")[0] not in {"month", "site"}
            }
            for row in csv.DictReader(file)
            if row["month 月份"].startswith(f"{year}-")
        ]


def total(year: int, column: str) -> Decimal:
    return sum((row[column] for row in rows_of(year)), Decimal(0))


def shown(value: Decimal | Fraction, digits: str) -> Decimal:
    """Return the figure as printed: half-up to as many decimals as ``digits`` has."""
    exact = Fraction(value)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(digits), rounding=ROUND_HALF_UP)


def with_power_t(year: int) -> Decimal:
    """Return what the year emitted by the draft guideline: cells by the tonne, coal and grid power by the kWh."""
    cells_t = total(year, "production_t") * (ANODE_T_PER_T + PFC_T_PER_T)
    return cells_t + (total(year, "captive_coal_kwh") + total(year, "grid_kwh")) * POWER_KG_PER_KWH / 1000


def direct_t(year: int) -> Fraction:
    """Return what the cells alone emitted: carbon of the anodes, and CF4 and C2F6 of the anode effects."""
    tonnes = Fraction(0)
    for row in rows_of(year):
        burnt_t = Fraction(row["net_anode_t"]) * Fraction("0.976") * 44 / 12  # less 2 % sulphur and 0.4 % ash
        cf4_kg_per_t = Fraction("0.143") * Fraction(row["anode_effect_min_per_cell_day"])
        warming_kg_per_t = cf4_kg_per_t * 6630 + cf4_kg_per_t / 10 * 11100
        tonnes += burnt_t + Fraction(row["production_t"]) * warming_kg_per_t / 1000
    return tonnes


def test_january_2024_is_the_cells_and_the_power_that_was_not_clean(smelter: Smelter) -> None:
    """42,318.60 t of aluminium; 360,125,000 kWh of coal power and 145,669,700 kWh of the grid's; the rest was non-fossil."""
    cells_t = Decimal("42318.60") * Decimal("1.5694")
    power_t = (360_125_000 + 145_669_700) * Decimal("0.5942") / 1000

    january = smelter.year("article-2024-draft", 2024)["months"][0]

    assert (cells_t, power_t) == (Decimal("66414.810840"), Decimal("300543.21074"))
    assert january["month"] == "2024-01"
    assert decimal(january["emissions"], "tCO2e") == shown(cells_t + power_t, "0.01") == Decimal("366958.02")
    assert decimal(january["intensity"], "tCO2e/t") == shown(
        Fraction(cells_t + power_t) / Fraction("42318.60"), "0.000001"
    )


def test_a_month_uses_about_thirteen_thousand_kwh_for_a_tonne(smelter: Smelter) -> None:
    january = rows_of(2024)[0]
    used_kwh = sum((value for name, value in january.items() if name.endswith("_kwh")), Decimal(0))
    dirty_kwh_per_t = (january["captive_coal_kwh"] + january["grid_kwh"]) / january["production_t"]

    intensity = decimal(smelter.year("article-2024-draft", 2024)["months"][0]["intensity"], "tCO2e/t")

    assert shown(used_kwh / january["production_t"], "1") == 13_342
    assert shown(dirty_kwh_per_t * POWER_KG_PER_KWH / 1000 + Decimal("1.5694"), "0.000001") == intensity


@pytest.mark.parametrize(("year", "printed"), [(2024, "8.536201"), (2025, "8.163562")])
def test_a_years_intensity_is_all_its_tonnes_over_all_its_aluminium(smelter: Smelter, year: int, printed: str) -> None:
    found = smelter.year("article-2024-draft", year)

    assert decimal(found["production"], "t") == total(year, "production_t")
    assert decimal(found["emissions"], "tCO2e") == shown(with_power_t(year), "0.01")
    by_hand = shown(Fraction(with_power_t(year)) / Fraction(total(year, "production_t")), "0.000001")
    assert decimal(found["intensity"], "tCO2e/t") == by_hand == Decimal(printed)


def test_a_years_intensity_is_not_the_mean_of_its_months(smelter: Smelter) -> None:
    found = smelter.year("article-2024-draft", 2025)

    mean = sum((decimal(month["intensity"], "tCO2e/t") for month in found["months"]), Decimal(0)) / 12

    assert len(found["months"]) == 12
    assert shown(mean, "0.000001") != decimal(found["intensity"], "tCO2e/t")


@pytest.mark.parametrize(
    ("year", "share", "kwh"), [(2024, "0.119457", 6_663_808_000), (2025, "0.164992", 6_668_432_700)]
)
def test_clean_power_counts_nothing_and_its_share_grew(smelter: Smelter, year: int, share: str, kwh: int) -> None:
    clean_kwh = total(year, "own_nonfossil_direct_kwh") + total(year, "market_nonfossil_contract_kwh")
    all_kwh = clean_kwh + total(year, "captive_coal_kwh") + total(year, "grid_kwh")

    found = smelter.year("article-2024-draft", year)

    assert decimal(found["parts"]["own_nonfossil_direct"], "tCO2e") == 0
    assert decimal(found["parts"]["market_nonfossil_contract"], "tCO2e") == 0
    assert decimal(found["ac_electricity"], "kWh") == all_kwh == kwh
    assert decimal(found["zero_emission_share"], "1") == shown(clean_kwh / all_kwh, "0.000001") == Decimal(share)


@pytest.mark.parametrize(("year", "printed"), [(2024, "873026.08"), (2025, "860481.83")])
def test_the_law_counts_only_anodes_and_anode_effects(smelter: Smelter, year: int, printed: str) -> None:
    found = smelter.year("cets-ag-04.01", year)

    assert sorted(found["parts"]) == ["anode", "pfc"]
    assert found["measure"] == "ets_direct"
    assert decimal(found["emissions"], "tCO2e") == shown(direct_t(year), "0.01") == Decimal(printed)
    assert decimal(found["intensity"], "tCO2e/t") == shown(
        direct_t(year) / Fraction(total(year, "production_t")), "0.000001"
    )


def test_clean_power_moves_the_usual_figure_and_hardly_the_one_the_law_counts(smelter: Smelter) -> None:
    change = {}
    for methodology in ("article-2024-draft", "cets-ag-04.01"):
        before, after = (decimal(smelter.year(methodology, year)["intensity"], "tCO2e/t") for year in (2024, 2025))
        change[methodology] = shown((after / before - 1) * 100, "0.01")

    assert change == {"article-2024-draft": Decimal("-4.37"), "cets-ag-04.01": Decimal("-1.69")}


@pytest.mark.parametrize("methodology", ["article-2024-draft", "cets-ag-04.01"])
@pytest.mark.parametrize("year", [2024, 2025])
def test_the_parts_of_a_year_make_its_whole(smelter: Smelter, methodology: str, year: int) -> None:
    found = smelter.year(methodology, year)

    parts = sum(decimal(part, "tCO2e") for part in found["parts"].values())

    # each part is printed to the hundredth, so the sum of six may be three hundredths off
    assert abs(parts - decimal(found["emissions"], "tCO2e")) <= Decimal("0.03")
