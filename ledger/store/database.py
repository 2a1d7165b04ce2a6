"""Engines, sessions and column types for both databases.

Owns how Tonne talks to SQLite (embedded default) and PostgreSQL: drivers, pragmas, BEGIN IMMEDIATE, exact types. Knows no
table. Opening a session is for the edges; committing one is too.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import select
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from types import ModuleType
from typing import Any
from uuid import UUID

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import BigInteger, Dialect, Engine, LargeBinary, MetaData, Text, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, PoolResetState, QueuePool
from sqlalchemy.types import TypeDecorator, TypeEngine

from ledger.core.errors import Conflict, Invalid
from ledger.core.instants import instant_text as instant_text  # noqa: PLC0414 - those who bind instants ask for it here too
from ledger.store.acting import ACTING, INSTALLATION, acting_text, watch

try:
    import pysqlite3 as _newest_sqlite
except ImportError:  # no wheel for this platform: the interpreter's own library, which may be old
    _newest_sqlite = sqlite3

# For each None and each bytes that it binds, the driver searches for an adapter and then for a method of that purpose, a
# microsecond apiece and ten times an entry. Told one, it stops searching; what is bound stays the same.
_newest_sqlite.register_adapter(bytes, bytearray)
_newest_sqlite.register_adapter(type(None), lambda nothing: nothing)

SQLITE_WAL_RESET_FIX = (3, 51, 3)
"""First SQLite release without the WAL-reset corruption (https://www.sqlite.org/wal.html#walresetbug, 2026-03-13)."""

_MOST_CONNECTIONS = 45
"""More than the 40 requests and commits that hold a session at once, so that none waits for a connection while holding another."""

_CONNECTIONS_KEPT = 20
"""Of these so many stay open, the last given back taken first: to open one takes longer than most requests, and under load each did."""

_ENGINES_KEPT = 32
"""Engines with options kept made, one for each organisation that acts: to make one takes a fortieth of a short request."""

_STATEMENTS = 1_000
"""Prepared statements a connection keeps. pysqlite3 throws out the least used, which is always the newest: a full cache prepares
every statement of the posting path anew, at three times its cost."""

READS_ONLY = "tonne_reads_only"


class UtcDateTime(TypeDecorator[datetime]):
    """An instant in UTC with microseconds; a naive value is refused. SQLite keeps sortable ISO text."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return TIMESTAMPTZ on PostgreSQL, TEXT on SQLite."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Refuse naive instants; they would be eight hours wrong in Shanghai."""
        if value is None:
            return None
        assert value.tzinfo is not None, "an instant carries its zone"
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else instant_text(utc)

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:
        """Return an aware UTC instant."""
        del dialect
        if value is None:
            return None
        return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)


class BusinessDate(TypeDecorator[date]):
    """A calendar date without zone. SQLite keeps ISO text."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return DATE on PostgreSQL, TEXT on SQLite."""
        return dialect.type_descriptor(postgresql.DATE() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> date | str | None:
        """Bind a plain date."""
        assert not isinstance(value, datetime), "a business date is not an instant"
        return value.isoformat() if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: date | str | None, dialect: Dialect) -> date | None:
        """Return a plain date."""
        del dialect
        return date.fromisoformat(value) if isinstance(value, str) else value


class UuidKey(TypeDecorator[UUID]):
    """A UUID: native on PostgreSQL, 16 bytes on SQLite."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return UUID on PostgreSQL, BLOB on SQLite."""
        return dialect.type_descriptor(postgresql.UUID(as_uuid=True) if dialect.name == "postgresql" else LargeBinary())

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> UUID | bytes | None:
        """Bind a UUID."""
        return value.bytes if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: UUID | bytes | None, dialect: Dialect) -> UUID | None:
        """Return a UUID."""
        del dialect
        return UUID(bytes=bytes(value)) if isinstance(value, bytes | memoryview) else value


class ExactDecimal(TypeDecorator[Decimal]):
    """An exact decimal: NUMERIC on PostgreSQL, text on SQLite. Never summed or compared in SQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return NUMERIC on PostgreSQL, TEXT on SQLite."""
        return dialect.type_descriptor(postgresql.NUMERIC() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | str | None:
        """Refuse NaN and infinities, which NUMERIC would take."""
        if value is None:
            return None
        assert value.is_finite(), "an exact decimal is finite"
        return format(value, "f") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Decimal | str | None, dialect: Dialect) -> Decimal | None:
        """Return the decimal."""
        del dialect
        return Decimal(value) if isinstance(value, str) else value


