"""A facility's label as known at one moment, and the moves that borrower and lenders record: activation, suspension, resumption.

The facility is locked before a move, so that moves come one after another; one that the label has no room for is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from finance.loans.amendments import (
    AmendmentEvent,
    AmendmentKind,
    Breach,
    BreachState,
    Consent,
    Declassification,
    is_declassification_due,
)
from finance.loans.checklist import Finding, check_no_blocks
from finance.loans.facility_terms import FacilityTerms
from finance.loans.label import AgreedTerms, Label, LabelEvent, LabelStep, check_step, label_of
from finance.loans.price_timeline import Span
from finance.operations.evidence import EvidenceEvent, log_events
from finance.store import facilities, labels, reference
from finance.store.facilities import Facility, document_hash
from finance.store.labels import LabelFact, LabelRecord
from ledger.core.errors import Conflict, Forbidden, NotFound
from ledger.core.parties import Actor
from ledger.operations import RandomBytes

SUBJECT = "label"
"""Under what the log keeps a facility's label facts and checklist waivers; the subject's id is the facility's."""

_MOVES: Mapping[LabelFact, LabelStep] = {
    LabelFact.ACTIVATED: LabelStep.ACTIVATED,
    LabelFact.SUSPENDED: LabelStep.SUSPENDED,
    LabelFact.RESUMED: LabelStep.RESUMED,
    LabelFact.DECLASSIFIED: LabelStep.DECLASSIFIED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLabel:
    """The label as known at one moment with what troubles it; ``terms`` are those in force, agreed or only proposed."""

    facility_id: UUID
    terms: FacilityTerms
    is_agreed: bool
    originated_on: date | None
    label: Label
    amendments: tuple[AmendmentEvent, ...]
    breaches: tuple[Breach, ...]
    declassifications: tuple[Declassification, ...]

    def is_declassification_due(self, on: date) -> bool:
        """Return whether a declassification event has occurred and nobody has answered it yet."""
        return is_declassification_due(self.amendments, self.breaches, terms_version=self.terms.version, on=on)

    def proposal(self, proposal_id: UUID) -> Declassification:
        """Return a proposal to declassify; an unknown one is ``declassification.not_found``."""
        for each in self.declassifications:
            if each.proposal_id == str(proposal_id):
                return each
        raise NotFound("declassification.not_found", "the proposal does not exist, or not for this facility")

    def amendment(self, event_id: UUID) -> AmendmentEvent:
        """Return an amendment event; an unknown one is ``amendment.not_found``."""
        for each in self.amendments:
            if each.event_id == str(event_id):
                return each
        raise NotFound("amendment.not_found", "the amendment event does not exist, or not for this facility")

    def breach(self, breach_id: UUID) -> Breach:
        """Return a breach; an unknown one is ``breach.not_found``."""
        for each in self.breaches:
            if each.breach_id == str(breach_id):
                return each
        raise NotFound("breach.not_found", "the breach does not exist, or not for this facility")


def labelled_spans(
    session: Session, facility_id: UUID, terms: FacilityTerms, *, is_agreed: bool, known_at: datetime
) -> tuple[Span, ...]:
    """Return the half-open days on which the pricing clauses work, as known at ``known_at``; none without clauses or agreement.

    Clauses rest while the loan sleeps, while its label is suspended and once it is declassified (``Label.priced_days``).
    """
    if terms.ratchet is None or not is_agreed:
        return ()
    agreed = _agreed_versions(session, facility_id, known_at=known_at)
    records = labels.list_records(session, facility_id, known_at=known_at)
    return label_of(agreed, [_event(each) for each in records if each.what in _MOVES]).priced_days


def known_label(session: Session, facility_id: UUID, *, known_at: datetime) -> KnownLabel:
    """Return the label as known at ``known_at``, now or then."""
    agreed = _agreed_versions(session, facility_id, known_at=known_at)
    in_force, is_agreed = facilities.terms_in_force(session, facility_id, known_at=known_at)
    records = labels.list_records(session, facility_id, known_at=known_at)
    versions = {each.terms.version: each.terms for each in facilities.list_terms(session, facility_id)}
    return KnownLabel(
        facility_id=facility_id,
        terms=in_force.terms,
        is_agreed=is_agreed,
        originated_on=agreed[0].terms.agreed_on if agreed else None,
        label=label_of(agreed, [_event(each) for each in records if each.what in _MOVES]),
        amendments=tuple(
            _amendment(each, versions[each.terms_version], records)
            for each in records
            if each.what is LabelFact.AMENDMENT_NOTIFIED
        ),
        breaches=tuple(_breach(each, records) for each in records if each.what is LabelFact.BREACH_NOTICED),
        declassifications=tuple(
            _declassification(each, versions[each.terms_version], records)
            for each in records
            if each.what is LabelFact.DECLASSIFICATION_PROPOSED
        ),
    )


def locked_label(session: Session, facility: Facility, *, now: datetime) -> KnownLabel:
    """Return the label with the facility locked; terms that nobody agreed to have none (``label.not_agreed``)."""
    facilities.find_facility(session, facility.facility_id, lock=True)
    known = known_label(session, facility.facility_id, known_at=now)
    if not known.is_agreed:
        raise Conflict("label.not_agreed", "terms: expected the agreement of borrower and lenders before any label")
    return known


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Who records something about a label, when, and under which id: the fact's own."""

    event_id: UUID
    actor: Actor
    now: datetime
    today: date
    random_bytes: RandomBytes


def activate(
    session: Session,
    facility: Facility,
    findings: tuple[Finding, ...],
    *,
    reason: str,
    recording: Recording,
) -> None:
    """Call the loan sustainability-linked from ``recording.today`` on, if its checklist has no open block (``checklist.blocked``)."""
    known = locked_label(session, facility, now=recording.now)
    _check_untroubled(known, recording.today)
    check_no_blocks(findings)
    detail = {"reason": reason, "checklist_sha256": findings_hash(findings)}
    record_fact(session, known, LabelFact.ACTIVATED, detail, on=recording.today, recording=recording)


def suspend(
    session: Session,
    facility: Facility,
    *,
    on: date,
    reason: str,
    recording: Recording,
) -> None:
    """Suspend the label from ``on``, which is not after ``recording.today`` (``label.on``): the clauses rest and the name is not used."""
    known = locked_label(session, facility, now=recording.now)
    if on > recording.today:
        raise Conflict("label.on", f"on: expected a day not after {recording.today}", field="on")
    record_fact(session, known, LabelFact.SUSPENDED, {"reason": reason}, on=on, recording=recording)


def resume(
    session: Session,
    facility: Facility,
    findings: tuple[Finding, ...],
    *,
    reason: str,
    recording: Recording,
) -> None:
    """Resume a suspended label from ``recording.today``, as untroubled as for an activation, through another party than suspended it."""
    known = locked_label(session, facility, now=recording.now)
    _check_untroubled(known, recording.today)
    check_no_blocks(findings)
    records = labels.list_records(session, facility.facility_id)
    suspended = [each for each in records if each.what is LabelFact.SUSPENDED]
    if suspended and suspended[-1].actor.organisation_id == recording.actor.organisation_id:
        raise Forbidden("label.four_eyes", "organisation: expected another party than the one that suspended the label")
    detail = {"reason": reason, "checklist_sha256": findings_hash(findings)}
    record_fact(session, known, LabelFact.RESUMED, detail, on=recording.today, recording=recording)


def record_fact(
    session: Session,
    known: KnownLabel,
    what: LabelFact,
    detail: Mapping[str, Any],
    *,
    on: date,
    recording: Recording,
    subject_id: UUID | None = None,
) -> None:
    """Record a fact about the label, a leaf of the borrower's evidence book; one that moves it must find room (``label.transition``)."""
    found = known.label.at(on)
    record = LabelRecord(
        event_id=recording.event_id,
        facility_id=known.facility_id,
        number=labels.next_number(session, known.facility_id),
        what=what,
        subject_id=subject_id or recording.event_id,
        terms_version=known.terms.version if found is None else found.terms_version,
        effective_on=on,
        detail=detail,
        recorded_at=recording.now,
        actor=recording.actor,
    )
    labels.save_record(session, record)
    if what in _MOVES:
        after = known_label(session, known.facility_id, known_at=recording.now)
        check_step(after.label, _event(record))
        idle_before = set(known.label.without_effect)
        if set(after.label.without_effect) - idle_before:
            raise Conflict(
                "label.ground_lost", f"on: a later move of the label would lose its ground; {on} is too early"
            )
    facts = {
        "effective_on": record.effective_on.isoformat(),
        "event_id": str(record.event_id),
        "subject_id": str(record.subject_id),
        "terms_version": str(record.terms_version),
        **{name: str(value) for name, value in detail.items()},
    }
    logged = EvidenceEvent(
        organisation_id=UUID(known.terms.borrower_id),
        subject=SUBJECT,
        subject_id=str(known.facility_id),
        event=what.value,
        facts=facts,
    )
    log_events(session, [logged], actor=recording.actor, now=recording.now, random_bytes=recording.random_bytes)


def proposal_digest(proposal: Declassification) -> str:
    """Return what an approver binds to: the hash of day, reason, proposer and terms."""
    return document_hash(
        {
            "proposal_id": proposal.proposal_id,
            "effective_on": proposal.effective_on.isoformat(),
            "reason": proposal.reason,
            "proposer": proposal.proposer.person_id,
            "organisation": proposal.proposer.organisation_id,
            "terms_version": str(proposal.terms.version),
        }
    )


def findings_hash(findings: tuple[Finding, ...]) -> str:
    """Return the hash of a graded checklist: rule, result, severity, waiver."""
    return document_hash(
        {
            each.rule.rule_id: [each.result.value, each.severity.value, each.reason_en, str(each.waiver is not None)]
            for each in findings
        }
    )


def _check_untroubled(known: KnownLabel, today: date) -> None:
    """Refuse a label while a breach stands or talks ended in nothing (``label.troubled``)."""
    standing = [each for each in known.breaches if each.state_at(today) is not BreachState.CURED]
    if standing:
        raise Conflict(
            "label.troubled", f"breach of {standing[0].noticed_on}: expected it cured first", field="breaches"
        )
    if known.is_declassification_due(today):
        raise Conflict(
            "label.talks_failed",
            "talks: they ended without agreement; declassify, or agree new terms",
            field="amendments",
        )


def _agreed_versions(session: Session, facility_id: UUID, *, known_at: datetime) -> tuple[AgreedTerms, ...]:
    agreed: list[AgreedTerms] = []
    for version in facilities.list_terms(session, facility_id, known_at=known_at):
        if version.is_agreed(agreed[-1].terms if agreed else None):
            principles = reference.shipped_checklist().find_version(version.terms.label.principles_version)
            months = None if principles is None else principles.sleeping_months
            agreed.append(AgreedTerms(terms=version.terms, sleeping_months=months))
    return tuple(agreed)


def _event(record: LabelRecord) -> LabelEvent:
    return LabelEvent(
        what=_MOVES[record.what],
        on=record.effective_on,
        recorded_at=record.recorded_at,
        number=record.number,
        terms_version=record.terms_version,
        reason=str(record.detail["reason"]),
    )


def _consent(record: LabelRecord) -> Consent:
    return Consent(
        organisation_id=str(record.actor.organisation_id),
        person_id=str(record.actor.user_id),
        on=date.fromisoformat(str(record.detail["consented_on"])),
    )


def _about(records: tuple[LabelRecord, ...], subject: LabelRecord, what: LabelFact) -> tuple[LabelRecord, ...]:
    return tuple(each for each in records if each.what is what and each.subject_id == subject.event_id)


def _amendment(record: LabelRecord, terms: FacilityTerms, records: tuple[LabelRecord, ...]) -> AmendmentEvent:
    return AmendmentEvent(
        event_id=str(record.event_id),
        what=AmendmentKind(record.detail["kind"]),
        happened_on=date.fromisoformat(str(record.detail["happened_on"])),
        notified_on=record.effective_on,
        description=str(record.detail["reason"]),
        terms=terms,
        agreements=tuple(_consent(each) for each in _about(records, record, LabelFact.AMENDMENT_AGREED)),
    )


def _breach(record: LabelRecord, records: tuple[LabelRecord, ...]) -> Breach:
    cures = _about(records, record, LabelFact.BREACH_CURED)
    return Breach(
        breach_id=str(record.event_id),
        noticed_on=record.effective_on,
        cure_by=date.fromisoformat(str(record.detail["cure_by"])),
        description=str(record.detail["reason"]),
        cured_on=cures[0].effective_on if cures else None,
    )


def _declassification(record: LabelRecord, terms: FacilityTerms, records: tuple[LabelRecord, ...]) -> Declassification:
    return Declassification(
        proposal_id=str(record.event_id),
        effective_on=record.effective_on,
        reason=str(record.detail["reason"]),
        proposer=_consent(record),
        terms=terms,
        approvals=tuple(_consent(each) for each in _about(records, record, LabelFact.DECLASSIFICATION_APPROVED)),
    )
