from __future__ import annotations

from datetime import date, timedelta

import pytest

from ledger import operations
from ledger.core import log
from ledger.core.accounts import AccountOpening
from ledger.core.errors import Invalid, NotFound
from ledger.core.journal import EntryKind, Posting
from ledger.store import closings, disposals, reports, statements
from ledger.store.disposals import Disposal
from ledger.store.statements import BookedLine, StatementPlace
from tests.store.books import ExampleBook
from tests.strategies import (
    CASH,
    CREDIT_LINE,
    FIFO,
    GAIN,
    LOSS,
    NOW,
    POOL,
    REGISTRY,
    draft,
    entry_id,
    purchase,
    sale,
    transfer,
)


@pytest.fixture
def months(book: ExampleBook) -> ExampleBook:
    """Three entries recorded one second apart: January, March, and a late one of February."""
    for seconds, wish in enumerate(
        (
            transfer(1, GAIN, CASH, 100, day=date(2025, 1, 10)),
            transfer(2, GAIN, CASH, 20, day=date(2025, 3, 10)),
            transfer(3, GAIN, CASH, 3, day=date(2025, 2, 10)),
        )
    ):
        book.post(wish, now=NOW + timedelta(seconds=seconds))
    return book


@pytest.mark.parametrize(
    ("as_of", "known", "balance"),
    [
        (date(2025, 1, 9), None, 0),
        (date(2025, 1, 10), None, 100),
        (date(2025, 2, 28), None, 103),
        (date(2025, 2, 28), 2, 100),
        (date(2025, 12, 31), 2, 120),
        (date(2025, 12, 31), 0, 0),
        (date(2025, 12, 31), 3, 123),
    ],
)
def test_a_balance_says_what_was_effective_by_the_day_and_known_by_the_record_point(
    months: ExampleBook, as_of: date, known: int | None, balance: int
) -> None:
    with months.database.reader() as session:
        position = reports.balance_as_of(session, months.book_id, CASH, as_of=as_of, known=known)

    assert position.balance == balance


def test_an_income_account_shows_its_balance_on_its_credit_side(months: ExampleBook) -> None:
    with months.database.reader() as session:
        assert reports.balance_as_of(session, months.book_id, GAIN, as_of=date(2025, 12, 31)).balance == 123


def test_an_instant_finds_the_last_record_point_at_or_before_it(months: ExampleBook) -> None:
    with months.database.reader() as session:
        points = [
            reports.record_point(session, months.book_id, at=NOW + offset).seq
            for offset in (timedelta(microseconds=-1), timedelta(0), timedelta(milliseconds=1999), timedelta(days=9))
        ]

    assert points == [0, 1, 2, 3]


def test_the_root_of_an_earlier_record_point_is_the_one_its_receipt_named(book: ExampleBook) -> None:
    (first,) = book.accept(transfer(1, GAIN, CASH, 100))
    book.accept(transfer(2, GAIN, CASH, 100), transfer(3, GAIN, CASH, 100))

    with book.database.reader() as session:
        assert reports.record_point(session, book.book_id, known=1).root == first.tree_root
        assert reports.record_point(session, book.book_id, known=0).root == log.EMPTY_ROOT


@pytest.mark.parametrize("known", [-1, 4, 10**30])
def test_a_record_point_beyond_what_is_recorded_is_refused(months: ExampleBook, known: int) -> None:
    with months.database.reader() as session, pytest.raises(Invalid) as refused:
        reports.record_point(session, months.book_id, known=known)

    assert refused.value.code == "ledger.record_point"


@pytest.mark.parametrize("path", ["Assets:Nowhere", "", "Assets:A\x00", "\ud800", "x" * 300])
def test_an_account_that_is_not_there_is_not_found(months: ExampleBook, path: str) -> None:
    with months.database.reader() as session:
        with pytest.raises(NotFound) as balance:
            reports.balance_as_of(session, months.book_id, path, as_of=date(2025, 12, 31))
        with pytest.raises(NotFound) as lines:
            reports.statement(session, months.book_id, path)

    assert {balance.value.code, lines.value.code} == {"account.not_found"}


