from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy.orm import Session

from ledger import checking, operations
from ledger.checking import BookCheck
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.core.journal import JournalDraft
from ledger.core.log import EMPTY_ROOT
from ledger.core.replay import KnownRoot
from ledger.store import check_cursors
from ledger.store.database import Database
from ledger.store.reading import run
from tests.store.books import ExampleBook, open_example
from tests.strategies import BOOK_UUID, CASH, GAIN, NOW, histories, transfer

_numbers = count(1)


def checked(book: ExampleBook, *known: KnownRoot) -> BookCheck:
    with book.database.reader() as session:
        return checking.check_book(session, book.book_id, known_roots=known)


def test_an_empty_book_is_sound(book: ExampleBook) -> None:
    seen = checked(book)

    assert (seen.findings, seen.entries, seen.tree_root) == ((), 0, EMPTY_ROOT)
    assert (seen.book, seen.code) == (str(BOOK_UUID), "smelter")


def test_a_book_with_every_kind_of_fact_is_sound_and_its_root_is_the_receipts(full: ExampleBook) -> None:
    (receipt,) = full.accept(transfer(90, GAIN, CASH, 5, day=NOW.date()))

    seen = checked(full, KnownRoot(receipt.tree_size, receipt.tree_root, "the receipt"))

    assert seen.is_sound, seen.findings
    assert (seen.entries, seen.tree_root) == (receipt.seq, receipt.tree_root)


@given(history=histories(max_size=40))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_whatever_the_ledger_accepts_is_sound(
    pair: tuple[Database, Database], history: tuple[JournalDraft, ...]
) -> None:
    number = next(_numbers) + 5_000
    for database in pair:
        book = open_example(database, book_uuid=UUID(int=number), code=f"c{number}")
        book.post(*history)

        seen = checked(book)

        assert seen.is_sound, seen.findings


def test_a_check_reads_more_entries_than_one_piece(book: ExampleBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_cursors, "CHUNK", 3)
    book.accept(*(transfer(number, GAIN, CASH, number) for number in range(1, 12)))

    assert checked(book).is_sound
    with book.database.writer() as session:
        _without_guards(session)
        run(session, "UPDATE posting SET amount = amount + 1 WHERE seq = 10 AND line = 2")
        found = checking.check_book(session, book.book_id).findings
        assert ("entry.differs_from_leaf", "seq 10") in {(each.code, each.at) for each in found}
        session.rollback()


def test_facts_of_no_entry_are_found_inside_and_behind_the_last(full: ExampleBook) -> None:
    with full.database.writer() as session:
        _without_guards(session)
        run(session, "UPDATE leaf SET seq = 900 WHERE seq = 2")

        found = checking.check_book(session, full.book_id).findings

        places = {(each.code, each.table, each.at) for each in found}
        assert {("leaf.missing", "leaf", "seq 2"), ("entry.missing", "leaf", "seq 900")} <= places
        session.rollback()


def test_a_transfer_whose_other_half_is_missing_is_found(book: ExampleBook) -> None:
    book.accept(transfer(1, GAIN, CASH, 5))
    other = open_example(book.database, book_uuid=UUID(int=7), code="second")
    other.accept(transfer(1, GAIN, CASH, 5))
    shared = UUID(int=99)
    bound: object = shared.bytes if book.database.is_sqlite else shared
    with book.database.writer() as session:
        _without_guards(session)
        run(session, "UPDATE entry SET transfer_id = ? WHERE book_id = ?", bound, book.book_id)
        alone = checking.check_book(session, book.book_id).findings
        run(session, "UPDATE entry SET transfer_id = ? WHERE book_id = ?", bound, other.book_id)
        paired = checking.check_book(session, book.book_id).findings

        assert ("transfer.unpaired", "seq 1") in {(each.code, each.at) for each in alone}
        assert "transfer.unpaired" not in {each.code for each in paired}
        session.rollback()


def test_a_limit_that_was_lowered_under_what_is_held_is_found(full: ExampleBook) -> None:
    with full.database.writer() as session:
        _without_guards(session)
        if full.database.is_sqlite:
            run(session, "PRAGMA ignore_check_constraints = ON")
        else:
            checks = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = 'balance'::regclass"
            for (name,) in run(session, checks).fetchall():
                run(session, f"ALTER TABLE balance DROP CONSTRAINT {name}")
        run(session, "UPDATE balance SET ceiling = -1 WHERE account_id = 4")

        found = checking.check_book(session, full.book_id).findings

        assert [(each.code, each.at) for each in found] == [("balance.limit", "account 4")]
        session.rollback()


def test_another_book_of_the_database_does_not_disturb(book: ExampleBook) -> None:
    other = open_example(book.database, book_uuid=UUID(int=8), code="second")
    other.accept(transfer(1, GAIN, CASH, 7), transfer(2, GAIN, CASH, 8))
    book.accept(transfer(1, GAIN, CASH, 5))

    assert checked(book).is_sound
    assert checked(other).is_sound


def test_a_book_is_found_by_id_and_by_code_and_a_shared_code_asks_for_the_id(book: ExampleBook) -> None:
    with book.writing() as session:
        assert checking.find_book(session, "smelter") == book.book_id
        assert checking.find_book(session, str(BOOK_UUID)) == book.book_id
        with pytest.raises(NotFound, match="no book"):
            checking.find_book(session, "nothing")
        operations.open_book(
            session, book_uuid=UUID(int=9), tenant_id=UUID(int=9), code="smelter", functional_currency="CNY", now=NOW
        )
        with pytest.raises(Conflict) as refused:
            checking.find_book(session, "smelter")

    assert refused.value.code == "book.ambiguous"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "5:",
        ":" + "0" * 64,
        "-1:" + "0" * 64,
        "5:" + "0" * 63,
        "5:" + "G" * 64,
        "5:" + "0" * 65,
        "5 :" + "0" * 64,
    ],
)
def test_a_kept_root_is_a_size_and_64_hexadecimal_digits(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        checking.read_known_root(text)

    assert refused.value.code == "check.since"
    assert checking.read_known_root("5:" + "0a" * 32)[:2] == (5, b"\x0a" * 32)


def _without_guards(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        run(session, "PRAGMA defer_foreign_keys = ON")
        for name in list(_triggers(session)):
            run(session, f"DROP TRIGGER {name}")
    else:
        run(session, "SET LOCAL session_replication_role = replica")


def _triggers(session: Session) -> Iterator[str]:
    for (name,) in run(session, "SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        yield name
