"""Second factors at rest: each TOTP secret is kept encrypted, bound to its person, under a key that the database does not hold.

AES-256-GCM (NIST SP 800-38D) with a new 96-bit nonce each time and the person's id as associated data, so that a row moved to another
person opens for nobody. Pure but for the keys, which it asks for at each use, so that a rotation counts at once.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.core.errors import Conflict

KEY_BYTES = 32
_NONCE_BYTES = 12
_PURPOSE = b"tonne totp 1 "
_SEALED = re.compile(r"aesgcm1:([0-9a-f]{16}):([A-Za-z0-9_-]+)", re.ASCII)
_PLAIN = re.compile(r"[A-Z2-7]{16,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpKey:
    """A key of 32 bytes; its name is the beginning of its SHA-256 and gives nothing away."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a key of another length."""
        assert len(self.secret) == KEY_BYTES, "a key of AES-256 has 32 bytes"

    @property
    def name(self) -> str:
        """Sixteen hexadecimal digits."""
        return sha256(b"tonne totp key " + self.secret).hexdigest()[:16]


class TotpSeal:
    """Seals and opens TOTP secrets with the keys it is given, the last of which seals."""

    def __init__(self, keys: Callable[[], tuple[TotpKey, ...]]) -> None:
        """Ask ``keys`` at each use; there is always one."""
        self._keys = keys

    def seal(self, secret: str, *, person_id: UUID, random_bytes: Callable[[int], bytes]) -> str:
        """Return what is kept of a secret: ``aesgcm1:``, the key's name, and nonce and ciphertext in base64url."""
        key, nonce = self._keys()[-1], random_bytes(_NONCE_BYTES)
        sealed = nonce + AESGCM(key.secret).encrypt(nonce, secret.encode("ascii"), _PURPOSE + person_id.bytes)
        return f"aesgcm1:{key.name}:{base64.urlsafe_b64encode(sealed).rstrip(b'=').decode('ascii')}"

    def open(self, kept: str, *, person_id: UUID) -> str:
        """Return the secret of what is kept; one from before secrets were sealed is returned as it stands.

        ``totp.unreadable`` where its key is not there, or where it was sealed for another person or changed since.
        """
        found = _SEALED.fullmatch(kept)
        if found is None and _PLAIN.fullmatch(kept):
            return kept
        key = None if found is None else next((each for each in self._keys() if each.name == found[1]), None)
        if found is None or key is None:
            raise _unreadable()
        sealed = base64.urlsafe_b64decode(found[2] + "=" * (-len(found[2]) % 4))
        try:
            opened = AESGCM(key.secret).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _PURPOSE + person_id.bytes
            )
        except (InvalidTag, ValueError) as error:
            raise _unreadable() from error
        return opened.decode("ascii")

    def is_current(self, kept: str) -> bool:
        """Return whether it is sealed with the key that seals now."""
        return key_name(kept) == self._keys()[-1].name


def key_name(kept: str) -> str | None:
    """Return the name of the key with which a secret is sealed; ``None`` for one that is not."""
    found = _SEALED.fullmatch(kept)
    return None if found is None else found[1]


@cache
def process_seal() -> TotpSeal:
    """Return a seal whose key lives as long as this process: for applications that are given none, so that no secret is kept plain."""
    keys = (TotpKey(secret=secrets.token_bytes(KEY_BYTES)),)
    return TotpSeal(lambda: keys)


def _unreadable() -> Conflict:
    return Conflict(
        "totp.unreadable",
        "this server cannot read the second factor; use a recovery code, and tell the operator to look at tonne totp-key",
    )
