from __future__ import annotations

from collections.abc import Callable

import pytest

from api.app import create_app
from ledger.store.database import Database, open_database, sqlite_module
from migrations import runner
from tests.api.client import Client
from tests.conftest import ENGINES


def test_a_migrated_database_is_ready_and_says_its_version(database: Database) -> None:
    with Client(create_app(database)) as stranger:
        answer = stranger.get("/health/ready")

    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    if database.is_sqlite:
        assert answer.json()["database"] == f"SQLite {sqlite_module().sqlite_version}"
    else:
        assert answer.json()["database"].startswith("PostgreSQL ")


@pytest.mark.parametrize("engine", ENGINES)
def test_an_unmigrated_database_is_not_ready_yet_alive(engine: str, empty_url: Callable[[str], str]) -> None:
    database = open_database(empty_url(engine))

    with Client(create_app(database)) as stranger:
        ready, live = stranger.get("/health/ready"), stranger.get("/health/live")

    assert (ready.status_code, ready.json()["code"]) == (503, "database.schema_old")
    assert ready.headers["retry-after"] == "1"
    assert live.status_code == 200
    database.engine.dispose()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_older_schema_is_not_ready(engine: str, empty_url: Callable[[str], str]) -> None:
    database = open_database(empty_url(engine))
    runner.upgrade(database, "0001_ledger")

    with Client(create_app(database)) as stranger:
        answer = stranger.get("/health/ready")

    assert (answer.status_code, answer.json()["code"]) == (503, "database.schema_old")
    database.engine.dispose()


def test_a_database_that_does_not_answer_is_503_everywhere() -> None:
    database = open_database("postgresql://nobody@127.0.0.1:1/none")

    with Client(create_app(database), "tonne_" + "0" * 16 + "_" + "0" * 64 + "_00000000") as stranger:
        ready = stranger.get("/health/ready")

    assert (ready.status_code, ready.json()["code"]) == (503, "database.unavailable")
    database.engine.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_readiness_does_not_wait_for_a_writer(database: Database) -> None:
    with database.writer() as session:
        session.connection().exec_driver_sql("CREATE TABLE held (id INTEGER)")

        with Client(create_app(database)) as stranger:
            answer = stranger.get("/health/ready")

    assert answer.status_code == 200
