"""Free allocation of captive power plants (自备电厂), unit by unit, for a compliance year.

Owns the formula A = Ae + Ah with its load correction, and the two floors on a shortage. Knows no holding, no price and
no date of today; every number of the rule arrives as a row. Bought power is no part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import floor

from finance.compliance import load_correction
from finance.compliance import rules as rule_rows
from finance.compliance.allocation import due_tonnes, row_leaf
from finance.compliance.load_correction import Bracket, LoadCorrection
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.conventions.rounding import ALLOWANCE_QUANTITY
from finance.conventions.tables import ReferenceRow, ReferenceSet
from ledger.core import amounts
from ledger.core.amounts import MAX_UNITS
from ledger.core.errors import Invalid, NotFound

_MOST_UNITS = 1_000
_LONGEST_ID = 64


class UnitClass(StrEnum):
    """The class of a generating unit: three of coal, one of gas (power plans, table of benchmarks)."""

    COAL_1 = "coal_1"  # conventional coal above the 300 MW class
    COAL_2 = "coal_2"  # conventional coal up to the 300 MW class
    COAL_3 = "coal_3"  # gangue, slurry, circulating fluidised bed
    GAS_4 = "gas_4"

    @property
    def is_gas(self) -> bool:
        """Return whether the unit burns gas: no load correction, and never a shortage of its own."""
        return self is UnitClass.GAS_4


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerUnit:
    """One unit's year: electricity and heat supplied, load, and its verified direct emissions.

    ``load_factor`` is a share of the rated output, 0 to 1 inclusive (a unit that ran above its rating is entered with
    1), needed for coal that supplied electricity. Emissions of bought power do not count and are not entered.
    """

    unit_id: str
    unit_class: UnitClass
    electricity_mwh: Fraction
    heat_gj: Fraction
    load_factor: Fraction | None
    emissions_t: Fraction

    def __post_init__(self) -> None:
        """Refuse each fact outside its bounds."""
        if not self.unit_id.strip() or len(self.unit_id) > _LONGEST_ID or not self.unit_id.isprintable():
            raise Invalid("power.unit_id", f"unit_id: expected 1 to {_LONGEST_ID} printable characters")
        for field in ("electricity_mwh", "heat_gj", "emissions_t"):
            if not 0 <= getattr(self, field) <= MAX_UNITS:
                raise Invalid(f"power.{field}", f"{field}: expected zero to 10^15", unit_id=self.unit_id)
        if self.load_factor is not None and not 0 <= self.load_factor <= 1:
            raise Invalid(
                "power.load_factor",
                "load_factor: expected a share of the rated output from 0 to 1, such as 0.55",
                unit_id=self.unit_id,
            )
        if self.load_factor is None and not self.unit_class.is_gas and self.electricity_mwh:
            raise Invalid("power.load_missing", "load_factor: expected a value for a coal unit", unit_id=self.unit_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRule:
    """One year's rule: benchmarks by class (tCO2/MWh) and fuel (tCO2/GJ), the load correction and the two floors."""

    year: int
    electricity: Mapping[UnitClass, ReferenceRow]
    heat_coal: ReferenceRow
    heat_gas: ReferenceRow
    correction: LoadCorrection
    entity_floor: ReferenceRow
    gas_floor: ReferenceRow
    indirect: ReferenceRow

    def heat_row(self, unit_class: UnitClass) -> ReferenceRow:
        """Return the heat benchmark of the class's fuel."""
        return self.heat_gas if unit_class.is_gas else self.heat_coal


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitAllocation:
    """One unit's allocation, whole tonnes: by formula, floored, and after the gas floor."""

    unit: PowerUnit
    correction: Bracket
    formula_t: int
    allocation_t: int
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerAllocation:
    """All units of an entity: their sum, and what it was topped up to by the cap on the shortage."""

    year: int
    units: tuple[UnitAllocation, ...]
    emissions_t: Fraction
    formula_t: int
    allocation_t: int
    is_topped_up: bool
    explanation: Explanation

    @property
    def due_t(self) -> int:
        """Return the allowances due for the units' verified emissions, floored."""
        return due_tonnes(self.emissions_t)


def power_rule(rules: ReferenceSet, year: int) -> PowerRule:
    """Return the power rule of compliance year ``year``; none raises ``power.no_rule`` with those known."""
    on = rule_rows.year_key(year)
    known = rule_rows.years_with(rules, "power_ff_form")
    if year not in known:
        listed = ", ".join(str(item) for item in known)
        raise NotFound("power.no_rule", f"year: expected one with a power rule: {listed}", year=str(year), known=listed)
    return PowerRule(
        year=year,
        electricity={each: rules.lookup(f"power_be_{each}", on=on) for each in UnitClass},
        heat_coal=rules.lookup("power_bh_coal", on=on),
        heat_gas=rules.lookup("power_bh_gas", on=on),
        correction=load_correction.read_correction(rules, on=on),
        entity_floor=rules.lookup("power_shortage_floor", on=on),
        gas_floor=rules.lookup("power_gas_floor", on=on),
        indirect=rules.lookup("power_indirect_emissions", on=on),
    )


