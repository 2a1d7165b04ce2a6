"""Reads and writes of organisations, users and API keys.

Functions take the session first, return frozen values and never commit. Knows no HTTP and no secret: only hashes arrive.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from api.store.example_tables import OrganisationEndRow
from api.store.names import LONGEST_NAME, clean_email, clean_text, mailbox_of, name_skeleton
from api.store.person_tables import PersonRow
from api.store.tables import ApiKeyRow, OrganisationRow, UserAccountRow
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.store.acting import as_installation


class OrganisationKind(StrEnum):
    """What an organisation does here."""

    BORROWER = "borrower"
    LENDER = "lender"
    ASSESSOR = "assessor"
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """One organisation."""

    organisation_id: UUID
    kind: OrganisationKind
    legal_name: str
    created_at: datetime
    is_demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One person of one organisation; a disabled person can do nothing any more."""

    user_id: UUID
    organisation_id: UUID
    email: str
    name: str
    created_at: datetime
    disabled_at: datetime | None
    person_id: UUID
    joined_at: datetime | None
    """When the person accepted the invitation; ``None`` while it waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One API key without its secret; it works in ``[created_at, expires_at)`` unless revoked."""

    key_id: UUID
    key_prefix: str
    organisation_id: UUID
    user_id: UUID
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    name: str = ""
    addresses: tuple[str, ...] = ()
    """Networks from which alone the key works; empty: from anywhere."""

    def works(self, now: datetime) -> bool:
        """Return whether the key is alive at ``now``."""
        return self.revoked_at is None and self.created_at <= now < self.expires_at


def add_organisation(
    session: Session,
    *,
    organisation_id: UUID,
    kind: OrganisationKind,
    legal_name: str,
    now: datetime,
    is_demo: bool = False,
) -> Organisation:
    """Add and return an organisation; a name that looks like another's is refused (``organisation.name_taken``)."""
    name = clean_text(legal_name, field="legal_name", longest=LONGEST_NAME)
    skeleton = name_skeleton(name)
    if session.execute(
        select(OrganisationRow.organisation_id).where(OrganisationRow.name_skeleton == skeleton)
    ).first():
        raise Conflict(
            "organisation.name_taken",
            "legal_name: an organisation whose name looks the same exists; use it, or a name that differs in its letters",
            field="legal_name",
        )
    row = OrganisationRow(
        organisation_id=organisation_id,
        kind=kind.value,
        legal_name=name,
        name_skeleton=skeleton,
        created_at=now,
        is_demo=int(is_demo),
    )
    session.add(row)
    session.flush()  # the foreign keys of users and keys need the row, whatever order they are added in
    return organisation_of(row)


def load_organisation(session: Session, organisation_id: UUID) -> Organisation | None:
    """Return the organisation, or ``None``; one of the example that was removed is not there any more."""
    row = session.get(OrganisationRow, organisation_id)
    if row is None or is_ended(session, organisation_of(row)):
        return None
    return organisation_of(row)


