"""Both databases for every test that asks: a migrated template once a session, a copy of it for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import psycopg
import pytest
from sqlalchemy import Connection, make_url

from ledger.store.database import Database, open_database
from migrations import runner
from tests.postgres_server import running_server

ENGINES = ("sqlite", "postgresql")
IS_UNDER_ROW_SECURITY = os.environ.get("TONNE_TEST_ROW_SECURITY") == "on"
"""Run with it, every test on PostgreSQL connects as an installation does, with a role that owns nothing; the API's always do."""

# Every test has a database of its own: copying its files costs a disk twenty times what it costs memory, where there is enough of that.
_MEMORY = Path("/dev/shm")  # noqa: S108 - folders of random names are made in it
_LEAST_FREE_BYTES = 4 * 2**30
if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _LEAST_FREE_BYTES:
    tempfile.tempdir = str(_MEMORY)

# A law is about answers, not about how busy the machine is. CI judges a commit on the same examples each time; other runs search anew.
hypothesis.settings.register_profile("tonne", deadline=None, print_blob=True, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("tonne")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly, as the last thing of a run, what could not be tried on this machine."""
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        terminalreporter.write_line(f"NOT TRIED: {report.nodeid}: {reason}", red=True, bold=True)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL: TONNE_TEST_POSTGRES_URL when set, else a server that a Python package brings."""
    given = os.environ.get("TONNE_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    with running_server() as url:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # nothing here survives the run
            admin(url, f"ALTER SYSTEM SET {setting} = off")
        admin(url, "SELECT pg_reload_conf()")
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file without open connections, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    database = open_database(f"sqlite:///{path}")
    runner.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a migrated PostgreSQL database without open connections, to be copied."""
    name = f"tonne_template_{uuid.uuid4().hex[:12]}"
    admin(postgres_url, f"CREATE DATABASE {name}")
    database = open_database(_named(postgres_url, name))
    runner.upgrade(database)
    database.engine.dispose()
    return name


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Give the URL of a database without any table, for the engine asked for."""
    made: list[str] = []

    def url_for(engine: str) -> str:
        if engine == "sqlite":
            return f"sqlite:///{tmp_path / 'empty.db'}"
        server = str(request.getfixturevalue("postgres_url"))
        name = f"tonne_empty_{uuid.uuid4().hex[:12]}"
        admin(server, f"CREATE DATABASE {name}")
        made.append(name)
        return _named(server, name)

    yield url_for
    for name in made:
        admin(str(request.getfixturevalue("postgres_url")), f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def migrated(engine: str, request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a migrated, empty database, a file or a database of the server; the latter is gone afterwards."""
    if engine == "sqlite":
        path = factory.mktemp("database") / "tonne.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server, name = str(request.getfixturevalue("postgres_url")), f"tonne_{uuid.uuid4().hex[:16]}"
    # copied as files: through the log of changes it takes twice as long
    admin(server, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')} STRATEGY FILE_COPY")
    yield _named(server, name)
    admin(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def is_row_security_on() -> bool:
    """Whether tests on PostgreSQL connect as an installation does, with a login that owns nothing."""
    return IS_UNDER_ROW_SECURITY


@pytest.fixture(params=ENGINES)
def database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, *, is_row_security_on: bool
) -> Iterator[str]:
    """The URL of a migrated, empty database of each engine in turn."""
    with migrated(request.param, request, tmp_path_factory) as url:
        if request.param == "sqlite" or not is_row_security_on:
            yield url
            return
        bound = application_url(url)
        _OWNERS[make_url(bound).database or ""] = url
        yield bound


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database of each engine in turn."""
    opened = open_database(database_url)
    yield opened
    opened.engine.dispose()


def _named(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def application_url(url: str) -> str:
    """Return a database's URL for a role that owns nothing, as an installation connects: every policy binds it."""
    admin(
        url,
        "DO $$ BEGIN CREATE ROLE tonne_test_login LOGIN PASSWORD 'example' IN ROLE tonne_application;"
        " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
    )
    return make_url(url).set(username="tonne_test_login", password="example").render_as_string(hide_password=False)


@contextmanager
def owner_of(database: Database) -> Iterator[Connection]:
    """Give a connection of the database's owner, who can do what the application cannot; the block commits."""
    url = _OWNERS.get(database.engine.url.database or "")
    opened = database if url is None else open_database(url)
    try:
        with opened.engine.connect() as connection:
            yield connection
            connection.commit()
    finally:
        if opened is not database:
            opened.engine.dispose()


_OWNERS: dict[str, str] = {}


def admin(server: str, statement: str) -> None:
    """Have a server do what stands in no transaction."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())
