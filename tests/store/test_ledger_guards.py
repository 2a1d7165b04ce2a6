"""Raw SQL against the database itself: whoever bypasses the ledger's code meets its last guard, and nothing has changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from ledger.store.database import Database, sqlite_module
from tests.store.books import FACTS, LEDGER_TABLES, ExampleBook, open_example, snapshot
from tests.strategies import CASH, GAIN, transfer

NEXT = 9
"""Where the next entry of the example book goes."""

_DAY = "'2025-02-01'"
_UUID = {
    "sqlite": "x'00000000000070008000000000000{0:03x}'",
    "postgresql": "'00000000-0000-7000-8000-000000000{0:03x}'",
}
_BYTES = {"sqlite": "x'00'", "postgresql": "'\\x00'"}


def run(database: Database, *statements: str) -> None:
    """Run statements in one transaction and commit."""
    with database.engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


def refused(book: ExampleBook, *statements: str) -> str:
    """Return the database's message after checking that it refused and that nothing changed."""
    before = snapshot(book.database)
    with pytest.raises(DBAPIError) as error:
        run(book.database, *statements)
    assert snapshot(book.database) == before
    return str(error.value.orig)


def engine_of(book: ExampleBook) -> str:
    return book.database.engine.dialect.name


def entry_row(engine: str, seq: int, *, legs: int, day: str = _DAY, number: int = 9, reverses: str = "NULL") -> str:
    key, any_bytes = _UUID[engine].format(number), _BYTES[engine]
    return (
        "INSERT INTO entry (book_id, seq, entry_id, request_hash, kind, effective_on, recorded_at, leg_count, reverses_seq,"
        f" actor_id, acting_for_id) VALUES (1, {seq}, {key}, {any_bytes}, 'general', {day},"
        f" '2026-01-06T00:00:00.000000+00:00', {legs}, {reverses}, {key}, {key})"
    )


def posting_rows(seq: int, *legs: tuple[int, int, int], day: str = _DAY) -> str:
    values = ", ".join(f"(1, {seq}, {line}, {account}, 1, {amount}, {day})" for line, account, amount in legs)
    return f"INSERT INTO posting (book_id, seq, line, account_id, commodity_id, amount, effective_on) VALUES {values}"


def leaf_row(engine: str, seq: int) -> str:
    return f"INSERT INTO leaf (book_id, seq, salt, canonical, leaf_hash) VALUES (1, {seq}, {_BYTES[engine]}, '{{}}', {_BYTES[engine]})"


def in_order(engine: str, entry: str, postings: str) -> Sequence[str]:
    """Return the two inserts in the engine's own order: postings first on SQLite, the entry first on PostgreSQL."""
    return (postings, entry) if engine == "sqlite" else (entry, postings)


def test_a_whole_entry_by_raw_sql_is_the_measure_that_the_refusals_below_are_for_what_they_say(
    full: ExampleBook,
) -> None:
    engine = engine_of(full)

    run(
        full.database,
        *in_order(engine, entry_row(engine, NEXT, legs=2), posting_rows(NEXT, (1, 4, 5), (2, 6, -5))),
        leaf_row(engine, NEXT),
        "UPDATE book SET next_seq = next_seq + 1, tree_size = tree_size + 1 WHERE book_id = 1",
    )

    assert len(snapshot(full.database)["entry"]) == NEXT


@pytest.mark.parametrize("table", [*FACTS, "commodity"])
@pytest.mark.parametrize("statement", ["UPDATE {0} SET book_id = book_id", "DELETE FROM {0}"])
def test_no_fact_is_updated_or_deleted(standing: ExampleBook, table: str, statement: str) -> None:
    assert snapshot(standing.database)[table]

    assert "ledger.append_only" in refused(standing, statement.format(table))


@pytest.mark.parametrize("table", ["book", "account"])
def test_no_book_or_account_is_deleted(standing: ExampleBook, table: str) -> None:
    assert "ledger.append_only" in refused(standing, f"DELETE FROM {table}")


@pytest.mark.parametrize("table", LEDGER_TABLES)
def test_no_table_is_truncated(standing: ExampleBook, table: str) -> None:
    if engine_of(standing) == "postgresql":
        assert "ledger.append_only" in refused(standing, f"TRUNCATE {table} CASCADE")
    elif table in (*FACTS, "commodity", "book", "account"):  # SQLite's TRUNCATE is a DELETE without a WHERE
        assert "ledger.append_only" in refused(standing, f"DELETE FROM {table}")


