"""``tonne serve``: upgrades the schema, then answers HTTP until told to stop."""

from __future__ import annotations

import argparse
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import uvicorn
from uvicorn.supervisors import Multiprocess

from api.app import served_app
from api.auth.one_time import issue_first_run_token
from api.auth.totp_keeping import make_ready
from api.auth.totp_key_file import key_file_of
from api.deps import unit_of_work, utc_now
from api.notices.settings import notice_settings
from api.scheduler import build_scheduler, dispatch_world, job_world
from api.settings import PREFIX, Settings, add_database_option, from_environment
from ledger.core.errors import Conflict
from ledger.store.database import Database, open_database
from migrations import runner

_SECONDS_IDLE = 5
_SECONDS_TO_FINISH = 10
_HEADER_BYTES = 16_384
_BACKLOG = 512


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("serve", help="upgrade the schema and serve the API")
    add_database_option(parser)
    parser.add_argument("--host", help="address to listen on; default TONNE_HOST, else 127.0.0.1")
    parser.add_argument("--port", help="port to listen on, 0 for a free one; default TONNE_PORT, else 8000")
    parser.add_argument("--workers", help="server processes; default TONNE_WORKERS, else 1")
    parser.add_argument("--jobs", help="on: fetch feeds and freeze closes too; default TONNE_JOBS, else off")
    parser.add_argument("--environment", help="development or production; default TONNE_ENVIRONMENT")
    parser.set_defaults(run=_serve)


def _serve(arguments: argparse.Namespace, out: TextIO) -> int:
    settings = from_environment(
        os.environ,
        database_url=arguments.database,
        host=arguments.host,
        port=arguments.port,
        workers=arguments.workers,
        environment=arguments.environment,
        jobs=arguments.jobs,
    )
    database = open_database(settings.database_url)
    runner.upgrade(database)
    key_file = key_file_of(os.environ, settings.database_url)
    with unit_of_work(database) as session:
        make_ready(session, key_file, random_bytes=secrets.token_bytes)
    listener = listener_at(settings.host, settings.port)
    app = (
        served_app(database, settings) if settings.workers == 1 else None
    )  # takes seconds: only then it is said that we serve
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    out.write(f"Tonne serves on http://{shown}:{port} ({database.library_version()})\n")
    _offer_first_run(database, out)
    out.flush()
    with _jobs(database, settings):
        if app is not None:
            uvicorn.Server(_config(app)).run(sockets=[listener])
            return 0
        os.environ[f"{PREFIX}DATABASE_URL"] = settings.database_url  # the worker processes read it
        config = _config("api.app:app_from_environment", is_factory=True, workers=settings.workers)
        Multiprocess(config, sockets=[listener]).run()
        return 0


def _offer_first_run(database: Database, out: TextIO) -> None:
    """Print a one-time token while there never was an operator: with it the first person makes itself one."""
    with unit_of_work(database) as session:
        token = issue_first_run_token(session, now=utc_now(), random_bytes=secrets.token_bytes)
    if token is not None:
        out.write(f"First run: no operator yet. For one hour this token makes one, by POST /v1/first-run: {token}\n")


@contextmanager
def _jobs(database: Database, settings: Settings) -> Iterator[None]:
    """Run the jobs beside the server while TONNE_JOBS is on; with several workers in this process, which only watches them."""
    if not settings.jobs:
        if settings.workers > 1:
            database.engine.dispose()
        try:
            yield
        finally:
            database.engine.dispose()
        return
    world = job_world(database, feed_base_url=settings.feed_base_url)
    scheduler = build_scheduler(world, dispatch=dispatch_world(database, notice_settings(os.environ)))
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)
        world.client.close()
        database.engine.dispose()


def _config(app: object, *, is_factory: bool = False, workers: int = 1) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        factory=is_factory,
        workers=workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=_SECONDS_IDLE,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        h11_max_incomplete_event_size=_HEADER_BYTES,
    )


def listener_at(host: str, port: int) -> socket.socket:
    """Return a socket that listens at ``host``, an IPv4 or IPv6 address or a name, and ``port``, 0 for a free one.

    Its connections send at once (TCP_NODELAY, inherited): the event loop asks for that only on sockets it opens itself, and without it
    a body waits some 40 ms behind its headers for a kept connection's reader to acknowledge them. Raises
    ``settings.address_in_use``.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise Conflict(
            "settings.address_in_use",
            f"cannot listen on {host} port {port}: {error.strerror}; choose another --port",
        ) from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
