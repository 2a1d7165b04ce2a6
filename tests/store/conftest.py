"""An opened example book on each engine, and both engines side by side."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store.database import Database, open_database
from tests.conftest import _admin, _named
from tests.store.books import ExampleBook, open_example


@pytest.fixture
def book(database: Database) -> ExampleBook:
    """The example book on each engine in turn, without entries."""
    return open_example(database)


@pytest.fixture
def pair(
    sqlite_template: Path, postgres_url: str, postgres_template: str, tmp_path: Path
) -> Iterator[tuple[Database, Database]]:
    """A migrated, empty database of each engine at once."""
    path = tmp_path / "pair.db"
    shutil.copyfile(sqlite_template, path)
    name = f"tonne_{uuid.uuid4().hex[:16]}"
    _admin(postgres_url, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    databases = (open_database(f"sqlite:///{path}"), open_database(_named(postgres_url, name)))
    yield databases
    for database in databases:
        database.engine.dispose()
    _admin(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")
