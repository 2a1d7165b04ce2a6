"""Whether a change that a browser's cookie pays for was really sent by one of our own pages.

Pure: header values in, a refusal out. A request with a Bearer token needs none of this, because no other site can send one.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from api.auth.session_token import is_csrf_token
from ledger.core.errors import Forbidden

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserHeaders:
    """What a browser says about where a request comes from; ``None`` for a header that is absent."""

    host: str | None
    origin: str | None
    fetch_site: str | None
    csrf: str | None


def check_same_origin(headers: BrowserHeaders, token: str) -> None:
    """Return, or raise ``csrf.origin`` or ``csrf.token``.

    The request's Sec-Fetch-Site must be ``same-origin`` and its Origin our host, where the browser sends them; it must send one of
    the two, and always the session's CSRF token.
    """
    is_named = headers.fetch_site is not None or headers.origin is not None
    is_from_here = headers.fetch_site in {None, "same-origin"}
    if headers.origin is not None:
        is_from_here = is_from_here and bool(headers.host) and _host(headers.origin) == headers.host
    if not (is_named and is_from_here):
        raise Forbidden(
            "csrf.origin", "this change was not sent by a page of this server; open the page again and repeat it"
        )
    if headers.csrf is None or not is_csrf_token(headers.csrf, token):
        raise Forbidden("csrf.token", "X-CSRF-Token: expected the token that GET /v1/me names; load the page again")


def _host(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc if parts.scheme in {"http", "https"} else None
