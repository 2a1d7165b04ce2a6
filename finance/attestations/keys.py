"""Registered signing keys: which are fit, who proved to hold them, and what a key's history says of a signature.

Owns Ed25519 point checks, proof of possession and the decision table of key events. Holds public keys only: a private
key never reaches the server. Knows no statement.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from finance.attestations.canonical import canonical_bytes
from finance.attestations.curve import SCALAR_ORDER, decode_point, is_small_order, is_torsion_free
from finance.attestations.instants import check_utc
from finance.attestations.spelling import check_identifier
from ledger.core.errors import Invalid

EDDSA = "EdDSA"
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
NONCE_BYTES = 32

POSSESSION_TYPE = "tonne-key-possession"


class KeyStanding(StrEnum):
    """What a key's history says of a signature received at a given instant."""

    VALID = "valid"
    SUSPENDED = "suspended"  # dependants are flagged; the rate stays until the parties decide
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyVerdict:
    """The standing with its reason; ``code`` is empty exactly when the standing is VALID."""

    standing: KeyStanding
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredKey:
    """One organisation's public key and its dated history; every instant is ours (the log's), none the signer's.

    ``not_after`` ends use by expiry or replacement, exclusive. ``revoked_at`` is when we learned of a revocation. A
    compromise is a revocation that names the instant since which the key cannot be trusted, so ``compromised_since``
    needs ``revoked_at`` and is not after it.
    """

    key_id: str
    organisation_id: str
    public_key: bytes
    registered_at: datetime
    not_after: datetime | None
    revoked_at: datetime | None
    compromised_since: datetime | None
    alg: str = EDDSA

    def __post_init__(self) -> None:
        """Refuse an unfit key, another algorithm, and a history that contradicts itself."""
        check_identifier(self.key_id, field="key_id")
        check_identifier(self.organisation_id, field="organisation_id")
        if self.alg != EDDSA:
            raise Invalid("key.alg", "alg: a registered key is pinned to EdDSA", field="alg")
        check_public_key(self.public_key)
        for name in ("registered_at", "not_after", "revoked_at", "compromised_since"):
            instant: datetime | None = getattr(self, name)
            if instant is not None:
                check_utc(instant, field=name)
        if self.not_after is not None and self.not_after <= self.registered_at:
            raise Invalid("key.history", "not_after: expected an instant after registered_at", field="not_after")
        if self.revoked_at is not None and self.revoked_at < self.registered_at:
            raise Invalid("key.history", "revoked_at: expected an instant not before registered_at", field="revoked_at")
        if self.compromised_since is not None and (self.revoked_at is None or self.compromised_since > self.revoked_at):
            raise Invalid(
                "key.history",
                "compromised_since: expected revoked_at as well, and not before compromised_since",
                field="compromised_since",
            )


def check_public_key(public_key: bytes) -> None:
    """Refuse a public key that could verify what its holder never signed, or that has two spellings.

    Refused: not 32 bytes (``key.length``); y not below p, or no curve point (``key.encoding``, RFC 8032 section 5.1.3);
    a point of order 1, 2, 4 or 8 (``key.small_order``), for which one fixed signature verifies for any message; a point
    with a small-order part (``key.mixed_order``), on which verifiers disagree. The identity point, bytes 01 00 .. 00,
    is ``key.small_order``.
    """
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise Invalid(
            "key.length",
            f"public_key: expected {PUBLIC_KEY_BYTES} bytes",
            field="public_key",
            value=str(len(public_key)),
        )
    point = decode_point(public_key)
    if point is None:
        raise Invalid("key.encoding", "public_key: expected the one encoding of a point of Ed25519", field="public_key")
    if is_small_order(point):
        raise Invalid(
            "key.small_order", "public_key: this point verifies any message; make a new key pair", field="public_key"
        )
    if not is_torsion_free(point):
        raise Invalid(
            "key.mixed_order", "public_key: expected a point of prime order; make a new key pair", field="public_key"
        )


def possession_challenge(*, organisation_id: str, key_id: str, public_key: bytes, nonce: bytes) -> bytes:
    """Return the bytes the holder signs to register: canonical JSON of type, organisation, key id, key and nonce.

    The nonce is 32 fresh random bytes from the edge, used once. The bytes begin with ``{``, a JWS signing input with
    ``e``: a signature over one can never pass as the other.
    """
    check_public_key(public_key)
    check_identifier(organisation_id, field="organisation_id")
    check_identifier(key_id, field="key_id")
    if len(nonce) != NONCE_BYTES:
        raise Invalid("key.nonce", f"nonce: expected {NONCE_BYTES} bytes", field="nonce", value=str(len(nonce)))
    return canonical_bytes(
        {
            "typ": POSSESSION_TYPE,
            "organisation_id": organisation_id,
            "key_id": key_id,
            "public_key": base64.b16encode(public_key).decode("ascii").lower(),
            "nonce": base64.b16encode(nonce).decode("ascii").lower(),
        }
    )


def verify_possession(*, public_key: bytes, challenge: bytes, signature: bytes) -> None:
    """Refuse (``key.possession``) unless ``signature`` is the key's over ``challenge``; an unfit key has its code."""
    check_public_key(public_key)
    if not is_signature_of(public_key=public_key, message=challenge, signature=signature):
        raise Invalid(
            "key.possession", "signature: expected the key's signature over the challenge bytes", field="signature"
        )


def is_signature_of(*, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether ``signature`` (R, then S below L) is Ed25519 of ``message`` (RFC 8032 section 5.1.7)."""
    if len(signature) != SIGNATURE_BYTES or not is_scalar_reduced(signature):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_scalar_reduced(signature: bytes) -> bool:
    """Return whether the S half of a 64-byte signature is below the group order L; S + L would be a second spelling."""
    return int.from_bytes(signature[PUBLIC_KEY_BYTES:], "little") < SCALAR_ORDER


def key_verdict(key: RegisteredKey, received_at: datetime) -> KeyVerdict:
    """Return what the key's history, as known now, says of a signature that the log received at ``received_at``.

    Reliability and security reference, section 5.3 (validity time is receipt time, never the signer's clock): received
    before registration, from ``not_after`` on or from ``revoked_at`` on is refused; received from ``compromised_since``
    on but before ``revoked_at`` is suspended; all else is valid, so a plain revocation leaves earlier signatures
    standing. With compromise since 1 May known on 9 May, a receipt of 30 April is valid, of 2 May suspended, of 9 May
    refused.
    """
    check_utc(received_at, field="received_at")
    if received_at < key.registered_at:
        return _refused("key.not_registered", "the key was not yet registered when the signature was received")
    if key.revoked_at is not None and received_at >= key.revoked_at:
        if key.compromised_since is not None:
            return _refused("key.compromised", "the key was reported compromised before the signature was received")
        return _refused("key.revoked", "the key was revoked before the signature was received")
    if key.not_after is not None and received_at >= key.not_after:
        return _refused("key.expired", "the key had expired or been replaced when the signature was received")
    if key.compromised_since is not None and received_at >= key.compromised_since:
        return KeyVerdict(
            standing=KeyStanding.SUSPENDED,
            code="key.suspended",
            reason="the key was compromised when the signature was received; ask for one under another key",
        )
    return KeyVerdict(standing=KeyStanding.VALID)


def _refused(code: str, reason: str) -> KeyVerdict:
    return KeyVerdict(standing=KeyStanding.REFUSED, code=code, reason=reason)
