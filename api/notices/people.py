"""Who of an organisation can be told of something: enabled people with what they may do now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Role
from api.auth.roles import read_role, scopes_of
from api.store import access, role_grants
from api.store.role_grants import GrantState


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A person who may be told: its address and the scopes it holds now."""

    user_id: UUID
    email: str
    scopes: frozenset[str]


def readers_of(session: Session, organisation_id: UUID, *, now: datetime) -> tuple[Reader, ...]:
    """Return the organisation's enabled people who hold anything now, with the scopes that their roles give."""
    organisation = access.load_organisation(session, organisation_id)
    if organisation is None:
        return ()
    roles: dict[UUID, set[Role]] = {}
    for grant in role_grants.grants_of_organisation(session, organisation_id):
        if grant.state(now) is GrantState.LIVE:
            roles.setdefault(grant.user_id, set()).add(read_role(organisation.kind, grant.role))
    found = []
    for user_id in sorted(roles):
        user = access.load_user(session, organisation_id, user_id)
        if user is not None and user.disabled_at is None:
            scopes = frozenset(scope.value for scope in scopes_of(organisation.kind, roles[user_id]))
            found.append(Reader(user_id=user_id, email=user.email, scopes=scopes))
    return tuple(found)


def find_reader(session: Session, organisation_id: UUID, user_id: UUID, *, now: datetime) -> Reader | None:
    """Return the person as one who may be told, None for somebody who may do nothing any more."""
    return next((one for one in readers_of(session, organisation_id, now=now) if one.user_id == user_id), None)
