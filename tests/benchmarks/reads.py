"""How fast a book is read, checked and verified: balance now, as of a past day, a statement's page, ``tonne check``, the offline verifier.

``rows`` gives rows of ``tests.benchmarks.posting`` for a book that holds one account in every entry. Raw: the plainest statement on the
bare driver that finds the same figure. Measures only; asserts nothing about time.
"""

from __future__ import annotations

import io
import os
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import tonne_verify
from ledger import checking, proofs
from ledger.core.checkpoint import Signer
from ledger.store import balances, reports, statements
from ledger.store.database import Database
from ledger.store.reading import run
from tests.benchmarks import posting as bench

_HOT = "Assets:Bench:A0"
_NOW = datetime(2026, 11, 21, tzinfo=UTC)
_DAY = date(2026, 1, 15)
_REPEATS = 60


def rows(database: Database, engine: str, book_id: int, entries: int) -> list[bench.Row]:
    """Return the rows of a book grown by ``entries`` with the hot account in each."""
    _grow(database, book_id, entries)
    found = []
    with database.reader() as session:
        account = run(
            session, "SELECT account_id FROM account WHERE path = ? AND book_id = ?", _HOT, book_id
        ).fetchone()[0]
        size = reports.record_point(session, book_id).seq
        on_day = (statements.account_at(session, book_id, _HOT),)
        place = statements.StatementPlace(_DAY, 0, 0)

        def page() -> object:
            opening = statements.balances_before(session, book_id, on_day, known=size, upto=place)
            return statements.page(
                session, book_id, on_day, as_of=date.max, known=size, after=place, opening=opening, limit=100
            )

        one_row = "SELECT posted FROM balance WHERE book_id = ? AND account_id = ?"
        summed = "SELECT sum(amount) FROM posting WHERE account_id = ? AND book_id = ? AND effective_on <= ?"
        day = _DAY.isoformat()
        cases: list[tuple[str, Callable[[], object], Callable[[], object] | None]] = [
            (
                "balance_now",
                lambda: balances.balance_now(session, book_id, _HOT, now=_NOW),
                lambda: run(session, one_row, book_id, account).fetchone(),
            ),
            (
                "balance_as_of",
                lambda: reports.balance_as_of(session, book_id, _HOT, as_of=_DAY),
                lambda: run(session, summed, account, book_id, day).fetchone(),
            ),
            (
                "balance_as_of_known",
                lambda: reports.balance_as_of(session, book_id, _HOT, as_of=_DAY, known=size - 1_000),
                None,
            ),
            ("statement_page", page, None),
        ]
        for case, ours, raw in cases:
            mine = _median_us(ours)
            note = f"{mine / 1000:.2f} ms median, account of {entries:,} postings"
            if raw is not None:
                theirs = _median_us(raw)
                note += f"; bare driver {theirs / 1000:.2f} ms, {mine / theirs:.2f} times"
            found.append(_row(engine, case, note=note))
    return [*found, *_whole_book(database, engine, book_id)]


def _whole_book(database: Database, engine: str, book_id: int) -> list[bench.Row]:
    """Return how many entries a second the check and the verifier go through."""
    with database.reader() as session:
        started = time.perf_counter()
        checked = checking.check_book(session, book_id)
        check_s = time.perf_counter() - started
    assert checked.is_sound, checked.findings
    key = Ed25519PrivateKey.generate()
    signer = Signer(key.public_key().public_bytes_raw(), key.sign)
    with database.writer() as session:
        proofs.publish_checkpoint(session, book_id, signer, now=_NOW)
        session.commit()
    with database.reader() as session:
        bundle = io.BytesIO()
        proofs.write_bundle(session, book_id, bundle)
    bundle.seek(0)
    started = time.perf_counter()
    tonne_verify.verify_bundle(bundle, pinned=key.public_key().public_bytes_raw())
    verify_s = time.perf_counter() - started
    return [
        _row(engine, "check", speed=int(checked.entries / check_s), note=f"{checked.entries:,} entries"),
        _row(engine, "verify", speed=int(checked.entries / verify_s), note=f"{checked.entries:,} entries"),
    ]


def _row(engine: str, case: str, *, speed: int | None = None, note: str) -> bench.Row:
    return {
        "engine": engine,
        "case": case,
        "batch": None,
        "entries_per_s": speed,
        "raw_entries_per_s": None,
        "ratio": None,
        "note": note,
    }


def _grow(database: Database, book_id: int, entries: int) -> None:
    rng = random.Random(entries)
    for _ in range(0, entries, bench.BATCHES[-1]):
        bench.post_all(database, book_id, [bench.make_drafts(rng, bench.BATCHES[-1], hot=_HOT)])
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
    os.sync()


def _median_us(work: Callable[[], object]) -> float:
    work()
    return statistics.median(bench.timed(work) for _ in range(_REPEATS)) * 10**6
