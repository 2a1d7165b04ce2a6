"""From a presented key or session token to the principal it stands for.

Owns which proofs work now and with which scopes. One answer for every one that does not, so that nobody learns which part was wrong.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.keys import proves, read_key
from api.auth.principal import APPROVING, Principal, Role, Scope
from api.auth.roles import scopes_of
from api.auth.session_token import is_token, token_sha256
from api.store import callers, role_grants

_TOUCH_KEY_EVERY = timedelta(hours=1)
_TOUCH_SESSION_EVERY = timedelta(minutes=1)
_NOBODY = bytes(32)
_SCOPES = {scope.value: scope for scope in Scope}
_ROLES = {role.value: role for role in Role}


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """A principal, and whether its proof's last use should be noted again."""

    principal: Principal
    is_touch_due: bool


def authenticate(session: Session, presented: str, *, address: str = "", now: datetime) -> Authenticated | None:
    """Return who presents a key or a session token at ``now`` from a network ``address``, or ``None``.

    Roles are asked at use: neither a key nor a session outlives one.
    """
    if is_token(presented):
        return _by_session(session, presented, now=now)
    return _by_key(session, presented, address=address, now=now)


def live_roles(session: Session, user_id: UUID, *, now: datetime) -> frozenset[Role]:
    """Return the roles that a person's place has at ``now``."""
    return _known(role_grants.live_roles(session, user_id, now=now))


def _by_session(session: Session, token: str, *, now: datetime) -> Authenticated | None:
    """Return the principal of a session: every scope of the live roles, the approving ones only after a second factor."""
    signed_in = callers.of_session(session, token_sha256(token))
    if signed_in is None or not signed_in.works(now):
        return None
    place = signed_in.place
    if place.is_closed or place.joined_at is None:
        return None
    roles = _known(place.live_roles(now))
    scopes = scopes_of(place.organisation_kind, roles)
    return Authenticated(
        principal=Principal(
            user_id=place.user_id,
            person_id=place.person_id,
            organisation_id=place.organisation_id,
            organisation_kind=place.organisation_kind,
            roles=roles,
            scopes=scopes if signed_in.is_approving_allowed else scopes - APPROVING,
            session_id=signed_in.session_id,
            is_approving_allowed=signed_in.is_approving_allowed,
        ),
        is_touch_due=now - signed_in.last_seen_at >= _TOUCH_SESSION_EVERY,
    )


def _by_key(session: Session, key_text: str, *, address: str, now: datetime) -> Authenticated | None:
    """Return the principal of a key: its own scopes that its person's roles still give, never an approving one.

    A key works from its creation until ``expires_at`` (exclusive), unless revoked, its person is disabled, or the address is not
    one of its own. An unknown prefix costs the same comparison as a known one.
    """
    presented = read_key(key_text)
    if presented is None:
        return None
    key = callers.of_key(session, presented.prefix)
    is_proven = proves(presented, key.secret_sha256 if key else _NOBODY)
    if key is None or not is_proven:
        return None
    place = key.place
    is_dead = key.revoked_at is not None or now >= key.expires_at
    if is_dead or place.is_closed or not is_address_allowed(key.addresses, address):
        return None
    roles = _known(place.live_roles(now))
    own = frozenset(_SCOPES[scope] for scope in key.scopes if scope in _SCOPES)
    return Authenticated(
        principal=Principal(
            user_id=place.user_id,
            person_id=place.person_id,
            organisation_id=place.organisation_id,
            organisation_kind=place.organisation_kind,
            roles=roles,
            scopes=(own & scopes_of(place.organisation_kind, roles)) - APPROVING,
            key_id=key.key_id,
        ),
        is_touch_due=key.last_used_at is None or now - key.last_used_at >= _TOUCH_KEY_EVERY,
    )


def _known(names: frozenset[str]) -> frozenset[Role]:
    return frozenset(_ROLES[name] for name in names if name in _ROLES)


def is_address_allowed(addresses: Sequence[str], address: str) -> bool:
    """Return whether a key of these networks works from ``address``: of none from any; an unreadable address is in none."""
    if not addresses:
        return True
    try:
        asked = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(asked, ipaddress.IPv6Address) and asked.ipv4_mapped is not None:
        asked = asked.ipv4_mapped
    return any(asked in ipaddress.ip_network(network) for network in addresses)