class ExactRational(TypeDecorator[Fraction]):
    """An exact rational as ``numerator/denominator`` text on both databases: 2.5 bp over three KPIs stays 1/12000."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Fraction | None, dialect: Dialect) -> str | None:
        """Bind ``numerator/denominator``."""
        del dialect
        return None if value is None else f"{value.numerator}/{value.denominator}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Fraction | None:
        """Return the fraction."""
        del dialect
        return None if value is None else Fraction(value)


class JsonText(TypeDecorator[Mapping[str, Any]]):
    """A JSON object as sorted text on both databases, so that what is read is byte for byte what was written."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Any] | None, dialect: Dialect) -> str | None:
        """Bind sorted, compact JSON; floats are refused."""
        del dialect
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, Any] | None:
        """Return the object."""
        del dialect
        return None if value is None else json.loads(value)


BigInt = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
"""A 64-bit integer on both databases."""


class Base(DeclarativeBase):
    """Declarative base of every table, with one naming convention for constraints and STRICT tables on SQLite."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this class attribute
        int: BigInt,
        str: Text,
        bytes: LargeBinary,
        datetime: UtcDateTime,
        date: BusinessDate,
        UUID: UuidKey,
        Decimal: ExactDecimal,
        Fraction: ExactRational,
        Mapping[str, Any]: JsonText,
    }


@dataclass(frozen=True, slots=True)
class Database:
    """One opened database. ``writer`` and ``reader`` give sessions; the edge that asks commits or closes.

    ``acting`` is for whom its transactions act: the installation, unless ``acting_for`` organisations.
    """

    engine: Engine
    acting: str = INSTALLATION

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @property
    def is_for_many_processes(self) -> bool:
        """Whether a second process may open it: not an SQLite library with the WAL-reset bug."""
        return not self.is_sqlite or sqlite_module().sqlite_version_info >= SQLITE_WAL_RESET_FIX

    @property
    def is_on_this_machine(self) -> bool:
        """Whether it runs in this process or beside it: PostgreSQL reached by a socket file or the machine's own address."""
        return self.is_sqlite or self.engine.url.host in {None, "", "localhost", "127.0.0.1", "::1"}

    def acting_for(self, *organisation_ids: UUID) -> Database:
        """Return the same database for transactions in which PostgreSQL shows only what those organisations may see."""
        return Database(self.engine, acting_text(organisation_ids))

    def writer(self) -> Session:
        """Return a session whose transaction takes the write lock at once on SQLite (BEGIN IMMEDIATE)."""
        return Session(_writing(self.engine, self.acting), expire_on_commit=False)

    def reader(self) -> Session:
        """Return a session that sees one moment throughout and cannot write on PostgreSQL."""
        return Session(_reading(self.engine, self.acting), expire_on_commit=False)

    def library_version(self) -> str:
        """Return the database's name and version, for readiness and reports."""
        if self.is_sqlite:
            return f"SQLite {sqlite_module().sqlite_version}"
        with self.engine.connect() as connection:
            return f"PostgreSQL {connection.exec_driver_sql('SHOW server_version').scalar_one()}"


def sqlite_module() -> ModuleType:
    """Return the DB-API module with the newest SQLite library at hand."""
    module: ModuleType = _newest_sqlite
    return module


def open_database(url: str) -> Database:
    """Return the database at ``url``: ``sqlite:///path/to/file.db`` or ``postgresql://...``.

    An SQLite library with the WAL-reset bug is used by one process only: a second one is refused (``database.in_use``).
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number is a ValueError
        raise _not_ours() from error
    if parsed.get_backend_name() == "postgresql":
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=_CONNECTIONS_KEPT,
            max_overflow=_MOST_CONNECTIONS - _CONNECTIONS_KEPT,
            pool_use_lifo=True,
            pool_reset_on_return=None,
            hide_parameters=True,
            connect_args={"options": "-c jit=off -c TimeZone=UTC"},
        )
        event.listen(engine, "checkout", _check_still_open)
        event.listen(engine, "begin", _begin_postgresql_read)
        event.listen(engine, "rollback", _end_postgresql_read)
        event.listen(engine, "reset", _end_postgresql_transaction)
        watch(engine)
        return Database(engine)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise _not_ours()
    if sqlite_module().sqlite_version_info < SQLITE_WAL_RESET_FIX:
        _claim_for_this_process(parsed.database)
    engine = create_engine(
        parsed.set(drivername="sqlite"),
        module=sqlite_module(),
        poolclass=QueuePool,
        hide_parameters=True,
        pool_size=_CONNECTIONS_KEPT,
        max_overflow=_MOST_CONNECTIONS - _CONNECTIONS_KEPT,
        pool_use_lifo=True,
        pool_reset_on_return=None,
        connect_args={"check_same_thread": False, "cached_statements": _STATEMENTS},
    )
    event.listen(engine, "connect", _prepare_sqlite_connection)
    event.listen(engine, "begin", _begin_sqlite_transaction)
    event.listen(engine, "reset", _end_sqlite_transaction)
    return Database(engine)


@lru_cache(maxsize=_ENGINES_KEPT)
def _writing(engine: Engine, acting: str) -> Engine:
    return engine if engine.dialect.name == "sqlite" else engine.execution_options(**{ACTING: acting})


@lru_cache(maxsize=_ENGINES_KEPT)
def _reading(engine: Engine, acting: str) -> Engine:
    return engine.execution_options(**{READS_ONLY: True, ACTING: acting})


@contextmanager
def without_collection() -> Iterator[None]:
    """Keep Python from searching for cycles of garbage while rows are handled in bulk: they make none, and the search takes a sixth.

    For a batch or a piece of a file at a time, so that what others leave is still found. Two threads inside at once may see the
    search come back early, never stay away.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _not_ours() -> Invalid:
    return Invalid("database.url", "expected sqlite:///path/to/file.db or postgresql://user@host/name")


