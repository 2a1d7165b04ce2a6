"""Whether a caller who was let in is still who it was: for answers that last longer than a request."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from api.auth.authenticate import live_roles
from api.auth.principal import Principal
from api.store import access, sessions


def is_still_permitted(session: Session, principal: Principal, *, now: datetime) -> bool:
    """Return whether the caller's key or session works at ``now``, its person is enabled, and no role of it has ended."""
    user = access.load_user(session, principal.organisation_id, principal.user_id)
    if user is None or user.disabled_at is not None or not _works(session, principal, now=now):
        return False
    return principal.roles <= live_roles(session, principal.user_id, now=now)


def _works(session: Session, principal: Principal, *, now: datetime) -> bool:
    if principal.session_id is not None:
        signed_in = sessions.load_session(session, principal.organisation_id, principal.session_id)
        return signed_in is not None and signed_in.works(now)
    if principal.key_id is None:
        return False
    key = access.load_key(session, principal.organisation_id, principal.key_id)
    return key is not None and key.works(now)
