"""What enters and leaves about OpenID providers: their rows, the way to one and back, and who is linked to which.

No secret: of a client secret only its name, and an attempt's own secret goes in a cookie.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import InstantString, NameText, UuidString
from api.store.oidc import Identity, Provider, ProviderState

_Issuer = Annotated[str, Field(max_length=500, examples=["https://login.bank.example"], description="Its issuer.")]
_ClientId = Annotated[str, Field(max_length=200, examples=["tonne"], description="Our name at the provider.")]
_SecretName = Annotated[
    str,
    Field(
        max_length=40,
        examples=["CORP"],
        description="CORP stands for the server's variable TONNE_OIDC_SECRET_CORP, or the file of TONNE_OIDC_SECRET_CORP_FILE.",
    ),
]
_Domain = Annotated[str, Field(max_length=190, examples=["bank.example"])]
_Domains = Annotated[
    Array[_Domain], Field(max_length=20, description="Mail domains: only for addresses there does its word count.")
]
_AcceptsMfa = Annotated[
    bool, Field(examples=[False], description="Whether its amr of mfa counts as the second factor.")
]
_Reason = Annotated[str, Field(min_length=1, max_length=200, examples=["contract of 2026-11-02"], description="Why.")]
_Digest = Annotated[
    str, Field(min_length=64, max_length=64, examples=["9f" * 32], description="SHA-256 of the provider's row.")
]
_Subject = Annotated[str, Field(max_length=255, examples=["248289761001"], description="Who it is there.")]


class SignInProviderOut(Schema):
    """A provider with which people sign in."""

    id: UuidString
    name: Annotated[str, Field(examples=["Example Bank"])]


class SignInProvidersOut(Schema):
    """The providers with which people sign in now, by name."""

    providers: Array[SignInProviderOut]


class WayOut(Schema):
    """Where the browser goes; what binds the way back to it is in a cookie for ten minutes."""

    address: Annotated[str, Field(examples=["https://login.bank.example/authorize?response_type=code"])]


class CameBackIn(Schema):
    """What the provider sent back through the browser: its ``code`` and ``state``, ``iss`` where it says who it is.

    ``error`` is true where the provider sent an error instead.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "provider_id": "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a",
                    "state": "5f" * 32,
                    "code": "SplxlOBeZQQYbYS6WxSbIA",
                }
            ]
        }
    )

    provider_id: UuidString
    state: Annotated[str, Field(max_length=2_000, repr=False)]
    code: Annotated[str | None, Field(max_length=4_000, repr=False)] = None
    iss: Annotated[str | None, Field(max_length=500)] = None
    error: bool = False


class SecondStepIn(Schema):
    """What is still to be shown after the provider: the second factor, and for which organisation."""

    totp: Annotated[str | None, Field(max_length=20, examples=["492039"], repr=False)] = None
    recovery_code: Annotated[str | None, Field(max_length=60, examples=["abcd-efgh-ijkl-mnop"], repr=False)] = None
    organisation_id: UuidString | None = None


class LinkIn(Schema):
    """A provider to link to one's own account, with the present password where there is one."""

    provider_id: UuidString
    password: Annotated[str | None, Field(max_length=512, examples=["three plain words"], repr=False)] = None


class IdentityIn(Schema):
    """A link to be taken away."""

    issuer: _Issuer
    subject: _Subject


class IdentityOut(Schema):
    """Who a person is to a provider; ``provider`` is empty where none with this issuer lives."""

    issuer: _Issuer
    subject: _Subject
    provider: Annotated[str, Field(examples=["Example Bank"])]
    linked_at: InstantString

    @classmethod
    def from_core(cls, identity: Identity, provider: str) -> IdentityOut:
        """Return the shape of ``identity``."""
        return cls(issuer=identity.issuer, subject=identity.subject, provider=provider, linked_at=identity.linked_at)


class IdentitiesOut(Schema):
    """A person's links, oldest first."""

    identities: Array[IdentityOut]


class OidcProviderIn(Schema):
    """A provider to be added; it waits for another operator."""

    name: NameText
    issuer: _Issuer
    client_id: _ClientId
    secret_name: _SecretName
    domains: _Domains
    accepts_mfa: _AcceptsMfa = False
    reason: _Reason


class OidcConfirmIn(Schema):
    """The digest of the provider as it was shown."""

    sha256: _Digest


class OidcEndIn(Schema):
    """Why a provider ends."""

    reason: _Reason


class OidcProviderOut(Schema):
    """A provider with what became of it; ``redirect_uri`` is what is registered there, null without TONNE_PUBLIC_URL."""

    id: UuidString
    state: Choice[ProviderState]
    name: Annotated[str, Field(examples=["Example Bank"])]
    issuer: _Issuer
    client_id: _ClientId
    secret_name: _SecretName
    has_secret: Annotated[bool, Field(examples=[True], description="Whether the server finds the client secret.")]
    domains: _Domains
    accepts_mfa: _AcceptsMfa
    redirect_uri: Annotated[str | None, Field(examples=["https://tonne.example.com/sign-in/callback/..."])]
    reason: _Reason
    proposed_by: UuidString | None
    proposed_at: InstantString
    confirmed_by: UuidString | None
    ended_at: InstantString | None
    sha256: _Digest

    @classmethod
    def from_core(cls, provider: Provider, *, has_secret: bool, redirect_uri: str | None) -> OidcProviderOut:
        """Return the shape of ``provider``."""
        return cls(
            id=provider.provider_id,
            state=provider.state,
            name=provider.name,
            issuer=provider.issuer,
            client_id=provider.client_id,
            secret_name=provider.secret_name,
            has_secret=has_secret,
            domains=provider.domains,
            accepts_mfa=provider.accepts_mfa,
            redirect_uri=redirect_uri,
            reason=provider.reason,
            proposed_by=provider.proposed_by,
            proposed_at=provider.proposed_at,
            confirmed_by=provider.confirmed_by,
            ended_at=provider.ended_at,
            sha256=provider.sha256,
        )


class OidcProvidersOut(Schema):
    """Every provider of the installation, oldest first."""

    providers: Array[OidcProviderOut]
