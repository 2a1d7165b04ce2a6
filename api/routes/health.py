"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from api.auth.policy import PUBLIC, Routes
from api.deps import ThisCall
from api.errors import Unavailable
from api.schemas.base import Schema
from ledger.store.database import READS_ONLY, Database
from migrations import runner

routes = Routes(tag="health", prefix="/health")


class LiveOut(Schema):
    """The process answers."""

    status: str


class ReadyOut(Schema):
    """The database answers and has the schema this release expects."""

    status: str
    database: str


@routes.get("/live", policy=PUBLIC)
def read_liveness() -> LiveOut:
    """Return at once; the database is not asked."""
    return LiveOut(status="live")


@routes.get("/ready", policy=PUBLIC)
def read_readiness(call: ThisCall) -> ReadyOut:
    """Return the database library's version, or 503 while the database does not answer or its schema is not current."""
    reading = Database(call.database.engine.execution_options(**{READS_ONLY: True}))
    try:
        is_current = runner.is_current(reading)
        version = call.database.library_version()
    except DBAPIError as error:
        raise Unavailable("database.unavailable", "the database does not answer") from error
    if not is_current:
        raise Unavailable("database.schema_old", "the database's schema is not current; run: tonne migrate")
    return ReadyOut(status="ready", database=version)
