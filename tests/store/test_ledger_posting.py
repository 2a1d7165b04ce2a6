from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from ledger import operations
from ledger.core.errors import Conflict, DomainError, Invalid, NotFound
from ledger.core.journal import JournalDraft, Posting
from ledger.operations import EntryReceipt, EntryRefusal
from ledger.store import reports
from tests.store.books import ExampleBook, codes, open_example, snapshot
from tests.store.brute_force import assert_sound
from tests.strategies import ACTOR, CASH, FIFO, GAIN, LOSS, NOW, draft, entry_id, purchase, sale, transfer


def told(outcome: object) -> tuple[str, str, str, dict[str, str]]:
    assert isinstance(outcome, EntryRefusal)
    refusal = outcome.refusal
    return type(refusal).__name__, refusal.code, refusal.message, dict(refusal.data)


def test_a_purchase_and_a_sale_are_recorded_with_receipts_in_one_tree(book: ExampleBook) -> None:
    first, second, third = book.accept(transfer(1, GAIN, CASH, 9_000), purchase(2, 3, 1000), sale(3, 2, 900))

    assert [first.seq, second.seq, third.seq] == [1, 2, 3]
    assert {receipt.tree_size for receipt in (first, second, third)} == {3}
    assert len({receipt.tree_root for receipt in (first, second, third)}) == 1
    assert first.recorded_at == NOW
    assert third.recorded_at == NOW + timedelta(microseconds=2)
    assert_sound(book)


def test_the_same_draft_again_gets_the_recorded_answer_and_changes_nothing(book: ExampleBook) -> None:
    (receipt,) = book.accept(transfer(1, GAIN, CASH, 5))
    before = snapshot(book.database)

    (again,) = book.post(transfer(1, GAIN, CASH, 5), now=NOW + timedelta(days=1))

    assert again == receipt._replace(is_replay=True)
    assert snapshot(book.database) == before


def test_a_replay_by_another_person_gets_the_recorded_answer(book: ExampleBook) -> None:
    (receipt,) = book.accept(transfer(1, GAIN, CASH, 5))
    by_other = replace(transfer(1, GAIN, CASH, 5), actor=replace(ACTOR, user_id=UUID(int=5)))

    (again,) = book.post(by_other)

    assert again == receipt._replace(is_replay=True)


def test_a_replay_in_a_later_batch_answers_beside_new_entries(book: ExampleBook) -> None:
    (receipt,) = book.accept(transfer(1, GAIN, CASH, 5))

    old, new = book.post(transfer(1, GAIN, CASH, 5), transfer(2, GAIN, CASH, 6))

    assert isinstance(old, EntryReceipt)
    assert isinstance(new, EntryReceipt)
    assert (old.seq, old.leaf_hash, old.is_replay) == (1, receipt.leaf_hash, True)
    assert (new.seq, new.is_replay) == (2, False)
    assert_sound(book)


def test_an_id_used_for_other_content_is_refused_and_the_recorded_answer_stays(book: ExampleBook) -> None:
    book.accept(transfer(1, GAIN, CASH, 5))
    before = snapshot(book.database)

    (other,) = book.post(transfer(1, GAIN, CASH, 6))

    assert codes([other]) == ["ledger.id_reused"]
    assert snapshot(book.database) == before
    assert codes(book.post(transfer(1, GAIN, CASH, 5))) == ["ok"]


def test_a_refusal_is_frozen_and_told_again_word_for_word_though_it_would_now_pass(book: ExampleBook) -> None:
    (refused,) = book.post(sale(1, 5, 10))
    book.accept(purchase(2, 50, 0))
    before = snapshot(book.database)

    (again,) = book.post(sale(1, 5, 10), now=NOW + timedelta(days=3))

    assert told(again) == told(refused)
    assert isinstance(refused, EntryRefusal)
    assert isinstance(again, EntryRefusal)
    assert (refused.is_replay, again.is_replay) == (False, True)
    assert snapshot(book.database) == before


