"""An assessor's public keys from challenge to end: possession, a second person's approval, rotation, revocation, compromise.

The server never holds a private key. Every step is a leaf of the holder organisation's evidence book.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.attestations.keys import (
    EDDSA,
    NONCE_BYTES,
    RegisteredKey,
    check_challenge_age,
    check_key,
    possession_challenge,
    verify_possession,
)
from finance.attestations.sm2 import Sm2Verifier
from finance.attestations.states import AttestationStep
from finance.conventions.approvals import WaitingKind
from finance.operations.approval_notices import Asked, ask_second_person, end_asking
from finance.operations.evidence import EvidenceEvent, log_events
from finance.store import attestations, facilities, kpi_periods, signing_keys
from finance.store.attestations import AttestationRecord
from finance.store.facilities import Facility
from finance.store.signing_keys import KeyChallenge
from ledger.core.errors import Conflict, Forbidden, NotFound
from ledger.core.parties import Actor
from ledger.operations import RandomBytes

__all__ = ["NONCE_BYTES", "approve_key", "challenge_key", "register_key", "revoke_signing_key"]

SUBJECT = "signing_key"


def challenge_key(
    session: Session,
    *,
    challenge_id: UUID,
    key_id: str,
    public_key: bytes,
    nonce: bytes,
    actor: Actor,
    now: datetime,
    alg: str = EDDSA,
    replaces: str | None = None,
) -> bytes:
    """Return the bytes that the key's holder must sign within an hour; a weak or malformed public key is refused here.

    ``replaces`` names a key of the same organisation that this one is to take over from.
    """
    check_key(alg, public_key)
    if replaces is not None:
        _own_key(session, replaces, actor)
    challenge = KeyChallenge(
        challenge_id=challenge_id,
        organisation_id=actor.organisation_id,
        key_id=key_id,
        public_key=public_key,
        nonce=nonce,
        issued_at=now,
        alg=alg,
        replaces=replaces,
    )
    message = _message(challenge)
    signing_keys.save_challenge(session, challenge)
    return message


def register_key(
    session: Session,
    challenge_id: UUID,
    signature: bytes,
    *,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
    old_signature: bytes | None = None,
    sm2: Sm2Verifier | None = None,
) -> RegisteredKey:
    """Register the key of a challenge that its holder signed, and return it; the challenge is spent when it succeeds.

    It counts once another person approves it, or at once when ``old_signature`` is that of the key it replaces over the same
    bytes; the replaced key then ends now. Codes: ``key_challenge.not_found``, ``key.challenge_expired``, ``key.possession``,
    ``key.exists``; ``key.rotation`` for an old key that may no longer vouch for anything.
    """
    challenge = signing_keys.spend_challenge(session, challenge_id)
    if challenge is None or challenge.organisation_id != actor.organisation_id:
        raise NotFound("key_challenge.not_found", "no such challenge, or not for you; ask for a new one")
    check_challenge_age(challenge.issued_at, now)
    message = _message(challenge)
    verify_possession(
        public_key=challenge.public_key, challenge=message, signature=signature, alg=challenge.alg, sm2=sm2
    )
    is_vouched = old_signature is not None
    if old_signature is not None:
        _check_hand_over(session, challenge, message, old_signature, actor=actor, now=now, sm2=sm2)
    key = RegisteredKey(
        key_id=challenge.key_id,
        organisation_id=str(actor.organisation_id),
        public_key=challenge.public_key,
        holder_id=str(actor.user_id),
        registered_at=now,
        approved_at=now if is_vouched else None,
        not_after=None,
        revoked_at=None,
        compromised_since=None,
        replaces=challenge.replaces,
        alg=challenge.alg,
    )
    signing_keys.save_key(session, key, approved_by=actor.user_id if is_vouched else None)
    if not is_vouched:
        ask_second_person(session, _asked(key), said=key.key_id, maker_id=actor.user_id, now=now)
    events = [_event(key, "rotated" if is_vouched else "registered")]
    events += _ended(session, key, now=now) if is_vouched else []
    log_events(session, events, actor=actor, now=now, random_bytes=random_bytes)
    return key


def approve_key(
    session: Session, key_id: str, *, actor: Actor, now: datetime, random_bytes: RandomBytes
) -> RegisteredKey:
    """Record that a second person of the organisation vouches for the key, which counts from now on, and return it.

    The holder cannot approve its own key (``key.same_person``). Approving again changes nothing. A key that it replaces ends now.
    """
    key = _own_key(session, key_id, actor, lock=True)
    if key.holder_id == str(actor.user_id):
        raise Forbidden("key.same_person", "approver: expected another person than the one who registered the key")
    if key.revoked_at is not None:
        raise Conflict("key.revoked_for_good", "a revoked key is not approved; register a new one", key_id=key_id)
    if key.approved_at is not None:
        return key
    signing_keys.approve_key(session, key_id, now=now, approved_by=actor.user_id)
    end_asking(session, _asked(key), now=now)
    events = [_event(key, "approved"), *_ended(session, key, now=now)]
    log_events(session, events, actor=actor, now=now, random_bytes=random_bytes)
    return _found(session, key_id)


def revoke_signing_key(
    session: Session,
    key: RegisteredKey,
    *,
    compromised_since: datetime | None,
    actor: Actor,
    now: datetime,
    random_bytes: RandomBytes,
) -> RegisteredKey:
    """Revoke the key from ``now`` on and return it; what it signed and was received before stands.

    With ``compromised_since`` every accepted attestation received at or after that instant falls (``key_revoked``): no later
    step may rest on it. A rate that was decided stays until the parties decide again. The same again changes nothing.
    """
    before = signing_keys.find_key(session, key.key_id, lock=True)
    signing_keys.revoke_key(session, key.key_id, now=now, compromised_since=compromised_since)
    revoked = _found(session, key.key_id)
    end_asking(session, _asked(key), now=now)
    since = revoked.compromised_since
    events: list[EvidenceEvent] = []
    if before != revoked:
        facts = {} if since is None else {"compromised_since": since.isoformat()}
        events.append(_event(revoked, "revoked" if since is None else "compromised", **facts))
    for record in attestations.list_accepted_under(session, key.key_id):
        if since is not None and record.received_at >= since:
            standing, facility = relocked(session, record)
            state = attestations.take_step(
                session, standing, AttestationStep.REVOKE_KEY, "compromised", actor=actor, now=now
            )
            events.append(
                EvidenceEvent(
                    organisation_id=facility.borrower_id,
                    subject="attestation",
                    subject_id=str(record.attestation_id),
                    event=state.value,
                    facts={"envelope_sha256": record.envelope_sha256, "key_id": key.key_id},
                )
            )
    log_events(session, events, actor=actor, now=now, random_bytes=random_bytes)
    return revoked


def relocked(session: Session, record: AttestationRecord) -> tuple[AttestationRecord, Facility]:
    """Return the attestation as it stands once its facility is locked, with that facility."""
    period = kpi_periods.find_period(session, record.kpi_period_id)
    assert period is not None, "an attestation names a period"
    facility = facilities.find_facility(session, period.facility_id, lock=True)
    standing = attestations.find_attestation(session, record.attestation_id)
    assert facility is not None, "a period belongs to a facility"
    assert standing is not None, "the attestation was loaded before"
    return standing, facility


def _asked(key: RegisteredKey) -> Asked:
    return Asked(
        kind=WaitingKind.SIGNING_KEY,
        organisation_id=UUID(key.organisation_id),
        ref=key.key_id,
        page="/signing-keys",
    )


def _check_hand_over(
    session: Session,
    challenge: KeyChallenge,
    message: bytes,
    old_signature: bytes,
    *,
    actor: Actor,
    now: datetime,
    sm2: Sm2Verifier | None,
) -> None:
    """Refuse unless the replaced key is one that still counts and signed the very challenge of its successor."""
    if challenge.replaces is None:
        raise Conflict("key.rotation", "old_signature: this challenge names no key to replace; ask for one that does")
    old = _own_key(session, challenge.replaces, actor, lock=True)
    is_over = old.revoked_at is not None or (old.not_after is not None and old.not_after <= now)
    if old.approved_at is None or is_over:
        raise Conflict(
            "key.rotated_out",
            "old_signature: the key to be replaced does not count any more, or not yet; a second person approves instead",
            key_id=old.key_id,
        )
    verify_possession(public_key=old.public_key, challenge=message, signature=old_signature, alg=old.alg, sm2=sm2)


def _ended(session: Session, key: RegisteredKey, *, now: datetime) -> list[EvidenceEvent]:
    """End the key that ``key`` replaces and return what is to be logged about it."""
    old = None if key.replaces is None else signing_keys.find_key(session, key.replaces, lock=True)
    if old is None or old.not_after is not None or old.registered_at >= now:
        return []
    signing_keys.end_key(session, old.key_id, not_after=now)
    return [_event(old, "replaced", not_after=now.isoformat(), successor=key.key_id)]


def _message(challenge: KeyChallenge) -> bytes:
    return possession_challenge(
        organisation_id=str(challenge.organisation_id),
        key_id=challenge.key_id,
        public_key=challenge.public_key,
        nonce=challenge.nonce,
        alg=challenge.alg,
        replaces=challenge.replaces,
    )


def _event(key: RegisteredKey, word: str, **facts: str) -> EvidenceEvent:
    return EvidenceEvent(
        organisation_id=UUID(key.organisation_id),
        subject=SUBJECT,
        subject_id=key.key_id,
        event=word,
        facts={
            "alg": key.alg,
            "holder": key.holder_id,
            "public_key_sha256": hashlib.sha256(key.public_key).hexdigest(),
            **({} if key.replaces is None else {"replaces": key.replaces}),
            **facts,
        },
    )


def _own_key(session: Session, key_id: str, actor: Actor, *, lock: bool = False) -> RegisteredKey:
    key = signing_keys.find_key(session, key_id, lock=lock)
    if key is None or UUID(key.organisation_id) != actor.organisation_id:
        raise NotFound("signing_key.not_found", "the signing key does not exist, or not for you")
    return key


def _found(session: Session, key_id: str) -> RegisteredKey:
    key = signing_keys.find_key(session, key_id)
    assert key is not None, "the key was loaded before"
    return key
