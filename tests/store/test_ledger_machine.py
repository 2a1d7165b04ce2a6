"""Two books, two databases and an oracle of plain dicts: whatever is asked, in any order, all three say the same.

Time moves on, so that holds run out; ids come again with the same and with other content; tonnes move between the books.
``TONNE_TORTURE=long`` tries many more and longer lives.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ledger import operations
from ledger.core.errors import DomainError
from ledger.core.holds import HoldPlacement
from ledger.core.journal import JournalDraft, Posting
from ledger.operations import EntryOutcome, EntryReceipt
from ledger.store import journal, reports
from ledger.store.database import Database
from tests.store import brute_force
from tests.store.books import ExampleBook, codes, snapshot
from tests.store.oracle import Oracle
from tests.store.wide_books import BEGAN, open_wide
from tests.strategies import ACTOR, CLEARING_T, FIFO, FIRST_DAY, LIFO, NOW, POOL, WIDE_OPENINGS, days, draft, hold
from tests.wide_histories import FOUNDED, founding, wide_drafts, wide_histories

_is_long = os.environ.get("TONNE_TORTURE") == "long"
_lives = settings(
    max_examples=120 if _is_long else 20,
    stateful_step_count=40 if _is_long else 15,
    deadline=None,
    derandomize=not _is_long,
    suppress_health_check=list(HealthCheck),
)
_numbers = count(50_000)
_which = st.integers(min_value=0, max_value=1)
_OPEN_DAY = FIRST_DAY + timedelta(days=30)
_lived = wide_histories(min_size=10, max_size=20)
_early = st.integers(min_value=0, max_value=8).map(lambda n: FIRST_DAY + timedelta(days=n))


class Side:
    """One book on both databases, and its oracle."""

    def __init__(self, pair: tuple[Database, Database]) -> None:
        number = next(_numbers)
        self.books = [open_wide(database, UUID(int=number), f"m{number}") for database in pair]
        self.oracle = Oracle(WIDE_OPENINGS, {"EUA": 10}, "CNY", BEGAN)
        self.asked: list[JournalDraft] = []
        self.placed: dict[int, str] = {}
        self.next_number = FOUNDED + 1
        self.post(founding(), NOW)

    def draw(self, choice: st.DataObject, now: datetime) -> JournalDraft:
        """Return the next draft of the book."""
        number, self.next_number = self.next_number, self.next_number + 1
        wish = choice.draw(wide_drafts(number, self.placed, now))
        if isinstance(wish.hold, HoldPlacement):
            self.placed[number] = wish.hold.account
        return wish

    def take(self, history: Sequence[JournalDraft], now: datetime) -> None:
        """Post a whole history, whose numbers follow the founding's."""
        self.next_number += len(history)
        for number, wish in enumerate(history, start=FOUNDED + 1):
            if isinstance(wish.hold, HoldPlacement):
                self.placed[number] = wish.hold.account
        self.post(history, now)

    def set_aside_for_seconds(self, now: datetime) -> None:
        """Place two holds that run out soon, one of them on a given lot."""
        first, second = self.next_number, self.next_number + 1
        self.next_number += 2
        self.placed |= {first: FIFO, second: LIFO}
        lot = 1024 * 5 + 1  # what the founding bought there
        soon = hold(first, FIFO, 3, until=now + timedelta(seconds=3), day=_OPEN_DAY)
        later = hold(second, LIFO, 2, lots=((lot, 2),), until=now + timedelta(seconds=9), day=_OPEN_DAY)
        self.post([soon, later], now)

    def post(self, batch: Sequence[JournalDraft], now: datetime, *, is_closer: bool = False) -> None:
        """Post a batch everywhere: the same codes, places, times, leaves and roots."""

        def on(book: ExampleBook) -> list[EntryOutcome]:
            with book.writing() as session:
                return operations.post_entries(
                    session, book.book_id, batch, now=now, random_bytes=book.random_bytes, is_closer=is_closer
                )

        if any(wish.reverses for wish in batch):
            self.expire(now)  # whether a reversal alone lets run-out holds go is another test's question
        told = [on(book) for book in self.books]
        assert codes(told[0]) == codes(told[1]) == self.oracle.post(batch, now, is_closer=is_closer)
        assert _receipts(told[0]) == _receipts(told[1])
        self.asked += batch

    def expire(self, now: datetime) -> None:
        """Let every hold that has run out go, everywhere."""
        expected = self.oracle.expire(now)
        for book in self.books:
            with book.writing() as session:
                ended = operations.expire_holds(session, book.book_id, now=now, random_bytes=book.random_bytes)
            assert ended == expected

    def read(self, as_of: date, known: int | None) -> None:
        """Compare every report as of a day and a record point with what the oracle adds up."""
        upto = 10**9 if known is None else known
        balances = self.oracle.balances(as_of=as_of, known=upto)
        roots = []
        for book in self.books:
            with book.database.reader() as session:
                roots.append(reports.record_point(session, book.book_id, known=known))
                shown = reports.positions(session, book.book_id, as_of=as_of, known=known)
                singles = {
                    path: reports.balance_as_of(session, book.book_id, path, as_of=as_of, known=known).balance
                    for path in balances
                }
                lots = reports.lots(session, book.book_id, as_of=as_of, known=known)
                trial = reports.trial_balance(session, book.book_id, as_of=as_of, known=known)
                statements = {
                    path: reports.statement(session, book.book_id, path, known=known) for path in (FIFO, POOL, LIFO)
                }
            assert {row.path: row.balance for row in shown} == balances == singles
            assert {lot.lot_id: (lot.quantity, lot.cost) for lot in lots} == self.oracle.lots(as_of=as_of, known=upto)
            assert trial == self.oracle.trial(as_of=as_of, known=upto)
            for path, lines in statements.items():
                found = [(each.seq, each.line, each.effective_on, each.amount) for each in lines]
                assert found == self.oracle.statement(path, known=upto)
        assert roots[0] == roots[1]

    def assert_same(self) -> None:
        """Compare what stands now: rows with rows, projections with facts, and both with the oracle."""
        rows = [snapshot(book.database, book.book_id) for book in self.books]
        assert rows[0] == rows[1]
        world = self.oracle.world
        for book in self.books:
            brute_force.assert_sound(book)
            with book.database.reader() as session:
                holds = journal.load_holds(session, book.book_id)
                lots = reports.lots(session, book.book_id, as_of=date.max)
            assert {
                hold_id: (
                    hold.account,
                    hold.amount,
                    str(hold.state),
                    {p.lot_id: (p.remaining, p.captured) for p in hold.parts},
                )
                for hold_id, hold in holds.items()
            } == {
                hold_id: (
                    hold.account,
                    hold.amount,
                    hold.state,
                    {n: (hold.left[n], hold.captured[n]) for n in hold.left},
                )
                for hold_id, hold in world.holds.items()
            }
            assert {
                (lot.path, lot.lot_id, lot.acquired_on, lot.acquired_quantity, lot.acquired_cost) for lot in lots
            } == {
                (path, lot_id, lot.acquired_on, lot.first_quantity, lot.first_cost)
                for path, there in world.lots.items()
                for lot_id, lot in there.items()
                if lot.quantity
            }


