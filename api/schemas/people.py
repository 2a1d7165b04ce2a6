"""What enters and leaves about people of an organisation: invitations, roles, the access log, legal entities.

A one-time token leaves in the one answer that makes it.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.access import OrganisationOut, RoleName, UserOut
from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import EmailText, InstantString, NameText, Text, UuidString
from api.store.access import OrganisationKind, User
from api.store.access_log import AccessEvent
from api.store.legal_entities import LegalEntity
from api.store.role_grants import GrantState, RoleGrant

_Reason = Annotated[str, Field(min_length=1, max_length=200, examples=["joins the treasury"], description="Why.")]
_Digest = Annotated[str, Field(min_length=64, max_length=64, examples=["9f" * 32], description="SHA-256 of the grant.")]


class RoleGrantIn(Schema):
    """A role for a person: from now or ``from_at``, without end unless ``until_at``. An auditor's has to end."""

    role: RoleName
    from_at: InstantString | None = None
    until_at: InstantString | None = None
    reason: _Reason


class RoleConfirmIn(Schema):
    """The digest of the grant as it was shown."""

    sha256: _Digest


class RoleEndIn(Schema):
    """Why a role ends."""

    reason: _Reason


class RoleGrantOut(Schema):
    """A role as it was given, and what became of it."""

    id: UuidString
    user_id: UuidString
    role: RoleName
    state: Choice[GrantState]
    from_at: InstantString
    until_at: InstantString | None
    granted_at: InstantString
    granted_by: UuidString | None
    confirmed_by: UuidString | None
    ended_at: InstantString | None
    reason: Annotated[str, Field(examples=["joins the treasury"])]
    sha256: _Digest

    @classmethod
    def from_core(cls, grant: RoleGrant, state: GrantState) -> RoleGrantOut:
        """Return the shape of ``grant``."""
        return cls(
            id=grant.grant_id,
            user_id=grant.user_id,
            role=grant.role,
            state=state,
            from_at=grant.from_at,
            until_at=grant.until_at,
            granted_at=grant.granted_at,
            granted_by=grant.granted_by,
            confirmed_by=grant.confirmed_by,
            ended_at=grant.ended_at,
            reason=grant.reason,
            sha256=grant.sha256,
        )


class RoleGrantsOut(Schema):
    """An organisation's grants, oldest first, and the roles that exist in it."""

    grants: Array[RoleGrantOut]
    roles: Array[RoleName]


class PersonIn(Schema):
    """A person to invite; roles are given separately, so that one that approves takes two administrators."""

    email: EmailText
    name: NameText


class PersonOut(Schema):
    """A person of the organisation, with the roles that live now."""

    user: UserOut
    state: Annotated[str, Field(examples=["member"], description="invited, member or disabled")]
    roles: Array[RoleName]

    @classmethod
    def from_core(cls, user: User, roles: tuple[str, ...]) -> PersonOut:
        """Return the shape of ``user``."""
        state = "disabled" if user.disabled_at else "invited" if user.joined_at is None else "member"
        return cls(user=UserOut.from_core(user), state=state, roles=roles)


class PeopleOut(Schema):
    """The people of the organisation, by name."""

    people: Array[PersonOut]


class InvitedOut(Schema):
    """A person with the one-time token to hand over; it is shown this once."""

    person: PersonOut
    token: Annotated[str, Field(examples=["tonne_once_..."])]


class OrganisationIn(Schema):
    """An organisation and its first administrator."""

    kind: Choice[OrganisationKind]
    legal_name: NameText
    administrator: PersonIn


class OrganisationMadeOut(Schema):
    """A new organisation, and the token for its first administrator, shown this once."""

    organisation: OrganisationOut
    administrator: InvitedOut


class OrganisationsOut(Schema):
    """Every organisation of the installation: the operator's view."""

    organisations: Array[OrganisationOut]


class AccessEventOut(Schema):
    """One event of the access log."""

    id: UuidString
    user_id: UuidString | None
    happened_at: InstantString
    what: Annotated[str, Field(examples=["signed_in"])]
    detail: Annotated[str, Field(examples=["with a second factor"])]
    by: UuidString | None
    address: Annotated[str, Field(examples=["10.1.2.3"])]

    @classmethod
    def from_core(cls, event: AccessEvent) -> AccessEventOut:
        """Return the shape of ``event``."""
        return cls(
            id=event.event_id,
            user_id=event.user_id,
            happened_at=event.happened_at,
            what=event.what,
            detail=event.detail,
            by=event.by,
            address=event.address,
        )


class AccessEventsOut(Schema):
    """Up to 200 events, the newest first; ask again with ``before`` the last id."""

    events: Array[AccessEventOut]


class LegalEntityIn(Schema):
    """A company of the group."""

    name: NameText
    credit_code: Annotated[
        Text, Field(examples=["91350100M000100Y43"], description="Unified social credit code, GB 32100-2015.")
    ]


class EntityBookIn(Schema):
    """A book that is kept for the entity."""

    book_id: UuidString


class LegalEntityOut(Schema):
    """A company of the group with its books."""

    id: UuidString
    name: Annotated[str, Field(examples=["Beihe Smelting Co., Ltd."])]
    credit_code: Annotated[str, Field(examples=["91350100M000100Y43"])]
    book_ids: Array[UuidString]

    @classmethod
    def from_core(cls, entity: LegalEntity, book_ids: tuple[UUID, ...]) -> LegalEntityOut:
        """Return the shape of ``entity``; ``book_ids`` are its books' public ids."""
        return cls(id=entity.entity_id, name=entity.name, credit_code=entity.credit_code, book_ids=book_ids)


class LegalEntitiesOut(Schema):
    """An organisation's legal entities, by name."""

    legal_entities: Array[LegalEntityOut]