@pytest.mark.parametrize("table", [*FACTS, "commodity", "book", "account"])
def test_no_row_is_replaced_even_by_a_connection_without_recursive_triggers_and_foreign_keys(
    standing: ExampleBook, table: str
) -> None:
    if engine_of(standing) == "postgresql":
        keys = {"request": "book_id, entry_id", "book": "book_id", "account": "book_id, account_id"}
        keys |= {"commodity": "book_id, commodity_id", "lot": "book_id, lot_id", "leaf": "book_id, seq"}
        keys |= {"serial_move": "book_id, seq, line, lot_id, prefix, first"}
        keys |= {"hold": "book_id, hold_id", "hold_move": "book_id, seq, hold_id, lot_id"}
        keys |= {"entry": "book_id, seq", "posting": "book_id, seq, line", "lot_move": "book_id, seq, line, lot_id"}
        change = "tree_peaks = '\\x00'" if table == "book" else "book_id = 99"
        refused(
            standing, f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ({keys[table]}) DO UPDATE SET {change}"
        )
        return
    before = snapshot(standing.database)
    module = sqlite_module()
    connection = module.connect(str(standing.database.engine.url.database), isolation_level=None)
    for pragma in ("recursive_triggers=OFF", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}")

    with pytest.raises(module.DatabaseError, match=r"ledger\."):
        connection.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")

    connection.close()
    assert snapshot(standing.database) == before


def test_no_row_is_replaced_through_another_unique_key(full: ExampleBook) -> None:
    engine = engine_of(full)
    if engine == "postgresql":
        assert "uq_entry_reverses_seq" in refused(full, entry_row(engine, NEXT, legs=2, reverses="4"))
        return
    other = open_example(full.database, book_uuid=UUID(int=8), code="other")
    before = snapshot(full.database)
    module = sqlite_module()
    connection = module.connect(str(full.database.engine.url.database), isolation_level=None)
    connection.execute("PRAGMA recursive_triggers=OFF")

    for statement in (
        entry_row(engine, NEXT, legs=2, reverses="4").replace("INSERT", "INSERT OR REPLACE"),
        (
            "INSERT OR REPLACE INTO account SELECT book_id, 99, path, type, commodity_id, lot_method, opened_on, closed_on, attrs"
            " FROM account WHERE account_id = 1"
        ),
        "INSERT OR REPLACE INTO commodity SELECT book_id, 99, code, kind, scale, step, attrs FROM commodity WHERE commodity_id = 1",
        f"UPDATE OR REPLACE book SET code = 'smelter' WHERE book_id = {other.book_id}",
    ):
        with pytest.raises(module.DatabaseError, match=r"ledger\."):
            connection.execute(statement)

    connection.close()
    assert snapshot(full.database) == before


@pytest.mark.parametrize(
    ("legs", "rows", "day"),
    [
        pytest.param(2, ((1, 4, 5), (2, 6, -4)), _DAY, id="does not sum to zero"),
        pytest.param(2, ((1, 4, 5), (2, 6, -5), (3, 4, 1)), _DAY, id="a leg more"),
        pytest.param(3, ((1, 4, 5), (2, 6, -5)), _DAY, id="a leg less"),
        pytest.param(2, ((1, 4, 5),), _DAY, id="one leg"),
        pytest.param(2, ((1, 4, 5), (3, 6, -5)), _DAY, id="a gap in the lines"),
        pytest.param(2, ((0, 4, 5), (1, 6, -5)), _DAY, id="lines from zero"),
        pytest.param(2, ((1, 4, 5), (2, 6, -5)), "'2025-02-02'", id="another day"),
        pytest.param(2, ((1, 4, 5), (2, 6, -5), (3, 4, 0)), _DAY, id="a leg of nothing"),
        pytest.param(1, ((1, 4, 5),), _DAY, id="an entry of one leg"),
    ],
)
def test_an_entry_that_is_not_whole_is_refused(
    standing: ExampleBook, legs: int, rows: tuple[tuple[int, int, int], ...], day: str
) -> None:
    engine = engine_of(standing)

    message = refused(
        standing, *in_order(engine, entry_row(engine, NEXT, legs=legs), posting_rows(NEXT, *rows, day=day))
    )

    assert re.search(r"ledger\.entry_|ck_|CHECK", message)


def test_an_entry_that_balances_only_across_commodities_is_refused(standing: ExampleBook) -> None:
    engine = engine_of(standing)
    tonnes = posting_rows(NEXT, (1, 4, 5), (2, 3, -5)).replace(f"(1, {NEXT}, 2, 3, 1,", f"(1, {NEXT}, 2, 3, 2,")

    assert "ledger.entry_unbalanced" in refused(standing, *in_order(engine, entry_row(engine, NEXT, legs=2), tonnes))


def test_an_entry_without_any_legs_is_refused(standing: ExampleBook) -> None:
    assert "ledger.entry_incomplete" in refused(standing, entry_row(engine_of(standing), NEXT, legs=2))


