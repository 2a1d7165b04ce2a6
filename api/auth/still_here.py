"""Whether a caller who was let in is still who it was: for answers that last longer than a request."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.store import access


def is_still_permitted(session: Session, principal: Principal, *, now: datetime) -> bool:
    """Return whether the caller's key works at ``now`` and its person is enabled."""
    key = access.load_key(session, principal.organisation_id, principal.key_id)
    user = access.load_user(session, principal.organisation_id, principal.user_id)
    if key is None or user is None or user.disabled_at is not None:
        return False
    return key.revoked_at is None and key.created_at <= now < key.expires_at
