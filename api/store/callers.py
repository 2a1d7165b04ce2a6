"""Who stands behind a key or a session, asked with each request: the proof, the person's place, its organisation and roles at once.

One statement on the bare driver, for it runs before everything else. Functions take the session first and never commit. A token or
secret arrives here as its SHA-256 only; whether a proof works is not decided here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.store.access import OrganisationKind
from api.store.role_grants import GrantState, state_of
from ledger.store.reading import as_instant, as_uuid, run_first


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFacts:
    """What decides whether one grant of a role counts at an instant."""

    role: str
    from_at: datetime
    until_at: datetime | None
    needs_confirmation: bool
    is_confirmed: bool
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A person's place in an organisation, with every role it was ever given."""

    user_id: UUID
    person_id: UUID
    disabled_at: datetime | None
    joined_at: datetime | None
    organisation_id: UUID
    organisation_kind: OrganisationKind
    is_organisation_ended: bool
    grants: tuple[GrantFacts, ...]

    @property
    def is_closed(self) -> bool:
        """Whether nothing is done from this place any more: the person is disabled, or its organisation was removed."""
        return self.disabled_at is not None or self.is_organisation_ended

    def live_roles(self, now: datetime) -> frozenset[str]:
        """Return the names of the roles that the place has at ``now``."""
        return frozenset(each.role for each in self.grants if _state(each, now) is GrantState.LIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """A key as a request is checked against it."""

    key_id: UUID
    secret_sha256: bytes = field(repr=False)
    scopes: tuple[str, ...]
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    addresses: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """A session as a request is checked against it; its times as in ``api.store.sessions``."""

    session_id: UUID
    last_seen_at: datetime
    idle_s: int
    expires_at: datetime
    is_approving_allowed: bool
    revoked_at: datetime | None
    place: Place

    def works(self, now: datetime) -> bool:
        """Return whether the session is alive at ``now``."""
        is_idle = now >= self.last_seen_at + timedelta(seconds=self.idle_s)
        return self.revoked_at is None and not is_idle and now < self.expires_at


def of_key(session: Session, key_prefix: str) -> KeyFacts | None:
    """Return what the key with this prefix is checked against, or ``None``."""
    rows = run_first(session, _OF_KEY, key_prefix).fetchall()
    if not rows:
        return None
    key_id, secret_sha256, scopes, expires_at, revoked_at, last_used_at, addresses = rows[0][_PLACE_COLUMNS:]
    return KeyFacts(
        key_id=as_uuid(key_id),
        secret_sha256=bytes(secret_sha256),
        scopes=tuple(json.loads(scopes)),
        expires_at=as_instant(expires_at),
        revoked_at=_instant(revoked_at),
        last_used_at=_instant(last_used_at),
        addresses=tuple(json.loads(addresses)),
        place=_place(rows),
    )


def of_session(session: Session, token_sha256: bytes) -> SessionFacts | None:
    """Return whose session has the token with this hash, or ``None``."""
    rows = run_first(session, _OF_SESSION, token_sha256).fetchall()
    if not rows:
        return None
    session_id, last_seen_at, idle_s, expires_at, is_approving_allowed, revoked_at = rows[0][_PLACE_COLUMNS:]
    return SessionFacts(
        session_id=as_uuid(session_id),
        last_seen_at=as_instant(last_seen_at),
        idle_s=idle_s,
        expires_at=as_instant(expires_at),
        is_approving_allowed=bool(is_approving_allowed),
        revoked_at=_instant(revoked_at),
        place=_place(rows),
    )


_PLACE = (
    "r.role, r.from_at, r.until_at, r.needs_confirmation, c.confirmed_at, e.ended_at,"
    " u.user_id, u.person_id, u.disabled_at, u.joined_at, o.organisation_id, o.kind, o.is_demo, x.ended_at"
)
_GRANT_COLUMNS, _PLACE_COLUMNS = 6, 14
_OF_PLACE = (
    " JOIN user_account u ON u.user_id = p.user_id JOIN organisation o ON o.organisation_id = p.organisation_id"
    " LEFT JOIN organisation_end x ON x.organisation_id = o.organisation_id"
    " LEFT JOIN membership_role r ON r.user_id = u.user_id"
    " LEFT JOIN membership_role_confirmation c ON c.grant_id = r.grant_id"
    " LEFT JOIN membership_role_end e ON e.grant_id = r.grant_id"
)
_OF_KEY = (
    f"SELECT {_PLACE}, p.key_id, p.secret_sha256, p.scopes, p.expires_at, p.revoked_at, p.last_used_at, p.addresses"  # noqa: S608 - names only
    f" FROM api_key p{_OF_PLACE} WHERE p.key_prefix = ?"
)
_OF_SESSION = (
    f"SELECT {_PLACE}, p.session_id, p.last_seen_at, p.idle_s, p.expires_at, p.is_approving_allowed, p.revoked_at"  # noqa: S608 - names only
    f" FROM access_session p{_OF_PLACE} WHERE p.token_sha256 = ?"
)


def _place(rows: Sequence[tuple[Any, ...]]) -> Place:
    """Return the place of rows that differ in their grant only; a person without any role has one row without one."""
    user_id, person_id, disabled_at, joined_at, organisation_id, kind, is_demo, ended_at = rows[0][
        _GRANT_COLUMNS:_PLACE_COLUMNS
    ]
    return Place(
        user_id=as_uuid(user_id),
        person_id=as_uuid(person_id),
        disabled_at=_instant(disabled_at),
        joined_at=_instant(joined_at),
        organisation_id=as_uuid(organisation_id),
        organisation_kind=OrganisationKind(kind),
        is_organisation_ended=bool(is_demo) and ended_at is not None,
        grants=tuple(_grant(row) for row in rows if row[0] is not None),
    )


def _grant(row: tuple[Any, ...]) -> GrantFacts:
    role, from_at, until_at, needs_confirmation, confirmed_at, ended_at = row[:_GRANT_COLUMNS]
    return GrantFacts(
        role=role,
        from_at=as_instant(from_at),
        until_at=_instant(until_at),
        needs_confirmation=bool(needs_confirmation),
        is_confirmed=confirmed_at is not None,
        ended_at=_instant(ended_at),
    )


def _state(grant: GrantFacts, now: datetime) -> GrantState:
    return state_of(
        now,
        from_at=grant.from_at,
        until_at=grant.until_at,
        is_waiting=grant.needs_confirmation and not grant.is_confirmed,
        ended_at=grant.ended_at,
    )


def _instant(value: datetime | str | None) -> datetime | None:
    return None if value is None else as_instant(value)
