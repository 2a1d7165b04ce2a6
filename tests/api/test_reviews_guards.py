"""Reviews in both databases: only ever added, one answer to a query, about exactly one thing."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger.store.database import Database
from tests.api.test_loans_examples import World, world

__all__ = ["world"]


@pytest.fixture
def reviewed(world: World) -> World:
    chain = world.attested()
    period = world.get(world.lender, f"/kpi-periods/{chain.period_id}").json()
    body = {"what": "queried", "sha256": period["snapshot_sha256"], "reason": "why?"}
    world.done(world.post(world.lender, f"/kpi-periods/{chain.period_id}/reviews", body))
    return world


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE loan_review SET reason = 'other'",
        "DELETE FROM loan_review",
        "INSERT INTO loan_review SELECT * FROM loan_review",
    ],
)
def test_nothing_said_can_be_changed_or_taken_back(reviewed: World, database: Database, change: str) -> None:
    with database.writer() as session, pytest.raises(DBAPIError):
        session.execute(text(change))


def test_sqlite_replaces_nothing_and_postgresql_empties_nothing(reviewed: World, database: Database) -> None:
    change = (
        "INSERT OR REPLACE INTO loan_review SELECT * FROM loan_review"
        if database.is_sqlite
        else "TRUNCATE loan_review CASCADE"
    )

    with database.writer() as session, pytest.raises(DBAPIError):
        session.execute(text(change))


@pytest.mark.parametrize("column", ["kpi_period_id = NULL", "what = 'praised'", "number = 0"])
def test_a_row_that_is_about_nothing_is_refused_by_the_table_itself(
    reviewed: World, database: Database, column: str
) -> None:
    name, _, value = column.partition(" = ")
    names = [
        "review_id",
        "facility_id",
        "number",
        "kpi_period_id",
        "determination_id",
        "subject_sha256",
        "what",
        "answers_id",
        "reason",
        "recorded_at",
        "actor_id",
        "acting_for_id",
    ]
    own = {"review_id": "actor_id", "number": "number + 1", name: value}
    chosen = ", ".join(own.get(each, each) for each in names)

    with database.writer() as session, pytest.raises(DBAPIError, match=r"(?i)check"):
        session.execute(text(f"INSERT INTO loan_review ({', '.join(names)}) SELECT {chosen} FROM loan_review"))
