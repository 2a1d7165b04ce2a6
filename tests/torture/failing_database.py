"""A database whose calls can be made to fail: the k-th statement, copy or commit, or the reply to a commit.

The failure happens in the driver itself, so that nothing on the way up is spared: connections and cursors of both drivers are
subclassed, and count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import event

from ledger.store.database import Database, sqlite_module
from tests.torture.losses import Loss


@dataclass
class Calls:
    """Counts calls since ``restart`` and fails the one at ``fail_at``, before it is done; 0 fails none.

    ``lose`` is asked at each commit: one whose reply is lost has happened, and the caller is told that it failed.
    """

    seen: int = 0
    fail_at: int = 0
    failed: int = 0
    lose: Callable[[], Loss] | None = None

    def restart(self, fail_at: int = 0) -> None:
        self.seen, self.fail_at, self.failed = 0, fail_at, 0

    def step(self, error: type[Exception]) -> None:
        self.seen += 1
        if self.seen == self.fail_at:
            self.failed += 1
            raise error("the database call failed, as asked")

    def commit(self, error: type[Exception], commit: Callable[[], None], hang_up: Callable[[], None]) -> None:
        """Commit, or lose the request or the reply with the connection."""
        self.seen += 1
        loss = Loss.NONE if self.lose is None else self.lose()
        if self.seen == self.fail_at:
            self.failed += 1
            loss = Loss.REQUEST
        if loss is not Loss.REQUEST:
            commit()
        if loss is not Loss.NONE:
            hang_up()
            raise error("the commit was lost, as asked")


def fail_on_demand(database: Database) -> Calls:
    """Let every connection that ``database`` opens from now on count and fail as the returned ``Calls`` says."""
    calls = Calls()
    connect = _sqlite_connect(calls) if database.is_sqlite else _postgresql_connect(calls)

    def do_connect(_dialect: object, _record: object, arguments: Any, options: Any) -> Any:
        return connect(*arguments, **options)

    event.listen(database.engine, "do_connect", do_connect)
    return calls


def _sqlite_connect(calls: Calls) -> Callable[..., Any]:
    module: Any = sqlite_module()
    error: type[Exception] = module.OperationalError

    class Cursor(module.Cursor):  # type: ignore[misc]
        def execute(self, *arguments: Any) -> Any:
            calls.step(error)
            return super().execute(*arguments)

        def executemany(self, *arguments: Any) -> Any:
            calls.step(error)
            return super().executemany(*arguments)

    class Connection(module.Connection):  # type: ignore[misc]
        def cursor(self, *_: Any) -> Any:
            return super().cursor(Cursor)

        def execute(self, *arguments: Any) -> Any:
            return self.cursor().execute(*arguments)

        def executemany(self, *arguments: Any) -> Any:
            return self.cursor().executemany(*arguments)

        def commit(self) -> None:
            calls.commit(error, super().commit, super().rollback)

    def connect(*arguments: Any, **options: Any) -> Any:
        return module.connect(*arguments, **options, factory=Connection)

    return connect


def _postgresql_connect(calls: Calls) -> Callable[..., Any]:
    class Cursor(psycopg.Cursor[Any]):
        def execute(self, *arguments: Any, **options: Any) -> Any:
            calls.step(psycopg.OperationalError)
            return super().execute(*arguments, **options)

        def executemany(self, *arguments: Any, **options: Any) -> None:
            calls.step(psycopg.OperationalError)
            super().executemany(*arguments, **options)

        def copy(self, *arguments: Any, **options: Any) -> Any:
            calls.step(psycopg.OperationalError)
            return super().copy(*arguments, **options)

    class Connection(psycopg.Connection[Any]):
        def commit(self) -> None:
            calls.commit(psycopg.OperationalError, super().commit, self.close)

    def connect(*arguments: Any, **options: Any) -> Any:
        return Connection.connect(*arguments, **{**options, "cursor_factory": Cursor})

    return connect
