"""The step whose worth is asked: tonnes emitted less, or MWh of green power more, and what it changes in each measure.

Owns the translation of one step into the quantities that the channels look at. Knows no price and no law beyond the two
words that say whether electricity counts; the four intensities stay apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from finance.emissions.templates import Evidence
from ledger.core import amounts
from ledger.core.errors import Invalid

KWH_PER_MWH = 1000


class Origin(StrEnum):
    """Where a saved tonne was emitted: that decides which measures fall."""

    DIRECT = "direct"  # anode and PFC of the process: every measure falls
    POWER = "power"  # generation of the electricity used: not ets_direct, not what CBAM counts


@dataclass(frozen=True, slots=True, kw_only=True)
class GreenPower:
    """What a MWh of green power replaces and what stands behind it.

    ``operational_kg_per_kwh`` is what the KPI's methodology counted before less what it counts now, ``footprint_kg_per_kwh``
    the same for the product footprint (life-cycle factors); each is 0 where the evidence does not count.
    """

    operational_kg_per_kwh: Fraction
    footprint_kg_per_kwh: Fraction
    evidence: Evidence
    source: str

    def __post_init__(self) -> None:
        """Refuse factors below zero, which would make green power dirtier, and factors nothing stands behind."""
        for name in ("operational_kg_per_kwh", "footprint_kg_per_kwh"):
            if not 0 <= getattr(self, name) <= amounts.MAX_UNITS:
                raise Invalid("decision.factor", f"{name}: expected zero or more kg per kWh", field=name)
        if not self.source.strip():
            raise Invalid("decision.source", "source: expected where the factors come from", field="source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: ``quantity`` of ``unit`` above zero, and by how many tonnes (or kWh) it lowers (or raises) each measure.

    ``cbam_t`` are tonnes of the emissions that CBAM counts, ``green_kwh`` kWh of green power more under ``evidence``.
    """

    quantity: Fraction
    unit: str
    ets_t: Fraction
    operational_t: Fraction
    footprint_t: Fraction
    cbam_t: Fraction
    green_kwh: Fraction
    evidence: Evidence | None
    source: str

    def __post_init__(self) -> None:
        """Refuse a step of nothing or beyond any plant."""
        if not 0 < self.quantity <= amounts.MAX_UNITS:
            raise Invalid("decision.step", f"step: expected above zero {self.unit}, at most 10^15", field="step")


def saved_tonnes(tonnes: Fraction, *, origin: Origin, is_power_in_cbam: bool = False) -> Step:
    """Return the step of ``tonnes`` tCO2e emitted less, output unchanged.

    A direct tonne lowers all four measures by itself; a tonne of power lowers the operational measure and the footprint,
    and CBAM's only where ``is_power_in_cbam``.
    """
    is_direct = origin is Origin.DIRECT
    return Step(
        quantity=tonnes,
        unit="t",
        ets_t=tonnes if is_direct else Fraction(0),
        operational_t=tonnes,
        footprint_t=tonnes,
        cbam_t=tonnes if is_direct or is_power_in_cbam else Fraction(0),
        green_kwh=Fraction(0),
        evidence=None,
        source="tonnes as asked, output unchanged",
    )


def green_mwh(mwh: Fraction, power: GreenPower, *, is_power_in_cbam: bool = False) -> Step:
    """Return the step of ``mwh`` MWh of green power in place of other power, consumption unchanged.

    1 MWh at 0.5942 kg/kWh lowers the operational measure by 0.5942 t and ``ets_direct`` by nothing.
    """
    operational_t = mwh * power.operational_kg_per_kwh
    return Step(
        quantity=mwh,
        unit="MWh",
        ets_t=Fraction(0),
        operational_t=operational_t,
        footprint_t=mwh * power.footprint_kg_per_kwh,
        cbam_t=operational_t if is_power_in_cbam else Fraction(0),
        green_kwh=mwh * KWH_PER_MWH,
        evidence=power.evidence,
        source=power.source,
    )