def test_a_leaf_without_an_entry_is_refused(standing: ExampleBook) -> None:
    assert re.search(r"ledger\.leaf_without_entry|FOREIGN KEY", refused(standing, leaf_row(engine_of(standing), NEXT)))


def test_a_leg_of_an_account_that_is_not_there_is_refused(standing: ExampleBook) -> None:
    engine = engine_of(standing)
    legs = posting_rows(NEXT, (1, 4, 5), (2, 999, -5))

    message = refused(standing, *in_order(engine, entry_row(engine, NEXT, legs=2), legs), leaf_row(engine, NEXT))

    assert re.search(r"ledger\.account_unknown|FOREIGN KEY", message)


@pytest.mark.parametrize("missing", ["the leaf", "the book's count", "a place in order"])
def test_postgresql_takes_an_entry_only_with_its_leaf_and_counted_by_its_book(full: ExampleBook, missing: str) -> None:
    engine = engine_of(full)
    seq = NEXT + 1 if missing == "a place in order" else NEXT
    whole = [
        *in_order(engine, entry_row(engine, seq, legs=2), posting_rows(seq, (1, 4, 5), (2, 6, -5))),
        *([] if missing == "the leaf" else [leaf_row(engine, seq)]),
        *(
            []
            if missing == "the book's count"
            else ["UPDATE book SET next_seq = next_seq + 1, tree_size = tree_size + 1"]
        ),
    ]

    if engine == "postgresql":
        assert "ledger.entry_incomplete" in refused(full, *whole)
        return
    run(
        full.database, *whole
    )  # SQLite judges each row as it comes; what is left over is for the check of the book to find

    assert len(snapshot(full.database)["entry"]) == NEXT


def test_legs_without_an_entry_are_refused(standing: ExampleBook) -> None:
    message = refused(standing, posting_rows(NEXT, (1, 4, 5), (2, 6, -5)))

    assert re.search(r"ledger\.entry_incomplete|FOREIGN KEY", message)


def test_legs_that_come_one_statement_after_the_other_do_not_add_to_a_sealed_entry(standing: ExampleBook) -> None:
    assert "ledger.entry_incomplete" in refused(standing, posting_rows(1, (3, 4, 5), (4, 6, -5), day="'2025-01-01'"))
    assert "ledger." in refused(standing, posting_rows(1, (3, 4, 5), day="'2025-01-01'"))


def test_a_leg_in_the_wrong_commodity_of_its_account_is_refused(standing: ExampleBook) -> None:
    engine = engine_of(standing)
    legs = posting_rows(NEXT, (1, 1, 5), (2, 3, -5))

    refused(standing, *in_order(engine, entry_row(engine, NEXT, legs=2), legs))


def test_postgresql_copy_meets_the_same_seal(standing: ExampleBook) -> None:
    if engine_of(standing) == "sqlite":
        assert not hasattr(
            standing.database.engine.dialect, "copy"
        )  # there is no COPY; executemany is what the others test
        return
    before = snapshot(standing.database)
    with standing.database.engine.connect() as connection:
        connection.exec_driver_sql(entry_row("postgresql", NEXT, legs=2))
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        with (
            pytest.raises(psycopg.errors.RestrictViolation, match=r"ledger\.entry_unbalanced"),
            driver.cursor() as cursor,
            cursor.copy(
                b"COPY posting (book_id, seq, line, account_id, commodity_id, amount, effective_on) FROM STDIN"
            ) as copy,
        ):
            copy.write(f"1\t{NEXT}\t1\t4\t1\t5\t2025-02-01\n1\t{NEXT}\t2\t6\t1\t-4\t2025-02-01\n")
        connection.rollback()
    assert snapshot(standing.database) == before


def test_an_entry_on_a_day_of_a_closed_period_is_refused(standing: ExampleBook) -> None:
    engine, day = engine_of(standing), "'2025-01-01'"
    legs = posting_rows(NEXT, (1, 4, 5), (2, 6, -5), day=day)

    message = refused(standing, *in_order(engine, entry_row(engine, NEXT, legs=2, day=day), legs))

    assert "ledger.period_closed" in message


def test_a_second_reversal_of_the_same_entry_is_refused(standing: ExampleBook) -> None:
    engine = engine_of(standing)
    legs = posting_rows(NEXT, (1, 4, -1), (2, 6, 1))

    refused(standing, *in_order(engine, entry_row(engine, NEXT, legs=2, reverses="4"), legs))


