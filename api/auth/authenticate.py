"""From a presented key to the principal it stands for.

Owns which keys work now. One answer for every key that does not, so that nobody learns which part was wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api.auth.keys import proves, read_key
from api.auth.principal import Principal, Scope
from api.store import access

_TOUCH_EVERY = timedelta(hours=1)
_NOBODY = bytes(32)
_SCOPES = frozenset(scope.value for scope in Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """A principal, and whether its key's last use should be noted again."""

    principal: Principal
    is_touch_due: bool


def authenticate(session: Session, key_text: str, *, now: datetime) -> Authenticated | None:
    """Return who presents ``key_text`` at ``now``, or ``None``.

    A key works from its creation until ``expires_at`` (exclusive), unless revoked or its person is disabled. An unknown prefix
    costs the same comparison as a known one.
    """
    presented = read_key(key_text)
    if presented is None:
        return None
    holder = access.load_key_holder(session, presented.prefix)
    is_proven = proves(presented, holder.secret_sha256 if holder else _NOBODY)
    if holder is None or not is_proven:
        return None
    key = holder.key
    if key.revoked_at is not None or holder.user.disabled_at is not None or now >= key.expires_at:
        return None
    return Authenticated(
        principal=Principal(
            user_id=key.user_id,
            organisation_id=key.organisation_id,
            organisation_kind=holder.organisation.kind,
            key_id=key.key_id,
            scopes=frozenset(Scope(scope) for scope in key.scopes if scope in _SCOPES),
        ),
        is_touch_due=key.last_used_at is None or now - key.last_used_at >= _TOUCH_EVERY,
    )
