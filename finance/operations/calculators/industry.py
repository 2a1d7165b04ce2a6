"""Questions about the whole industry: the balance of the first article's rule, and the law's balance value of plants.

Reads inputs, asks the industry cores with the shipped rows, and words the answer. Owns the columns of a table of plants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from finance.compliance.industry import Plant, PlantBalance
from finance.compliance.industry_scenario import NOT_LAW_EN, generated_plants, industry_scenario
from finance.conventions.exact_text import decimal_text
from finance.operations import industry
from finance.operations.calculators.answers import Figure, Line, Worked
from finance.operations.calculators.inputs import Inputs, Kind, Parameter, amount_of
from ledger.core.errors import Invalid

_STEP = Fraction(1, 100)
# Anyone may ask without a key, so a question stays small; with a key the routes take more plants.
_MOST_PLANTS = 500
_INTENSITY = "tCO2e/t"
_COLUMNS = ("emissions_t", "intensity", "name")
_LARGEST_SEED = 2**63 - 1

BENCHMARK_QUESTION = "At which benchmark would the industry balance if power counted, as the first article assumes?"
BENCHMARK_PARAMETERS = (
    Parameter(
        name="methodology",
        meaning="a methodology that counts power, such as article-2024-draft",
        example="article-2024-draft",
    ),
    *(
        Parameter(name=name, meaning=meaning, unit=unit, example=example, is_required=False)
        for name, meaning, unit, example in (
            ("plants", "number of plants", "1", "87"),
            ("output_t", "output of the industry", "t", "40000000"),
            ("ac_low", "lowest AC power use", "kWh/t", "12750"),
            ("ac_high", "highest AC power use", "kWh/t", "13450"),
            ("ac_mean", "mean AC power use", "kWh/t", "13100"),
            ("ac_threshold", "power use below which a known share lies", "kWh/t", "13000"),
            ("ac_share_below", "that share, 0 to 1", "1", "0.2"),
            ("green_share", "share of the power that counts as zero, 0 to 1", "1", "0.0115384615"),
            ("green_plants", "how many plants use that power; without it all do", "1", "3"),
            ("seed", "draws which plants those are", "1", "7"),
            ("benchmark", "benchmark to judge the plants at; without it the balance one", _INTENSITY, "9.264"),
        )
    ),
)

BALANCE_QUESTION = "Which balance value (BP) do these plants give under the law, and who is short?"
BALANCE_PARAMETERS = (
    Parameter(
        name="plants",
        meaning="plants with name, emissions_t (direct, tCO2e) and intensity (tCO2e/t)",
        kind=Kind.ROWS,
        example=(
            {"name": "north", "emissions_t": "800000", "intensity": "1.50"},
            {"name": "south", "emissions_t": "800000", "intensity": "1.70"},
        ),
    ),
    Parameter(name="year", meaning="compliance year, such as 2025", example="2025"),
    Parameter(
        name="published_value",
        meaning="published BP to judge the plants at; without it their own",
        unit=_INTENSITY,
        example="1.60",
        is_required=False,
    ),
)


def benchmark(inputs: Inputs) -> Worked:
    """Return the balance benchmark of a generated industry, the balances at a benchmark, and what moves it.

    The article's own numbers give 9.2636 tCO2e/t; a benchmark of 9 leaves 10.5 Mt short.
    """
    names = ("ac_low", "ac_high", "ac_mean", "ac_threshold")
    given = {name: inputs.amount(name) for name in names if inputs.has(name)}
    given |= {name: inputs.share(name) for name in ("ac_share_below", "green_share") if inputs.has(name)}
    given |= {"plants": Fraction(_count(inputs, "plants", _MOST_PLANTS))} if inputs.has("plants") else {}
    given |= {"output_t": inputs.above_zero("output_t")} if inputs.has("output_t") else {}
    scenario = industry_scenario(
        generated_plants(
            industry.assumed_industry(
                given=given,
                green_plants=_count(inputs, "green_plants", _MOST_PLANTS) if inputs.has("green_plants") else None,
                seed=_count(inputs, "seed", _LARGEST_SEED) if inputs.has("seed") else 0,
            )
        ),
        industry.power_factors(inputs.text("methodology")),
        benchmark=inputs.above_zero("benchmark") if inputs.has("benchmark") else None,
        step=_STEP,
    )
    balance = scenario.balance
    return Worked(
        figures=(
            Figure(name="balance_benchmark", value=decimal_text(scenario.benchmark), unit=_INTENSITY),
            Figure(name="judged_at", value=decimal_text(balance.value), unit=_INTENSITY),
            Figure(name="breakeven_kwh_per_t", value=decimal_text(scenario.breakeven_kwh_per_t), unit="kWh/t"),
            Figure(name="surplus_t", value=str(balance.surplus_t), unit="t"),
            Figure(name="shortage_t", value=str(balance.shortage_t), unit="t"),
            Figure(name="net_t", value=str(balance.net_t), unit="t"),
            Figure(name="plants_short", value=str(balance.short_count)),
            Figure(
                name="sensitivities",
                value=tuple(
                    {
                        "change": each.change_en,
                        "benchmark_tco2e_per_t": decimal_text(each.benchmark, places=6),
                        "delta_tco2e_per_t": decimal_text(each.delta, places=6),
                    }
                    for each in scenario.sensitivities
                ),
            ),
            Figure(name="note", value=NOT_LAW_EN),
        ),
        formula="sum of output x (direct + AC / 1000 x factor x (1 - green share)) / sum of output",
        sources=tuple(industry.assumption_rows().values()),
    )


def balance(inputs: Inputs) -> Worked:
    """Return the BP that plants give under the law, and each plant's surplus or shortage.

    800,000 t each at 1.50 and 1.70 tCO2e/t give 1.6 exactly: 7,500 t too much and 7,500 t short.
    """
    plants = parse_plants(inputs.rows("plants"))
    value = inputs.above_zero("published_value") if inputs.has("published_value") else None
    found = industry.law_balance(inputs.year("year"), plants, value=value)
    return Worked(
        figures=(
            Figure(name="balance_value", value=decimal_text(found.found.low), unit=_INTENSITY),
            Figure(name="balance_value_to", value=decimal_text(found.found.high), unit=_INTENSITY),
            Figure(name="judged_at", value=decimal_text(found.balance.value), unit=_INTENSITY),
            Figure(name="surplus_t", value=str(found.balance.surplus_t), unit="t"),
            Figure(name="shortage_t", value=str(found.balance.shortage_t), unit="t"),
            Figure(name="net_t", value=str(found.balance.net_t), unit="t"),
            Figure(name="plants_short", value=str(found.balance.short_count)),
            Figure(name="plants", value=tuple(_line(each) for each in found.balance.plants)),
        ),
        formula="BP solves sum of E x alpha = 0, alpha = slope x (BP - I) / BP within the caps; A = floor(E x (1 + alpha))",
        sources=found.rule.rows,
    )


def parse_plants(rows: Sequence[Mapping[str, str]]) -> tuple[Plant, ...]:
    """Return plants from rows of exactly name, emissions_t and intensity; a bad cell is refused by its place."""
    if not 0 < len(rows) <= _MOST_PLANTS:
        raise Invalid("calc.plants", f"plants: expected 1 to {_MOST_PLANTS} plants", field="plants")
    found = []
    for index, row in enumerate(rows):
        place = f"plants[{index}]"
        if tuple(sorted(row)) != _COLUMNS:
            raise Invalid(
                "calc.plant_fields", f"{place}: expected exactly the fields name, emissions_t, intensity", field=place
            )
        emitted = amount_of(row["emissions_t"], field=f"{place}.emissions_t")
        intensity = amount_of(row["intensity"], field=f"{place}.intensity")
        if not emitted or not intensity:
            raise Invalid("calc.plant_zero", f"{place}: expected emissions_t and intensity above zero", field=place)
        try:
            found.append(Plant(name=row["name"].strip(), output_t=emitted / intensity, intensity=intensity))
        except Invalid as error:
            raise Invalid(error.code, f"{place}.{error.message}", field=place) from error
    return tuple(found)


def _line(each: PlantBalance) -> Line:
    return {
        "name": each.plant.name,
        "due_t": str(each.due_t),
        "alpha": None if each.alpha is None else decimal_text(each.alpha),
        "allocation_t": str(each.allocation_t),
        "surplus_t": str(each.surplus_t),
    }


def _count(inputs: Inputs, name: str, most: int) -> int:
    value = inputs.amount(name)
    if value.denominator != 1 or value > most:
        raise Invalid("calc.count", f"{name}: expected a whole number of at most {most}", field=name)
    return value.numerator
