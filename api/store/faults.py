"""What a database error means for the request that met it: try again, say busy, or report a bug.

Owns the reading of driver error codes on both databases. Decides nothing about waiting or answering.
"""

from __future__ import annotations

from enum import StrEnum

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger.store.database import sqlite_module

_SQLITE_DRIVER = sqlite_module()

DATABASE_ERRORS: tuple[type[Exception], ...] = (DBAPIError, PoolTimeout, psycopg.Error, _SQLITE_DRIVER.Error)
"""How a database says no: through SQLAlchemy, or bare, as the ledger's hottest statements run on the driver itself."""

_LOST: tuple[type[Exception], ...] = (
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    _SQLITE_DRIVER.OperationalError,
    _SQLITE_DRIVER.InterfaceError,
)


class Fault(StrEnum):
    """The four meanings of a database error."""

    AGAIN = "again"  # another transaction was in the way; the same work may succeed now
    DUPLICATE = "duplicate"  # a unique key was taken meanwhile; the next attempt sees who has it
    UNAVAILABLE = "unavailable"  # the database does not answer, or not in time
    BUG = "bug"


_POSTGRES = {
    "40001": Fault.AGAIN,  # serialization_failure
    "40P01": Fault.AGAIN,  # deadlock_detected
    "23505": Fault.DUPLICATE,  # unique_violation
    "55P03": Fault.UNAVAILABLE,  # lock_not_available: lock_timeout passed
    "57014": Fault.UNAVAILABLE,  # query_canceled: statement_timeout passed
    "57P01": Fault.UNAVAILABLE,  # admin_shutdown
    "57P02": Fault.UNAVAILABLE,  # crash_shutdown
    "57P03": Fault.UNAVAILABLE,  # cannot_connect_now
    "53300": Fault.UNAVAILABLE,  # too_many_connections
    "53100": Fault.UNAVAILABLE,  # disk_full
}
"""SQLSTATE classes of PostgreSQL, appendix A of its manual."""

_SQLITE = {
    "SQLITE_BUSY": Fault.AGAIN,
    "SQLITE_LOCKED": Fault.AGAIN,
    "SQLITE_CONSTRAINT_UNIQUE": Fault.DUPLICATE,
    "SQLITE_CONSTRAINT_PRIMARYKEY": Fault.DUPLICATE,
    "SQLITE_FULL": Fault.UNAVAILABLE,
    "SQLITE_CANTOPEN": Fault.UNAVAILABLE,
    "SQLITE_IOERR": Fault.UNAVAILABLE,
}
"""Result code names of SQLite (https://www.sqlite.org/rescode.html); extended codes begin with their primary code."""


def fault_of(error: Exception) -> Fault:
    """Return what ``error`` means; an error that is not the database's is a bug."""
    if isinstance(error, PoolTimeout):
        return Fault.UNAVAILABLE
    if not isinstance(error, DATABASE_ERRORS):
        return Fault.BUG
    said = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(said, "sqlstate", None)
    if isinstance(state, str):
        return _POSTGRES.get(state, Fault.UNAVAILABLE if state.startswith("08") else Fault.BUG)
    name = getattr(said, "sqlite_errorname", None)
    if isinstance(name, str):
        return next((fault for code, fault in _SQLITE.items() if name.startswith(code)), Fault.BUG)
    if isinstance(said, Exception) and str(said).startswith(("database is locked", "database table is locked")):
        return Fault.AGAIN
    lost = isinstance(error, _LOST) and not str(said).startswith("no such")
    return Fault.UNAVAILABLE if getattr(error, "connection_invalidated", False) or lost else Fault.BUG
