"""Passwords: what may be one, how it is hashed, and how it is compared at the same cost whether or not anybody is known.

Argon2id with 19 MiB, two passes and one lane (OWASP Password Storage Cheat Sheet), at most four at once, since each takes a core.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.auth.guessing import is_guessable
from ledger.core.errors import Conflict, Invalid

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128

_MOST_AT_ONCE = 4
_SECONDS_TO_WAIT = 5
_SALT_BYTES = 16
_FEWEST_LETTERS = 5
_PRODUCT = "tonne"
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, salt_len=_SALT_BYTES)
_slots = threading.BoundedSemaphore(_MOST_AT_ONCE)


def check_password(password: str, *, email: str, name: str, organisation: str) -> str:
    """Return the password as it is hashed (NFC), or refuse it: 12 to 128 characters that are not soon guessed.

    The person's address, name and organisation are guessed first (``password.guessable``).
    """
    spelled = unicodedata.normalize("NFC", password)
    if not SHORTEST_PASSWORD <= len(spelled) <= LONGEST_PASSWORD:
        raise Invalid(
            "password.length",
            f"password: expected {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; a few words in a row are good",
            field="password",
        )
    known = (email, email.partition("@")[0], email.rpartition("@")[2], name, organisation, _PRODUCT)
    with _slot():
        is_soon_guessed = is_guessable(spelled, known=known)
    if is_soon_guessed or len(set(spelled.casefold())) < _FEWEST_LETTERS:
        raise Invalid(
            "password.guessable",
            "password: expected something that others do not guess soon, such as four words that only you put together",
            field="password",
        )
    return spelled


def hash_password(password: str, *, random_bytes: Callable[[int], bytes]) -> str:
    """Return the Argon2id hash of a checked password in PHC form, with a new salt."""
    with _slot():
        return _HASHER.hash(password, salt=random_bytes(_SALT_BYTES))


def is_password(password: str, password_hash: str | None) -> bool:
    """Return whether the password has this hash; without one the same work is done and the answer is ``False``."""
    spelled = unicodedata.normalize("NFC", password)
    with _slot():
        try:
            _HASHER.verify(password_hash or _nobodys_hash(), spelled)
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


@cache
def _nobodys_hash() -> str:
    """Return a hash to compare with when nobody is known."""
    return _HASHER.hash("nobody has this password", salt=bytes(_SALT_BYTES))


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=_SECONDS_TO_WAIT):
        raise Conflict("sign_in.busy", "many people are signing in; try again in a few seconds")
    try:
        yield
    finally:
        _slots.release()
