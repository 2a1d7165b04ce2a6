"""Four eyes on everything of a compliance year: one person proposes, another approves exactly that content, or refuses.

Joins the caller's transaction and commits nothing. What a proposal means is its own operation's; what it asks of the
ledger is carried out there, once, after approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.approvals import WaitingKind
from finance.operations.approval_notices import ask_second_person, end_asking, of_book
from finance.store import compliance as store
from finance.store.compliance import Proposal, ProposalDecision, ProposalKind, Verdict
from ledger.core.errors import Conflict, Forbidden, Invalid, NotFound
from ledger.core.parties import Actor
from ledger.store import journal

FIRST_YEAR, LAST_YEAR = 2000, 2199
_MOST_BYTES = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalSubject:
    """What a proposal is about: its book, year, kind, the fact's own day and the fact it refers to."""

    book_id: int
    year: int
    kind: ProposalKind
    dated_on: date
    refers_to: UUID | None = None


def propose(
    session: Session,
    subject: ProposalSubject,
    document: Mapping[str, Any],
    *,
    proposal_id: UUID,
    actor: Actor,
    now: datetime,
) -> Proposal:
    """Record a proposal for a second person to approve, and return it.

    The same id with the same content and maker again returns what stands; with other content it is
    ``compliance.proposal_exists``.
    """
    if not FIRST_YEAR <= subject.year <= LAST_YEAR:
        raise Invalid("compliance.year", f"year: expected {FIRST_YEAR} to {LAST_YEAR}", field="year")
    content = {
        "kind": subject.kind.value,
        "year": str(subject.year),
        "dated_on": subject.dated_on.isoformat(),
        "refers_to": "" if subject.refers_to is None else str(subject.refers_to),
        **document,
    }
    if len(store.canonical_text(content).encode()) > _MOST_BYTES:
        raise Invalid("compliance.document", f"proposal: expected at most {_MOST_BYTES} bytes; propose it in parts")
    journal.lock_book(session, subject.book_id)
    sha256 = store.document_sha256(content)
    standing = store.find_proposal(session, proposal_id)
    if standing is not None:
        if (standing.sha256, standing.maker_id, standing.book_id) != (sha256, actor.user_id, subject.book_id):
            raise Conflict(
                "compliance.proposal_exists",
                "proposal_id: a proposal of that id stands with other content; use a new id",
            )
        return standing
    store.save_proposal(
        session,
        Proposal(
            proposal_id=proposal_id,
            organisation_id=actor.organisation_id,
            book_id=subject.book_id,
            number=store.next_number(session, subject.book_id),
            year=subject.year,
            kind=subject.kind,
            dated_on=subject.dated_on,
            refers_to=subject.refers_to,
            document=content,
            sha256=sha256,
            maker_id=actor.user_id,
            proposed_at=now,
        ),
    )
    asked = of_book(session, WaitingKind.COMPLIANCE, subject.book_id, proposal_id)
    ask_second_person(session, asked, said=f"{subject.kind.value} {subject.year}", maker_id=actor.user_id, now=now)
    return found(session, proposal_id)


def decide(
    session: Session,
    proposal_id: UUID,
    verdict: Verdict,
    *,
    sha256: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Proposal:
    """Record the verdict on exactly the content that ``sha256`` names, and return the proposal.

    Its maker cannot approve it (``compliance.same_person``) but may refuse it, which takes it back. Another digest is
    ``compliance.digest``, a proposal that was decided ``compliance.decided``; the same verdict by the same person again
    changes nothing.
    """
    journal.lock_book(session, found(session, proposal_id).book_id)
    proposal = found(session, proposal_id)
    if proposal.sha256 != sha256:
        raise Conflict("compliance.digest", "sha256: expected that of the proposal as it stands; read it again")
    if proposal.decision is not None:
        if (proposal.decision.verdict, proposal.decision.decider_id) == (verdict, actor.user_id):
            return proposal
        raise Conflict("compliance.decided", f"proposal: it was {proposal.decision.verdict} already")
    if verdict is Verdict.APPROVED and proposal.maker_id == actor.user_id:
        raise Forbidden(
            "compliance.same_person", "approver: expected another person than the maker; ask a colleague to approve"
        )
    decision = ProposalDecision(verdict=verdict, reason=reason, decider_id=actor.user_id, decided_at=now)
    store.save_decision(session, proposal, decision)
    end_asking(session, of_book(session, WaitingKind.COMPLIANCE, proposal.book_id, proposal_id), now=now)
    return found(session, proposal_id)


def to_execute(session: Session, proposal_id: UUID, kind: ProposalKind, *, today: date) -> Proposal:
    """Return an approved proposal that was not carried out yet, its book locked; else refuse.

    ``compliance.not_approved``, ``compliance.executed``; before its own day ``compliance.too_early``.
    """
    journal.lock_book(session, found(session, proposal_id).book_id)
    proposal = found(session, proposal_id)
    if proposal.kind is not kind:
        raise Conflict("compliance.kind", f"proposal: expected one of kind {kind}, this is {proposal.kind}")
    if not proposal.is_approved:
        raise Conflict("compliance.not_approved", "proposal: expected the approval of a second person first")
    if proposal.is_executed:
        raise Conflict("compliance.executed", "proposal: it was carried out already")
    if today < proposal.dated_on:
        raise Conflict(
            "compliance.too_early",
            f"proposal: it is dated {proposal.dated_on} and is carried out from that day on; propose it for today",
            dated_on=proposal.dated_on.isoformat(),
        )
    return proposal


def check_fresh(proposal: Proposal, document: Mapping[str, Any]) -> None:
    """Refuse a proposal whose content no longer follows from the facts (``compliance.stale``)."""
    differing = sorted(name for name, value in document.items() if proposal.document.get(name) != value)
    if differing:
        raise Conflict(
            "compliance.changed_since",
            f"proposal: what it rests on changed since ({', '.join(differing[:6])}); refuse it and propose anew",
            changed=", ".join(differing[:6]),
        )


def found(session: Session, proposal_id: UUID) -> Proposal:
    """Return the proposal of that id, which must stand."""
    proposal = store.find_proposal(session, proposal_id)
    if proposal is None:
        raise NotFound("compliance_proposal.not_found", "the compliance_proposal does not exist, or not for you")
    return proposal


def approved_fact(
    session: Session, proposal_id: UUID, *, book_id: int, year: int, kinds: tuple[ProposalKind, ...]
) -> Proposal:
    """Return an approved fact of the book's year of one of ``kinds``; anything else is ``compliance.refers_to``."""
    proposal = store.find_proposal(session, proposal_id)
    if proposal is None or proposal.book_id != book_id:
        raise NotFound("compliance_proposal.not_found", "the compliance_proposal does not exist, or not for you")
    if proposal.year != year or proposal.kind not in kinds or not proposal.is_approved:
        raise Conflict(
            "compliance.refers_to",
            f"refers_to: expected an approved {' or '.join(kinds)} of {year}",
            year=str(year),
        )
    return proposal
