"""Edges of the ledger that were once wrong: holds that run out at odd times, groups with repeats, forged closings, lots in disguise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from uuid import UUID

import pytest

from ledger import operations
from ledger.core.accounts import AccountOpening, LotMethod
from ledger.core.errors import DomainError, Invalid
from ledger.core.holds import HoldKind
from ledger.core.journal import CostLegs, EntryKind, JournalDraft, Posting
from ledger.store import reports
from ledger.store.database import Database
from tests.store.books import ExampleBook, codes, columns
from tests.store.wide_books import open_wide
from tests.strategies import (
    ACTOR,
    CASH,
    CLEARING_CNY,
    CLEARING_T,
    CREDIT_LINE,
    FIFO,
    FIRST_DAY,
    GAIN,
    INVENTORY,
    LOSS,
    NOW,
    POOL,
    REGISTRY,
    STEPS,
    STEPS_REGISTRY,
    draft,
    entry_id,
    hold,
    purchase,
    release,
    sale,
    transfer,
)
from tests.wide_histories import founding

LINK = UUID(int=77)
SECOND = timedelta(seconds=1)


def linked(*drafts: JournalDraft) -> list[JournalDraft]:
    return [replace(each, link=LINK) for each in drafts]


def test_a_hold_runs_out_in_a_softly_closed_day_too(book: ExampleBook) -> None:
    book.accept(transfer(1, GAIN, CASH, 100), hold(2, CASH, 50, until=NOW + SECOND))
    later, after = NOW + 5 * SECOND, NOW.date() + timedelta(days=1)
    with book.writing() as session:
        operations.close_softly(session, book.book_id, NOW.date(), actor=ACTOR, now=NOW, random_bytes=book.random_bytes)

    assert codes(book.post(transfer(3, CASH, LOSS, 1, day=after), now=later)) == ["ok"]
    assert codes(book.post(transfer(4, CASH, LOSS, 1, day=after), now=later)) == ["ok"]
    assert columns(book.database, "balance", "held", book_id=book.book_id)[3] == (0,)


def test_an_id_of_a_broken_group_may_come_again_without_its_link(book: ExampleBook) -> None:
    known, new = linked(transfer(1, GAIN, CASH, 5), transfer(2, GAIN, CASH, 5))
    book.post(known)

    assert codes(book.post(known, new, transfer(2, GAIN, CASH, 5))) == ["ok", "ledger.link_broken", "ok"]


def test_the_last_day_of_the_calendar_stays_open(book: ExampleBook) -> None:
    with pytest.raises(Invalid, match="9999-12-31"):
        book.close(date.max)


@pytest.mark.parametrize("path", ['a"b,{', "Assets:\x00", "Assets:\ud800"])
def test_a_hold_on_what_is_no_path_is_malformed(book: ExampleBook, path: str) -> None:
    with pytest.raises(Invalid):
        book.post(hold(1, path, 5))


def test_an_expiry_beyond_the_last_utc_instant_is_malformed(book: ExampleBook) -> None:
    book.accept(transfer(1, GAIN, CASH, 100))

    with pytest.raises(Invalid):
        book.post(hold(2, CASH, 5, until=datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=12)))))


@pytest.mark.parametrize("floor", [None, -10])
def test_pledged_tonnes_are_not_sold_whatever_the_floor(book: ExampleBook, floor: int | None) -> None:
    path = "Assets:Carbon:NoFloor"
    with book.writing() as session:
        opening = AccountOpening(
            path=path, commodity="CEA25", opened_on=FIRST_DAY, floor=floor, lot_method=LotMethod.FIFO
        )
        operations.open_account(session, book.book_id, opening)
    book.accept(
        draft(1, Posting(path, "CEA25", 10, lot_cost=0), Posting(REGISTRY, "CEA25", -10)),
        hold(2, path, 10, kind=HoldKind.PLEDGE),
    )
    sold = draft(3, Posting(path, "CEA25", -10), Posting(REGISTRY, "CEA25", 10))

    assert codes(book.post(sold)) == ["ledger.insufficient_available"]


def test_a_reversal_lets_run_out_holds_go_first(book: ExampleBook) -> None:
    book.accept(purchase(1, 10, 0), hold(2, FIFO, 10, until=NOW + SECOND))

    assert codes(book.post(draft(3, reverses=1), now=NOW + 5 * SECOND)) == ["ok"]


def test_an_id_reused_inside_a_group_refuses_the_group(book: ExampleBook) -> None:
    group = linked(transfer(1, GAIN, CASH, 5), transfer(2, GAIN, CASH, 6), transfer(1, GAIN, CASH, 7))

    assert "ok" not in codes(book.post(*group))


def test_the_drafts_of_a_link_stand_side_by_side_whatever_was_recorded_before(book: ExampleBook) -> None:
    between = transfer(3, GAIN, CASH, 1)
    first, second = linked(transfer(1, GAIN, CASH, 5), transfer(2, CASH, LOSS, 10**6))
    book.accept(between)

    assert codes(book.post(first, between, second)) == ["ledger.link_broken", "ok", "ledger.link_broken"]


def test_a_transfer_whose_cost_legs_meet_clearing_is_unmatched(pair: tuple[Database, Database]) -> None:
    one, other = (open_wide(pair[0], UUID(int=8000 + n), f"x{n}") for n in (1, 2))
    one.accept(*founding())
    costs = CostLegs(cost_account=INVENTORY, gain_account=CLEARING_CNY, loss_account=CLEARING_CNY)
    gone = draft(20, Posting(FIFO, "CEA25", -3), Posting(CLEARING_T, "CEA25", 3), cost_legs=costs)
    came = draft(21, Posting(REGISTRY, "CEA25", 3), Posting(CLEARING_T, "CEA25", -3))
    sides = [replace(each, transfer_id=UUID(int=5)) for each in (gone, came)]

    with pytest.raises(DomainError, match=r"unmatched|clearing"), one.writing() as session:
        operations.post_transfer(
            session, (one.book_id, sides[0]), (other.book_id, sides[1]), now=NOW, random_bytes=one.random_bytes
        )


def test_reopening_is_in_the_tree_when_today_is_closed(book: ExampleBook) -> None:
    book.close(NOW.date())
    for through in (NOW.date() + timedelta(days=10), None):
        with book.writing() as session:
            operations.close_softly(
                session, book.book_id, through, actor=ACTOR, now=NOW, random_bytes=book.random_bytes
            )

    assert len(columns(book.database, "entry", "seq", book_id=book.book_id)) == 3
    assert columns(book.database, "request", "entry_id", book_id=book.book_id) == []


def test_beside_a_carried_debit_another_one_says_its_cost(book: ExampleBook) -> None:
    book.accept(purchase(1, 10, 0))
    legs = (Posting(FIFO, "CEA25", -5), Posting(POOL, "CEA25", 3, is_carried=True), Posting(POOL, "CEA25", 2))

    assert codes(book.post(draft(2, *legs))) == ["ledger.lot_not_carried"]


def test_a_picked_lot_that_is_all_held_is_not_available(book: ExampleBook) -> None:
    book.accept(purchase(1, 10, 0), hold(2, FIFO, 10, lots=((1025, 10),)))

    assert codes(book.post(sale(3, 1, 0, picks=((1025, 1),)))) == ["ledger.insufficient_available"]


def test_a_release_keeps_the_commoditys_step(book: ExampleBook) -> None:
    book.accept(transfer(1, STEPS_REGISTRY, STEPS, 20), hold(2, STEPS, 20))

    assert codes(book.post(release(3, 2, 5))) == ["ledger.amount_step"]


def test_the_same_instant_in_another_zone_is_the_same_request(book: ExampleBook) -> None:
    book.accept(transfer(1, GAIN, CASH, 100))
    until = NOW + timedelta(hours=1)
    book.accept(hold(2, CASH, 5, until=until))

    assert codes(book.post(hold(2, CASH, 5, until=until.astimezone(timezone(timedelta(hours=8)))))) == ["ok"]


def test_only_the_ledger_notes_a_closing(book: ExampleBook) -> None:
    said = {"closing": "hard", "through": "2025-01-01", "state_root": "00"}
    forged = JournalDraft(entry_id=entry_id(1), kind=EntryKind.CLOSE, effective_on=FIRST_DAY, actor=ACTOR, attrs=said)

    with pytest.raises(Invalid) as refused:
        book.post(forged)

    assert refused.value.code == "ledger.entry_kind"


def test_lots_are_not_carried_into_another_kind_of_unit(book: ExampleBook) -> None:
    with book.writing() as session:
        operations.open_account(
            session,
            book.book_id,
            AccountOpening(path="Assets:Bank:Lots", commodity="CNY", opened_on=FIRST_DAY, lot_method=LotMethod.FIFO),
        )
    book.accept(purchase(1, 10, 0))
    legs = (
        Posting(FIFO, "CEA25", -10),
        Posting(REGISTRY, "CEA25", 10),
        Posting("Assets:Bank:Lots", "CNY", 10, is_carried=True),
        Posting(CREDIT_LINE, "CNY", -10),
    )

    assert codes(book.post(draft(2, *legs))) == ["ledger.carry_kind"]


def test_an_account_closes_when_its_hold_has_run_out(book: ExampleBook) -> None:
    book.accept(transfer(1, GAIN, CASH, 100), hold(2, CASH, 50, until=NOW + SECOND), transfer(3, CASH, LOSS, 100))
    book.post(transfer(4, GAIN, LOSS, 1), now=NOW + 5 * SECOND)

    with book.writing() as session:
        operations.close_account(
            session, book.book_id, CASH, date(2027, 1, 1), now=NOW + 5 * SECOND, random_bytes=book.random_bytes
        )


@pytest.mark.parametrize(
    ("emptied", "kept"),
    [
        ([draft(20, reverses=2)], {3073: 5, 10241: 9}),
        ([sale(20, 30, 7, picks=((2049, 30),))], {3073: 5, 10241: 9}),
        ([draft(20, reverses=2), sale(21, 1, 7, picks=((10241, 1),))], {3073: 5, 10241: 8}),
    ],
)
def test_a_sale_finds_the_lots_behind_those_that_its_own_batch_emptied(
    database: Database, emptied: list[JournalDraft], kept: dict[int, int]
) -> None:
    """First in, first out over lots of 30, 7 and 9 tonnes, the first of which is gone before two more are sold."""
    book = open_wide(database, UUID(int=4_711), "behind")
    with book.writing() as session:
        history = [*founding(), purchase(10, 9, 9_000)]
        operations.post_entries(session, book.book_id, history, now=NOW, random_bytes=book.random_bytes)

    with book.writing() as session:
        batch = [*emptied, sale(22, 2, 7)]
        outcomes = operations.post_entries(session, book.book_id, batch, now=NOW, random_bytes=book.random_bytes)

    assert codes(outcomes) == ["ok"] * len(batch)
    with database.reader() as session:
        left = reports.lots(session, book.book_id, as_of=date.max, under=FIFO)
    assert {lot.lot_id: lot.quantity for lot in left if lot.quantity} == kept
