"""What a person may do now, told anew from what is stored: asked where somebody acts on what was recorded before.

Owns that a role or key lost meanwhile counts. Knows no HTTP.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from api.auth.authenticate import live_roles
from api.auth.principal import APPROVING, Principal, Scope
from api.auth.roles import scopes_of
from api.store import access
from api.store.proposals import Proposal
from ledger.core.parties import Actor

_SCOPES = {scope.value: scope for scope in Scope}


def may_now(session: Session, actor: Actor, scope: Scope, *, now: datetime) -> bool:
    """Return whether the person's roles give ``scope`` at ``now``, where something is carried out later than it was asked for."""
    user = access.load_user(session, actor.organisation_id, actor.user_id)
    organisation = access.load_organisation(session, actor.organisation_id)
    if user is None or user.disabled_at is not None or organisation is None:
        return False
    return scope in scopes_of(organisation.kind, live_roles(session, user.user_id, now=now))


def proposer_now(session: Session, proposal: Proposal, approver: Principal, *, now: datetime) -> Principal | None:
    """Return who proposed, with what its roles give at ``now``, for a key no more than the key's own; ``None`` when it may not act.

    It is gone when disabled, or when its key was revoked or has expired. It approves nothing itself. ``approver`` gives the
    organisation, which is the same.
    """
    user = access.load_user(session, proposal.organisation_id, proposal.proposed_by)
    if user is None or user.disabled_at is not None:
        return None
    roles = live_roles(session, user.user_id, now=now)
    scopes = scopes_of(approver.organisation_kind, roles) - APPROVING
    if proposal.key_id is not None:
        key = access.load_key(session, proposal.organisation_id, proposal.key_id)
        if key is None or not key.works(now):
            return None
        scopes &= frozenset(_SCOPES[scope] for scope in key.scopes if scope in _SCOPES)
    return Principal(
        user_id=user.user_id,
        person_id=user.person_id,
        organisation_id=approver.organisation_id,
        organisation_kind=approver.organisation_kind,
        roles=roles,
        scopes=scopes,
        key_id=proposal.key_id,
    )
