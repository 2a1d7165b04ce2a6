"""Holds in a database: placed, used in parts, let go, run out; projections equal the sums of the facts on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import operations
from ledger.core.holds import HoldKind, HoldState
from ledger.core.journal import JournalDraft, Posting
from ledger.store import balances, holds_report, journal, reports
from ledger.store.database import Database
from ledger.store.holds_report import HoldFilter, HoldPoint, HoldView
from tests.store.books import ExampleBook, codes, columns, open_example, rows
from tests.strategies import (
    BENEFICIARY,
    CASH,
    COST_LEGS,
    FIFO,
    FIRST_DAY,
    GAIN,
    NOW,
    REGISTRY,
    capture,
    entry_id,
    hold,
    purchase,
    release,
    sale,
    transfer,
)

FAR = date(2030, 1, 1)
_FIRST_LOT, _SECOND_LOT = 1024 * 2 + 1, 1024 * 3 + 1


@pytest.fixture
def stocked(book: ExampleBook) -> ExampleBook:
    """10,000 fen in the bank and two lots of 10 tonnes: entries 1 to 3."""
    book.accept(transfer(1, GAIN, CASH, 10_000), purchase(2, 10, 1_000), purchase(3, 10, 2_000))
    return book


def out(tonnes: int) -> tuple[Posting, ...]:
    return (Posting(FIFO, "CEA25", -tonnes), Posting(REGISTRY, "CEA25", tonnes))


def seen(book: ExampleBook, number: int, *, as_of: date | None = None, known: int | None = None) -> HoldView:
    """Return the hold of draft ``number`` as recorded."""
    with book.database.reader() as session:
        size = journal.load_head(session, book.book_id).tree_size
        point = HoldPoint(known=size if known is None else known, as_of=as_of)
        (found,) = holds_report.find_holds(session, book.book_id, [entry_id(number)], point)
    return found


def assert_held_adds_up(book: ExampleBook) -> None:
    """Compare what balances, lots and holds keep as held with the sums of the facts."""
    accounts = {row[0]: row[1] for row in columns(book.database, "hold", "hold_id", "account_id", book_id=book.book_id)}
    by_account: dict[int, int] = {}
    by_lot: dict[int, int] = {}
    by_part: dict[tuple[UUID, int], int] = {}
    for hold_id, lot_id, amount in columns(
        book.database, "hold_move", "hold_id", "lot_id", "amount", book_id=book.book_id
    ):
        by_account[accounts[hold_id]] = by_account.get(accounts[hold_id], 0) + amount
        by_lot[lot_id] = by_lot.get(lot_id, 0) + amount
        by_part[hold_id, lot_id] = by_part.get((hold_id, lot_id), 0) + amount
    for account_id, held in columns(book.database, "balance", "account_id", "held", book_id=book.book_id):
        assert held == by_account.get(account_id, 0)
    for lot_id, held in columns(book.database, "lot_position", "lot_id", "held", book_id=book.book_id):
        assert held == by_lot.get(lot_id, 0)
    parts = columns(book.database, "hold_position", "hold_id", "lot_id", "remaining", book_id=book.book_id)
    assert {(hold_id, lot_id): remaining for hold_id, lot_id, remaining in parts} == by_part


def test_a_hold_is_read_back_as_it_was_placed(stocked: ExampleBook) -> None:
    stocked.accept(hold(4, FIFO, 12, kind=HoldKind.PLEDGE))

    view = seen(stocked, 4)

    assert (view.account, view.commodity, view.amount, view.remaining) == (FIFO, "CEA25", 12, 12)
    assert (view.beneficiary_id, view.rank, view.agreement_ref) == (BENEFICIARY.organisation_id, 1, "P-1")
    assert (view.placed_seq, view.placed_on, view.state) == (4, FIRST_DAY, HoldState.OPEN)
    assert_held_adds_up(stocked)


def test_a_hold_is_captured_in_parts_and_the_rest_released(stocked: ExampleBook) -> None:
    stocked.accept(
        hold(4, FIFO, 10),
        capture(5, 4, 4, *out(4), cost_legs=COST_LEGS),
        capture(6, 4, 3, *out(3), cost_legs=COST_LEGS),
    )
    assert (seen(stocked, 4).remaining, seen(stocked, 4).captured) == (3, 7)

    stocked.accept(release(7, 4))

    assert (seen(stocked, 4).remaining, seen(stocked, 4).state) == (0, HoldState.RELEASED)
    assert seen(stocked, 4, known=4).remaining == 10
    assert_held_adds_up(stocked)


def test_named_lots_are_held_and_captured_lot_by_lot(stocked: ExampleBook) -> None:
    stocked.accept(
        hold(4, FIFO, 9, lots=((_FIRST_LOT, 1), (_SECOND_LOT, 8))), capture(5, 4, 3, *out(3), cost_legs=COST_LEGS)
    )

    assert [(part.lot_id, part.remaining, part.captured) for part in seen(stocked, 4).parts] == [
        (_FIRST_LOT, 0, 1),
        (_SECOND_LOT, 6, 2),
    ]
    with stocked.database.reader() as session:
        held = holds_report.held_of_lots(session, stocked.book_id, as_of=FAR, known=5)
    assert held == {_SECOND_LOT: 6}
    assert_held_adds_up(stocked)


def test_a_whole_account_is_held(stocked: ExampleBook) -> None:
    stocked.accept(hold(4, FIFO, None))

    assert codes(stocked.post(sale(5, 1, 1))) == ["ledger.insufficient_available"]
    with stocked.database.reader() as session:
        balance = balances.balance_now(session, stocked.book_id, FIFO, now=NOW)
    assert (balance.posted, balance.held, balance.available) == (20, 20, 0)


def test_a_repeat_of_a_hold_changes_nothing(stocked: ExampleBook) -> None:
    wishes = (hold(4, FIFO, 10), release(5, 4, 2))
    first = stocked.accept(*wishes)
    before = rows(stocked.database, "hold_move")

    again = stocked.accept(*wishes)

    assert [(one.seq, one.is_replay) for one in again] == [(one.seq, True) for one in first]
    assert rows(stocked.database, "hold_move") == before
    assert codes(stocked.post(hold(4, FIFO, 9))) == ["ledger.id_reused"]


def test_a_hold_that_runs_out_expires_when_its_account_is_next_moved(stocked: ExampleBook) -> None:
    over = NOW + timedelta(hours=1)
    stocked.accept(hold(4, FIFO, 20, until=over))
    assert codes(stocked.post(sale(5, 1, 1), now=over - timedelta(microseconds=1))) == ["ledger.insufficient_available"]

    assert codes(stocked.post(sale(6, 1, 1), now=over)) == ["ok"]

    assert seen(stocked, 4).state is HoldState.EXPIRED
    assert_held_adds_up(stocked)


def test_holds_that_have_run_out_expire_together_once(stocked: ExampleBook) -> None:
    over = NOW + timedelta(hours=1)
    stocked.accept(hold(4, FIFO, 5, until=over), hold(5, CASH, 7, until=over), hold(6, CASH, 9))

    def expire() -> int:
        with stocked.writing() as session:
            return operations.expire_holds(session, stocked.book_id, now=over, random_bytes=stocked.random_bytes)

    assert [expire(), expire()] == [2, 0]
    assert [seen(stocked, number).state for number in (4, 5, 6)] == [
        HoldState.EXPIRED,
        HoldState.EXPIRED,
        HoldState.OPEN,
    ]
    assert_held_adds_up(stocked)


def test_a_hold_that_has_run_out_is_not_counted_before_its_expiry_is_recorded(stocked: ExampleBook) -> None:
    over = NOW + timedelta(hours=1)
    stocked.accept(hold(4, FIFO, 5, until=over), hold(5, FIFO, 6))

    with stocked.database.reader() as session:
        before = balances.balance_now(session, stocked.book_id, FIFO, now=over - timedelta(seconds=1))
        after = balances.balance_now(session, stocked.book_id, FIFO, now=over)
        (view,) = holds_report.find_holds(session, stocked.book_id, [entry_id(4)], HoldPoint(known=5, now=over))
        (recorded,) = holds_report.find_holds(session, stocked.book_id, [entry_id(4)], HoldPoint(known=5))

    assert [before.held, after.held] == [11, 6]
    assert (view.state, view.remaining) == (HoldState.EXPIRED, 0)
    assert (recorded.state, recorded.remaining) == (HoldState.OPEN, 5)


def test_held_as_of_counts_what_was_effective_and_known(stocked: ExampleBook) -> None:
    march, may = date(2025, 3, 1), date(2025, 5, 1)
    stocked.accept(hold(4, FIFO, 10, day=march), release(5, 4, 4, day=may), release(6, 4, 1, day=march))

    def held(as_of: date, known: int) -> int:
        with stocked.database.reader() as session:
            return holds_report.held_as_of(session, stocked.book_id, as_of=as_of, known=known).get(FIFO, 0)

    assert held(march - timedelta(days=1), 6) == 0
    assert [held(march, known) for known in (3, 4, 5, 6)] == [0, 10, 10, 9]
    assert [held(may, known) for known in (4, 5, 6)] == [10, 6, 5]
    assert seen(stocked, 4, as_of=march).remaining == 9


def test_a_page_of_holds_reads_on_after_its_last(stocked: ExampleBook) -> None:
    stocked.accept(*(hold(number, CASH, 1) for number in range(10, 15)), release(20, 12), hold(21, FIFO, 1))
    wanted = HoldFilter(account=CASH, state=HoldState.OPEN)
    found: list[UUID] = []
    after: UUID | None = None

    with stocked.database.reader() as session:
        for _ in range(9):
            page, after = holds_report.list_holds(
                session, stocked.book_id, HoldPoint(known=10, now=NOW), wanted, after=after, limit=3
            )
            found += [view.hold_id for view in page]
            if after is None:
                break

    assert found == [entry_id(number) for number in (10, 11, 13, 14)]


def test_what_is_set_aside_for_an_organisation_is_found_in_every_book(stocked: ExampleBook, database: Database) -> None:
    other = open_example(database, book_uuid=UUID(int=5), code="other")
    other.accept(transfer(1, GAIN, CASH, 10_000), hold(2, CASH, 5, kind=HoldKind.PLEDGE))
    stocked.accept(hold(4, FIFO, 3, kind=HoldKind.REPO), hold(5, FIFO, 3))

    with database.reader() as session:
        page, after = holds_report.list_in_favour(session, BENEFICIARY.organisation_id, NOW, limit=1)
        rest, end = holds_report.list_in_favour(session, BENEFICIARY.organisation_id, NOW, after=after, limit=2)
        places = holds_report.find_places(session, entry_id(4))

    assert [(book.code, view.hold_id) for book, view in page + rest] == [
        ("other", entry_id(2)),
        ("smelter", entry_id(4)),
    ]
    assert end is None
    assert [(place.book.code, place.kind) for place in places] == [("smelter", HoldKind.REPO)]


_actions = st.lists(
    st.tuples(
        st.sampled_from(["hold", "lots", "pledge", "release", "capture", "sell"]),
        st.integers(min_value=1, max_value=12),
        st.integers(min_value=0, max_value=20),
    ),
    max_size=20,
)


def _wish(number: int, kind: str, amount: int, which: int) -> JournalDraft:
    target = 4 + which
    day = FIRST_DAY + timedelta(days=which)
    match kind:
        case "hold":
            return hold(number, FIFO if which % 2 else CASH, amount, day=day)
        case "lots":
            return hold(number, FIFO, amount, lots=((_FIRST_LOT, amount),), day=day)
        case "pledge":
            return hold(number, FIFO, amount, kind=HoldKind.PLEDGE, day=day)
        case "release":
            return release(number, target, amount, actor=BENEFICIARY, day=day)
        case "capture":
            return capture(number, target, amount, *out(amount), actor=BENEFICIARY, cost_legs=COST_LEGS)
        case _:
            return sale(number, amount, 1)


@given(actions=_actions)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_held_used_and_let_go_adds_up_alike_on_both_engines(
    pair: tuple[Database, Database], actions: list[tuple[str, int, int]]
) -> None:
    wishes = [_wish(4 + number, *action) for number, action in enumerate(actions)]
    told = []
    for database in pair:
        with database.reader() as session:
            number = len(rows(database, "book"))
            del session
        book = open_example(database, book_uuid=UUID(int=1_000 + number), code=f"b{number}")
        book.accept(transfer(1, GAIN, CASH, 10_000), purchase(2, 10, 1_000), purchase(3, 10, 2_000))
        answers = codes(book.post(*wishes)) if wishes else []
        assert_held_adds_up(book)
        with book.database.reader() as session:
            size = reports.record_point(session, book.book_id).seq
            points = [(as_of, known) for as_of in (FIRST_DAY, FAR) for known in (3, size)]
            held = [holds_report.held_as_of(session, book.book_id, as_of=a, known=k) for a, k in points]
            page, _ = holds_report.list_holds(session, book.book_id, HoldPoint(known=size), HoldFilter(), limit=200)
        assert all(amount >= 0 for each in held for amount in each.values())
        shown = [replace(view, hold_id=UUID(int=0)) for view in page]
        told.append((answers, held, shown))
    assert told[0] == told[1]
