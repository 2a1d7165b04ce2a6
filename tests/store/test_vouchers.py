"""Vouchers in the database: numbered once and without gaps, reviewed by a second person, never changed, tied to the ledger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from finance.accounting.account_codes import OwnCode
from finance.accounting.months import Month
from finance.accounting.policies import AccountingPolicy, Settlement, VoucherWords, policy_digest
from finance.accounting.trades import Trade, TradeKind
from finance.operations.accounting_policies import approve_policy, need_policy, propose_policy
from finance.operations.trade_settlements import settle_trade, unsettled_trades
from finance.operations.vouchers import check_vouchers, export_vouchers, number_vouchers, review_vouchers
from finance.store import vouchers as voucher_store
from finance.store.vouchers import VoucherRecord
from ledger import operations as ledger
from ledger.core.accounts import AccountOpening
from ledger.core.errors import Conflict, Forbidden, NotFound
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.store import books
from ledger.store.books import Book
from ledger.store.database import Database
from ledger.store.journal import load_head
from tests.store.carbon_books import ACTOR, COLLEAGUE, NOW, OPENED, CarbonBook, new_id, open_carbon_book

MARCH = Month(year=2025, month=3)
BUY = Trade(
    trade_ref="B1",
    kind=TradeKind.PURCHASE,
    traded_on=date(2025, 3, 3),
    instrument="CEA24",
    quantity_t=10_000,
    price_cny_per_t=Decimal(80),
    fee_fen=240_000,
    doc_ref="delivery-1",
)
SURRENDER = Trade(
    trade_ref="U1",
    kind=TradeKind.SURRENDER,
    traded_on=date(2025, 3, 4),
    instrument="CEA24",
    quantity_t=6_000,
    compliance_year=2024,
)
SELL = Trade(
    trade_ref="S1",
    kind=TradeKind.SALE,
    traded_on=date(2025, 3, 5),
    instrument="CEA24",
    quantity_t=1_000,
    price_cny_per_t=Decimal("97.81"),
    fee_fen=29_343,
)
CANCEL = Trade(trade_ref="C1", kind=TradeKind.CANCEL, traded_on=date(2025, 3, 6), instrument="CEA24", quantity_t=500)
FREE = Trade(
    trade_ref="F1",
    kind=TradeKind.FREE_ALLOCATION,
    traded_on=date(2025, 3, 2),
    instrument="CEA23",
    quantity_t=700,
    compliance_year=2024,
)
R14 = (BUY, SURRENDER, SELL, CANCEL)


def number(book: CarbonBook, month: Month = MARCH) -> int:
    with book.writing() as session:
        return number_vouchers(session, book.book_id, month, actor=ACTOR, now=NOW).numbered


def listed(book: CarbonBook, month: Month = MARCH) -> tuple[VoucherRecord, ...]:
    with book.database.reader() as session:
        return voucher_store.list_vouchers(session, book.book_id, month)


def lines(record: VoucherRecord) -> list[tuple[str, int, int]]:
    return [(line.account_code, line.debit_minor, line.credit_minor) for line in record.voucher.lines]


def adopt(book: CarbonBook, policy: AccountingPolicy) -> None:
    policy_id = new_id()
    with book.writing() as session:
        propose_policy(session, book.book_id, policy_id, policy, actor=ACTOR, now=NOW)
    with book.writing() as session:
        record = need_policy(session, policy_id)
        approve_policy(session, record, policy_digest(policy), actor=COLLEAGUE, now=NOW)


def loaded(session: Session, book: CarbonBook) -> Book:
    found = books.find(session, load_head(session, book.book_id).book_uuid)
    assert found is not None
    return found


def reverse(book: CarbonBook, entry_id: UUID, on: date) -> None:
    with book.writing() as session:
        ledger.reverse_entry(
            session,
            book.book_id,
            entry_id=new_id(),
            reverses=entry_id,
            effective_on=on,
            actor=ACTOR,
            now=NOW,
            random_bytes=book.random_bytes,
        )


def test_the_trades_of_r14_become_vouchers_in_posting_order(database: Database) -> None:
    book = open_carbon_book(database)
    book.book([FREE, *R14])

    numbered = number(book)

    # The free allocation has no money and no voucher.
    assert numbered == 4
    assert [record.voucher.number for record in listed(book)] == [1, 2, 3, 4]
    assert [lines(record) for record in listed(book)] == [
        [("1489.01", 80_240_000, 0), ("1002", 0, 80_240_000)],
        [("6711.01", 48_144_000, 0), ("1489.01", 0, 48_144_000)],
        [("1002", 9_751_657, 0), ("1489.01", 0, 8_024_000), ("6301", 0, 1_727_657)],
        [("6711.02", 4_012_000, 0), ("1489.01", 0, 4_012_000)],
    ]
    assert book.balance("Assets:CarbonCost:CEA24") == 20_060_000
    assert book.balance("Assets:Carbon:CEA24") == 2_500


def test_a_voucher_names_entry_leaf_paper_tonnes_and_preparer(database: Database) -> None:
    book = open_carbon_book(database)
    booked = book.book([BUY]).booked[0]
    number(book)

    voucher = listed(book)[0].voucher

    assert (voucher.entry_id, voucher.entry_seq) == (booked.entry_id, booked.entry_seq)
    assert len(voucher.leaf_hash) == 32
    assert voucher.attachments == ("delivery-1",)
    assert [line.quantity for line in voucher.lines] == [10_000, None]
    assert voucher.prepared_by == ACTOR.user_id
    assert (voucher.word.value, voucher.summary_zh) == ("记", "购入CEA24 10000 吨 B1")


def test_numbering_again_numbers_nothing_and_a_late_entry_gets_the_next(database: Database) -> None:
    book = open_carbon_book(database)
    book.book([BUY, SURRENDER])
    number(book)

    again = number(book)
    book.book([SELL])
    later = number(book)

    assert (again, later) == (0, 1)
    assert [record.voucher.entry_seq for record in listed(book)] == [1, 2, 3]


def test_a_month_has_its_own_numbers(database: Database) -> None:
    book = open_carbon_book(database)
    april = Month(year=2025, month=4)
    book.book([BUY, Trade(trade_ref="X", kind=TradeKind.FEE, traded_on=date(2025, 4, 1), fee_fen=100)])

    assert (number(book), number(book, april)) == (1, 1)
    assert [record.voucher.number for record in listed(book, april)] == [1]


def test_a_reversal_is_a_red_voucher_on_the_sides_of_what_it_reverses(database: Database) -> None:
    book = open_carbon_book(database)
    booked = book.book([BUY]).booked[0]
    reverse(book, booked.entry_id, date(2025, 3, 9))
    number(book)

    red = listed(book)[1]

    assert red.voucher.is_red
    assert lines(red) == [("1489.01", -80_240_000, 0), ("1002", 0, -80_240_000)]
    assert red.voucher.totals() == {"CNY": (-80_240_000, -80_240_000)}


def test_the_words_follow_the_bank_where_the_policy_says_so(database: Database) -> None:
    book = open_carbon_book(database)
    adopt(book, AccountingPolicy(effective_from=date(2025, 1, 1), voucher_words=VoucherWords.THREE))
    book.book(R14)
    book.book([Trade(trade_ref="X", kind=TradeKind.FEE, traded_on=date(2025, 3, 7), fee_fen=100)])
    number(book)

    assert [record.voucher.word.value for record in listed(book)] == ["付", "转", "收", "转", "付"]


def test_an_entity_s_own_codes_replace_the_chart_s(database: Database) -> None:
    book = open_carbon_book(database)
    own = (
        OwnCode(path="Assets:Bank", code="100201", name="工行滨州"),
        OwnCode(path="Assets:CarbonCost:CEA*", code="148901", name="碳配额"),
    )
    adopt(book, AccountingPolicy(effective_from=date(2025, 1, 1), own_codes=own))
    book.book([BUY])
    number(book)

    assert [(line.account_code, line.account_name_zh) for line in listed(book)[0].voucher.lines] == [
        ("148901", "碳配额 CEA24"),
        ("100201", "工行滨州"),
    ]


def test_an_account_without_a_code_stops_the_run_and_names_it(database: Database) -> None:
    book = open_carbon_book(database)
    with book.writing() as session:
        ledger.open_account(
            session, book.book_id, AccountOpening(path="Assets:Unheard", commodity="CNY", opened_on=OPENED)
        )
        ledger.post_entry(
            session,
            book.book_id,
            JournalDraft(
                entry_id=new_id(),
                kind=EntryKind.GENERAL,
                effective_on=date(2025, 3, 1),
                actor=ACTOR,
                postings=(Posting("Assets:Unheard", "CNY", 5), Posting("Assets:Bank:CNY", "CNY", -5)),
            ),
            now=NOW,
            random_bytes=book.random_bytes,
        )

    with book.writing() as session, pytest.raises(Conflict, match="Assets:Unheard"):
        number_vouchers(session, book.book_id, MARCH, actor=ACTOR, now=NOW)
    assert listed(book) == ()


def test_runs_at_once_leave_no_gap_and_no_double(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)
    together = Barrier(4)

    def run(_: int) -> int:
        together.wait()
        return number(book)

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(run, range(4)))

    assert sorted(counts) == [0, 0, 0, 4]
    assert [record.voucher.number for record in listed(book)] == [1, 2, 3, 4]


def test_posting_while_numbering_keeps_posting_order(database: Database) -> None:
    book = open_carbon_book(database)
    together = Barrier(2)

    def post(_: int) -> int:
        together.wait()
        for place in range(8):
            book.book([Trade(trade_ref=f"X{place}", kind=TradeKind.FEE, traded_on=date(2025, 3, 7), fee_fen=100)])
        return 0

    def run(_: int) -> int:
        together.wait()
        return sum(number(book) for _ in range(8))

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(post, 0), pool.submit(run, 0)]
        counted = sum(each.result() for each in done)

    assert counted + number(book) == 8
    assert [record.voucher.number for record in listed(book)] == list(range(1, 9))
    assert [record.voucher.entry_seq for record in listed(book)] == list(range(1, 9))


def test_a_rolled_back_run_leaves_no_number_behind(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)
    with database.writer() as session:
        number_vouchers(session, book.book_id, MARCH, actor=ACTOR, now=NOW)
        session.rollback()

    assert number(book) == 4
    assert [record.voucher.number for record in listed(book)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE voucher SET summary_zh = 'x'",
        "DELETE FROM voucher_line",
        "UPDATE voucher_line SET debit_minor = debit_minor + 1",
        "DELETE FROM voucher",
        """INSERT INTO voucher_line SELECT book_id, month, number, 3, path, account_code, account_name_zh, account_name_en,
        currency, scale, debit_minor, credit_minor, quantity FROM voucher_line WHERE number = 1 AND line = 1""",
        """INSERT INTO voucher SELECT book_id, month, 9, word, voucher_on, document_on, kind, summary_zh, summary_en, doc_ref,
        attachments, entry_id, 2, leaf_hash, reverses_seq, line_count, digest, prepared_by, numbered_by, numbered_at FROM voucher""",
    ],
)
def test_the_database_refuses_change_gap_and_further_line(database: Database, statement: str) -> None:
    book = open_carbon_book(database)
    book.book([BUY])
    number(book)
    book.book([SURRENDER])

    with (
        database.writer() as session,
        pytest.raises(DBAPIError, match=r"accounting\.(append_only|gap)|ledger\.append_only|refused"),
    ):
        session.execute(text(statement))
    assert len(listed(book)) == 1


def test_a_second_person_reviews_exactly_what_was_numbered(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)
    number(book)
    digests = {record.voucher.number: record.digest for record in listed(book)}

    with book.writing() as session:
        done = review_vouchers(session, book.book_id, MARCH, digests, actor=COLLEAGUE, now=NOW)

    assert {record.reviewer_id for record in done} == {COLLEAGUE.user_id}
    with database.reader() as session:
        check = check_vouchers(session, book.book_id, MARCH)
    assert (check.ties, check.unreviewed) == (True, 0)


def test_the_preparer_other_content_and_an_unknown_number_are_refused(database: Database) -> None:
    book = open_carbon_book(database)
    book.book([BUY])
    number(book)
    digest = listed(book)[0].digest

    with book.writing() as session, pytest.raises(Forbidden, match="another person"):
        review_vouchers(session, book.book_id, MARCH, {1: digest}, actor=ACTOR, now=NOW)
    with book.writing() as session, pytest.raises(Conflict, match="other content"):
        review_vouchers(session, book.book_id, MARCH, {1: "0" * 64}, actor=COLLEAGUE, now=NOW)
    with book.writing() as session, pytest.raises(NotFound, match="no voucher 2"):
        review_vouchers(session, book.book_id, MARCH, {1: digest, 2: digest}, actor=COLLEAGUE, now=NOW)
    assert listed(book)[0].reviewer_id is None


def test_the_database_itself_refuses_the_preparer_as_reviewer(database: Database) -> None:
    book = open_carbon_book(database)
    book.book([BUY])
    number(book)
    record = listed(book)[0]

    with database.writer() as session, pytest.raises(DBAPIError, match="two_persons"):
        voucher_store.save_reviews(session, book.book_id, [record], by=ACTOR.user_id, at=NOW)


def test_the_vouchers_tie_to_the_ledger_and_say_what_lacks(database: Database) -> None:
    book = open_carbon_book(database)
    book.book(R14)
    with database.reader() as session:
        before = check_vouchers(session, book.book_id, MARCH)
    number(book)
    with database.reader() as session:
        after = check_vouchers(session, book.book_id, MARCH)

    assert (before.ties, before.unnumbered, len(before.differences)) == (False, 4, 5)
    assert (after.ties, after.unnumbered, after.differences) == (True, 0, ())


@pytest.mark.parametrize("erp", ["kingdee", "yonyou_u8", "yonyou_nc", "sap"])
def test_an_export_has_a_row_a_line_and_sums_to_the_ledger(database: Database, erp: str) -> None:
    book = open_carbon_book(database)
    booked = book.book(R14).booked
    reverse(book, booked[3].entry_id, date(2025, 3, 9))
    number(book)

    with database.reader() as session:
        table = export_vouchers(session, loaded(session, book), MARCH, erp)
        rows = list(table.rows)
    place = {column.heading: at for at, column in enumerate(table.columns)}

    assert len(rows) == 11
    ids = {str(trade.entry_id) for trade in booked}
    assert ids <= {cell for row in rows for cell in row if isinstance(cell, str)}
    if erp == "sap":
        signed = [(row[place["WRBTR"]], row[place["BSCHL"]]) for row in rows]
        debits = sum(amount for amount, key in signed if key == "40" and isinstance(amount, Decimal))
        assert debits == sum(amount for amount, key in signed if key == "50" and isinstance(amount, Decimal))
        assert [row[place["XNEGP"]] for row in rows][-2:] == ["X", "X"]


def test_an_unknown_erp_is_told_the_known_ones(database: Database) -> None:
    book = open_carbon_book(database)

    with database.reader() as session, pytest.raises(NotFound, match="kingdee"):
        export_vouchers(session, loaded(session, book), MARCH, "=cmd()")


def test_a_month_that_is_not_numbered_is_not_exported(database: Database) -> None:
    book = open_carbon_book(database)
    book.book([BUY])

    with database.reader() as session, pytest.raises(Conflict, match="number the month first"):
        export_vouchers(session, loaded(session, book), MARCH, "sap")


def test_a_policy_needs_two_persons_and_exactly_its_content(database: Database) -> None:
    book = open_carbon_book(database)
    policy, policy_id = AccountingPolicy(effective_from=date(2025, 1, 1)), new_id()
    with book.writing() as session:
        record = propose_policy(session, book.book_id, policy_id, policy, actor=ACTOR, now=NOW)

    with book.writing() as session, pytest.raises(Forbidden, match="another person"):
        approve_policy(session, record, record.digest, actor=ACTOR, now=NOW)
    with book.writing() as session, pytest.raises(Conflict, match="digest"):
        approve_policy(session, record, "0" * 64, actor=COLLEAGUE, now=NOW)


def test_a_policy_with_tax_and_later_settlement_books_both(database: Database) -> None:
    book = open_carbon_book(database)
    adopt(
        book,
        AccountingPolicy(
            effective_from=date(2025, 1, 1),
            sale_vat="vat.other_intangible_6",
            settlement=Settlement.OTHER_PAYABLES,
        ),
    )
    book.book([BUY, SELL])

    assert book.balance("Liabilities:OtherPayables:CarbonTrades") == 80_240_000
    assert book.balance("Assets:OtherReceivables:CarbonTrades") == 9_751_657
    assert book.balance("Liabilities:Taxes:VAT:Output") == 553_642
    assert book.balance("Income:CarbonGain:CEA24") == 1_727_657 - 553_642


def test_a_trade_is_settled_once_and_a_reversed_one_never(database: Database) -> None:
    book = open_carbon_book(database)
    adopt(book, AccountingPolicy(effective_from=date(2025, 1, 1), settlement=Settlement.OTHER_PAYABLES))
    booked = book.book([BUY, SELL]).booked
    reverse(book, booked[1].entry_id, date(2025, 3, 5))
    paid_on = date(2025, 3, 4)

    def settle() -> int:
        with book.writing() as session:
            return settle_trade(
                session,
                book.book_id,
                "B1",
                on=paid_on,
                doc_ref="bank slip 7",
                actor=ACTOR,
                now=NOW,
                random_bytes=book.random_bytes,
            ).seq

    settle()

    assert (book.balance("Liabilities:OtherPayables:CarbonTrades"), book.balance("Assets:Bank:CNY")) == (0, -80_240_000)
    with database.reader() as session:
        assert unsettled_trades(session, book.book_id, through=date(2025, 12, 31)) == ()
    with pytest.raises(NotFound, match="trade_ref"):
        settle()
