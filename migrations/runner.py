"""Brings a database's schema to a version, up or down, and reads the SQL that Alembic cannot express.

The schema is made by these versions only; nothing ever calls ``create_all``.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine

from ledger.store.acting import ACTING, INSTALLATION
from ledger.store.database import Database

_HERE = Path(__file__).parent


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema up to ``revision`` and commit each version; running it again changes nothing."""
    with _as_installation(database).connect() as connection:
        command.upgrade(_config(connection), revision)
        if connection.dialect.name == "postgresql":
            for statement in statements("application_rights", "postgresql"):
                connection.execute(text(statement))
        connection.commit()


def downgrade(database: Database, revision: str) -> None:
    """Take the schema down to ``revision`` (``base`` empties the database) and commit."""
    with _as_installation(database).connect() as connection:
        command.downgrade(_config(connection), revision)
        connection.commit()


def check(database: Database) -> None:
    """Raise if the models and the migrated schema differ."""
    with database.engine.connect() as connection:
        command.check(_config(connection))


def is_current(database: Database) -> bool:
    """Return whether the schema stands at the newest version."""
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
        return set(current) == set(ScriptDirectory(str(_HERE)).get_heads())


def statements(name: str, dialect: str) -> tuple[str, ...]:
    """Return the statements of ``sql/<name>.<dialect>.sql``; they are separated by lines that say ``-- next``."""
    text = (_HERE / "sql" / f"{name}.{dialect}.sql").read_text(encoding="utf-8")
    return tuple(part.strip() for part in text.split("-- next\n") if part.strip())


def _as_installation(database: Database) -> Engine:
    """Return the engine of a version that fills a new column: without saying for whom it acts it would see no row."""
    return database.engine.execution_options(**{ACTING: INSTALLATION})


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    return config
