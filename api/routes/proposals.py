"""Requests that wait for a second person: read, approve and so run, reject, withdraw.

A proposal is run exactly as it was sent, as the person who sent it, in the transaction of the approval.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from api import errors
from api.auth.policy import Routes, asks
from api.auth.principal import Principal
from api.auth.proposal_kinds import REQUEST_PROPOSAL, may_see_proposal
from api.auth.request_notices import end_request
from api.auth.second_person import ACTIONS
from api.auth.standing import proposer_now
from api.deps import Call, ThisCall
from api.performing import perform
from api.schemas.amounts import WholeNumber
from api.schemas.fields import UuidString
from api.schemas.request_proposals import ProposalApprovalIn, ProposalOut, ProposalReasonIn, ProposalsOut
from api.store import memberships, proposals
from api.store.proposals import Decision, Proposal, ProposalState, Verdict
from ledger.core.errors import Conflict, Forbidden, Invalid

routes = Routes(tag="proposals")

_PAGE = 100


@routes.get("/proposals", policy=asks())
def list_request_proposals(
    call: ThisCall,
    before: Annotated[WholeNumber | None, Query(description="next_before of the page before.")] = None,
    limit: Annotated[WholeNumber, Query(description="1 to 100 proposals.")] = _PAGE,
) -> ProposalsOut:
    """Return a page of the proposals that concern the caller, the newest first; a page may be shorter than asked for."""
    if not 1 <= limit <= _PAGE:
        raise Invalid("query.limit", f"limit: expected 1 to {_PAGE}", field="limit")
    page = proposals.list_proposals(call.session, call.principal.organisation_id, before=before, limit=limit)
    shown = (each for each in page if may_see_proposal(call.principal, each))
    return ProposalsOut(
        proposals=tuple(ProposalOut.from_core(each, now=call.now) for each in shown),
        next_before=page[-1].number if len(page) == limit else None,
    )


@routes.get("/proposals/{proposal_id}", policy=asks())
def read_request_proposal(proposal_id: UuidString, call: ThisCall) -> ProposalOut:
    """Return a proposal with the request, its digest, its effect, and what became of it."""
    return ProposalOut.from_core(call.load(REQUEST_PROPOSAL, proposal_id), now=call.now)


@routes.post("/proposals/{proposal_id}/approve", policy=asks(), status=200)
def approve_request_proposal(
    proposal_id: UuidString, body: ProposalApprovalIn, call: ThisCall, request: Request
) -> ProposalOut:
    """Approve exactly what ``sha256`` names, as another person than who asked, and run it now.

    A refusal of the request itself is answered as such and leaves the proposal waiting; one that is recorded decides it. Approving
    again as the same person returns what stands.
    """
    proposal, proposer = _checked(call, proposal_id, sha256=body.sha256)
    if proposer is None:
        return ProposalOut.from_core(proposal, now=call.now)
    try:
        response = perform(request, call, proposal.request, caller=proposer)
    except errors.RefusedAndRecorded as refused:
        response = errors.refusal(refused.refusal)
    call.trace.proposal = proposal
    return _decide(call, proposal, Verdict.APPROVED, "", response)


@routes.post("/proposals/{proposal_id}/reject", policy=asks(), status=200)
def reject_request_proposal(proposal_id: UuidString, body: ProposalReasonIn, call: ThisCall) -> ProposalOut:
    """Reject a proposal with a reason, as somebody who might have approved it."""
    proposal = _waiting(call, proposal_id)
    _check_second_person(call, proposal)
    return _decide(call, proposal, Verdict.REJECTED, body.reason, None)


@routes.post("/proposals/{proposal_id}/withdraw", policy=asks(), status=200)
def withdraw_request_proposal(proposal_id: UuidString, body: ProposalReasonIn, call: ThisCall) -> ProposalOut:
    """Withdraw one's own proposal; to change it, send the request anew."""
    proposal = _waiting(call, proposal_id)
    if proposal.proposed_by != call.principal.user_id:
        raise Forbidden("proposal.not_yours", "only who asked withdraws a proposal; reject it instead")
    return _decide(call, proposal, Verdict.WITHDRAWN, body.reason, None)


def _checked(call: Call, proposal_id: UUID, *, sha256: str) -> tuple[Proposal, Principal | None]:
    """Return the proposal and as whom it runs; nobody when the caller approved it before."""
    proposal = _locked(call, proposal_id)
    _check_second_person(call, proposal)
    if sha256 != proposal.sha256:
        raise Conflict(
            "proposal.digest",
            "sha256: the proposal has another digest; read it again and approve what it says",
            field="sha256",
        )
    decision = proposal.decision
    if decision is not None and (decision.verdict, decision.decided_by) == (Verdict.APPROVED, call.principal.user_id):
        return proposal, None
    _check_waits(call, proposal)
    proposer = proposer_now(call.session, proposal, call.principal, now=call.now)
    if proposer is None:
        raise Conflict(
            "proposal.proposer_gone",
            "who asked for this may no longer act, or its key was revoked; somebody who may has to propose it anew",
        )
    return proposal, proposer


def _waiting(call: Call, proposal_id: UUID) -> Proposal:
    proposal = _locked(call, proposal_id)
    _check_waits(call, proposal)
    return proposal


def _locked(call: Call, proposal_id: UUID) -> Proposal:
    call.load(REQUEST_PROPOSAL, proposal_id)
    found = proposals.find_proposal(call.session, call.principal.organisation_id, proposal_id, is_locked=True)
    assert found is not None, "a proposal that was loaded stays"
    return found


def _check_waits(call: Call, proposal: Proposal) -> None:
    state = proposal.state(call.now)
    if state is ProposalState.EXPIRED:
        raise Conflict("proposal.expired", "the proposal was not approved in time; send the request anew")
    if state is not ProposalState.WAITING:
        raise Conflict("proposal.decided", f"the proposal is {state.value}; send the request anew if it should be done")


def _check_second_person(call: Call, proposal: Proposal) -> None:
    """Refuse who may not agree to this, and whoever is the person that asked, by whatever account."""
    action = ACTIONS.get(proposal.request.action)
    if action is None:
        raise Conflict("proposal.action_gone", "the proposal's action is no longer there; withdraw it")
    asks(action.scope).permit(call.principal)
    if memberships.is_same_person(call.session, proposal.proposed_by, call.principal.user_id):
        raise Forbidden("proposal.same_person", "expected another person than who asked; a colleague has to decide")


def _decide(call: Call, proposal: Proposal, verdict: Verdict, reason: str, response: Response | None) -> ProposalOut:
    decision = Decision(
        verdict=verdict,
        decided_by=call.principal.user_id,
        reason=reason,
        status=None if response is None else response.status_code,
        answer=None if response is None else bytes(response.body).decode(),
        decided_at=call.now,
    )
    proposals.save_decision(call.session, proposal, decision)
    end_request(call.session, proposal, now=call.now)
    decided = proposals.find_proposal(call.session, proposal.organisation_id, proposal.proposal_id)
    assert decided is not None, "a decided proposal stays"
    return ProposalOut.from_core(decided, now=call.now)
