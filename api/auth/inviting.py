"""Inviting people and handing out new passwords: who may take over which account, and how often.

Owns the rule that an administrator resets only a person of its own organisation and no other. Knows no route.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.one_time import issue_token
from api.store import access, access_log, people
from api.store.access import User
from api.store.access_log import AccessEvent
from api.store.people import TokenPurpose
from ledger.core.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A person's place and the token to hand over, shown once."""

    user: User
    token: str = field(repr=False)


def invite(
    session: Session,
    *,
    organisation_id: UUID,
    email: str,
    name: str,
    invited_by: UUID | None,
    now: datetime,
    new_id: Callable[[], UUID],
    random_bytes: Callable[[int], bytes],
) -> Invitation:
    """Add a person who has not joined and return the token to join with: the same answer whether or not it is known elsewhere."""
    user = access.add_user(
        session,
        user_id=new_id(),
        organisation_id=organisation_id,
        email=email,
        name=name,
        now=now,
        is_invited=True,
    )
    return _hand_over(
        session, user, TokenPurpose.INVITATION, by=invited_by, now=now, new_id=new_id, random_bytes=random_bytes
    )


def renew(
    session: Session,
    user: User,
    *,
    asked_by: UUID,
    now: datetime,
    new_id: Callable[[], UUID],
    random_bytes: Callable[[int], bytes],
) -> Invitation:
    """Return a new token: a new invitation before the person has joined, a new password afterwards.

    A person of several organisations gets a new password from the operator on the server only (``user.elsewhere_too``): one
    organisation's administrator must not become somebody in another.
    """
    if user.disabled_at is not None:
        raise Conflict("user.disabled", "user: this person is disabled", field="user_id")
    if user.joined_at is None:
        purpose = TokenPurpose.INVITATION
    elif people.count_places(session, user.person_id) > 1:
        raise Conflict(
            "user.elsewhere_too", "user: this person is of other organisations too; the operator helps on the server"
        )
    else:
        purpose = TokenPurpose.PASSWORD
    return _hand_over(session, user, purpose, by=asked_by, now=now, new_id=new_id, random_bytes=random_bytes)


def _hand_over(
    session: Session,
    user: User,
    purpose: TokenPurpose,
    *,
    by: UUID | None,
    now: datetime,
    new_id: Callable[[], UUID],
    random_bytes: Callable[[int], bytes],
) -> Invitation:
    token = issue_token(session, purpose, user_id=user.user_id, now=now, random_bytes=random_bytes)
    access_log.add_event(
        session,
        AccessEvent(
            event_id=new_id(),
            organisation_id=user.organisation_id,
            user_id=user.user_id,
            happened_at=now,
            what="token_issued",
            detail=purpose.value,
            by=by,
        ),
    )
    return Invitation(user=user, token=token)