def test_a_statement_pages_in_recording_order_without_gap_or_repeat(months: ExampleBook) -> None:
    months.accept(transfer(4, CASH, CASH, 7), transfer(5, CASH, LOSS, 1))
    pages: list[tuple[int, int]] = []

    with months.database.reader() as session:
        while page := reports.statement(session, months.book_id, CASH, after=pages[-1] if pages else (0, 0), limit=2):
            assert len(page) <= 2
            pages += [(line.seq, line.line) for line in page]
        upto_two = reports.statement(session, months.book_id, CASH, known=2)

    assert pages == [(1, 1), (2, 1), (3, 1), (4, 1), (4, 2), (5, 2)]
    assert [line.amount for line in upto_two] == [100, 20]


@pytest.mark.parametrize(("limit", "lines"), [(-1, 0), (0, 0), (1, 1), (10**9, 3)])
def test_a_page_has_at_most_its_limit_and_never_everything(months: ExampleBook, limit: int, lines: int) -> None:
    with months.database.reader() as session:
        assert len(reports.statement(session, months.book_id, CASH, limit=limit)) == lines


def test_a_subtree_is_an_account_and_those_below_it_in_exactly_its_letters(book: ExampleBook) -> None:
    paths = ("Assets:Cea", "Assets:Cea:X", "Assets:CEA:X", "Assets:Ceab", "Assets:Cea-B", "Assets:C")
    with book.writing() as session:
        for path in paths:
            operations.open_account(
                session, book.book_id, AccountOpening(path=path, commodity="CNY", opened_on=date(2025, 1, 1))
            )

    with book.database.reader() as session:
        found = {
            under: [p.path for p in reports.positions(session, book.book_id, as_of=date(2025, 1, 1), under=under)]
            for under in ("Assets:Cea", "Assets:%", "Assets:Ce_", "Liabilities", "\x00", "\ud800", "")
        }

    assert found == {
        "Assets:Cea": ["Assets:Cea", "Assets:Cea:X"],
        "Assets:%": [],
        "Assets:Ce_": [],
        "Liabilities": [CREDIT_LINE],
        "\x00": [],
        "\ud800": [],
        "": [],
    }


def test_paths_come_in_the_order_of_their_characters_on_both_engines(book: ExampleBook) -> None:
    paths = ["Assets:B", "Assets:Ab", "Assets:AA", "Assets:A-A", "Assets:A:A", "Assets:A1"]
    with book.writing() as session:
        for path in paths:
            operations.open_account(
                session, book.book_id, AccountOpening(path=path, commodity="CNY", opened_on=date(2025, 1, 1))
            )

    with book.database.reader() as session:
        shown = [p.path for p in reports.positions(session, book.book_id, as_of=date(2025, 1, 1))]

    assert shown == sorted(shown)
    assert set(paths) < set(shown)


def test_lots_of_a_past_day_show_what_was_left_then(book: ExampleBook) -> None:
    book.accept(
        transfer(1, GAIN, CASH, 9_000),
        purchase(2, 3, 1000, day=date(2025, 1, 10)),
        sale(3, 2, 900, day=date(2025, 2, 10)),
        sale(4, 1, 900, day=date(2025, 3, 10)),
    )

    with book.database.reader() as session:
        left = [
            [(lot.quantity, lot.cost, lot.acquired_quantity) for lot in reports.lots(session, book.book_id, as_of=day)]
            for day in (date(2025, 1, 9), date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31))
        ]

    assert left == [[], [(3, 1000, 3)], [(1, 334, 3)], []]


def test_an_entry_is_read_back_with_its_legs_in_order(months: ExampleBook) -> None:
    months.accept(purchase(4, 3, 0), draft(5, reverses=4))

    with months.database.reader() as session:
        record = reports.entry_at(session, months.book_id, 5)
        missing = reports.entry_at(session, months.book_id, 6)

    assert missing is None
    assert record is not None
    assert (record.entry_id, record.kind, record.reverses_seq) == (entry_id(5), "reversal", 4)
    assert [(code, scale, amount) for _, code, scale, amount in record.legs] == [("CEA25", 0, -3), ("CEA25", 0, 3)]


