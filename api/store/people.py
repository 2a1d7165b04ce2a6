"""Persons and their credentials: the mailbox, the password's hash, the second factor, one-time tokens.

Functions take the session first, return frozen values and never commit. Knows hashes and steps, never a password or a code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from api.store.access import Organisation, User, is_ended, organisation_of, user_of
from api.store.names import mailbox_of
from api.store.person_tables import OneTimeTokenRow, PersonRow, RecoveryCodeRow
from api.store.tables import OrganisationRow, UserAccountRow
from ledger.store.acting import as_installation


class TokenPurpose(StrEnum):
    """What a one-time token is for."""

    INVITATION = "invitation"
    PASSWORD = "password"  # noqa: S105 - the name of a purpose
    FIRST_RUN = "first_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a person proves itself with; ``totp_secret`` only once it was confirmed, sealed as ``api.auth.totp_seal`` does."""

    person_id: UUID
    password_hash: str | None = field(repr=False)
    totp_secret: str | None = field(repr=False)
    totp_last_step: int

    @property
    def has_second_factor(self) -> bool:
        """Whether a confirmed TOTP secret stands."""
        return self.totp_secret is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A person's place in one organisation."""

    user: User
    organisation: Organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeToken:
    """A token that was found: what it is for, for whom, and until when."""

    purpose: TokenPurpose
    user_id: UUID | None
    expires_at: datetime
    used_at: datetime | None


def find_credentials(session: Session, email: str) -> Credentials | None:
    """Return the credentials of the person with this mailbox, sub-addresses aside, or ``None``."""
    row = session.execute(select(PersonRow).where(PersonRow.mailbox == mailbox_of(email.strip().lower()))).scalar()
    return None if row is None else _credentials(row)


def load_credentials(session: Session, person_id: UUID) -> Credentials:
    """Return a person's credentials."""
    row = session.get(PersonRow, person_id)
    assert row is not None, "a principal is a person"
    return _credentials(row)


def find_places(session: Session, person_id: UUID) -> tuple[Place, ...]:
    """Return the organisations that the person has joined and is not disabled in, by name."""
    joined = (
        select(UserAccountRow, OrganisationRow)
        .join(OrganisationRow, OrganisationRow.organisation_id == UserAccountRow.organisation_id)
        .where(
            UserAccountRow.person_id == person_id,
            UserAccountRow.disabled_at.is_(None),
            UserAccountRow.joined_at.is_not(None),
        )
        .order_by(OrganisationRow.legal_name)
    )
    with as_installation(session):  # whichever organisations they are
        found = session.execute(joined).all()
        places = [Place(user=user_of(user), organisation=organisation_of(organisation)) for user, organisation in found]
        return tuple(each for each in places if not is_ended(session, each.organisation))


def users_of_address(session: Session, address: str) -> tuple[User, ...]:
    """Return the places with exactly this address, joined or invited, that are not disabled."""
    rows = session.scalars(
        select(UserAccountRow)
        .where(UserAccountRow.email == address, UserAccountRow.disabled_at.is_(None))
        .order_by(UserAccountRow.user_id)
    )
    return tuple(user_of(row) for row in rows)


def count_places(session: Session, person_id: UUID) -> int:
    """Return in how many organisations the person stands, whether joined or invited."""
    with as_installation(session):  # whichever organisations they are
        rows = session.scalars(select(UserAccountRow.user_id).where(UserAccountRow.person_id == person_id)).all()
    return len(rows)


def set_password(session: Session, person_id: UUID, *, password_hash: str, now: datetime) -> None:
    """Keep the hash of a person's new password."""
    session.execute(
        update(PersonRow)
        .where(PersonRow.person_id == person_id)
        .values(password_hash=password_hash, password_set_at=now)
    )
    session.expire_all()


def propose_totp(session: Session, person_id: UUID, *, secret: str) -> None:
    """Keep a sealed secret that asks for nothing until it is confirmed; an earlier unconfirmed one goes."""
    session.execute(
        update(PersonRow)
        .where(PersonRow.person_id == person_id, PersonRow.totp_confirmed_at.is_(None))
        .values(totp_secret=secret)
    )
    session.expire_all()


def proposed_totp(session: Session, person_id: UUID) -> str | None:
    """Return the sealed secret that waits for its first code, or ``None``."""
    row = session.get(PersonRow, person_id)
    assert row is not None, "a principal is a person"
    return row.totp_secret if row.totp_confirmed_at is None else None


def kept_totp(session: Session) -> tuple[tuple[UUID, str], ...]:
    """Return every person's kept secret, confirmed or not, as (person, what is kept)."""
    rows = session.execute(
        select(PersonRow.person_id, PersonRow.totp_secret)
        .where(PersonRow.totp_secret.is_not(None))
        .order_by(PersonRow.person_id)
    )
    return tuple((person_id, kept) for person_id, kept in rows if kept is not None)


def replace_totp(session: Session, person_id: UUID, *, was: str, kept: str) -> int:
    """Keep the same secret in another form: 1, or 0 where it was changed meanwhile."""
    changed = session.execute(
        update(PersonRow).where(PersonRow.person_id == person_id, PersonRow.totp_secret == was).values(totp_secret=kept)
    )
    session.expire_all()
    return _changed(changed)


