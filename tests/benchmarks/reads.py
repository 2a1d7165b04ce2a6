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
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

import tonne_verify
from ledger import checking, proofs
from ledger.check_pieces import Apart
from ledger.core.checkpoint import Signer
from ledger.store import balances, reports, statements
from ledger.store.database import Database, open_database
from ledger.store.reading import run
from ledger.store.statements import StatementAccount, StatementPlace
from tests.benchmarks import filling, shares
from tests.benchmarks import posting as bench

_HOT = "Assets:Bench:A0"
_NOW = datetime(2026, 11, 21, tzinfo=UTC)
_DAY = date(2026, 1, 15)
_REPEATS = 60
_LEAST, _LONGEST_S = 7, 6.0
_TEN_MILLION = 10_000_000
_DAYS = 28
"""Business days that the benchmark's entries lie on, as those of ``tests.benchmarks.posting`` do."""
_PAGE_US = 5_000
_TIMES = {"balance_now": 2.5, "balance_as_of": 1.5}
"""How many times the bare statement a read may take."""
_FLAT = 1.25
"""How many times its time at a million postings a read at ten million may take and still be called flat."""

Work = Callable[[], object]


def rows(database: Database, engine: str, book_id: int, entries: int) -> list[bench.Row]:
    """Return the rows of a book grown by ``entries`` with the hot account in each."""
    _grow(database, book_id, entries)
    return [*_account_rows(database, engine, book_id)[0], *_whole_book(database, engine, book_id)]


def long_rows(database: Database, engine: str, book_id: int, *, is_ten_million: bool) -> list[bench.Row]:
    """Return the reads of the hot account as a million posts have left it; then filled to ten million, beside the first."""
    _settle(database)
    found, at_million = _account_rows(database, engine, book_id)
    if not is_ten_million:
        return found
    with database.reader() as session:
        hot = statements.account_at(session, book_id, _HOT).account_id
        there = _count(session, book_id, hot)
    started = time.perf_counter()
    filling.fill(database, book_id, hot, entries=_TEN_MILLION - there, others=bench.ACCOUNTS - 1, days=_DAYS)
    told = f"{_TEN_MILLION - there:,} entries by set-based SQL in {time.perf_counter() - started:.0f} s, triggers and keys out of force"
    found.append(_row(engine, "fill", note=f"{told}: only reads are measured"))
    more, at_ten = _account_rows(database, engine, book_id)
    for row in more:
        times = at_ten[row["case"]] / at_million[row["case"]]
        row["note"] += f"; {times:.2f} times that of the first million: {'flat' if times <= _FLAT else 'not flat'}"
        if row["case"].startswith("balance_as_of"):  # asked to be flat
            row["goal"] += f", at most {_FLAT} times that of the first million"
            row["is_met"] = row["is_met"] and times <= _FLAT
    return [*found, *more]


def _account_rows(database: Database, engine: str, book_id: int) -> tuple[list[bench.Row], dict[str, float]]:
    """Return a row a read of the hot account, and each one's median in microseconds by case."""
    found: list[bench.Row] = []
    medians: dict[str, float] = {}
    with database.reader() as session:
        hot = statements.account_at(session, book_id, _HOT)
        size = run(session, "SELECT tree_size FROM book WHERE book_id = ?", book_id).fetchone()[0]
        count = _count(session, book_id, hot.account_id)
        for case, ours, raw in _cases(session, book_id, hot, size):
            mine, theirs, own = _medians_us(ours, raw)
            medians[case] = mine
            note = (
                f"{mine / 1000:.3f} ms median, {own / 1000:.3f} of them in this process; account of {count:,} postings"
            )
            times = None if theirs is None else mine / theirs
            if theirs is not None:
                note += f"; bare driver {theirs / 1000:.3f} ms, {times:.2f} times"
            row = _row(engine, case, note=note)
            found.append(
                shares.judged(
                    row, goal=_goal(case), is_met=_is_met(case, mine, times), dominates=_dominates(mine, theirs, own)
                )
            )
    return found, medians


