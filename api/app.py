"""Puts the application together: every declared route, the answers to errors, the guard around all of it.

Finds the modules of ``api.routes`` by itself and refuses to start when a route has no policy.
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache, lru_cache
from uuid import UUID

import anyio
from anyio import to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import api.routes
from api import description, errors
from api.auth.policy import UPLOAD_BODY_BYTES, Declared, Routes
from api.auth.rate_limits import UNLIMITED, RateLimits, Rates
from api.auth.totp_key_file import key_file_of
from api.auth.totp_seal import TotpSeal, process_seal
from api.beside import Beside
from api.deps import Surroundings, utc_now, uuid7
from api.edge import EdgeRoute
from api.example.work import ExampleWork
from api.imports.work import ImportWork
from api.notices.settings import NoticeSettings, notice_settings
from api.notices.streams import Streams, stream_rules
from api.openid.exchange import OpenId
from api.openid.settings import OpenIdSettings, openid_settings
from api.pages.base import rendering
from api.pages.base.serving import page_routes, unknown_path
from api.route_index import RouteIndex
from api.settings import Settings, from_environment
from api.writer import MOST_WAITING, WriterQueue
from finance.conventions.calendars import china_day
from finance.store import reference
from ledger.core.errors import DomainError
from ledger.store.database import Database, open_database

VERSION = "0.1.0"
_SECONDS_TO_DISCARD = 5
_ALLOCATIONS_A_SEARCH = 10_000

_SENT = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Sent with every answer, unless the route sets its own (reliability-and-security, section 5.5)."""

_HEADERS = tuple((name.lower().encode("ascii"), value.encode("ascii")) for name, value in _SENT.items())


def create_app(
    database: Database,
    *,
    clock: Callable[[], datetime] = utc_now,
    random_source: Callable[[int], bytes] = secrets.token_bytes,
    more_routes: Iterable[Routes] = (),
    writer_queue: int = MOST_WAITING,
    notices: NoticeSettings | None = None,
    rates: Rates = UNLIMITED,
    openid: OpenIdSettings | None = None,
    totp_seal: TotpSeal | None = None,
) -> FastAPI:
    """Return the application on ``database``; raise ``AssertionError`` when a route lacks a policy.

    ``clock`` gives aware UTC instants, ``random_source`` that many unpredictable bytes, of both come ids (UUID version 7),
    ``writer_queue`` how many entries may wait for one book, ``rates`` how often callers may ask, ``totp_seal`` under which keys second
    factors are kept (without it one of this process). Documentation pages are off, since they load scripts from elsewhere. At shutdown
    the entries that wait are recorded before the process ends.
    """
    writer = WriterQueue(database, clock=clock, random_bytes=random_source, most_waiting=writer_queue)

    def new_id() -> UUID:
        return uuid7(clock(), random_source)

    surroundings = Surroundings(
        database=database,
        writer=writer,
        clock=clock,
        random_source=random_source,
        id_source=new_id,
        limits=RateLimits(rates),
        totp_seal=totp_seal or process_seal(),
    )
    beside = _works_beside(surroundings)

    @asynccontextmanager
    async def draining(_app: FastAPI) -> AsyncIterator[None]:
        for each in beside:
            each.start()
        yield
        for each in beside:
            each.stop()
        await to_thread.run_sync(writer.close)

    app = FastAPI(
        title="Tonne",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=draining,
    )
    app.state.notices = notices or NoticeSettings()
    app.state.openid = OpenId(openid or OpenIdSettings())
    app.state.streams = Streams(rules=stream_rules(reference.shipped_notice_rules(), on=china_day(clock())))
    app.state.surroundings = surroundings
    routes, index = _routing(tuple(more_routes))
    app.router.routes.extend(routes)
    errors.install(app, on_unknown=unknown_path)
    app.add_middleware(EdgeGuard, index=index, random_source=random_source)
    check_policies(app)
    return app


def _works_beside(its: Surroundings) -> tuple[Beside, ...]:
    """Return what this process does beside its requests."""
    importing = ImportWork(database=its.database, clock=its.clock, new_id=its.id_source, random_bytes=its.random_source)
    loading = ExampleWork(database=its.database, clock=its.clock, new_id=its.id_source, random_bytes=its.random_source)
    return (
        Beside(name="imports", seconds=1, work=importing.run_once),
        Beside(name="example", seconds=2, work=loading.run_once, after_bug=loading.note_bug),
    )