def confirm_totp(
    session: Session, person_id: UUID, *, step: int, recovery_sha256: Iterable[bytes], now: datetime
) -> None:
    """Make the proposed secret count from now on, with new recovery codes."""
    session.execute(
        update(PersonRow).where(PersonRow.person_id == person_id).values(totp_confirmed_at=now, totp_last_step=step)
    )
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person_id))
    session.add_all(
        RecoveryCodeRow(person_id=person_id, code_sha256=digest, used_at=None) for digest in recovery_sha256
    )
    session.expire_all()


def remove_totp(session: Session, person_id: UUID) -> None:
    """Take the second factor away, recovery codes included: an operator's act on the server."""
    session.execute(
        update(PersonRow).where(PersonRow.person_id == person_id).values(totp_secret=None, totp_confirmed_at=None)
    )
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person_id))
    session.expire_all()


def use_step(session: Session, person_id: UUID, step: int) -> bool:
    """Take a TOTP step once: ``False`` when it or a later one was used, also by a request at the same time."""
    taken = session.execute(
        update(PersonRow)
        .where(PersonRow.person_id == person_id, PersonRow.totp_last_step < step)
        .values(totp_last_step=step)
    )
    return _changed(taken) == 1


def use_recovery_code(session: Session, person_id: UUID, code_sha256: bytes, *, now: datetime) -> bool:
    """Take a recovery code once: ``False`` when there is none like it that is unused."""
    taken = session.execute(
        update(RecoveryCodeRow)
        .where(
            RecoveryCodeRow.person_id == person_id,
            RecoveryCodeRow.code_sha256 == code_sha256,
            RecoveryCodeRow.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return _changed(taken) == 1


def count_recovery_codes(session: Session, person_id: UUID) -> int:
    """Return how many unused recovery codes the person has."""
    unused = select(RecoveryCodeRow.code_sha256).where(
        RecoveryCodeRow.person_id == person_id, RecoveryCodeRow.used_at.is_(None)
    )
    return len(tuple(session.scalars(unused)))


def add_token(
    session: Session,
    *,
    token_sha256: bytes,
    purpose: TokenPurpose,
    user_id: UUID | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep a new one-time token; earlier unused ones of the same purpose and person stop working."""
    same = OneTimeTokenRow.user_id.is_(None) if user_id is None else OneTimeTokenRow.user_id == user_id
    session.execute(
        delete(OneTimeTokenRow).where(OneTimeTokenRow.purpose == purpose.value, same, OneTimeTokenRow.used_at.is_(None))
    )
    session.add(
        OneTimeTokenRow(
            token_sha256=token_sha256,
            purpose=purpose.value,
            user_id=user_id,
            created_at=now,
            expires_at=expires_at,
            used_at=None,
        )
    )
    session.flush()  # what is used in the same request has to be there


def find_token(session: Session, token_sha256: bytes) -> OneTimeToken | None:
    """Return the token with this hash, used and expired ones included."""
    row = session.get(OneTimeTokenRow, token_sha256)
    if row is None:
        return None
    return OneTimeToken(
        purpose=TokenPurpose(row.purpose), user_id=row.user_id, expires_at=row.expires_at, used_at=row.used_at
    )


def use_token(session: Session, token_sha256: bytes, *, now: datetime) -> bool:
    """Take a token once: ``False`` when it was used, also by a request at the same time."""
    taken = session.execute(
        update(OneTimeTokenRow)
        .where(OneTimeTokenRow.token_sha256 == token_sha256, OneTimeTokenRow.used_at.is_(None))
        .values(used_at=now)
    )
    return _changed(taken) == 1


def use_invitation(session: Session, user_id: UUID, *, now: datetime) -> bool:
    """Take a place's invitation without its token: ``False`` when none lives at ``now``."""
    taken = session.execute(
        update(OneTimeTokenRow)
        .where(
            OneTimeTokenRow.user_id == user_id,
            OneTimeTokenRow.purpose == TokenPurpose.INVITATION.value,
            OneTimeTokenRow.used_at.is_(None),
            OneTimeTokenRow.expires_at > now,
        )
        .values(used_at=now)
    )
    session.expire_all()
    return _changed(taken) == 1


def load_place(session: Session, user_id: UUID) -> Place | None:
    """Return a person's place by its id alone, for a token that names it; ``None`` when absent or disabled."""
    row = session.get(UserAccountRow, user_id)
    if row is None or row.disabled_at is not None:
        return None
    organisation = session.get(OrganisationRow, row.organisation_id)
    assert organisation is not None, "a place is in an organisation"
    if is_ended(session, organisation_of(organisation)):
        return None
    return Place(user=user_of(row), organisation=organisation_of(organisation))


def join(session: Session, user_id: UUID, *, now: datetime) -> None:
    """Note that the person accepted the invitation; an earlier acceptance keeps its instant."""
    session.execute(
        update(UserAccountRow)
        .where(UserAccountRow.user_id == user_id, UserAccountRow.joined_at.is_(None))
        .values(joined_at=now)
    )
    session.expire_all()


def _credentials(row: PersonRow) -> Credentials:
    return Credentials(
        person_id=row.person_id,
        password_hash=row.password_hash,
        totp_secret=row.totp_secret if row.totp_confirmed_at is not None else None,
        totp_last_step=row.totp_last_step,
    )


def _changed(result: object) -> int:
    assert isinstance(result, CursorResult), "an update says how many rows it changed"
    return result.rowcount
