"""Questions without a plant: the intensity of a given power use, and the power use that meets a benchmark.

Owns the two answers and their words. Uses the same terms and formulas as the monthly figures (one code path) on one
tonne of product with the methodology's defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from finance.conventions.explain import Explanation
from finance.conventions.tables import ReferenceRow, ReferenceStatus
from finance.emissions import parts
from finance.emissions.methodologies import BoundMethodology, TermName
from finance.emissions.parts import EmissionPart, Quantities
from finance.emissions.sources import PRODUCTION, PowerSource, power_field
from ledger.core.errors import Invalid

_ONE_TONNE = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntensityAnswer:
    """The exact intensity in tCO2e/t and its parts (of one tonne, so a part's ``emissions_t`` is per tonne)."""

    intensity_tco2e_per_t: Fraction
    anode_tco2e_per_t: Fraction
    pfc_tco2e_per_t: Fraction
    electricity_tco2e_per_t: Fraction
    parts: tuple[EmissionPart, ...]
    formula: str
    factors: tuple[ReferenceRow, ...]
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakevenAnswer:
    """The AC power use in kWh/t at which the intensity equals the benchmark, exact."""

    ac_kwh_per_t: Fraction
    direct_tco2e_per_t: Fraction
    formula: str
    factors: tuple[ReferenceRow, ...]


def intensity_of(
    bound: BoundMethodology,
    *,
    ac_kwh_per_t: Fraction,
    zero_emission_share: Fraction,
    grid_factor_kg_per_kwh: Decimal | None = None,
) -> IntensityAnswer:
    """Return the intensity at a power use of which a share is zero-emission.

    ``ac_kwh_per_t`` is zero or more, ``zero_emission_share`` from 0 to 1 inclusive. I = anode + PFC + ac / 1000 x
    factor x (1 - share) (draft guideline 2024-03; Article A: 13,100 kWh and 60/5200 give 9.2636). Power enters only
    where the methodology counts it; a grid factor given to one that does not is ``methodology.no_power``.
    """
    if ac_kwh_per_t < 0:
        raise Invalid("intensity.ac_kwh_per_t", "ac_kwh_per_t: expected zero or more kWh per tonne")
    if not 0 <= zero_emission_share <= 1:
        raise Invalid("intensity.zero_emission_share", "zero_emission_share: expected a share from 0 to 1")
    recipe = bound if grid_factor_kg_per_kwh is None else bound.with_power_factor(_given(grid_factor_kg_per_kwh))
    quantities = _one_tonne(ac_kwh_per_t, zero_emission_share)
    found = parts.emission_parts(recipe, quantities)
    by_name = {part.name: part.emissions_t for part in found}
    total = sum(by_name.values(), Fraction(0))
    electricity = sum((by_name[source] for source in PowerSource), Fraction(0))
    direct = _direct_words(recipe)
    formula = (
        f"{direct} + ac_kwh_per_t / 1000 x grid factor x (1 - zero_emission_share)"
        if recipe.power_factor() is not None
        else f"{direct}; this methodology counts no electricity"
    )
    return IntensityAnswer(
        intensity_tco2e_per_t=total,
        anode_tco2e_per_t=by_name.get(TermName.ANODE, Fraction(0)),
        pfc_tco2e_per_t=by_name.get(TermName.PFC, Fraction(0)),
        electricity_tco2e_per_t=electricity,
        parts=found,
        formula=formula,
        factors=_used(recipe),
        explanation=Explanation(
            label_en="intensity of one tonne of product",
            label_zh="吨产品排放强度",
            value=parts.shown(total),
            unit="tCO2e/t",
            formula=formula,
            source=f"methodology {recipe.methodology.methodology_id} version {recipe.methodology.version}",
            children=tuple(part.explanation for part in found),
        ),
    )


def breakeven(bound: BoundMethodology, *, benchmark_tco2e_per_t: Fraction) -> BreakevenAnswer:
    """Return the AC power use, all of it at the grid factor, at which the intensity equals the benchmark.

    ac = (benchmark - anode - PFC) / factor x 1000 (Article A: 9.264 gives 12,949.5 kWh/t). A methodology without
    power raises ``methodology.no_power``, a benchmark below the direct emissions ``breakeven.below_direct``, a zero
    factor ``breakeven.zero_factor``.
    """
    row = bound.power_factor()
    if row is None:
        raise Invalid(
            "methodology.no_power",
            f"{bound.methodology.methodology_id}: counts no electricity, so no power use meets a benchmark; "
            "choose a methodology of operational_incl_power",
            methodology_id=bound.methodology.methodology_id,
        )
    without_power = parts.emission_parts(bound, _one_tonne(Fraction(0), Fraction(0)))
    direct = sum((part.emissions_t for part in without_power), Fraction(0))
    if benchmark_tco2e_per_t < direct:
        raise Invalid(
            "breakeven.below_direct",
            f"benchmark: expected at least the direct emissions of {parts.shown(direct)} tCO2e/t",
            direct_tco2e_per_t=parts.shown(direct),
        )
    factor = Fraction(row.number())
    if factor == 0:
        raise Invalid(
            "breakeven.zero_factor", "grid factor: expected above zero, or every power use meets the benchmark"
        )
    return BreakevenAnswer(
        ac_kwh_per_t=(benchmark_tco2e_per_t - direct) / factor * parts.KG_PER_T,
        direct_tco2e_per_t=direct,
        formula=f"(benchmark - {_direct_words(bound).replace(' + ', ' - ')}) / grid factor x 1000",
        factors=_used(bound),
    )


def _one_tonne(ac_kwh_per_t: Fraction, zero_emission_share: Fraction) -> Quantities:
    zero_kwh = ac_kwh_per_t * zero_emission_share
    kwh = {
        PowerSource.GRID: ac_kwh_per_t - zero_kwh,
        PowerSource.OWN_NONFOSSIL_DIRECT: zero_kwh,
    }
    power = {power_field(source): kwh.get(source, Fraction(0)) for source in PowerSource}
    return Quantities(figures={PRODUCTION: _ONE_TONNE, **power}, origin="input")


def _direct_words(bound: BoundMethodology) -> str:
    names = [name for name in bound.component_names() if name not in set(PowerSource)]
    return " + ".join("PFC" if name == TermName.PFC else name.replace("_", " ") for name in names)


def _used(bound: BoundMethodology) -> tuple[ReferenceRow, ...]:
    """The rows that the answer rests on: each component by the way that asks for no measurement, none was given."""
    given = {PRODUCTION, *map(power_field, PowerSource)}
    ways = [
        next(way for way in bound.alternatives(name) if set(way.term.inputs.values()) <= given)
        for name in bound.component_names()
    ]
    return tuple(dict.fromkeys(row for way in ways for row in way.factors.values()))


def _given(grid_factor_kg_per_kwh: Decimal) -> ReferenceRow:
    if not grid_factor_kg_per_kwh.is_finite() or grid_factor_kg_per_kwh < 0:
        raise Invalid("intensity.grid_factor", "grid_factor_kg_per_kwh: expected zero or more kg per kWh")
    return ReferenceRow(
        row_id="grid_factor_given",
        value=f"{grid_factor_kg_per_kwh:f}",
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
