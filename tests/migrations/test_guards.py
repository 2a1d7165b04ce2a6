"""The guards of each database after migrating: every one is there, and none that no file declares."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import migrations
from ledger.store.database import Database
from migrations import runner
from tests.conftest import ENGINES
from tests.store.books import FACTS, LEDGER_TABLES

_SQL = Path(migrations.__file__).parent / "sql"
ROW_SECURITY = {"row_security", "row_security_drop", "application_rights"}
"""What PostgreSQL alone has; the last is run after every upgrade."""
_IDENTITY = {"book_identity", "account_identity", "book_no_delete", "account_no_delete"}
LEDGER_TRIGGERS = {
    "postgresql": {
        *(f"{fact}_append_only" for fact in (*FACTS, "commodity")),
        *(f"{table}_no_truncate" for table in LEDGER_TABLES),
        *_IDENTITY,
        "posting_seal",
        "leaf_seal",
        "entry_place",
        "book_complete",
        "serial_block_apart",
    },
    "sqlite": {
        *(f"{fact}_no_{change}" for fact in (*FACTS, "commodity") for change in ("update", "delete")),
        *(f"{table}_no_replace" for table in (*FACTS, "commodity", "book", "account") if table != "posting"),
        *_IDENTITY,
        "posting_not_late",
        "entry_seal",
        "serial_block_apart",
        "serial_block_apart_update",
    },
}


def triggers(database: Database) -> dict[str, str]:
    """Return the table of each trigger by its name."""
    query = (
        "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger'"
        if database.is_sqlite
        else "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
    )
    with database.engine.connect() as connection:
        return {row[0]: row[1] for row in connection.exec_driver_sql(query)}


def test_every_guard_of_the_ledger_stands_on_its_table(database: Database) -> None:
    found = triggers(database)
    expected = LEDGER_TRIGGERS["sqlite" if database.is_sqlite else "postgresql"]

    ours = {name for name, table in found.items() if table in LEDGER_TABLES}

    assert ours == expected
    for name in ours:
        assert name.startswith(found[name] + "_")


def test_every_trigger_is_declared_in_a_file(database: Database) -> None:
    dialect = "sqlite" if database.is_sqlite else "postgresql"
    declared = "\n".join(path.read_text(encoding="utf-8") for path in _SQL.glob(f"*.{dialect}.sql"))

    for name, table in triggers(database).items():
        by_name = re.search(rf"CREATE (?:CONSTRAINT )?TRIGGER {name}\b", declared)
        in_loop = f"'{name.removeprefix(table)}'" in declared and f"'{table}'" in declared
        assert by_name or in_loop, f"{name} on {table} is in no file of migrations/sql: declare it there"


@pytest.mark.parametrize("engine", ENGINES)
def test_each_guard_file_has_a_twin_for_the_other_engine_and_a_way_down(engine: str) -> None:
    names = {path.name.split(".")[0] for path in _SQL.glob("*.sql")} - ROW_SECURITY

    for name in names:
        assert (_SQL / f"{name}.{engine}.sql").is_file()
        runner.statements(name, engine)
    assert {f"{name}_drop" for name in names if not name.endswith("_drop")} <= names


def test_every_sqlite_table_is_strict_and_every_postgresql_amount_is_a_bigint(database: Database) -> None:
    if database.is_sqlite:
        query = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict"
        allowed = {"sqlite_schema", "alembic_version"}
    else:
        query = (
            "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('real', 'double precision', 'money', 'numeric')"
            " AND table_name IN ('posting', 'balance', 'balance_day', 'lot', 'lot_move', 'lot_position', 'commodity', 'book')"
        )
        allowed = set()
    with database.engine.connect() as connection:
        found = {row[0] for row in connection.exec_driver_sql(query)}

    assert found <= allowed, f"not exact: {sorted(found - allowed)}"


def test_no_column_is_a_floating_point_number(database: Database) -> None:
    query = (
        "SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND upper(c.type) IN ('REAL', 'FLOAT', 'DOUBLE', 'NUMERIC')"
        if database.is_sqlite
        else "SELECT table_name || '.' || column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type IN ('real', 'double precision', 'money')"
    )

    with database.engine.connect() as connection:
        assert connection.exec_driver_sql(query).fetchall() == []
