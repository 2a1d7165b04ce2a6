"""Signing in with an OpenID provider, and linking one to one's own account.

Three short transactions with the provider's answers between them: nothing is held while it is asked.
"""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from api.auth.passwords import is_password
from api.auth.policy import OWN_ACCOUNT, PUBLIC, Routes
from api.auth.scope import USER
from api.auth.sign_in import TRIES_PER_ACCOUNT, SecondStep, refuse_too_many
from api.deps import Call, ThisCall
from api.openid import entering
from api.openid.exchange import AttemptSecret, CameBack, OpenId, clear_cookie
from api.routes.account import note_own_act
from api.routes.sign_in import answer_of
from api.schemas.fields import UuidString
from api.schemas.oidc import (
    CameBackIn,
    IdentitiesOut,
    IdentityIn,
    IdentityOut,
    LinkIn,
    SecondStepIn,
    SignInProviderOut,
    SignInProvidersOut,
    WayOut,
)
from api.schemas.sign_in import DoneOut, SignInOut
from api.store import oidc, people, sessions
from ledger.core.errors import Conflict, Forbidden, NotFound

routes = Routes(tag="sign-in")


@routes.get("/sign-in/providers", policy=PUBLIC)
def list_sign_in_providers(call: ThisCall) -> SignInProvidersOut:
    """Return the providers with which people sign in now."""
    live = oidc.live_providers(call.session)
    return SignInProvidersOut(providers=tuple(SignInProviderOut(id=each.provider_id, name=each.name) for each in live))


@routes.post("/sign-in/providers/{provider_id}", policy=PUBLIC, status=200, writes=False)
def begin_sign_in(provider_id: UuidString, call: ThisCall, request: Request, response: Response) -> WayOut:
    """Return the provider's page to which the browser goes; a cookie binds the way back to this browser."""
    return _begin(provider_id, call, request, response, linking=None)


@routes.post("/sign-in/callback", policy=PUBLIC, status=200, writes=False)
def finish_sign_in(body: CameBackIn, call: ThisCall, request: Request, response: Response) -> SignInOut:
    """Take what the provider sent back and begin a session, or say what is missing: a second factor (``sign_in.code_needed``) or a choice.

    What is missing goes to POST /v1/sign-in/code, with the same cookie, within ten minutes.
    """
    known, back, secret = openid(request), _came_back(body), _secret(request)
    provider = call.record(lambda session: entering.claim(session, secret, back, session_id=None, now=call.now))
    assert secret is not None, "who claims an attempt holds its secret"
    entering.check_not_mixed_up(provider, back)
    claims = known.redeem(provider, secret, back, now=call.now)
    call.record(
        lambda session: entering.recognise(
            session, secret, provider, claims, address=call.address, now=call.now, new_id=call.new_id
        )
    )
    return _enter(SecondStep(address=call.address), call, request, response)


@routes.post("/sign-in/code", policy=PUBLIC, status=200, writes=False)
def finish_with_code(body: SecondStepIn, call: ThisCall, request: Request, response: Response) -> SignInOut:
    """Show the second factor, or say for which organisation, after the provider has proven who is there."""
    step = SecondStep(
        totp=body.totp,
        recovery_code=body.recovery_code,
        organisation_id=body.organisation_id,
        address=call.address,
    )
    return _enter(step, call, request, response)


@routes.get("/identities", policy=OWN_ACCOUNT)
def list_identities(call: ThisCall) -> IdentitiesOut:
    """Return the accounts of providers with which the caller signs in."""
    names = {each.issuer: each.name for each in oidc.live_providers(call.session)}
    found = oidc.list_identities(call.session, call.principal.person_id)
    return IdentitiesOut(identities=tuple(IdentityOut.from_core(each, names.get(each.issuer, "")) for each in found))


@routes.post("/identities/begin", policy=OWN_ACCOUNT, status=200, writes=False)
def begin_link(body: LinkIn, call: ThisCall, request: Request, response: Response) -> WayOut:
    """Return the provider's page to which the browser goes to link it; asks for the present password where there is one."""
    known = people.load_credentials(call.session, call.principal.person_id)
    if known.password_hash is not None:
        _check_password(call, body.password or "", known.password_hash)
    session_id = call.principal.session_id
    assert session_id is not None, "the policy asks for a session"
    linking = (call.principal.organisation_id, session_id)
    return _begin(body.provider_id, call, request, response, linking=linking)


