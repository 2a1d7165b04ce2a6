"""The people of the caller's organisation: invite, renew, disable; roles given, confirmed and ended; the access log."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.auth.granting import GrantTerms, confirm_grant, end_grant, grant_role
from api.auth.inviting import Invitation, invite, renew
from api.auth.policy import Routes, asks
from api.auth.principal import Role, Scope
from api.auth.roles import read_role, roles_of
from api.auth.scope import ROLE_GRANT, USER
from api.deps import Call, ThisCall
from api.schemas.fields import UuidString
from api.schemas.people import (
    AccessEventOut,
    AccessEventsOut,
    InvitedOut,
    PeopleOut,
    PersonIn,
    PersonOut,
    RoleConfirmIn,
    RoleEndIn,
    RoleGrantIn,
    RoleGrantOut,
    RoleGrantsOut,
)
from api.store import access, access_log, role_grants
from api.store.access_log import AccessEvent
from api.store.role_grants import RoleGrant
from ledger.core.errors import Conflict

routes = Routes(tag="people")

Before = Annotated[UuidString | None, Query(description="The id of the last event of the answer before.")]


@routes.get("/people", policy=asks(Scope.ACCESS_READ))
def list_people(call: ThisCall) -> PeopleOut:
    """Return the people of the organisation with the roles that live now."""
    users = access.list_users(call.session, call.principal.organisation_id)
    return PeopleOut(people=tuple(_person(call, user) for user in users))


@routes.post("/people", policy=asks(Scope.ADMIN), keeps_answer=False)
def invite_person(body: PersonIn, call: ThisCall) -> InvitedOut:
    """Invite a person; the answer's one-time token is to be handed over. Nobody signs in before it is used."""
    made = invite(
        call.session,
        organisation_id=call.principal.organisation_id,
        email=body.email,
        name=body.name,
        invited_by=call.principal.user_id,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
    )
    return invited(call, made)


@routes.post("/people/{user_id}/token", policy=asks(Scope.ADMIN), keeps_answer=False)
def renew_token(user_id: UuidString, call: ThisCall) -> InvitedOut:
    """Issue a new one-time token: the invitation again, or a new password for a person of this organisation alone."""
    user = call.load(USER, user_id)
    made = renew(
        call.session,
        user,
        asked_by=call.principal.user_id,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
    )
    return invited(call, made)


@routes.post("/people/{user_id}/disable", policy=asks(Scope.ADMIN), status=200)
def disable_person(user_id: UuidString, call: ThisCall) -> PersonOut:
    """Disable a person here at once, sessions and keys included; nobody disables itself."""
    user = call.load(USER, user_id)
    if user.user_id == call.principal.user_id:
        raise Conflict("user.oneself", "user: expected another person than yourself; ask a colleague")
    access.disable_user(call.session, user.user_id, now=call.now)
    event = AccessEvent(
        event_id=call.new_id(),
        organisation_id=user.organisation_id,
        user_id=user.user_id,
        happened_at=call.now,
        what="disabled",
        by=call.principal.user_id,
        address=call.address,
    )
    access_log.add_event(call.session, event)
    return _person(call, call.load(USER, user.user_id))


@routes.get("/role-grants", policy=asks(Scope.ACCESS_READ))
def list_role_grants(call: ThisCall) -> RoleGrantsOut:
    """Return every grant of the organisation with its state now; a waiting one asks for a second administrator."""
    principal = call.principal
    grants = role_grants.grants_of_organisation(call.session, principal.organisation_id)
    return RoleGrantsOut(
        grants=tuple(_grant(call, grant) for grant in grants),
        roles=tuple(role.value for role in roles_of(principal.organisation_kind)),
    )


@routes.post("/people/{user_id}/role-grants", policy=asks(Scope.ADMIN))
def give_role(user_id: UuidString, body: RoleGrantIn, call: ThisCall) -> RoleGrantOut:
    """Give a person a role; one that approves waits until another administrator confirms it."""
    user = call.load(USER, user_id)
    role: Role = read_role(call.principal.organisation_kind, body.role)
    terms = GrantTerms(role=role, from_at=body.from_at or call.now, until_at=body.until_at, reason=body.reason)
    grant = grant_role(call.session, user, terms, granted_by=call.principal.user_id, now=call.now, new_id=call.new_id)
    return _grant(call, grant)


@routes.post("/role-grants/{grant_id}/confirm", policy=asks(Scope.ADMIN, Scope.ACCESS_APPROVE), status=200)
def confirm_role(grant_id: UuidString, body: RoleConfirmIn, call: ThisCall) -> RoleGrantOut:
    """Confirm a waiting role as the second administrator, over the digest that was shown."""
    grant = call.load(ROLE_GRANT, grant_id)
    confirmer = call.load(USER, call.principal.user_id)
    confirm_grant(call.session, grant, sha256_said=body.sha256, confirmer=confirmer, now=call.now, new_id=call.new_id)
    return _grant(call, call.load(ROLE_GRANT, grant.grant_id))


@routes.post("/role-grants/{grant_id}/end", policy=asks(Scope.ADMIN), status=200)
def end_role(grant_id: UuidString, body: RoleEndIn, call: ThisCall) -> RoleGrantOut:
    """End a role at once, or refuse one that waits."""
    grant = call.load(ROLE_GRANT, grant_id)
    end_grant(
        call.session,
        grant,
        reason=body.reason,
        ended_by=call.principal.user_id,
        now=call.now,
        new_id=call.new_id,
    )
    return _grant(call, call.load(ROLE_GRANT, grant.grant_id))


@routes.get("/access-events", policy=asks(Scope.ACCESS_READ))
def list_access_events(call: ThisCall, before: Before = None) -> AccessEventsOut:
    """Return what happened at the organisation's door, the newest first: sign-ins, roles, what an auditor asked for."""
    events = access_log.list_events(call.session, call.principal.organisation_id, before=before)
    return AccessEventsOut(events=tuple(AccessEventOut.from_core(event) for event in events))


def invited(call: Call, made: Invitation) -> InvitedOut:
    """Return the shape of an invitation."""
    return InvitedOut(person=_person(call, made.user), token=made.token)


def _person(call: Call, user: access.User) -> PersonOut:
    roles = role_grants.live_roles(call.session, user.user_id, now=call.now)
    return PersonOut.from_core(user, tuple(sorted(roles)))


def _grant(call: Call, grant: RoleGrant) -> RoleGrantOut:
    return RoleGrantOut.from_core(grant, grant.state(call.now))
