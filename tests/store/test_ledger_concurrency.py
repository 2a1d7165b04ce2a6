"""Many writers at once: one order in a book, no overdraft, one winner; books do not wait for each other's answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TypeVar
from uuid import UUID

from ledger import operations
from ledger.operations import EntryReceipt
from ledger.store.database import Database
from tests.store.books import ExampleBook, codes, columns, open_example
from tests.store.brute_force import assert_sound
from tests.strategies import CASH, GAIN, NOW, TENANT, purchase, sale, transfer

Answer = TypeVar("Answer")

THREADS = 16
ROUNDS = 20


def at_once(work: Callable[[int], Answer], threads: int = THREADS) -> list[Answer]:
    """Run ``work`` with each number below ``threads`` in a thread of its own, started together."""
    start = Barrier(threads)

    def begin(number: int) -> Answer:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))


def test_the_last_tonne_of_each_round_has_exactly_one_winner(book: ExampleBook) -> None:
    book.accept(*(purchase(number, 1, 0) for number in range(1, ROUNDS + 1)))

    def sell(thread: int) -> list[tuple[int, str]]:
        return [
            (round_, codes(book.post(sale(1000 + thread * 100 + round_, 1, 5, picks=((1024 * round_ + 1, 1),))))[0])
            for round_ in range(1, ROUNDS + 1)
        ]

    answers = Counter(answer for thread in at_once(sell) for answer in thread)

    assert sum(answers.values()) == THREADS * ROUNDS
    for round_ in range(1, ROUNDS + 1):
        assert answers[round_, "ok"] == 1
    assert {code for _, code in answers} <= {"ok", "ledger.lot_unknown", "ledger.insufficient_available"}
    assert_sound(book)


def test_spenders_at_once_never_overdraw_and_leave_no_gap(book: ExampleBook) -> None:
    book.accept(transfer(1, GAIN, CASH, 50))

    def spend(thread: int) -> list[str]:
        return [
            code
            for round_ in range(5)
            for code in codes(
                book.post(*(transfer(1000 + thread * 100 + round_ * 10 + n, CASH, GAIN, 100) for n in range(3)))
            )
        ]

    answers = Counter(code for thread in at_once(spend) for code in thread)

    assert answers == {"ok": 50, "ledger.insufficient_available": THREADS * 15 - 50}
    ((posted,),) = [
        row[1:]
        for row in columns(book.database, "balance", "account_id", "posted", book_id=book.book_id)
        if row[0] == 4
    ]
    assert posted == 50 - 50 * 100
    assert_sound(book)


def test_one_id_posted_by_all_at_once_is_one_entry_with_one_answer(book: ExampleBook) -> None:
    def post(thread: int) -> list[object]:
        return list(book.post(transfer(1, GAIN, CASH, 5), now=NOW + timedelta(seconds=thread)))

    receipts = [outcome for thread in at_once(post) for outcome in thread]

    assert all(isinstance(receipt, EntryReceipt) for receipt in receipts)
    kept = [receipt for receipt in receipts if isinstance(receipt, EntryReceipt)]
    assert len({(receipt.seq, receipt.leaf_hash, receipt.recorded_at) for receipt in kept}) == 1
    assert [receipt.is_replay for receipt in kept].count(False) == 1
    assert_sound(book)


def test_one_id_with_different_content_at_once_is_recorded_for_one_of_them(book: ExampleBook) -> None:
    answers = Counter(
        code for thread in at_once(lambda n: codes(book.post(transfer(1, GAIN, CASH, 5 + n)))) for code in thread
    )

    assert answers == {"ok": 1, "ledger.id_reused": THREADS - 1}


def test_two_books_written_in_parallel_stay_apart_and_sound(database: Database) -> None:
    books = [open_example(database, book_uuid=UUID(int=n), code=f"b{n}") for n in (1, 2)]

    def post(thread: int) -> None:
        for round_ in range(10):
            books[thread % 2].accept(transfer(1000 + thread * 100 + round_, GAIN, CASH, 1))

    at_once(post, threads=8)

    for book in books:
        assert len(columns(database, "entry", "seq", book_id=book.book_id)) == 40
        assert_sound(book)


def test_books_opened_at_once_each_get_their_own_number(database: Database) -> None:
    def open_one(thread: int) -> int:
        with database.writer() as session:
            book_id = operations.open_book(
                session,
                book_uuid=UUID(int=1 + thread // 2),
                tenant_id=TENANT,
                code=f"b{thread // 2}",
                functional_currency="CNY",
                now=NOW,
            )
            session.commit()
        return book_id

    numbers = at_once(open_one)

    assert [numbers[n] for n in range(0, THREADS, 2)] == [numbers[n] for n in range(1, THREADS, 2)]
    assert sorted(set(numbers)) == list(range(1, THREADS // 2 + 1))
