"""One-time tokens: invitations, new passwords, and the first operator of an installation.

Owns how long each lives and what it lets its holder do once. The token is shown once; its SHA-256 is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.granting import GrantTerms, grant_role
from api.auth.passwords import check_password, hash_password, is_password
from api.auth.principal import Role
from api.store import access, access_log, people, role_grants, sessions
from api.store.access import OrganisationKind, User
from api.store.access_log import AccessEvent
from api.store.people import Place, TokenPurpose
from ledger.core.errors import Conflict, Forbidden

_LIFE = {
    TokenPurpose.INVITATION: timedelta(days=7),
    TokenPurpose.PASSWORD: timedelta(days=1),
    TokenPurpose.FIRST_RUN: timedelta(hours=1),
}
_TOKEN = re.compile(r"tonne_once_[0-9a-f]{64}", re.ASCII)
_TOKEN_BYTES = 32
_OPERATOR_NAME = "Operator of this installation"


def issue_token(
    session: Session,
    purpose: TokenPurpose,
    *,
    user_id: UUID | None,
    now: datetime,
    random_bytes: Callable[[int], bytes],
) -> str:
    """Return a new token for one use, to be shown once; earlier ones of the same kind and person stop working."""
    token = f"tonne_once_{random_bytes(_TOKEN_BYTES).hex()}"
    people.add_token(
        session,
        token_sha256=_digest(token),
        purpose=purpose,
        user_id=user_id,
        now=now,
        expires_at=now + _LIFE[purpose],
    )
    return token


def issue_first_run_token(session: Session, *, now: datetime, random_bytes: Callable[[int], bytes]) -> str | None:
    """Return a token that makes the first operator, for one hour; ``None`` once there ever was one."""
    if role_grants.is_role_held(session, Role.OPERATOR.value):
        return None
    return issue_token(session, TokenPurpose.FIRST_RUN, user_id=None, now=now, random_bytes=random_bytes)


def choose_password(
    session: Session,
    token: str,
    password: str,
    *,
    address: str,
    now: datetime,
    new_id: Callable[[], UUID],
    random_bytes: Callable[[int], bytes],
) -> Place:
    """Return the place whose invitation is accepted, or whose person has a new password.

    An invitation of a person who has a password is accepted with that password, which stays: whoever holds the token alone gets
    nothing of the person's other organisations. A new password ends every session of the person.
    """
    found = people.find_token(session, _digest(token)) if _TOKEN.fullmatch(token) else None
    place = None
    if found is not None and found.user_id is not None and found.used_at is None and now < found.expires_at:
        place = people.load_place(session, found.user_id)
    if found is None or place is None:
        raise _unusable()
    known = people.load_credentials(session, place.user.person_id)
    if found.purpose is TokenPurpose.INVITATION and known.password_hash is not None:
        if not is_password(password, known.password_hash):
            raise Forbidden("token.password", "password: you have one already; accept the invitation with it")
    else:
        spelled = check_password(
            password, email=place.user.email, name=place.user.name, organisation=place.organisation.legal_name
        )
        hashed = hash_password(spelled, random_bytes=random_bytes)
        people.set_password(session, place.user.person_id, password_hash=hashed, now=now)
        sessions.revoke_sessions_of(session, place.user.person_id, now=now)
    if not people.use_token(session, _digest(token), now=now):
        raise _unusable()
    people.join(session, place.user.user_id, now=now)
    what = "invitation_accepted" if found.purpose is TokenPurpose.INVITATION else "password_reset"
    access_log.add_event(
        session,
        AccessEvent(
            event_id=new_id(),
            organisation_id=place.organisation.organisation_id,
            user_id=place.user.user_id,
            happened_at=now,
            what=what,
            by=place.user.user_id,
            address=address,
        ),
    )
    return place


def make_first_operator(
    session: Session,
    token: str,
    *,
    email: str,
    name: str,
    password: str,
    now: datetime,
    new_id: Callable[[], UUID],
    random_bytes: Callable[[int], bytes],
) -> User:
    """Return the first operator, made with the terminal's token; refused for good once there ever was one (``first_run.done``)."""
    if role_grants.is_role_held(session, Role.OPERATOR.value):
        raise Conflict("first_run.done", "this installation has had its first run; ask its operator for an invitation")
    found = people.find_token(session, _digest(token)) if _TOKEN.fullmatch(token) else None
    is_usable = found is not None and found.purpose is TokenPurpose.FIRST_RUN and found.used_at is None
    if found is None or not is_usable or now >= found.expires_at:
        raise _unusable()
    spelled = check_password(password, email=email, name=name, organisation=_OPERATOR_NAME)
    if not people.use_token(session, _digest(token), now=now):
        raise _unusable()
    existing = [each for each in access.list_organisations(session) if each.kind is OrganisationKind.OPERATOR]
    organisation = (
        existing[0]
        if existing
        else access.add_organisation(
            session, organisation_id=new_id(), kind=OrganisationKind.OPERATOR, legal_name=_OPERATOR_NAME, now=now
        )
    )
    user = access.add_user(
        session, user_id=new_id(), organisation_id=organisation.organisation_id, email=email, name=name, now=now
    )
    if people.load_credentials(session, user.person_id).password_hash is not None:
        raise Conflict(
            "first_run.person_known", "email: this person has a password already; use another address", field="email"
        )
    people.set_password(
        session, user.person_id, password_hash=hash_password(spelled, random_bytes=random_bytes), now=now
    )
    terms = GrantTerms(role=Role.OPERATOR, from_at=now, until_at=None, reason="first run of this installation")
    grant_role(session, user, terms, granted_by=None, now=now, new_id=new_id)
    return user


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()


def _unusable() -> Forbidden:
    return Forbidden(
        "token.unusable", "token: expected one that is unused and in time; ask for a new one", field="token"
    )
