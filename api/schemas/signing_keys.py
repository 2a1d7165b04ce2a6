"""What enters and leaves about signing keys: challenges, registrations, approvals, rotations, revocations.

Public keys, challenges and signatures travel as unpadded base64url (RFC 4648 section 5). A private key has no shape here.
"""

from __future__ import annotations

import base64
import re
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.base import Array, Choice, Schema
from api.schemas.fields import CodeString, InstantString, UuidString
from finance.attestations.keys import RegisteredKey
from ledger.core.errors import Invalid

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_QUANTUM = 4

_Octets = Annotated[
    str,
    Field(max_length=2000, description="Unpadded base64url.", examples=["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]),
]


def octets_text(octets: bytes) -> str:
    """Return ``octets`` as unpadded base64url: one zero byte is ``AA``."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def read_octets(text: str, *, field: str) -> bytes:
    """Return the bytes that ``text`` spells in unpadded base64url, one spelling only; else ``octets.format``."""
    if _BASE64URL.fullmatch(text) and len(text) % _QUANTUM != 1:
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % _QUANTUM))
        if octets_text(octets) == text:
            return octets
    raise Invalid("octets.format", f"{field}: expected unpadded base64url", field=field)


class KeyAlgorithm(StrEnum):
    """What a key signs with."""

    EDDSA = "EdDSA"
    SM2 = "SM2"


class ChallengeIn(Schema):
    """A public key to be registered under an id."""

    key_id: CodeString
    public_key: Annotated[
        _Octets, Field(description="32 bytes of Ed25519, or 65 of an SM2 point (04, X, Y); unpadded base64url.")
    ]
    alg: Choice[KeyAlgorithm] = KeyAlgorithm.EDDSA
    replaces: CodeString | None = None
    """The key of the organisation that this one takes over from."""


class ChallengeOut(Schema):
    """What the key's holder signs: exactly the bytes of ``challenge``."""

    challenge_id: UuidString
    challenge: _Octets


class SigningKeyIn(Schema):
    """The answer to a challenge: the key's signature over its bytes, and to rotate that of the replaced key over the same bytes."""

    challenge_id: UuidString
    signature: _Octets
    old_signature: _Octets | None = None


class RevocationIn(Schema):
    """Why trust ends: ``compromised_since`` when the key may have been in other hands since then."""

    compromised_since: InstantString | None = None


class SigningKeyOut(Schema):
    """A registered public key and its history; it counts from ``approved_at``, null while a second person's approval is awaited."""

    key_id: str
    organisation_id: UuidString
    alg: str
    public_key: _Octets
    holder_id: UuidString
    registered_at: InstantString
    approved_at: InstantString | None
    replaces: str | None
    not_after: InstantString | None
    revoked_at: InstantString | None
    compromised_since: InstantString | None

    @classmethod
    def from_core(cls, key: RegisteredKey) -> SigningKeyOut:
        """Return the shape of ``key``."""
        return cls(
            key_id=key.key_id,
            organisation_id=UUID(key.organisation_id),
            alg=key.alg,
            public_key=octets_text(key.public_key),
            holder_id=UUID(key.holder_id),
            registered_at=key.registered_at,
            approved_at=key.approved_at,
            replaces=key.replaces,
            not_after=key.not_after,
            revoked_at=key.revoked_at,
            compromised_since=key.compromised_since,
        )


class SigningKeysOut(Schema):
    """The organisation's signing keys by registration, revoked ones included."""

    signing_keys: Array[SigningKeyOut]
