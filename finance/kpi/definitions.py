"""What a loan's KPI measures, what it is compared with and what must be reached in one test year.

Owns the three values a KPI test is made of, frozen per version of the terms: definition, baseline, target. Knows
neither the observed value (``evaluation``) nor what it does to a rate (``finance.loans``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from finance.conventions.exact_text import decimal_text
from finance.conventions.fields import check_identifier, check_text, refused
from ledger.core.errors import Invalid

_AREA = "kpi"
_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_MAX_COMPARE_DIGITS = 12


class IntensityMeasure(StrEnum):
    """The four per-tonne intensities that are never mixed; each has its own boundary."""

    ETS_DIRECT = "ets_direct"  # what the law allocates on
    OPERATIONAL_INCL_POWER = "operational_incl_power"  # the usual loan KPI
    PRODUCT_FOOTPRINT = "product_footprint"
    CBAM_EMBEDDED = "cbam_embedded"


class DataStatus(StrEnum):
    """How far the activity data behind a value is vouched for."""

    CLAIMED = "claimed"
    VERIFIED = "verified"


class AssuranceLevel(StrEnum):
    """How sure the assessor is (the two levels of ISAE 3410 and ISSA 5000)."""

    LIMITED = "limited"
    REASONABLE = "reasonable"


class TargetKind(StrEnum):
    """What the target compares: the level itself, or its reduction against the baseline."""

    LEVEL_AT_MOST = "level_at_most"
    LEVEL_AT_LEAST = "level_at_least"
    REDUCTION_VS_BASE = "reduction_vs_base"


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiDefinition:
    """One KPI as the loan defines it: measure, boundary, and the exact versions a value must have been computed with.

    ``report_digits`` is to how many decimals the value is printed, half-up, when it is reported; that string is what
    the assessor signs and the test compares. ``methodology_version`` and ``factor_set_version`` are part of the
    contract: a value by another version is another KPI (LMA model provisions: a change of method is an amendment
    event).
    """

    kpi_id: str
    measure: IntensityMeasure
    unit: str
    boundary: str
    methodology_id: str
    methodology_version: str
    factor_set_version: str
    data_status_required: DataStatus
    report_digits: int

    def __post_init__(self) -> None:
        """Refuse a definition with a nameless part, or a value printed to no number of digits."""
        if not 0 <= self.report_digits <= _MAX_COMPARE_DIGITS:
            expected = f"0 to {_MAX_COMPARE_DIGITS} decimals"
            raise refused(area=_AREA, field="report_digits", expected=expected, value=self.report_digits)
        for field in ("kpi_id", "methodology_id"):
            check_identifier(getattr(self, field), area=_AREA, field=field)
        for field in ("unit", "boundary", "methodology_version", "factor_set_version"):
            check_text(getattr(self, field), area=_AREA, field=field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The verified value a reduction is measured from; ``attestation_id`` names the statement that verified it.

    ``value`` is exact and above zero, in the KPI's unit; the period is half-open [period_start, period_end).
    """

    value: Fraction
    period_start: date
    period_end: date
    attestation_id: str

    def __post_init__(self) -> None:
        """Refuse a baseline nothing can be divided by, an empty period, or one that nobody verified."""
        if self.value <= 0:
            raise refused(area=_AREA, field="baseline_value", expected="a value above zero", value=self.value)
        if self.period_end <= self.period_start:
            raise refused(
                area=_AREA,
                field="baseline_period_end",
                expected="a day after the baseline period's start",
                value=self.period_end,
            )
        check_identifier(self.attestation_id, area=_AREA, field="baseline_attestation_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceTarget:
    """What one calendar year must reach (the SPT of the sustainability-linked loan principles).

    ``value`` is a level in the KPI's unit, or a reduction as a fraction of one (1/20 for 5 %) in [0, 1). A tie meets
    the target unless ``is_strict``. With ``compare_digits`` the compared number (the level, or the reduction as a
    fraction of one) is first rounded half-up to that many decimals, and ``value`` itself has no more; None compares
    exactly. ``source`` names the clause.
    """

    kind: TargetKind
    value: Fraction
    test_year: int
    compare_digits: int | None
    is_strict: bool
    source: str

    def __post_init__(self) -> None:
        """Refuse a target that cannot be tested."""
        if self.kind is TargetKind.REDUCTION_VS_BASE:
            if not 0 <= self.value < 1:
                expected = "a reduction as a fraction of one, from 0 to below 1 (5 % is 0.05)"
                raise refused(area=_AREA, field="target_value", expected=expected, value=self.value)
        elif self.value <= 0:
            raise refused(area=_AREA, field="target_value", expected="a level above zero", value=self.value)
        if not _FIRST_YEAR <= self.test_year <= _LAST_YEAR:
            expected = f"a calendar year from {_FIRST_YEAR} to {_LAST_YEAR}"
            raise refused(area=_AREA, field="test_year", expected=expected, value=self.test_year)
        if self.compare_digits is not None:
            self._check_printed_digits(self.compare_digits)
        check_text(self.source, area=_AREA, field="target_source")

    def _check_printed_digits(self, digits: int) -> None:
        if not 0 <= digits <= _MAX_COMPARE_DIGITS:
            expected = f"0 to {_MAX_COMPARE_DIGITS} decimals, or none for an exact comparison"
            raise refused(area=_AREA, field="compare_digits", expected=expected, value=digits)
        if (self.value * 10**digits).denominator != 1:
            raise Invalid(
                "kpi.target_digits",
                f"target_value: expected at most {digits} decimals, as compare_digits says",
                field="target_value",
                value=decimal_text(self.value),
            )

    @property
    def period_start(self) -> date:
        """Return the first day of the test year."""
        return date(self.test_year, 1, 1)

    @property
    def period_end(self) -> date:
        """Return the day after the test year (exclusive)."""
        return date(self.test_year + 1, 1, 1)
