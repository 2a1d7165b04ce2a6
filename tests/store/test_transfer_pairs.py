from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from ledger import checking, operations
from ledger.core.accounts import AccountOpening
from ledger.core.journal import JournalDraft, Posting
from ledger.store.database import Database
from tests.store.books import ExampleBook, open_example
from tests.strategies import CASH, CLEARING_CNY, CREDIT_LINE, NOW, draft

SHARED = UUID(int=99)
TRANSFER = {"transfer.unpaired", "transfer.unmatched"}


@pytest.fixture
def two(database: Database) -> tuple[ExampleBook, ExampleBook]:
    found = []
    for number, code in ((71, "giving"), (72, "taking")):
        book = open_example(database, book_uuid=UUID(int=number), code=code)
        with book.writing() as session:
            operations.open_account(
                session, book.book_id, AccountOpening(path=CLEARING_CNY, commodity="CNY", opened_on=date(2025, 1, 1))
            )
        found.append(book)
    return found[0], found[1]


def side(number: int, amount: int, account: str = CLEARING_CNY) -> JournalDraft:
    """Return an entry that brings ``amount`` to the bank from ``account``; negative takes it there."""
    legs = (Posting(CASH, "CNY", amount), Posting(account, "CNY", -amount))
    return replace(draft(number, *legs), transfer_id=SHARED)


def found_in(book: ExampleBook) -> list[tuple[str, str]]:
    with book.database.reader() as session:
        findings = checking.check_book(session, book.book_id).findings
    return [(each.code, each.at) for each in findings if each.code in TRANSFER]


def test_two_sides_that_meet_are_a_pair(two: tuple[ExampleBook, ExampleBook]) -> None:
    giving, taking = two
    with giving.writing() as session:
        operations.post_transfer(
            session,
            (giving.book_id, side(1, -5)),
            (taking.book_id, side(2, 5)),
            now=NOW,
            random_bytes=giving.random_bytes,
        )

    assert found_in(giving) == found_in(taking) == []


def test_two_sides_of_another_amount_are_found_in_both_books(two: tuple[ExampleBook, ExampleBook]) -> None:
    giving, taking = two
    giving.accept(side(1, -5))
    taking.accept(side(2, 4))

    assert found_in(giving) == [("transfer.unmatched", "seq 1")]
    assert found_in(taking) == [("transfer.unmatched", "seq 1")]


def test_a_side_that_does_not_touch_a_clearing_account_is_found(two: tuple[ExampleBook, ExampleBook]) -> None:
    giving, taking = two
    giving.accept(side(1, -5))
    taking.accept(side(2, 5, account=CREDIT_LINE))

    assert [code for code, _ in found_in(taking)] == ["transfer.unmatched"]
    assert [code for code, _ in found_in(giving)] == ["transfer.unmatched"]


def test_a_side_alone_is_unpaired_and_not_counted_as_unmatched(two: tuple[ExampleBook, ExampleBook]) -> None:
    giving, _ = two
    giving.accept(side(1, 5))

    assert found_in(giving) == [("transfer.unpaired", "seq 1")]
