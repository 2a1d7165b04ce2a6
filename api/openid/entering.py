"""From a browser that came back to a session or a link: claimed once, proven by the provider, then the second factor and the place.

Owns to whom a provider's subject may be linked. Each function is one short transaction; the conversation with the provider lies between
``claim`` and ``recognise`` and holds none.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.sign_in import (
    TRIES_PER_ACCOUNT,
    TRIES_PER_ADDRESS,
    Entered,
    Examined,
    SecondStep,
    Verdict,
    examine_code,
    refusal_of,
    refuse_too_many,
    start_session,
    use_up,
)
from api.auth.totp_seal import TotpSeal
from api.openid.exchange import AttemptSecret, CameBack
from api.openid.tokens import IdClaims
from api.store import access_log, oidc, people, sessions
from api.store.access import User
from api.store.access_log import AccessEvent
from api.store.names import clean_email
from api.store.oidc import Attempt, Provider, ProviderState
from ledger.core.errors import Conflict, Forbidden, Invalid, NotFound

ATTEMPT_LIFE = timedelta(minutes=10)
_KEPT = timedelta(days=1)


def begin(
    session: Session,
    provider_id: UUID,
    secret: AttemptSecret,
    *,
    linking: tuple[UUID, UUID] | None,
    address: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Provider:
    """Return the live provider that an attempt goes to (else ``oidc_provider.not_found``), and keep the attempt.

    ``linking`` is the organisation and session of a person who wants a link, ``None`` for a sign-in. Attempts are counted by address.
    """
    origin = f"oidc:{address}"
    refuse_too_many(session, origin, most=TRIES_PER_ADDRESS, now=now)
    provider = oidc.load_provider(session, provider_id)
    if provider is None or provider.state is not ProviderState.LIVE:
        raise NotFound("oidc_provider.not_found", "the provider does not exist, or not for signing in")
    sessions.add_failure(session, new_id(), origin, now=now)
    oidc.forget_attempts_before(session, now - _KEPT)
    organisation_id, session_id = linking or (None, None)
    oidc.add_attempt(
        session,
        Attempt(
            attempt_sha256=secret.digest,
            provider_id=provider_id,
            organisation_id=organisation_id,
            session_id=session_id,
            created_at=now,
            expires_at=now + ATTEMPT_LIFE,
        ),
    )
    return provider


def claim(
    session: Session, secret: AttemptSecret | None, back: CameBack, *, session_id: UUID | None, now: datetime
) -> Provider:
    """Return the provider whose answer this is, and use the attempt's way back up; else ``oidc.state``, whatever was wrong with it.

    ``session_id`` is the session that wants a link, ``None`` for a sign-in. ``oidc.mixed_up`` when the answer came to the address of
    another provider.
    """
    attempt = None if secret is None else oidc.load_attempt(session, secret.digest)
    if (
        secret is None
        or attempt is None
        or not hmac.compare_digest(back.state.encode("utf-8", "replace"), secret.state.encode())
    ):
        raise _stale()
    if now >= attempt.expires_at or attempt.session_id != session_id:
        raise _stale()
    if not oidc.claim_attempt(session, attempt.attempt_sha256, now=now):
        raise _stale()
    provider = oidc.load_provider(session, attempt.provider_id)
    if provider is None or provider.state is not ProviderState.LIVE:
        raise NotFound("oidc_provider.not_found", "the provider does not exist, or not for signing in")
    return provider


def check_not_mixed_up(provider: Provider, back: CameBack) -> None:
    """Raise ``oidc.mixed_up`` when a browser came back to the address of another provider than it was sent to."""
    if back.provider_id != provider.provider_id:
        raise Forbidden("oidc.mixed_up", "another provider answered than the one that was asked; sign in again")


def recognise(
    session: Session,
    secret: AttemptSecret,
    provider: Provider,
    claims: IdClaims,
    *,
    address: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Note on the attempt whom the provider proved; a subject seen for the first time is linked by its verified address.

    First links go to an invited person, whose invitation is accepted by it, or to one without a password; who has a password links
    while signed in (``oidc.link_first``), so nobody becomes somebody by owning a mailbox.
    """
    person_id = oidc.find_identity(session, issuer=claims.issuer, subject=claims.subject)
    if person_id is None:
        user = _user_of(session, provider, claims, now=now)
        person_id = user.person_id
        oidc.link_identity(session, issuer=claims.issuer, subject=claims.subject, person_id=person_id, now=now)
        _note(session, user, provider, address=address, now=now, new_id=new_id)
    oidc.prove_attempt(session, secret.digest, person_id=person_id, is_mfa=claims.is_mfa and provider.accepts_mfa)


def count_code(session: Session, secret: AttemptSecret | None, *, now: datetime, new_id: Callable[[], UUID]) -> UUID:
    """Count a code as failed until it has turned out right, and return its row.

    Counting first keeps codes sent at the same moment from being tried together; too many are ``sign_in.too_many``.
    """
    attempt = _proven(session, secret, now=now)
    assert attempt.person_id is not None, "a proven attempt names its person"
    subject = f"person:{sha256(attempt.person_id.bytes).hexdigest()}"
    refuse_too_many(session, subject, most=TRIES_PER_ACCOUNT, now=now)
    failure_id = new_id()
    sessions.add_failure(session, failure_id, subject, now=now)
    return failure_id


