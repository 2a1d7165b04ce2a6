"""A book of ten million postings on one account, filled by set-based SQL, for reads of that size only.

Rows of ``entry``, ``posting``, ``leaf``, ``balance`` and ``balance_day`` as the ledger writes them, two legs an entry, one of them on
the hot account; hashes and the text of leaves are short stand-ins, so the tree proves nothing and ``tonne check`` would say so. Guards are
out of force while it fills, on SQLite for good: the database is the benchmark's own and goes away with it.
"""

from __future__ import annotations

from typing import Any

from ledger.store.database import Database

_CHUNK = 1_000_000

_ENTRIES = (
    "INSERT INTO entry (book_id, seq, entry_id, request_hash, kind, effective_on, recorded_at, leg_count, actor_id, acting_for_id)"
    " SELECT {book}, n, {id}, {bytes}, 'general', {day}, b.last_recorded_at, 2, b.tenant_id, b.tenant_id"
    " FROM {numbers} CROSS JOIN book b WHERE b.book_id = {book}"
)
_POSTINGS = (
    "INSERT INTO posting (book_id, seq, line, account_id, commodity_id, amount, effective_on)"
    " SELECT {book}, n, line, CASE line WHEN 1 THEN 2 + n % {others} ELSE {hot} END, 1,"
    " (1 + n % 999) * (CASE line WHEN 1 THEN 1 ELSE -1 END), {day}"
    " FROM {numbers} CROSS JOIN (SELECT 1 AS line UNION ALL SELECT 2) AS l"
)
_LEAVES = "INSERT INTO leaf (book_id, seq, salt, canonical, leaf_hash) SELECT {book}, n, {bytes}, 'stand-in', {bytes} FROM {numbers}"
_DAYS = (
    "INSERT INTO balance_day (book_id, account_id, effective_on, delta)"
    " SELECT book_id, account_id, effective_on, sum(amount) FROM posting WHERE book_id = {book} AND seq > {size}"
    " GROUP BY book_id, account_id, effective_on"
    " ON CONFLICT (book_id, account_id, effective_on) DO UPDATE SET delta = balance_day.delta + excluded.delta"
)
_BALANCES = (
    "UPDATE balance SET posted = (SELECT sum(delta) FROM balance_day d WHERE d.book_id = balance.book_id"
    " AND d.account_id = balance.account_id) WHERE book_id = {book}"
    " AND EXISTS (SELECT 1 FROM balance_day d WHERE d.book_id = balance.book_id AND d.account_id = balance.account_id)"
)
_INDEX = "CREATE INDEX ix_posting_account_day ON posting (account_id, book_id, effective_on, seq, amount)"
_HEAD = "UPDATE book SET next_seq = {end} + 1, tree_size = {end} WHERE book_id = {book}"


def fill(database: Database, book_id: int, hot: int, *, entries: int, others: int, days: int) -> None:
    """Add ``entries`` to the book, each between account ``hot`` and one of ``others`` accounts from number 2 on, over ``days``."""
    borrowed = database.engine.raw_connection()
    connection: Any = borrowed.driver_connection
    size = connection.execute(f"SELECT tree_size FROM book WHERE book_id = {book_id}").fetchone()[0]
    end = size + entries
    _open_guards(connection, is_sqlite=database.is_sqlite)
    connection.execute("DROP INDEX ix_posting_account_day")  # made again below, sorted: five times as fast
    for start in range(size, end, _CHUNK):
        words = _words(database, start + 1, min(end, start + _CHUNK), days)
        for statement in (_POSTINGS, _ENTRIES, _LEAVES):
            connection.execute(statement.format(book=book_id, hot=hot, others=others, **words))
        if not database.is_sqlite:
            connection.commit()
            connection.execute("SET session_replication_role = replica")
    connection.execute(_INDEX)
    for statement in (_DAYS, _BALANCES, _HEAD):
        connection.execute(statement.format(book=book_id, size=size, end=end))
    if not database.is_sqlite:
        connection.execute("SET session_replication_role = origin")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM (ANALYZE)")
    connection.close()
    borrowed.invalidate()


def _open_guards(connection: Any, *, is_sqlite: bool) -> None:
    if not is_sqlite:
        connection.execute("SET session_replication_role = replica")
        return
    connection.execute("PRAGMA foreign_keys = OFF")
    for pragma in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -1000000", "threads = 2"):
        connection.execute(f"PRAGMA {pragma}")
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")


def _words(database: Database, first: int, last: int, days: int) -> dict[str, str]:
    """Return how an engine says the numbers of a chunk, a day, an id in order of time and 32 bytes."""
    if database.is_sqlite:
        return {
            "numbers": f"(WITH RECURSIVE c(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM c WHERE n < {last}) SELECT n FROM c) AS c",
            "day": f"date('2026-01-01', (n / 8000 % {days}) || ' days')",
            "id": "unhex(printf('%032x', n))",
            "bytes": "zeroblob(32)",
        }
    return {
        "numbers": f"generate_series({first}::bigint, {last}) AS c(n)",
        "day": f"date '2026-01-01' + (n / 8000 % {days})::int",
        "id": "lpad(to_hex(n), 32, '0')::uuid",
        "bytes": "decode(repeat('00', 32), 'hex')",
    }
