from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from ledger import operations
from ledger.core.accounts import AccountOpening
from ledger.core.amounts import Commodity, CommodityKind
from ledger.core.errors import Conflict, DomainError, Invalid, NotFound
from ledger.store import books
from ledger.store.database import Database
from tests.store.books import ExampleBook, codes, open_example, snapshot
from tests.strategies import ACTOR, BOOK_UUID, CASH, CEA25, GAIN, NOW, OPENINGS, TENANT, draft, transfer


def open_book(database: Database, **facts: object) -> int:
    given = {"book_uuid": BOOK_UUID, "tenant_id": TENANT, "code": "smelter", "functional_currency": "CNY", **facts}
    with database.writer() as session:
        book_id = operations.open_book(session, **given, now=NOW)  # type: ignore[arg-type]  # one fact differs a case
        session.commit()
    return book_id


def test_opening_the_same_book_and_accounts_again_changes_nothing(book: ExampleBook) -> None:
    before = snapshot(book.database)

    again = open_example(book.database)

    assert again.book_id == book.book_id
    assert snapshot(book.database) == before


@pytest.mark.parametrize(
    "other",
    [
        {"book_uuid": UUID(int=5)},
        {"code": "other"},
        {"tenant_id": UUID(int=5)},
        {"functional_currency": "EUR"},
    ],
    ids=str,
)
def test_a_book_of_that_code_or_id_with_other_facts_is_refused(book: ExampleBook, other: dict[str, object]) -> None:
    with pytest.raises(Conflict) as refused:
        open_book(book.database, **other)

    assert refused.value.code == "book.exists"


def test_two_organisations_may_use_the_same_code(book: ExampleBook) -> None:
    other = open_book(book.database, book_uuid=UUID(int=5), tenant_id=UUID(int=6))

    assert other == book.book_id + 1
    with book.database.reader() as session:
        assert [found.book_uuid for found in books.list_books(session, TENANT)] == [BOOK_UUID]
        assert books.find(session, UUID(int=404)) is None


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"code": "Smelter"}, "book.code"),
        ({"code": ""}, "book.code"),
        ({"code": "a" * 41}, "book.code"),
        ({"code": "a\x00"}, "book.code"),
        ({"functional_currency": "CEA"}, "currency.unknown"),
        ({"functional_currency": "\x00"}, "currency.unknown"),
    ],
    ids=str,
)
def test_a_book_that_could_not_be_kept_is_refused(database: Database, facts: dict[str, object], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        open_book(database, **facts)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("commodity", "attrs"),
    [
        (replace(CEA25, scale=2), {}),
        (replace(CEA25, step=5), {}),
        (replace(CEA25, kind=CommodityKind.CREDIT), {}),
        (CEA25, {"vintage": "2025"}),
    ],
    ids=["scale", "step", "kind", "facts"],
)
def test_a_commodity_keeps_its_scale_step_kind_and_facts(
    book: ExampleBook, commodity: Commodity, attrs: dict[str, str]
) -> None:
    with pytest.raises(Conflict) as refused, book.writing() as session:
        operations.add_commodity(session, book.book_id, commodity, attrs)

    assert refused.value.code == "commodity.exists"


@pytest.mark.parametrize(
    "other",
    [
        {"commodity": "CEA25"},
        {"floor": 0},
        {"ceiling": 10},
        {"opened_on": date(2025, 1, 2)},
        {"attrs": {"bank": "x"}},
    ],
    ids=str,
)
def test_an_account_that_stands_with_other_facts_is_refused(book: ExampleBook, other: dict[str, object]) -> None:
    cash = next(opening for opening in OPENINGS if opening.path == CASH)

    with pytest.raises(Conflict) as refused, book.writing() as session:
        operations.open_account(session, book.book_id, replace(cash, **other))  # type: ignore[arg-type]  # one fact a case

    assert refused.value.code == "account.exists"


@pytest.mark.parametrize(
    ("opening", "code"),
    [
        (AccountOpening(path="Assets:New", commodity="CEA99", opened_on=date(2025, 1, 1)), "commodity.unknown"),
        (
            AccountOpening(path="Assets:New", commodity="CNY", opened_on=date(2025, 1, 1), floor=1),
            "account.limits_empty",
        ),
        (
            AccountOpening(path="Assets:New", commodity="CNY", opened_on=date(2025, 1, 1), ceiling=-1),
            "account.limits_empty",
        ),
    ],
    ids=["commodity", "floor", "ceiling"],
)
def test_an_account_that_the_book_could_not_keep_is_refused(
    book: ExampleBook, opening: AccountOpening, code: str
) -> None:
    with pytest.raises(DomainError) as refused, book.writing() as session:
        operations.open_account(session, book.book_id, opening)

    assert refused.value.code == code


