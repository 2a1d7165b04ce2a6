"""What a database error means for the request that met it: try again, say busy, or report a bug.

Owns the reading of driver error codes on both databases. Decides nothing about waiting or answering.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


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
    if not isinstance(error, DBAPIError):
        return Fault.BUG
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        return _POSTGRES.get(state, Fault.UNAVAILABLE if state.startswith("08") else Fault.BUG)
    name = getattr(error.orig, "sqlite_errorname", None)
    if isinstance(name, str):
        return next((fault for code, fault in _SQLITE.items() if name.startswith(code)), Fault.BUG)
    if isinstance(error.orig, Exception) and str(error.orig).startswith(
        ("database is locked", "database table is locked")
    ):
        return Fault.AGAIN
    lost = isinstance(error, OperationalError | InterfaceError) and not str(error.orig).startswith("no such")
    return Fault.UNAVAILABLE if error.connection_invalidated or lost else Fault.BUG
