"""Signing in: a try is counted first, then examined, then it becomes a session or a refusal.

Owns the order of these steps, the limits, and what a session may do. The slow examination holds no database connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import sha256
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authenticate import live_roles
from api.auth.passwords import is_password
from api.auth.roles import is_approving
from api.auth.second_factor import recovery_sha256, step_of
from api.auth.session_token import new_token, token_sha256
from api.auth.totp_seal import TotpSeal
from api.store import access_log, people, sessions
from api.store.access_log import AccessEvent
from api.store.names import mailbox_of
from api.store.people import Credentials, Place
from api.store.sessions import AccessSession
from ledger.core.errors import DomainError, Forbidden

IDLE_APPROVING = timedelta(minutes=15)
"""How long a session of a person with an approving role may be left alone (reliability-and-security, section 5.4)."""
IDLE = timedelta(hours=8)
LONGEST_SESSION = timedelta(hours=12)

LIMIT_WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT = 10
TRIES_PER_ADDRESS = 100
"""Failed tries of one network address in the window; wide, since an office shares one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInTry:
    """What somebody shows at the door."""

    email: str
    password: str = field(repr=False)
    totp: str | None = field(repr=False)
    recovery_code: str | None = field(repr=False)
    organisation_id: UUID | None
    address: str

    @property
    def account(self) -> str:
        """The subject under which tries of this mailbox are counted, known or not."""
        mailbox = mailbox_of(self.email.strip().lower())
        return f"account:{sha256(mailbox.encode('utf-8', 'replace')).hexdigest()}"

    @property
    def origin(self) -> str:
        """The subject under which tries from this address are counted."""
        return f"address:{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStep:
    """What a person shows beside a password or a provider: the second factor, and for which organisation."""

    totp: str | None = field(default=None, repr=False)
    recovery_code: str | None = field(default=None, repr=False)
    organisation_id: UUID | None = None
    address: str = ""


