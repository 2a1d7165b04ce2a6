"""Registered signing keys: which are fit, and who proved to hold them.

Owns the checks of public keys and the proof of possession. Holds public keys only: a private key never reaches the
server. Knows no statement; what a key's history says of a signature is ``key_decisions``.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from finance.attestations.canonical import canonical_bytes
from finance.attestations.curve import SCALAR_ORDER, decode_point, is_small_order, is_torsion_free
from finance.attestations.instants import check_utc
from finance.attestations.sm2 import Sm2Verifier, check_sm2_key, is_sm2_signature
from finance.attestations.spelling import check_identifier
from ledger.core.errors import Conflict, Invalid

EDDSA = "EdDSA"
SM2 = "SM2"
"""Not a JOSE algorithm: none is registered for SM2 (reference, section 5.3); such a key signs the SM2 envelope only."""

CHALLENGE_LIFE = timedelta(hours=1)
"""How long a challenge may be answered: long enough to carry a file to a machine without network and back."""

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
NONCE_BYTES = 32

POSSESSION_TYPE = "tonne-key-possession"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredKey:
    """One organisation's public key and its dated history; every instant is ours (the log's), none the signer's.

    ``public_key`` is 32 bytes for EdDSA and 65 (an uncompressed point) for SM2. ``holder_id`` is the person who proved to
    hold it, the signatory of what it signs. It counts from ``approved_at`` on, when another person, or the key that it
    ``replaces``, vouched for it; None until then.

    ``not_after`` ends use by expiry or replacement, exclusive. ``revoked_at`` is when we learned of a revocation. A
    compromise is a revocation that names the instant since which the key cannot be trusted, so ``compromised_since``
    needs ``revoked_at`` and is not after it.
    """

    key_id: str
    organisation_id: str
    public_key: bytes
    holder_id: str
    registered_at: datetime
    approved_at: datetime | None
    not_after: datetime | None
    revoked_at: datetime | None
    compromised_since: datetime | None
    replaces: str | None = None
    alg: str = EDDSA

    def __post_init__(self) -> None:
        """Refuse an unfit key, another algorithm, and a history that contradicts itself."""
        check_identifier(self.key_id, field="key_id")
        check_identifier(self.organisation_id, field="organisation_id")
        check_identifier(self.holder_id, field="holder_id")
        check_key(self.alg, self.public_key)
        for name in ("registered_at", "approved_at", "not_after", "revoked_at", "compromised_since"):
            instant: datetime | None = getattr(self, name)
            if instant is not None:
                check_utc(instant, field=name)
        if self.approved_at is not None and self.approved_at < self.registered_at:
            raise Invalid(
                "key.approved_early", "approved_at: expected an instant not before registered_at", field="approved_at"
            )
        if self.not_after is not None and self.not_after <= self.registered_at:
            raise Invalid("key.expiry_early", "not_after: expected an instant after registered_at", field="not_after")
        if self.revoked_at is not None and self.revoked_at < self.registered_at:
            raise Invalid(
                "key.revoked_early", "revoked_at: expected an instant not before registered_at", field="revoked_at"
            )
        if self.compromised_since is not None and (self.revoked_at is None or self.compromised_since > self.revoked_at):
            raise Invalid(
                "key.history",
                "compromised_since: expected revoked_at as well, and not before compromised_since",
                field="compromised_since",
            )


def check_key(alg: str, public_key: bytes) -> None:
    """Refuse a public key unfit for ``alg``: ``EdDSA`` (``check_public_key``) or ``SM2`` (``check_sm2_key``); else ``key.alg``."""
    match alg:
        case "EdDSA":
            check_public_key(public_key)
        case "SM2":
            check_sm2_key(public_key)
        case _:
            raise Invalid(
                "key.alg_unknown", "alg: expected EdDSA or SM2, to which a registered key is pinned", field="alg"
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


def possession_challenge(
    *,
    organisation_id: str,
    key_id: str,
    public_key: bytes,
    nonce: bytes,
    alg: str = EDDSA,
    replaces: str | None = None,
) -> bytes:
    """Return the bytes the holder signs to register: canonical JSON of type, organisation, key id, key and nonce.

    ``replaces`` names the key that hands over to this one and signs the same bytes. The nonce is 32 fresh random bytes from the
    edge, used once. The bytes begin with ``{``, a JWS signing input with ``e``: a signature over one can never pass as the
    other; an SM2 key signs statements too, which have no member ``typ``.
    """
    check_key(alg, public_key)
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
            **({} if alg == EDDSA else {"alg": alg}),
            **({} if replaces is None else {"replaces": replaces}),
        }
    )


def check_challenge_age(issued_at: datetime, now: datetime) -> None:
    """Refuse (``key.challenge_expired``) a challenge answered ``CHALLENGE_LIFE`` or more after it was issued."""
    if now - issued_at >= CHALLENGE_LIFE:
        raise Conflict("key.challenge_expired", "challenge: it is older than an hour; ask for a new one and sign that")


def verify_possession(
    *, public_key: bytes, challenge: bytes, signature: bytes, alg: str = EDDSA, sm2: Sm2Verifier | None = None
) -> None:
    """Refuse (``key.possession``) unless ``signature`` is the key's over ``challenge``; an unfit key has its code.

    An SM2 key is asked of ``sm2``; without it ``attestation.sm2_not_installed``.
    """
    check_key(alg, public_key)
    if alg == SM2:
        is_held = is_sm2_signature(public_key=public_key, message=challenge, signature=signature, verifier=sm2)
    else:
        is_held = is_signature_of(public_key=public_key, message=challenge, signature=signature)
    if not is_held:
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
