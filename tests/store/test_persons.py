from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from ledger import checking, operations, persons
from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.operations import EntryReceipt
from ledger.store.database import Database
from ledger.store.reading import run
from tests.store.books import ExampleBook
from tests.strategies import CASH, GAIN, NOW, transfer

REF, OTHER = UUID(int=77), UUID(int=78)
CLERK, OFFICER = UUID(int=11), UUID(int=12)
CONTENT = {"contact": "Li Na 李娜", "telephone": "+86 10 5555 0199"}
SPELLED = '{"contact":"Li Na 李娜","telephone":"+86 10 5555 0199"}'


def attach(book: ExampleBook, ref: UUID = REF, content: dict[str, str] | None = None) -> bytes:
    with book.writing() as session:
        return persons.attach(
            session,
            book.book_id,
            ref=ref,
            content=CONTENT if content is None else content,
            recorded_by=CLERK,
            now=NOW,
            random_bytes=book.random_bytes,
        )


def erase(book: ExampleBook, ref: UUID = REF, by: UUID = OFFICER, days: int = 1) -> persons.PersonNote:
    with book.writing() as session:
        return persons.erase(session, book.book_id, ref, erased_by=by, now=NOW + timedelta(days=days))


def read(book: ExampleBook, ref: UUID = REF) -> persons.PersonNote:
    with book.database.reader() as session:
        return persons.read(session, book.book_id, ref)


def stored(book: ExampleBook) -> tuple[bytes | None, str | None]:
    with book.database.reader() as session:
        ((salt, content),) = run(session, "SELECT salt, content FROM person_note").fetchall()
    return None if salt is None else bytes(salt), content


def post_about(book: ExampleBook, commitment: bytes) -> EntryReceipt:
    (receipt,) = book.accept(replace(transfer(1, GAIN, CASH, 500), pii_commitment=commitment))
    return receipt


def test_a_note_is_read_as_it_was_given_and_its_commitment_opens_it(book: ExampleBook) -> None:
    commitment = attach(book)

    note = read(book)
    salt, spelled = stored(book)

    assert (note.content, note.commitment, note.recorded_by) == (CONTENT, commitment, CLERK)
    assert (note.erased_at, note.erased_by) == (None, None)
    assert spelled == SPELLED
    assert salt is not None
    assert len(salt) == 32
    assert commitment == hashlib.sha256(b"\x02" + salt + SPELLED.encode()).digest()


def test_a_log_line_of_a_note_shows_no_content(book: ExampleBook) -> None:
    attach(book)

    assert "Li Na" not in repr(read(book))


def test_the_same_note_again_has_the_same_commitment_so_that_a_repeated_draft_is_the_same(book: ExampleBook) -> None:
    first = attach(book)

    assert attach(book, content=dict(reversed(CONTENT.items()))) == first


def test_other_content_under_a_ref_is_refused(book: ExampleBook) -> None:
    attach(book)

    with pytest.raises(Conflict) as refused:
        attach(book, content={"contact": "Wang Wei"})

    assert refused.value.code == "person.exists"
    assert read(book).content == CONTENT


