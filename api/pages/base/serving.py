"""How pages and static files are answered, and how a refusal looks to a person: sent to sign in, or told what to do.

Owns the routes that the application mounts beside the API's. Figures and templates are the areas'.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import errors
from api.auth.policy import PUBLIC, Declared
from api.deps import Surroundings
from api.edge import EdgeRoute
from api.pages.base import rendering, static_files
from api.pages.base.declaring import declared_pages
from api.pages.base.page import Reading
from ledger.core.errors import DomainError

SIGN_IN = "/sign-in"
_API_PATHS = ("/v1", "/health", "/static")
_LONGEST_NEXT = 1_000


class PageRoute(EdgeRoute):
    """A page: the edge of an API route around it, with its refusals as pages."""

    def __init__(self, declared: Declared) -> None:
        """Build the route; the API's description leaves it out."""
        super().__init__(declared)
        self.include_in_schema = False

    async def respond(self, request: Request) -> Response:
        """Return the page, or HTML that says what stands in its way."""
        try:
            return await super().respond(request)
        except errors.Unauthenticated:
            return to_sign_in(request)
        except DomainError as refusal:
            status = errors.status_of(refusal)
            told = problem_page(request, status=status, code=refusal.code, detail=refusal.message)
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                told.headers["Retry-After"] = refusal.data.get("retry_after_s", "60")
            return told
        except RequestValidationError as error:
            code, detail = errors.first_unreadable(error)
            return problem_page(request, status=422, code=code, detail=detail)
        except Exception as error:  # noqa: BLE001 - logged and told as a page instead of a bare failure
            surroundings: Surroundings = request.app.state.surroundings
            incident_id = surroundings.random_source(8).hex()
            errors.incident(error, incident_id)
            return problem_page(request, status=500, code="server.error", detail="", incident=incident_id)


class StaticRoute(EdgeRoute):
    """The static files: no caller, no database, kept by browsers as long as their address names their content."""

    def __init__(self) -> None:
        """Build the one route of /static."""
        super().__init__(
            Declared(
                method="GET",
                path="/static/{path:path}",
                handler=_never_called,
                policy=PUBLIC,
                status=200,
                writes=False,
                most_bytes=0,
            )
        )
        self.include_in_schema = False

    async def respond(self, request: Request) -> Response:
        """Return the file; no caller is asked for and no thread taken."""
        found = static_files.find(str(request.path_params["path"]))
        if found is None:
            return errors.problem(404, "path.not_found", "there is nothing at this path")
        lasting = "public, max-age=31536000, immutable" if found.is_lasting else "no-cache"
        headers = {"Cache-Control": lasting, "ETag": found.etag, "Content-Type": found.media_type}
        if request.headers.get("if-none-match") == found.etag:
            return Response(status_code=304, headers=headers)
        return Response(found.content, headers=headers)


def _never_called() -> Response:
    """Stand for the file that the route itself finds."""
    return Response(status_code=404)


@cache
def page_routes() -> tuple[EdgeRoute, ...]:
    """Return every page and the static files, built once a process."""
    return (*(PageRoute(each.declared) for each in declared_pages()), StaticRoute())


def wants_page(request: Request) -> bool:
    """Return whether a person's browser asks for something outside the API, so that a refusal should be a page."""
    is_api = request.url.path.startswith(_API_PATHS)
    return not is_api and request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("accept", "")


def unknown_path(request: Request, error: HTTPException) -> Response | None:
    """Return the page for a path or method that there is not, None where a program asks."""
    if not wants_page(request):
        return None
    return problem_page(request, status=error.status_code, code="path.not_found", detail="")


def to_sign_in(request: Request) -> Response:
    """Return the way to the sign-in page, which leads back to where the reader wanted to go."""
    wanted = Reading.of(request).values()["here"]
    following = quote(str(wanted)[:_LONGEST_NEXT], safe="/")
    target = SIGN_IN if wanted == "/" else f"{SIGN_IN}?next={following}"
    return RedirectResponse(target, status_code=303, headers=dict(rendering.PAGE_HEADERS))


def problem_page(request: Request, *, status: int, code: str, detail: str, incident: str = "") -> Response:
    """Return a refusal as a page in the reader's language: what happened and what to do."""
    reading = Reading.of(request)
    values: Mapping[str, object] = {
        **reading.values(),
        "me": None,
        "status": status,
        "title": HTTPStatus(status).phrase,
        "code": code,
        "detail": detail[:500],
        "incident": incident,
    }
    return rendering.answer(rendering.html("problems/problem.html", reading.language, values), status=status)