def pages(book: ExampleBook, under: str, *, as_of: date, known: int, limit: int) -> list[BookedLine]:
    """Return a subtree's whole statement, page by page, each page's opening computed anew."""
    found: list[BookedLine] = []
    place: StatementPlace | None = None
    with book.database.reader() as session:
        accounts = statements.accounts_under(session, book.book_id, under)
        while True:
            opening = (
                {}
                if place is None
                else statements.balances_before(session, book.book_id, accounts, known=known, upto=place)
            )
            page = statements.page(
                session,
                book.book_id,
                accounts,
                as_of=as_of,
                known=known,
                after=place,
                opening=opening,
                limit=limit,
            )
            found += page
            if len(page) < limit:
                return found
            place = page[-1].place


def test_a_statement_by_business_day_runs_its_balance_whatever_the_page(months: ExampleBook) -> None:
    months.accept(
        transfer(4, CASH, CASH, 7, day=date(2025, 2, 10)),
        transfer(5, CASH, LOSS, 1, day=date(2025, 2, 10)),
        transfer(6, GAIN, CASH, 1_000, day=date(2025, 1, 1)),
    )

    for limit in (1, 2, 3, 200):
        lines = pages(months, CASH, as_of=date(2025, 12, 31), known=5, limit=limit)
        assert [(line.place.seq, line.amount, line.balance) for line in lines] == [
            (1, 100, 100),
            (3, 3, 103),
            (4, 7, 110),
            (4, -7, 103),
            (5, -1, 102),
            (2, 20, 122),
        ]
    early = pages(months, CASH, as_of=date(2025, 2, 28), known=3, limit=200)
    assert [line.balance for line in early] == [100, 103]


def test_a_subtrees_statement_runs_one_balance_a_commodity(book: ExampleBook) -> None:
    book.accept(
        transfer(1, GAIN, CASH, 9_000),
        purchase(2, 3, 1000),
        purchase(3, 5, 100, into=POOL),
        sale(4, 2, 900),
    )

    for limit in (1, 2, 200):
        lines = pages(book, "Assets", as_of=date(2025, 12, 31), known=4, limit=limit)
        tonnes = [(line.path, line.amount, line.balance) for line in lines if line.commodity == "CEA25"]
        assert tonnes == [(FIFO, 3, 3), (POOL, 5, 8), (FIFO, -2, 6)]
        assert [line.balance for line in lines if line.commodity == "CNY"][-1] == 9_000 + 900 - 666


def test_a_statement_of_nothing_is_not_found(months: ExampleBook) -> None:
    with months.database.reader() as session:
        for path in ("Assets:Ban", "Assets:%", "", "\x00"):
            with pytest.raises(NotFound):
                statements.accounts_under(session, months.book_id, path)
            with pytest.raises(NotFound):
                statements.account_at(session, months.book_id, path)


def disposed(
    book: ExampleBook, *, as_of: date = date(2025, 12, 31), known: int = 99, limit: int = 200
) -> list[Disposal]:
    found: list[Disposal] = []
    after = 0
    with book.database.reader() as session:
        while True:
            page, last = disposals.list_disposals(
                session, book.book_id, as_of=as_of, known=known, after=after, limit=limit
            )
            found += page
            if last is None:
                return found
            after = last


