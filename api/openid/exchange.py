"""The way to a provider and back: where a browser is sent, and what its code is exchanged for.

Code flow with PKCE (RFC 7636, S256), state and nonce, all three derived from what the one browser keeps in a cookie, so that nothing of
them is stored. Called outside any database transaction.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from api.errors import Unavailable
from api.openid.directory import Directory, Metadata
from api.openid.fetching import Line
from api.openid.settings import OpenIdSettings
from api.openid.tokens import Expected, IdClaims, read_header, verify
from api.store.oidc import Provider
from ledger.core.errors import Conflict, Forbidden

COOKIE = "__Host-tonne_oidc"
"""What binds an attempt to one browser, for ten minutes."""

_SECRET = re.compile(r"tonne_oidc_[0-9a-f]{64}", re.ASCII)
_SECRET_BYTES = 32
_LIFE_S = 600
_SCOPE = "openid email profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSecret:
    """What the browser of one attempt holds, and what is derived from it."""

    text: str = field(repr=False)

    @classmethod
    def new(cls, random_bytes: Callable[[int], bytes]) -> AttemptSecret:
        """Return a new one of 256 random bits."""
        return cls(text=f"tonne_oidc_{random_bytes(_SECRET_BYTES).hex()}")

    @classmethod
    def of_cookies(cls, headers: tuple[str, ...]) -> AttemptSecret | None:
        """Return the one in the Cookie headers of a request; ``None`` without one, or with two different ones."""
        pairs = (pair.strip().partition("=") for header in headers for pair in header.split(";"))
        found = {value for name, _, value in pairs if name == COOKIE}
        text = found.pop() if len(found) == 1 else ""
        return cls(text=text) if _SECRET.fullmatch(text) else None

    @property
    def digest(self) -> bytes:
        """The SHA-256 that is kept."""
        return sha256(self.text.encode("ascii")).digest()

    @property
    def state(self) -> str:
        """What the provider sends back through the browser."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What the ID token repeats."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What the provider asks for with the code (RFC 7636 section 4.1): 64 hexadecimal digits."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """The verifier's SHA-256 in base64url, as the provider first gets it."""
        return base64.urlsafe_b64encode(sha256(self.verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")

    def set_cookie(self) -> str:
        """Return the Set-Cookie value that keeps it for the ten minutes of an attempt."""
        return f"{COOKIE}={self.text}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={_LIFE_S}"

    def _derived(self, what: str) -> str:
        return hmac.digest(self.text.encode("ascii"), f"tonne oidc {what}".encode("ascii"), "sha256").hex()


def clear_cookie() -> str:
    """Return the Set-Cookie value that ends the attempt in the browser."""
    return f"{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack:
    """What a browser brings back from a provider; ``issuer`` where the provider says who it is."""

    provider_id: UUID
    state: str = field(repr=False)
    code: str | None = field(repr=False)
    issuer: str | None
    is_refused: bool
    """The provider, or the person there, said no."""


class OpenId:
    """Providers as one application talks to them."""

    def __init__(self, settings: OpenIdSettings, *, line: Line | None = None) -> None:
        """Talk under ``settings``; ``line`` is there for tests."""
        self.settings = settings
        self._line = line or Line(is_loopback_allowed=settings.is_loopback_allowed)
        self._directory = Directory(self._line)

    @property
    def is_ready(self) -> bool:
        """Whether anybody can be sent to a provider: the address to come back to is known."""
        return bool(self.settings.public_url)

    def redirect_uri(self, provider_id: UUID) -> str:
        """Return where a provider sends people back, one address for each, or raise ``oidc.no_public_url``."""
        if not self.is_ready:
            raise Conflict(
                "oidc.no_public_url",
                "this installation has no TONNE_PUBLIC_URL; its operator sets one before this works",
            )
        return f"{self.settings.public_url}/sign-in/callback/{provider_id}"

    def address(self, provider: Provider, secret: AttemptSecret, *, now: datetime) -> str:
        """Return the provider's page to which the browser goes."""
        metadata = self._directory.metadata(provider.issuer, now=now)
        asked = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": self.redirect_uri(provider.provider_id),
            "scope": _SCOPE,
            "state": secret.state,
            "nonce": secret.nonce,
            "code_challenge": secret.challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(asked)}"

    def redeem(self, provider: Provider, secret: AttemptSecret, back: CameBack, *, now: datetime) -> IdClaims:
        """Return whom the provider proves: the code is exchanged with the verifier, and the ID token is checked.

        ``oidc.refused`` where the provider said no, ``oidc.mixed_up`` where another provider answered, ``oidc.code`` where the code is
        not taken, ``oidc.token_...`` where the token is not worth anything.
        """
        metadata = self._directory.metadata(provider.issuer, now=now)
        if back.issuer != provider.issuer and (back.issuer is not None or metadata.names_itself):
            raise Forbidden("oidc.mixed_up", "another provider answered than the one that was asked; sign in again")
        if back.is_refused or not back.code:
            raise Forbidden("oidc.refused", "the provider did not sign you in; try again, or use a password")
        token, access_token = self._exchange(provider, metadata, secret, back.code)
        header = read_header(token, metadata.algorithms)
        key = self._directory.key(provider.issuer, header, now=now)
        expected = Expected(
            issuer=provider.issuer,
            client_id=provider.client_id,
            nonce=secret.nonce,
            algorithms=metadata.algorithms,
            access_token=access_token,
        )
        return verify(token, key, expected, now=now)

    def _exchange(
        self, provider: Provider, metadata: Metadata, secret: AttemptSecret, code: str
    ) -> tuple[str, str | None]:
        """Return the ID token for a code, and the access token beside it, which is used for nothing else."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri(provider.provider_id),
            "code_verifier": secret.verifier,
        }
        client_secret = self.settings.secret(provider.secret_name)
        if metadata.is_secret_in_form:
            signed = {**form, "client_id": provider.client_id, "client_secret": client_secret}
            answer = self._line.post_form(metadata.token_endpoint, signed)
        else:
            answer = self._line.post_form(
                metadata.token_endpoint, form, user=provider.client_id, password=client_secret
            )
        if not answer.is_ok:
            raise _not_taken(answer.status)
        token, access_token = answer.document.get("id_token"), answer.document.get("access_token")
        if not isinstance(token, str):
            raise Forbidden("oidc.token_missing", "the provider answered without an ID token; nobody was signed in")
        return token, _text_or_none(access_token)


def _not_taken(status: int) -> Forbidden | Unavailable:
    if status >= _FIRST_FAILURE:
        return Unavailable("oidc.provider_fails", "the provider fails; try again, or tell the operator")
    return Forbidden("oidc.code", "the provider does not take the code that the browser brought; sign in again")


_FIRST_FAILURE = 500


def _text_or_none(said: Any) -> str | None:
    return said if isinstance(said, str) else None