def _cases(session: Session, book_id: int, hot: StatementAccount, size: int) -> list[tuple[str, Work, Work | None]]:
    one_row = "SELECT posted FROM balance WHERE book_id = ? AND account_id = ?"
    summed = "SELECT sum(amount) FROM posting WHERE account_id = ? AND book_id = ? AND effective_on <= ?"
    day = _DAY.isoformat()
    # The middle of the day by number: what a page in the middle of a busy day needs to know of those before it.
    middle = StatementPlace(_DAY, size // 2, 1)

    def page(after: StatementPlace) -> object:
        opening = statements.balances_before(session, book_id, (hot,), known=size, upto=after)
        return statements.page(
            session, book_id, (hot,), as_of=date.max, known=size, after=after, opening=opening, limit=100
        )

    return [
        (
            "balance_now",
            lambda: balances.balance_now(session, book_id, _HOT, now=_NOW),
            lambda: run(session, one_row, book_id, hot.account_id).fetchone(),
        ),
        (
            "balance_as_of",
            lambda: reports.balance_as_of(session, book_id, _HOT, as_of=_DAY),
            lambda: run(session, summed, hot.account_id, book_id, day).fetchone(),
        ),
        (
            "balance_as_of_known",
            lambda: reports.balance_as_of(session, book_id, _HOT, as_of=_DAY, known=size - 1_000),
            None,
        ),
        ("statement_page", lambda: page(StatementPlace(_DAY, 0, 0)), None),
        ("statement_page_mid_day", lambda: page(middle), None),
    ]


def _goal(case: str) -> str:
    if case.startswith("statement_page"):
        return f"under {_PAGE_US // 1000} ms"
    return f"{_TIMES[case]} times the bare statement" if case in _TIMES else "none asked"


def _is_met(case: str, mine: float, times: float | None) -> bool:
    if case.startswith("statement_page"):
        return mine < _PAGE_US
    return times is None or case not in _TIMES or times <= _TIMES[case]


def _dominates(mine: float, theirs: float | None, own: float) -> str:
    """Return the shares of this process, of the bare statement where there is one, and of waiting."""
    here = min(1.0, own / mine)
    bare = "" if theirs is None else f"; the bare statement alone takes {theirs / mine:.0%} of it"
    return f"this process {here:.0%}, waiting for the server or the machine {1 - here:.0%}{bare}".replace("%", " %")


def _count(session: Session, book_id: int, account_id: int) -> int:
    counted = "SELECT count(*) FROM posting WHERE account_id = ? AND book_id = ?"
    return int(run(session, counted, account_id, book_id).fetchone()[0])


def _whole_book(database: Database, engine: str, book_id: int) -> list[bench.Row]:
    """Return how many entries a second the check and the verifier go through."""
    url = database.engine.url.render_as_string(hide_password=False)
    processes = os.cpu_count() or 1
    apart = Apart(open_database=partial(open_database, url), others=processes - 1)
    with database.reader() as session:
        started = time.perf_counter()
        checked = checking.check_book(session, book_id, apart=apart)
        check_s = time.perf_counter() - started
    assert checked.is_sound, checked.findings
    with database.reader() as session:
        started = time.perf_counter()
        assert checking.check_book(session, book_id) == checked
        alone_s = time.perf_counter() - started
    with database.reader() as session, shares.Shares(shares.CHECK) as in_check:
        checking.check_book(session, book_id)
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
    bundle.seek(0)
    with shares.Shares(_VERIFY) as in_verify:
        tonne_verify.verify_bundle(bundle, pinned=key.public_key().public_bytes_raw())
    entries = f"{checked.entries:,} entries"
    alone = _row(engine, "check in one process", speed=int(checked.entries / alone_s), note=entries)
    found = [alone]
    for case, seconds, told in (("check", check_s, in_check.told()), ("verify", verify_s, in_verify.told())):
        speed = int(checked.entries / seconds)
        row = _row(engine, case, speed=speed, note=entries if case == "verify" else f"{entries}, {processes} processes")
        goal = f"{_WHOLE_BOOK:,} entries/s"
        found.append(shares.judged(row, goal=goal, is_met=speed >= _WHOLE_BOOK, dominates=told))
    return found


_WHOLE_BOOK = 50_000
_VERIFY: shares.Stages = {
    "reading JSON": [(tonne_verify, "read_object")],
    "replaying facts": [(tonne_verify.Facts, "take")],
    "hashing leaves": [(tonne_verify, "leaf_of")],
    "tree": [(tonne_verify.Tree, "append")],
    "signatures": [(tonne_verify, "is_signed")],
}


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
    _settle(database)
    os.sync()


def _settle(database: Database) -> None:
    """Let PostgreSQL know how large the tables are, as it does by itself in time."""
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()


def _medians_us(ours: Work, raw: Work | None) -> tuple[float, float | None, float]:
    """Return the medians of ours, of raw and of ours in this process alone, in microseconds; the two alternate."""
    mine: list[float] = []
    theirs: list[float] = []
    own: list[float] = []
    ours()
    began = time.perf_counter()
    while len(mine) < _REPEATS and (len(mine) < _LEAST or time.perf_counter() - began < _LONGEST_S):
        spent = time.process_time()
        mine.append(bench.timed(ours))
        own.append(time.process_time() - spent)
        if raw is not None:
            theirs.append(bench.timed(raw))
    found = [statistics.median(each) * 10**6 for each in (mine, own)]
    return found[0], statistics.median(theirs) * 10**6 if theirs else None, found[1]
