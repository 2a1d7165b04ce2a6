"""Migrations of a database that holds a book: rows survive every later version, guards hold, and the way down is clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from ledger.store.database import Database, open_database
from migrations import runner
from tests.conftest import ENGINES
from tests.migrations.test_guards import triggers
from tests.store.books import ExampleBook, open_example, snapshot
from tests.store.brute_force import assert_sound
from tests.strategies import CASH, GAIN, draft, purchase, sale, transfer

LEDGER_VERSION = "0001_ledger"


@pytest.fixture(params=ENGINES)
def first_version(request: pytest.FixtureRequest, empty_url: Callable[[str], str]) -> Iterator[Database]:
    """A database at the ledger's first version."""
    database = open_database(empty_url(request.param))
    runner.upgrade(database, LEDGER_VERSION)
    yield database
    database.engine.dispose()


def filled(database: Database) -> ExampleBook:
    """Open a book with a purchase, a sale, a reversal and a refusal."""
    book = open_example(database)
    book.accept(transfer(1, GAIN, CASH, 9_000), purchase(2, 3, 1000), sale(3, 2, 900), draft(4, reverses=3))
    book.post(sale(5, 50, 1))
    return book


def test_a_book_of_the_first_version_survives_every_later_one_row_for_row(first_version: Database) -> None:
    book = filled(first_version)
    before = snapshot(first_version)

    runner.upgrade(first_version)

    assert snapshot(first_version) == before
    assert runner.is_current(first_version)
    book.accept(sale(6, 3, 900))
    assert_sound(book)


def test_each_step_up_and_down_keeps_the_rows_and_the_guards_of_the_ledger(first_version: Database) -> None:
    book = filled(first_version)
    before, guards = snapshot(first_version), triggers(first_version)
    script = ScriptDirectory(str(runner._HERE))
    later = [found.revision for found in reversed(list(script.walk_revisions())) if found.revision != LEDGER_VERSION]

    for revision in later:
        runner.upgrade(first_version, revision)
        assert snapshot(first_version) == before
        assert triggers(first_version).items() >= guards.items()
    runner.downgrade(first_version, LEDGER_VERSION)

    assert snapshot(first_version) == before
    assert triggers(first_version) == guards
    for table in ("entry", "posting", "leaf"):
        with pytest.raises(DBAPIError, match="append_only"), first_version.engine.connect() as connection:
            connection.exec_driver_sql(f"DELETE FROM {table}")
    assert_sound(book)


def test_going_down_to_nothing_with_rows_leaves_no_table_function_or_trigger(first_version: Database) -> None:
    filled(first_version)
    runner.upgrade(first_version)

    runner.downgrade(first_version, "base")

    assert inspect(first_version.engine).get_table_names() == ["alembic_version"]
    assert triggers(first_version) == {}
    if not first_version.is_sqlite:
        query = "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE n.nspname = 'public'"
        with first_version.engine.connect() as connection:
            assert connection.exec_driver_sql(query).fetchall() == []


def test_upgrading_twice_changes_nothing(first_version: Database) -> None:
    filled(first_version)
    runner.upgrade(first_version)
    before, guards = snapshot(first_version), triggers(first_version)

    runner.upgrade(first_version)

    assert snapshot(first_version) == before
    assert triggers(first_version) == guards
