"""For whom a transaction acts: the setting that PostgreSQL's row security reads.

Owns how a transaction says so, in the round trip of its BEGIN. SQLite has no row security, and nothing is said there. Knows no table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from uuid import UUID

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

ACTING: Final = "tonne_acting"
"""The execution option of a session's engine: ``installation``, or ids of organisations with commas between."""

INSTALLATION: Final = "installation"
"""Acts for the installation itself, which jobs, the command line and the door do: every row is visible."""

_SETTING = "tonne.organisation_id"
_IS_EXEMPT = "tonne_is_exempt"
_STANDING = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
_BOUNDS = "set_config('lock_timeout', '5s', true), set_config('statement_timeout', '30s', true)"
"""An organisation's transaction waits 5 s for a lock, and no statement of it runs for more than 30 s."""


def acting_text(organisation_ids: tuple[UUID, ...]) -> str:
    """Return the setting's value for organisations, each once."""
    return ",".join(sorted({str(each) for each in organisation_ids}))


def is_bounded(bound: Engine | Connection) -> bool:
    """Return whether transactions of a session's engine begin with their bounds already: those of organisations do."""
    return bool(bound.get_execution_options().get(ACTING, INSTALLATION) != INSTALLATION)


def watch(engine: Engine) -> None:
    """Let every transaction of a PostgreSQL engine begin by saying for whom it acts; one without the option acts for nobody."""
    event.listen(engine, "connect", _ask_standing)
    event.listen(engine, "begin", _say_acting)


def act_only_for(session: Session, organisation_id: UUID) -> None:
    """Let the rest of a transaction of the installation act for one organisation: once it is known who calls."""
    connection = session.connection()
    if connection.dialect.name == "postgresql" and not connection.info[_IS_EXEMPT]:
        _set(session, str(organisation_id))


def act_also_for(session: Session, organisation_id: UUID) -> None:
    """Let the rest of the transaction act for one more organisation: who releases a pledge posts into its owner's book."""
    if (acting := _said(session)) not in {None, INSTALLATION} and str(organisation_id) not in str(acting).split(","):
        _set(session, f"{acting},{organisation_id}")


@contextmanager
def as_installation(session: Session) -> Iterator[None]:
    """Let the statements of the block see every organisation's rows: for a rule across them, or a record they share.

    Few and short: each place says why, and asks for what was named to a caller who was admitted to it.
    """
    acting = _said(session)
    if acting is None:
        yield
        return
    session.flush()  # what was added before is written for whom it was added
    _set(session, INSTALLATION)
    try:
        yield
    except BaseException:
        # A transaction that has failed takes no more statements, and a session whose flush failed says so itself.
        with suppress(DBAPIError, PendingRollbackError, psycopg.Error):
            _set(session, acting)
        raise
    session.flush()  # what the block added is written while it may be
    _set(session, acting)


def is_row_security_active(connection: psycopg.Connection[tuple[object, ...]], table: str) -> bool:
    """Return whether policies bind this transaction on ``table``: PostgreSQL has no COPY into such a table."""
    row = connection.execute("SELECT row_security_active(%s)", (table,)).fetchone()
    return row is not None and bool(row[0])


def _said(session: Session) -> str | None:
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return None
    said = connection.exec_driver_sql(f"SELECT current_setting('{_SETTING}', true)").scalar()
    return str(said) if said else None


def _set(session: Session, acting: str) -> None:
    session.connection().exec_driver_sql(f"SELECT set_config('{_SETTING}', %s, true)", (acting,))


def _ask_standing(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(_STANDING)
    row = cursor.fetchone()
    cursor.close()
    connection.rollback()
    assert row is not None, "whoever connects stands in pg_roles"
    record.info[_IS_EXEMPT] = row[0]


def _say_acting(connection: Connection) -> None:
    acting = connection.get_execution_options().get(ACTING)
    if not acting:
        return
    said = [f"set_config('{_SETTING}', %s, true)"]
    if acting == INSTALLATION:
        if connection.info[_IS_EXEMPT]:
            return
    else:
        said.append(_BOUNDS)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection), "PostgreSQL is reached through psycopg"
    with driver.pipeline():  # the BEGIN before it needs no round trip of its own
        driver.execute(f"SELECT {', '.join(said)}", (acting,))
