from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from ledger.core.errors import Invalid
from ledger.store import database as databases
from ledger.store.database import Database, ExactDecimal, ExactRational, UtcDateTime, open_database
from ledger.store.reading import run

SECOND_PROCESS = """
import sys
from ledger.store import database
database.SQLITE_WAL_RESET_FIX = (99, 0, 0)
try:
    database.open_database(sys.argv[1])
except database.Conflict as refusal:
    print(refusal.code)
else:
    print("opened")
"""


def test_an_old_sqlite_library_serves_one_process_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    monkeypatch.setattr(databases, "SQLITE_WAL_RESET_FIX", (99, 0, 0))
    open_database(url)

    open_database(url)  # the same process may open it again

    second = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", SECOND_PROCESS, url], capture_output=True, text=True, check=True
    )
    assert second.stdout.strip() == "database.in_use"


def test_a_current_sqlite_library_lets_several_processes_in(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    open_database(url)

    alone = SECOND_PROCESS.replace("(99, 0, 0)", "(3, 0, 0)")
    second = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", alone, url], capture_output=True, text=True, check=True
    )

    assert second.stdout.strip() == "opened"


@pytest.mark.parametrize(
    "url", ["", "not a url", "sqlite://", "sqlite:///:memory:", "mysql://localhost/x", "postgresql://host:port/x"]
)
def test_a_database_that_is_not_one_of_ours_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        open_database(url)

    assert refusal.value.code == "database.url"


def test_a_reader_cannot_write_on_postgresql_and_sees_one_moment_on_both(database: Database) -> None:
    with database.reader() as reader:
        before = reader.execute(text("SELECT count(*) FROM book")).scalar_one()
        with database.writer() as writer:
            writer.execute(
                text(
                    "INSERT INTO reference_set (set_id, version, content_hash, loaded_at) VALUES ('a', '1', 'h', :at)"
                ),
                {"at": "2026-01-01T00:00:00.000000+00:00"},
            )
            writer.commit()

        assert reader.execute(text("SELECT count(*) FROM reference_set")).scalar_one() == before == 0


def test_exact_types_refuse_what_would_change_on_the_way() -> None:
    dialect = open_database("sqlite:////tmp/never-opened.db").engine.dialect

    assert ExactDecimal().process_bind_param(Decimal("1234567.0123456789"), dialect) == "1234567.0123456789"
    assert ExactRational().process_bind_param(Fraction(1, 12_000), dialect) == "1/12000"
    with pytest.raises(AssertionError):
        ExactDecimal().process_bind_param(Decimal("NaN"), dialect)
    with pytest.raises(AssertionError):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), dialect)  # noqa: DTZ001 - what must be refused
    assert (
        UtcDateTime().process_bind_param(datetime(2026, 1, 1, tzinfo=UTC), dialect)
        == "2026-01-01T00:00:00.000000+00:00"
    )


def test_a_statement_of_the_bare_driver_stands_inside_the_savepoint_that_was_begun_before_it(
    database: Database,
) -> None:
    with database.writer() as session:
        run(session, "CREATE TABLE kept_or_not (number INTEGER)")
        run(session, "INSERT INTO kept_or_not VALUES (1)")

        savepoint = session.begin_nested()
        run(session, "INSERT INTO kept_or_not VALUES (2)")
        savepoint.rollback()
        run(session, "INSERT INTO kept_or_not VALUES (3)")

        assert [row[0] for row in run(session, "SELECT number FROM kept_or_not ORDER BY number").fetchall()] == [1, 3]


def test_a_connection_given_back_within_a_transaction_leaves_nothing_of_it(database: Database) -> None:
    borrowed = database.engine.raw_connection()
    first: Any = borrowed.driver_connection
    if database.is_sqlite:
        first.execute("BEGIN IMMEDIATE")
    first.execute("CREATE TABLE left_behind (number INTEGER)")
    first.execute("INSERT INTO left_behind VALUES (1)")
    borrowed.close()

    again = database.engine.raw_connection()

    assert again.driver_connection is first, "the last given back is taken first"
    assert "left_behind" not in inspect(database.engine).get_table_names()
    again.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_idle_connections_that_the_server_has_closed_are_replaced_unnoticed(database: Database) -> None:
    with database.reader() as one, database.reader() as other:
        closed = {run(each, "SELECT pg_backend_pid()").fetchone()[0] for each in (one, other)}
    outside = open_database(database.engine.url.render_as_string(hide_password=False))
    with outside.writer() as session:
        for pid in sorted(closed):
            assert run(session, "SELECT pg_terminate_backend(?, 5000)", pid).fetchone()[0]
    outside.engine.dispose()

    with database.reader() as one, database.writer() as other:
        now = {run(each, "SELECT pg_backend_pid()").fetchone()[0] for each in (one, other)}

    assert len(now) == 2
    assert not now & closed
