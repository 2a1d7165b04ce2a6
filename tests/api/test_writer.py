from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from api import writer
from api.errors import Unavailable, refusal
from api.writer import WriterQueue, weight
from ledger import operations
from ledger.core.errors import DomainError, NotFound
from ledger.core.journal import JournalDraft
from ledger.operations import EntryOutcome, EntryReceipt, EntryRefusal
from ledger.store.database import Database
from tests.store.books import codes, columns, open_example
from tests.store.brute_force import assert_sound
from tests.strategies import ACTOR, CASH, FIRST_DAY, GAIN, NOW, draft, entry_id, transfer
from tests.torture.failing_database import fail_on_demand

LATER = NOW + timedelta(days=1)
NO_BOOK = 999_999


class Gate:
    """A clock that, until it is opened, holds the first who reads it: the queue reads it inside a commit."""

    def __init__(self, *, error: BaseException | None = None) -> None:
        self._error = error
        self._is_first = True
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self) -> datetime:
        is_first, self._is_first = self._is_first, False
        if is_first:
            self.reached.set()
            assert self.opened.wait(30), "the gate is opened"
            if self._error is not None:
                raise self._error
        return LATER


class Office:
    """A book, its queue behind a gate, and callers who wait in an event loop."""

    def __init__(
        self, database: Database, loop: asyncio.AbstractEventLoop, gate: Gate, *, most_waiting: int = 100
    ) -> None:
        self.book = open_example(database)
        self.gate = gate
        self.queue = WriterQueue(database, clock=gate, random_bytes=self.book.random_bytes, most_waiting=most_waiting)
        self._loop = loop
        self.commits = 0
        event.listen(database.engine, "commit", self._count)

    def call(self, each: JournalDraft, *, is_closer: bool = False) -> Future[EntryOutcome]:
        posting = self.queue.post(self.book.book_id, each, is_closer=is_closer)
        return asyncio.run_coroutine_threadsafe(posting, self._loop)

    def call_behind_the_first(self, first: JournalDraft, rest: Sequence[JournalDraft]) -> list[Future[EntryOutcome]]:
        """Let ``first`` be held in its commit and the rest wait in order, then open the gate."""
        told = [self.call(first)]
        assert self.gate.reached.wait(30)
        for number, each in enumerate(rest, start=1):
            told.append(self.call(each))
            until(partial(self.is_waiting, number))
        self.commits = 0
        self.gate.opened.set()
        return told

    def is_waiting(self, callers: int) -> bool:
        return self.queue.waiting(self.book.book_id) == callers

    def _count(self, _connection: object) -> None:
        self.commits += 1


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    pause = threading.Event()
    for _ in range(30_000):
        if is_so():
            return
        pause.wait(0.001)
    raise AssertionError("it never came to be so")


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    running = asyncio.new_event_loop()
    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(running.run_forever)
        yield running
        running.call_soon_threadsafe(running.stop)
        ended.result(timeout=30)
    running.close()


@pytest.fixture
def office(database: Database, loop: asyncio.AbstractEventLoop) -> Office:
    return Office(database, loop, Gate())


def moves(first: int, last: int) -> list[JournalDraft]:
    return [transfer(number, GAIN, CASH, 1) for number in range(first, last + 1)]


def outcomes(told: Sequence[Future[EntryOutcome]]) -> list[EntryOutcome]:
    return [each.result(timeout=30) for each in told]


def test_a_lone_caller_is_recorded_at_once(database: Database) -> None:
    book = open_example(database)
    queue = WriterQueue(database, clock=lambda: LATER, random_bytes=book.random_bytes)

    outcome = asyncio.run(queue.post(book.book_id, transfer(1, GAIN, CASH, 5)))

    assert isinstance(outcome, EntryReceipt)
    assert (outcome.entry_id, outcome.seq, outcome.is_replay) == (entry_id(1), 1, False)
    assert queue.waiting(book.book_id) == 0


def test_all_who_wait_share_one_commit_and_each_gets_its_own_outcome(office: Office) -> None:
    drafts = [*moves(2, 20), transfer(21, CASH, GAIN, 10_000), *moves(22, 30)]

    told = outcomes(office.call_behind_the_first(transfer(1, GAIN, CASH, 1), drafts))

    assert office.commits == 2
    assert [each.entry_id for each in told] == [entry_id(number) for number in range(1, 31)]
    assert codes(told) == ["ok"] * 20 + ["ledger.insufficient_available"] + ["ok"] * 9
    assert len({each.tree_root for each in told[1:] if isinstance(each, EntryReceipt)}) == 1
    assert [each.seq for each in told if isinstance(each, EntryReceipt)] == list(range(1, 30))
    assert_sound(office.book)