def json_text(value: Mapping[str, Any]) -> str:
    """Return a JSON object as sorted, compact text; NaN and infinities are refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _prepare_sqlite_connection(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # BEGIN is ours: see _begin_sqlite_transaction
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",  # else INSERT OR REPLACE deletes without firing the append-only triggers
        "busy_timeout=30000",
        "mmap_size=0",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite_transaction(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get(READS_ONLY, False)
    driver_connection = connection.connection.driver_connection
    assert driver_connection is not None, "an open connection has a driver connection"
    driver_connection.execute("BEGIN" if reads_only else "BEGIN IMMEDIATE")


# A connection that is given back is rolled back where a transaction is open, and only there: the session has ended its own, and a
# call to the driver for nothing lets other threads in, for more than it takes.


def _end_sqlite_transaction(connection: DBAPIConnection, _record: ConnectionPoolEntry, _state: PoolResetState) -> None:
    if connection.in_transaction:  # a COMMIT that failed, by a deferred key, leaves its transaction open
        connection.rollback()


def _check_still_open(connection: DBAPIConnection, _record: ConnectionPoolEntry, _fairy: PoolProxiedConnection) -> None:
    """Let a connection that the server has closed be replaced, and all opened before it: an idle one hears nothing but its end.

    To look whether something came costs a fiftieth of a round trip that asks.
    """
    if connection.closed:
        raise InvalidatePoolError
    waiting = select.poll()
    waiting.register(connection.pgconn.socket, select.POLLIN)
    if waiting.poll(0):
        raise InvalidatePoolError


def _begin_postgresql_read(connection: Connection) -> None:
    """Begin what sees one moment and cannot write, by one call of the driver's library: its own way there is several of Python's."""
    if not connection.get_execution_options().get(READS_ONLY, False):
        return
    begun = _psycopg_of(connection).pgconn.exec_(b"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    if begun.status != ExecStatus.COMMAND_OK:
        raise psycopg.OperationalError(begun.get_error_message())


def _end_postgresql_read(connection: Connection) -> None:
    """End by COMMIT what could only read: after a ROLLBACK the driver forgets the statements it prepared, and all are planned anew."""
    if not connection.get_execution_options().get(READS_ONLY, False):
        return
    driver = _psycopg_of(connection)
    if driver.pgconn.transaction_status == TransactionStatus.INTRANS:
        with suppress(psycopg.OperationalError):  # a lost connection is found by the rollback that follows
            driver.pgconn.exec_(b"COMMIT")


def _end_postgresql_transaction(
    connection: DBAPIConnection, _record: ConnectionPoolEntry, _state: PoolResetState
) -> None:
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        connection.rollback()


def _psycopg_of(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection), "PostgreSQL is reached through psycopg"
    return driver


_claims: dict[str, int] = {}


def _claim_for_this_process(path: str) -> None:
    full_path = os.path.realpath(path)
    if full_path in _claims:
        return
    descriptor = os.open(f"{full_path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise Conflict(
            "database.in_use",
            f"SQLite {sqlite_module().sqlite_version} can corrupt a file that two processes write (fixed in 3.51.3); "
            "stop the other process, install a newer SQLite, or use PostgreSQL",
            database=path,
        ) from error
    _claims[full_path] = descriptor
