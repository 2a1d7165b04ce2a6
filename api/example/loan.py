"""The example's loan: KPI, attestations, the rate decision and the interest it changes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.example.scenario import Scenario
from api.example.shapes import amount, exact, percent, tree, yuan
from api.store import access
from finance.conventions.exact_text import fraction_text
from finance.loans.price_explanation import rate_on
from finance.operations.kpi_findings import find_kpis
from finance.operations.loan_view import KnownLoan, known_loan
from finance.store import attestations, determinations, kpi_periods
from finance.store.attestations import AttestationRecord
from finance.store.determinations import Determination

Part = dict[str, Any]


def kpi_part(session: Session, scenario: Scenario) -> Part:
    """Return the test year's KPI: baseline, reported value, target and outcome."""
    period = kpi_periods.find_period(session, scenario.id_of("period", "test"))
    assert period is not None, "the example was loaded before it is read"
    now = scenario.instant("book")
    loan = known_loan(session, scenario.id_of("facility"), known_at=now)
    (found,) = find_kpis(session, loan, period.period_start, now=now, counts_late=False)
    finding = found.finding
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
        "target": {**amount(exact(outcome.threshold * 100, 2), "%"), "source": finding.target.source},
        "threshold": amount(exact(baseline.value * (1 - outcome.threshold), 6), unit),
        "margin_to_target": amount(exact(baseline.value * outcome.margin_to_target, 6), unit),
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
    (price,), (evidence,) = decision.prices, found.evidence
    loan = _loan(session, scenario)
    before, after = (schedule(price.tranche_id) for schedule in (loan.base_schedule, loan.schedule))
    assert price.effective_from is not None, "the example's decision counts from a day of the loan's life"
    rates = [rate_on(each, price.effective_from) for each in (before, after)]
    return {
        "determination_id": str(found.determination_id),
        "facility": found.proposal.facility_number,
        "terms_version": str(found.proposal.terms_version),
        "rate_before": {**percent(rates[0]), "exact": fraction_text(rates[0])},
        "rate_after": {**percent(rates[1]), "exact": fraction_text(rates[1])},
        "adjustment": amount(exact(price.adjustment_after_bp, 4), "bp"),
        "effective_from": price.effective_from.isoformat(),
        "cause": {
            "kpi_period_id": str(evidence.kpi_period_id),
            "attestation_id": str(evidence.attestation_id),
            "baseline_attestation_id": str(evidence.baseline_attestation_id),
        },
        "digest": found.digest,
        "proposed_on": found.proposal.proposed_on.isoformat(),
        "proposed_by": _legal_name(session, found.proposer.organisation_id),
        "decision": decision.verdict,
        "decided_on": decision.decided_on.isoformat(),
        "decided_by": _legal_name(session, decision.decider.organisation_id),
    }


def interest_part(session: Session, scenario: Scenario) -> Part:
    """Return the schedule before and after, the saving, and why the rate is what it is from its effect date on."""
    loan = _loan(session, scenario)
    terms = loan.facility.terms
    (tranche,) = terms.tranches
    before, after = loan.base_schedule(tranche.tranche_id), loan.schedule(tranche.tranche_id)
    decision = _determination(session, scenario).decision
    assert decision is not None, "the example's proposal was decided"
    effective_from = decision.prices[0].effective_from
    assert effective_from is not None, "the example's decision counts from a day of the loan's life"
    saving_minor = before.total_interest_minor - after.total_interest_minor
    return {
        "facility": terms.facility_number,
        "terms_sha256": loan.version.sha256,
        "principal": yuan(tranche.commitment_minor),
        "day_count": tranche.day_count.value,
        "schedule": [
            {
                "period": str(due.period.number),
                "start": due.period.start.isoformat(),
                "end": due.period.end.isoformat(),
                "days": amount(str((due.period.end - due.period.start).days), "days"),
                "payment_date": None if due.period.payment_date is None else due.period.payment_date.isoformat(),
                "payment_state": due.period.payment_state.value,
                "rates": [percent(segment.rate) for segment in due.segments],
                "before": yuan(plain.payment_minor),
                "after": yuan(due.payment_minor),
                "saving": yuan(plain.payment_minor - due.payment_minor),
            }
            for plain, due in zip(before.interest, after.interest, strict=True)
        ],
        "total_before": yuan(before.total_interest_minor),
        "total_after": yuan(after.total_interest_minor),
        "saving": yuan(saving_minor),
        "saving_fen": amount(str(saving_minor), "fen"),
        "rate_from_effect": percent(rate_on(after, effective_from)),
        "why": tree(loan.explain_rate(tranche.tranche_id, effective_from)),
    }


def _loan(session: Session, scenario: Scenario) -> KnownLoan:
    return known_loan(session, scenario.id_of("facility"), known_at=scenario.instant("book"))


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
