"""The formulas: one component of a methodology applied to quantities, giving exact tonnes and the reason for them.

Owns the arithmetic of each formula and its source. Knows no month, no year, no product and no file; nothing is rounded
here except the digits an explanation shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from finance.conventions.explain import Explanation
from finance.conventions.tables import ReferenceRow
from finance.emissions.formulas import Formula, input_units
from finance.emissions.methodologies import BoundMethodology, BoundTerm, Scope
from ledger.core import amounts
from ledger.core.errors import Conflict

KG_PER_T = 1000

_SHOWN_PLACES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureLabel:
    """What an activity figure is called and measured in."""

    label_en: str
    label_zh: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """What the formulas need, exact: figures by key (``production_t``, ``grid_kwh``, ...) and how each is called.

    A figure that was not measured is absent. A figure without a label is shown by its key.
    """

    figures: Mapping[str, Fraction]
    labels: Mapping[str, FigureLabel] = field(default_factory=dict)
    origin: str

    def leaf(self, key: str) -> Explanation:
        """Return the leaf that names an activity figure and the row it stood in."""
        label = self.labels.get(key, FigureLabel(label_en=key, label_zh=key, unit=""))
        return Explanation(
            label_en=label.label_en,
            label_zh=label.label_zh,
            value=shown(self.figures[key]),
            unit=label.unit,
            source=self.origin,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmissionPart:
    """One component's exact emissions in tCO2e, whether the methodology counts it at all, how, and why.

    ``workings`` are figures on the way that a report form prints, such as ``cf4_kg_per_t``; the unit ends the name.
    """

    name: str
    emissions_t: Fraction
    is_counted: bool
    scope: Scope
    rule: Formula
    workings: Mapping[str, Fraction]
    explanation: Explanation


def emission_parts(bound: BoundMethodology, quantities: Quantities) -> tuple[EmissionPart, ...]:
    """Return one part for every component of the methodology, in its order; their exact sum is the emissions.

    The first way to compute a component whose figures are all there is used; none is ``emissions.figure_missing``.
    ``article-2024-draft`` with 1 t and 13,100 kWh of grid power: 1.424 + 0.1454 + 7.78402 tCO2e.
    """
    return tuple(_part(_chosen(bound, name, quantities), quantities) for name in bound.component_names())


def shown(value: Fraction, places: int = _SHOWN_PLACES) -> str:
    """Return the digits an explanation shows, half-up at ``places`` decimals; the exact value stands in the result."""
    return amounts.format_exact(value, places)


def factor_leaf(row: ReferenceRow) -> Explanation:
    """Return the leaf that names a factor row with its source, status and version."""
    return Explanation(
        label_en=row.label_en,
        label_zh=row.label_zh,
        value=row.value,
        unit=row.unit,
        source=f"{row.source} [{row.status}; {row.row_id} version {row.version}]",
    )


def _chosen(bound: BoundMethodology, name: str, quantities: Quantities) -> BoundTerm:
    ways = bound.alternatives(name)
    for way in ways:
        if set(way.term.inputs.values()) <= set(quantities.figures):
            _check_input_units(way, quantities)
            return way
    wanted = " or ".join(" and ".join(way.term.inputs.values()) for way in ways)
    raise Conflict(
        "emissions.figure_missing",
        f"{quantities.origin}: {bound.methodology.methodology_id} needs {wanted} for {name}; measure it and upload it",
        component=name,
        wanted=wanted[:200],
    )


def _check_input_units(bound: BoundTerm, quantities: Quantities) -> None:
    for role, unit in input_units(bound.term.rule, bound.factors).items():
        label = quantities.labels.get(bound.term.inputs[role])
        if unit is not None and label is not None and label.unit != unit:
            raise Conflict(
                "methodology.input_unit",
                f"{bound.term.inputs[role]}: expected the unit {unit} for {bound.term.name}, found {label.unit}",
                component=bound.term.name,
            )


def _part(bound: BoundTerm, quantities: Quantities) -> EmissionPart:
    term = bound.term
    worked = _FORMULAS[term.rule](_Given(bound=bound, quantities=quantities))
    is_counted = term.rule is not Formula.OUTSIDE
    return EmissionPart(
        name=term.name,
        emissions_t=worked.emissions_t,
        is_counted=is_counted,
        scope=term.scope,
        rule=term.rule,
        workings=worked.workings,
        explanation=Explanation(
            label_en=term.label_en if is_counted else f"{term.label_en} (outside the boundary)",
            label_zh=term.label_zh if is_counted else f"{term.label_zh} (核算边界外)",
            value=shown(worked.emissions_t),
            unit="tCO2e",
            formula=worked.formula,
            source=f"{term.source} [{term.status}]",
            children=(
                *(quantities.leaf(key) for key in dict.fromkeys(term.inputs.values())),
                *(factor_leaf(row) for row in bound.factors.values()),
            ),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """A component with its figures at hand."""

    bound: BoundTerm
    quantities: Quantities

    def figure(self, role: str) -> Fraction:
        return self.quantities.figures[self.bound.term.inputs[role]]

    def factor(self, role: str) -> Fraction:
        return Fraction(self.bound.factors[role].number())

    def has(self, role: str) -> bool:
        return role in self.bound.factors


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worked:
    emissions_t: Fraction
    formula: str
    workings: Mapping[str, Fraction] = field(default_factory=dict)


def _per_tonne(given: _Given) -> _Worked:
    """E = mass x factor (draft guideline 2024-03: 1.424 and 0.1454 tCO2e/t), or mass x use per tonne x factor."""
    if given.has("use_per_t"):
        return _Worked(
            emissions_t=given.figure("mass") * given.factor("use_per_t") * given.factor("per_t"),
            formula="mass x use per tonne x factor per tonne",
        )
    return _Worked(emissions_t=given.figure("mass") * given.factor("per_t"), formula="mass x factor per tonne")


def _mass_balance_carbon(given: _Given) -> _Worked:
    """E = net mass x (1 - S - ash) x 44/12 (CETS-AG-04.01-V01-2024): 0.411 t, 2 %, 0.4 % give 1.470832 t.

    With ``loss`` the mass is gross and net = gross x (1 - loss): 1 t gross at 15.18 % is 0.8482 t net. With ``use_per_t``
    the mass is the output and net = output x use per tonne.
    """
    net_t, formula = given.figure("mass"), "net mass"
    if given.has("loss"):
        net_t, formula = net_t * (1 - given.factor("loss")), "gross mass x (1 - loss)"
    if given.has("use_per_t"):
        net_t, formula = net_t * given.factor("use_per_t"), "output x use per tonne"
    carbon_share = 1 - given.factor("sulphur") - given.factor("ash")
    return _Worked(
        emissions_t=net_t * carbon_share * given.factor("co2") / given.factor("carbon"),
        formula=f"{formula} x (1 - sulphur - ash) x CO2 / C",
        workings={"net_mass_t": net_t},
    )


def _perfluorocarbons(given: _Given, cf4: Fraction, c2f6: Fraction, how: str) -> _Worked:
    """E = output x (EF_CF4 x GWP_CF4 + EF_C2F6 x GWP_C2F6) / 1000, EF in kg/t (CETS-AG-04.01-V01-2024)."""
    warming = cf4 * given.factor("gwp_cf4") + c2f6 * given.factor("gwp_c2f6")
    return _Worked(
        emissions_t=given.figure("output") * warming / KG_PER_T,
        formula=f"output x (CF4 x GWP + C2F6 x GWP) / 1000; {how}",
        workings={"cf4_kg_per_t": cf4, "c2f6_kg_per_t": c2f6},
    )


def _pfc_slope(given: _Given) -> _Worked:
    """EF_CF4 = slope x anode-effect minutes per cell-day, EF_C2F6 = ratio x EF_CF4 (CETS-AG-04.01-V01-2024).

    0.143 x 0.25 min = 0.03575 kg/t of CF4. Zero minutes are a measurement, not a missing one. The 3 and 4 decimals that
    the report form shows are display only.
    """
    cf4 = given.factor("slope") * given.figure("minutes")
    return _perfluorocarbons(given, cf4, given.factor("ratio") * cf4, "CF4 = slope x minutes, C2F6 = ratio x CF4")


def _pfc_default(given: _Given) -> _Worked:
    """EF_CF4 and EF_C2F6 by default: 0.034 and 0.0034 kg/t give 0.26316 t/t (CETS-AG-04.01-V01-2024)."""
    return _perfluorocarbons(given, given.factor("cf4_per_t"), given.factor("c2f6_per_t"), "default CF4 and C2F6")


def _energy_factor(given: _Given) -> _Worked:
    """E = kWh x kg/kWh / 1000, or GJ x t/GJ (draft guideline 2024-03): 13,500 kWh x 0.5942 = 8.0217 t."""
    if given.has("per_kwh"):
        return _Worked(
            emissions_t=given.figure("energy") * given.factor("per_kwh") / KG_PER_T, formula="kWh x factor / 1000"
        )
    return _Worked(emissions_t=given.figure("energy") * given.factor("per_gj"), formula="GJ x factor")


def _fuel_ncv(given: _Given) -> _Worked:
    """E = fuel x NCV x carbon content x oxidation x 44/12 (IPCC 2006 vol. 2 ch. 2, tier 2; Chinese corporate guidelines).

    1 unit x 389.31 GJ x 0.0153 tC/GJ x 99 % x 44/12 = 21.6219 t.
    """
    carbon_t = given.figure("fuel") * given.factor("ncv") * given.factor("carbon_per_gj")
    return _Worked(
        emissions_t=carbon_t * given.factor("oxidation") * given.factor("co2") / given.factor("carbon"),
        formula="fuel x NCV x carbon per GJ x oxidation x CO2 / C",
        workings={"carbon_t": carbon_t},
    )


def _zero(given: _Given) -> _Worked:
    """Power that the methodology counts as zero (draft guideline 2024-03)."""
    del given
    return _Worked(emissions_t=Fraction(0), formula="counted as zero by the methodology")


def _outside(given: _Given) -> _Worked:
    """Power outside the methodology's boundary: shown, not counted."""
    del given
    return _Worked(emissions_t=Fraction(0), formula="outside the boundary")


_FORMULAS = {
    Formula.PER_TONNE: _per_tonne,
    Formula.MASS_BALANCE_CARBON: _mass_balance_carbon,
    Formula.PFC_SLOPE: _pfc_slope,
    Formula.PFC_DEFAULT: _pfc_default,
    Formula.ENERGY_FACTOR: _energy_factor,
    Formula.FUEL_NCV: _fuel_ncv,
    Formula.ZERO: _zero,
    Formula.OUTSIDE: _outside,
}
