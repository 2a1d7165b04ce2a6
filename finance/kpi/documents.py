"""KPI definitions, targets and baselines as plain text fields, for storing, hashing and exchanging them.

Owns the spelling both ways: an unknown or missing field is refused by name, and what is written reads back equal. Hashing is
the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping

from finance.conventions.exact_text import fraction_text, parse_exact
from finance.conventions.fields import flag_text, parse_choice, parse_count, parse_day, parse_flag, refused
from finance.kpi.definitions import (
    Baseline,
    DataStatus,
    IntensityMeasure,
    KpiDefinition,
    PerformanceTarget,
    TargetKind,
)

_AREA = "kpi"
_DEFINITION_FIELDS = (
    "kpi_id",
    "measure",
    "unit",
    "boundary",
    "methodology_id",
    "methodology_version",
    "factor_set_version",
    "data_status_required",
    "report_digits",
)
_TARGET_FIELDS = ("kind", "value", "test_year", "compare_digits", "is_strict", "source")
_BASELINE_FIELDS = ("value", "period_start", "period_end", "attestation_id")
_EXACT = "exact"


def definition_to_mapping(definition: KpiDefinition) -> dict[str, str]:
    """Return the definition's fields as text."""
    return {name: str(getattr(definition, name)) for name in _DEFINITION_FIELDS}


def definition_from_mapping(fields: Mapping[str, str]) -> KpiDefinition:
    """Return the definition that ``fields`` spell; an unknown or missing one is refused (``kpi.<field>``)."""
    _check_names(fields, _DEFINITION_FIELDS)
    return KpiDefinition(
        kpi_id=fields["kpi_id"],
        measure=parse_choice(IntensityMeasure, fields["measure"], area=_AREA, field="measure"),
        unit=fields["unit"],
        boundary=fields["boundary"],
        methodology_id=fields["methodology_id"],
        methodology_version=fields["methodology_version"],
        factor_set_version=fields["factor_set_version"],
        data_status_required=parse_choice(
            DataStatus, fields["data_status_required"], area=_AREA, field="data_status_required"
        ),
        report_digits=parse_count(fields["report_digits"], area=_AREA, field="report_digits"),
    )


def target_to_mapping(target: PerformanceTarget) -> dict[str, str]:
    """Return the target's fields as text; ``compare_digits`` is ``exact`` when nothing is rounded."""
    return {
        "kind": str(target.kind),
        "value": fraction_text(target.value),
        "test_year": str(target.test_year),
        "compare_digits": _EXACT if target.compare_digits is None else str(target.compare_digits),
        "is_strict": flag_text(target.is_strict),
        "source": target.source,
    }


def target_from_mapping(fields: Mapping[str, str]) -> PerformanceTarget:
    """Return the target that ``fields`` spell; ``value`` is a decimal or a fraction, ``0.03`` or ``3/100``."""
    _check_names(fields, _TARGET_FIELDS)
    digits = fields["compare_digits"]
    return PerformanceTarget(
        kind=parse_choice(TargetKind, fields["kind"], area=_AREA, field="kind"),
        value=parse_exact(fields["value"], field="value"),
        test_year=parse_count(fields["test_year"], area=_AREA, field="test_year"),
        compare_digits=None if digits == _EXACT else parse_count(digits, area=_AREA, field="compare_digits"),
        is_strict=parse_flag(fields["is_strict"], area=_AREA, field="is_strict"),
        source=fields["source"],
    )


def baseline_to_mapping(baseline: Baseline) -> dict[str, str]:
    """Return the baseline's fields as text."""
    return {
        "value": fraction_text(baseline.value),
        "period_start": baseline.period_start.isoformat(),
        "period_end": baseline.period_end.isoformat(),
        "attestation_id": baseline.attestation_id,
    }


def baseline_from_mapping(fields: Mapping[str, str]) -> Baseline:
    """Return the baseline that ``fields`` spell."""
    _check_names(fields, _BASELINE_FIELDS)
    return Baseline(
        value=parse_exact(fields["value"], field="value"),
        period_start=parse_day(fields["period_start"], area=_AREA, field="period_start"),
        period_end=parse_day(fields["period_end"], area=_AREA, field="period_end"),
        attestation_id=fields["attestation_id"],
    )


def _check_names(fields: Mapping[str, str], expected: tuple[str, ...]) -> None:
    for name in fields:
        if name not in expected:
            raise refused(area=_AREA, field=name, expected=f"no such field; known: {', '.join(expected)}", value=name)
    for name in expected:
        if name not in fields:
            raise refused(area=_AREA, field=name, expected="this field, it is missing", value="")
