"""The industry what-ifs with the shipped rows: the first article's balance with power, and the law's balance value.

Reads reference rows, asks the cores. Stores nothing: whose plants these are is nobody's fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from finance.compliance import rules as rule_rows
from finance.compliance.allocation import AllocationRule, allocation_rule, row_leaf
from finance.compliance.industry import BalanceValue, IndustryBalance, Plant, at_balance_value, balance_value
from finance.compliance.industry_scenario import GeneratedIndustry, PowerFactors
from finance.compliance.plant_distribution import BoundedNormal
from finance.conventions.exact_text import decimal_text
from finance.conventions.explain import Explanation
from finance.conventions.tables import ReferenceRow
from finance.emissions.calculators import intensity_of
from finance.store import reference
from ledger.core.errors import Invalid

_PLACES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LawBalance:
    """The balance under the law of a year: the BP asked for or found, every plant, and why."""

    year: int
    rule: AllocationRule
    found: BalanceValue
    balance: IndustryBalance
    explanation: Explanation


def assumption_rows() -> dict[str, ReferenceRow]:
    """Return the article's parameters by their last word: ``ac_mean``, ``green_kwh``."""
    return {row.row_id.rpartition(".")[2]: row for row in reference.shipped_industry_assumptions().rows}


def assumed_industry(
    *, given: dict[str, Fraction] | None = None, green_plants: int | None = None, seed: int = 0
) -> GeneratedIndustry:
    """Return the article's industry, with ``given`` in place of its parameters by name (``ac_mean``, ``green_share``).

    The green share is 6 of 520 TWh (1.15 %), not the 1.2 % of the text.
    """
    named = {name: rule_rows.exact(row) for name, row in assumption_rows().items()} | (given or {})
    return GeneratedIndustry(
        distribution=BoundedNormal(
            low=named["ac_low"],
            high=named["ac_high"],
            mean=named["ac_mean"],
            threshold=named["ac_threshold"],
            share_below=named["ac_share_below"],
        ),
        plants=_whole(named["plants"]),
        output_t=named["output_t"],
        green_share=named.get("green_share", named["green_kwh"] / named["power_kwh"]),
        green_plants=green_plants,
        seed=seed,
    )


def power_factors(methodology_id: str, *, grid_factor_kg_per_kwh: Decimal | None = None) -> PowerFactors:
    """Return the direct intensity and grid factor of a methodology; one that counts no power is ``methodology.no_power``."""
    bound = reference.shipped_methodology(methodology_id)
    direct = intensity_of(
        bound,
        ac_kwh_per_t=Fraction(0),
        zero_emission_share=Fraction(0),
        grid_factor_kg_per_kwh=grid_factor_kg_per_kwh,
    )
    row = bound.power_factor()
    if row is None:
        raise Invalid(
            "methodology.no_power",
            "methodology: expected one that counts electricity, such as article-2024-draft",
            field="methodology",
        )
    factor = rule_rows.exact(row) if grid_factor_kg_per_kwh is None else Fraction(grid_factor_kg_per_kwh)
    grid = (
        row_leaf(row)
        if grid_factor_kg_per_kwh is None
        else Explanation(
            label_en="grid factor",
            label_zh="电网排放因子",
            value=decimal_text(factor),
            unit="kg/kWh",
            source="as given",
        )
    )
    return PowerFactors(
        direct_tco2e_per_t=direct.intensity_tco2e_per_t, grid_kg_per_kwh=factor, leaves=(direct.explanation, grid)
    )


def law_balance(year: int, plants: Sequence[Plant], *, value: Fraction | None = None) -> LawBalance:
    """Return the plants' balance under the rule of ``year`` at ``value``, or at the BP that the plants themselves give.

    A year whose allocation equals the emissions has no BP: ``industry.no_balance_value``.
    """
    rule = allocation_rule(reference.shipped_allocation_rules(), year)
    if rule.coefficient is None:
        raise Invalid(
            "industry.no_balance_value",
            f"year: expected one that allocates by a balance value; in {year} the allocation equals the emissions",
            field="year",
        )
    found = balance_value(plants, rule.coefficient)
    used = found.value if value is None else value
    return LawBalance(
        year=year,
        rule=rule,
        found=found,
        balance=at_balance_value(plants, rule.coefficient, used),
        explanation=_explain(rule, plants, found),
    )


def _explain(rule: AllocationRule, plants: Sequence[Plant], found: BalanceValue) -> Explanation:
    emitted = sum((each.emissions_t for each in plants), Fraction(0))
    source = f"{len(plants)} plants as given, {found.counted} of them above the limit of small emitters"
    facts = (
        ("emissions of the plants", "企业排放量合计", decimal_text(emitted, places=_PLACES), "tCO2e"),
        (
            "plants at the upper cap, inside, at the lower cap",
            "触上限、未触限、触下限企业数",
            f"{found.good} / {found.mid} / {found.bad}",
            "1",
        ),
    )
    return Explanation(
        label_en=f"balance value (BP) of {rule.year} by these plants (an estimate: the official one is published)",
        label_zh=f"{rule.year}年度盈亏平衡值（按所给企业测算，以平台公布为准）",
        value=decimal_text(found.value, places=_PLACES),
        unit="tCO2e/t",
        formula="the BP at which the sum of E x alpha over the plants is zero, found exactly",
        children=(
            *(
                Explanation(label_en=label_en, label_zh=label_zh, value=value, unit=unit, source=source)
                for label_en, label_zh, value, unit in facts
            ),
            *(row_leaf(row) for row in rule.rows),
        ),
    )


def _whole(value: Fraction) -> int:
    if value.denominator != 1:
        raise Invalid("industry.plants_number", "plants: expected a whole number", field="plants")
    return value.numerator
