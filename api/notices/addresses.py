"""Whether an address that a customer gave may be sent to: https, a public host, every address of it checked.

Owns the refusals of server-side request forgery (OWASP API7:2023). Resolves a name through what it is given; connects to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from ledger.core.errors import Forbidden, Invalid

Resolver = Callable[[str, int], Sequence[str]]
"""From host and port to the texts of its addresses."""

LONGEST_URL = 500
_HTTPS_PORT, _HTTP_PORT, _HIGHEST_PORT = 443, 80, 65_535
_URL = re.compile(
    r"https?://[A-Za-z0-9.\[\]:-]+(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?",
    re.ASCII,
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?", re.ASCII)
_INSIDE = re.compile(
    r"(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|localdomain|arpa|onion|test|invalid)$", re.IGNORECASE
)

_REFUSED = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' own addresses; clouds keep metadata here
            "127.0.0.0/8",
            "168.63.129.16/32",  # a cloud's host agent on a public number
            "169.254.0.0/16",  # link-local, with the metadata of most clouds
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/96",  # unspecified, loopback and IPv4-compatible
            "::ffff:0:0/96",  # IPv4 written as IPv6
            "::ffff:0:0:0/96",
            "64:ff9b::/96",  # translated to IPv4 on the way
            "64:ff9b:1::/48",
            "100::/64",
            "2001::/23",  # Teredo and other protocols' own
            "2001:db8::/32",
            "2002::/16",  # 6to4, with IPv4 inside
            "3fff::/20",
            "5f00::/16",
            "fc00::/7",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
        ),
    )
)
"""IANA special-purpose registries (RFC 6890 and its updates), and what clouds put on numbers of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address to send to: connect to ``address``, say ``host`` to its certificate and in the request."""

    url: str
    scheme: str
    host: str
    port: int
    address: str
    path: str


def read_url(url: str, *, is_loopback_allowed: bool = False) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path of an address that may be kept, or raise ``webhook.url``.

    Only https with a full public name or a public IP literal; no user, no fragment, no letters beyond ASCII, no number that some
    reader takes for an address (``https://2130706433/``). ``is_loopback_allowed`` admits http to 127.0.0.1, ::1 and localhost.
    """
    if not 1 <= len(url) <= LONGEST_URL or not _URL.fullmatch(url):
        raise _refused("an https address of at most 500 plain characters, without user or fragment")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise _refused("a host and a port from 1 to 65535") from error
    is_loopback = is_loopback_allowed and host in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme != "https" and not (is_loopback and parts.scheme == "http"):
        raise _refused("https")
    literal = _literal(host)
    if not is_loopback:
        if literal is None and (not _NAME.fullmatch(host) or _INSIDE.search(host)):
            raise _refused("the full public name of a host")
        if literal is not None:
            check_address(literal)
    if port is not None and not 1 <= port <= _HIGHEST_PORT:
        raise _refused("a port from 1 to 65535")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or (_HTTPS_PORT if parts.scheme == "https" else _HTTP_PORT), path


def check_target(url: str, resolve: Resolver, *, is_loopback_allowed: bool = False) -> Target:
    """Return where to connect for ``url``: its name is resolved once, and every address it has must be public.

    One private address among public ones refuses all (``webhook.address``): which one is taken must not matter. Nothing found is
    ``webhook.unresolved``.
    """
    scheme, host, port, path = read_url(url, is_loopback_allowed=is_loopback_allowed)
    is_loopback = is_loopback_allowed and host in {"localhost", "127.0.0.1", "::1"}
    literal = _literal(host)
    texts = [str(literal)] if literal is not None else list(resolve(host, port))
    if not texts:
        raise Forbidden("webhook.unresolved", "url: the name of its host has no address")
    found = []
    for text in texts:
        address = _literal(text.partition("%")[0])
        if address is None:
            raise Forbidden("webhook.address_unresolved", "url: its name stands for something that is no address")
        if is_loopback and address.is_loopback:
            found.append(address)
            continue
        check_address(address)
        found.append(address)
    return Target(url=url, scheme=scheme, host=host, port=port, address=str(found[0]), path=path)


def check_address(address: IPv4Address | IPv6Address) -> None:
    """Return when an address is public, else raise ``webhook.address``: private, local, mapped, translated and reserved ones."""
    if any(address in network for network in _REFUSED if network.version == address.version) or not address.is_global:
        raise Forbidden("webhook.address", "url: expected a host on the public internet, this one has another address")


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _refused(expected: str) -> Invalid:
    return Invalid("webhook.url", f"url: expected {expected}", field="url")
