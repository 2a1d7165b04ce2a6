"""The example's compliance year: duty, allocation, cover and gap."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from api.example.holdings import book_of, snapshot_marks, valuation_day
from api.example.scenario import Scenario
from api.example.shapes import amount, exact, tonnes, tree
from finance.compliance.allocation import AllocationSources
from finance.conventions.rounding import VALUATION
from finance.emissions.intensity import YearEmissions
from finance.operations.compliance import obligation_for
from ledger.core.amounts import format_exact


def compliance_part(session: Session, scenario: Scenario, emissions: YearEmissions) -> dict[str, Any]:
    """Return the obligation of the compliance year as the valuation day sees it, with the gap's cost at the mark."""
    facts = scenario.facts["compliance"]
    mark = next(mark for mark in snapshot_marks(session, scenario) if mark.instrument == facts["mark"])
    obligation = obligation_for(
        session,
        book_of(session, scenario),
        year=int(facts["year"]),
        emissions_t=emissions.emissions_t,
        intensity=emissions.intensity_tco2e_per_t(),
        balance_value=Fraction(Decimal(facts["balance_value"])),
        on=valuation_day(scenario),
        mark=mark,
        sources=AllocationSources(
            emissions=_recorded(emissions),
            intensity=_recorded(emissions),
            balance_value=facts["balance_value_source"],
        ),
    )
    allocation = obligation.allocation
    cost = obligation.cost_cny
    return {
        "year": facts["year"],
        "as_of": obligation.on.isoformat(),
        "measure": emissions.measure.value,
        "emissions": amount(exact(emissions.emissions_t, 2), "tCO2e"),
        "intensity": amount(exact(emissions.intensity_tco2e_per_t(), 6), "tCO2e/t"),
        "balance_value": {**amount(facts["balance_value"], "tCO2e/t"), "source": facts["balance_value_source"]},
        "deviation": None if allocation.deviation is None else amount(exact(allocation.deviation, 8), "1"),
        "alpha": amount(exact(allocation.alpha, 8), "1"),
        "allocation": tonnes(obligation.allocation_t),
        "due": tonnes(obligation.due_t),
        "surrendered": tonnes(obligation.surrendered_t),
        "not_yet_issued": tonnes(obligation.unissued_t),
        "eligible_allowances_held": tonnes(obligation.eligible_held_t),
        "ineligible_allowances_held": tonnes(obligation.ineligible_held_t),
        "ccer_cap": tonnes(obligation.ccer_cap.cap_t),
        "ccer_eligible_held": tonnes(obligation.ccer_eligible_t),
        "ccer_usable": tonnes(obligation.ccer_usable_t),
        "gap": tonnes(obligation.gap_t),
        "mark": None if obligation.mark is None else amount(f"{obligation.mark.value:f}", "CNY/t"),
        "mark_source": obligation.mark_source,
        "gap_cost": None if cost is None else amount(format_exact(cost, 2, VALUATION), "CNY"),
        "why": tree(obligation.explain()),
    }


def _recorded(emissions: YearEmissions) -> str:
    return (
        f"activity of {emissions.year} as recorded, methodology {emissions.methodology_id} version "
        f"{emissions.methodology_version}, factor set sha256 {emissions.factor_set_hash}"
    )
