"""Claw-back and refund: what a late fact changes in interest already booked, put to both parties, then one entry.

The amount is due as known now less what was booked, adjustments included, so any order of late facts ends in the same books.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from finance.accounting import loan_rules
from finance.conventions.approvals import WaitingKind
from finance.conventions.documents import to_document
from finance.loans.true_ups import TrueUp, true_up
from finance.operations.evidence import EvidenceEvent, log_events
from finance.operations.loan_entries import check_book, open_loan_accounts
from finance.operations.loan_notices import loan_asks, loan_asks_no_more
from finance.operations.loan_view import KnownLoan, known_loan
from finance.store import facilities, loan_facts
from finance.store.facilities import Facility, document_hash
from finance.store.loan_facts import InterestAdjustment, InterestBooking
from ledger import operations as ledger
from ledger.core.errors import Conflict, Forbidden, NotFound
from ledger.core.parties import Actor
from ledger.operations import EntryReceipt, RandomBytes

SUBJECT = "interest_adjustment"
"""Under what the log keeps agreements to adjustments."""


def find_true_up(session: Session, loan: KnownLoan, tranche_id: str, *, through: date) -> TrueUp | None:
    """Return what is to be adjusted on a tranche for payments on or before ``through``, None when nothing is."""
    booked = loan_facts.load_booked(session, loan.facility_id, tranche_id)
    then = loan_facts.last_known_sha256(session, loan.facility_id, tranche_id)
    if not booked or then is None:
        return None
    return true_up(
        loan.schedule(tranche_id),
        tranche_id=tranche_id,
        booked=booked,
        through=through,
        terms=loan.facility.terms.late_facts,
        known_then_sha256=then,
        known_now_sha256=loan.sha256,
    )


def propose_adjustment(
    session: Session,
    facility: Facility,
    tranche_id: str,
    *,
    through: date,
    adjustment_id: UUID,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> InterestAdjustment:
    """Record what is to be adjusted on the tranche, for both parties to agree to; nothing to adjust is refused.

    (``adjustment.nothing``.) Proposing it is the proposer's own side's agreement.
    """
    facilities.find_facility(session, facility.facility_id, lock=True)
    loan = known_loan(session, facility.facility_id, known_at=now)
    loan.facility.terms.tranche(tranche_id)
    found = find_true_up(session, loan, tranche_id, through=through)
    if found is None:
        raise Conflict("adjustment.nothing", f"tranche {tranche_id}: what was booked is what is due; nothing to adjust")
    document = to_document(found)
    adjustment = InterestAdjustment(
        adjustment_id=adjustment_id,
        facility_id=facility.facility_id,
        true_up=found,
        document=document,
        digest=document_hash(document),
        approvals={},
        proposed_at=now,
        proposer=actor,
    )
    loan_facts.save_adjustment(session, adjustment)
    _save_agreement(session, facility, adjustment, actor=actor, now=now, random_bytes=random_bytes)
    asked = _other_side(facility, actor)
    loan_asks(session, facility, WaitingKind.ADJUSTMENT, adjustment_id, organisations=asked, maker=actor, now=now)
    return found_adjustment(session, adjustment_id)


def agree_to_adjustment(
    session: Session,
    facility: Facility,
    adjustment_id: UUID,
    digest: str,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> InterestAdjustment:
    """Record the other side's agreement to exactly the adjustment that ``digest`` names; it may then be booked.

    What changed since it was proposed refuses it (``adjustment.stale``): it is proposed anew.
    """
    facilities.find_facility(session, facility.facility_id, lock=True)
    adjustment = found_adjustment(session, adjustment_id)
    if adjustment.digest != digest:
        raise Conflict("adjustment.digest", "digest: expected that of the adjustment as it stands; read it again")
    if actor.user_id == adjustment.proposer.user_id:
        raise Forbidden("adjustment.same_person", "approver: expected another person than the one who proposed")
    loan = known_loan(session, facility.facility_id, known_at=now)
    if loan.sha256 != adjustment.true_up.known_now_sha256:
        raise Conflict("adjustment.stale", "adjustment: what is known changed since it was proposed; propose it anew")
    _save_agreement(session, facility, adjustment, actor=actor, now=now, random_bytes=random_bytes)
    asked = _other_side(facility, adjustment.proposer)
    loan_asks_no_more(session, facility, WaitingKind.ADJUSTMENT, adjustment_id, organisations=asked, now=now)
    return found_adjustment(session, adjustment_id)


def book_adjustment(
    session: Session,
    book_id: int,
    adjustment: InterestAdjustment,
    *,
    on: date,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> EntryReceipt:
    """Post the one entry of an adjustment that both sides agreed to (``adjustment.not_agreed``), and return its receipt.

    The entry names the adjustment and the hashes of what was known when booked and of what is known now; the same again is the
    same entry.
    """
    facilities.find_facility(session, adjustment.facility_id, lock=True)
    if set(adjustment.approvals) != {"borrower", "lender"}:
        raise Conflict(
            "adjustment.not_agreed", "adjustment: expected the agreement of borrower and lender before it is booked"
        )
    found = adjustment.true_up
    loan = known_loan(session, adjustment.facility_id, known_at=now)
    check_book(session, book_id, loan)
    accounts = open_loan_accounts(session, book_id, loan, loan.facility.terms.tranche(found.tranche_id))
    entry_id = uuid5(adjustment.adjustment_id, "entry")
    draft = loan_rules.adjustment_draft(
        accounts,
        found.change_minor,
        on=on,
        entry_id=entry_id,
        actor=actor,
        attrs={
            "adjustment_id": str(adjustment.adjustment_id),
            "known_then_sha256": found.known_then_sha256,
            "known_now_sha256": found.known_now_sha256,
        },
    )
    receipt = ledger.post_entry(session, book_id, draft, now=now, random_bytes=random_bytes)
    if not receipt.is_replay:
        for row in found.rows:
            booking = InterestBooking(
                period_start=row.period_start,
                amount_minor=row.change_minor,
                adjustment_id=adjustment.adjustment_id,
            )
            loan_facts.save_booking(
                session,
                adjustment.facility_id,
                found.tranche_id,
                booking,
                entry=(book_id, entry_id),
                known_sha256=found.known_now_sha256,
                now=now,
            )
    return receipt


def found_adjustment(session: Session, adjustment_id: UUID) -> InterestAdjustment:
    """Return the adjustment; one that does not exist is refused (``adjustment.not_found``)."""
    adjustment = loan_facts.find_adjustment(session, adjustment_id)
    if adjustment is None:
        raise NotFound("adjustment.not_found", "the adjustment does not exist, or not for you")
    return adjustment


def _save_agreement(
    session: Session,
    facility: Facility,
    adjustment: InterestAdjustment,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> None:
    """Record one side's agreement, and make it a leaf of the borrower's evidence book."""
    side = _side(facility, actor)
    loan_facts.save_adjustment_approval(
        session, adjustment.adjustment_id, side=side, digest=adjustment.digest, actor=actor, now=now
    )
    event = EvidenceEvent(
        organisation_id=facility.borrower_id,
        subject=SUBJECT,
        subject_id=str(adjustment.adjustment_id),
        event="agreed",
        facts={"digest": adjustment.digest, "side": side},
    )
    log_events(session, [event], actor=actor, now=now, random_bytes=random_bytes)


def _other_side(facility: Facility, actor: Actor) -> tuple[UUID, ...]:
    """Return the organisations that have to agree beside the proposer's: the lenders, or the borrower."""
    if _side(facility, actor) != "borrower":
        return (facility.borrower_id,)
    return facility.organisations_as("lender")


def _side(facility: Facility, actor: Actor) -> str:
    if facility.borrower_id == actor.organisation_id:
        return "borrower"
    if facility.has_party(actor.organisation_id, "lender", "agent"):
        return "lender"
    raise Forbidden("adjustment.not_party", "approver: expected a person of the borrower, a lender or the agent")
