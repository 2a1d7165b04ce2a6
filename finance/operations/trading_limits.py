"""Setting trading limits: versions proposed by one person and approved by another; the newest approved one holds.

Joins the caller's transaction and commits nothing.
"""

from __future__ import annotations

from uuid import UUID

from finance.operations import trading_desk
from finance.operations.trading_desk import Desk, Proposed
from finance.store.trading_limits import LIMIT, limit_of
from finance.trading.limits import LimitRecord, LimitTerms
from finance.trading.orders import StepKind
from ledger.core.errors import Conflict


def propose_limit(desk: Desk, limit_id: UUID, terms: LimitTerms) -> LimitRecord:
    """Propose a limit, or a further version of one; it counts when another person approves it."""
    desk.lock()
    proposal = trading_desk.propose(
        desk,
        Proposed(
            kind=LIMIT,
            proposal_id=limit_id,
            subject=terms.scope.value,
            document=terms.document(limit_id, desk.book.book_uuid),
        ),
    )
    return limit_of(proposal)


def decide_limit(desk: Desk, limit_id: UUID, what: StepKind, *, sha256: str, reason: str = "") -> LimitRecord:
    """Approve or reject a proposed limit as another person than its maker."""
    proposal = trading_desk.reload(desk, limit_id, LIMIT)
    if any(step.what is not StepKind.PROPOSED for step in proposal.steps):
        raise Conflict("limit.decided", "limit: decided already; propose a further version under a new id")
    return limit_of(trading_desk.decide(desk, proposal, what, sha256=sha256, reason=reason))


def revoke_limit(desk: Desk, limit_id: UUID, *, reason: str) -> LimitRecord:
    """End a limit from now on; the version before it of the same scope, key and unit holds again, if there is one."""
    trading_desk.check_reason(reason)
    proposal = trading_desk.reload(desk, limit_id, LIMIT)
    done = {step.what for step in proposal.steps}
    if StepKind.REVOKED in done:
        return limit_of(proposal)
    if StepKind.APPROVED not in done:
        raise Conflict("limit.not_approved", "limit: nobody approved it; reject it instead")
    return limit_of(trading_desk.take_step(desk, proposal, StepKind.REVOKED, reason=reason))
