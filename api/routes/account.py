"""A signed-in person's own account: its password, its second factor, its sessions. An API key reaches none of it."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

from fastapi import Query

from api.auth.passwords import check_password, hash_password, is_password
from api.auth.policy import OWN_ACCOUNT, Routes
from api.auth.principal import Scope
from api.auth.scope import SESSION, USER
from api.auth.second_factor import (
    enrolment_svg,
    enrolment_uri,
    new_recovery_codes,
    new_secret,
    recovery_sha256,
    step_of,
)
from api.auth.sign_in import TRIES_PER_ACCOUNT, refuse_too_many
from api.deps import Call, ThisCall
from api.errors import RefusedAndRecorded
from api.schemas.fields import UuidString
from api.schemas.sign_in import (
    DoneOut,
    PasswordIn,
    RecoveryCodesOut,
    SessionOut,
    SessionsOut,
    TotpConfirmIn,
    TotpProposedOut,
)
from api.store import access, access_log, people, sessions
from api.store.access_log import AccessEvent
from ledger.core.errors import Conflict, Forbidden

routes = Routes(tag="own account")

WholeOrganisation = Annotated[
    bool,
    Query(
        alias="of_organisation",
        description="An administrator's or an auditor's: everybody's sessions of the organisation.",
    ),
]


@routes.post("/password", policy=OWN_ACCOUNT, status=200, keeps_answer=False)
def change_password(body: PasswordIn, call: ThisCall) -> DoneOut:
    """Change the password; every other session of the person ends. A wrong present one counts against a limit."""
    principal = call.principal
    user = call.load(USER, principal.user_id)
    known = people.load_credentials(call.session, principal.person_id)
    refuse_too_many(call.session, _subject(call), most=TRIES_PER_ACCOUNT, now=call.now)
    if not is_password(body.password, known.password_hash):
        _count_try(call)
        refusal = Forbidden("password.wrong", "password: expected your present password", field="password")
        raise RefusedAndRecorded(refusal)
    organisation = access.load_organisation(call.session, principal.organisation_id)
    assert organisation is not None, "a principal acts for an organisation"
    spelled = check_password(body.new_password, email=user.email, name=user.name, organisation=organisation.legal_name)
    hashed = hash_password(spelled, random_bytes=call.random_bytes)
    people.set_password(call.session, principal.person_id, password_hash=hashed, now=call.now)
    sessions.revoke_sessions_of(call.session, principal.person_id, besides=principal.session_id, now=call.now)
    note_own_act(call, "password_changed")
    return DoneOut(done=True)


@routes.post("/totp", policy=OWN_ACCOUNT, keeps_answer=False)
def propose_second_factor(call: ThisCall) -> TotpProposedOut:
    """Propose a second factor: a secret and its QR code, shown this once; it asks for nothing until its first code comes."""
    principal = call.principal
    if people.load_credentials(call.session, principal.person_id).has_second_factor:
        raise Conflict("totp.enrolled", "a second factor stands; the operator takes a lost one away on the server")
    secret = new_secret(call.random_bytes)
    sealed = call.totp_seal.seal(secret, person_id=principal.person_id, random_bytes=call.random_bytes)
    people.propose_totp(call.session, principal.person_id, secret=sealed)
    uri = enrolment_uri(secret, account=call.load(USER, principal.user_id).email)
    return TotpProposedOut(secret=secret, uri=uri, svg=enrolment_svg(uri))


@routes.post("/totp/confirm", policy=OWN_ACCOUNT, status=200, keeps_answer=False)
def confirm_second_factor(body: TotpConfirmIn, call: ThisCall) -> RecoveryCodesOut:
    """Let the proposed second factor count, by its first code; answers ten recovery codes once. Sign in again to approve."""
    principal = call.principal
    sealed = people.proposed_totp(call.session, principal.person_id)
    if sealed is None:
        raise Conflict("totp.not_proposed", "no second factor waits for its first code; begin with POST /v1/totp")
    refuse_too_many(call.session, _subject(call), most=TRIES_PER_ACCOUNT, now=call.now)
    secret = call.totp_seal.open(sealed, person_id=principal.person_id)
    step = step_of(body.totp, secret, now=call.now)
    if step is None:
        _count_try(call)
        raise RefusedAndRecorded(
            Forbidden("totp.wrong", "totp: expected the code that the app shows now", field="totp")
        )
    codes = new_recovery_codes(call.random_bytes)
    digests = [recovery_sha256(code) for code in codes]
    people.confirm_totp(call.session, principal.person_id, step=step, recovery_sha256=digests, now=call.now)
    sessions.revoke_sessions_of(call.session, principal.person_id, besides=principal.session_id, now=call.now)
    note_own_act(call, "second_factor_enrolled")
    return RecoveryCodesOut(recovery_codes=codes)


@routes.get("/sessions", policy=OWN_ACCOUNT)
def list_sessions(call: ThisCall, of_organisation: WholeOrganisation = False) -> SessionsOut:  # noqa: FBT002 - a query
    """Return the caller's sessions that work now, or, for an administrator or auditor who asks, the organisation's."""
    principal = call.principal
    if of_organisation and not principal.scopes & {Scope.ADMIN, Scope.ACCESS_READ}:
        raise Forbidden(
            "auth.sessions_of_others",
            "of_organisation: only an administrator or an auditor sees the sessions of others",
        )
    found = sessions.list_sessions(
        call.session,
        principal.organisation_id,
        user_id=None if of_organisation else principal.user_id,
        now=call.now,
    )
    return SessionsOut(sessions=tuple(SessionOut.from_core(each) for each in found))


@routes.post("/sessions/{session_id}/revoke", policy=OWN_ACCOUNT, status=200)
def revoke_session(session_id: UuidString, call: ThisCall) -> DoneOut:
    """End a session at once: one's own, or for an administrator any of the organisation; again changes nothing."""
    found = call.load(SESSION, session_id)
    sessions.revoke_session(call.session, found.session_id, now=call.now)
    if found.user_id != call.principal.user_id:
        note_own_act(call, "session_revoked", about=found.user_id)
    return DoneOut(done=True)


def _subject(call: Call) -> str:
    return f"person:{sha256(call.principal.person_id.bytes).hexdigest()}"


def _count_try(call: Call) -> None:
    sessions.add_failure(call.session, call.new_id(), _subject(call), now=call.now)


def note_own_act(call: Call, what: str, *, about: object = None) -> None:
    """Write into the access log what the caller did with its own way in; ``about`` is what it was done to."""
    principal = call.principal
    access_log.add_event(
        call.session,
        AccessEvent(
            event_id=call.new_id(),
            organisation_id=principal.organisation_id,
            user_id=principal.user_id,
            happened_at=call.now,
            what=what,
            detail="" if about is None else str(about),
            by=principal.user_id,
            address=call.address,
        ),
    )
