"""Names that activity figures, methodologies and their callers share: the production and the sources of electricity.

Owns the spelling only. A plant of any product fills the same six; everything else it measures is named by its template.
"""

from __future__ import annotations

from enum import StrEnum

PRODUCTION = "production_t"
"""Key of the product's tonnes in every activity month."""


class PowerSource(StrEnum):
    """Where the AC electricity of the process comes from; the five are disjoint and sum to the electricity used."""

    CAPTIVE_COAL = "captive_coal"
    GRID = "grid"  # bought, and nothing claimed for it
    OWN_NONFOSSIL_DIRECT = "own_nonfossil_direct"
    MARKET_NONFOSSIL_CONTRACT = "market_nonfossil_contract"
    GRID_CERTIFICATE = "grid_certificate"  # bought from the grid, green certificates cancelled for it


def power_field(source: PowerSource) -> str:
    """Return the key of a source's kWh in an activity month: ``grid`` gives ``grid_kwh``."""
    return f"{source.value}_kwh"
