"""Telling those who may agree that a request or a role waits for a second person, and ending it once it does not any more.

Joins the caller's transaction and commits nothing. What waits in the stores of finance is told there.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Scope
from api.auth.second_person import Action
from api.store import proposals, role_grants
from api.store.proposals import Proposal, ProposalState
from api.store.role_grants import GrantState, RoleGrant
from finance.conventions.notice_words import approval_condition, approval_waits
from finance.conventions.notices import NoticeKind
from finance.operations.notices import raise_notice, resolve_notice
from finance.store import notices

_REQUEST, _ROLE = "proposal", "role"


def tell_request(session: Session, proposal: Proposal, action: Action) -> None:
    """Tell those who may agree to a request; who asked is not told."""
    waiting = approval_waits(
        proposal.organisation_id,
        what=action.title_en,
        what_zh=action.title_zh,
        record_id=proposal.proposal_id,
        subject_kind=_REQUEST,
        said=proposal.request.path,
        path="/inbox",
        scope=action.scope.value,
        maker_id=proposal.proposed_by,
    )
    raise_notice(session, waiting, now=proposal.proposed_at)


def end_request(session: Session, proposal: Proposal, *, now: datetime) -> None:
    """Say that a request waits no more."""
    _end(session, proposal.organisation_id, _REQUEST, proposal.proposal_id, now=now)


def tell_grant(session: Session, grant: RoleGrant) -> None:
    """Tell the administrators that a role which approves waits for another one of them."""
    waiting = approval_waits(
        grant.organisation_id,
        what="Role",
        what_zh="角色",
        record_id=grant.grant_id,
        subject_kind=_ROLE,
        said=grant.role,
        path="/people",
        scope=Scope.ACCESS_APPROVE.value,
        maker_id=grant.granted_by,
    )
    raise_notice(session, waiting, now=grant.granted_at)


def end_grant_waiting(session: Session, grant: RoleGrant, *, now: datetime) -> None:
    """Say that a role waits no more."""
    _end(session, grant.organisation_id, _ROLE, grant.grant_id, now=now)


def end_lapsed(session: Session, organisation_id: UUID, *, now: datetime) -> int:
    """End what is told of requests and roles that nobody decided in time, and return how many those were."""
    ended = 0
    for condition in sorted(notices.open_conditions(session, organisation_id, NoticeKind.APPROVAL_WAITS)):
        kind, _, ref = condition.partition(" ")
        if kind == _REQUEST:
            proposal = proposals.find_proposal(session, organisation_id, UUID(ref))
            lapsed = proposal is not None and proposal.state(now) is ProposalState.EXPIRED
        elif kind == _ROLE:
            grant = role_grants.load_grant(session, organisation_id, UUID(ref))
            lapsed = grant is not None and grant.state(now) is not GrantState.WAITING
        else:
            continue
        if lapsed:
            _end(session, organisation_id, kind, UUID(ref), now=now)
            ended += 1
    return ended


def _end(session: Session, organisation_id: UUID, kind: str, record_id: UUID, *, now: datetime) -> None:
    resolve_notice(session, organisation_id, NoticeKind.APPROVAL_WAITS, approval_condition(kind, record_id), now=now)
