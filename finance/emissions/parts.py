"""The formulas: one term of a methodology applied to quantities, giving exact tonnes and the reason for them.

Owns the arithmetic of each rule and its source. Knows no month, no year and no file; nothing is rounded here except
the digits an explanation shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from finance.conventions.explain import Explanation
from finance.conventions.tables import ReferenceRow
from finance.emissions.methodologies import BoundMethodology, BoundTerm, TermName, TermRule
from ledger.core import amounts

KG_PER_T = 1000

LABELS: Mapping[TermName, tuple[str, str]] = {
    TermName.ANODE: ("anode consumption", "阳极消耗"),
    TermName.PFC: ("anode effect (PFC)", "阳极效应 (全氟化碳)"),
    TermName.CAPTIVE_COAL: ("captive coal power", "自备燃煤电力"),
    TermName.GRID: ("grid power", "网购电力"),
    TermName.OWN_NONFOSSIL_DIRECT: ("own non-fossil power by direct line", "自有非化石直供电力"),
    TermName.MARKET_NONFOSSIL_CONTRACT: ("contracted non-fossil power", "市场化非化石电力"),
}

_SHOWN_PLACES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """What the formulas need, exact: tonnes of liquid aluminium, kWh by source, and the two optional measurements."""

    production_t: Fraction
    ac_kwh: Mapping[TermName, Fraction]
    anode_effect_min_per_cell_day: Fraction | None = None
    net_anode_t: Fraction | None = None
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmissionPart:
    """One term's exact emissions in tCO2e, whether the methodology counts the term at all, and why."""

    name: TermName
    emissions_t: Fraction
    is_counted: bool
    explanation: Explanation


def emission_parts(bound: BoundMethodology, quantities: Quantities) -> tuple[EmissionPart, ...]:
    """Return one part for every term of the methodology, in its order; their exact sum is the emissions.

    ``article-2024-draft`` with 1 t and 13,100 kWh of grid power: 1.424 + 0.1454 + 7.78402 tCO2e.
    """
    return tuple(_part(term, quantities) for term in bound.terms)


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


def _part(bound: BoundTerm, quantities: Quantities) -> EmissionPart:
    rule = bound.term.rule
    emissions_t, formula, children = _RULES[rule](bound, quantities)
    label_en, label_zh = LABELS[bound.term.name]
    is_counted = rule is not TermRule.OUTSIDE
    return EmissionPart(
        name=bound.term.name,
        emissions_t=emissions_t,
        is_counted=is_counted,
        explanation=Explanation(
            label_en=label_en if is_counted else f"{label_en} (outside the boundary)",
            label_zh=label_zh if is_counted else f"{label_zh} (核算边界外)",
            value=shown(emissions_t),
            unit="tCO2e",
            formula=formula,
            source=bound.term.source,
            children=children,
        ),
    )


_Worked = tuple[Fraction, str, tuple[Explanation, ...]]


def _per_tonne(bound: BoundTerm, quantities: Quantities) -> _Worked:
    """E = P x default per tonne (draft guideline 2024-03: 1.424 and 0.1454 tCO2e/t)."""
    row = bound.factors["per_t"]
    return (
        quantities.production_t * Fraction(row.number()),
        "production x default per tonne",
        (_production(quantities), factor_leaf(row)),
    )


def _net_anode(bound: BoundTerm, quantities: Quantities) -> _Worked:
    """E = net anode x (1 - S - ash) x 44/12 (CETS-AG-04.01-V01-2024): 0.411 t/t, 2 %, 0.4 % give 1.470832 t/t.

    The measured net anode of the month is used when it is given, the default per tonne of output otherwise.
    """
    number = {role: Fraction(row.number()) for role, row in bound.factors.items()}
    if quantities.net_anode_t is None:
        net_t, net_formula = quantities.production_t * number["net_per_t"], "production x net anode default"
        base: tuple[Explanation, ...] = (_production(quantities), factor_leaf(bound.factors["net_per_t"]))
    else:
        net_t, net_formula = quantities.net_anode_t, "measured net anode"
        base = (_fact("net anode consumption", "净阳极消耗", quantities.net_anode_t, "t", quantities.origin),)
    carbon_share = 1 - number["sulphur"] - number["ash"]
    return (
        net_t * carbon_share * number["co2"] / number["carbon"],
        f"{net_formula} x (1 - sulphur - ash) x 44/12",
        (*base, *(factor_leaf(bound.factors[role]) for role in ("sulphur", "ash", "co2", "carbon"))),
    )


