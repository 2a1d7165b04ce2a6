"""Puts the application together: every declared route, the answers to errors, the guard around all of it, its description.

Finds the modules of ``api.routes`` by itself and refuses to start when a route has no policy.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache, partial
from typing import Any, TypeAlias
from uuid import UUID

import anyio
from anyio import to_thread
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import api.routes
from api import errors
from api.auth.policy import PUBLIC, UPLOAD_BODY_BYTES, Declared, Routes
from api.deps import LONGEST_KEY, EdgeRoute, Surroundings, utc_now, uuid7
from api.settings import from_environment
from api.writer import MOST_WAITING, WriterQueue
from ledger.store.database import Database, open_database

OPENAPI_PATH = "/v1/openapi.json"
VERSION = "0.1.0"
_SECONDS_TO_DISCARD = 5

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


Described: TypeAlias = dict[str, Any]

_PROBLEM: Described = {
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

_KEY_NAME = "Idempotency-Key"
_KEY: Described = {
    "name": _KEY_NAME,
    "in": "header",
    "required": False,
    "description": "Printable ASCII. The same request under the same key is done once and answered the same.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "example": "2026-11-21-opening",
}


def create_app(
    database: Database,
    *,
    clock: Callable[[], datetime] = utc_now,
    random_source: Callable[[int], bytes] = secrets.token_bytes,
    id_source: Callable[[], UUID] | None = None,
    more_routes: Iterable[Routes] = (),
    writer_queue: int = MOST_WAITING,
) -> FastAPI:
    """Return the application on ``database``; raise ``AssertionError`` when a route lacks a policy.

    ``clock`` gives aware UTC instants, ``random_source`` that many unpredictable bytes, ``id_source`` UUIDs (version 7 of the
    clock and the random source unless given), ``writer_queue`` how many entries may wait for one book. Documentation pages are
    off, since they load scripts from elsewhere. At shutdown the entries that wait are recorded before the process ends.
    """
    writer = WriterQueue(database, clock=clock, random_bytes=random_source, most_waiting=writer_queue)

    @asynccontextmanager
    async def draining(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await to_thread.run_sync(writer.close)

    app = FastAPI(
        title="Tonne",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=draining,
    )
    app.state.surroundings = Surroundings(
        database=database,
        writer=writer,
        clock=clock,
        random_source=random_source,
        id_source=id_source or (lambda: uuid7(clock(), random_source)),
    )
    app.router.routes.extend(_built_routes())
    for declared in (each for routes in more_routes for each in routes):
        app.router.routes.append(EdgeRoute(declared))
    app.router.routes.append(EdgeRoute(_description_of(app)))
    errors.install(app)
    app.add_middleware(EdgeGuard, random_source=random_source)
    check_policies(app)
    return app


@cache
def _built_routes() -> tuple[EdgeRoute, ...]:
    """Return the routes, built once a process: one finds its surroundings through the request, so every application can share it."""
    return tuple(EdgeRoute(declared) for declared in declared_routes())


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
    settings = from_environment(os.environ)
    return create_app(open_database(settings.database_url), writer_queue=settings.writer_queue)


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
        is_read = not _announces_body(scope)

        async def noted_receive() -> Message:
            nonlocal is_read
            message = await receive()
            is_read = not message.get("more_body", False)
            return message

        async def guarded_send(message: Message) -> None:
            nonlocal is_started
            if message["type"] == "http.response.start":
                is_started = True
                if not is_read:
                    await _discard(noted_receive)
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
            await self._app(scope, noted_receive, guarded_send)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the last place before the server: logged, told, never passed on
            failure = errors.incident(error, self._random_source(8).hex())
            if not is_started:
                await failure(scope, noted_receive, guarded_send)


def _announces_body(scope: Scope) -> bool:
    """Return whether a body is on its way; a client that first waits to be told to continue has sent none."""
    names = {bytes(name).lower() for name, _ in scope["headers"]}
    return bool({b"content-length", b"transfer-encoding"} & names) and b"expect" not in names


async def _discard(receive: Receive) -> None:
    """Let what is left of a refused body arrive, within bounds: a connection closed on unread bytes loses the answer."""
    left = UPLOAD_BODY_BYTES
    with anyio.move_on_after(_SECONDS_TO_DISCARD):
        while left > 0:
            message = await receive()
            if not message.get("more_body", False):
                return
            left -= len(message.get("body", b""))


def _description_of(app: FastAPI) -> Declared:
    described = partial(describe, app)

    def read_description() -> Response:
        """Return this description of the API, OpenAPI 3.1."""
        return JSONResponse(described())

    routes = Routes(tag="description", prefix="")
    routes.get(OPENAPI_PATH, policy=PUBLIC)(read_description)
    (declared,) = routes
    return declared


def describe(app: FastAPI) -> Described:
    """Return the description of ``app``, made once: every write shows an example body and takes an ``Idempotency-Key``."""
    if app.openapi_schema is None:
        schema: Described = get_openapi(
            title=app.title,
            version=app.version,
            summary="The carbon treasury: one provable ledger for tonnes and money.",
            routes=app.routes,
        )
        components: Described = schema.setdefault("components", {})
        schemas: dict[str, Described] = components.setdefault("schemas", {})
        schemas["Problem"] = _PROBLEM
        components["securitySchemes"] = {"api_key": {"type": "http", "scheme": "bearer"}}
        for declared, operation in _operations(app, schema):
            if declared.writes and not declared.policy.is_public:
                _add_key(operation)
            if declared.upload_example:
                operation["requestBody"]["content"][declared.upload_types[0]]["example"] = declared.upload_example
            _add_example(operation, schemas)
        app.openapi_schema = schema
    return app.openapi_schema


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Described]) -> object:
    """Return the schema's own first example or default, or one composed of its required fields' examples.

    ``schemas`` are the components that a ``$ref`` names. An object with ``year`` (example 2025) as only required field gives
    ``{"year": 2025}``; an array holds one item; of alternatives the first stands.
    """
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if schema.get("default") is not None:
        return schema["default"]
    if "enum" in schema or "anyOf" in schema:
        return schema["enum"][0] if "enum" in schema else example_of(schema["anyOf"][0], schemas)
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)]
    fields = schema.get("properties")
    assert fields, "a field of a request shows an example, or is an object, an array or a choice of those that do"
    named = schema.get("required") or list(fields)
    return {name: example_of(fields[name], schemas) for name in named}


def _operations(app: FastAPI, schema: Described) -> Iterator[tuple[Declared, Described]]:
    for route in app.routes:
        if isinstance(route, EdgeRoute):
            yield route.declared, schema["paths"][route.declared.path][route.declared.method.lower()]


def _add_key(operation: Described) -> None:
    parameters: list[Described] = operation.setdefault("parameters", [])
    if all(each["name"].lower() != _KEY_NAME.lower() for each in parameters):
        parameters.append(_KEY)


def _add_example(operation: Described, schemas: Mapping[str, Described]) -> None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    if name and "examples" not in schemas[name]:
        schemas[name]["examples"] = [example_of(schemas[name], schemas)]
