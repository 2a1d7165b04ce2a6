"""What a feed asks for and what came back, as values: one address, its answer's kind, and the bytes with their hash.

Owns the shapes and which addresses may be asked at all. Opens nothing; sending is in ``finance.feeds.fetch``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from ledger.core.errors import Invalid

_SECRET_NAMES = re.compile(
    r"(?:.*[_-])?(?:api[_-]?key|apikey|key|token|secret|password|passwd|pwd|signature|sig|auth)", re.IGNORECASE
)
_MAX_URL = 2000


class Method(StrEnum):
    """The two verbs that sources use."""

    GET = "GET"
    POST = "POST"


class Content(StrEnum):
    """What an answer has to be; anything else under status 200 is ``feed.content``."""

    JSON = "json"
    XML = "xml"
    CSV = "csv"
    ZIP = "zip"  # the ECB's history: a zip, or the CSV itself
    WORKBOOK = "workbook"  # .xlsx or the old .xls
    HTML = "html"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRequest:
    """One call. ``label`` says in the feed's own words what it asks for (``COMCEA 2026-08-14``) and comes back with it.

    Addresses are https, or http on this machine's own loopback; they hold no user, password, key or token. Exactly one of
    ``json`` and ``form`` may be given, and only with POST. ``carries_rows`` is false for a call that only prepares the
    next one, such as a home page that sets a cookie.
    """

    url: str
    content: Content
    label: str
    method: Method = Method.GET
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Mapping[str, str] | None = None
    form: Mapping[str, str] | None = None
    carries_rows: bool = True

    def __post_init__(self) -> None:
        """Refuse an address that may not be asked and a body without a place."""
        check_address(self.url)
        bodies = [body for body in (self.json, self.form) if body is not None]
        if len(bodies) > 1 or (bodies and self.method is Method.GET):
            raise Invalid("feed.request", "request: expected at most one body, and only with POST", field="method")

    @property
    def host(self) -> str:
        """Return the host and port that the call goes to."""
        return urlsplit(self.url).netloc.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The answer to one request: ``content`` decompressed, and what is needed to replay it.

    ``url`` holds no secret, ``headers`` only the few that matter later; ``fetched_at`` is aware UTC.
    """

    content: bytes = field(repr=False)
    sha256: str
    url: str
    status: int
    media_type: str
    headers: Mapping[str, str]
    fetched_at: datetime
    label: str = ""


def check_address(url: str) -> None:
    """Refuse an address that is not https (or http on loopback), or that names a user, a password or a key.

    ``http://127.0.0.1:8000/x`` is taken; ``http://example.org``, ``https://me:pw@example.org``, ``file:///etc`` and
    ``https://example.org/?api_key=1`` are ``feed.address``. The address is not echoed: it may hold what it must not.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refused("an address that can be read") from error
    if len(url) > _MAX_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _refused(f"at most {_MAX_URL} printable ASCII characters, others percent-encoded")
    if parts.username is not None or parts.password is not None:
        raise _refused("no user and no password")
    if any(_SECRET_NAMES.fullmatch(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise _refused("no key or token in the query; send it as a header")
    is_secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not host or port == 0 or not is_secure:
        raise _refused("https, or http on this machine's loopback")


def is_loopback(host: str) -> bool:
    """Return whether ``host`` names this machine: localhost, 127.0.0.0/8 or ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown_address(url: str) -> str:
    """Return the address as it may be stored and logged: without a fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, parts.query, ""))


def _refused(expected: str) -> Invalid:
    return Invalid("feed.address", f"url: expected {expected}", field="url")
