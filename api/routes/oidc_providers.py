"""The operator's providers: proposed by one operator, confirmed by another, ended by either."""

from __future__ import annotations

from starlette.requests import Request

from api.auth.oidc_kinds import OIDC_PROVIDER
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.auth.scope import USER
from api.deps import ThisCall
from api.openid.exchange import OpenId
from api.openid.providers import ProviderTerms, confirm_provider, end_provider, propose_provider
from api.routes.oidc_sign_in import openid
from api.schemas.fields import UuidString
from api.schemas.oidc import OidcConfirmIn, OidcEndIn, OidcProviderIn, OidcProviderOut, OidcProvidersOut
from api.store import oidc
from api.store.access import OrganisationKind
from api.store.oidc import Provider

routes = Routes(tag="operating")

_OPERATOR = asks(Scope.OPERATE, kinds=(OrganisationKind.OPERATOR,))
_SECOND = asks(Scope.OPERATE, Scope.ACCESS_APPROVE, kinds=(OrganisationKind.OPERATOR,))


@routes.get("/oidc-providers", policy=_OPERATOR)
def list_oidc_providers(call: ThisCall, request: Request) -> OidcProvidersOut:
    """Return every provider of the installation with its state."""
    known = openid(request)
    return OidcProvidersOut(providers=tuple(_out(each, known) for each in oidc.list_providers(call.session)))


@routes.post("/oidc-providers", policy=_OPERATOR)
def propose_oidc_provider(body: OidcProviderIn, call: ThisCall, request: Request) -> OidcProviderOut:
    """Propose a provider; nobody signs in with it before another operator confirmed it."""
    known = openid(request)
    terms = ProviderTerms(
        name=body.name,
        issuer=body.issuer,
        client_id=body.client_id,
        secret_name=body.secret_name,
        domains=body.domains,
        accepts_mfa=body.accepts_mfa,
        reason=body.reason,
    )
    provider = propose_provider(
        call.session,
        call.principal.organisation_id,
        terms,
        proposed_by=call.principal.user_id,
        is_loopback_allowed=known.settings.is_loopback_allowed,
        now=call.now,
        new_id=call.new_id,
    )
    return _out(provider, known)


@routes.post("/oidc-providers/{provider_id}/confirm", policy=_SECOND, status=200)
def confirm_oidc_provider(
    provider_id: UuidString, body: OidcConfirmIn, call: ThisCall, request: Request
) -> OidcProviderOut:
    """Confirm a waiting provider as the second operator, over the digest that was shown."""
    provider = call.load(OIDC_PROVIDER, provider_id)
    confirmer = call.load(USER, call.principal.user_id)
    confirm_provider(
        call.session, provider, sha256_said=body.sha256, confirmer=confirmer, now=call.now, new_id=call.new_id
    )
    return _out(call.load(OIDC_PROVIDER, provider_id), openid(request))


@routes.post("/oidc-providers/{provider_id}/end", policy=_OPERATOR, status=200)
def end_oidc_provider(provider_id: UuidString, body: OidcEndIn, call: ThisCall, request: Request) -> OidcProviderOut:
    """End a provider at once, or refuse one that waits; who is signed in stays so until the session ends."""
    provider = call.load(OIDC_PROVIDER, provider_id)
    end_provider(
        call.session,
        provider,
        reason=body.reason,
        ended_by=call.principal.user_id,
        now=call.now,
        new_id=call.new_id,
    )
    return _out(call.load(OIDC_PROVIDER, provider_id), openid(request))


def _out(provider: Provider, known: OpenId) -> OidcProviderOut:
    return OidcProviderOut.from_core(
        provider,
        has_secret=known.settings.has_secret(provider.secret_name),
        redirect_uri=known.redirect_uri(provider.provider_id) if known.is_ready else None,
    )