def enter(
    session: Session,
    secret: AttemptSecret | None,
    step: SecondStep,
    *,
    failure_id: UUID,
    seal: TotpSeal,
    now: datetime,
    new_id: Callable[[], UUID],
    random_bytes: Callable[[int], bytes],
) -> Entered:
    """Return the session that a proven attempt begins, the organisations to choose from, or the refusal of its second factor.

    Who has a second factor shows it, unless the provider's own counts. A session begun without any approves nothing.
    """
    attempt = _proven(session, secret, now=now)
    assert attempt.person_id is not None, "a proven attempt names its person"
    known = people.load_credentials(session, attempt.person_id)
    examined = Examined(verdict=Verdict.RIGHT) if attempt.is_mfa else examine_code(step, known, seal=seal, now=now)
    if examined.verdict is Verdict.CODE_WRONG:
        return Entered(refusal=refusal_of(examined.verdict))
    if examined.verdict is Verdict.CODE_NEEDED:
        sessions.forget_failure_rows(session, (failure_id,))
        return Entered(refusal=refusal_of(examined.verdict))
    places = tuple(
        place
        for place in people.find_places(session, known.person_id)
        if step.organisation_id in {None, place.organisation.organisation_id}
    )
    if len(places) != 1:
        sessions.forget_failure_rows(session, (failure_id,))
        return Entered(places=places, refusal=None if places else _no_place())
    if not use_up(session, known.person_id, examined, now=now):
        return Entered(refusal=refusal_of(Verdict.CODE_WRONG))
    if not oidc.finish_attempt(session, attempt.attempt_sha256, now=now):
        return Entered(refusal=_stale())
    sessions.forget_failure_rows(session, (failure_id,))
    provider = oidc.load_provider(session, attempt.provider_id)
    assert provider is not None, "an attempt goes to a provider that stands"
    started = start_session(
        session,
        places[0],
        is_second_factor_shown=attempt.is_mfa or known.has_second_factor,
        address=step.address,
        now=now,
        new_id=new_id,
        random_bytes=random_bytes,
        by=provider.name,
    )
    return Entered(started=started)


def link(
    session: Session,
    secret: AttemptSecret,
    provider: Provider,
    claims: IdClaims,
    user: User,
    *,
    address: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Link the provider's subject to a signed-in person whose address the provider verified; of another, ``oidc.linked_elsewhere``."""
    standing = oidc.find_identity(session, issuer=claims.issuer, subject=claims.subject)
    if standing is not None and standing != user.person_id:
        raise Conflict("oidc.linked_elsewhere", "this account of the provider belongs to another person here")
    if _verified_address(provider, claims) != user.email:
        raise Forbidden("oidc.email", "the address that the provider verified is not yours here; nothing was linked")
    if not oidc.finish_attempt(session, secret.digest, now=now):
        raise _stale()
    if standing is None:
        oidc.link_identity(session, issuer=claims.issuer, subject=claims.subject, person_id=user.person_id, now=now)
        _note(session, user, provider, address=address, now=now, new_id=new_id)


def _proven(session: Session, secret: AttemptSecret | None, *, now: datetime) -> Attempt:
    attempt = None if secret is None else oidc.load_attempt(session, secret.digest)
    is_usable = attempt is not None and attempt.done_at is None and attempt.session_id is None
    if attempt is None or not is_usable or attempt.person_id is None or now >= attempt.expires_at:
        raise _stale()
    return attempt


def _user_of(session: Session, provider: Provider, claims: IdClaims, *, now: datetime) -> User:
    """Return the place by which a subject seen for the first time is known; invitations that live are accepted by it."""
    address = _verified_address(provider, claims)
    users = people.users_of_address(session, address)
    if not users:
        raise _unknown()
    person_id = users[0].person_id
    if people.load_credentials(session, person_id).password_hash or oidc.list_identities(session, person_id):
        raise Forbidden(
            "oidc.link_first",
            "you have another way in: sign in with it, then link this provider on the page of your account",
        )
    joined = [user for user in users if user.joined_at is not None]
    for user in users:
        if user.joined_at is None and people.use_invitation(session, user.user_id, now=now):
            people.join(session, user.user_id, now=now)
            joined.append(user)
    if not joined:
        raise _unknown()
    return joined[0]


def _verified_address(provider: Provider, claims: IdClaims) -> str:
    """Return the address that the provider verified, one of the domains for which its word counts; else ``oidc.email``."""
    try:
        address = clean_email(claims.verified_email or "", field="email")
    except Invalid:
        address = ""
    if address.rpartition("@")[2] not in provider.domains:
        raise Forbidden(
            "oidc.email_unverified",
            "the provider did not say that an address of yours is verified which it may speak for",
        )
    return address


def _note(
    session: Session, user: User, provider: Provider, *, address: str, now: datetime, new_id: Callable[[], UUID]
) -> None:
    access_log.add_event(
        session,
        AccessEvent(
            event_id=new_id(),
            organisation_id=user.organisation_id,
            user_id=user.user_id,
            happened_at=now,
            what="identity_linked",
            detail=provider.name,
            by=user.user_id,
            address=address,
        ),
    )


def _stale() -> Forbidden:
    return Forbidden("oidc.state", "this attempt to sign in is over or is not this browser's; begin again")


def _unknown() -> Forbidden:
    return Forbidden("oidc.unknown", "nobody here has this address; ask your administrator for an invitation")


def _no_place() -> Forbidden:
    return Forbidden("oidc.no_place", "you have joined no such organisation here; ask its administrator")
