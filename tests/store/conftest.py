"""An opened example book on each engine, both engines side by side, and a filled book to attack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest

from ledger.core.serials import SerialBlock
from ledger.store.database import Database, open_database
from tests.conftest import ENGINES, migrated
from tests.store.books import ExampleBook, codes, open_example
from tests.strategies import CASH, GAIN, draft, hold, purchase, release, sale, transfer


@contextmanager
def _shared(engine: str, request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Give a migrated, empty database that several tests share."""
    with migrated(engine, request, factory) as url:
        database = open_database(url)
        yield database
        database.engine.dispose()


def _fill(book: ExampleBook) -> ExampleBook:
    book.accept(
        transfer(1, GAIN, CASH, 9_000),
        purchase(2, 3, 1000, serials=(SerialBlock("CEA-25-", 101, 103),)),
        sale(3, 2, 900),
        transfer(4, GAIN, CASH, 1),
        draft(5, reverses=4),
        hold(7, CASH, 100),
        release(8, 7, 40),
    )
    assert codes(book.post(sale(6, 50, 1))) == ["ledger.insufficient_available"]
    book.close(date(2025, 1, 1))
    return book


@pytest.fixture
def book(database: Database) -> ExampleBook:
    """The example book on each engine in turn, without entries."""
    return open_example(database)


@pytest.fixture
def full(book: ExampleBook) -> ExampleBook:
    """A book with every kind of fact: seq 1 to 5, a reversal, lots, a refusal, closed through its first day."""
    return _fill(book)


@pytest.fixture(scope="module", params=ENGINES)
def standing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExampleBook]:
    """The same book as ``full``, shared by tests whose every statement is refused and which check that nothing changed."""
    with _shared(request.param, request, tmp_path_factory) as database:
        yield _fill(open_example(database))


@pytest.fixture(scope="module")
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Database]]:
    """A migrated database of each engine at once, for tests that open books of their own."""
    with (
        _shared("sqlite", request, tmp_path_factory) as on_sqlite,
        _shared("postgresql", request, tmp_path_factory) as on_postgresql,
    ):
        yield on_sqlite, on_postgresql
