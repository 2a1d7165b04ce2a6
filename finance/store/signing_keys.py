"""Reads and writes signing keys and their challenges. Takes a session first and never commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from finance.attestations.keys import EDDSA, SM2, RegisteredKey
from finance.store.tables.attestations import KeyChallengeRow, SigningKeyRow
from ledger.core.errors import Conflict

_COORDINATE = 32
_SM2_POINT = b"\x04"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChallenge:
    """What the holder of a key is asked to sign before the key is registered."""

    challenge_id: UUID
    organisation_id: UUID
    key_id: str
    public_key: bytes
    nonce: bytes
    issued_at: datetime
    alg: str = EDDSA
    replaces: str | None = None


def save_challenge(session: Session, challenge: KeyChallenge) -> None:
    """Record a challenge until it is answered."""
    session.execute(
        insert(KeyChallengeRow).values(
            challenge_id=challenge.challenge_id,
            organisation_id=challenge.organisation_id,
            key_id=challenge.key_id,
            public_key=challenge.public_key,
            nonce=challenge.nonce,
            issued_at=challenge.issued_at,
            alg=challenge.alg,
            replaces_key_id=challenge.replaces,
        )
    )


def spend_challenge(session: Session, challenge_id: UUID) -> KeyChallenge | None:
    """Return the challenge and remove it, so that one answer counts once; None when there is none."""
    row = session.get(KeyChallengeRow, challenge_id)
    if row is None:
        return None
    challenge = KeyChallenge(
        challenge_id=row.challenge_id,
        organisation_id=row.organisation_id,
        key_id=row.key_id,
        public_key=bytes(row.public_key),
        nonce=bytes(row.nonce),
        issued_at=row.issued_at,
        alg=row.alg,
        replaces=row.replaces_key_id,
    )
    session.execute(delete(KeyChallengeRow).where(KeyChallengeRow.challenge_id == challenge_id))
    return challenge


def save_key(session: Session, key: RegisteredKey, *, approved_by: UUID | None) -> None:
    """Register a public key; an id or a key that stands already is refused (``key.exists``), revoked ones included."""
    stored, point_y = _stored(key)
    taken = session.scalar(
        select(SigningKeyRow.key_id).where((SigningKeyRow.key_id == key.key_id) | (SigningKeyRow.public_key == stored))
    )
    if taken is not None:
        raise Conflict("key.exists", "that key id or public key was registered before; make a new key pair")
    session.execute(
        insert(SigningKeyRow).values(
            key_id=key.key_id,
            organisation_id=UUID(key.organisation_id),
            public_key=stored,
            registered_at=key.registered_at,
            registered_by=UUID(key.holder_id),
            not_after=key.not_after,
            revoked_at=key.revoked_at,
            compromised_since=key.compromised_since,
            alg=key.alg,
            point_y=point_y,
            approved_at=key.approved_at,
            approved_by=approved_by,
            replaces_key_id=key.replaces,
        )
    )


def approve_key(session: Session, key_id: str, *, now: datetime, approved_by: UUID) -> None:
    """Record that a second person vouched for the key, from now on; the first approval stays."""
    row = session.get_one(SigningKeyRow, key_id)
    if row.approved_at is None:
        row.approved_at, row.approved_by = now, approved_by
    session.flush()  # later reads of this transaction judge signatures by this row


def end_key(session: Session, key_id: str, *, not_after: datetime) -> None:
    """Record the first instant at which the key no longer serves, unless an end stands already."""
    row = session.get_one(SigningKeyRow, key_id)
    if row.not_after is None:
        row.not_after = not_after
    session.flush()  # later reads of this transaction judge signatures by this row


def find_key(session: Session, key_id: str, *, lock: bool = False) -> RegisteredKey | None:
    """Return the registered key, or None; ``lock`` keeps other changes of its history waiting until the end."""
    wanted = select(SigningKeyRow).where(SigningKeyRow.key_id == key_id)
    row = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        return None
    return RegisteredKey(
        key_id=row.key_id,
        organisation_id=str(row.organisation_id),
        public_key=bytes(row.public_key)
        if row.point_y is None
        else _SM2_POINT + bytes(row.public_key) + bytes(row.point_y),
        holder_id=str(row.registered_by),
        registered_at=row.registered_at,
        approved_at=row.approved_at,
        not_after=row.not_after,
        revoked_at=row.revoked_at,
        compromised_since=row.compromised_since,
        replaces=row.replaces_key_id,
        alg=row.alg,
    )


def list_keys(session: Session, organisation_id: UUID) -> tuple[RegisteredKey, ...]:
    """Return the organisation's keys by registration, revoked ones included."""
    ids = session.scalars(
        select(SigningKeyRow.key_id)
        .where(SigningKeyRow.organisation_id == organisation_id)
        .order_by(SigningKeyRow.registered_at, SigningKeyRow.key_id)
    ).all()
    return tuple(key for key_id in ids for key in (find_key(session, key_id),) if key is not None)


def revoke_key(session: Session, key_id: str, *, now: datetime, compromised_since: datetime | None) -> None:
    """Revoke a key from now on; with ``compromised_since`` what was received after that instant falls too."""
    row = session.get_one(SigningKeyRow, key_id)
    if row.revoked_at is None:
        row.revoked_at = now
    if compromised_since is not None and (row.compromised_since is None or compromised_since < row.compromised_since):
        row.compromised_since = compromised_since  # only ever earlier: what fell once is not trusted again
    session.flush()  # later reads of this transaction judge signatures by this row


def _stored(key: RegisteredKey) -> tuple[bytes, bytes | None]:
    """Return what is kept of the key: 32 bytes, and of an SM2 point its Y beside its X."""
    if key.alg != SM2:
        return key.public_key, None
    point = key.public_key[len(_SM2_POINT) :]
    return point[:_COORDINATE], point[_COORDINATE:]
