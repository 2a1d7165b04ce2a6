"""API keys of the caller's organisation: issue, rotate, list, revoke."""

from __future__ import annotations

from api.auth.issue import KeyTerms, issue_key, read_scopes
from api.auth.policy import Routes, asks
from api.auth.principal import APPROVING, Scope
from api.auth.roles import roles_of, scopes_of
from api.auth.scope import API_KEY, USER
from api.deps import ThisCall
from api.schemas.access import ApiKeyIn, ApiKeyOut, ApiKeyRotateIn, ApiKeysOut, IssuedApiKeyOut
from api.schemas.fields import UuidString
from api.store import access

routes = Routes(tag="api keys")


@routes.post("/api-keys", policy=asks(Scope.ADMIN), keeps_answer=False)
def issue_api_key(body: ApiKeyIn, call: ThisCall) -> IssuedApiKeyOut:
    """Issue an API key to a person of the caller's organisation; its secret is shown in this answer only."""
    user = call.load(USER, body.user_id)
    terms = KeyTerms(scopes=read_scopes(body.scopes), days=body.days, name=body.name or "", addresses=body.addresses)
    issued = issue_key(
        call.session,
        organisation_id=user.organisation_id,
        user_id=user.user_id,
        terms=terms,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
    )
    return IssuedApiKeyOut(api_key=ApiKeyOut.from_core(issued.key), secret=issued.text)


@routes.post("/api-keys/{key_id}/rotate", policy=asks(Scope.ADMIN), keeps_answer=False)
def rotate_api_key(key_id: UuidString, body: ApiKeyRotateIn, call: ThisCall) -> IssuedApiKeyOut:
    """Issue a key that takes over from one: the same person, name, scopes and networks. Both work until the old one is revoked."""
    old = call.load(API_KEY, key_id)
    issued = issue_key(
        call.session,
        organisation_id=old.organisation_id,
        user_id=old.user_id,
        terms=KeyTerms(scopes=read_scopes(old.scopes), days=body.days, name=old.name, addresses=old.addresses),
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
    )
    return IssuedApiKeyOut(api_key=ApiKeyOut.from_core(issued.key), secret=issued.text)


@routes.get("/api-keys", policy=asks(Scope.ACCESS_READ))
def list_api_keys(call: ThisCall) -> ApiKeysOut:
    """Return the organisation's keys, oldest first, without secrets, and the scopes that its people's roles can give a key."""
    keys = access.load_keys(call.session, call.principal.organisation_id)
    kind = call.principal.organisation_kind
    scopes = scopes_of(kind, roles_of(kind)) - APPROVING
    return ApiKeysOut(api_keys=tuple(ApiKeyOut.from_core(key) for key in keys), scopes=tuple(sorted(scopes)))


@routes.post("/api-keys/{key_id}/revoke", policy=asks(Scope.ADMIN), status=200)
def revoke_api_key(key_id: UuidString, call: ThisCall) -> ApiKeyOut:
    """Revoke a key of the organisation from now on; revoking it again changes nothing."""
    key = call.load(API_KEY, key_id)
    access.revoke_key(call.session, key.key_id, now=call.now)
    return ApiKeyOut.from_core(call.load(API_KEY, key.key_id))
