"""What is known of providers: their addresses by discovery and their keys, kept for an hour in this process.

OpenID Connect Discovery 1.0 section 4. Owns when either is asked for again: a key that nobody knows, at most once a minute. Stores
nothing; every conversation is ``fetching``'s.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.jwk import ECKey, RSAKey

from api.errors import Unavailable
from api.openid.fetching import Line, check_provider_url
from api.openid.tokens import ALGORITHMS, Keys, TokenHeader
from ledger.core.errors import DomainError, Forbidden, Invalid

_KEPT = timedelta(hours=1)
_AGAIN = timedelta(minutes=1)
_MOST_KEYS = 100
_WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a provider says of itself, checked: where to go, how to show the client secret, which signatures it makes.

    ``names_itself``: it says in every answer who it is (RFC 9207), so an answer without that is not its own.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    is_secret_in_form: bool
    algorithms: tuple[str, ...]
    names_itself: bool


@dataclass(slots=True, kw_only=True)
class _Known:
    """One provider as it was last seen."""

    metadata: Metadata
    read_at: datetime
    keys: Keys | None = None
    keys_read_at: datetime | None = None


class Directory:
    """The providers that this process has talked to; safe for several threads, which may ask twice at most."""

    def __init__(self, line: Line) -> None:
        """Know nobody yet."""
        self._line = line
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def metadata(self, issuer: str, *, now: datetime) -> Metadata:
        """Return the provider's own description, at most an hour old; one of another issuer is ``oidc.discovery``."""
        with self._lock:
            known = self._known.get(issuer)
        if known is None or not _is_fresh(known.read_at, now, _KEPT):
            answer = self._line.get(f"{issuer.rstrip('/')}{_WELL_KNOWN}")
            if not answer.is_ok:
                raise Unavailable("oidc.provider_silent", "the provider does not describe itself; tell the operator")
            metadata = _read(answer.document, issuer, is_loopback_allowed=self._line.is_loopback_allowed)
            known = _Known(metadata=metadata, read_at=now)
            with self._lock:
                self._known[issuer] = known
        return known.metadata

    def key(self, issuer: str, header: TokenHeader, *, now: datetime) -> RSAKey | ECKey:
        """Return the key that a token names; an unknown one is asked for again at most once a minute, then ``oidc.token_key``."""
        self.metadata(issuer, now=now)
        with self._lock:
            known = self._known[issuer]
            keys, read_at = known.keys, known.keys_read_at
        found = keys.find(header) if keys is not None and _is_fresh(read_at, now, _KEPT) else None
        if found is None and not _is_fresh(read_at, now, _AGAIN):
            keys = self._read_keys(known, now)
            found = keys.find(header)
        if found is None:
            raise Forbidden("oidc.token_key", "the token is signed with a key that the provider does not show")
        return found

    def _read_keys(self, known: _Known, now: datetime) -> Keys:
        with self._lock:
            known.keys_read_at = now  # whatever comes of it: a provider that fails is not asked for every token
        documents = self._line.get(known.metadata.jwks_uri).document.get("keys")
        keys = Keys(documents[:_MOST_KEYS] if isinstance(documents, list) else ())
        with self._lock:
            known.keys = keys
        return keys


def _is_fresh(read_at: datetime | None, now: datetime, life: timedelta) -> bool:
    return read_at is not None and read_at <= now < read_at + life


def _read(document: Mapping[str, Any], issuer: str, *, is_loopback_allowed: bool) -> Metadata:
    if document.get("issuer") != issuer:
        raise _wrong("it calls itself by another issuer")
    places = {}
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        said = document.get(name)
        try:
            places[name] = check_provider_url(
                said if isinstance(said, str) else "",
                field=name,
                is_loopback_allowed=is_loopback_allowed,
                is_query_allowed=True,
            )
        except Invalid as error:
            raise _wrong(f"its {name} is no https address") from error
    makes = document.get("id_token_signing_alg_values_supported")
    algorithms = tuple(each for each in ALGORITHMS if not isinstance(makes, list) or each in makes)
    if not algorithms:
        raise _wrong("it signs in no way that is accepted")
    methods = document.get("token_endpoint_auth_methods_supported")
    is_basic = not isinstance(methods, list) or "client_secret_basic" in methods
    return Metadata(
        issuer=issuer,
        **places,
        is_secret_in_form=not is_basic,
        algorithms=algorithms,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _wrong(why: str) -> DomainError:
    return Unavailable("oidc.discovery", f"the provider's description cannot be used: {why}; tell the operator")