def test_a_frozen_refusal_with_other_content_is_a_reused_id(book: ExampleBook) -> None:
    book.post(sale(1, 5, 10))

    assert codes(book.post(sale(1, 6, 10))) == ["ledger.id_reused"]


def test_a_batch_keeps_what_is_right_and_refuses_what_is_wrong_in_order(book: ExampleBook) -> None:
    outcomes = book.post(
        purchase(1, 10, 0),
        sale(2, 11, 100),
        sale(3, 4, 100),
        draft(4, Posting(CASH, "CNY", 2), Posting(GAIN, "CNY", -1)),
        transfer(5, "Assets:Carbon:EUA", "Equity:Registry:EUA", 15),
        sale(6, 6, 100),
        sale(7, 1, 100),
    )

    assert codes(outcomes) == [
        "ok",
        "ledger.insufficient_available",
        "ok",
        "ledger.entry_unbalanced",
        "ledger.amount_step",
        "ok",
        "ledger.insufficient_available",
    ]
    assert [outcome.seq for outcome in outcomes if isinstance(outcome, EntryReceipt)] == [1, 2, 3]
    assert_sound(book)


def test_the_same_id_twice_in_a_batch_is_one_entry_with_one_answer(book: ExampleBook) -> None:
    first, again, other = book.post(transfer(1, GAIN, CASH, 5), transfer(1, GAIN, CASH, 5), transfer(1, GAIN, CASH, 6))

    assert isinstance(first, EntryReceipt)
    assert again == first._replace(is_replay=True)
    assert codes([other]) == ["ledger.id_reused"]
    assert_sound(book)


def test_the_same_refused_id_twice_in_a_batch_is_told_twice(book: ExampleBook) -> None:
    first, again = book.post(sale(1, 5, 10), sale(1, 5, 10))

    assert told(first) == told(again)
    assert isinstance(again, EntryRefusal)
    assert again.is_replay


def test_an_entry_may_be_reversed_in_the_batch_that_records_it(book: ExampleBook) -> None:
    outcomes = book.post(purchase(1, 3, 0), draft(2, reverses=1), draft(3, reverses=1), draft(4, reverses=2))

    assert codes(outcomes) == ["ok", "ok", "ledger.already_reversed", "ledger.reversal_unknown"]
    assert_sound(book)


def test_a_reversal_in_a_later_transaction_gives_lots_back_and_happens_once(book: ExampleBook) -> None:
    book.accept(transfer(1, GAIN, CASH, 9_000), purchase(2, 3, 1000), sale(3, 2, 900))
    with book.writing() as session:
        operations.reverse_entry(
            session,
            book.book_id,
            entry_id=entry_id(4),
            reverses=entry_id(3),
            effective_on=date(2025, 2, 1),
            actor=ACTOR,
            now=NOW,
            random_bytes=book.random_bytes,
        )

    assert codes(book.post(draft(5, reverses=3))) == ["ledger.already_reversed"]
    assert codes(book.post(sale(6, 3, 900))) == ["ok"]
    assert_sound(book)


def test_a_reversal_of_another_books_entry_is_unknown(book: ExampleBook) -> None:
    book.accept(transfer(1, GAIN, CASH, 5))
    other = open_example(book.database, book_uuid=UUID(int=77), code="other")

    assert codes(other.post(draft(2, reverses=1))) == ["ledger.reversal_unknown"]


def test_the_same_id_in_two_books_is_two_entries(book: ExampleBook) -> None:
    other = open_example(book.database, book_uuid=UUID(int=77), code="other")

    book.accept(transfer(1, GAIN, CASH, 5))
    other.accept(transfer(1, GAIN, CASH, 6))

    assert_sound(book)
    assert_sound(other)


def test_a_single_post_raises_its_refusal_and_the_callers_rollback_leaves_nothing(book: ExampleBook) -> None:
    before = snapshot(book.database)

    with book.database.writer() as session, pytest.raises(Conflict) as refused:
        operations.post_entry(session, book.book_id, sale(1, 5, 10), now=NOW, random_bytes=book.random_bytes)

    assert refused.value.code == "ledger.insufficient_available"
    assert snapshot(book.database) == before


