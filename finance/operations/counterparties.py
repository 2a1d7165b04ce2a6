"""Registering counterparties: proposed by one person, approved by another, revoked when trust ends.

Joins the caller's transaction and commits nothing.
"""

from __future__ import annotations

from uuid import UUID

from finance.operations import trading_desk
from finance.operations.trading_desk import Desk, Proposed
from finance.store.counterparties import COUNTERPARTY, counterparty_of
from finance.trading.counterparties import CounterpartyRecord, CounterpartyTerms
from finance.trading.orders import StepKind
from ledger.core.errors import Conflict


def propose_counterparty(desk: Desk, counterparty_id: UUID, terms: CounterpartyTerms) -> CounterpartyRecord:
    """Propose a counterparty; no order may name it before another person approved it and its waiting time is over."""
    desk.lock()
    proposal = trading_desk.propose(
        desk,
        Proposed(
            kind=COUNTERPARTY,
            proposal_id=counterparty_id,
            subject=terms.legal_name,
            document=terms.document(counterparty_id, desk.book.book_uuid),
        ),
    )
    return counterparty_of(proposal)


def decide_counterparty(
    desk: Desk, counterparty_id: UUID, what: StepKind, *, sha256: str, reason: str = ""
) -> CounterpartyRecord:
    """Approve or reject a proposed counterparty as another person than its maker."""
    proposal = trading_desk.reload(desk, counterparty_id, COUNTERPARTY)
    if any(step.what is not StepKind.PROPOSED for step in proposal.steps):
        raise Conflict("counterparty.decided", "counterparty: decided already; propose it anew under a new id")
    return counterparty_of(trading_desk.decide(desk, proposal, what, sha256=sha256, reason=reason))


def revoke_counterparty(desk: Desk, counterparty_id: UUID, *, reason: str) -> CounterpartyRecord:
    """End the trust in a counterparty from now on; open orders that name it can no longer be placed."""
    trading_desk.check_reason(reason)
    proposal = trading_desk.reload(desk, counterparty_id, COUNTERPARTY)
    done = {step.what for step in proposal.steps}
    if StepKind.REVOKED in done:
        return counterparty_of(proposal)
    if StepKind.APPROVED not in done:
        raise Conflict("counterparty.not_approved", "counterparty: nobody approved it; reject it instead")
    return counterparty_of(trading_desk.take_step(desk, proposal, StepKind.REVOKED, reason=reason))
