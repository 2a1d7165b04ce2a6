"""Private keys as an assessor keeps them in a file: PEM or JWK, in the clear or under a passphrase.

Owns reading and writing those bytes, for the assessor's own machine; nothing of the server imports it. Opens no file and asks
no person: content and passphrase are arguments.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from finance.attestations.spelling import check_identifier
from ledger.core.errors import Invalid

MAX_KEY_FILE_BYTES = 10_000

_SEED_BYTES = 32
_PBES2 = {
    "PBES2-HS256+A128KW": (hashes.SHA256(), 16),
    "PBES2-HS384+A192KW": (hashes.SHA384(), 24),
    "PBES2-HS512+A256KW": (hashes.SHA512(), 32),
}
"""RFC 7518 section 4.8: the hash of PBKDF2 and the bytes of the key that wraps."""

_CONTENT_KEY_BYTES = {"A128GCM": 16, "A192GCM": 24, "A256GCM": 32}
_MOST_ITERATIONS = 10_000_000  # a hostile file must not keep the machine busy for hours
_COMPACT_PARTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKeyFile:
    """A private key with the id that its file names, None where the format has no place for one."""

    key: Ed25519PrivateKey
    kid: str | None


def is_encrypted(content: bytes) -> bool:
    """Return whether ``content`` needs a passphrase: an encrypted PEM, or a JWK inside a JWE."""
    text = content.strip()
    return b"ENCRYPTED" in text[:200] or (text.count(b".") == _COMPACT_PARTS - 1 and text.startswith(b"ey"))


def read_private_key(content: bytes, *, passphrase: bytes | None) -> PrivateKeyFile:
    """Return the Ed25519 private key of a key file; everything else is ``Invalid`` ``attest.key``, naming no secret.

    Read are PKCS#8 PEM (RFC 7468, encrypted or not), JWK of kty OKP and crv Ed25519 (RFC 8037 section 2), and such a JWK inside
    a compact JWE with PBES2 and AES-GCM (RFC 7517 appendix C). A passphrase for a file that has none is refused too.
    """
    if len(content) > MAX_KEY_FILE_BYTES:
        raise _unfit(f"at most {MAX_KEY_FILE_BYTES} bytes")
    if is_encrypted(content) != (passphrase is not None):
        raise _unfit("a passphrase with an encrypted file, and only then")
    text = content.strip()
    if text.startswith(b"-----BEGIN"):
        return PrivateKeyFile(key=_of_pem(text, passphrase), kid=None)
    if passphrase is not None:
        text = _decrypted(text, passphrase)
    return _of_jwk(text)


def write_private_key(key: Ed25519PrivateKey, *, passphrase: bytes | None) -> bytes:
    """Return the key as PKCS#8 PEM, encrypted when a passphrase is given."""
    encryption = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def _of_pem(text: bytes, passphrase: bytes | None) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(text, password=passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unfit("an Ed25519 private key in PEM and its right passphrase") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _unfit("an Ed25519 private key")
    return key


def _of_jwk(text: bytes) -> PrivateKeyFile:
    members = _object(text)
    if (members.get("kty"), members.get("crv")) != ("OKP", "Ed25519"):
        raise _unfit("PEM, or a JWK of kty OKP and crv Ed25519")
    seed = _octets(members, "d")
    if len(seed) != _SEED_BYTES:
        raise _unfit("d of 32 bytes")
    key = Ed25519PrivateKey.from_private_bytes(seed)
    if key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) != _octets(members, "x"):
        raise _unfit("x that belongs to d")
    kid = members.get("kid")
    if kid is not None:
        if not isinstance(kid, str):
            raise _unfit("kid as text")
        check_identifier(kid, field="kid")
    return PrivateKeyFile(key=key, kid=kid)


def _decrypted(text: bytes, passphrase: bytes) -> bytes:
    """Return what a compact JWE holds (RFC 7516 section 5.2, RFC 7518 sections 4.8 and 5.3)."""
    parts = text.split(b".")
    if len(parts) != _COMPACT_PARTS:
        raise _unfit("a compact JWE")
    protected, wrapped, nonce, sealed, tag = (_decoded(part) for part in parts)
    header = _object(protected)
    alg, enc = header.get("alg"), header.get("enc")
    if (
        not isinstance(alg, str)
        or alg not in _PBES2
        or enc not in _CONTENT_KEY_BYTES
        or {"crit", "zip"} & header.keys()
    ):
        raise _unfit("a JWE with PBES2 and AES-GCM, without crit and zip")
    iterations = header.get("p2c")
    if not isinstance(iterations, int) or not 1 <= iterations <= _MOST_ITERATIONS:
        raise _unfit(f"p2c from 1 to {_MOST_ITERATIONS}")
    algorithm, length = _PBES2[alg]
    salt = alg.encode("ascii") + b"\x00" + _octets(header, "p2s")
    wrapping = PBKDF2HMAC(algorithm=algorithm, length=length, salt=salt, iterations=iterations).derive(passphrase)
    try:
        content_key = aes_key_unwrap(wrapping, wrapped)
        return AESGCM(content_key).decrypt(nonce, sealed + tag, parts[0])
    except (InvalidUnwrap, InvalidTag, ValueError) as error:
        raise _unfit("the right passphrase") from error


def _object(text: bytes) -> Mapping[str, object]:
    try:
        members = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unfit("PEM or JWK") from error
    if not isinstance(members, dict):
        raise _unfit("one JSON object")
    return members


def _octets(members: Mapping[str, object], name: str) -> bytes:
    value = members.get(name)
    if not isinstance(value, str) or not value.isascii():
        raise _unfit(f"{name} as base64url")
    return _decoded(value.encode("ascii"))


def _decoded(part: bytes) -> bytes:
    try:
        return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise _unfit("base64url") from error


def _unfit(expected: str) -> Invalid:
    return Invalid("attest.key", f"--key: expected {expected}", field="key")