@routes.post("/identities/link", policy=OWN_ACCOUNT, status=200, writes=False)
def finish_link(body: CameBackIn, call: ThisCall, request: Request, response: Response) -> DoneOut:
    """Take what the provider sent back and link it to the caller; its verified address has to be the caller's."""
    known, back, secret = openid(request), _came_back(body), _secret(request)
    user, session_id = call.load(USER, call.principal.user_id), call.principal.session_id
    provider = call.record(lambda session: entering.claim(session, secret, back, session_id=session_id, now=call.now))
    assert secret is not None, "who claims an attempt holds its secret"
    entering.check_not_mixed_up(provider, back)
    claims = known.redeem(provider, secret, back, now=call.now)
    call.record(
        lambda session: entering.link(
            session, secret, provider, claims, user, address=call.address, now=call.now, new_id=call.new_id
        )
    )
    response.headers.append("Set-Cookie", clear_cookie())
    return DoneOut(done=True)


@routes.post("/identities/end", policy=OWN_ACCOUNT, status=200, is_private=True)
def end_link(body: IdentityIn, call: ThisCall) -> DoneOut:
    """Take a link away; the last one of a person without a password stays (``identity.last``)."""
    principal = call.principal
    own = oidc.list_identities(call.session, principal.person_id)
    if not any((each.issuer, each.subject) == (body.issuer, body.subject) for each in own):
        raise NotFound("identity.not_found", "the identity does not exist, or is not yours")
    if len(own) == 1 and people.load_credentials(call.session, principal.person_id).password_hash is None:
        raise Conflict("identity.last", "this is your only way in; ask your administrator for a new password first")
    oidc.unlink_identity(call.session, issuer=body.issuer, subject=body.subject)
    note_own_act(call, "identity_unlinked")
    return DoneOut(done=True)


def openid(request: Request) -> OpenId:
    """Return the application's way to providers."""
    found = request.app.state.openid
    assert isinstance(found, OpenId), "the application keeps its way to providers"
    return found


def _begin(
    provider_id: UUID, call: Call, request: Request, response: Response, *, linking: tuple[UUID, UUID] | None
) -> WayOut:
    known = openid(request)
    known.redirect_uri(provider_id)
    secret = AttemptSecret.new(call.random_bytes)
    provider = call.record(
        lambda session: entering.begin(
            session, provider_id, secret, linking=linking, address=call.address, now=call.now, new_id=call.new_id
        )
    )
    address = known.address(provider, secret, now=call.now)
    response.headers.append("Set-Cookie", secret.set_cookie())
    return WayOut(address=address)


def _enter(step: SecondStep, call: Call, request: Request, response: Response) -> SignInOut:
    secret = _secret(request)
    failure_id = call.record(lambda session: entering.count_code(session, secret, now=call.now, new_id=call.new_id))
    entered = call.record(
        lambda session: entering.enter(
            session,
            secret,
            step,
            failure_id=failure_id,
            seal=call.totp_seal,
            now=call.now,
            new_id=call.new_id,
            random_bytes=call.random_bytes,
        )
    )
    answer = answer_of(entered, response, is_token_told=False)
    if answer.session is not None:
        response.headers.append("Set-Cookie", clear_cookie())
    return answer


def _check_password(call: Call, password: str, password_hash: str) -> None:
    """Count the try, hash without a connection, and take the count back when it was right."""
    subject = f"person:{sha256(call.principal.person_id.bytes).hexdigest()}"
    failure_id = call.new_id()

    def count(session: Session) -> None:
        refuse_too_many(session, subject, most=TRIES_PER_ACCOUNT, now=call.now)
        sessions.add_failure(session, failure_id, subject, now=call.now)

    call.record(count)
    if not is_password(password, password_hash):
        raise Forbidden("password.wrong", "password: expected your present password", field="password")
    call.record(lambda session: sessions.forget_failure_rows(session, (failure_id,)))


def _came_back(body: CameBackIn) -> CameBack:
    return CameBack(
        provider_id=body.provider_id, state=body.state, code=body.code, issuer=body.iss, is_refused=body.error
    )


def _secret(request: Request) -> AttemptSecret | None:
    return AttemptSecret.of_cookies(tuple(request.headers.getlist("cookie")))
