from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import inspect

from ledger.store.database import Database, open_database
from migrations import runner
from tests.conftest import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_upgrading_an_empty_database_gives_exactly_the_models(engine: str, empty_url: Callable[[str], str]) -> None:
    database = open_database(empty_url(engine))

    runner.upgrade(database)

    runner.check(database)
    assert runner.is_current(database)
    database.engine.dispose()


@pytest.mark.parametrize("engine", ENGINES)
def test_downgrading_takes_everything_away_and_upgrading_again_works(
    engine: str, empty_url: Callable[[str], str]
) -> None:
    database = open_database(empty_url(engine))
    runner.upgrade(database)

    runner.downgrade(database, "base")

    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    runner.upgrade(database)
    assert runner.is_current(database)
    database.engine.dispose()


def test_a_migrated_database_is_current(database: Database) -> None:
    assert runner.is_current(database)
