"""OpenID providers as dated facts, attempts to sign in with them, and who is linked to which of their subjects.

Functions take the session first, return frozen values and never commit. Knows no HTTP, no token and no secret.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CursorResult, Select, delete, select, update
from sqlalchemy.orm import Session

from api.store.oidc_tables import (
    OidcAttemptRow,
    OidcProviderConfirmationRow,
    OidcProviderEndRow,
    OidcProviderRow,
)
from api.store.person_tables import PersonIdentityRow
from ledger.store.acting import as_installation


class ProviderState(StrEnum):
    """Where a provider stands."""

    WAITING = "waiting"
    """A second operator has not confirmed it."""
    LIVE = "live"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider with what became of it; ``domains`` are the mail domains for which its word counts."""

    provider_id: UUID
    organisation_id: UUID
    name: str
    issuer: str
    client_id: str
    secret_name: str
    domains: tuple[str, ...]
    accepts_mfa: bool
    reason: str
    proposed_by: UUID | None
    proposed_at: datetime
    needs_confirmation: bool
    sha256: str
    confirmed_by: UUID | None = None
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: UUID | None = None

    @property
    def state(self) -> ProviderState:
        """Where it stands; an end goes before everything."""
        if self.ended_at is not None:
            return ProviderState.ENDED
        if self.needs_confirmation and self.confirmed_at is None:
            return ProviderState.WAITING
        return ProviderState.LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One way to a provider and back; ``session_id`` is the session to be linked, ``None`` for a sign-in."""

    attempt_sha256: bytes
    provider_id: UUID
    organisation_id: UUID | None
    session_id: UUID | None
    created_at: datetime
    expires_at: datetime
    claimed_at: datetime | None = None
    person_id: UUID | None = None
    is_mfa: bool = False
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a person is to a provider."""

    issuer: str
    subject: str
    person_id: UUID
    linked_at: datetime


def add_provider(session: Session, provider: Provider) -> None:
    """Keep a provider as it was proposed; confirmation and end come as facts of their own."""
    session.add(
        OidcProviderRow(
            provider_id=provider.provider_id,
            organisation_id=provider.organisation_id,
            name=provider.name,
            issuer=provider.issuer,
            client_id=provider.client_id,
            secret_name=provider.secret_name,
            domains=json.dumps(provider.domains, separators=(",", ":")),
            accepts_mfa=int(provider.accepts_mfa),
            reason=provider.reason,
            proposed_by=provider.proposed_by,
            proposed_at=provider.proposed_at,
            needs_confirmation=int(provider.needs_confirmation),
            sha256=provider.sha256,
        )
    )
    session.flush()  # what is read next in the same request sees it


def add_confirmation(session: Session, provider: Provider, *, confirmed_by: UUID, now: datetime) -> None:
    """Keep the second operator's confirmation; the database refuses the person who proposed."""
    session.add(
        OidcProviderConfirmationRow(
            provider_id=provider.provider_id,
            organisation_id=provider.organisation_id,
            confirmed_by=confirmed_by,
            confirmed_at=now,
            sha256=provider.sha256,
        )
    )
    session.flush()  # the guard speaks now, where the request can still answer


def add_end(session: Session, provider_id: UUID, *, ended_by: UUID | None, reason: str, now: datetime) -> None:
    """Keep the end of a provider."""
    session.add(OidcProviderEndRow(provider_id=provider_id, ended_at=now, ended_by=ended_by, reason=reason))
    session.flush()  # what is read next in the same request sees it


def load_provider(session: Session, provider_id: UUID) -> Provider | None:
    """Return the provider, whatever its state, or ``None``."""
    found = session.execute(_providers().where(OidcProviderRow.provider_id == provider_id)).first()
    return None if found is None else _provider(*found)


def list_providers(session: Session) -> tuple[Provider, ...]:
    """Return every provider of the installation, oldest first."""
    return tuple(_provider(*found) for found in session.execute(_providers()))


def live_providers(session: Session) -> tuple[Provider, ...]:
    """Return the providers that people sign in with now, by name."""
    live = (each for each in list_providers(session) if each.state is ProviderState.LIVE)
    return tuple(sorted(live, key=lambda each: (each.name, each.provider_id)))


def add_attempt(session: Session, attempt: Attempt) -> None:
    """Keep a new attempt."""
    session.add(
        OidcAttemptRow(
            attempt_sha256=attempt.attempt_sha256,
            provider_id=attempt.provider_id,
            organisation_id=attempt.organisation_id,
            session_id=attempt.session_id,
            created_at=attempt.created_at,
            expires_at=attempt.expires_at,
            claimed_at=None,
            person_id=None,
            is_mfa=None,
            done_at=None,
        )
    )


