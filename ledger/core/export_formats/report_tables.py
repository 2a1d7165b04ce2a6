"""A report as a table of typed cells with a head that says what it is of, for spreadsheets and CSV.

Owns the columns of each report. Knows no file format: how a cell is written, and how a text is kept from becoming a formula, is
the writer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, TypeAlias
from uuid import UUID

from ledger.core.amounts import format_units
from ledger.core.export_formats.exported import ExportedBook

Cell: TypeAlias = "str | int | Decimal | date | None"
"""Text, a count, an exact amount at its full scale, a day, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's heading and its width in characters."""

    heading: str
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """One report: ``head`` are pairs of what and which, ``rows`` come once and may be many."""

    name: str
    head: tuple[tuple[str, Cell], ...]
    columns: tuple[Column, ...]
    rows: Iterable[tuple[Cell, ...]]


class PostedLine(NamedTuple):
    """One posting of a statement with the account's sum after it, in recording order; debit positive, smallest units."""

    account: str
    commodity: str
    seq: int
    line: int
    entry_id: UUID
    kind: str
    effective_on: date
    recorded_at: datetime
    document_on: date | None
    doc_ref: str | None
    amount: int
    balance: int


class HeldLine(NamedTuple):
    """What an account holds on its normal side, in smallest units."""

    account: str
    type: str
    commodity: str
    balance: int


class LotLine(NamedTuple):
    """What is left of a lot, in smallest units of the commodity and of the functional currency."""

    lot_id: int
    account: str
    commodity: str
    acquired_on: date
    acquired_quantity: int
    acquired_cost: int
    quantity: int
    cost: int


def trial_balance(book: ExportedBook, totals: Mapping[str, tuple[int, int]]) -> ReportTable:
    """Return debits and credits by commodity; a sound book's difference is 0 in every row."""
    return ReportTable(
        name="Trial balance",
        head=_head(book, unit="each row's own"),
        columns=_columns(("Commodity", 14), ("Debits", 20), ("Credits", 20), ("Difference", 16), ("Unit", 12)),
        rows=(
            (
                code,
                _amount(book, debits, code),
                _amount(book, credits_, code),
                _amount(book, debits - credits_, code),
                book.units[code],
            )
            for code, (debits, credits_) in sorted(totals.items())
        ),
    )


def positions(book: ExportedBook, held: Iterable[HeldLine]) -> ReportTable:
    """Return each account's balance on its normal side."""
    return ReportTable(
        name="Positions",
        head=_head(book, unit="each row's own"),
        columns=_columns(("Account", 44), ("Type", 12), ("Commodity", 14), ("Balance", 20), ("Unit", 12)),
        rows=(
            (
                line.account,
                line.type,
                line.commodity,
                _amount(book, line.balance, line.commodity),
                book.units[line.commodity],
            )
            for line in held
        ),
    )


def lots(book: ExportedBook, open_lots: Iterable[LotLine]) -> ReportTable:
    """Return what is left of each open lot, its cost in the functional currency."""
    currency = book.functional_currency
    return ReportTable(
        name="Lots",
        head=_head(book, unit=f"quantity each row's own, cost {currency}"),
        columns=_columns(
            ("Account", 44),
            ("Lot", 14),
            ("Acquired on", 13),
            ("Commodity", 14),
            ("Acquired quantity", 18),
            (f"Acquired cost ({currency})", 22),
            ("Quantity", 18),
            (f"Cost ({currency})", 22),
            ("Unit", 12),
        ),
        rows=(
            (
                lot.account,
                lot.lot_id,
                lot.acquired_on,
                lot.commodity,
                _amount(book, lot.acquired_quantity, lot.commodity),
                _amount(book, lot.acquired_cost, currency),
                _amount(book, lot.quantity, lot.commodity),
                _amount(book, lot.cost, currency),
                book.units[lot.commodity],
            )
            for lot in open_lots
        ),
    )


def statement(book: ExportedBook, lines: Iterable[PostedLine], *, account: str | None) -> ReportTable:
    """Return every posting of one account, or of all by account, with the running sum; debit positive."""
    return ReportTable(
        name="Statement",
        head=(*_head(book, unit="each row's own, debit positive"), ("Account", account or "all, one after another")),
        columns=_columns(
            ("Account", 44),
            ("Seq", 10),
            ("Line", 6),
            ("Business day", 13),
            ("Recorded at (UTC)", 28),
            ("Kind", 12),
            ("Document", 24),
            ("Document day", 13),
            ("Amount", 18),
            ("Balance after", 18),
            ("Commodity", 14),
            ("Unit", 12),
            ("Entry id", 38),
        ),
        rows=(_statement_row(book, line) for line in lines),
    )


def _statement_row(book: ExportedBook, line: PostedLine) -> tuple[Cell, ...]:
    return (
        line.account,
        line.seq,
        line.line,
        line.effective_on,
        line.recorded_at.isoformat(sep=" ", timespec="microseconds").removesuffix("+00:00"),
        line.kind,
        line.doc_ref,
        line.document_on,
        _amount(book, line.amount, line.commodity),
        _amount(book, line.balance, line.commodity),
        line.commodity,
        book.units[line.commodity],
        str(line.entry_id),
    )


def _head(book: ExportedBook, *, unit: str) -> tuple[tuple[str, Cell], ...]:
    return (
        ("Book", book.code),
        ("As of (close of day)", book.as_of),
        ("Record point (entries known)", book.known),
        ("Tree root", book.tree_root.hex()),
        ("Unit", unit),
        ("Source", book.source),
    )


def _columns(*columns: tuple[str, int]) -> tuple[Column, ...]:
    return tuple(Column(heading=heading, width=width) for heading, width in columns)


def _amount(book: ExportedBook, units: int, code: str) -> Decimal:
    return Decimal(format_units(units, book.commodities[code].scale))
