"""What troubles a label, as borrower and lenders record it: amendment events and talks, breaches and cures, declassification."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.approvals import WaitingKind
from finance.conventions.fields import refused
from finance.loans.amendments import AmendmentEvent, AmendmentKind, Breach, Consent, Declassification
from finance.loans.label import LabelState
from finance.operations.labels import KnownLabel, Recording, known_label, locked_label, proposal_digest, record_fact
from finance.operations.loan_notices import loan_asks, loan_asks_no_more
from finance.store.facilities import Facility
from finance.store.labels import LabelFact
from ledger.core.errors import Conflict


def notify_amendment(
    session: Session,
    facility: Facility,
    what: AmendmentKind,
    *,
    happened_on: date,
    description: str,
    recording: Recording,
) -> AmendmentEvent:
    """Record that the parties are told today of something that happened; the talks' days begin to run."""
    known = locked_label(session, facility, now=recording.now)
    event = AmendmentEvent(
        event_id=str(recording.event_id),
        what=what,
        happened_on=happened_on,
        notified_on=recording.today,
        description=description,
        terms=known.terms,
        agreements=(),
    )
    detail = {"kind": what.value, "happened_on": happened_on.isoformat(), "reason": description}
    record_fact(session, known, LabelFact.AMENDMENT_NOTIFIED, detail, on=recording.today, recording=recording)
    return event


def agree_on_amendment(
    session: Session,
    facility: Facility,
    amendment_id: UUID,
    *,
    reason: str,
    recording: Recording,
) -> AmendmentEvent:
    """Record the actor's organisation's agreement on how to go on; after the talks' last day it is refused."""
    known = locked_label(session, facility, now=recording.now)
    event = known.amendment(amendment_id)
    event.check_agreement(_consent(recording))
    record_fact(
        session,
        known,
        LabelFact.AMENDMENT_AGREED,
        {"reason": reason, "consented_on": recording.today.isoformat()},
        on=recording.today,
        recording=recording,
        subject_id=amendment_id,
    )
    return known_label(session, facility.facility_id, known_at=recording.now).amendment(amendment_id)


def notice_breach(
    session: Session,
    facility: Facility,
    *,
    cure_by: date,
    description: str,
    recording: Recording,
) -> Breach:
    """Record a duty not kept and until when it may be cured."""
    known = locked_label(session, facility, now=recording.now)
    breach = Breach(
        breach_id=str(recording.event_id),
        noticed_on=recording.today,
        cure_by=cure_by,
        description=description,
        cured_on=None,
    )
    detail = {"cure_by": cure_by.isoformat(), "reason": description}
    record_fact(session, known, LabelFact.BREACH_NOTICED, detail, on=recording.today, recording=recording)
    return breach


def cure_breach(
    session: Session,
    facility: Facility,
    breach_id: UUID,
    *,
    reason: str,
    recording: Recording,
) -> Breach:
    """Record that a lender finds a breach cured; it is cured once (``breach.cured``), and not by the borrower's own word."""
    known = locked_label(session, facility, now=recording.now)
    breach = known.breach(breach_id)
    if breach.cured_on is not None:
        raise Conflict("breach.cured", f"breach: it was cured on {breach.cured_on} already")
    record_fact(
        session,
        known,
        LabelFact.BREACH_CURED,
        {"reason": reason},
        on=recording.today,
        recording=recording,
        subject_id=breach_id,
    )
    return known_label(session, facility.facility_id, known_at=recording.now).breach(breach_id)


def propose_declassification(
    session: Session,
    facility: Facility,
    *,
    effective_on: date,
    reason: str,
    recording: Recording,
) -> Declassification:
    """Propose to end the label on a day of the loan's life; a second proposal waits for the first (``declassification.pending``)."""
    known = locked_label(session, facility, now=recording.now)
    proposal = Declassification(
        proposal_id=str(recording.event_id),
        effective_on=effective_on,
        reason=reason,
        proposer=_consent(recording),
        terms=known.terms,
        approvals=(),
    )
    _check_can_end(known, effective_on)
    pending = [each for each in known.declassifications if each.decided_on is None]
    if any(each.terms.version == known.terms.version for each in pending):
        raise Conflict("declassification.pending", "a proposal on these terms awaits approval; approve that one first")
    detail = {"reason": reason, "consented_on": recording.today.isoformat(), "digest": proposal_digest(proposal)}
    record_fact(
        session,
        known,
        LabelFact.DECLASSIFICATION_PROPOSED,
        detail,
        on=effective_on,
        recording=recording,
    )
    others = {*facility.organisations_as("borrower", "lender")} - {recording.actor.organisation_id}
    loan_asks(
        session,
        facility,
        WaitingKind.DECLASSIFICATION,
        recording.event_id,
        organisations=others,
        maker=recording.actor,
        now=recording.now,
    )
    return proposal


def approve_declassification(
    session: Session,
    facility: Facility,
    proposal_id: UUID,
    digest: str,
    *,
    recording: Recording,
    end_id: UUID,
) -> Declassification:
    """Record an approval of exactly the proposal that ``digest`` names; with the consent share the label ends.

    Person and organisation differ from the proposer's. The label ends on the proposed day, or on the last approval's if that is
    later; that end is a fact of its own, ``end_id``.
    """
    known = locked_label(session, facility, now=recording.now)
    proposal = known.proposal(proposal_id)
    if proposal_digest(proposal) != digest:
        raise Conflict("declassification.digest", "digest: expected that of the proposal as it stands; read it again")
    if proposal.decided_on is not None:
        raise Conflict("declassification.decided", f"proposal: the label ends on {proposal.decided_on} already")
    if proposal.terms.version != known.terms.version:
        raise Conflict("declassification.terms", "proposal: newer terms are in force; propose again under them")
    proposal.check_approver(_consent(recording))
    record_fact(
        session,
        known,
        LabelFact.DECLASSIFICATION_APPROVED,
        {"reason": proposal.reason, "consented_on": recording.today.isoformat(), "digest": digest},
        on=recording.today,
        recording=recording,
        subject_id=proposal_id,
    )
    known = known_label(session, facility.facility_id, known_at=recording.now)
    proposal = known.proposal(proposal_id)
    if proposal.decided_on is not None:
        record_fact(
            session,
            known,
            LabelFact.DECLASSIFIED,
            {"reason": proposal.reason, "digest": digest},
            on=proposal.decided_on,
            recording=replace(recording, event_id=end_id),
            subject_id=proposal_id,
        )
    answered: tuple[UUID, ...] = (recording.actor.organisation_id,)
    if proposal.decided_on is not None:
        answered = facility.organisations_as("borrower", "lender")
    loan_asks_no_more(
        session, facility, WaitingKind.DECLASSIFICATION, proposal_id, organisations=answered, now=recording.now
    )
    return proposal


def _check_can_end(known: KnownLabel, on: date) -> None:
    """Refuse a day outside the loan's life, and a label that has ended."""
    if known.label.at(on) is None:
        raise refused(area="declassification", field="effective_on", expected="a day of the loan's life", value=on)
    if known.label.state_at(on) is LabelState.DECLASSIFIED:
        raise Conflict("declassification.ended", f"the label has ended before {on}; only newer terms begin another")


def _consent(recording: Recording) -> Consent:
    return Consent(
        organisation_id=str(recording.actor.organisation_id), person_id=str(recording.actor.user_id), on=recording.today
    )
