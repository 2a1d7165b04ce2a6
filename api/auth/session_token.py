"""A session's token: how it is spelled and hashed, and the CSRF token that is derived from it.

Pure: randomness is an argument. A token is ``tonne_session_`` and 64 hex digits, 256 random bits; only its SHA-256 is kept.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from hashlib import sha256

COOKIE = "__Host-tonne_session"
"""Sent over https or to this machine only, for this host only, whatever a neighbouring host sets."""

CSRF_HEADER = "X-CSRF-Token"
_TOKEN_BYTES = 32
_TOKEN = re.compile(r"tonne_session_[0-9a-f]{64}", re.ASCII)


def new_token(random_bytes: Callable[[int], bytes]) -> str:
    """Return a new token from a source of unpredictable bytes."""
    return f"tonne_session_{random_bytes(_TOKEN_BYTES).hex()}"


def is_token(text: str) -> bool:
    """Return whether ``text`` is spelled as a session's token."""
    return _TOKEN.fullmatch(text) is not None


def token_sha256(token: str) -> bytes:
    """Return the 32 bytes that are kept instead of the token; it is 256 random bits, so one SHA-256 is enough."""
    return sha256(token.encode("ascii")).digest()


def csrf_token(token: str) -> str:
    """Return the token that a page sends with every change: HMAC-SHA256 of a fixed word under the session's token."""
    return hmac.digest(token.encode("ascii"), b"tonne csrf", "sha256").hex()


def is_csrf_token(presented: str, token: str) -> bool:
    """Return whether a presented CSRF token belongs to the session, in a time that does not depend on where they differ."""
    return hmac.compare_digest(presented.encode("utf-8", "replace"), csrf_token(token).encode("ascii"))


def set_cookie(token: str) -> str:
    """Return the Set-Cookie value that keeps the token in a browser until it is closed or signed out."""
    return f"{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax"


def clear_cookie() -> str:
    """Return the Set-Cookie value that takes the token out of a browser."""
    return f"{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"


def token_of_cookies(headers: tuple[str, ...]) -> str | None:
    """Return the session's token in the Cookie headers of a request; ``None`` without one, or with two different ones."""
    pairs = (pair.strip().partition("=") for header in headers for pair in header.split(";"))
    found = {value for name, _, value in pairs if name == COOKIE}
    return found.pop() if len(found) == 1 else None
