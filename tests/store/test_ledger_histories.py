"""Random histories on both engines at once: the same answers, the same rows, the same root, and what brute force says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import count, pairwise
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from ledger.core.errors import Conflict
from ledger.core.fold import Rejected, fold
from ledger.core.journal import JournalDraft
from ledger.operations import EntryReceipt
from ledger.store import reports
from ledger.store.database import Database
from tests.store import brute_force
from tests.store.books import ExampleBook, codes, open_example, snapshot
from tests.store.wide_books import open_wide
from tests.strategies import FIRST_DAY, NOW, WIDE_OPENINGS, days, drafts, empty_state, histories
from tests.wide_histories import FOUNDED, founding, wide_histories

_numbers = count(1)
_few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
_fewer = settings(_few, max_examples=8)


def fresh_pair(pair: tuple[Database, Database]) -> tuple[ExampleBook, ExampleBook]:
    """Open a new book of the same uuid on each engine, so that each example starts empty."""
    number = next(_numbers)
    first, second = (open_example(database, book_uuid=UUID(int=number), code=f"b{number}") for database in pair)
    return first, second


@given(history=histories(max_size=40), cuts=st.lists(st.integers(min_value=1, max_value=40), max_size=4))
@_few
def test_both_engines_give_the_same_answers_rows_and_root(
    pair: tuple[Database, Database], history: tuple[JournalDraft, ...], cuts: list[int]
) -> None:
    on_sqlite, on_postgresql = fresh_pair(pair)
    edges = [0, *sorted(cut for cut in set(cuts) if cut < len(history)), len(history)]
    batches = [history[start:end] for start, end in pairwise(edges) if start < end]

    for number, batch in enumerate(batches):
        now = NOW + timedelta(seconds=number)
        first, second = on_sqlite.post(*batch, now=now), on_postgresql.post(*batch, now=now)
        assert codes(first) == codes(second)
        assert [o for o in first if isinstance(o, EntryReceipt)] == [o for o in second if isinstance(o, EntryReceipt)]

    left = snapshot(on_sqlite.database, on_sqlite.book_id)
    assert left == snapshot(on_postgresql.database, on_postgresql.book_id)
    assert left["balance"]
    brute_force.assert_sound(on_sqlite)
    brute_force.assert_sound(on_postgresql)


@given(history=histories(max_size=30))
@_few
def test_the_store_answers_as_the_pure_fold_does(
    pair: tuple[Database, Database], history: tuple[JournalDraft, ...]
) -> None:
    expected = [
        outcome.refusal.code if isinstance(outcome, Rejected) else "ok" for outcome in fold(empty_state(), history, NOW)
    ]

    for book in fresh_pair(pair):
        assert [codes(book.post(wish))[0] for wish in history] == expected
        assert codes(book.post(*history)) == expected


@given(history=wide_histories(max_size=25), cuts=st.lists(st.integers(min_value=1, max_value=25), max_size=4))
@_fewer
def test_holds_groups_and_carried_lots_are_the_same_on_both_engines(
    pair: tuple[Database, Database], history: tuple[JournalDraft, ...], cuts: list[int]
) -> None:
    number = next(_numbers)
    on_sqlite, on_postgresql = (open_wide(database, UUID(int=number), f"w{number}") for database in pair)
    edges = [0, *sorted(cut for cut in set(cuts) if cut < len(history)), len(history)]
    batches = [founding(), *(history[start:end] for start, end in pairwise(edges) if start < end)]

    for place, batch in enumerate(batches):
        now = NOW + timedelta(seconds=place)
        first, second = on_sqlite.post(*batch, now=now), on_postgresql.post(*batch, now=now)
        assert codes(first) == codes(second)
        assert [o for o in first if isinstance(o, EntryReceipt)] == [o for o in second if isinstance(o, EntryReceipt)]

    assert snapshot(on_sqlite.database, on_sqlite.book_id) == snapshot(on_postgresql.database, on_postgresql.book_id)
    brute_force.assert_sound(on_sqlite)
    brute_force.assert_sound(on_postgresql)


@given(history=wide_histories(max_size=25))
@_fewer
def test_a_wide_book_in_the_store_answers_as_the_pure_fold_does(
    pair: tuple[Database, Database], history: tuple[JournalDraft, ...]
) -> None:
    number = next(_numbers)
    whole = (*founding(), *history)
    expected = [
        outcome.refusal.code if isinstance(outcome, Rejected) else "ok"
        for outcome in fold(empty_state(WIDE_OPENINGS), whole, NOW)
    ]

    for database in pair:
        book = open_wide(database, UUID(int=number), f"w{number}")
        assert codes(book.post(*whole)) == expected
        assert codes(book.post(*whole)) == expected
        assert expected[:FOUNDED] == ["ok"] * FOUNDED


@given(history=histories(max_size=30), later=days, known=st.integers(min_value=0, max_value=30))
@_few
def test_reports_of_any_day_and_record_point_are_what_brute_force_adds_up(
    pair: tuple[Database, Database], history: tuple[JournalDraft, ...], later: date, known: int
) -> None:
    for book in fresh_pair(pair):
        book.post(*history)
        facts = brute_force.load(book)
        for as_of in (FIRST_DAY - timedelta(days=1), later, date.max):
            for point in (min(known, len(facts.entries)), None):
                _assert_reports(book, facts, as_of=as_of, known=point)


def _assert_reports(book: ExampleBook, facts: brute_force.Facts, *, as_of: date, known: int | None) -> None:
    upto = 10**9 if known is None else known
    expected = brute_force.balances(facts, as_of=as_of, known=upto)
    with book.database.reader() as session:
        shown = reports.positions(session, book.book_id, as_of=as_of, known=known)
        singles = {
            path: reports.balance_as_of(session, book.book_id, path, as_of=as_of, known=known).balance
            for path in expected
        }
        trial = reports.trial_balance(session, book.book_id, as_of=as_of, known=known)
        lots = reports.lots(session, book.book_id, as_of=as_of, known=known)
    assert {row.path: row.balance for row in shown} == expected == singles
    assert [row.path for row in shown] == sorted(expected)
    assert trial == brute_force.trial(facts, as_of=as_of, known=upto)
    assert all(debits == credits_ for debits, credits_ in trial.values())
    assert {lot.lot_id: (lot.quantity, lot.cost) for lot in lots} == brute_force.open_lots(
        facts, as_of=as_of, known=upto
    )


@given(first=histories(max_size=15), second=histories(max_size=15), as_of=days)
@_few
def test_a_report_of_a_record_point_reproduces_after_later_back_dated_entries(
    pair: tuple[Database, Database],
    first: tuple[JournalDraft, ...],
    second: tuple[JournalDraft, ...],
    as_of: date,
) -> None:
    for book in fresh_pair(pair):
        book.post(*first)
        before = _everything(book, as_of, reports_known=None)
        size = before[0].seq

        book.post(*(replace(wish, entry_id=UUID(int=900 + n)) for n, wish in enumerate(second)))

        assert _everything(book, as_of, reports_known=size) == before


def _everything(
    book: ExampleBook, as_of: date, *, reports_known: int | None
) -> tuple[reports.RecordPoint, object, object, object]:
    with book.database.reader() as session:
        point = reports.record_point(session, book.book_id, known=reports_known)
        return (
            point,
            reports.positions(session, book.book_id, as_of=as_of, known=point.seq),
            reports.lots(session, book.book_id, as_of=as_of, known=point.seq),
            [
                reports.statement(session, book.book_id, position.path, known=point.seq)
                for position in reports.positions(session, book.book_id, as_of=as_of)
            ],
        )


def test_a_life_of_posts_repeats_and_closings_stays_sound(pair: tuple[Database, Database]) -> None:
    class BookLife(RuleBasedStateMachine):
        """Posts, repeats and closings in any order, on both engines, beside the drafts and answers so far."""

        @initialize()
        def open_books(self) -> None:
            self.books = fresh_pair(pair)
            self.posted: list[JournalDraft] = []
            self.answers: list[str] = []

        @rule(wishes=st.lists(st.integers(min_value=0, max_value=3), min_size=1, max_size=4), choice=st.data())
        def post(self, wishes: list[int], choice: st.DataObject) -> None:
            start = len(self.posted) + 1
            batch = [choice.draw(drafts(start + offset)) for offset in range(len(wishes))]
            now = NOW + timedelta(microseconds=start)
            told = [codes(book.post(*batch, now=now)) for book in self.books]
            assert told[0] == told[1]
            self.posted += batch
            self.answers += told[0]

        @precondition(lambda self: bool(self.posted))
        @rule()
        def repeat_everything(self) -> None:
            before = [snapshot(book.database, book.book_id) for book in self.books]
            for book in self.books:
                assert codes(book.post(*self.posted)) == self.answers
            assert [snapshot(book.database, book.book_id) for book in self.books] == before

        @rule(day=days)
        def close_period(self, day: date) -> None:
            closed = [_closed(book, day) for book in self.books]
            assert closed[0] == closed[1]

        def teardown(self) -> None:
            if hasattr(self, "books"):
                for book in self.books:
                    brute_force.assert_sound(book)
                rows = [snapshot(book.database, book.book_id) for book in self.books]
                assert rows[0] == rows[1]

    run_state_machine_as_test(BookLife, settings=settings(_few, max_examples=8, stateful_step_count=10))


def _closed(book: ExampleBook, day: date) -> str:
    try:
        book.close(day)
    except Conflict as refusal:
        return refusal.code
    return "ok"
