"""Issuing an API key: what may be granted, to whom, by whom, for how long.

The one recipe behind the route and the command line; it returns the key's text once and stores only its hash.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authenticate import live_roles
from api.auth.keys import LONGEST_LIFE_DAYS, new_key
from api.auth.principal import APPROVING, Scope
from api.auth.roles import roles_reaching, scopes_of
from api.store import access
from api.store.names import clean_text
from ledger.core.errors import Conflict, Forbidden, Invalid

_MOST_LIVE = 2
_MOST_ADDRESSES = 20
_LONGEST_NAME = 60


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


def refuse_approving(scopes: frozenset[Scope]) -> None:
    """Refuse a key that could approve (``key.never_approves``): approving is a person's act, whoever issues the key."""
    approving = scopes & APPROVING
    if approving:
        raise Forbidden(
            "key.never_approves",
            f"scopes: {', '.join(sorted(approving))} is for people only: sign in with a second factor to approve",
            field="scopes",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """What a key is asked to be: for which purpose, with which scopes, for how long, and from which networks alone."""

    scopes: frozenset[Scope]
    days: int
    name: str = ""
    addresses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse approving scopes, a life outside 1 to 365 days, and what is no network."""
        refuse_approving(self.scopes)
        if not 1 <= self.days <= LONGEST_LIFE_DAYS:
            raise Invalid("key.days", f"days: expected 1 to {LONGEST_LIFE_DAYS}", field="days")
        if len(self.addresses) > _MOST_ADDRESSES or not all(_is_network(each) for each in self.addresses):
            raise Invalid(
                "key.addresses",
                f"addresses: expected at most {_MOST_ADDRESSES} networks such as 10.1.0.0/16 or 2001:db8::/32",
                field="addresses",
            )


def issue_key(
    session: Session,
    *,
    organisation_id: UUID,
    user_id: UUID,
    terms: KeyTerms,
    now: datetime,
    new_id: Callable[[], UUID],
    random_bytes: Callable[[int], bytes],
) -> IssuedKey:
    """Store a new key for a person of an organisation and return it; it works in ``[now, now + days)``.

    The person's roles must give every scope now (``key.scope_without_role``), and of one name a person has at most two live keys, so
    that the second can take over from the first (``key.two_live``). A key without a name is named after its prefix.
    """
    organisation = access.load_organisation(session, organisation_id)
    assert organisation is not None, "a key is issued in an organisation that stands"
    given = scopes_of(organisation.kind, live_roles(session, user_id, now=now))
    missing = sorted(terms.scopes - given)
    if missing:
        roles = (
            ", ".join(roles_reaching(organisation.kind, frozenset(missing))) or "no role of this kind of organisation"
        )
        raise Forbidden(
            "key.scope_without_role",
            f"scopes: the person has no role that gives {', '.join(missing)} ({roles} would); grant the role first",
            field="scopes",
        )
    text = new_key(random_bytes)
    name = clean_text(terms.name or text.prefix, field="name", longest=_LONGEST_NAME)
    live = [
        key
        for key in access.load_keys(session, organisation_id)
        if key.user_id == user_id and key.name == name and key.works(now)
    ]
    if len(live) >= _MOST_LIVE:
        raise Conflict("key.two_live", "name: two keys of this name are live; revoke one first", field="name")
    key = access.ApiKey(
        key_id=new_id(),
        key_prefix=text.prefix,
        organisation_id=organisation_id,
        user_id=user_id,
        scopes=tuple(sorted(scope.value for scope in terms.scopes)),
        created_at=now,
        expires_at=now + timedelta(days=terms.days),
        revoked_at=None,
        last_used_at=None,
        name=name,
        addresses=terms.addresses,
    )
    return IssuedKey(key=access.add_key(session, key, secret_sha256=text.secret_sha256), text=text.shown())


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
