"""The example's loan: KPI, attestations, the rate decision and the interest it changes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.example.scenario import Scenario
from api.example.shapes import amount, exact, percent, tree, yuan
from api.store import access
from finance.conventions.exact_text import fraction_text
from finance.operations.determinations import find_kpi
from finance.operations.facilities import explain_rate_on, resolved_facility
from finance.store import attestations, determinations, facilities, kpi_periods
from finance.store.attestations import AttestationRecord
from finance.store.determinations import Determination

Part = dict[str, Any]


def kpi_part(session: Session, scenario: Scenario) -> Part:
    """Return the test year's KPI: baseline, reported value, target and outcome."""
    period = kpi_periods.find_period(session, scenario.id_of("period", "test"))
    assert period is not None, "the example was loaded before it is read"
    finding, _, _ = find_kpi(session, period)
    outcome, baseline = finding.outcome, finding.baseline
    assert outcome is not None, "the example's value was reported"
    assert baseline is not None, "the example's baseline was attested"
    unit = finding.definition.unit
    snapshot = kpi_periods.load_snapshot(session, period.kpi_period_id)
    assert snapshot is not None, "a reported period has its snapshot"
    reduction = outcome.achieved_reduction
    return {
        "kpi_id": finding.definition.kpi_id,
        "measure": finding.definition.measure.value,
        "methodology": f"{finding.definition.methodology_id} version {finding.definition.methodology_version}",
        "period": [period.period_start.isoformat(), period.period_end.isoformat()],
        "state": period.state.value,
        "baseline": amount(exact(baseline.value, finding.definition.report_digits), unit),
        "observed": amount(str(finding.value), unit),
        "reduction": None if reduction is None else amount(exact(reduction * 100, 4), "%"),
        "target": {**amount(exact(finding.target.value * 100, 2), "%"), "source": finding.target.source},
        "threshold": amount(exact(outcome.threshold, 6), unit),
        "margin_to_target": amount(exact(outcome.margin_to_target, 6), unit),
        "is_met": outcome.is_met,
        "snapshot_sha256": snapshot.sha256,
        "events": [
            {"state": event.state.value, "at": event.recorded_at.isoformat()}
            for event in kpi_periods.load_events(session, period.kpi_period_id)
        ],
        "why": tree(outcome.explanation),
    }


def attestation_part(session: Session, scenario: Scenario) -> list[Part]:
    """Return the attestations of the baseline and of the test year with their verdicts."""
    return [
        _attestation(record)
        for name in ("baseline", "test")
        for record in attestations.list_attestations(session, scenario.id_of("period", name))
    ]


def determination_part(session: Session, scenario: Scenario) -> Part:
    """Return the rate decision with its cause."""
    found = _determination(session, scenario)
    decision = found.decision
    assert decision is not None, "the example's proposal was decided"
    return {
        "determination_id": str(found.determination_id),
        "facility": str(found.proposal["facility_number"]),
        "terms_version": str(found.terms_version),
        "rate_before": {**percent(found.rate_before), "exact": fraction_text(found.rate_before)},
        "rate_after": {**percent(found.rate_after), "exact": fraction_text(found.rate_after)},
        "adjustment": amount(exact(found.adjustment_bp, 4), "bp"),
        "effective_from": None if decision.effective_from is None else decision.effective_from.isoformat(),
        "cause": {
            "kpi_period_id": str(found.kpi_period_id),
            "attestation_id": str(found.attestation_id),
            "baseline_attestation_id": str(found.baseline_attestation_id),
        },
        "digest": found.digest,
        "proposed_on": found.proposed_on.isoformat(),
        "proposed_by": _legal_name(session, found.proposer.organisation_id),
        "decision": decision.verdict,
        "decided_on": decision.decided_on.isoformat(),
        "decided_by": _legal_name(session, decision.decider.organisation_id),
    }


def interest_part(session: Session, scenario: Scenario) -> Part:
    """Return the schedule before and after, the saving, and why the rate is what it is from its effect date on."""
    facility_id = scenario.id_of("facility")
    terms, terms_sha256 = facilities.load_terms(session, facility_id)
    schedule = resolved_facility(session, facility_id).interest_schedule()
    decision = _determination(session, scenario).decision
    assert decision is not None, "the example's proposal was decided"
    assert decision.effective_from is not None, "the example's proposal was approved"
    rate, why = explain_rate_on(session, facility_id, decision.effective_from)
    return {
        "facility": terms.facility_number,
        "terms_sha256": terms_sha256,
        "principal": yuan(terms.principal_minor),
        "day_count": terms.day_count.value,
        "schedule": [
            {
                "period": str(row.period.number),
                "start": row.period.start.isoformat(),
                "end": row.period.end.isoformat(),
                "days": amount(str((row.period.end - row.period.start).days), "days"),
                "payment_date": None if row.period.payment_date is None else row.period.payment_date.isoformat(),
                "payment_state": row.period.payment_state.value,
                "rates": [percent(segment.rate) for segment in row.accrual.rows],
                "before": yuan(row.interest_before_minor),
                "after": yuan(row.interest_after_minor),
                "saving": yuan(row.saving_minor),
            }
            for row in schedule.rows
        ],
        "total_before": yuan(schedule.total_before_minor),
        "total_after": yuan(schedule.total_after_minor),
        "saving": yuan(schedule.total_saving_minor),
        "saving_fen": amount(str(schedule.total_saving_minor), "fen"),
        "rate_from_effect": percent(rate),
        "why": tree(why),
    }


def _determination(session: Session, scenario: Scenario) -> Determination:
    found = determinations.find_determination(session, scenario.id_of("determination"))
    assert found is not None, "the example was loaded before it is read"
    return found


def _attestation(record: AttestationRecord) -> Part:
    statement = record.statement or {}
    return {
        "attestation_id": str(record.attestation_id),
        "state": record.state.value,
        "issuer": statement.get("issuer_legal_name"),
        "key_id": record.key_id,
        "standard": statement.get("standard"),
        "level": statement.get("level"),
        "outcome": statement.get("outcome"),
        "period": [statement.get("period_start"), statement.get("period_end")],
        "value": amount(str(statement.get("value")), str(statement.get("unit"))),
        "received_at": record.received_at.isoformat(),
        "envelope_sha256": record.envelope_sha256,
        "refusal": record.code,
    }


def _legal_name(session: Session, organisation_id: UUID) -> str:
    organisation = access.load_organisation(session, organisation_id)
    assert organisation is not None, "who proposes or decides belongs to an organisation"
    return organisation.legal_name
