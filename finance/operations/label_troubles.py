"""What troubles a label, as borrower and lenders record it: amendment events and talks, breaches and cures, declassification."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.fields import refused
from finance.loans.amendments import AmendmentEvent, AmendmentKind, Breach, Consent, Declassification
from finance.loans.label import LabelState
from finance.operations.labels import KnownLabel, known_label, locked_label, proposal_digest, record_fact
from finance.store.facilities import Facility
from finance.store.labels import LabelFact
from ledger.core.errors import Conflict
from ledger.core.parties import Actor


def notify_amendment(
    session: Session,
    facility: Facility,
    what: AmendmentKind,
    *,
    happened_on: date,
    description: str,
    event_id: UUID,
    actor: Actor,
    now: datetime,
    today: date,
) -> AmendmentEvent:
    """Record that the parties are told today of something that happened; the talks' days begin to run."""
    known = locked_label(session, facility, now=now)
    event = AmendmentEvent(
        event_id=str(event_id),
        what=what,
        happened_on=happened_on,
        notified_on=today,
        description=description,
        terms=known.terms,
        agreements=(),
    )
    detail = {"kind": what.value, "happened_on": happened_on.isoformat(), "reason": description}
    record_fact(session, known, LabelFact.AMENDMENT_NOTIFIED, detail, on=today, event_id=event_id, actor=actor, now=now)
    return event


def agree_on_amendment(
    session: Session,
    facility: Facility,
    amendment_id: UUID,
    *,
    reason: str,
    event_id: UUID,
    actor: Actor,
    now: datetime,
    today: date,
) -> AmendmentEvent:
    """Record the actor's organisation's agreement on how to go on; after the talks' last day it is refused."""
    known = locked_label(session, facility, now=now)
    event = known.amendment(amendment_id)
    event.check_agreement(_consent(actor, today))
    record_fact(
        session,
        known,
        LabelFact.AMENDMENT_AGREED,
        {"reason": reason, "consented_on": today.isoformat()},
        on=today,
        event_id=event_id,
        subject_id=amendment_id,
        actor=actor,
        now=now,
    )
    return known_label(session, facility.facility_id, known_at=now).amendment(amendment_id)


def notice_breach(
    session: Session,
    facility: Facility,
    *,
    cure_by: date,
    description: str,
    event_id: UUID,
    actor: Actor,
    now: datetime,
    today: date,
) -> Breach:
    """Record a duty not kept and until when it may be cured."""
    known = locked_label(session, facility, now=now)
    breach = Breach(breach_id=str(event_id), noticed_on=today, cure_by=cure_by, description=description, cured_on=None)
    detail = {"cure_by": cure_by.isoformat(), "reason": description}
    record_fact(session, known, LabelFact.BREACH_NOTICED, detail, on=today, event_id=event_id, actor=actor, now=now)
    return breach


def cure_breach(
    session: Session,
    facility: Facility,
    breach_id: UUID,
    *,
    reason: str,
    event_id: UUID,
    actor: Actor,
    now: datetime,
    today: date,
) -> Breach:
    """Record that a lender finds a breach cured; it is cured once (``breach.cured``), and not by the borrower's own word."""
    known = locked_label(session, facility, now=now)
    breach = known.breach(breach_id)
    if breach.cured_on is not None:
        raise Conflict("breach.cured", f"breach: it was cured on {breach.cured_on} already")
    record_fact(
        session,
        known,
        LabelFact.BREACH_CURED,
        {"reason": reason},
        on=today,
        event_id=event_id,
        subject_id=breach_id,
        actor=actor,
        now=now,
    )
    return known_label(session, facility.facility_id, known_at=now).breach(breach_id)


def propose_declassification(
    session: Session,
    facility: Facility,
    *,
    effective_on: date,
    reason: str,
    event_id: UUID,
    actor: Actor,
    now: datetime,
    today: date,
) -> Declassification:
    """Propose to end the label on a day of the loan's life; a second proposal waits for the first (``declassification.pending``)."""
    known = locked_label(session, facility, now=now)
    proposal = Declassification(
        proposal_id=str(event_id),
        effective_on=effective_on,
        reason=reason,
        proposer=_consent(actor, today),
        terms=known.terms,
        approvals=(),
    )
    _check_can_end(known, effective_on)
    pending = [each for each in known.declassifications if each.decided_on is None]
    if any(each.terms.version == known.terms.version for each in pending):
        raise Conflict("declassification.pending", "a proposal on these terms awaits approval; approve that one first")
    detail = {"reason": reason, "consented_on": today.isoformat(), "digest": proposal_digest(proposal)}
    record_fact(
        session,
        known,
        LabelFact.DECLASSIFICATION_PROPOSED,
        detail,
        on=effective_on,
        event_id=event_id,
        actor=actor,
        now=now,
    )
    return proposal


def approve_declassification(
    session: Session,
    facility: Facility,
    proposal_id: UUID,
    digest: str,
    *,
    approval_id: UUID,
    event_id: UUID,
    actor: Actor,
    now: datetime,
    today: date,
) -> Declassification:
    """Record an approval of exactly the proposal that ``digest`` names; with the consent share the label ends.

    Person and organisation differ from the proposer's. The label ends on the proposed day, or on the last approval's if that is
    later.
    """
    known = locked_label(session, facility, now=now)
    proposal = known.proposal(proposal_id)
    if proposal_digest(proposal) != digest:
        raise Conflict("declassification.digest", "digest: expected that of the proposal as it stands; read it again")
    if proposal.decided_on is not None:
        raise Conflict("declassification.decided", f"proposal: the label ends on {proposal.decided_on} already")
    if proposal.terms.version != known.terms.version:
        raise Conflict("declassification.terms", "proposal: newer terms are in force; propose again under them")
    proposal.check_approver(_consent(actor, today))
    record_fact(
        session,
        known,
        LabelFact.DECLASSIFICATION_APPROVED,
        {"reason": proposal.reason, "consented_on": today.isoformat(), "digest": digest},
        on=today,
        event_id=approval_id,
        subject_id=proposal_id,
        actor=actor,
        now=now,
    )
    known = known_label(session, facility.facility_id, known_at=now)
    proposal = known.proposal(proposal_id)
    if proposal.decided_on is not None:
        record_fact(
            session,
            known,
            LabelFact.DECLASSIFIED,
            {"reason": proposal.reason, "digest": digest},
            on=proposal.decided_on,
            event_id=event_id,
            subject_id=proposal_id,
            actor=actor,
            now=now,
        )
    return proposal


def _check_can_end(known: KnownLabel, on: date) -> None:
    """Refuse a day outside the loan's life, and a label that has ended."""
    if known.label.at(on) is None:
        raise refused(area="declassification", field="effective_on", expected="a day of the loan's life", value=on)
    if known.label.state_at(on) is LabelState.DECLASSIFIED:
        raise Conflict("declassification.ended", f"the label has ended before {on}; only newer terms begin another")


def _consent(actor: Actor, on: date) -> Consent:
    return Consent(organisation_id=str(actor.organisation_id), person_id=str(actor.user_id), on=on)
