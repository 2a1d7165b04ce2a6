"""Giving, confirming and ending roles: what may be given to whom, and by how many persons.

Owns the rule that a role which approves takes two administrators. The database refuses the same person twice again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Role
from api.auth.request_notices import end_grant_waiting, tell_grant
from api.auth.roles import is_approving, read_role
from api.store import access, access_log, people, role_grants
from api.store.access import Organisation, OrganisationKind, User
from api.store.access_log import AccessEvent
from api.store.names import clean_text
from api.store.role_grants import GrantState, RoleGrant
from finance.attestations.canonical import canonical_bytes
from ledger.core.errors import Conflict, Forbidden, Invalid
from ledger.store.database import instant_text

LONGEST_AUDIT = timedelta(days=366)
"""An auditor reads for a period: at most a year at a time."""

_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTerms:
    """A role to be given: in ``[from_at, until_at)``, open without an end, and why."""

    role: Role
    from_at: datetime
    until_at: datetime | None
    reason: str


def grant_role(
    session: Session,
    user: User,
    terms: GrantTerms,
    *,
    granted_by: UUID | None,
    now: datetime,
    new_id: Callable[[], UUID],
) -> RoleGrant:
    """Return a role given to a person of an organisation; by an administrator a role that approves waits for another one.

    ``granted_by`` is ``None`` for the operator on the server, who may do it alone. An auditor's grant has an end within 366 days,
    and outside an auditor's organisation it goes to a person who has joined one.
    """
    organisation = access.load_organisation(session, user.organisation_id)
    assert organisation is not None, "a person is of an organisation that stands"
    read_role(organisation.kind, terms.role.value)
    if user.disabled_at is not None:
        raise Conflict("user.disabled", "user: this person is disabled and gets no role", field="user_id")
    _check_terms(session, organisation, user, terms, now=now)
    open_ones = (GrantState.LIVE, GrantState.WAITING, GrantState.COMING)
    if any(
        grant.role == terms.role and grant.state(now) in open_ones and grant.until_at is None
        for grant in role_grants.grants_of_user(session, user.user_id)
    ):
        raise Conflict("role.held", "role: the person has this role, or it waits for confirmation", field="role")
    grant_id = new_id()
    document = {
        "grant_id": str(grant_id),
        "organisation_id": str(user.organisation_id),
        "user_id": str(user.user_id),
        "role": terms.role.value,
        "from": instant_text(terms.from_at),
        "until": None if terms.until_at is None else instant_text(terms.until_at),
        "granted_by": None if granted_by is None else str(granted_by),
        "reason": terms.reason,
    }
    grant = RoleGrant(
        grant_id=grant_id,
        organisation_id=user.organisation_id,
        user_id=user.user_id,
        role=terms.role.value,
        from_at=terms.from_at,
        until_at=terms.until_at,
        granted_at=now,
        granted_by=granted_by,
        needs_confirmation=granted_by is not None and is_approving(organisation.kind, terms.role),
        reason=clean_text(terms.reason, field="reason", longest=_LONGEST_REASON),
        sha256=sha256(canonical_bytes(document)).hexdigest(),
    )
    role_grants.add_grant(session, grant)
    if grant.needs_confirmation:
        tell_grant(session, grant)
    what = "role_proposed" if grant.needs_confirmation else "role_given"
    _note(session, grant, what, by=granted_by, now=now, new_id=new_id)
    return grant


def confirm_grant(
    session: Session, grant: RoleGrant, *, sha256_said: str, confirmer: User, now: datetime, new_id: Callable[[], UUID]
) -> None:
    """Let a waiting role count, on the word of a person who neither gave nor gets it, over the digest that was shown."""
    if grant.state(now) is not GrantState.WAITING:
        raise Conflict("role.not_waiting", "this grant does not wait for a confirmation; read it again")
    if sha256_said != grant.sha256:
        raise Conflict(
            "role.digest", "sha256: expected the digest of the grant as it stands; read it again", field="sha256"
        )
    persons = {_person(session, grant.organisation_id, each) for each in (grant.user_id, grant.granted_by) if each}
    if confirmer.person_id in persons:
        raise Forbidden(
            "role.second_person", "a role is confirmed by a person who neither gives nor gets it; ask a colleague"
        )
    role_grants.add_confirmation(session, grant, confirmed_by=confirmer.user_id, now=now)
    end_grant_waiting(session, grant, now=now)
    _note(session, grant, "role_confirmed", by=confirmer.user_id, now=now, new_id=new_id)


def end_grant(
    session: Session,
    grant: RoleGrant,
    *,
    reason: str,
    ended_by: UUID | None,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """End a role, or refuse one that waits, from now on; by one administrator, since it only takes away."""
    if grant.state(now) in {GrantState.ENDED, GrantState.EXPIRED}:
        raise Conflict("role.ended", "this grant has ended already")
    said = clean_text(reason, field="reason", longest=_LONGEST_REASON)
    role_grants.add_end(session, grant.grant_id, ended_by=ended_by, reason=said, now=now)
    end_grant_waiting(session, grant, now=now)
    _note(session, grant, "role_ended", by=ended_by, now=now, new_id=new_id)


def _check_terms(session: Session, organisation: Organisation, user: User, terms: GrantTerms, *, now: datetime) -> None:
    if terms.from_at < now:
        raise Invalid("role.from", "from_at: expected now or later; a role is not given backwards", field="from_at")
    if terms.until_at is not None and terms.until_at <= terms.from_at:
        raise Invalid(
            "role.until",
            "until_at: expected an instant to come, after the one from which the role holds",
            field="until_at",
        )
    if terms.role is not Role.AUDITOR:
        return
    if terms.until_at is None or terms.until_at - terms.from_at > LONGEST_AUDIT:
        raise Invalid(
            "role.auditor_until",
            f"until_at: expected an end within {LONGEST_AUDIT.days} days for an auditor",
            field="until_at",
        )
    if organisation.kind is OrganisationKind.AUDITOR:
        return
    if not any(
        place.organisation.kind is OrganisationKind.AUDITOR for place in people.find_places(session, user.person_id)
    ):
        raise Conflict(
            "role.auditor_stranger", "user: expected a person who has joined an auditor's organisation", field="user_id"
        )


def _person(session: Session, organisation_id: UUID, user_id: UUID) -> UUID:
    user = access.load_user(session, organisation_id, user_id)
    assert user is not None, "who gives and who gets a role is of the organisation"
    return user.person_id


def _note(
    session: Session, grant: RoleGrant, what: str, *, by: UUID | None, now: datetime, new_id: Callable[[], UUID]
) -> None:
    access_log.add_event(
        session,
        AccessEvent(
            event_id=new_id(),
            organisation_id=grant.organisation_id,
            user_id=grant.user_id,
            happened_at=now,
            what=what,
            detail=grant.role,
            by=by,
        ),
    )