def legal_names(session: Session, organisation_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Return the legal names of these organisations by id, in one read; one that is not there, or was removed, has none."""
    ended = exists().where(OrganisationEndRow.organisation_id == OrganisationRow.organisation_id)
    wanted = select(OrganisationRow.organisation_id, OrganisationRow.legal_name)
    found = session.execute(wanted.where(OrganisationRow.organisation_id.in_(set(organisation_ids)), ~ended))
    return {row.organisation_id: row.legal_name for row in found}


def list_organisations(session: Session) -> tuple[Organisation, ...]:
    """Return every organisation of the installation, by id: for the installation's own jobs, never for a caller."""
    ended = exists().where(OrganisationEndRow.organisation_id == OrganisationRow.organisation_id)
    rows = session.scalars(select(OrganisationRow).where(~ended).order_by(OrganisationRow.organisation_id))
    return tuple(organisation_of(row) for row in rows)


def is_ended(session: Session, organisation: Organisation) -> bool:
    """Return whether the organisation was removed with the example; of another one it is not even asked."""
    return organisation.is_demo and session.get(OrganisationEndRow, organisation.organisation_id) is not None


def find_organisation(session: Session, name_or_id: str) -> Organisation:
    """Return the organisation that an operator names by id or by (similar) legal name; else ``organisation.not_found``."""
    by_id = uuid_or_none(name_or_id)
    row = session.get(OrganisationRow, by_id) if by_id else None
    if row is None:
        skeleton = name_skeleton(name_or_id)
        row = session.execute(select(OrganisationRow).where(OrganisationRow.name_skeleton == skeleton)).scalar()
    if row is None:
        raise NotFound("organisation.not_found", "organisation: no organisation has this id or name")
    return organisation_of(row)


def add_user(
    session: Session,
    *,
    user_id: UUID,
    organisation_id: UUID,
    email: str,
    name: str,
    now: datetime,
    is_invited: bool = False,
) -> User:
    """Add and return a person's place in an organisation; a mailbox has one place there (``user.email_taken``).

    The person behind it is the one with the same mailbox, ``li+bank@example.com`` being ``li@example.com``, or a new one. An
    invited person has not joined: nobody signs in for the organisation before the invitation is accepted.
    """
    address = clean_email(email, field="email")
    shown = clean_text(name, field="name", longest=LONGEST_NAME)
    mailbox = mailbox_of(address)
    person_id, is_known = _person_behind(session, mailbox, user_id=user_id, now=now)
    if (
        is_known
        and session.execute(
            select(UserAccountRow.user_id).where(
                UserAccountRow.organisation_id == organisation_id, UserAccountRow.person_id == person_id
            )
        ).first()
    ):
        raise Conflict(
            "user.email_taken", "email: a person of this organisation has this mailbox already", field="email"
        )
    row = UserAccountRow(
        user_id=user_id,
        organisation_id=organisation_id,
        email=address,
        name=shown,
        created_at=now,
        disabled_at=None,
        person_id=person_id,
        joined_at=None if is_invited else now,
    )
    session.add(row)
    session.flush()  # the foreign key of keys needs the row
    return user_of(row)


def _person_behind(session: Session, mailbox: str, *, user_id: UUID, now: datetime) -> tuple[UUID, bool]:
    """Return the person with the mailbox, added as ``user_id`` where there was none, and whether there was one."""
    with as_installation(session):  # a person is not one organisation's, and may so far have places in others only
        known = session.execute(select(PersonRow.person_id).where(PersonRow.mailbox == mailbox)).scalar()
        if known is not None:
            return known, True
        session.add(PersonRow(person_id=user_id, mailbox=mailbox, created_at=now, totp_last_step=0))
        session.flush()  # the foreign key of the place needs the row
    return user_id, False


def list_users(session: Session, organisation_id: UUID) -> tuple[User, ...]:
    """Return the people of an organisation, disabled ones included, by name."""
    rows = session.scalars(
        select(UserAccountRow)
        .where(UserAccountRow.organisation_id == organisation_id)
        .order_by(UserAccountRow.name, UserAccountRow.user_id)
    )
    return tuple(user_of(row) for row in rows)


def disable_user(session: Session, user_id: UUID, *, now: datetime) -> None:
    """Disable a person in one organisation; an earlier instant is kept."""
    session.execute(
        update(UserAccountRow)
        .where(UserAccountRow.user_id == user_id, UserAccountRow.disabled_at.is_(None))
        .values(disabled_at=now)
    )
    session.expire_all()


def load_user(session: Session, organisation_id: UUID, user_id: UUID) -> User | None:
    """Return the person if of this organisation, else ``None``."""
    row = session.get(UserAccountRow, user_id)
    return user_of(row) if row is not None and row.organisation_id == organisation_id else None


def find_user(session: Session, organisation_id: UUID, email_or_id: str) -> User:
    """Return the person of an organisation that an operator names by id or address; else ``user.not_found``."""
    by_id = uuid_or_none(email_or_id)
    row = session.execute(
        select(UserAccountRow).where(
            UserAccountRow.organisation_id == organisation_id,
            UserAccountRow.user_id == by_id if by_id else UserAccountRow.email == email_or_id.strip().lower(),
        )
    ).scalar()
    if row is None:
        raise NotFound("user.not_found", "user: no user of this organisation has this id or address")
    return user_of(row)


def add_key(session: Session, key: ApiKey, *, secret_sha256: bytes) -> ApiKey:
    """Add a key; its person must be an enabled one of its organisation (``user.not_found``, ``user.disabled``)."""
    user = load_user(session, key.organisation_id, key.user_id)
    if user is None:
        raise NotFound("user.not_found", "the user does not exist, or not for you")
    if user.disabled_at is not None:
        raise Conflict("user.disabled", "user: this person is disabled and gets no key", field="user_id")
    if not key.scopes:
        raise Invalid("key.scopes_missing", "scopes: expected at least one scope", field="scopes")
    session.add(
        ApiKeyRow(
            key_id=key.key_id,
            key_prefix=key.key_prefix,
            organisation_id=key.organisation_id,
            user_id=key.user_id,
            scopes=json.dumps(sorted(set(key.scopes)), separators=(",", ":")),
            secret_sha256=secret_sha256,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
            name=key.name,
            addresses=json.dumps(key.addresses, separators=(",", ":")),
        )
    )
    session.flush()  # a taken prefix is found here, where the request can be tried again
    return key


def load_keys(session: Session, organisation_id: UUID) -> Sequence[ApiKey]:
    """Return an organisation's keys, oldest first, revoked and expired ones included."""
    rows = session.execute(
        select(ApiKeyRow).where(ApiKeyRow.organisation_id == organisation_id).order_by(ApiKeyRow.key_id)
    ).scalars()
    return tuple(_key(row) for row in rows)


def load_key(session: Session, organisation_id: UUID, key_id: UUID) -> ApiKey | None:
    """Return the key if of this organisation, else ``None``."""
    row = session.get(ApiKeyRow, key_id)
    return _key(row) if row is not None and row.organisation_id == organisation_id else None


def revoke_key(session: Session, key_id: UUID, *, now: datetime) -> None:
    """Revoke a key; an earlier revocation keeps its instant."""
    session.execute(
        update(ApiKeyRow).where(ApiKeyRow.key_id == key_id, ApiKeyRow.revoked_at.is_(None)).values(revoked_at=now)
    )
    session.expire_all()


def touch_key(session: Session, key_id: UUID, *, now: datetime) -> None:
    """Note that a key was used."""
    session.execute(update(ApiKeyRow).where(ApiKeyRow.key_id == key_id).values(last_used_at=now))


def uuid_or_none(text: str) -> UUID | None:
    """Return the UUID that ``text`` spells in its 36-character form, else ``None``."""
    try:
        spelled = UUID(text)
    except ValueError:
        return None
    return spelled if str(spelled) == text.lower() else None


def organisation_of(row: OrganisationRow) -> Organisation:
    """Return the frozen value of a row, for the stores beside this one."""
    return Organisation(
        organisation_id=row.organisation_id,
        kind=OrganisationKind(row.kind),
        legal_name=row.legal_name,
        created_at=row.created_at,
        is_demo=bool(row.is_demo),
    )


def user_of(row: UserAccountRow) -> User:
    """Return the frozen value of a row, for the stores beside this one."""
    return User(
        user_id=row.user_id,
        organisation_id=row.organisation_id,
        email=row.email,
        name=row.name,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        person_id=row.person_id,
        joined_at=row.joined_at,
    )


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        key_prefix=row.key_prefix,
        organisation_id=row.organisation_id,
        user_id=row.user_id,
        scopes=tuple(json.loads(row.scopes)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        name=row.name,
        addresses=tuple(json.loads(row.addresses)),
    )
