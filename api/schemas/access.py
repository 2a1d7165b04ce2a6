"""What enters and leaves about organisations, users and API keys.

A key's secret leaves in one shape only: the answer that issues it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import InstantString, Text, UuidString
from api.store import access

RoleName = Annotated[str, Field(max_length=40, examples=["maker"], description="The name of a role.")]
_ScopeName = Annotated[str, Field(max_length=40, examples=["ledger:read"], description="The name of a scope.")]


_Network = Annotated[
    str, Field(max_length=50, examples=["10.1.0.0/16"], description="A network from which alone the key works.")
]


class OrganisationOut(Schema):
    """An organisation."""

    id: UuidString
    kind: Annotated[str, Field(examples=["borrower"])]
    legal_name: Annotated[str, Field(examples=["Example Aluminium Group"])]
    created_at: InstantString
    is_demo: Annotated[bool, Field(examples=[False], description="An organisation of the example.")]

    @classmethod
    def from_core(cls, organisation: access.Organisation) -> OrganisationOut:
        """Return the shape of ``organisation``."""
        return cls(
            id=organisation.organisation_id,
            kind=organisation.kind.value,
            legal_name=organisation.legal_name,
            created_at=organisation.created_at,
            is_demo=organisation.is_demo,
        )


class UserOut(Schema):
    """A person of an organisation."""

    id: UuidString
    email: Annotated[str, Field(examples=["treasury@example.com"])]
    name: Annotated[str, Field(examples=["Li Na"])]

    @classmethod
    def from_core(cls, user: access.User) -> UserOut:
        """Return the shape of ``user``."""
        return cls(id=user.user_id, email=user.email, name=user.name)


class MeOut(Schema):
    """Who is calling: the person, the organisation, by which proof, and what this proof may do.

    ``missing`` says what a session's person would have to do for the rest: ``second_factor`` (enrol one, then sign in again) or
    ``sign_in_again`` (the second factor, or an approving role, came after this session began).
    """

    user: UserOut
    organisation: OrganisationOut
    session_id: UuidString | None
    key_id: UuidString | None
    roles: Array[RoleName]
    scopes: Array[_ScopeName]
    is_approving_allowed: Annotated[bool, Field(examples=[True])]
    missing: Array[Annotated[str, Field(examples=["second_factor"])]]
    csrf_token: Annotated[
        str | None,
        Field(examples=["5f" * 32], description="A session's only: for X-CSRF-Token with every change by a page."),
    ]


class ApiKeyIn(Schema):
    """An API key to be issued: for whom, what it may do, and for how many days."""

    user_id: UuidString
    scopes: Annotated[Array[_ScopeName], Field(min_length=1, max_length=30)]
    days: Annotated[int, Field(ge=1, examples=[90])]
    name: Annotated[Text | None, Field(max_length=60, examples=["nightly import"])] = None
    addresses: Annotated[Array[_Network], Field(max_length=20)] = ()


class ApiKeyRotateIn(Schema):
    """For how many days the key that takes over works."""

    days: Annotated[int, Field(ge=1, examples=[90])]


class ApiKeyOut(Schema):
    """An API key without its secret."""

    id: UuidString
    prefix: Annotated[str, Field(examples=["9f86d081884c7d65"])]
    name: Annotated[str, Field(examples=["nightly import"])]
    user_id: UuidString
    scopes: Array[_ScopeName]
    created_at: InstantString
    expires_at: InstantString
    revoked_at: InstantString | None
    last_used_at: InstantString | None
    addresses: Array[_Network]

    @classmethod
    def from_core(cls, key: access.ApiKey) -> ApiKeyOut:
        """Return the shape of ``key``."""
        return cls(
            id=key.key_id,
            prefix=key.key_prefix,
            user_id=key.user_id,
            scopes=key.scopes,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
            name=key.name,
            addresses=key.addresses,
        )


class IssuedApiKeyOut(Schema):
    """An API key with its secret, which is shown this once and kept nowhere."""

    api_key: ApiKeyOut
    secret: Annotated[str, Field(description="The whole key, for Authorization: Bearer.", examples=["tonne_..."])]


class ApiKeysOut(Schema):
    """An organisation's API keys, oldest first, and the scopes that a key can have there."""

    api_keys: Array[ApiKeyOut]
    scopes: Array[_ScopeName]