def test_one_id_from_many_callers_is_one_entry(office: Office) -> None:
    same = [transfer(2, GAIN, CASH, 7)] * 5

    told = outcomes(office.call_behind_the_first(transfer(1, GAIN, CASH, 1), same))

    receipts = [each for each in told[1:] if isinstance(each, EntryReceipt)]
    assert {each.seq for each in receipts} == {2}
    assert [each.is_replay for each in receipts].count(False) == 1
    assert_sound(office.book)


def test_a_caller_beyond_the_bound_is_told_at_once_to_come_again(
    database: Database, loop: asyncio.AbstractEventLoop
) -> None:
    office = Office(database, loop, Gate(), most_waiting=2)
    held = office.call(transfer(1, GAIN, CASH, 1))
    assert office.gate.reached.wait(30)
    waiting = [office.call(each) for each in moves(2, 3)]
    until(lambda: office.queue.waiting(office.book.book_id) == 2)

    with pytest.raises(Unavailable) as full:
        asyncio.run(office.queue.post(office.book.book_id, transfer(4, GAIN, CASH, 1)))

    office.gate.opened.set()
    assert codes(outcomes([held, *waiting])) == ["ok"] * 3
    answer = refusal(full.value)
    assert (answer.status_code, full.value.code, answer.headers["retry-after"]) == (503, "ledger.queue_full", "1")


