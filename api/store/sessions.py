"""Sessions of people who signed in, and the failed tries that limit signing in.

Functions take the session first, return frozen values and never commit. A token arrives here as its SHA-256 only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from api.store.person_tables import AccessSessionRow, SignInFailureRow
from api.store.tables import UserAccountRow
from ledger.store.acting import as_installation


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSession:
    """One sign-in; it works until left idle for ``idle_s`` seconds, until ``expires_at`` (exclusive), or revoked."""

    session_id: UUID
    organisation_id: UUID
    user_id: UUID
    created_at: datetime
    last_seen_at: datetime
    idle_s: int
    expires_at: datetime
    is_approving_allowed: bool
    address: str
    revoked_at: datetime | None

    def works(self, now: datetime) -> bool:
        """Return whether the session is alive at ``now``."""
        is_idle = now >= self.last_seen_at + timedelta(seconds=self.idle_s)
        return self.revoked_at is None and not is_idle and now < self.expires_at


def add_session(session: Session, added: AccessSession, *, token_sha256: bytes) -> None:
    """Keep a new session."""
    session.add(
        AccessSessionRow(
            session_id=added.session_id,
            token_sha256=token_sha256,
            organisation_id=added.organisation_id,
            user_id=added.user_id,
            created_at=added.created_at,
            last_seen_at=added.last_seen_at,
            idle_s=added.idle_s,
            expires_at=added.expires_at,
            is_approving_allowed=int(added.is_approving_allowed),
            address=added.address,
            revoked_at=added.revoked_at,
        )
    )
    session.flush()  # a request may list its sessions right after


def load_session(session: Session, organisation_id: UUID, session_id: UUID) -> AccessSession | None:
    """Return the session if of this organisation, else ``None``."""
    row = session.get(AccessSessionRow, session_id)
    return _session(row) if row is not None and row.organisation_id == organisation_id else None


def list_sessions(
    session: Session, organisation_id: UUID, *, user_id: UUID | None, now: datetime
) -> tuple[AccessSession, ...]:
    """Return the sessions that work at ``now``, the newest first: of one place, or of the whole organisation."""
    asked = select(AccessSessionRow).where(
        AccessSessionRow.organisation_id == organisation_id,
        AccessSessionRow.revoked_at.is_(None),
        AccessSessionRow.expires_at > now,
    )
    if user_id is not None:
        asked = asked.where(AccessSessionRow.user_id == user_id)
    found = session.scalars(asked.order_by(AccessSessionRow.created_at.desc(), AccessSessionRow.session_id))
    return tuple(each for each in (_session(row) for row in found) if each.works(now))


def revoke_session(session: Session, session_id: UUID, *, now: datetime) -> None:
    """End a session; an earlier end keeps its instant."""
    session.execute(
        update(AccessSessionRow)
        .where(AccessSessionRow.session_id == session_id, AccessSessionRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    session.expire_all()


def revoke_sessions_of(session: Session, person_id: UUID, *, besides: UUID | None = None, now: datetime) -> None:
    """End every session of a person in all organisations, ``besides`` one."""
    places = select(UserAccountRow.user_id).where(UserAccountRow.person_id == person_id)
    ending = update(AccessSessionRow).where(AccessSessionRow.user_id.in_(places), AccessSessionRow.revoked_at.is_(None))
    if besides is not None:
        ending = ending.where(AccessSessionRow.session_id != besides)
    with as_installation(session):  # in whichever organisations the person has places
        session.execute(ending.values(revoked_at=now))
    session.expire_all()


def touch_session(session: Session, session_id: UUID, *, now: datetime) -> None:
    """Note that a session was used; two requests at once never take the note back."""
    session.execute(
        update(AccessSessionRow)
        .where(AccessSessionRow.session_id == session_id, AccessSessionRow.last_seen_at < now)
        .values(last_seen_at=now)
    )


def add_failure(session: Session, failure_id: UUID, subject: str, *, now: datetime) -> None:
    """Count one failed try against ``subject``."""
    with as_installation(session):  # tries are counted at the door, before it is known whose they are
        session.add(SignInFailureRow(failure_id=failure_id, subject=subject, failed_at=now))


def failures_since(session: Session, subject: str, since: datetime) -> tuple[int, datetime | None]:
    """Return how many tries failed after ``since``, and the oldest of them."""
    counted = select(func.count(), func.min(SignInFailureRow.failed_at)).where(
        SignInFailureRow.subject == subject, SignInFailureRow.failed_at > since
    )
    with as_installation(session):
        count, oldest = session.execute(counted).one()
    return int(count), oldest


def forget_failures(session: Session, subject: str) -> None:
    """Begin counting anew: the person got in."""
    with as_installation(session):
        session.execute(delete(SignInFailureRow).where(SignInFailureRow.subject == subject))


def forget_failure_rows(session: Session, failure_ids: tuple[UUID, ...]) -> None:
    """Take back tries that were counted and turned out right."""
    with as_installation(session):
        session.execute(delete(SignInFailureRow).where(SignInFailureRow.failure_id.in_(failure_ids)))


def forget_failures_before(session: Session, instant: datetime) -> None:
    """Drop what no limit looks at any more."""
    with as_installation(session):
        session.execute(delete(SignInFailureRow).where(SignInFailureRow.failed_at <= instant))


def _session(row: AccessSessionRow) -> AccessSession:
    return AccessSession(
        session_id=row.session_id,
        organisation_id=row.organisation_id,
        user_id=row.user_id,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        idle_s=row.idle_s,
        expires_at=row.expires_at,
        is_approving_allowed=bool(row.is_approving_allowed),
        address=row.address,
        revoked_at=row.revoked_at,
    )
