"""Proposing, approving and refusing in trading: four eyes over a digest, each step with a leaf of the book.

Joins the caller's transaction and commits nothing. What is proposed is its caller's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.attestations.canonical import JsonValue, check_text
from finance.conventions.approvals import WAITS, WaitingKind
from finance.conventions.notice_words import approval_condition, approval_waits
from finance.conventions.notices import NoticeKind
from finance.operations.notices import raise_notice, resolve_notice
from finance.store import trading_proposals
from finance.store.trading_proposals import Proposal
from finance.trading.orders import Step, StepKind, digest_of
from ledger import operations as ledger
from ledger.core.errors import Conflict, Forbidden, Invalid, NotFound
from ledger.core.journal import EntryKind, JournalDraft
from ledger.core.parties import Actor
from ledger.operations import RandomBytes
from ledger.store import journal
from ledger.store.books import Book

_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who acts on which book, when, and where ids and salts come from."""

    session: Session
    book: Book
    actor: Actor
    now: datetime
    new_id: Callable[[], UUID]
    random_bytes: RandomBytes

    def lock(self) -> int:
        """Take the book until the transaction ends, so that two deciding at once decide one after the other; return its size."""
        return journal.lock_book(self.session, self.book.book_id).tree_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What is proposed: its kind and id, what it is about, its terms as texts, and how many others must approve."""

    kind: str
    proposal_id: UUID
    subject: str
    document: Mapping[str, JsonValue]
    approvals_needed: int = 1
    is_draft: bool = False
    details: Mapping[str, str] = field(default_factory=dict)


def propose(desk: Desk, proposed: Proposed) -> Proposal:
    """Record a proposal with its digest; the same again by the same person changes nothing.

    An id that stands with other content, of another kind or by another person is ``trading.id_taken``.
    """
    content, sha256 = digest_of(proposed.document)
    organisation_id = desk.book.tenant_id
    if trading_proposals.is_id_taken(desk.session, organisation_id, proposed.proposal_id):
        standing = trading_proposals.find(desk.session, desk.book.book_id, proposed.proposal_id, desk.book.book_uuid)
        if standing is None or (standing.kind, standing.content, standing.maker_id) != (
            proposed.kind,
            content,
            desk.actor.user_id,
        ):
            raise Conflict("trading.id_taken", "id: something else stands under it; propose under a new id")
        return standing
    proposal = Proposal(
        book_id=desk.book.book_id,
        book_uuid=desk.book.book_uuid,
        proposal_id=proposed.proposal_id,
        organisation_id=organisation_id,
        kind=proposed.kind,
        number=trading_proposals.next_number(desk.session, desk.book.book_id, proposed.kind),
        subject=proposed.subject,
        content=content,
        sha256=sha256,
        approvals_needed=proposed.approvals_needed,
        maker_id=desk.actor.user_id,
        made_at=desk.now,
    )
    trading_proposals.save_proposal(desk.session, proposal)
    if proposed.is_draft:
        return proposal
    return take_step(desk, proposal, StepKind.PROPOSED, details=proposed.details)


def decide(desk: Desk, proposal: Proposal, what: StepKind, *, sha256: str, reason: str) -> Proposal:
    """Approve or reject as another person than the maker, bound to the very digest that was read.

    Another digest is ``trading.digest``, the maker ``trading.same_person``, who approved before ``trading.approved_before``.
    """
    if sha256 != proposal.sha256:
        raise Conflict("trading.digest", "sha256: expected the digest of the proposal as it stands; read it again")
    if desk.actor.user_id == proposal.maker_id:
        raise Forbidden("trading.same_person", "expected another person than the maker; ask a colleague")
    if any(step.what is what and step.actor_id == desk.actor.user_id for step in proposal.steps):
        raise Conflict("trading.approved_before", "you have decided this already; another person is asked for")
    return take_step(desk, proposal, what, reason=reason)


def check_reason(reason: str) -> str:
    """Return a reason that a person gives, or refuse it: ``trading.reason``."""
    if not 1 <= len(reason) <= _LONGEST or reason != reason.strip() or not reason.isprintable():
        raise Invalid("trading.reason", f"reason: expected 1 to {_LONGEST} printable characters", field="reason")
    check_text(reason, field="reason")
    return reason


def take_step(
    desk: Desk,
    proposal: Proposal,
    what: StepKind,
    *,
    reason: str = "",
    details: Mapping[str, str] | None = None,
    entry_id: UUID | None = None,
) -> Proposal:
    """Record a step with its leaf (``entry_id``, or an entry of its own) and return the proposal with it."""
    if reason:
        check_reason(reason)
    proven = entry_id or _leaf(desk, proposal, what)
    _tell(desk, proposal, what)
    step = Step(
        what=what,
        actor_id=desk.actor.user_id,
        recorded_at=desk.now,
        reason=reason,
        details=details or {},
        entry_id=proven,
    )
    return trading_proposals.save_step(desk.session, proposal, step)


def _tell(desk: Desk, proposal: Proposal, what: StepKind) -> None:
    """Tell those who may approve that a proposal waits for them, and end it once it does not any more."""
    organisation_id, now = desk.book.tenant_id, desk.now
    if what is StepKind.PROPOSED:
        known = WAITS[WaitingKind(proposal.kind)]
        place = {
            "id": str(proposal.proposal_id),
            "book_id": str(proposal.book_uuid),
            "order_id": proposal.subject,
        }
        waiting = approval_waits(
            organisation_id,
            what=f"{proposal.kind} {proposal.number} of book {desk.book.code}",
            what_zh=f"账簿{desk.book.code}的{known.title_zh}{proposal.number}",
            record_id=proposal.proposal_id,
            subject_kind=proposal.kind,
            said=proposal.subject,
            path=known.page_of(place) or "/inbox",
            scope=known.scope,
            maker_id=proposal.maker_id,
        )
        raise_notice(desk.session, waiting, now=now)
        return
    approved = {step.actor_id for step in proposal.steps if step.what is StepKind.APPROVED}
    if what is StepKind.APPROVED and len(approved) + 1 < proposal.approvals_needed:
        return
    condition = approval_condition(proposal.kind, proposal.proposal_id)
    resolve_notice(desk.session, organisation_id, NoticeKind.APPROVAL_WAITS, condition, now=now)


def reload(desk: Desk, proposal_id: UUID, kind: str) -> Proposal:
    """Return the book's proposal as it stands under the lock; without one it is ``<kind>.not_found``."""
    desk.lock()
    found = trading_proposals.find(desk.session, desk.book.book_id, proposal_id, desk.book.book_uuid)
    if found is None or found.kind != kind:
        raise NotFound(f"{kind}.not_found", f"the {kind} does not exist, or not for you")
    return found


def _leaf(desk: Desk, proposal: Proposal, what: StepKind) -> UUID:
    entry_id = desk.new_id()
    draft = JournalDraft(
        entry_id=entry_id,
        kind=EntryKind.RECORD,
        effective_on=desk.now.astimezone(UTC).date(),
        actor=desk.actor,
        attrs={
            "event": what.value,
            "subject": f"trading_{proposal.kind}",
            "subject_id": str(proposal.proposal_id),
            "digest": proposal.sha256,
        },
    )
    ledger.post_entry(desk.session, desk.book.book_id, draft, now=desk.now, random_bytes=desk.random_bytes)
    return entry_id