def test_a_batch_takes_no_more_bytes_than_it_may(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = moves(2, 7)
    monkeypatch.setattr(writer, "_MOST_BATCH_BYTES", 3 * weight(drafts[0]))

    told = outcomes(office.call_behind_the_first(transfer(1, GAIN, CASH, 1), drafts))

    assert office.commits == 3
    assert codes(told) == ["ok"] * 7


def test_who_may_post_into_softly_closed_days_lets_nobody_else_in(office: Office) -> None:
    with office.book.writing() as session:
        operations.close_softly(
            session, office.book.book_id, FIRST_DAY, actor=ACTOR, now=NOW, random_bytes=office.book.random_bytes
        )
    held = office.call(transfer(1, GAIN, CASH, 1))
    assert office.gate.reached.wait(30)
    told = [held]
    for number, is_closer in enumerate((True, True, False, True), start=2):
        told.append(office.call(transfer(number, GAIN, CASH, 1), is_closer=is_closer))
        until(partial(office.is_waiting, number - 1))
    office.commits = 0
    office.gate.opened.set()

    found = codes(outcomes(told))

    assert found == ["ledger.period_soft_closed", "ok", "ok", "ledger.period_soft_closed", "ok"]
    assert office.commits == 4


def test_entries_of_two_callers_never_become_one_linked_group(office: Office) -> None:
    link = UUID(int=7)
    fine, refused = (replace(each, link=link) for each in (transfer(2, GAIN, CASH, 1), transfer(3, CASH, GAIN, 10_000)))

    told = outcomes(office.call_behind_the_first(transfer(1, GAIN, CASH, 1), [fine, refused]))

    assert codes(told) == ["ok", "ok", "ledger.insufficient_available"]
    assert office.commits == 3


def test_a_reversal_weighs_as_the_longest_entry_and_text_by_its_length() -> None:
    plain = transfer(1, GAIN, CASH, 1)

    # An entry and two legs of 200 bytes each; an entry and a thousand legs.
    assert weight(plain) == 600
    assert weight(draft(2, reverses=1)) == 200_200


def test_what_breaks_a_batch_breaks_only_its_own_entry(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[int] = []
    post_entries = operations.post_entries

    def breaking(session: Any, book_id: int, drafts: Sequence[JournalDraft], **more: Any) -> list[EntryOutcome]:
        posted.append(len(drafts))
        done = post_entries(session, book_id, drafts, **more)
        if any(each.entry_id == entry_id(3) for each in drafts):
            raise RuntimeError("entry 3 is a bug")
        return done

    monkeypatch.setattr(operations, "post_entries", breaking)
    told = office.call_behind_the_first(transfer(1, GAIN, CASH, 1), moves(2, 5))

    with pytest.raises(RuntimeError, match="entry 3"):
        told.pop(2).result(timeout=30)
    assert codes(outcomes(told)) == ["ok"] * 4
    assert posted == [1, 4, 1, 1, 1, 1]
    monkeypatch.undo()
    assert_sound(office.book)


def test_a_book_that_does_not_exist_is_each_callers_own_refusal(database: Database) -> None:
    queue = WriterQueue(database, clock=lambda: LATER, random_bytes=bytes)

    for _ in range(2):
        with pytest.raises(NotFound) as refused:
            asyncio.run(queue.post(NO_BOOK, transfer(1, GAIN, CASH, 1)))
        assert refused.value.code == "book.not_found"


def test_a_commit_that_dies_leaves_the_others_the_next(database: Database, loop: asyncio.AbstractEventLoop) -> None:
    office = Office(database, loop, Gate(error=KeyboardInterrupt()))

    told = office.call_behind_the_first(transfer(1, GAIN, CASH, 1), moves(2, 4))

    assert codes(outcomes(told[1:])) == ["ok"] * 3
    died = told[0].exception(timeout=30)
    assert isinstance(died, Unavailable), "it may or may not be recorded; the same id again tells"
    assert died.code == "server.busy"
    assert len(columns(database, "entry", "seq", book_id=office.book.book_id)) == 3


def test_close_refuses_newcomers_and_waits_until_everybody_is_told(office: Office) -> None:
    held = office.call(transfer(1, GAIN, CASH, 1))
    assert office.gate.reached.wait(30)
    waiting = office.call(transfer(2, GAIN, CASH, 1))
    until(lambda: office.queue.waiting(office.book.book_id) == 1)
    assert not office.queue.close(seconds=0), "an entry is on its way"

    closed: list[bool] = []
    closing = threading.Thread(target=lambda: closed.append(office.queue.close()))
    closing.start()
    with pytest.raises(Unavailable) as refused:
        asyncio.run(office.queue.post(office.book.book_id, transfer(3, GAIN, CASH, 1)))
    office.gate.opened.set()

    closing.join(30)
    assert closed == [True]
    assert codes(outcomes([held, waiting])) == ["ok", "ok"]
    assert refused.value.code == "server.stopping"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_books_do_not_wait_for_each_other(office: Office, database: Database) -> None:
    other = open_example(database, book_uuid=UUID(int=2), code="other")
    held = office.call(transfer(1, GAIN, CASH, 1))
    assert office.gate.reached.wait(30)

    outcome = asyncio.run(office.queue.post(other.book_id, transfer(1, GAIN, CASH, 1)))

    assert isinstance(outcome, EntryReceipt)
    assert not held.done()
    office.gate.opened.set()
    assert codes(outcomes([held])) == ["ok"]


def test_a_database_that_does_not_answer_is_told_as_busy_and_nothing_is_recorded(database: Database) -> None:
    book = open_example(database)
    calls = fail_on_demand(database)
    database.engine.dispose()
    queue = WriterQueue(database, clock=lambda: LATER, random_bytes=book.random_bytes)
    with suppress(DomainError):
        asyncio.run(queue.post(book.book_id, transfer(1, GAIN, CASH, 1)))

    told: list[str] = []
    for failing in range(2, 7):  # the first call only asks the connection whether it lives
        calls.restart(failing)
        with pytest.raises(Unavailable) as busy:
            asyncio.run(queue.post(book.book_id, transfer(2, GAIN, CASH, 1)))
        told.append(busy.value.code)

    calls.restart()
    assert told == ["server.busy"] * 5
    assert len(columns(database, "entry", "seq", book_id=book.book_id)) == 1


def test_a_refusal_is_recorded_and_told_again(database: Database) -> None:
    book = open_example(database)
    queue = WriterQueue(database, clock=lambda: LATER, random_bytes=book.random_bytes)
    too_much = transfer(1, CASH, GAIN, 10_000)

    first, again = (asyncio.run(queue.post(book.book_id, too_much)) for _ in range(2))

    assert isinstance(first, EntryRefusal)
    assert isinstance(again, EntryRefusal)
    assert (first.refusal.code, first.is_replay) == ("ledger.insufficient_available", False)
    assert (again.refusal.code, again.is_replay) == ("ledger.insufficient_available", True)
