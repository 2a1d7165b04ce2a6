"""What enters and leaves about organisations, users and API keys.

A key's secret leaves in one shape only: the answer that issues it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import InstantString, UuidString
from api.store import access

_ScopeName = Annotated[str, Field(max_length=40, examples=["ledger:read"], description="The name of a scope.")]


class OrganisationOut(Schema):
    """An organisation."""

    id: UuidString
    kind: Annotated[str, Field(examples=["borrower"])]
    legal_name: Annotated[str, Field(examples=["Example Aluminium Group"])]
    created_at: InstantString

    @classmethod
    def from_core(cls, organisation: access.Organisation) -> OrganisationOut:
        """Return the shape of ``organisation``."""
        return cls(
            id=organisation.organisation_id,
            kind=organisation.kind.value,
            legal_name=organisation.legal_name,
            created_at=organisation.created_at,
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
    """Who is calling: the person, the organisation, and what the key in use may do."""

    user: UserOut
    organisation: OrganisationOut
    key_id: UuidString
    scopes: Array[_ScopeName]


class ApiKeyIn(Schema):
    """An API key to be issued: for whom, what it may do, and for how many days."""

    user_id: UuidString
    scopes: Annotated[Array[_ScopeName], Field(min_length=1, max_length=30)]
    days: Annotated[int, Field(ge=1, examples=[90])]


class ApiKeyOut(Schema):
    """An API key without its secret."""

    id: UuidString
    prefix: Annotated[str, Field(examples=["9f86d081884c7d65"])]
    user_id: UuidString
    scopes: Array[_ScopeName]
    created_at: InstantString
    expires_at: InstantString
    revoked_at: InstantString | None
    last_used_at: InstantString | None

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
        )


class IssuedApiKeyOut(Schema):
    """An API key with its secret, which is shown this once and kept nowhere."""

    api_key: ApiKeyOut
    secret: Annotated[str, Field(description="The whole key, for Authorization: Bearer.", examples=["tonne_..."])]


class ApiKeysOut(Schema):
    """An organisation's API keys, oldest first."""

    api_keys: Array[ApiKeyOut]