def _receipts(outcomes: Sequence[EntryOutcome]) -> list[EntryReceipt]:
    return [outcome for outcome in outcomes if isinstance(outcome, EntryReceipt)]


def _code_of(ask: Callable[[], object]) -> str:
    try:
        ask()
    except DomainError as refusal:
        return refusal.code
    return "ok"


class TwoBooks(RuleBasedStateMachine):
    """Everything that can be asked of two books, in any order."""

    pair: tuple[Database, Database]

    @initialize(first=_lived, second=_lived)
    def open_books(self, first: tuple[JournalDraft, ...], second: tuple[JournalDraft, ...]) -> None:
        """Open both books and let them have lived a little, so that there is something to meet."""
        self.sides = (Side(self.pair), Side(self.pair))
        self.now = NOW
        for side, history in zip(self.sides, (first, second), strict=True):
            side.take(history, self.now)
            side.set_aside_for_seconds(self.now)

    @rule(
        which=_which,
        size=st.integers(min_value=2, max_value=6),
        waits=st.sampled_from([0, 5, 2, 2_000]),
        is_closer=st.booleans(),
        choice=st.data(),
    )
    def post(self, which: int, size: int, waits: int, *, is_closer: bool, choice: st.DataObject) -> None:
        side = self.sides[which]
        self.now += timedelta(seconds=waits)
        batch = [side.draw(choice, self.now) for _ in range(size)]
        if size > 2 and choice.draw(st.booleans()):
            link = UUID(int=90_000 + side.next_number)
            batch[1:] = [replace(each, link=link) for each in batch[1:]]
        side.post(batch, self.now, is_closer=is_closer)

    @rule(which=_which, is_changed=st.booleans(), is_intruding=st.booleans(), choice=st.data())
    def repeat(self, which: int, *, is_changed: bool, is_intruding: bool, choice: st.DataObject) -> None:
        side = self.sides[which]
        batch = choice.draw(
            st.lists(st.sampled_from(side.asked), min_size=1, max_size=4, unique_by=lambda d: d.entry_id)
        )
        link = batch[-1].link
        if is_changed:
            batch[0] = replace(batch[0], doc_ref="again")
        if is_intruding:
            batch.append(replace(side.draw(choice, self.now), link=link))
        elif is_changed:
            batch.append(batch[0])
        side.post(batch, self.now)

    @rule(
        tonnes=st.integers(min_value=1, max_value=25),
        lost=st.sampled_from([0, 0, 0, 1]),
        is_turned=st.booleans(),
        day=days,
    )
    def transfer(self, tonnes: int, lost: int, *, is_turned: bool, day: date) -> None:
        giving, taking = reversed(self.sides) if is_turned else self.sides
        out, into = giving.next_number, taking.next_number
        giving.next_number, taking.next_number = out + 1, into + 1
        shared = UUID(int=out * 10_000 + into)
        gone = draft(out, Posting(FIFO, "CEA25", -tonnes), Posting(CLEARING_T, "CEA25", tonnes), day=day)
        came = tonnes + lost
        arrived = draft(into, Posting(POOL, "CEA25", came, lot_cost=5), Posting(CLEARING_T, "CEA25", -came), day=day)
        asks = [(giving, replace(gone, transfer_id=shared)), (taking, replace(arrived, transfer_id=shared))]
        told = [self._transferred(engine, asks) for engine in (0, 1)]
        expected = "ledger.transfer_unmatched" if lost else self._oracle_transferred(asks)
        assert told == [expected, expected]
        if expected == "ok":
            for side, wish in asks:
                side.asked.append(wish)

    def _transferred(self, engine: int, asks: Sequence[tuple[Side, JournalDraft]]) -> str:
        books = [side.books[engine] for side, _ in asks]

        def ask() -> None:
            with books[0].writing() as session:
                operations.post_transfer(
                    session,
                    (books[0].book_id, asks[0][1]),
                    (books[1].book_id, asks[1][1]),
                    now=self.now,
                    random_bytes=books[0].random_bytes,
                )

        return _code_of(ask)

    def _oracle_transferred(self, asks: Sequence[tuple[Side, JournalDraft]]) -> str:
        """Ask the oracles in the order of the books' numbers; a refusal of one leaves neither changed."""
        before = [deepcopy(side.oracle) for side in self.sides]
        for side, wish in sorted(asks, key=lambda ask: ask[0].books[0].book_id):
            (code,) = side.oracle.post([wish], self.now)
            if code != "ok":
                for each, oracle in zip(self.sides, before, strict=True):
                    each.oracle = oracle
                return code
        return "ok"

    @rule(which=_which, day=_early)
    def close(self, which: int, day: date) -> None:
        side = self.sides[which]
        expected, root = side.oracle.close(day, self.now), side.oracle.state_root(day)
        for book in side.books:
            kept: list[bytes] = []
            assert _code_of(lambda book=book, kept=kept: kept.append(book.close(day, now=self.now))) == expected  # type: ignore[misc]
            assert kept in ([], [root])

    @rule(which=_which, day=st.none() | _early)
    def close_softly(self, which: int, day: date | None) -> None:
        side = self.sides[which]
        expected = side.oracle.close_softly(day, self.now)
        for book in side.books:
            assert _code_of(lambda book=book: self._closed_softly(book, day)) == expected  # type: ignore[misc]

    def _closed_softly(self, book: ExampleBook, day: date | None) -> None:
        with book.writing() as session:
            operations.close_softly(
                session, book.book_id, day, actor=ACTOR, now=self.now, random_bytes=book.random_bytes
            )

    @rule(which=_which)
    def expire(self, which: int) -> None:
        self.sides[which].expire(self.now)

    @rule(which=_which, as_of=days | st.just(date.max), back=st.none() | st.integers(min_value=0, max_value=12))
    def read(self, which: int, as_of: date, back: int | None) -> None:
        side = self.sides[which]
        side.read(as_of, None if back is None else max(0, len(side.oracle.entries) - back))

    def teardown(self) -> None:
        for side in getattr(self, "sides", ()):
            side.assert_same()


def test_two_books_on_two_databases_say_what_the_oracle_says(pair: tuple[Database, Database]) -> None:
    class Life(TwoBooks):
        """The machine on this test's databases."""

    Life.pair = pair

    run_state_machine_as_test(Life, settings=_lives)
