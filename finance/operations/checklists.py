"""The checklist of a facility as its facts stand now: evidence gathered, rules graded, warnings waived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.exact_text import parse_exact
from finance.kpi.targets import StatusHeld
from finance.loans.amendments import AmendmentState
from finance.loans.checklist import Finding, Waiver, check_waivable, grade
from finance.loans.checklist_case import ChecklistEvidence, checked_terms
from finance.loans.facility_terms import FacilityTerms
from finance.operations.evidence import EvidenceEvent, log_events
from finance.operations.labels import SUBJECT, KnownLabel, known_label
from finance.operations.reporting_days import is_attestation_late
from finance.store import attestations, facilities, kpi_periods, labels, reference
from finance.store.attestations import AttestationRecord
from finance.store.facilities import Facility
from finance.store.kpi_periods import KpiPeriod
from ledger.core.errors import Conflict, Invalid
from ledger.core.parties import Actor
from ledger.operations import RandomBytes

_Attested = tuple[KpiPeriod, AttestationRecord]


def facility_findings(
    session: Session, facility: Facility, *, now: datetime, today: date
) -> tuple[FacilityTerms, tuple[Finding, ...]]:
    """Return the terms in force and one finding per rule about them, with the waivers signed for them."""
    known = known_label(session, facility.facility_id, known_at=now)
    findings = grade(
        checked_terms(known.terms),
        _evidence(session, known, now=now, today=today),
        reference.shipped_checklist(),
        waivers=labels.list_waivers(session, facility.facility_id),
    )
    return known.terms, findings


def waive(
    session: Session,
    facility: Facility,
    rule_id: str,
    reason: str,
    *,
    terms_version: int,
    actor: Actor,
    now: datetime,
    today: date,
    random_bytes: RandomBytes,
) -> tuple[FacilityTerms, tuple[Finding, ...]]:
    """Let an open warning pass for the terms in force, and return the checklist after it.

    A block is never waived (``waiver.block``); ``terms_version`` must be the one in force (``waiver.terms_version``).
    """
    facilities.find_facility(session, facility.facility_id, lock=True)
    terms, findings = facility_findings(session, facility, now=now, today=today)
    if terms.version != terms_version:
        raise Conflict("waiver.terms_version", f"terms_version: expected {terms.version}, the one in force")
    check_waivable(findings, rule_id)
    waiver = Waiver(
        rule_id=rule_id,
        terms_version=terms_version,
        reason=reason,
        signatory_id=str(actor.user_id),
        organisation_id=str(actor.organisation_id),
        recorded_at=now,
    )
    labels.save_waiver(session, facility.facility_id, waiver, actor=actor)
    logged = EvidenceEvent(
        organisation_id=facility.borrower_id,
        subject=SUBJECT,
        subject_id=str(facility.facility_id),
        event="checklist_waived",
        facts={"reason": reason, "rule_id": rule_id, "terms_version": str(terms_version)},
    )
    log_events(session, [logged], actor=actor, now=now, random_bytes=random_bytes)
    return facility_findings(session, facility, now=now, today=today)


def _evidence(session: Session, known: KnownLabel, *, now: datetime, today: date) -> ChecklistEvidence:
    attested = tuple(_attested(session, known.facility_id))
    methods = {kpi.definition.kpi_id: kpi.definition.methodology_version for kpi in known.terms.kpis}
    approver, originator = _target_persons(session, known)
    engaged = attestations.list_engagements(session, facility_id=known.facility_id)
    running = [each for each in engaged if each.valid_to is None or each.valid_to > now]
    talks = [each for each in known.amendments if each.state_at(today) is AmendmentState.EXPIRED]
    return ChecklistEvidence(
        values=_values(session, known.terms, attested),
        regulated={},
        attested_bases=frozenset(period.kpi_id for period, _ in attested if _is_base(period, known.terms)),
        other_methods=frozenset(
            period.kpi_id
            for period, record in attested
            if record.statement is not None
            and record.statement["methodology_version"] != methods.get(period.kpi_id, "")
            and period.kpi_id in methods
        ),
        unverified=tuple(_unverified(known.terms, attested, now=now)),
        is_assessor_independent=all(each.is_independence_declared for each in running) if running else None,
        late_notices=sum(each.is_notice_late for each in known.amendments),
        expired_talks=sum(each.terms.version >= known.terms.version for each in talks),
        approver_of_targets=approver,
        originator=originator,
        use_of_premium=None,
        originated_on=known.originated_on,
        is_agreed=known.is_agreed,
    )


def _attested(session: Session, facility_id: UUID) -> Iterator[_Attested]:
    """Give every period whose reported data has a standing attestation, with that attestation."""
    for period in kpi_periods.list_periods(session, facility_id):
        reported = kpi_periods.load_reported(session, period.kpi_period_id)
        for record in attestations.list_attestations(session, period.kpi_period_id):
            is_of_these = (
                reported is not None
                and record.statement is not None
                and record.statement["snapshot_sha256"] == reported.sha256
            )
            if record.state.carries_a_rate and is_of_these:
                yield period, record
                break


def _values(
    session: Session, terms: FacilityTerms, attested: tuple[_Attested, ...]
) -> Mapping[str, tuple[tuple[int, Fraction], ...]]:
    numeric = {
        kpi.definition.kpi_id
        for kpi in terms.kpis
        if kpi.definition.is_computed and not any(isinstance(target.rule, StatusHeld) for target in kpi.targets)
    }
    found: dict[str, dict[int, Fraction]] = {}
    for period, _ in attested:
        reported = kpi_periods.load_reported(session, period.kpi_period_id)
        if reported is None or period.kpi_id not in numeric:
            continue
        year = date.fromordinal(period.period_end.toordinal() - 1).year
        try:
            found.setdefault(period.kpi_id, {})[year] = parse_exact(reported.value, field="value")
        except Invalid:
            continue  # a value that is no number has no trend
    return {kpi_id: tuple(sorted(by_year.items())) for kpi_id, by_year in found.items()}


def _is_base(period: KpiPeriod, terms: FacilityTerms) -> bool:
    return any(
        kpi.definition.kpi_id == period.kpi_id
        and kpi.baseline is not None
        and (kpi.baseline.period_start, kpi.baseline.period_end) == (period.period_start, period.period_end)
        for kpi in terms.kpis
    )


def _unverified(terms: FacilityTerms, attested: tuple[_Attested, ...], *, now: datetime) -> Iterator[tuple[str, int]]:
    """Give every KPI and test year whose attestation is overdue."""
    standing = {(period.kpi_id, period.period_start) for period, _ in attested}
    for kpi in terms.kpis:
        for target in kpi.targets:
            is_overdue = is_attestation_late(now, target.period_end, terms.reporting)
            if is_overdue and (kpi.definition.kpi_id, target.period_start) not in standing:
                yield kpi.definition.kpi_id, target.test_year


def _target_persons(session: Session, known: KnownLabel) -> tuple[str | None, str | None]:
    """Return who approved the targets and who brought in the loan, on the lenders' side; unknown where a borrower proposed."""
    recorded_by, agreed_by = labels.agreeing_persons(session, known.facility_id, known.terms.version)
    of_lenders = [person for organisation, person in agreed_by.items() if str(organisation) in known.terms.lender_ids]
    if recorded_by is None or recorded_by not in of_lenders:
        return None, None
    others = sorted(str(person) for person in of_lenders if person != recorded_by)
    return (others[0] if others else str(recorded_by)), str(recorded_by)
