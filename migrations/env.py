"""Alembic's entry: runs the versions on the connection that the caller hands over, or on TONNE_DATABASE_URL."""

from __future__ import annotations

import os
from typing import Any

from alembic import context
from sqlalchemy.engine import Connection

from ledger.store.database import open_database
from migrations.tables import metadata


def _is_compared(item: Any, _name: str | None, _kind: str, _reflected: bool, _other: Any) -> bool:  # noqa: FBT001 - Alembic's call
    """Leave out a foreign key that a model keeps on the other database only."""
    return context.get_context().dialect.name in item.info.get("engines", context.get_context().dialect.name)


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_type=True,
        include_object=_is_compared,
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if isinstance(handed_over, Connection):
    _run(handed_over)
else:
    with open_database(os.environ["TONNE_DATABASE_URL"]).engine.connect() as own:
        _run(own)
        own.commit()
