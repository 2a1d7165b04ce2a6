"""What a request shows of its caller: a Bearer header, the cookie of a page, where a browser says it comes from.

Owns the reading of these headers. Whether what is shown works is ``authenticate``'s to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from starlette.requests import Request

from api.auth.principal import Principal
from api.auth.same_origin import BrowserHeaders
from api.auth.session_token import CSRF_HEADER, token_of_cookies
from api.store.access_log import AccessEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """The proof: what the one Authorization header bears, else the cookie's token; ``is_unreadable``: a header of another form."""

    bearer: str | None = field(repr=False)
    cookie: str | None = field(repr=False)
    is_unreadable: bool = False

    @property
    def proof(self) -> str | None:
        """The proof to be looked up; a Bearer header goes before any cookie."""
        return self.bearer or self.cookie


def presented_by(request: Request) -> Presented:
    """Return what the request shows; an Authorization header that is no Bearer makes a cookie worth nothing too."""
    shown = request.headers.getlist("authorization")
    if not shown:
        return Presented(bearer=None, cookie=token_of_cookies(tuple(request.headers.getlist("cookie"))))
    scheme, _, text = shown[0].partition(" ") if len(shown) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not text.strip():
        return Presented(bearer=None, cookie=None, is_unreadable=True)
    return Presented(bearer=text.strip(), cookie=None)


def browser_headers(request: Request) -> BrowserHeaders:
    """Return what a browser says of where the request comes from."""
    return BrowserHeaders(
        host=request.headers.get("host"),
        origin=request.headers.get("origin"),
        fetch_site=request.headers.get("sec-fetch-site"),
        csrf=request.headers.get(CSRF_HEADER),
    )


def address_of(request: Request) -> str:
    """Return the network address that the connection came from, empty when there is none."""
    return request.client.host if request.client is not None else ""


def reading_of(request: Request, auditor: Principal, *, event_id: UUID, now: datetime) -> AccessEvent:
    """Return what an auditor asks for as an event of the access log."""
    return AccessEvent(
        event_id=event_id,
        organisation_id=auditor.organisation_id,
        user_id=auditor.user_id,
        happened_at=now,
        what="audit_read",
        detail=f"{request.method} {request.url.path}",
        by=auditor.user_id,
        address=address_of(request),
    )
