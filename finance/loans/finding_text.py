"""A KPI finding as nested text fields, so that a decision's inputs can be stored as they stood and read back equal."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from finance.conventions.fields import flag_text, parse_choice, parse_day, parse_flag
from finance.kpi.documents import (
    baseline_from_mapping,
    baseline_to_mapping,
    definition_from_mapping,
    definition_to_mapping,
    target_from_mapping,
    target_to_mapping,
)
from finance.loans.findings import AttestedFact, KpiFinding
from finance.loans.ratchet import OutcomeStatus

_AREA = "finding"
_FLAGS = ("is_accepted", "is_withdrawn", "is_qualified")
_DAYS = ("period_start", "period_end")


def finding_to_mapping(finding: KpiFinding) -> dict[str, Any]:
    """Return the finding as JSON-ready text; what is absent is null."""
    return {
        "definition": definition_to_mapping(finding.definition),
        "baseline": finding.baseline and baseline_to_mapping(finding.baseline),
        "target": target_to_mapping(finding.target),
        "value": finding.value,
        "attestation": finding.attestation and _fact_to_mapping(finding.attestation),
        "absence": finding.absence and str(finding.absence),
    }


def finding_from_mapping(fields: Mapping[str, Any]) -> KpiFinding:
    """Return the finding that ``finding_to_mapping`` wrote."""
    baseline, fact, absence = fields["baseline"], fields["attestation"], fields["absence"]
    return KpiFinding(
        definition=definition_from_mapping(fields["definition"]),
        baseline=None if baseline is None else baseline_from_mapping(baseline),
        target=target_from_mapping(fields["target"]),
        value=fields["value"],
        attestation=None if fact is None else _fact_from_mapping(fact),
        absence=None if absence is None else parse_choice(OutcomeStatus, absence, area=_AREA, field="absence"),
    )


def _fact_to_mapping(fact: AttestedFact) -> dict[str, str]:
    fields = {field.name: getattr(fact, field.name) for field in dataclasses.fields(fact)}
    return {name: flag_text(value) if name in _FLAGS else str(value) for name, value in fields.items()}


def _fact_from_mapping(fields: Mapping[str, str]) -> AttestedFact:
    days = {name: parse_day(fields[name], area=_AREA, field=name) for name in _DAYS}
    flags = {name: parse_flag(fields[name], area=_AREA, field=name) for name in _FLAGS}
    return AttestedFact(
        attestation_id=fields["attestation_id"],
        kpi_id=fields["kpi_id"],
        value=fields["value"],
        unit=fields["unit"],
        methodology_version=fields["methodology_version"],
        assurance_level=fields["assurance_level"],
        period_start=days["period_start"],
        period_end=days["period_end"],
        is_accepted=flags["is_accepted"],
        is_withdrawn=flags["is_withdrawn"],
        is_qualified=flags["is_qualified"],
    )
