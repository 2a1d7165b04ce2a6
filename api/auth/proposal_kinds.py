"""Proposals as records that can be asked for by id, of prices and calendars and of requests: an organisation sees its own.

Owns who may see them. Knows no route.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal, Scope
from api.auth.scope import ScopedKind, register
from api.auth.second_person import ACTIONS
from api.store import proposals as request_proposals
from api.store.proposals import Proposal as RequestProposal
from finance.store import market_proposals
from finance.store.market_proposals import Proposal, ProposalKind


def _own_upload(session: Session, principal: Principal, record_id: UUID) -> Proposal | None:
    return market_proposals.find_proposal(session, principal.organisation_id, record_id, kind=ProposalKind.PRICE_UPLOAD)


def _own_year(session: Session, principal: Principal, record_id: UUID) -> Proposal | None:
    return market_proposals.find_proposal(
        session, principal.organisation_id, record_id, kind=ProposalKind.CALENDAR_YEAR
    )


OBSERVATION_UPLOAD = register(ScopedKind(name="observation_upload", load=_own_upload))
"""An organisation sees its own uploads."""

CALENDAR_YEAR = register(ScopedKind(name="calendar_year", load=_own_year))
"""An organisation sees its own proposals of calendar years."""


def _visible_proposal(session: Session, principal: Principal, record_id: UUID) -> RequestProposal | None:
    found = request_proposals.find_proposal(session, principal.organisation_id, record_id)
    return found if found is not None and may_see_proposal(principal, found) else None


def may_see_proposal(principal: Principal, proposal: RequestProposal) -> bool:
    """Return whether the caller sees a request that waits: who asked, who may agree, and an administrator of the organisation."""
    action = ACTIONS.get(proposal.request.action)
    is_checker = action is not None and action.scope in principal.scopes
    return proposal.proposed_by == principal.user_id or is_checker or Scope.ADMIN in principal.scopes


REQUEST_PROPOSAL = register(ScopedKind(name="proposal", load=_visible_proposal))
"""An organisation's own requests that wait for a second person, for those whom they concern."""
