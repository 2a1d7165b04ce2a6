"""What an ID token is worth: signature, algorithm, issuer, audience, times, nonce, and the access token that it came with.

OpenID Connect Core 1.0 section 3.1.3.7 and RFC 8725. Pure: token, key and instant in, claims or a refusal out; each refusal has its own
code. A token that points to its own key (jku, x5u, jwk, x5c) is refused, not followed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from ledger.core.errors import DomainError, Forbidden

ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512")
"""Signatures with a key pair, none with a shared secret and never ``none``."""

SKEW = timedelta(seconds=60)
"""By how much the provider's clock may differ from ours."""

_LONGEST_TOKEN = 20_000
_LONGEST_SUBJECT = 255
_LEAST_RSA_BITS = 2_048
_MOST_HEADER_BYTES = 2_000
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_POINTERS = frozenset({"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "enc"})
_CURVE = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_SUBJECT = re.compile(r"[\x20-\x7e]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the token has to say: from whom, for whom, of which attempt; ``access_token`` where one came with it."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    algorithms: tuple[str, ...]
    access_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdClaims:
    """What a checked token says of a person; ``verified_email`` only where the provider verified it."""

    issuer: str
    subject: str
    verified_email: str | None
    is_mfa: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenHeader:
    """The header of a token that nobody has checked yet: its algorithm, one of ours, and which key it names."""

    algorithm: str
    key_id: str | None


class Keys:
    """A provider's public keys for signatures: RSA of 2048 bits or more, and elliptic curves; others are not taken."""

    def __init__(self, documents: Iterable[object]) -> None:
        """Read the keys of a JWK set; one that cannot be read is left out."""
        self._found = [each for document in documents if isinstance(document, dict) for each in _key_of(document)]

    def find(self, header: TokenHeader) -> RSAKey | ECKey | None:
        """Return the key that a token names, or the only one that fits its algorithm where it names none."""
        fitting = [(key_id, key) for key_id, key in self._found if _fits(key, header.algorithm)]
        if header.key_id is not None:
            fitting = [(key_id, key) for key_id, key in fitting if key_id == header.key_id]
        return fitting[0][1] if len(fitting) == 1 else None


def read_header(token: str, algorithms: tuple[str, ...]) -> TokenHeader:
    """Return the header, or raise ``oidc.token_form``, ``oidc.token_algorithm`` or ``oidc.token_header``."""
    if len(token) > _LONGEST_TOKEN or not _COMPACT.fullmatch(token):
        raise _refused("form", "the provider's token is no signed token")
    header = _decoded(token.partition(".")[0])
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise _refused("algorithm", "the provider's token is signed in a way that is not accepted")
    if _POINTERS & header.keys() or not isinstance(kind, str) or kind.upper() != "JWT":
        raise _refused("header", "the provider's token is of another kind, or points to a key of its own")
    if key_id is not None and not isinstance(key_id, str):
        raise _refused("header", "the provider's token names its key in a way that cannot be read")
    return TokenHeader(algorithm=algorithm, key_id=key_id)


def verify(token: str, key: RSAKey | ECKey, expected: Expected, *, now: datetime) -> IdClaims:
    """Return what the token says, signed by ``key`` and meant for this attempt at ``now``; else ``oidc.token_...``."""
    header = read_header(token, expected.algorithms)
    claims = _signed(token, key, header.algorithm)
    if claims.get("iss") != expected.issuer:
        raise _refused("issuer", "the token comes from another provider")
    _check_audience(claims, expected.client_id)
    _check_times(claims, now)
    nonce = claims.get("nonce")
    is_ours = isinstance(nonce, str) and hmac.compare_digest(nonce.encode("utf-8", "replace"), expected.nonce.encode())
    if not is_ours:
        raise _refused("nonce", "the token belongs to another attempt to sign in")
    _check_access_token(claims, header.algorithm, expected.access_token)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise _refused("subject", "the token names nobody")
    email, methods = claims.get("email"), claims.get("amr")
    is_verified = isinstance(email, str) and claims.get("email_verified") is True
    return IdClaims(
        issuer=expected.issuer,
        subject=subject,
        verified_email=str(email)[:_LONGEST_SUBJECT] if is_verified else None,
        is_mfa=isinstance(methods, list) and "mfa" in methods,
    )


def _signed(token: str, key: RSAKey | ECKey, algorithm: str) -> Mapping[str, Any]:
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = _MOST_HEADER_BYTES
    registry.max_payload_length = _LONGEST_TOKEN
    try:
        if not _fits(key, algorithm):
            raise _refused("signature", "the token's key is not one for its algorithm")
        content = jws.deserialize_compact(token, key, registry=registry).payload
        claims = json.loads(content or b"")
    except (JoseError, ValueError, RecursionError) as error:
        raise _refused("signature", "the token is not signed by the provider") from error
    if not isinstance(claims, dict):
        raise _refused("form", "the provider's token says nothing that can be read")
    return claims


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    """OpenID Connect Core section 3.1.3.7, steps 3 to 5: we are the audience, and of several the authorised party."""
    said = claims.get("aud")
    audience = said if isinstance(said, list) else [said]
    if client_id not in audience:
        raise _refused("audience", "the token is meant for another application")
    party = claims.get("azp")
    if (party is not None or len(audience) > 1) and party != client_id:
        raise _refused("azp", "the token was given to another application")


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
    begins = _instant(claims, "nbf") if "nbf" in claims else issued
    if expires is None or issued is None or begins is None:
        raise _refused("times", "the token does not say when it was made and until when it holds")
    if now >= expires + SKEW:
        raise _refused("expired", "the token has expired; sign in again")
    if now < max(begins, issued) - SKEW:
        raise _refused("early", "the token does not hold yet; the provider's clock differs from ours")


def _check_access_token(claims: Mapping[str, Any], algorithm: str, access_token: str | None) -> None:
    """OpenID Connect Core section 3.1.3.6: the left half of the access token's hash, where the token says it."""
    said = claims.get("at_hash")
    if said is None:
        return
    digest = hashlib.new(f"sha{algorithm[2:]}", (access_token or "").encode("utf-8", "replace")).digest()
    expected = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    is_same = isinstance(said, str) and hmac.compare_digest(said.encode("utf-8", "replace"), expected)
    if access_token is None or not is_same:
        raise _refused("at_hash", "the token came with another access token than it says")


def _instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    """Return the instant that a claim names in seconds since 1970, fractions cut off."""
    said = claims.get(name)
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(said))
    except (ValueError, OverflowError):
        return None


def _decoded(part: str) -> Mapping[str, Any]:
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise _refused("form", "the provider's token is no signed token")
    return header


def _key_of(document: Mapping[str, Any]) -> list[tuple[str | None, RSAKey | ECKey]]:
    public = {
        name: document[name] for name in ("kty", "n", "e", "crv", "x", "y") if isinstance(document.get(name), str)
    }
    key_id = document.get("kid")
    if document.get("use", "sig") != "sig" or not (key_id is None or isinstance(key_id, str)):
        return []
    try:
        if public.get("kty") == "RSA" and _bits(public.get("n", "")) >= _LEAST_RSA_BITS:
            read: RSAKey | ECKey = RSAKey.import_key(public)
        elif public.get("kty") == "EC":
            read = ECKey.import_key(public)
        else:
            return []
    except (JoseError, ValueError, KeyError, TypeError):
        return []
    return [(key_id, read)]


def _bits(modulus: str) -> int:
    """Return the length of a modulus in base64url, to the byte."""
    return len(base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4)).lstrip(b"\x00")) * 8


def _fits(key: RSAKey | ECKey, algorithm: str) -> bool:
    if isinstance(key, RSAKey):
        return algorithm.startswith(("RS", "PS"))
    return _CURVE.get(algorithm) == key.curve_name


def _refused(which: str, why: str) -> DomainError:
    return Forbidden(f"oidc.token_{which}", f"{why}; nobody was signed in")
