"""Who of an organisation can be told of something: enabled people with what they may do now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.store import access


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A person who may be told: its address and the scopes it holds now."""

    user_id: UUID
    email: str
    scopes: frozenset[str]


def readers_of(session: Session, organisation_id: UUID, *, now: datetime) -> tuple[Reader, ...]:
    """Return the organisation's enabled people who hold anything now, with their scopes."""
    scopes: dict[UUID, set[str]] = {}
    for key in access.load_keys(session, organisation_id):
        if key.revoked_at is None and key.created_at <= now < key.expires_at:
            scopes.setdefault(key.user_id, set()).update(key.scopes)
    found = []
    for user_id in sorted(scopes):
        user = access.load_user(session, organisation_id, user_id)
        if user is not None and user.disabled_at is None:
            found.append(Reader(user_id=user_id, email=user.email, scopes=frozenset(scopes[user_id])))
    return tuple(found)


def find_reader(session: Session, organisation_id: UUID, user_id: UUID, *, now: datetime) -> Reader | None:
    """Return the person as one who may be told, None for somebody who may do nothing any more."""
    return next((one for one in readers_of(session, organisation_id, now=now) if one.user_id == user_id), None)