def _anode_effect(bound: BoundTerm, quantities: Quantities) -> _Worked:
    """E = P x (EF_CF4 x GWP_CF4 + EF_C2F6 x GWP_C2F6) / 1000, EF in kg/t (CETS-AG-04.01-V01-2024).

    With anode-effect minutes: EF_CF4 = slope x minutes, EF_C2F6 = ratio x EF_CF4. Without: the defaults 0.034 and
    0.0034 kg/t, which give 0.26316 t/t. Zero minutes are a measurement, not a missing one. The 3 and 4 decimals that
    the report form shows are display only.
    """
    number = {role: Fraction(row.number()) for role, row in bound.factors.items()}
    minutes = quantities.anode_effect_min_per_cell_day
    if minutes is None:
        cf4, c2f6, how = number["cf4_per_t"], number["c2f6_per_t"], "default CF4 and C2F6 per tonne"
        basis: tuple[Explanation, ...] = (
            factor_leaf(bound.factors["cf4_per_t"]),
            factor_leaf(bound.factors["c2f6_per_t"]),
        )
    else:
        cf4 = number["slope"] * minutes
        c2f6, how = number["ratio"] * cf4, "CF4 = slope x minutes, C2F6 = ratio x CF4"
        measured = _fact(
            "anode-effect minutes per cell-day", "阳极效应分钟数", minutes, "min/cell-day", quantities.origin
        )
        basis = (measured, factor_leaf(bound.factors["slope"]), factor_leaf(bound.factors["ratio"]))
    warming = cf4 * number["gwp_cf4"] + c2f6 * number["gwp_c2f6"]
    gwps = (factor_leaf(bound.factors["gwp_cf4"]), factor_leaf(bound.factors["gwp_c2f6"]))
    return (
        quantities.production_t * warming / KG_PER_T,
        f"production x (CF4 x GWP + C2F6 x GWP) / 1000; {how}",
        (_production(quantities), *basis, *gwps),
    )


def _per_kwh(bound: BoundTerm, quantities: Quantities) -> _Worked:
    """E = kWh x grid factor / 1000 (draft guideline 2024-03): 13,500 kWh x 0.5942 = 8.0217 t."""
    row = bound.factors["per_kwh"]
    return (
        quantities.ac_kwh[bound.term.name] * Fraction(row.number()) / KG_PER_T,
        "kWh x grid factor / 1000",
        (_power(bound, quantities), factor_leaf(row)),
    )


def _zero(bound: BoundTerm, quantities: Quantities) -> _Worked:
    """Power that the methodology counts as zero (draft guideline 2024-03)."""
    return Fraction(0), "counted as zero by the methodology", (_power(bound, quantities),)


def _outside(bound: BoundTerm, quantities: Quantities) -> _Worked:
    """Power outside the methodology's boundary: shown, not counted."""
    return Fraction(0), "outside the boundary", (_power(bound, quantities),)


_RULES = {
    TermRule.PER_TONNE: _per_tonne,
    TermRule.NET_ANODE: _net_anode,
    TermRule.ANODE_EFFECT: _anode_effect,
    TermRule.PER_KWH: _per_kwh,
    TermRule.ZERO: _zero,
    TermRule.OUTSIDE: _outside,
}


def _production(quantities: Quantities) -> Explanation:
    return _fact("liquid aluminium", "铝液产量", quantities.production_t, "t", quantities.origin)


def _power(bound: BoundTerm, quantities: Quantities) -> Explanation:
    label_en, label_zh = LABELS[bound.term.name]
    return _fact(
        f"{label_en}, AC", f"{label_zh} (交流电量)", quantities.ac_kwh[bound.term.name], "kWh", quantities.origin
    )


def _fact(label_en: str, label_zh: str, value: Fraction, unit: str, source: str) -> Explanation:
    return Explanation(label_en=label_en, label_zh=label_zh, value=shown(value), unit=unit, source=source)
