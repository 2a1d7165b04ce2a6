"""Makes events provable: each becomes a leaf of an organisation's evidence book, and its receipt is kept and proven.

An evidence book holds entries of kind ``record`` only, one book an organisation, opened with its first event: what concerns a
loan goes to its borrower's, what concerns a key to its holder's. The leaf carries the event's digest, never its content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from finance.attestations.canonical import canonical_bytes
from finance.store import evidence
from finance.store.evidence import EvidenceReceipt
from ledger import operations as ledger
from ledger import proofs
from ledger.core.journal import EntryKind, JournalDraft
from ledger.core.parties import Actor
from ledger.operations import RandomBytes
from ledger.proofs import InclusionProof
from ledger.store import books
from ledger.store.acting import as_installation

BOOK_CODE = "evidence"
_BOOK_CURRENCY = "CNY"  # a book needs a functional currency; no entry of this one has legs


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceEvent:
    """Something that befell a subject: in whose book it goes, about what, and the facts that its digest covers.

    ``event`` is a word such as ``accepted``; ``facts`` are texts by name, digests of documents among them, never their content.
    """

    organisation_id: UUID
    subject: str
    subject_id: str
    event: str
    facts: Mapping[str, str] = field(default_factory=dict)


def log_events(
    session: Session, events: Sequence[EvidenceEvent], *, actor: Actor, now: datetime, random_bytes: RandomBytes
) -> tuple[EvidenceReceipt, ...]:
    """Record each event as a leaf of its organisation's evidence book and return the receipts, in the order given.

    Joins the caller's transaction and takes the books last, in the order of their numbers, as the ledger asks. An entry is dated
    the day of ``now`` in UTC, or the first open day of a book that was closed beyond it.
    """
    owners = sorted({event.organisation_id for event in events})
    receipts: dict[int, EvidenceReceipt] = {}
    with as_installation(session):  # what a lender or an assessor does to a loan goes into the borrower's book
        book_of = {owner: _book(session, owner, now=now) for owner in owners}
        for place, event in sorted(enumerate(events), key=lambda each: (book_of[each[1].organisation_id][0], each[0])):
            book_id, open_from = book_of[event.organisation_id]
            day = max(now.date(), open_from)
            receipts[place] = _log(session, event, book_id, day, actor=actor, now=now, random_bytes=random_bytes)
    return tuple(receipts[place] for place in range(len(events)))


def prove(session: Session, receipt: EvidenceReceipt) -> InclusionProof:
    """Return the proof that the receipt's leaf is in its evidence book's tree."""
    with as_installation(session):  # a party to the loan has the receipt, and the book is its borrower's
        return proofs.prove_inclusion(session, receipt.book_id, entry_id=receipt.entry_id)


def _log(
    session: Session,
    event: EvidenceEvent,
    book_id: int,
    day: date,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> EvidenceReceipt:
    number = evidence.next_number(session, event.subject, event.subject_id)
    document = canonical_bytes(
        {
            "acting_for": str(actor.organisation_id),
            "actor": str(actor.user_id),
            "event": event.event,
            "facts": dict(event.facts),
            "number": str(number),
            "recorded_at": now.isoformat(),
            "subject": event.subject,
            "subject_id": event.subject_id,
        }
    )
    digest = hashlib.sha256(document).hexdigest()
    draft = JournalDraft(
        entry_id=UUID(bytes=random_bytes(16), version=4),
        kind=EntryKind.RECORD,
        effective_on=day,
        actor=actor,
        attrs={
            "digest": digest,
            "event": event.event,
            "number": str(number),
            "subject": event.subject,
            "subject_id": event.subject_id,
        },
    )
    posted = ledger.post_entries(session, book_id, [draft], now=now, random_bytes=random_bytes, is_closer=True)[0]
    if isinstance(posted, ledger.EntryRefusal):
        raise posted.refusal
    receipt = EvidenceReceipt(
        book_id=book_id,
        entry_id=posted.entry_id,
        subject=event.subject,
        subject_id=event.subject_id,
        number=number,
        event=event.event,
        document=document.decode(),
        digest=digest,
        seq=posted.seq,
        leaf_hash=posted.leaf_hash,
        recorded_at=now,
    )
    evidence.save_receipt(session, receipt)
    return receipt


def _book(session: Session, organisation_id: UUID, *, now: datetime) -> tuple[int, date]:
    """Return the organisation's evidence book and its first open day, opening the book on demand."""
    for book in books.list_books(session, organisation_id):
        if book.code == BOOK_CODE:
            closed = book.locked_through
            return book.book_id, date.min if closed is None else closed + timedelta(days=1)
    book_id = ledger.open_book(
        session,
        book_uuid=uuid5(organisation_id, BOOK_CODE),
        tenant_id=organisation_id,
        code=BOOK_CODE,
        functional_currency=_BOOK_CURRENCY,
        now=now,
    )
    return book_id, date.min