def allocate_power(
    rule: PowerRule, units: Sequence[PowerUnit], *, source: str = "given with the request"
) -> PowerAllocation:
    """Return the allocation of an entity's units.

    Per unit A = floor(Qe x Be x Ff + Qh x Bh); a gas unit gets at least floor(100 % of its verified emissions). The sum
    is topped up to floor(80 % of all units' verified emissions) when it is less (power plan 2023/24; draft plan 2025/26
    of 2026-07-27). Ff is 1 for gas. 1,000,000 MWh of class I at a load of 0.7 in 2024, no heat: 791,000 t; with
    1,000,000 t verified it is topped up to 800,000 t. ``source`` names where the units' facts come from.
    """
    if not 1 <= len(units) <= _MOST_UNITS:
        raise Invalid("power.units", f"units: expected 1 to {_MOST_UNITS} generating units")
    if len({unit.unit_id for unit in units}) != len(units):
        raise Invalid("power.unit_repeated", "units: expected each unit_id once")
    found = tuple(_unit(rule, unit, source) for unit in units)
    emissions_t = sum((unit.emissions_t for unit in units), Fraction(0))
    formula_t = sum(each.allocation_t for each in found)
    floor_t = amounts.round_exact(emissions_t * rule_rows.exact(rule.entity_floor), ALLOWANCE_QUANTITY)
    allocation_t = max(formula_t, floor_t)
    return PowerAllocation(
        year=rule.year,
        units=found,
        emissions_t=emissions_t,
        formula_t=formula_t,
        allocation_t=allocation_t,
        is_topped_up=allocation_t > formula_t,
        explanation=Explanation(
            label_en=f"free allocation of captive power units, {rule.year}",
            label_zh=f"{rule.year}年度自备电厂核定配额",
            value=str(allocation_t),
            unit="t",
            formula="max(sum of units, floor(least share x verified emissions))",
            children=(
                *(each.explanation for each in found),
                _leaf(("verified emissions of all units", "机组核查排放量合计"), emissions_t, "tCO2", source),
                row_leaf(rule.entity_floor),
                row_leaf(rule.indirect),
            ),
        ),
    )


def _unit(rule: PowerRule, unit: PowerUnit, source: str) -> UnitAllocation:
    be_row, bh_row = rule.electricity[unit.unit_class], rule.heat_row(unit.unit_class)
    electric = unit.electricity_mwh * rule_rows.exact(be_row)
    heat = unit.heat_gj * rule_rows.exact(bh_row)
    correction, formula_t = _floored(rule, unit, electric=electric, heat=heat)
    allocation_t = formula_t
    floor_row: tuple[Explanation, ...] = ()
    if unit.unit_class.is_gas:
        least = amounts.round_exact(unit.emissions_t * rule_rows.exact(rule.gas_floor), ALLOWANCE_QUANTITY)
        allocation_t, floor_row = max(formula_t, least), (row_leaf(rule.gas_floor),)
    ff = Explanation(
        label_en="load correction Ff",
        label_zh="负荷（出力）系数修正系数",
        value=decimal_text(correction.low),
        unit="1",
        formula=rule.correction.formula,
        children=tuple(row_leaf(row) for row in rule.correction.rows),
    )
    facts = (
        (("electricity supplied (Qe)", "供电量"), unit.electricity_mwh, "MWh"),
        (("heat supplied (Qh)", "供热量"), unit.heat_gj, "GJ"),
        (("load factor (F)", "负荷（出力）系数"), unit.load_factor, "1"),
        (("verified emissions", "核查排放量"), unit.emissions_t, "tCO2"),
    )
    return UnitAllocation(
        unit=unit,
        correction=correction,
        formula_t=formula_t,
        allocation_t=allocation_t,
        explanation=Explanation(
            label_en=f"allocation of unit {unit.unit_id}",
            label_zh=f"机组{unit.unit_id}核定配额",
            value=str(allocation_t),
            unit="t",
            formula="floor(Qe x Be x Ff + Qh x Bh)" + ("; at least the gas floor x verified" if floor_row else ""),
            children=(
                *(_leaf(labels, value, each, source) for labels, value, each in facts if value is not None),
                row_leaf(be_row),
                row_leaf(bh_row),
                *(() if unit.unit_class.is_gas else (ff,)),
                *floor_row,
            ),
        ),
    )


def _floored(rule: PowerRule, unit: PowerUnit, *, electric: Fraction, heat: Fraction) -> tuple[Bracket, int]:
    """Return Ff and the floored allocation; Ff is narrowed until both of its ends give the same whole tonne.

    They come to agree: where Ff is rational it is exact, else it is irrational (a root of no perfect power, or by
    Lindemann-Weierstrass), and then the sum is no whole number.
    """
    if unit.unit_class.is_gas or unit.load_factor is None or not electric:
        exact = Bracket(low=Fraction(1), high=Fraction(1))
        return exact, floor(electric + heat)
    for digits in load_correction.DIGITS:
        correction = rule.correction.at(unit.load_factor, digits=digits)
        low, high = floor(electric * correction.low + heat), floor(electric * correction.high + heat)
        if low == high:
            return correction, low
    raise AssertionError("a load correction that is not exact is irrational, so its ends part from every whole number")


def _leaf(labels: tuple[str, str], value: Fraction, unit: str, source: str) -> Explanation:
    return Explanation(label_en=labels[0], label_zh=labels[1], value=decimal_text(value), unit=unit, source=source)