class Verdict(Enum):
    """What the examination of a try says."""

    WRONG = auto()
    CODE_NEEDED = auto()
    CODE_WRONG = auto()
    RIGHT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A try that was counted: its rows, and whom it names."""

    failure_ids: tuple[UUID, ...]
    credentials: Credentials | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The verdict and the proof of the second factor, which is used up when the session begins."""

    verdict: Verdict
    credentials: Credentials | None = None
    step: int | None = None
    recovery: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A new session, its token to be shown once, and the place it is for."""

    session: AccessSession
    token: str = field(repr=False)
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """The end of a try: a session, or the organisations to choose from, or why not."""

    started: Started | None = None
    places: tuple[Place, ...] = ()
    refusal: DomainError | None = None


def count_try(session: Session, tried: SignInTry, *, now: datetime, new_id: Callable[[], UUID]) -> Counted:
    """Count a try as failed until it has succeeded, and return whom it names; too many are refused (``sign_in.too_many``).

    Counting first keeps tries sent at the same moment from passing together. A running session is never touched.
    """
    sessions.forget_failures_before(session, now - LIMIT_WINDOW)
    refuse_too_many(session, tried.account, most=TRIES_PER_ACCOUNT, now=now)
    refuse_too_many(session, tried.origin, most=TRIES_PER_ADDRESS, now=now)
    failure_ids = (new_id(), new_id())
    for failure_id, subject in zip(failure_ids, (tried.account, tried.origin), strict=True):
        sessions.add_failure(session, failure_id, subject, now=now)
    return Counted(failure_ids=failure_ids, credentials=people.find_credentials(session, tried.email))


def refuse_too_many(session: Session, subject: str, *, most: int, now: datetime) -> None:
    """Raise ``sign_in.too_many`` with the seconds to wait, rounded up, when ``most`` tries of a subject failed in 15 minutes."""
    count, oldest = sessions.failures_since(session, subject, now - LIMIT_WINDOW)
    if count < most or oldest is None:
        return
    wait_s = -((now - oldest - LIMIT_WINDOW) // timedelta(seconds=1))
    raise Forbidden(
        "sign_in.too_many", f"too many tries; the next one counts in {wait_s} seconds", retry_after_s=str(wait_s)
    )


def examine(tried: SignInTry, counted: Counted, *, seal: TotpSeal, now: datetime) -> Examined:
    """Return what the password and the code are worth: one hash, whoever is named. Reads no database."""
    known = counted.credentials
    is_right = is_password(tried.password, known.password_hash if known else None)
    if known is None or not is_right:
        return Examined(verdict=Verdict.WRONG)
    step = SecondStep(totp=tried.totp, recovery_code=tried.recovery_code)
    return examine_code(step, known, seal=seal, now=now)


def examine_code(shown: SecondStep, known: Credentials, *, seal: TotpSeal, now: datetime) -> Examined:
    """Return what a second factor is worth for a person who is known already; who has none needs none. Reads no database."""
    if known.totp_secret is None:
        return Examined(verdict=Verdict.RIGHT, credentials=known)
    if shown.recovery_code is not None:
        return Examined(verdict=Verdict.RIGHT, credentials=known, recovery=recovery_sha256(shown.recovery_code))
    if shown.totp is None:
        return Examined(verdict=Verdict.CODE_NEEDED, credentials=known)
    step = step_of(shown.totp, seal.open(known.totp_secret, person_id=known.person_id), now=now)
    if step is None or step <= known.totp_last_step:
        return Examined(verdict=Verdict.CODE_WRONG, credentials=known)
    return Examined(verdict=Verdict.RIGHT, credentials=known, step=step)


def enter(
    session: Session,
    tried: SignInTry,
    counted: Counted,
    examined: Examined,
    *,
    now: datetime,
    new_id: Callable[[], UUID],
    random_bytes: Callable[[int], bytes],
) -> Entered:
    """Return the session that a right try begins, or its refusal; what has to be remembered of either is written here."""
    if examined.verdict is not Verdict.RIGHT:
        if examined.verdict is Verdict.CODE_NEEDED:
            sessions.forget_failure_rows(session, counted.failure_ids)
        return Entered(refusal=refusal_of(examined.verdict))
    known = examined.credentials
    assert known is not None, "a right try names a person"
    places = people.find_places(session, known.person_id)
    chosen = [
        place
        for place in places
        if tried.organisation_id is None or place.organisation.organisation_id == tried.organisation_id
    ]
    if len(chosen) > 1:
        sessions.forget_failure_rows(session, counted.failure_ids)
        return Entered(places=tuple(chosen))
    if not chosen:
        return Entered(refusal=refusal_of(Verdict.WRONG))
    if not use_up(session, known.person_id, examined, now=now):
        return Entered(refusal=refusal_of(Verdict.CODE_WRONG))
    sessions.forget_failures(session, tried.account)
    sessions.forget_failure_rows(session, counted.failure_ids)
    started = start_session(
        session,
        chosen[0],
        is_second_factor_shown=known.has_second_factor,
        address=tried.address,
        now=now,
        new_id=new_id,
        random_bytes=random_bytes,
    )
    return Entered(started=started)


def start_session(
    session: Session,
    place: Place,
    *,
    is_second_factor_shown: bool,
    address: str,
    now: datetime,
    new_id: Callable[[], UUID],
    random_bytes: Callable[[int], bytes],
    by: str = "",
) -> Started:
    """Begin a session with an id and a token of its own, whatever the browser had before, and write it into the access log.

    ``by`` is the provider that proved the person, empty for a password.

    Whoever has an approving role is idle after 15 minutes, others after 8 hours; everyone's ends after 12. A role that approves and
    was given later works from the next sign-in on.
    """
    roles = live_roles(session, place.user.user_id, now=now)
    has_approving = any(is_approving(place.organisation.kind, role) for role in roles)
    idle = IDLE_APPROVING if has_approving else IDLE
    token = new_token(random_bytes)
    started = AccessSession(
        session_id=new_id(),
        organisation_id=place.organisation.organisation_id,
        user_id=place.user.user_id,
        created_at=now,
        last_seen_at=now,
        idle_s=idle // timedelta(seconds=1),
        expires_at=now + LONGEST_SESSION,
        is_approving_allowed=has_approving and is_second_factor_shown,
        address=address,
        revoked_at=None,
    )
    sessions.add_session(session, started, token_sha256=token_sha256(token))
    access_log.add_event(
        session,
        AccessEvent(
            event_id=new_id(),
            organisation_id=started.organisation_id,
            user_id=started.user_id,
            happened_at=now,
            what="signed_in",
            detail=", ".join(
                part for part in (by and f"by {by}", "with a second factor" if is_second_factor_shown else "") if part
            ),
            by=started.user_id,
            address=address,
        ),
    )
    return Started(session=started, token=token, place=place)


def use_up(session: Session, person_id: UUID, examined: Examined, *, now: datetime) -> bool:
    """Take the second factor that was examined once; ``False`` when it was used before."""
    if examined.step is not None:
        return people.use_step(session, person_id, examined.step)
    if examined.recovery is not None:
        return people.use_recovery_code(session, person_id, examined.recovery, now=now)
    return True


def refusal_of(verdict: Verdict) -> DomainError:
    """Return the refusal that a verdict other than ``RIGHT`` stands for."""
    return _REFUSALS[verdict]()


def _refused() -> Forbidden:
    return Forbidden("sign_in.refused", "e-mail address or password are not right, or not for this organisation")


def _code_needed() -> Forbidden:
    return Forbidden(
        "sign_in.code_needed", "totp: expected the code of your authenticator, or a recovery_code", field="totp"
    )


def _code_wrong() -> Forbidden:
    return Forbidden(
        "sign_in.code_wrong", "totp: expected a code that is new and right; wait for the next one", field="totp"
    )


_REFUSALS: Mapping[Verdict, Callable[[], DomainError]] = {
    Verdict.WRONG: _refused,
    Verdict.CODE_NEEDED: _code_needed,
    Verdict.CODE_WRONG: _code_wrong,
}
