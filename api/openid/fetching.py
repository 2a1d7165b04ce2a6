"""The one place that talks to an OpenID provider: short, bounded, over https, following nothing.

Owns the refusals of server-side request forgery for providers. A name is resolved once and the checked address is connected to; the
certificate is judged by the name. A company's own network is allowed, since its provider often stands there; this machine, link-local
addresses and clouds' metadata are not. Called outside any database transaction.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx

from api.errors import Unavailable
from api.resolving import system_addresses
from ledger.core.errors import Invalid

Resolver = Callable[[str, int], Sequence[str]]
"""From host and port to the texts of its addresses."""

LONGEST_URL = 500
_CONNECT_S, _READ_S, _TOTAL_S = 3, 5, 10
_MOST_BYTES = 500_000
_MOST_AT_ONCE = 8
_OK = 200
_HOSTS_AGENT = ip_address("168.63.129.16")
_URL = re.compile(r"https?://[A-Za-z0-9.\[\]:-]{1,255}(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?", re.ASCII)
_WITH_QUERY = re.compile(_URL.pattern + r"(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a provider answered: its status and the JSON object of its body, empty when it is none."""

    status: int
    document: Mapping[str, Any]

    @property
    def is_ok(self) -> bool:
        """Whether the provider did what it was asked."""
        return self.status == _OK


def check_provider_url(
    url: str, *, field: str, is_loopback_allowed: bool = False, is_query_allowed: bool = False
) -> str:
    """Return ``url`` unchanged when a provider may stand there, else raise ``oidc.url``.

    https with a host, at most 500 plain characters, no user and no fragment; ``is_loopback_allowed`` admits http to this machine.
    """
    pattern = _WITH_QUERY if is_query_allowed else _URL
    host, scheme = "", ""
    if len(url) <= LONGEST_URL and pattern.fullmatch(url):
        try:
            parts = urlsplit(url)
            host, scheme, _ = (parts.hostname or "").lower(), parts.scheme, parts.port
        except ValueError:
            host = ""
    if not host or not (scheme == "https" or (is_loopback_allowed and _is_here(host))):
        raise Invalid("oidc.url", f"{field}: expected an https address without user, query and fragment", field=field)
    return url


class Line:
    """The way to providers, for a whole application: few conversations at once, each within 10 seconds and 500 kB."""

    def __init__(self, *, is_loopback_allowed: bool = False, resolve: Resolver | None = None) -> None:
        """Talk over https; ``is_loopback_allowed`` admits a provider on this machine, ``resolve`` stands for the system's names."""
        self.is_loopback_allowed = is_loopback_allowed
        self._resolve = resolve or system_addresses
        self._slots = threading.BoundedSemaphore(_MOST_AT_ONCE)

    def get(self, url: str) -> Answer:
        """Return what stands at ``url``; no answer in time is ``oidc.provider_silent``."""
        return self._ask("GET", url, {}, None)

    def post_form(self, url: str, form: Mapping[str, str], *, user: str = "", password: str = "") -> Answer:
        """Return the answer to a form; with ``user`` it is signed as RFC 6749 section 2.3.1 says."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if user:
            pair = f"{quote(user, safe='')}:{quote(password, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return self._ask("POST", url, headers, urlencode(form).encode())

    def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        with self._slot():
            target, host, authority = self._target(url)
            sent = {**headers, "Host": authority, "Accept": "application/json", "User-Agent": "Tonne"}
            try:
                status, raw = asyncio.run(_converse(method, target, host, sent, body))
            except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as error:
                raise _silent() from error
        return Answer(status=status, document=_object(raw))

    def _target(self, url: str) -> tuple[str, str, str]:
        """Return the address to connect to, the host that its certificate has to name, and the Host header."""
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)
        may_be_here = self.is_loopback_allowed and _is_here(host)
        found = [text.partition("%")[0] for text in self._resolve(host, port)]
        if not found or not all(_may_connect(text, may_be_here=may_be_here) for text in found):
            raise _silent()
        at = f"[{found[0]}]" if ":" in found[0] else found[0]
        rest = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return f"{parts.scheme}://{at}:{port}{rest}", host, parts.netloc

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=_TOTAL_S):
            raise Unavailable("oidc.busy", "many people are signing in; try again in a few seconds")
        try:
            yield
        finally:
            self._slots.release()


async def _converse(method: str, url: str, host: str, headers: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
    async with (
        asyncio.timeout(_TOTAL_S),
        httpx.AsyncClient(
            timeout=httpx.Timeout(_READ_S, connect=_CONNECT_S), trust_env=False, follow_redirects=False
        ) as client,
        client.stream(method, url, content=body, headers=headers, extensions={"sni_hostname": host}) as answer,
    ):
        read = bytearray()
        async for part in answer.aiter_bytes():
            read += part
            if len(read) > _MOST_BYTES:
                raise _silent()
        return answer.status_code, bytes(read)


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _may_connect(text: str, *, may_be_here: bool) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, address))[1]
    if address.is_loopback:
        return may_be_here
    return not (address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved) and (
        address != _HOSTS_AGENT
    )


def _is_here(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "::1"}


def _silent() -> Unavailable:
    return Unavailable(
        "oidc.provider_fails", "the provider does not answer as it should; try again, or tell the operator"
    )
