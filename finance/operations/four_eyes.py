"""A proposal made by one person and decided by another, who names the digest of exactly what was shown.

Joins the caller's transaction and commits nothing. What an approval does is the caller's business.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.approvals import WaitingKind
from finance.market.observations import SHA256_HEX, check_instant, check_pattern, check_text
from finance.operations.approval_notices import Asked, ask_second_person, end_asking, of_record
from finance.store import market as market_store
from finance.store import market_proposals as proposal_store
from finance.store.market import RawFile
from finance.store.market_proposals import Decision, Proposal, Verdict
from ledger.core.errors import Conflict, Forbidden
from ledger.core.parties import Actor


def propose(session: Session, organisation_id: UUID, proposal: Proposal, raw: RawFile) -> Proposal:
    """Record a proposal with the bytes it rests on, and return it; it changes nothing until somebody else approves it.

    The same again returns what stands; other content or another maker under the id is ``market.proposal_exists``.
    """
    check_instant(proposal.proposed_at, field="proposed_at")
    market_store.lock_market(session, organisation_id)
    standing = proposal_store.find_proposal(session, organisation_id, proposal.proposal_id)
    if standing is not None:
        same = (standing.kind, standing.sha256, standing.maker_id) == (
            proposal.kind,
            proposal.sha256,
            proposal.maker_id,
        )
        if same:
            return standing
        raise Conflict(
            "market.proposal_exists",
            "proposal_id: a proposal of that id stands with other content; propose under a new id",
            proposal_id=str(proposal.proposal_id),
        )
    market_store.save_raw_file(session, organisation_id, raw, by=proposal.maker_id, at=proposal.proposed_at)
    proposal_store.save_proposal(session, organisation_id, proposal)
    said = str(proposal.content.get("file_name") or proposal.kind.value)
    asked = _asked(organisation_id, proposal)
    ask_second_person(session, asked, said=said, maker_id=proposal.maker_id, now=proposal.proposed_at)
    return proposal


def approve(
    session: Session, organisation_id: UUID, proposal: Proposal, *, sha256: str, actor: Actor, now: datetime
) -> tuple[Proposal, bool]:
    """Record the approval by another person; return the decided proposal and whether this very call decided it.

    ``sha256`` is the digest that the approver saw: another is ``market.digest``. The maker is ``market.same_person``. Approving
    again as the same person changes nothing; what somebody else decided is ``market.decided``.
    """
    check_pattern(SHA256_HEX, sha256, field="sha256", expected="64 hexadecimal digits, as the proposal shows them")
    if sha256 != proposal.sha256:
        raise Conflict(
            "market.digest",
            "sha256: the proposal has another digest; read it again and approve what it says now",
            proposal_id=str(proposal.proposal_id),
        )
    return _decide(session, organisation_id, proposal, Verdict.APPROVED, reason="", actor=actor, now=now)


def reject(
    session: Session, organisation_id: UUID, proposal: Proposal, *, reason: str, actor: Actor, now: datetime
) -> Proposal:
    """Record the rejection by another person with a reason; the proposal stays on file and never counts."""
    check_text(reason, field="reason")
    return _decide(session, organisation_id, proposal, Verdict.REJECTED, reason=reason, actor=actor, now=now)[0]


def refuse_same_person(maker_id: UUID, actor: Actor, **named: str) -> None:
    """Raise ``market.same_person`` when the maker acts as checker."""
    if maker_id == actor.user_id:
        raise Forbidden(
            "market.same_person", "checker: expected another person than the maker; ask a colleague to decide", **named
        )


def _decide(
    session: Session,
    organisation_id: UUID,
    proposal: Proposal,
    verdict: Verdict,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> tuple[Proposal, bool]:
    check_instant(now, field="now")
    market_store.lock_market(session, organisation_id)
    standing = proposal_store.find_proposal(session, organisation_id, proposal.proposal_id)
    assert standing is not None, "a proposal that was loaded stays"
    refuse_same_person(standing.maker_id, actor, proposal_id=str(standing.proposal_id))
    decided = standing.decision
    if decided is not None:
        if (decided.verdict, decided.checker_id) == (verdict, actor.user_id):
            return standing, False
        raise Conflict(
            "market.decided",
            f"proposal: it was {decided.verdict.value} already; propose again if that should change",
            proposal_id=str(standing.proposal_id),
        )
    decision = Decision(verdict=verdict, reason=reason, checker_id=actor.user_id, decided_at=now)
    proposal_store.save_decision(session, organisation_id, standing, decision)
    end_asking(session, _asked(organisation_id, standing), now=now)
    return replace(standing, decision=decision), True


def _asked(organisation_id: UUID, proposal: Proposal) -> Asked:
    return of_record(WaitingKind(proposal.kind.value), organisation_id, proposal.proposal_id)
