"""Issuing an API key: what may be granted, to whom, by whom, for how long.

The one recipe behind the route and the command line; it returns the key's text once and stores only its hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.keys import LONGEST_LIFE_DAYS, new_key
from api.auth.principal import APPROVING, Principal, Scope
from api.store import access
from ledger.core.errors import Forbidden, Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new key and its full text, to be shown once."""

    key: access.ApiKey
    text: str = field(repr=False)


def read_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes that ``names`` spell; an unknown name is refused with the list of known ones."""
    known = {scope.value: scope for scope in Scope}
    given = tuple(names)
    if not given or any(name not in known for name in given):
        raise Invalid("key.scopes", f"scopes: expected some of {', '.join(known)}", field="scopes")
    return frozenset(known[name] for name in given)


def check_grant(principal: Principal, *, user_id: UUID, scopes: frozenset[Scope]) -> None:
    """Refuse to let a key hand out another person's consent (``key.scope_not_grantable``).

    Approving scopes are granted only to the caller's own person, by a key that holds them; else the holder of an administrator's
    key could approve in a colleague's name. An operator grants them on the server with ``tonne key add``.
    """
    approving = scopes & APPROVING
    if approving and (user_id != principal.user_id or not approving <= principal.scopes):
        raise Forbidden(
            "key.scope_not_grantable",
            f"scopes: {', '.join(sorted(approving))} can be renewed for yourself by a key that has it, or granted on the server",
        )


def issue_key(
    session: Session,
    *,
    organisation_id: UUID,
    user_id: UUID,
    scopes: frozenset[Scope],
    days: int,
    now: datetime,
    new_id: Callable[[], UUID],
    random_bytes: Callable[[int], bytes],
) -> IssuedKey:
    """Store a new key for a person of an organisation and return it; it works in ``[now, now + days)``, 1 to 365 days."""
    if not 1 <= days <= LONGEST_LIFE_DAYS:
        raise Invalid("key.days", f"days: expected 1 to {LONGEST_LIFE_DAYS}", field="days")
    text = new_key(random_bytes)
    key = access.ApiKey(
        key_id=new_id(),
        key_prefix=text.prefix,
        organisation_id=organisation_id,
        user_id=user_id,
        scopes=tuple(sorted(scope.value for scope in scopes)),
        created_at=now,
        expires_at=now + timedelta(days=days),
        revoked_at=None,
        last_used_at=None,
    )
    return IssuedKey(key=access.add_key(session, key, secret_sha256=text.secret_sha256), text=text.shown())
