"""The door: signing in and out, a password chosen with a one-time token, and the first operator.

What is slow, the hash of a password, is done between two short transactions.
"""

from __future__ import annotations

from starlette.responses import Response

from api.auth import one_time, sign_in
from api.auth.policy import OWN_ACCOUNT, PUBLIC, Routes
from api.auth.principal import Role
from api.auth.session_token import clear_cookie, csrf_token, set_cookie
from api.deps import ThisCall
from api.schemas.access import OrganisationOut
from api.schemas.sign_in import (
    DoneOut,
    FirstRunIn,
    FirstRunOut,
    SignedOutOut,
    SignInIn,
    SignInOut,
    TokenPasswordIn,
)
from api.store import sessions

routes = Routes(tag="sign-in")


@routes.post("/sign-in", policy=PUBLIC, status=200, writes=False)
def sign_in_person(body: SignInIn, call: ThisCall, response: Response) -> SignInOut:
    """Begin a session: the cookie is set, and the token is in the answer where ``bearer`` asks for it.

    An unknown person and a wrong password get the same answer after the same work. A person of several organisations who names
    none gets the list of them and no session.
    """
    tried = sign_in.SignInTry(
        email=body.email,
        password=body.password,
        totp=body.totp,
        recovery_code=body.recovery_code,
        organisation_id=body.organisation_id,
        address=call.address,
    )
    counted = call.record(lambda session: sign_in.count_try(session, tried, now=call.now, new_id=call.new_id))
    examined = sign_in.examine(tried, counted, seal=call.totp_seal, now=call.now)
    entered = call.record(
        lambda session: sign_in.enter(
            session, tried, counted, examined, now=call.now, new_id=call.new_id, random_bytes=call.random_bytes
        )
    )
    return answer_of(entered, response, is_token_told=body.bearer)


def answer_of(entered: sign_in.Entered, response: Response, *, is_token_told: bool) -> SignInOut:
    """Return the session that was begun, its cookie set, or the organisations to choose from; raise what it was refused with."""
    if entered.refusal is not None:
        raise entered.refusal
    started = entered.started
    if started is None:
        choice = tuple(OrganisationOut.from_core(place.organisation) for place in entered.places)
        return SignInOut(session=None, organisation=None, csrf_token=None, token=None, organisations=choice)
    response.headers.append("Set-Cookie", set_cookie(started.token))
    return SignInOut.from_core(
        started.session,
        started.place.organisation,
        csrf=csrf_token(started.token),
        token=started.token if is_token_told else None,
    )


@routes.post("/sign-out", policy=OWN_ACCOUNT, status=200)
def sign_out(call: ThisCall, response: Response) -> SignedOutOut:
    """End the session in use at once and take its cookie out of the browser."""
    session_id = call.principal.session_id
    assert session_id is not None, "the policy asks for a session"
    sessions.revoke_session(call.session, session_id, now=call.now)
    response.headers.append("Set-Cookie", clear_cookie())
    return SignedOutOut(signed_out=True)


@routes.post("/invitations/accept", policy=PUBLIC, status=200)
def accept_invitation(body: TokenPasswordIn, call: ThisCall) -> DoneOut:
    """Choose a password with the one-time token of an invitation or a reset; who has one accepts an invitation with it."""
    one_time.choose_password(
        call.session,
        body.token,
        body.password,
        address=call.address,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
    )
    return DoneOut(done=True)


@routes.post("/first-run", policy=PUBLIC)
def make_first_operator(body: FirstRunIn, call: ThisCall) -> FirstRunOut:
    """Make the first operator with the token that the terminal shows; refused for good afterwards."""
    user = one_time.make_first_operator(
        call.session,
        body.token,
        email=body.email,
        name=body.name,
        password=body.password,
        now=call.now,
        new_id=call.new_id,
        random_bytes=call.random_bytes,
    )
    return FirstRunOut(user_id=user.user_id, organisation_id=user.organisation_id, roles=(Role.OPERATOR.value,))