def load_attempt(session: Session, attempt_sha256: bytes) -> Attempt | None:
    """Return the attempt with this hash, used and expired ones included."""
    row = session.get(OidcAttemptRow, attempt_sha256)
    if row is None:
        return None
    return Attempt(
        attempt_sha256=bytes(row.attempt_sha256),
        provider_id=row.provider_id,
        organisation_id=row.organisation_id,
        session_id=row.session_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        claimed_at=row.claimed_at,
        person_id=row.person_id,
        is_mfa=bool(row.is_mfa),
        done_at=row.done_at,
    )


def claim_attempt(session: Session, attempt_sha256: bytes, *, now: datetime) -> bool:
    """Let the browser come back once: ``False`` when it did before, also by a request at the same time."""
    claimed = session.execute(
        update(OidcAttemptRow)
        .where(OidcAttemptRow.attempt_sha256 == attempt_sha256, OidcAttemptRow.claimed_at.is_(None))
        .values(claimed_at=now)
    )
    session.expire_all()
    return _changed(claimed) == 1


def prove_attempt(session: Session, attempt_sha256: bytes, *, person_id: UUID, is_mfa: bool) -> None:
    """Note whom the provider proved, and whether with more than one factor."""
    session.execute(
        update(OidcAttemptRow)
        .where(OidcAttemptRow.attempt_sha256 == attempt_sha256)
        .values(person_id=person_id, is_mfa=int(is_mfa))
    )
    session.expire_all()


def finish_attempt(session: Session, attempt_sha256: bytes, *, now: datetime) -> bool:
    """Use the attempt up: ``False`` when it was, also by a request at the same time."""
    done = session.execute(
        update(OidcAttemptRow)
        .where(OidcAttemptRow.attempt_sha256 == attempt_sha256, OidcAttemptRow.done_at.is_(None))
        .values(done_at=now)
    )
    session.expire_all()
    return _changed(done) == 1


def forget_attempts_before(session: Session, instant: datetime) -> None:
    """Drop attempts that nobody can come back from any more."""
    session.execute(delete(OidcAttemptRow).where(OidcAttemptRow.created_at < instant))


def find_identity(session: Session, *, issuer: str, subject: str) -> UUID | None:
    """Return the person who is this subject to the issuer, or ``None``."""
    with as_installation(session):  # a subject is one person's, wherever that one has a place
        row = session.get(PersonIdentityRow, (issuer, subject))
    return None if row is None else row.person_id


def link_identity(session: Session, *, issuer: str, subject: str, person_id: UUID, now: datetime) -> None:
    """Say that the subject of the issuer is this person."""
    session.add(PersonIdentityRow(issuer=issuer, subject=subject, person_id=person_id, linked_at=now))
    session.flush()  # a subject that another request has just linked is found here


def list_identities(session: Session, person_id: UUID) -> tuple[Identity, ...]:
    """Return who a person is to which providers, oldest first."""
    rows = session.scalars(
        select(PersonIdentityRow)
        .where(PersonIdentityRow.person_id == person_id)
        .order_by(PersonIdentityRow.linked_at, PersonIdentityRow.issuer)
    )
    return tuple(
        Identity(issuer=row.issuer, subject=row.subject, person_id=row.person_id, linked_at=row.linked_at)
        for row in rows
    )


def unlink_identity(session: Session, *, issuer: str, subject: str) -> None:
    """Take a link away."""
    session.execute(
        delete(PersonIdentityRow).where(PersonIdentityRow.issuer == issuer, PersonIdentityRow.subject == subject)
    )


def _providers() -> Select[OidcProviderRow, OidcProviderConfirmationRow | None, OidcProviderEndRow | None]:
    return (
        select(OidcProviderRow, OidcProviderConfirmationRow, OidcProviderEndRow)
        .outerjoin(OidcProviderConfirmationRow, OidcProviderConfirmationRow.provider_id == OidcProviderRow.provider_id)
        .outerjoin(OidcProviderEndRow, OidcProviderEndRow.provider_id == OidcProviderRow.provider_id)
        .order_by(OidcProviderRow.proposed_at, OidcProviderRow.provider_id)
    )


def _provider(
    row: OidcProviderRow, confirmation: OidcProviderConfirmationRow | None, end: OidcProviderEndRow | None
) -> Provider:
    return Provider(
        provider_id=row.provider_id,
        organisation_id=row.organisation_id,
        name=row.name,
        issuer=row.issuer,
        client_id=row.client_id,
        secret_name=row.secret_name,
        domains=tuple(json.loads(row.domains)),
        accepts_mfa=bool(row.accepts_mfa),
        reason=row.reason,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        needs_confirmation=bool(row.needs_confirmation),
        sha256=row.sha256,
        confirmed_by=None if confirmation is None else confirmation.confirmed_by,
        confirmed_at=None if confirmation is None else confirmation.confirmed_at,
        ended_at=None if end is None else end.ended_at,
        ended_by=None if end is None else end.ended_by,
    )


def _changed(result: object) -> int:
    assert isinstance(result, CursorResult), "an update says how many rows it changed"
    return result.rowcount