def test_two_notes_of_the_same_content_have_different_commitments(book: ExampleBook) -> None:
    assert attach(book) != attach(book, OTHER)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"": "x"},
        {"Name": "x"},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "\ud800"},
        {"name": "x" * 4001},
        {f"n{number}": "x" * 3000 for number in range(6)},
    ],
)
def test_content_outside_its_bounds_is_refused(book: ExampleBook, content: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        attach(book, content=content)

    assert refused.value.code == "person.content"


def test_erasing_leaves_a_tombstone_and_every_proof_valid(book: ExampleBook) -> None:
    commitment = attach(book)
    receipt = post_about(book, commitment)

    tombstone = erase(book)

    assert (tombstone.content, tombstone.commitment) == (None, commitment)
    assert (tombstone.erased_by, tombstone.erased_at) == (OFFICER, NOW + timedelta(days=1))
    assert stored(book) == (None, None)
    with book.database.reader() as session:
        checked = checking.check_book(session, book.book_id)
    assert checked.is_sound, checked.findings
    assert (checked.tree_size, checked.tree_root) == (receipt.tree_size, receipt.tree_root)


def test_the_entry_carries_the_commitment_and_nothing_of_the_content(book: ExampleBook) -> None:
    commitment = attach(book)
    post_about(book, commitment)

    with book.database.reader() as session:
        ((canonical, kept),) = run(
            session, "SELECT l.canonical, e.pii_commitment FROM leaf l JOIN entry e ON e.seq = l.seq"
        ).fetchall()

    assert commitment.hex() in canonical
    assert bytes(kept) == commitment
    assert "Li Na" not in canonical


def test_erasing_again_keeps_the_first_tombstone(book: ExampleBook) -> None:
    attach(book)
    first = erase(book)

    assert erase(book, by=CLERK, days=9) == first


def test_an_erased_ref_takes_nothing_new(book: ExampleBook) -> None:
    attach(book)
    erase(book)

    with pytest.raises(Conflict) as refused:
        attach(book)

    assert refused.value.code == "person.erased"


def test_a_ref_that_never_was_is_not_found_by_reading_or_erasing(book: ExampleBook) -> None:
    for attempt in (read, erase):
        with pytest.raises(NotFound) as refused:
            attempt(book, OTHER)

        assert refused.value.code == "person.not_found"


def test_a_note_belongs_to_its_book(book: ExampleBook) -> None:
    attach(book)
    with book.writing() as session:
        other = operations.open_book(
            session, book_uuid=UUID(int=5), tenant_id=UUID(int=6), code="other", functional_currency="CNY", now=NOW
        )

    with pytest.raises(NotFound), book.database.reader() as session:
        persons.read(session, other, REF)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM person_note",
        "UPDATE person_note SET content = '{}'",
        "UPDATE person_note SET salt = NULL, content = NULL",
        "UPDATE person_note SET recorded_at = recorded_at, commitment = salt",
        "UPDATE person_note SET salt = NULL, content = NULL, erased_at = recorded_at, erased_by = ref, recorded_by = ref",
        "UPDATE person_note SET salt = NULL, content = NULL, erased_at = recorded_at",
        "UPDATE person_note SET erased_at = recorded_at, erased_by = ref",
    ],
)
def test_the_database_lets_nothing_but_an_erasure_happen(book: ExampleBook, statement: str) -> None:
    attach(book)
    before = stored(book)

    with pytest.raises(DBAPIError), book.database.writer() as session:
        session.connection().exec_driver_sql(statement)

    assert stored(book) == before


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM person_note",
        "UPDATE person_note SET erased_at = recorded_at",
        "UPDATE person_note SET salt = commitment, content = 'x', erased_at = NULL, erased_by = NULL",
    ],
)
def test_the_database_keeps_a_tombstone_as_it_is(book: ExampleBook, statement: str) -> None:
    attach(book)
    erase(book)

    with pytest.raises(DBAPIError, match="only_erased"), book.database.writer() as session:
        session.connection().exec_driver_sql(statement)

    assert read(book).erased_by == OFFICER


def test_a_replaced_note_is_refused(book: ExampleBook) -> None:
    attach(book)
    insert = "INSERT OR REPLACE" if book.database.is_sqlite else "INSERT"
    names = "book_id, ref, commitment, salt, content, recorded_at, recorded_by"

    with pytest.raises(DBAPIError), book.database.writer() as session:
        session.connection().exec_driver_sql(f"{insert} INTO person_note ({names}) SELECT {names} FROM person_note")


def test_a_note_whose_content_was_exchanged_is_a_finding_of_the_check(book: ExampleBook) -> None:
    attach(book)
    with book.database.writer() as session:
        if book.database.is_sqlite:
            run(session, "DROP TRIGGER person_note_only_erased")
        else:
            run(session, "SET LOCAL session_replication_role = replica")
        run(session, 'UPDATE person_note SET content = \'{"contact":"Wang Wei"}\'')

        checked = checking.check_book(session, book.book_id)

        assert [(found.code, found.at) for found in checked.findings] == [("person.note", f"ref {REF}")]
        session.rollback()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_erased_bytes_are_in_no_page_of_the_file_once_its_log_is_checkpointed(
    book: ExampleBook, database: Database
) -> None:
    attach(book)
    salt, _ = stored(book)
    assert salt is not None

    erase(book)

    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    assert database.engine.url.database is not None
    with open(database.engine.url.database, "rb") as file:  # noqa: PTH123 - the file's bytes
        written = file.read()
    assert b"Li Na" not in written
    assert salt not in written
