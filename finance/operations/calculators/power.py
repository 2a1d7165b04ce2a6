"""Questions about power: the intensity of a power use, the power use that meets a benchmark, green power against a price.

Reads inputs, asks the emission and parity cores with the shipped methodologies and factors, and words the answer.
"""

from __future__ import annotations

from datetime import date

from finance.conventions.exact_text import decimal_text
from finance.conventions.tables import ReferenceRow, ReferenceStatus
from finance.decisions import parity
from finance.emissions import calculators
from finance.emissions.methodologies import BoundMethodology
from finance.operations.calculators.answers import Figure, Worked
from finance.operations.calculators.inputs import Inputs
from finance.store import reference
from ledger.core import amounts
from ledger.core.errors import Invalid

_INTENSITY_UNIT = "tCO2e/t"


def intensity(inputs: Inputs) -> Worked:
    """Return the intensity of one tonne of liquid aluminium and its anode, PFC and electricity parts.

    ``ac_kwh_per_t`` of AC power of which ``zero_emission_share`` counts as zero; defaults of the methodology. 13,100 kWh/t with a share
    of 0.0115384615 under ``article-2024-draft`` give 9.2636 tCO2e/t (Article A).
    """
    grid_factor = None
    if inputs.has("grid_factor_kg_per_kwh"):
        inputs.amount("grid_factor_kg_per_kwh")
        grid_factor = amounts.parse_decimal(inputs.text("grid_factor_kg_per_kwh"), field="grid_factor_kg_per_kwh")
    bound = reference.shipped_methodology(inputs.text("methodology"))
    answer = calculators.intensity_of(
        bound,
        ac_kwh_per_t=inputs.amount("ac_kwh_per_t"),
        zero_emission_share=inputs.share("zero_emission_share"),
        grid_factor_kg_per_kwh=grid_factor,
    )
    return Worked(
        figures=(
            Figure(
                name="intensity_tco2e_per_t", value=decimal_text(answer.intensity_tco2e_per_t), unit=_INTENSITY_UNIT
            ),
            Figure(name="anode_tco2e_per_t", value=decimal_text(answer.anode_tco2e_per_t), unit=_INTENSITY_UNIT),
            Figure(name="pfc_tco2e_per_t", value=decimal_text(answer.pfc_tco2e_per_t), unit=_INTENSITY_UNIT),
            Figure(
                name="electricity_tco2e_per_t", value=decimal_text(answer.electricity_tco2e_per_t), unit=_INTENSITY_UNIT
            ),
            *_methodology(bound),
        ),
        formula=answer.formula,
        sources=answer.factors,
    )


def breakeven(inputs: Inputs) -> Worked:
    """Return the AC power use, all of it at the grid factor, at which the intensity equals the benchmark.

    9.264 tCO2e/t under ``article-2024-draft`` gives 12,949.5 kWh/t (Article A).
    """
    bound = reference.shipped_methodology(inputs.text("methodology"))
    answer = calculators.breakeven(bound, benchmark_tco2e_per_t=inputs.amount("benchmark"))
    return Worked(
        figures=(
            Figure(name="ac_kwh_per_t", value=decimal_text(answer.ac_kwh_per_t), unit="kWh/t"),
            Figure(name="direct_tco2e_per_t", value=decimal_text(answer.direct_tco2e_per_t), unit=_INTENSITY_UNIT),
            *_methodology(bound),
        ),
        formula=answer.formula,
        sources=answer.factors,
    )


def parity_of(inputs: Inputs) -> Worked:
    """Return the carbon price that a green premium equals, or the premium that a price equals: exactly one is given.

    0.06 CNY/kWh at 0.5942 kg/kWh equals 100.976 CNY/t; 100 CNY/t equals 0.05942 CNY/kWh (Article A).
    """
    if inputs.has("premium_cny_per_kwh") == inputs.has("price_cny_per_t"):
        raise Invalid(
            "calc.parity_one_of",
            "premium_cny_per_kwh: expected either premium_cny_per_kwh or price_cny_per_t, exactly one of the two",
            field="premium_cny_per_kwh",
        )
    factor = inputs.above_zero("factor_kg_per_kwh")
    if inputs.has("price_cny_per_t"):
        found = parity.premium_at(price_cny_per_t=inputs.amount("price_cny_per_t"), factor_kg_per_kwh=factor)
        figure = Figure(name="premium_cny_per_kwh", value=decimal_text(found.premium_cny_per_kwh), unit="CNY/kWh")
    else:
        found = parity.price_at(premium_cny_per_kwh=inputs.amount("premium_cny_per_kwh"), factor_kg_per_kwh=factor)
        figure = Figure(name="price_cny_per_t", value=decimal_text(found.price_cny_per_t), unit="CNY/t")
    return Worked(figures=(figure,), formula=found.formula, sources=(_given_factor(inputs.text("factor_kg_per_kwh")),))


def _methodology(bound: BoundMethodology) -> tuple[Figure, ...]:
    return (
        Figure(name="measure", value=bound.methodology.measure.value),
        Figure(name="methodology_version", value=bound.methodology.version),
        Figure(name="factor_set_version", value=bound.factor_set_version),
    )


def _given_factor(text: str) -> ReferenceRow:
    return ReferenceRow(
        row_id="factor_kg_per_kwh",
        value=text,
        unit="kgCO2/kWh",
        effective_from=date.min,
        effective_to=None,
        region="CN",
        label_en="grid factor given as input",
        label_zh="输入的电网排放因子",
        source="input",
        status=ReferenceStatus.ASSUMED,
        version="input",
    )
