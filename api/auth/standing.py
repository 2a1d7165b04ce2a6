"""What a person may do now, told anew from what is stored: asked where somebody acts on what was recorded before.

Owns that a role or key lost meanwhile counts. Knows no HTTP.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from api.auth.principal import APPROVING, Principal, Scope
from api.store import access
from api.store.proposals import Proposal

_SCOPES = frozenset(scope.value for scope in Scope)


def proposer_now(session: Session, proposal: Proposal, approver: Principal, *, now: datetime) -> Principal | None:
    """Return who proposed, with the scopes that the same key or person has at ``now``; ``None`` when disabled or revoked.

    ``approver`` gives the organisation, which is the same.
    """
    user = access.load_user(session, proposal.organisation_id, proposal.proposed_by)
    if user is None or user.disabled_at is not None or proposal.key_id is None:
        return None
    key = access.load_key(session, proposal.organisation_id, proposal.key_id)
    if key is None or key.revoked_at is not None or now >= key.expires_at:
        return None
    scopes = frozenset(Scope(scope) for scope in key.scopes if scope in _SCOPES) - APPROVING
    return replace(approver, user_id=user.user_id, key_id=key.key_id, scopes=scopes)
