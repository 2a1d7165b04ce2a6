"""What a book's readers take away: Beancount, hledger, JSON Lines of facts, and report tables, each of one point in two times.

Joins the caller's session and writes nothing. Everything is yielded piece by piece, so that memory does not grow with the book.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from ledger.core.errors import NotFound
from ledger.core.export_formats import beancount, facts, hledger, report_tables
from ledger.core.export_formats.exported import ExportedBook
from ledger.core.export_formats.report_tables import HeldLine, LotLine, ReportTable
from ledger.store import export_rows, reports


class TextFormat(StrEnum):
    """A text that other programs read."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    JSONL = "jsonl"


class Report(StrEnum):
    """A report that leaves as a table."""

    TRIAL_BALANCE = "trial-balance"
    POSITIONS = "positions"
    LOTS = "lots"
    STATEMENT = "statement"


def open_export(session: Session, book_id: int, *, as_of: date, known: int | None = None) -> ExportedBook:
    """Return the book at (close of ``as_of``, its first ``known`` entries, all when None); too far is ``ledger.record_point``."""
    return export_rows.load_book(session, book_id, as_of=as_of, known=known)


def text_pieces(session: Session, book_id: int, book: ExportedBook, form: TextFormat) -> Iterator[str]:
    """Yield the export as text; pieces end in line ends."""
    entries = export_rows.entries(session, book_id, as_of=book.as_of, known=book.known)
    if form is TextFormat.JSONL:
        yield from map(facts.line, entries)
        return
    closings = export_rows.month_ends(session, book_id, as_of=book.as_of, known=book.known)
    journal = beancount.journal if form is TextFormat.BEANCOUNT else hledger.journal
    yield from journal(book, entries, closings)


def report_table(
    session: Session, book_id: int, book: ExportedBook, report: Report, *, account: str | None = None
) -> ReportTable:
    """Return one report as a table; ``account`` keeps a statement to that account, else ``account.not_found``."""
    match report:
        case Report.TRIAL_BALANCE:
            totals = reports.trial_balance(session, book_id, as_of=book.as_of, known=book.known)
            return report_tables.trial_balance(book, totals)
        case Report.POSITIONS:
            held = reports.positions(session, book_id, as_of=book.as_of, known=book.known)
            return report_tables.positions(
                book, [HeldLine(one.path, one.type.value, one.commodity, one.balance) for one in held]
            )
        case Report.LOTS:
            return report_tables.lots(book, _lot_lines(session, book_id, book))
        case Report.STATEMENT:
            if account is not None and account not in {each.path for each in book.accounts}:
                raise NotFound("account.not_found", "account: no such account in this book", field="account")
            lines = export_rows.posted_lines(session, book_id, as_of=book.as_of, known=book.known, account=account)
            return report_tables.statement(book, lines, account=account)


def _lot_lines(session: Session, book_id: int, book: ExportedBook) -> list[LotLine]:
    return [
        LotLine(
            lot_id=lot.lot_id,
            account=lot.path,
            commodity=lot.commodity,
            acquired_on=lot.acquired_on,
            acquired_quantity=lot.acquired_quantity,
            acquired_cost=lot.acquired_cost,
            quantity=lot.quantity,
            cost=lot.cost,
        )
        for lot in reports.lots(session, book_id, as_of=book.as_of, known=book.known)
    ]