def test_the_tax_lot_report_shows_each_lots_cost_proceeds_and_gain(book: ExampleBook) -> None:
    book.accept(
        transfer(1, GAIN, CASH, 9_000),
        purchase(2, 3, 1000, day=date(2025, 1, 10)),
        purchase(3, 4, 2000, day=date(2025, 1, 20)),
        sale(4, 5, 3_001, day=date(2025, 2, 10)),
        sale(5, 1, 100, day=date(2025, 3, 10)),
    )

    shown = [
        (each.seq, each.acquired_on, each.quantity, each.cost, each.proceeds, each.gain) for each in disposed(book)
    ]

    # 3,001 over 3 and 2 tonnes: floor(3001 x 3 / 5) = 1,800 and the rest 1,201.
    assert shown == [
        (4, date(2025, 1, 10), 3, 1000, 1800, 800),
        (4, date(2025, 1, 20), 2, 1000, 1201, 201),
        (5, date(2025, 1, 20), 1, 500, 100, -400),
    ]
    assert disposed(book, limit=1) == disposed(book)
    assert [each.seq for each in disposed(book, as_of=date(2025, 2, 28))] == [4, 4]
    assert disposed(book, known=3) == []


def test_a_reversed_disposal_is_shown_again_with_its_signs_turned(book: ExampleBook) -> None:
    book.accept(
        transfer(1, GAIN, CASH, 9_000),
        purchase(2, 3, 1000),
        sale(3, 2, 900),
        draft(4, reverses=3, day=date(2025, 2, 1)),
        draft(5, reverses=2, day=date(2025, 2, 2)),
    )

    first, back = disposed(book)

    assert (first.quantity, first.cost, first.proceeds, first.gain) == (2, 666, 900, 234)
    assert (back.quantity, back.cost, back.proceeds, back.gain) == (-2, -666, -900, -234)
    assert (back.disposed_on, back.reverses_seq) == (date(2025, 2, 1), 3)


def test_what_is_carried_inside_the_book_is_not_disposed_of(book: ExampleBook) -> None:
    carried = draft(3, Posting(FIFO, "CEA25", -2), Posting(POOL, "CEA25", 2, is_carried=True), kind=EntryKind.TRANSFER)
    book.accept(transfer(1, GAIN, CASH, 9_000), purchase(2, 3, 1000), carried, draft(4, reverses=3))

    assert disposed(book) == []


def test_a_disposal_whose_entry_books_no_cost_has_no_proceeds(book: ExampleBook) -> None:
    book.accept(
        purchase(1, 3, 0),
        transfer(2, GAIN, CASH, 9_000),
        purchase(3, 3, 600),
        draft(4, Posting(FIFO, "CEA25", -4), Posting(REGISTRY, "CEA25", 4), kind=EntryKind.SURRENDER),
        sale(5, 1, 150),
        sale(6, 1, 0),
    )

    assert [(each.cost, each.proceeds, each.gain) for each in disposed(book)] == [
        (0, None, None),
        (200, None, None),
        (200, 150, -50),
        (200, 0, -200),
    ]


def test_a_free_lot_sold_is_all_gain(book: ExampleBook) -> None:
    book.accept(purchase(1, 3, 0), sale(2, 2, 900))

    (sold,) = disposed(book)

    assert (sold.cost, sold.proceeds, sold.gain) == (0, 900, 900)


def test_a_trial_balance_of_a_subtree_shows_that_part(months: ExampleBook) -> None:
    with months.database.reader() as session:
        part = reports.trial_balance(session, months.book_id, as_of=date(2025, 12, 31), under="Assets")

    assert part["CNY"] == (123, 0)


def test_closings_come_newest_first_with_their_state_root(months: ExampleBook) -> None:
    root = months.close(date(2025, 1, 31))
    months.close(date(2025, 2, 28))

    with months.database.reader() as session:
        newest, first = closings.list_closings(session, months.book_id, limit=9)
        earlier = closings.list_closings(session, months.book_id, before=newest.seq, limit=9)

    assert (first.closing, first.through, first.state_root) == ("hard", date(2025, 1, 31), root.hex())
    assert earlier == (first,)


def test_an_entry_is_read_back_with_what_it_did_to_lots(months: ExampleBook) -> None:
    months.accept(purchase(4, 3, 1000), sale(5, 1, 500))

    with months.database.reader() as session:
        record = reports.entry_at(session, months.book_id, 5)

    assert record is not None
    assert record.lot_moves == ((1, 4 * 1024 + 1, -1, -333),)
