"""A check that examines spans of a book in processes of their own finds what one in a single session finds, and where first."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from ledger import check_pieces, checking
from ledger.check_pieces import Apart
from ledger.checking import BookCheck
from ledger.core.checks import PieceCheck
from ledger.core.findings import Findings
from ledger.core.replay import BookReplay, KnownRoot
from ledger.store import check_cursors
from ledger.store.check_cursors import Span
from ledger.store.database import Database, open_database, sqlite_module
from ledger.store.reading import run
from tests.store.books import ExampleBook, open_example
from tests.store.test_tampering import CLASSES, Insider, begin, drop_guards, fill

_SPAN = 7


def apart(database: Database, *, span: int = _SPAN) -> Apart:
    url = database.engine.url.render_as_string(hide_password=False)
    return Apart(open_database=partial(open_database, url), others=1, span=span)


def places(checked: BookCheck) -> list[tuple[str, str, str, str, str, int]]:
    return sorted((each.code, each.table, each.at, each.expected, each.found, each.count) for each in checked.findings)


def bend(database: Database, *statements: str) -> None:
    """Change a database past its keys and triggers, for good."""
    if database.is_sqlite:
        with closing(sqlite_module().connect(str(database.engine.url.database))) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        return
    with database.writer() as session:
        for statement in ("SET LOCAL session_replication_role = replica", *statements):
            run(session, statement)
        session.commit()


@pytest.fixture
def filled(database: Database) -> ExampleBook:
    """A filled book of 54 entries whose database has lost its triggers and checks."""
    book = open_example(database)
    fill(book)
    with database.writer() as session:
        drop_guards(session)
        session.commit()
    return book


def test_a_sound_book_is_sound_and_its_tree_the_same(filled: ExampleBook) -> None:
    with filled.database.reader() as session:
        alone = checking.check_book(session, filled.book_id)
        kept = KnownRoot(alone.tree_size, alone.tree_root, "the bank's copy")

        beside = checking.check_book(session, filled.book_id, known_roots=[kept], apart=apart(filled.database))

    assert beside == alone
    assert (beside.entries, beside.findings) == (54, ())


def test_what_is_bent_anywhere_is_found_as_by_one_session_alone(filled: ExampleBook) -> None:
    bend(
        filled.database,
        "DELETE FROM posting WHERE seq = 14",  # the last place of a span
        "DELETE FROM leaf WHERE seq = 14",
        "DELETE FROM entry WHERE seq = 14",
        "DELETE FROM entry WHERE seq = 22",  # the first place of one: its rows belong to no entry
        "UPDATE posting SET amount = amount + 1 WHERE seq = 29 AND line = 1",
        "UPDATE leaf SET seq = 900 WHERE seq = 35",
        "UPDATE entry SET recorded_at = (SELECT min(recorded_at) FROM entry) WHERE seq = 43",
    )
    with filled.database.reader() as session:
        alone = checking.check_book(session, filled.book_id)

        beside = checking.check_book(session, filled.book_id, apart=apart(filled.database))

    found = {(each.code, each.at) for each in beside.findings}
    assert {("entry.seq_gap", "seq 14"), ("entry.missing", "seq 22"), ("entry.time_order", "seq 43")} <= found
    assert places(beside) == places(alone)
    assert (beside.entries, beside.tree_size, beside.tree_root) == (alone.entries, alone.tree_size, alone.tree_root)


def test_a_short_book_is_examined_here(filled: ExampleBook, tmp_path: Path) -> None:
    nowhere = Apart(open_database=partial(open_database, f"sqlite:///{tmp_path}/none.db"), others=1, span=28)

    with filled.database.reader() as session:
        assert checking.check_book(session, filled.book_id, apart=nowhere).is_sound


def test_what_a_process_cannot_read_is_a_finding(filled: ExampleBook, tmp_path: Path) -> None:
    elsewhere = Apart(open_database=partial(open_database, f"sqlite:///{tmp_path}/none.db"), others=1, span=_SPAN)

    with filled.database.reader() as session:
        checked = checking.check_book(session, filled.book_id, apart=elsewhere)

    assert ("check.unreadable", "entry") in {(each.code, each.table) for each in checked.findings}


@pytest.mark.parametrize("tamper", CLASSES, ids=lambda tamper: tamper.__name__)
def test_spans_joined_find_what_the_whole_does(filled: ExampleBook, tamper: Callable[[Insider], str]) -> None:
    for number in range(2):
        with filled.database.writer() as session:
            tamper(begin(session, filled, random.Random(f"{tamper.__name__} {number}")))

            whole = replayed(session, filled.book_id, check_cursors.WHOLE)
            joined = replayed(session, filled.book_id, *(Span(at, at + _SPAN) for at in range(-_SPAN, 63, _SPAN)))

            assert joined == whole
            session.rollback()


def replayed(session: Session, book_id: int, *spans: Span) -> tuple[object, ...]:
    """Return where the pieces of spans led, and what was found in them."""
    findings = Findings()
    check = PieceCheck(book="019b", accounts=check_pieces.accounts_of(session, book_id, findings))
    replay = BookReplay(known_roots=(), findings=findings)
    for span in spans:
        for piece in check_pieces.examine(session, book_id, check, span, findings):
            replay.join(piece)
    found = sorted((each.code, each.table, each.at, each.count) for each in findings)
    return replay.next_seq, replay.last_recorded_at, replay.tree_size, replay.tree_peaks, found