@pytest.mark.parametrize(
    "change",
    [
        "posted = floor - 1 WHERE account_id = 4",
        "held = 100000 WHERE account_id = 4",
        "held = -1 WHERE account_id = 6",
        "posted = ceiling + 1 WHERE account_id = 8",
        "floor = 1 WHERE account_id = 8",
        "ceiling = -1 WHERE account_id = 8",
    ],
)
def test_no_balance_leaves_its_limits(standing: ExampleBook, change: str) -> None:
    refused(standing, f"UPDATE balance SET {change}")


@pytest.mark.parametrize("change", ["qty = -1", "cost = -1"])
def test_no_lot_goes_below_zero(standing: ExampleBook, change: str) -> None:
    refused(standing, f"UPDATE lot_position SET {change}")


@pytest.mark.parametrize(
    "change",
    [
        "next_seq = next_seq - 1, tree_size = tree_size - 1",
        "next_seq = next_seq + 1",
        "last_recorded_at = '2020-01-01T00:00:00.000000+00:00'",
        "functional_currency = 'EUR'",
        "code = 'renamed'",
        "book_id = 7",
        "locked_through = NULL",
        "locked_through = '2024-12-31'",
        "tree_peaks = {bytes}",
        "book_uuid = {uuid}",
        "tenant_id = {uuid}",
    ],
)
def test_a_book_keeps_its_identity_its_order_its_closed_days_and_its_tree(standing: ExampleBook, change: str) -> None:
    engine = engine_of(standing)

    refused(standing, f"UPDATE book SET {change.format(bytes=_BYTES[engine], uuid=_UUID[engine].format(1))}")


@pytest.mark.parametrize(
    "change",
    [
        "path = 'Assets:Other'",
        "type = 'equity'",
        "commodity_id = 2",
        "lot_method = 'fifo'",
        "opened_on = '2020-01-01'",
        "account_id = 99",
        "closed_on = '2020-01-01'",
    ],
)
def test_an_account_keeps_its_identity(standing: ExampleBook, change: str) -> None:
    refused(standing, f"UPDATE account SET {change} WHERE account_id = 4")


@pytest.mark.parametrize("value", ["'abc'", "'1.5'", "1.5", "'9223372036854775808'", "9223372036854775808"])
def test_an_amount_that_is_no_64_bit_integer_is_refused(standing: ExampleBook, value: str) -> None:
    engine = engine_of(standing)
    if engine == "postgresql" and value == "1.5":
        value = "CAST('NaN' AS float8)"  # PostgreSQL rounds a literal; what is no number at all it refuses
    legs = posting_rows(NEXT, (1, 4, 5), (2, 6, -5)).replace("1, 5,", f"1, {value},")

    refused(standing, *in_order(engine, entry_row(engine, NEXT, legs=2), legs))


@pytest.mark.parametrize("table", ["posting", "leaf", "lot_move"])
def test_no_fact_is_added_to_an_entry_that_is_not_there(standing: ExampleBook, table: str) -> None:
    names = {
        "posting": "INSERT INTO posting SELECT book_id, 77, line, account_id, commodity_id, amount, effective_on FROM posting"
        " WHERE seq = 1",
        "leaf": "INSERT INTO leaf SELECT book_id, 77, salt, canonical, leaf_hash FROM leaf WHERE seq = 1",
        "lot_move": "INSERT INTO lot_move SELECT book_id, 77, line, lot_id, qty, cost FROM lot_move",
    }

    refused(standing, names[table])


def test_the_readers_session_cannot_write_on_postgresql_and_sees_one_moment(full: ExampleBook) -> None:
    with full.database.reader() as session:
        first = session.connection().exec_driver_sql("SELECT count(*) FROM entry").scalar_one()
        full.accept(transfer(50, GAIN, CASH, 1, day=date(2025, 2, 1)))
        again = session.connection().exec_driver_sql("SELECT count(*) FROM entry").scalar_one()
        assert first == again == NEXT - 1
        if not full.database.is_sqlite:
            with pytest.raises(DBAPIError, match="read-only"):
                session.connection().exec_driver_sql("UPDATE balance SET held = held")


def test_a_batch_that_fails_half_way_leaves_nothing(full: ExampleBook) -> None:
    before = snapshot(full.database)
    if full.database.is_sqlite:
        run(full.database, "CREATE TRIGGER broken BEFORE UPDATE ON balance BEGIN SELECT RAISE(ABORT, 'broken'); END")
        kinds: tuple[type[Exception], ...] = (sqlite_module().DatabaseError,)
    else:
        run(
            full.database,
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$",
            "CREATE TRIGGER broken BEFORE UPDATE ON balance FOR EACH ROW EXECUTE FUNCTION broken()",
        )
        kinds = (DBAPIError, psycopg.Error)

    with pytest.raises(kinds, match="broken"):
        full.post(transfer(50, GAIN, CASH, 1, day=date(2025, 2, 1)))

    assert snapshot(full.database) == before
