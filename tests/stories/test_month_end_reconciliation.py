"""A treasurer closes October: the bank and the registry against the book."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from finance.feeds.tabular import read_table
from ledger import operations, reconciliation
from ledger.core.accounts import AccountOpening
from ledger.core.amounts import Commodity, CommodityKind
from ledger.core.journal import EntryKind, JournalDraft, Posting
from ledger.core.parties import Actor
from ledger.core.reconciliation import MatchRule
from ledger.core.reconciliation_breaks import BreakKind, Verdict
from ledger.core.statement_mapping import LineOrder, SourceKind, StatementColumn, StatementMapping, StatementSource
from ledger.reconciliation import AccountReconciliation, MatchDraft
from ledger.store.database import Database
from tests.store.books import counted_bytes

NOW = datetime(2026, 11, 2, 1, tzinfo=UTC)
TREASURER = Actor(user_id=UUID(int=41), organisation_id=UUID(int=40))
MONTH_END = date(2026, 10, 31)
BANK, SALES, FEES = "Assets:Bank:CNY", "Income:Sales", "Expenses:Fees"
HELD, REGISTRY = "Assets:Carbon:CEA24", "Equity:Registry:CEA24"
C = StatementColumn

BANK_SOURCE = StatementSource(
    code="icbc",
    title="工商银行基本户",
    kind=SourceKind.BANK,
    mapping=StatementMapping(
        columns={
            C.BOOKED_ON: ("交易日期",),
            C.REFERENCE: ("流水号",),
            C.AMOUNT: ("金额",),
            C.DIRECTION: ("借贷标志",),
            C.BALANCE: ("余额",),
        },
        in_words=("贷",),
        out_words=("借",),
        accounts={"CNY": BANK},
        commodity="CNY",
        date_format="YYYY年M月D日",
        window_days=3,
        order=LineOrder.NEWEST_FIRST,
        skipped_words=("合计",),
    ),
)
BANK_STATEMENT = """工商银行对账单,,,,
交易日期,流水号,借贷标志,金额,余额
2026年10月31日,K9,借,12.00,"1,094,988.00"
2026年10月20日,K2,贷,"95,000.00","1,095,000.00"
2026年10月8日,K1,贷,"1,000,000.00","1,000,000.00"
合计,,,,
"""

REGISTRY_SOURCE = StatementSource(
    code="cea-registry",
    title="全国碳排放权注册登记系统",
    kind=SourceKind.REGISTRY,
    mapping=StatementMapping(
        columns={
            C.BOOKED_ON: ("Date",),
            C.REFERENCE: ("Transaction",),
            C.COUNTERPARTY: ("Counterparty",),
            C.VINTAGE: ("Vintage",),
            C.AMOUNT_IN: ("In (t)",),
            C.AMOUNT_OUT: ("Out (t)",),
            C.BALANCE: ("Holding (t)",),
        },
        accounts={"CEA24": HELD},
        commodity_words={"2024": "CEA24"},
        date_format="DD/MM/YYYY",
        window_days=1,
        is_reference_unique=True,
    ),
)
REGISTRY_STATEMENT = """Date,Transaction,Counterparty,Vintage,In (t),Out (t),Holding (t)
05/10/2026,R-77,Registry,2024,"20,000",,"20,000"
21/10/2026,R-91,Example Smelter Two,2024,,"1,000","19,000"
"""


def opened(database: Database) -> int:
    with database.writer() as session:
        book = operations.open_book(
            session,
            book_uuid=UUID(int=42),
            tenant_id=TREASURER.organisation_id,
            code="smelter",
            functional_currency="CNY",
            now=NOW - timedelta(days=60),
        )
        operations.add_commodity(session, book, Commodity(code="CEA24", kind=CommodityKind.ALLOWANCE, scale=0), {})
        for path, commodity in ((BANK, "CNY"), (SALES, "CNY"), (FEES, "CNY"), (HELD, "CEA24"), (REGISTRY, "CEA24")):
            operations.open_account(
                session, book, AccountOpening(path=path, commodity=commodity, opened_on=date(2026, 1, 1))
            )
        session.commit()
    return book


def post(
    database: Database, book: int, number: int, day: date, path: str, other: str, amount: int, ref: str | None = None
) -> int:
    commodity = "CNY" if path == BANK else "CEA24"
    entry = JournalDraft(
        entry_id=UUID(int=1000 + number),
        kind=EntryKind.GENERAL,
        effective_on=day,
        actor=TREASURER,
        postings=(Posting(path, commodity, amount), Posting(other, commodity, -amount)),
        doc_ref=ref,
    )
    with database.writer() as session:
        receipt = operations.post_entry(session, book, entry, now=NOW, random_bytes=counted_bytes(f"story {number}"))
        session.commit()
    return receipt.seq


def bring(database: Database, book: int, source: StatementSource, text: str, encoding: str) -> int:
    raw = text.encode(encoding)
    with database.writer() as session:
        reconciliation.save_source(session, book, source, actor=TREASURER, now=NOW)
        outcome = reconciliation.import_statement(
            session,
            book,
            source.code,
            read_table(f"{source.code}.csv", raw),
            file_sha256=hashlib.sha256(raw).digest(),
            actor=TREASURER,
            now=NOW,
        )
        session.commit()
    return outcome.lines_added


def at_month_end(database: Database, book: int) -> dict[str, AccountReconciliation]:
    with database.reader() as session:
        point = reconciliation.resolve_point(session, book, as_of=MONTH_END)
        return {one.account: one for one in reconciliation.reconcile(session, book, point).accounts}


def confirm_all(database: Database, book: int) -> list[MatchRule]:
    drafts = [
        MatchDraft(lines=one.lines, postings=one.postings)
        for account in at_month_end(database, book).values()
        for one in account.matching.proposals
    ]
    with database.writer() as session:
        found = reconciliation.confirm_matches(session, book, drafts, as_of=MONTH_END, actor=TREASURER, now=NOW)
        session.commit()
    return [one.rule for one in found]


def test_october_is_reconciled_and_a_back_dated_entry_is_seen(database: Database) -> None:
    book = opened(database)
    post(database, book, 1, date(2026, 10, 7), BANK, SALES, 100_000_000, "K1")
    post(database, book, 2, date(2026, 10, 20), BANK, SALES, 10_000_000)
    post(database, book, 3, date(2026, 10, 20), BANK, FEES, -500_000)
    post(database, book, 4, date(2026, 10, 5), HELD, REGISTRY, 20_000, "R-77")
    post(database, book, 5, date(2026, 10, 21), HELD, REGISTRY, -1_500, "R-91")

    # Both statements come in; nothing is matched yet, everything is proposed.
    assert bring(database, book, BANK_SOURCE, BANK_STATEMENT, "gb18030") == 3
    assert bring(database, book, REGISTRY_SOURCE, REGISTRY_STATEMENT, "utf-8-sig") == 2
    assert bring(database, book, BANK_SOURCE, BANK_STATEMENT, "utf-8") == 0
    assert confirm_all(database, book) == [
        MatchRule.REFERENCE_AMOUNT_DAY,  # the registry's transfer
        MatchRule.REFERENCE_AMOUNT_WINDOW,  # a receipt booked a day before the bank had it
        MatchRule.AMOUNT_SUM,  # another, paid out less the fee
    ]

    # Two things do not agree: a bank charge nobody booked, and a transfer booked with the wrong quantity.
    standing = at_month_end(database, book)
    (charge,), (wrong,) = standing[BANK].breaks, standing[HELD].breaks
    assert (charge.kind, charge.difference) == (BreakKind.LINE_WITHOUT_ENTRY, -1_200)
    assert (wrong.kind, wrong.difference) == (BreakKind.AMOUNT_DIFFERS, 500)
    in_bank, in_registry = standing[BANK].balance_break, standing[HELD].balance_break
    assert in_bank is not None
    assert in_registry is not None
    assert (in_bank.difference, in_bank.unexplained) == (-1_200, 0)
    assert (in_registry.difference, in_registry.unexplained) == (500, 0)

    # The treasurer books what is missing and corrects what is wrong; the next proposals close the month.
    post(database, book, 6, MONTH_END, BANK, FEES, -1_200, "K9")
    with database.writer() as session:
        operations.reverse_entry(
            session,
            book,
            entry_id=UUID(int=2005),
            reverses=UUID(int=1005),
            effective_on=date(2026, 10, 21),
            actor=TREASURER,
            now=NOW,
            random_bytes=counted_bytes("reversal"),
        )
        session.commit()
    post(database, book, 7, date(2026, 10, 21), HELD, REGISTRY, -1_000, "R-91")
    confirm_all(database, book)
    closed = at_month_end(database, book)
    assert [one.breaks for one in closed.values()] == [(), ()]
    assert [one.balance_break for one in closed.values()] == [None, None]

    # The balance is asserted from the statement; an entry slipped into October later makes the next check fail.
    with database.writer() as session:
        asserted = reconciliation.assert_balance(
            session,
            book,
            BANK,
            as_of=MONTH_END,
            expected=109_498_800,
            source="ICBC October 2026",
            actor=TREASURER,
            now=NOW,
        )
        session.commit()
    post(database, book, 8, date(2026, 10, 30), BANK, SALES, 1)
    with database.writer() as session:
        (checked,) = reconciliation.check_assertions(session, book, until=MONTH_END, actor=TREASURER, now=NOW)
        session.commit()
    assert asserted.checks[0].verdict is Verdict.OK
    assert [check.verdict for check in checked.checks] == [Verdict.OK, Verdict.FAILED]
    assert at_month_end(database, book)[BANK].failed == ((checked, 109_498_801),)