def test_nothing_is_recorded_before_the_caller_commits(book: ExampleBook) -> None:
    before = snapshot(book.database)

    with book.database.writer() as session:
        operations.post_entries(session, book.book_id, [purchase(1, 3, 0)], now=NOW, random_bytes=book.random_bytes)
        session.rollback()

    assert snapshot(book.database) == before
    assert codes(book.post(purchase(1, 3, 0))) == ["ok"]


@pytest.mark.parametrize("size", [0, 8_001])
def test_a_batch_has_one_to_eight_thousand_entries(book: ExampleBook, size: int) -> None:
    with pytest.raises(Invalid) as refused:
        book.post(*[transfer(1, GAIN, CASH, 5)] * size)

    assert refused.value.code == "ledger.batch_size"


def test_a_book_that_is_not_there_is_not_found(book: ExampleBook) -> None:
    with book.database.writer() as session, pytest.raises(NotFound) as missing:
        operations.post_entries(session, 999, [transfer(1, GAIN, CASH, 5)], now=NOW, random_bytes=book.random_bytes)

    assert missing.value.code == "book.not_found"


def test_text_in_any_script_comes_back_as_it_was_written(book: ExampleBook) -> None:
    wish = replace(
        transfer(1, GAIN, CASH, 5), doc_ref='合同 "甲" \\N \\t €', attrs={"note": "\\\\ {} ☃ \U0001f33f '; --"}
    )

    book.accept(wish)

    with book.database.reader() as session:
        record = reports.entry_at(session, book.book_id, 1)
    assert record is not None
    assert record.doc_ref == wish.doc_ref
    assert record.attrs == wish.attrs
    assert_sound(book)


def test_thousands_of_unknown_accounts_in_one_batch_are_refused_not_a_crash(book: ExampleBook) -> None:
    def strangers(number: int) -> JournalDraft:
        legs = [Posting(f"Assets:N{number}:L{line}", "CNY", 1 if line % 2 else -1) for line in range(998)]
        return draft(number, *legs)

    outcomes = book.post(*(strangers(number) for number in range(1, 260)))

    assert set(codes(outcomes)) == {"ledger.account_unknown"}


def test_a_balance_at_the_edge_of_what_can_be_added_is_refused_on_both_engines(book: ExampleBook) -> None:
    legs = [leg for _ in range(499) for leg in (Posting(LOSS, "CNY", 10**15), Posting(GAIN, "CNY", -(10**15)))]

    outcomes = book.post(*(draft(number, *legs) for number in range(1, 12)))

    assert codes(outcomes) == ["ok", "ok", *["ledger.amount_range"] * 9]
    assert_sound(book)


def test_a_refusal_is_one_of_the_four_kinds_when_told_again(book: ExampleBook) -> None:
    book.post(transfer(1, CASH, GAIN, 50_000), draft(2, Posting(CASH, "CNY", 2), Posting(GAIN, "CNY", -1)))

    outcomes = book.post(transfer(1, CASH, GAIN, 50_000), draft(2, Posting(CASH, "CNY", 2), Posting(GAIN, "CNY", -1)))

    kinds = [type(outcome.refusal) for outcome in outcomes if isinstance(outcome, EntryRefusal)]
    assert kinds == [Conflict, Invalid]
    assert all(issubclass(kind, DomainError) for kind in kinds)


def test_a_pool_and_a_lot_account_swap_tonnes_at_cost(book: ExampleBook) -> None:
    book.accept(purchase(1, 3, 0), purchase(2, 3, 1000))
    legs = (Posting("Assets:Carbon:CEA25:Pool", "CEA25", 4, lot_cost=333), Posting(FIFO, "CEA25", -4))

    book.accept(draft(3, *legs))

    assert_sound(book)
