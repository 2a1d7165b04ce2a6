"""Puts the application together: every declared route, the answers to errors, and the guard around all of it.

Finds the modules of ``api.routes`` by itself and refuses to start when a route has no policy.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import api.routes
from api import errors
from api.auth.policy import PUBLIC, Declared, Routes
from api.deps import EdgeRoute, Surroundings, utc_now, uuid7
from api.settings import from_environment
from ledger.store.database import Database, open_database

OPENAPI_PATH = "/v1/openapi.json"
VERSION = "0.1.0"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Sent with every answer, unless the route sets its own (reliability-and-security, section 5.5)."""

_PROBLEM = {
    "type": "object",
    "description": "A refusal or a failure (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        "type": {"type": "string", "examples": [f"{errors.TYPE_PREFIX}request.invalid"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable: programs decide on this.", "examples": ["request.invalid"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "expected", "code"],
                "properties": {name: {"type": "string"} for name in ("field", "expected", "code")},
            },
        },
        "incident": {"type": "string", "description": "Only with a failure of ours."},
    },
}


def create_app(
    database: Database,
    *,
    clock: Callable[[], datetime] = utc_now,
    random_source: Callable[[int], bytes] = secrets.token_bytes,
    id_source: Callable[[], UUID] | None = None,
    more_routes: Iterable[Routes] = (),
) -> FastAPI:
    """Return the application on ``database``; raise ``AssertionError`` when a route lacks a policy.

    ``clock`` gives aware UTC instants, ``random_source`` that many unpredictable bytes, ``id_source`` UUIDs (version 7 of the
    clock and the random source unless given). Documentation pages are off, since they load scripts from elsewhere.
    """
    app = FastAPI(
        title="Tonne", version=VERSION, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.surroundings = Surroundings(
        database=database,
        clock=clock,
        random_source=random_source,
        id_source=id_source or (lambda: uuid7(clock(), random_source)),
    )
    for declared in (*declared_routes(), *(each for routes in more_routes for each in routes)):
        app.router.routes.append(EdgeRoute(declared))
    app.router.routes.append(EdgeRoute(_description_of(app)))
    errors.install(app)
    app.add_middleware(EdgeGuard, random_source=random_source)
    check_policies(app)
    return app


def declared_routes() -> tuple[Declared, ...]:
    """Return what every module of ``api.routes`` declares, in the order of module names."""
    names = sorted(module.name for module in pkgutil.iter_modules(api.routes.__path__))
    modules = [importlib.import_module(f"api.routes.{name}") for name in names]
    found: list[Declared] = []
    for module in modules:
        routes = module.routes
        assert isinstance(routes, Routes), f"{module.__name__}: a route module has a Routes collection named routes"
        found.extend(routes)
    return tuple(found)


def check_policies(app: FastAPI) -> None:
    """Raise ``AssertionError`` naming every route that did not come through ``Routes`` with a policy, or stands twice."""
    bare = [getattr(route, "path", repr(route)) for route in app.routes if not isinstance(route, EdgeRoute)]
    assert not bare, f"routes without a policy: {', '.join(bare)}; declare them with api.auth.policy.Routes"
    places = [(each.declared.method, each.declared.path) for each in app.routes if isinstance(each, EdgeRoute)]
    twice = sorted({f"{method} {path}" for method, path in places if places.count((method, path)) > 1})
    assert not twice, f"routes declared twice: {', '.join(twice)}"


def app_from_environment() -> FastAPI:
    """Return the application on TONNE_DATABASE_URL: how each of several server processes makes its own."""
    return create_app(open_database(from_environment(os.environ).database_url))


class EdgeGuard:
    """The outermost layer: headers on every answer, and a 500 problem for whatever got past everything else."""

    def __init__(self, app: ASGIApp, *, random_source: Callable[[int], bytes]) -> None:
        """Guard ``app``."""
        self._app = app
        self._random_source = random_source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_started = False

        async def guarded_send(message: Message) -> None:
            nonlocal is_started
            if message["type"] == "http.response.start":
                is_started = True
                headers = list(message.get("headers", ()))
                present = {bytes(name).lower() for name, _ in headers}
                headers += [
                    (name.lower().encode("ascii"), value.encode("ascii"))
                    for name, value in _HEADERS.items()
                    if name.lower().encode("ascii") not in present
                ]
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, guarded_send)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the last place before the server: logged, told, never passed on
            failure = errors.incident(error, self._random_source(8).hex())
            if not is_started:
                await failure(scope, receive, guarded_send)


def _description_of(app: FastAPI) -> Declared:
    described = partial(_describe, app)

    def read_description() -> Response:
        """Return this description of the API, OpenAPI 3.1."""
        return JSONResponse(described())

    routes = Routes(tag="description", prefix="")
    routes.get(OPENAPI_PATH, policy=PUBLIC)(read_description)
    (declared,) = routes
    return declared


def _describe(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            summary="The carbon treasury: one provable ledger for tonnes and money.",
            routes=app.routes,
        )
        components = schema.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = _PROBLEM
        components["securitySchemes"] = {"api_key": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = schema
    return app.openapi_schema
