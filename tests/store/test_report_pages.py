from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise

import pytest

from ledger import operations
from ledger.core.accounts import AccountOpening
from ledger.store import reports
from ledger.store.reports import LotBalance, Position
from tests.store.books import ExampleBook
from tests.strategies import CASH, FIFO, GAIN, POOL, draft, purchase, transfer

DAY = date(2025, 3, 1)
PATHS = ("Assets:B", "Assets:Ab", "Assets:AA", "Assets:A-A", "Assets:A:A", "Assets:A1")


@pytest.fixture
def living(book: ExampleBook) -> ExampleBook:
    """Accounts whose paths two languages sort apart, and lots of two accounts and several days, not bought in order."""
    with book.writing() as session:
        for path in PATHS:
            opening = AccountOpening(path=path, commodity="CNY", opened_on=date(2025, 1, 1))
            operations.open_account(session, book.book_id, opening)
    book.accept(
        transfer(1, GAIN, CASH, 9_000),
        purchase(2, 3, 100, into=POOL, day=date(2025, 2, 1)),
        purchase(3, 3, 100, day=date(2025, 1, 20)),
        purchase(4, 4, 100, day=date(2025, 1, 10)),
        purchase(5, 5, 100, day=date(2025, 1, 20)),
        draft(6, reverses=4, day=date(2025, 1, 10)),
    )
    return book


def positions(
    book: ExampleBook, *, after: int = 0, limit: int | None = None, under: str | None = None
) -> list[Position]:
    with book.database.reader() as session:
        found = reports.positions(session, book.book_id, as_of=DAY, known=5, under=under, after=after, limit=limit)
    return list(found)


def lots(book: ExampleBook, *, after: int = 0, limit: int | None = None, under: str | None = None) -> list[LotBalance]:
    with book.database.reader() as session:
        found = reports.lots(session, book.book_id, as_of=DAY, known=5, under=under, after=after, limit=limit)
    return list(found)


def paged(
    read: Callable[[int], list[Position]] | Callable[[int], list[LotBalance]], key: str, limit: int
) -> list[object]:
    """Return a list read page by page; only its last page is short."""
    found: list[object] = []
    after = 0
    while True:
        page = read(after)
        found += page
        if len(page) < limit:
            return found
        after = getattr(page[-1], key)


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
@pytest.mark.parametrize("under", [None, "Assets", "Assets:A"])
def test_pages_of_positions_are_the_whole_in_the_order_of_characters(
    living: ExampleBook, limit: int, under: str | None
) -> None:
    whole = positions(living, under=under)

    found = paged(lambda after: positions(living, after=after, limit=limit, under=under), "account_id", limit)

    assert found == whole
    assert all(one.path < other.path for one, other in pairwise(whole))


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
@pytest.mark.parametrize("under", [None, FIFO, "Equity"])
def test_pages_of_lots_are_the_whole_by_account_day_and_lot(living: ExampleBook, limit: int, under: str | None) -> None:
    whole = lots(living, under=under)

    found = paged(lambda after: lots(living, after=after, limit=limit, under=under), "lot_id", limit)

    assert found == whole
    keys = [(lot.path, lot.acquired_on, lot.lot_id) for lot in whole]
    assert keys == sorted(keys)
    assert len(whole) == {None: 4, FIFO: 3, "Equity": 0}[under]


def test_a_page_has_at_least_one_row_and_never_more_than_200(living: ExampleBook) -> None:
    assert len(positions(living, limit=0)) == len(lots(living, limit=-1)) == 1
    assert positions(living, limit=10**9) == positions(living)
