"""What a loan's KPI measures, what it is compared with and what must be reached in one test year.

Owns the three values a KPI test is made of, frozen per version of the terms: definition, baseline, target. Knows
neither the observed value (``evaluation``) nor what it does to a rate (``finance.loans``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from finance.conventions.fields import check_identifier, check_text, refused
from finance.emissions.methodologies import INTENSITY_NAMES

_AREA = "kpi"
_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_MAX_COMPARE_DIGITS = 12


class KpiMeasure(StrEnum):
    """What a KPI measures. The four per-tonne intensities are never mixed; each has its own boundary."""

    ETS_DIRECT = "ets_direct"  # what the law allocates on
    OPERATIONAL_INCL_POWER = "operational_incl_power"  # the usual loan KPI
    PRODUCT_FOOTPRINT = "product_footprint"
    CBAM_EMBEDDED = "cbam_embedded"
    ENERGY_INTENSITY = "energy_intensity"  # energy per tonne of product
    ABSOLUTE_EMISSIONS = "absolute_emissions"
    QUANTITY = "quantity"  # tonnes recycled, hours trained
    SHARE = "share"
    COUNT = "count"
    STATUS = "status"  # a certificate that is valid
    GRADE = "grade"  # a rating by somebody outside

    @property
    def is_intensity(self) -> bool:
        """Return whether it is something per tonne of product, so that zero or less is no plausible plant."""
        return self in _INTENSITIES

    @property
    def is_emission_intensity(self) -> bool:
        """Return whether it is one of the four emission intensities, which methodologies compute."""
        return self in _INTENSITIES - {KpiMeasure.ENERGY_INTENSITY}


MEASURE_NAMES: Mapping[KpiMeasure, tuple[str, str]] = {
    **{KpiMeasure(measure.value): names for measure, names in INTENSITY_NAMES.items()},
    KpiMeasure.ENERGY_INTENSITY: ("energy intensity", "能耗强度"),
    KpiMeasure.ABSOLUTE_EMISSIONS: ("absolute emissions", "绝对排放量"),
    KpiMeasure.QUANTITY: ("quantity", "数量"),
    KpiMeasure.SHARE: ("share", "占比"),
    KpiMeasure.COUNT: ("count", "计数"),
    KpiMeasure.STATUS: ("status", "状态"),
    KpiMeasure.GRADE: ("grade", "等级"),
}
"""What each measure is called in English and Chinese."""


_INTENSITIES = frozenset(
    (
        KpiMeasure.ETS_DIRECT,
        KpiMeasure.OPERATIONAL_INCL_POWER,
        KpiMeasure.PRODUCT_FOOTPRINT,
        KpiMeasure.CBAM_EMBEDDED,
        KpiMeasure.ENERGY_INTENSITY,
    )
)


class DataStatus(StrEnum):
    """How far the activity data behind a value is vouched for."""

    CLAIMED = "claimed"
    VERIFIED = "verified"


class AssuranceLevel(StrEnum):
    """How sure the assessor is: the two levels of ISAE 3410 and ISSA 5000, or a verification that is no opinion."""

    LIMITED = "limited"
    REASONABLE = "reasonable"
    NOT_AN_OPINION = "not_an_opinion"

    def satisfies(self, required: AssuranceLevel) -> bool:
        """Return whether this level is enough where ``required`` is asked: reasonable meets limited, a non-opinion only itself."""
        return self is required or (self is AssuranceLevel.REASONABLE and required is AssuranceLevel.LIMITED)


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiDefinition:
    """One KPI as the loan defines it: measure, boundary, and the exact versions a value must have been computed with.

    ``report_digits`` is to how many decimals the value is printed, half-up, when it is reported; that string is what
    the assessor signs and the test compares. ``methodology_version`` and ``factor_set_version`` are part of the
    contract: a value by another version is another KPI (LMA model provisions: a change of method is an amendment
    event).
    """

    kpi_id: str
    measure: KpiMeasure
    unit: str
    boundary: str
    methodology_id: str
    methodology_version: str
    factor_set_version: str
    data_status_required: DataStatus
    report_digits: int

    @property
    def is_computed(self) -> bool:
        """Return whether the value is computed here from activity and factors; any other is stated by the borrower."""
        return self.measure.is_emission_intensity

    def __post_init__(self) -> None:
        """Refuse a definition with a nameless part, or a value printed to no number of digits."""
        if not 0 <= self.report_digits <= _MAX_COMPARE_DIGITS:
            expected = f"0 to {_MAX_COMPARE_DIGITS} decimals"
            raise refused(area=_AREA, field="report_digits", expected=expected, value=self.report_digits)
        for field in ("kpi_id", "methodology_id"):
            check_identifier(getattr(self, field), area=_AREA, field=field)
        for field in ("unit", "boundary", "methodology_version", "factor_set_version"):
            check_text(getattr(self, field), area=_AREA, field=field)