def test_a_closed_account_takes_nothing_from_that_day_and_still_takes_the_days_before(book: ExampleBook) -> None:
    with book.writing() as session:
        operations.close_account(session, book.book_id, CASH, date(2025, 3, 1), now=NOW, random_bytes=book.random_bytes)

    outcomes = book.post(
        transfer(1, GAIN, CASH, 5, day=date(2025, 3, 1)), transfer(2, GAIN, CASH, 5, day=date(2025, 2, 28))
    )

    assert codes(outcomes) == ["ledger.account_not_open", "ok"]


def test_an_account_that_holds_something_is_not_closed(book: ExampleBook) -> None:
    book.accept(transfer(1, GAIN, CASH, 5))

    with pytest.raises(Conflict) as refused, book.writing() as session:
        operations.close_account(session, book.book_id, CASH, date(2026, 1, 1), now=NOW, random_bytes=book.random_bytes)

    assert refused.value.code == "account.not_empty"


def test_an_account_is_not_closed_on_or_before_its_last_entry(book: ExampleBook) -> None:
    day = date(2025, 5, 2)
    book.accept(transfer(1, GAIN, CASH, 5), transfer(2, CASH, GAIN, 5, day=day))

    with pytest.raises(Conflict) as refused, book.writing() as session:
        operations.close_account(session, book.book_id, CASH, day, now=NOW, random_bytes=book.random_bytes)

    assert refused.value.code == "account.closed_before_last_entry"


@pytest.mark.parametrize("path", ["Assets:Nowhere", "", "Assets:A\x00", "\ud800"])
def test_closing_an_account_that_is_not_there_is_not_found(book: ExampleBook, path: str) -> None:
    with pytest.raises(NotFound) as missing, book.writing() as session:
        operations.close_account(session, book.book_id, path, date(2025, 3, 1), now=NOW, random_bytes=book.random_bytes)

    assert missing.value.code == "account.not_found"


def test_an_account_does_not_close_before_it_opens(book: ExampleBook) -> None:
    with pytest.raises(Invalid) as refused, book.writing() as session:
        operations.close_account(
            session, book.book_id, CASH, date(2024, 12, 31), now=NOW, random_bytes=book.random_bytes
        )

    assert refused.value.code == "account.closed_before_opened"


def test_a_closed_period_refuses_entries_and_reversals_on_its_days(book: ExampleBook) -> None:
    book.accept(transfer(1, GAIN, CASH, 5, day=date(2025, 1, 31)))
    book.close(date(2025, 1, 31))

    outcomes = book.post(
        transfer(2, GAIN, CASH, 5, day=date(2025, 1, 31)),
        draft(3, day=date(2025, 1, 31), reverses=1),
        draft(4, day=date(2025, 2, 1), reverses=1),
        transfer(5, GAIN, CASH, 5, day=date(2025, 2, 1)),
    )

    assert codes(outcomes) == ["ledger.period_closed", "ledger.period_closed", "ok", "ok"]


def test_a_closed_period_does_not_reopen_and_closing_it_again_changes_nothing(book: ExampleBook) -> None:
    root = book.close(date(2025, 1, 31))
    assert book.close(date(2025, 1, 31)) == root

    with pytest.raises(Conflict) as refused:
        book.close(date(2025, 1, 30))

    assert refused.value.code == "ledger.period_reopened"


def test_a_period_closed_in_the_same_transaction_is_closed_for_the_next_posting(book: ExampleBook) -> None:
    with book.writing() as session:
        operations.close_period(
            session, book.book_id, date(2025, 1, 31), actor=ACTOR, now=NOW, random_bytes=book.random_bytes
        )
        outcomes = operations.post_entries(
            session,
            book.book_id,
            [transfer(1, GAIN, CASH, 5, day=date(2025, 1, 31))],
            now=NOW,
            random_bytes=book.random_bytes,
        )

    assert codes(outcomes) == ["ledger.period_closed"]
