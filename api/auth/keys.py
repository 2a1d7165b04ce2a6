"""API keys: how one is made, spelled, hashed and compared.

A key is ``tonne_<prefix>_<secret>_<checksum>``: 16 hex digits that name it, 64 that prove it, 8 that catch a typing error. Only the
prefix and the SHA-256 of the secret are kept. Randomness is an argument.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

LONGEST_LIFE_DAYS = 365
"""A key lives at most a year, so that a forgotten one ends by itself (reliability-and-security, section 5.4)."""

_PREFIX_BYTES = 8
_SECRET_BYTES = 32
_KEY = re.compile(r"tonne_([0-9a-f]{16})_([0-9a-f]{64})_([0-9a-f]{8})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyText:
    """A key as its holder has it; ``secret`` and the whole stay out of ``repr``, logs and tables."""

    prefix: str
    secret: bytes = field(repr=False)

    @property
    def secret_sha256(self) -> bytes:
        """The 32 bytes that are kept instead of the secret; it is 256 random bits, so one SHA-256 is enough."""
        return sha256(self.secret).digest()

    def shown(self) -> str:
        """Return the full key, to be shown once."""
        return f"tonne_{self.prefix}_{self.secret.hex()}_{_checksum(self.prefix, self.secret.hex())}"


def new_key(random_bytes: Callable[[int], bytes]) -> KeyText:
    """Return a new key from a source of unpredictable bytes."""
    return KeyText(prefix=random_bytes(_PREFIX_BYTES).hex(), secret=random_bytes(_SECRET_BYTES))


def read_key(text: str) -> KeyText | None:
    """Return the key that ``text`` spells, or ``None``: wrong form or wrong checksum."""
    match = _KEY.fullmatch(text)
    if match is None or match.group(3) != _checksum(match.group(1), match.group(2)):
        return None
    return KeyText(prefix=match.group(1), secret=bytes.fromhex(match.group(2)))


def proves(presented: KeyText, secret_sha256: bytes) -> bool:
    """Return whether the presented secret has the kept hash, in a time that does not depend on where they differ."""
    return hmac.compare_digest(presented.secret_sha256, secret_sha256)


def _checksum(prefix: str, secret_hex: str) -> str:
    return sha256(f"tonne_{prefix}_{secret_hex}".encode("ascii")).hexdigest()[:8]
