"""The example as one document: everything the chain says, read back from the database.

Every amount is ``{"value": decimal string, "unit": unit}``. Reads only; the same database gives the same document.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from api.example.compliance import compliance_part
from api.example.holdings import positions_part, valuation_part
from api.example.loan import attestation_part, determination_part, interest_part, kpi_part
from api.example.next_steps import next_steps_part
from api.example.scenario import Scenario
from api.example.shapes import amount, exact
from finance.emissions.intensity import MonthEmissions, YearEmissions
from finance.emissions.methodologies import POWER_TERMS, TermName
from finance.operations.activity import emissions_of_year
from finance.store import reference

Part = dict[str, Any]


def example_document(session: Session, scenario: Scenario) -> Part:
    """Return the whole document with the keys that ``tonne demo --json`` prints."""
    direct = direct_emissions(session, scenario)
    compliance = compliance_part(session, scenario, direct)
    return {
        "example": scenario.facts["about"],
        "emissions": emissions_part(session, scenario),
        "positions": positions_part(session, scenario),
        "valuation": valuation_part(session, scenario),
        "kpi": kpi_part(session, scenario),
        "attestation": attestation_part(session, scenario),
        "determination": determination_part(session, scenario),
        "interest": interest_part(session, scenario),
        "compliance": compliance,
        "next_steps": next_steps_part(session, scenario, direct, compliance),
    }


def emissions_part(session: Session, scenario: Scenario) -> Part:
    """Return both years by both methodologies: year, months, parts and intensity."""
    years = (int(scenario.facts["baseline_year"]), scenario.test_year)
    methodologies = (scenario.facts["kpi"]["methodology_id"], scenario.facts["compliance"]["methodology_id"])
    return {
        "source": "examples/smelter/activity.xlsx and activity.csv (same rows)",
        "factor_set_version": reference.shipped_factors().version,
        "years": [_year(session, scenario, year, methodology) for methodology in methodologies for year in years],
    }


def direct_emissions(session: Session, scenario: Scenario) -> YearEmissions:
    """Return the compliance year's emissions on which the law allocates."""
    facts = scenario.facts["compliance"]
    return _emissions(session, scenario, int(facts["year"]), facts["methodology_id"])


def _emissions(session: Session, scenario: Scenario, year: int, methodology_id: str) -> YearEmissions:
    return emissions_of_year(
        session,
        scenario.organisation_id("borrower"),
        year=year,
        methodology_id=methodology_id,
        factor_set_version=reference.shipped_factors().version,
    )


def _year(session: Session, scenario: Scenario, year: int, methodology_id: str) -> Part:
    emissions = _emissions(session, scenario, year, methodology_id)
    return {
        "year": str(year),
        "methodology": f"{emissions.methodology_id} version {emissions.methodology_version}",
        "measure": emissions.measure.value,
        "production": amount(exact(emissions.production_t, 2), "t"),
        "ac_electricity": amount(exact(emissions.ac_kwh, 0), "kWh"),
        "zero_emission_share": amount(exact(emissions.zero_emission_kwh / emissions.ac_kwh, 6), "1"),
        "emissions": amount(exact(emissions.emissions_t, 2), "tCO2e"),
        "parts": {name.value: amount(exact(emissions.part_t(name), 2), "tCO2e") for name in _counted(emissions)},
        "intensity": amount(exact(emissions.intensity_tco2e_per_t(), 6), "tCO2e/t"),
        "months": [_month(month) for month in emissions.months],
    }


def _counted(emissions: YearEmissions) -> tuple[StrEnum, ...]:
    outside = {part.name for month in emissions.months for part in month.parts if not part.is_counted}
    return tuple(name for name in (TermName.ANODE, TermName.PFC, *POWER_TERMS) if name not in outside)


def _month(month: MonthEmissions) -> Mapping[str, Any]:
    return {
        "month": month.month,
        "production": amount(exact(month.production_t, 2), "t"),
        "emissions": amount(exact(month.emissions_t, 2), "tCO2e"),
        "intensity": amount(exact(month.intensity_tco2e_per_t(), 6), "tCO2e/t"),
    }