@lru_cache(maxsize=2)
def _routing(more_routes: tuple[Routes, ...]) -> tuple[tuple[EdgeRoute, ...], RouteIndex[EdgeRoute]]:
    """Return the routes and how one is found; a route finds its surroundings through the request, so applications share them."""
    more = tuple(EdgeRoute(declared) for each in more_routes for declared in each)
    routes = (*_built_routes(), *more, *page_routes())
    return routes, RouteIndex((each.declared.method, each) for each in routes)


@cache
def _built_routes() -> tuple[EdgeRoute, ...]:
    """Return the API's own routes, built once a process."""
    return tuple(EdgeRoute(declared) for declared in declared_routes())


def declared_routes() -> tuple[Declared, ...]:
    """Return what every module of ``api.routes`` declares, in the order of module names, and the route of the description."""
    names = sorted(module.name for module in pkgutil.iter_modules(api.routes.__path__))
    modules = [importlib.import_module(f"api.routes.{name}") for name in names]
    found: list[Declared] = []
    for module in modules:
        routes = module.routes
        assert isinstance(routes, Routes), f"{module.__name__}: a route module has a Routes collection named routes"
        found.extend(routes)
    return (*found, *description.routes)


def check_policies(app: FastAPI) -> None:
    """Raise ``AssertionError`` naming every route that did not come through ``Routes`` with a policy, or stands twice."""
    bare = [getattr(route, "path", repr(route)) for route in app.routes if not isinstance(route, EdgeRoute)]
    assert not bare, f"routes without a policy: {', '.join(bare)}; declare them with api.auth.policy.Routes"
    places = Counter(
        f"{each.declared.method} {each.declared.path}" for each in app.routes if isinstance(each, EdgeRoute)
    )
    twice = sorted(place for place, times in places.items() if times > 1)
    assert not twice, f"routes declared twice: {', '.join(twice)}"
    names = Counter(each.operation_id for each in app.routes if isinstance(each, EdgeRoute) and each.include_in_schema)
    shared = sorted(str(name) for name, times in names.items() if times > 1)
    assert not shared, (
        f"handlers of one name: {', '.join(shared)}; a client calls an operation by it, so give each its own"
    )


def app_from_environment() -> FastAPI:
    """Return the application on TONNE_DATABASE_URL: how each of several server processes makes its own."""
    settings = from_environment(os.environ)
    return served_app(open_database(settings.database_url), settings)


def served_app(database: Database, settings: Settings) -> FastAPI:
    """Return the application that a server process answers with, on ``database`` and as the operator has set it.

    The templates of the first pages are read by then. What stands then stays as long as the process: the search for cycles of garbage
    passes it over, and comes a tenth as often, for a request leaves none. Both together took a twelfth of a read.
    """
    app = create_app(
        database,
        writer_queue=settings.writer_queue,
        notices=notice_settings(os.environ),
        openid=openid_settings(os.environ),
        rates=rates_of(settings),
        totp_seal=TotpSeal(key_file_of(os.environ, settings.database_url).read),
    )
    rendering.read_templates("overview")
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_A_SEARCH)
    return app


def rates_of(settings: Settings) -> Rates:
    """Return how often callers may ask by the operator's settings; an organisation writes five times as often as one key."""
    each = settings.writes_per_second
    return Rates(
        writes_per_second=each,
        organisation_writes_per_second=5 * each,
        address_requests_per_second=settings.requests_per_second,
        exports_at_once=settings.exports_at_once,
    )


class EdgeGuard:
    """The outermost layer: goes straight to the route, puts headers on every answer, and answers 500 for what nobody foresaw.

    What no route answers goes on to the framework, which knows the paths that there are without the method.
    """

    def __init__(self, app: ASGIApp, *, index: RouteIndex[EdgeRoute], random_source: Callable[[int], bytes]) -> None:
        """Guard ``app``, whose routes are found by ``index``."""
        self._app = app
        self._index = index
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
                present = {name.lower() for name, _ in headers}
                headers += [each for each in _HEADERS if each[0] not in present]
                message["headers"] = headers
            await send(message)

        try:
            answered = await self._answered(scope, noted_receive)
            await answered(scope, noted_receive, guarded_send)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the last place before the server: logged, told, never passed on
            failure = errors.incident(error, self._random_source(8).hex())
            if not is_started:
                await failure(scope, noted_receive, guarded_send)

    async def _answered(self, scope: Scope, receive: Receive) -> ASGIApp:
        """Return the answer of the request's route, refusals included, or the framework's own where there is no such route."""
        found = self._index.find(scope["method"], scope["path"])
        if found is None:
            return self._app
        route, scope["path_params"] = found
        scope["route"] = route
        try:
            return await route.respond(Request(scope, receive))
        except DomainError as refused:
            return errors.refusal(refused)
        except RequestValidationError as unread:
            return errors.unreadable(unread)


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
