"""What an operator sets: where the database is, where to listen, which environment this is.

Read once at start, from the command line or from variables that begin with TONNE_. Nothing else reads the environment.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from ledger.core.errors import Invalid

PREFIX = "TONNE_"
FONTS_VARIABLE = f"{PREFIX}FONTS"
"""A folder with Noto Sans CJK SC for printed documents, where the system has none."""
DEFAULT_DATABASE_URL = "sqlite:///var/tonne.db"
AUDIENCE = "tonne"
"""To whom an assessor's statement is addressed: its ``audience`` member, so that a statement made for another system is refused."""

_BOUNDS = (
    ("port", 0, 65_535),
    ("workers", 1, 64),
    ("writer_queue", 1, 100_000),
    ("writes_per_second", 0, 10_000),
    ("requests_per_second", 0, 10_000),
    ("exports_at_once", 0, 100),
)
"""The least and the most of each setting that is a number."""


class Environment(StrEnum):
    """Where this installation stands."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings, each from an argument or from its variable.

    ``database_url`` TONNE_DATABASE_URL: ``sqlite:///path/to/file.db`` or ``postgresql://user@host/name``; not shown in ``repr``.
    ``host`` TONNE_HOST: the address to listen on, 127.0.0.1 unless set. ``port`` TONNE_PORT: 0 to 65535, 0 takes a free one.
    ``environment`` TONNE_ENVIRONMENT: ``development`` or ``production``. ``workers`` TONNE_WORKERS: processes, 1 to 64.
    ``jobs`` TONNE_JOBS: ``on`` lets ``tonne serve`` run the feeds' and closes' jobs too, ``off`` unless set.
    ``feed_base_url`` TONNE_FEED_BASE_URL: one address (https, or http on loopback) that every feed asks instead of its publisher.
    ``writer_queue`` TONNE_WRITER_QUEUE: entries that may wait for one book in each process, 1 to 100,000; one more is told 503.
    ``writes_per_second`` TONNE_WRITES_PER_SECOND: of one key or session, 0 (no limit) to 10,000; an organisation has five times as many.
    ``requests_per_second`` TONNE_REQUESTS_PER_SECOND: of one network address, 0 (no limit) to 10,000: 0 where a proxy stands before the
    server and counts them, since all come from its address. Each worker counts its own. ``exports_at_once`` TONNE_EXPORTS_AT_ONCE:
    files being made for one key or session, 0 (no limit) to 100.
    Refuses several processes on SQLite in production (``settings.workers``): its one writer would be many.
    """

    database_url: str = field(default=DEFAULT_DATABASE_URL, repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    environment: Environment = Environment.DEVELOPMENT
    workers: int = 1
    writer_queue: int = 8_000
    writes_per_second: int = 20
    requests_per_second: int = 200
    exports_at_once: int = 2
    jobs: bool = False
    feed_base_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        try:
            backend = make_url(self.database_url).get_backend_name()
        except (ArgumentError, ValueError) as error:
            raise _wrong("database_url", "expected sqlite:///path/to/file.db or postgresql://user@host/name") from error
        for name, least, most in _BOUNDS:
            if not least <= getattr(self, name) <= most:
                raise _wrong(name, f"expected a whole number from {least} to {most}")
        if not re.fullmatch(r"[A-Za-z0-9.:_-]{1,255}", self.host, re.ASCII):
            raise _wrong("host", "expected an address or a host name")
        if self.environment is Environment.PRODUCTION and backend == "sqlite" and self.workers > 1:
            raise _wrong("workers", "SQLite has one writer: run one worker, or use PostgreSQL")


def fonts_folder(environ: Mapping[str, str] = os.environ) -> str:
    """Return the folder of fonts for printed documents that TONNE_FONTS names, empty when none is."""
    return environ.get(FONTS_VARIABLE, "")


def from_environment(environ: Mapping[str, str], **arguments: str | None) -> Settings:
    """Return the settings: each argument that is given, else its variable, else the default. Unreadable ones are refused."""
    known = {
        "database_url",
        "host",
        "port",
        "environment",
        "workers",
        "writer_queue",
        "writes_per_second",
        "requests_per_second",
        "exports_at_once",
        "jobs",
        "feed_base_url",
    }
    assert set(arguments) <= known, f"unknown settings: {sorted(set(arguments) - known)}"
    texts = {name: arguments.get(name) or environ.get(f"{PREFIX}{name.upper()}") for name in known}
    given = {name: text for name, text in texts.items() if text is not None}
    environment = given.get("environment", Environment.DEVELOPMENT.value)
    if environment not in tuple(Environment):
        raise _wrong("environment", "expected development or production")
    jobs = given.get("jobs", "off")
    if jobs not in {"on", "off"}:
        raise _wrong("jobs", "expected on or off")
    return Settings(
        database_url=given.get("database_url", DEFAULT_DATABASE_URL),
        host=given.get("host", "127.0.0.1"),
        port=_whole(given.get("port", "8000"), "port"),
        environment=Environment(environment),
        workers=_whole(given.get("workers", "1"), "workers"),
        writer_queue=_whole(given.get("writer_queue", "8000"), "writer_queue"),
        writes_per_second=_whole(given.get("writes_per_second", "20"), "writes_per_second"),
        requests_per_second=_whole(given.get("requests_per_second", "200"), "requests_per_second"),
        exports_at_once=_whole(given.get("exports_at_once", "2"), "exports_at_once"),
        jobs=jobs == "on",
        feed_base_url=given.get("feed_base_url", ""),
    )


def add_database_option(parser: argparse.ArgumentParser) -> None:
    """Give a command ``--database URL``; ``from_environment(os.environ, database_url=arguments.database)`` reads it."""
    parser.add_argument(
        "--database",
        metavar="URL",
        help=f"sqlite:///path/to/file.db or postgresql://user@host/name; default TONNE_DATABASE_URL, else {DEFAULT_DATABASE_URL}",
    )


def _whole(text: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise _wrong(name, "expected a whole number")
    return int(text)


def _wrong(name: str, expected: str) -> Invalid:
    return Invalid(
        f"settings.{name}", f"{PREFIX}{name.upper()} or --{name.removesuffix('_url')}: {expected}", field=name
    )
