"""The closed set of formulas a methodology may use, with the figures and factors each one needs and their units.

Owns which roles a formula has; ``parts`` owns the arithmetic. Knows no product: a methodology names the figure and the
factor row of every role as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from finance.conventions.tables import ReferenceRow
from ledger.core.errors import Invalid


class Formula(StrEnum):
    """How a component of a methodology is computed."""

    PER_TONNE = "per_tonne"  # mass x factor per tonne
    MASS_BALANCE_CARBON = "mass_balance_carbon"  # carbon of a consumed material, burnt to CO2
    PFC_SLOPE = "pfc_slope"  # perfluorocarbons from measured anode-effect minutes
    PFC_DEFAULT = "pfc_default"  # perfluorocarbons from default kg per tonne
    ENERGY_FACTOR = "energy_factor"  # energy x emission factor
    FUEL_NCV = "fuel_ncv"  # fuel x net calorific value x carbon content x oxidation
    ZERO = "zero"  # inside the boundary and counted as zero
    OUTSIDE = "outside"  # not in the boundary: reported as such, never as a zero emission


KWH_FACTOR_UNITS = frozenset({"kgCO2/kWh", "kgCO2e/kWh"})
_TONNE_FACTOR_UNITS = frozenset({"tCO2/t", "tCO2e/t"})
_ONE = frozenset({"1"})
_MOLAR = frozenset({"g/mol"})
_GASES: Mapping[str, frozenset[str]] = {"gwp_cf4": frozenset({"tCO2e/t"}), "gwp_c2f6": frozenset({"tCO2e/t"})}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaNeeds:
    """The roles of one formula: figures of the month, factor rows with the units they may carry, optional factor rows.

    ``energy`` formulas take exactly one of several factor roles, listed in ``one_of``.
    """

    inputs: tuple[str, ...]
    factors: Mapping[str, frozenset[str]]
    optional: Mapping[str, frozenset[str]]
    one_of: Mapping[str, frozenset[str]]

    def units_of(self, role: str) -> frozenset[str] | None:
        """Return the units that a factor role may carry, None for a role the formula does not have."""
        return self.factors.get(role) or self.optional.get(role) or self.one_of.get(role)

    def fits(self, roles: frozenset[str]) -> bool:
        """Return whether ``roles`` are exactly what the formula needs."""
        allowed = set(self.factors) | set(self.optional) | set(self.one_of)
        return set(self.factors) <= roles <= allowed and (not self.one_of or len(roles & set(self.one_of)) == 1)


def _needs(
    inputs: tuple[str, ...],
    factors: Mapping[str, frozenset[str]] | None = None,
    *,
    optional: Mapping[str, frozenset[str]] | None = None,
    one_of: Mapping[str, frozenset[str]] | None = None,
) -> FormulaNeeds:
    return FormulaNeeds(inputs=inputs, factors=factors or {}, optional=optional or {}, one_of=one_of or {})


NEEDS: Mapping[Formula, FormulaNeeds] = {
    Formula.PER_TONNE: _needs(("mass",), {"per_t": _TONNE_FACTOR_UNITS}, optional={"use_per_t": frozenset({"t/t"})}),
    Formula.MASS_BALANCE_CARBON: _needs(
        ("mass",),
        {"sulphur": _ONE, "ash": _ONE, "co2": _MOLAR, "carbon": _MOLAR},
        optional={"use_per_t": frozenset({"t/t"}), "loss": _ONE},
    ),
    Formula.PFC_SLOPE: _needs(
        ("output", "minutes"),
        {"slope": frozenset({"kgCF4/t per min/cell-day"}), "ratio": frozenset({"kgC2F6/kgCF4"}), **_GASES},
    ),
    Formula.PFC_DEFAULT: _needs(
        ("output",), {"cf4_per_t": frozenset({"kgCF4/t"}), "c2f6_per_t": frozenset({"kgC2F6/t"}), **_GASES}
    ),
    Formula.ENERGY_FACTOR: _needs(
        ("energy",), one_of={"per_kwh": KWH_FACTOR_UNITS, "per_gj": frozenset({"tCO2/GJ", "tCO2e/GJ"})}
    ),
    Formula.FUEL_NCV: _needs(
        ("fuel",),
        {
            "ncv": frozenset({"GJ/t", "GJ/10k m3"}),
            "carbon_per_gj": frozenset({"tC/GJ"}),
            "oxidation": _ONE,
            "co2": _MOLAR,
            "carbon": _MOLAR,
        },
    ),
    Formula.ZERO: _needs(("energy",)),
    Formula.OUTSIDE: _needs(("energy",)),
}


def input_units(formula: Formula, factors: Mapping[str, ReferenceRow]) -> Mapping[str, str | None]:
    """Return the unit that the figure of each role must have, None where any will do.

    A fuel follows its calorific value: ``GJ/10k m3`` wants the fuel in ``10k m3``.
    """
    match formula:
        case Formula.PER_TONNE | Formula.MASS_BALANCE_CARBON:
            return {"mass": "t"}
        case Formula.PFC_SLOPE:
            return {"output": "t", "minutes": "min/cell-day"}
        case Formula.PFC_DEFAULT:
            return {"output": "t"}
        case Formula.ENERGY_FACTOR:
            return {"energy": "kWh" if "per_kwh" in factors else "GJ"}
        case Formula.FUEL_NCV:
            return {"fuel": factors["ncv"].unit.removeprefix("GJ/")}
        case _:
            return {"energy": None}


def check_units(formula: Formula, rows: Mapping[str, ReferenceRow]) -> None:
    """Raise ``methodology.unit`` when a factor row carries a unit that its role does not take."""
    for role, row in rows.items():
        units = NEEDS[formula].units_of(role) or frozenset()
        if row.unit not in units:
            raise Invalid(
                "methodology.unit",
                f"{row.row_id}: expected the unit {' or '.join(sorted(units))} for {role}, found {row.unit}",
                row_id=row.row_id,
            )
