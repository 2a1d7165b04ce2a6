"""Streams a book's entries, month ends and statement lines for exports, a few thousand rows at a time.

Takes a session first and never writes. Everything is of one point: the first ``known`` entries, effective by ``as_of``.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from ledger.core.accounts import LotMethod
from ledger.core.amounts import unit_of
from ledger.core.export_formats.exported import (
    ExportedAccount,
    ExportedBook,
    ExportedEntry,
    ExportedLeg,
    ExportedMove,
    MonthEnd,
)
from ledger.core.export_formats.report_tables import PostedLine
from ledger.store import books, reports
from ledger.store.tables.journal import (
    AccountRow,
    BookRow,
    CommodityRow,
    EntryRow,
    LeafRow,
    LotMoveRow,
    LotRow,
    PostingRow,
)

_CHUNK = 2_000
"""Entries held at once; an entry has at most 1,000 legs."""

_STREAM = {"yield_per": 5_000}


def load_book(session: Session, book_id: int, *, as_of: date, known: int | None) -> ExportedBook:
    """Return the book's head at the point; ``known`` None is the newest, beyond the last entry ``ledger.record_point``."""
    row = session.get_one(BookRow, book_id)
    point = reports.record_point(session, book_id, known=known)
    commodities = books.commodities(session, book_id)
    undated = _undated(session, book_id, known=point.seq)
    return ExportedBook(
        book_uuid=row.book_uuid,
        code=row.code,
        functional_currency=row.functional_currency,
        as_of=as_of,
        known=point.seq,
        tree_root=point.root,
        commodities={code: commodity for code, (commodity, _) in commodities.items()},
        units={code: unit_of(commodity, attrs) for code, (commodity, attrs) in commodities.items()},
        accounts=tuple(
            ExportedAccount(
                path=account.path,
                commodity=account.commodity,
                opened_on=account.opened_on,
                closed_on=account.closed_on,
                lot_method=None if account.lot_method is None else account.lot_method.value,
                is_dated=account.lot_method not in {None, LotMethod.AVERAGE} and account.path not in undated,
            )
            for account in books.accounts(session, book_id).values()
        ),
    )


def entries(session: Session, book_id: int, *, as_of: date, known: int) -> Iterator[ExportedEntry]:
    """Yield the entries effective by ``as_of`` among the first ``known``, in recording order."""
    paths: dict[int, tuple[str, str]] = {
        row.account_id: (row.path, row.code)
        for row in session.execute(
            select(AccountRow.account_id, AccountRow.path, CommodityRow.code)
            .join(CommodityRow, _same_commodity(AccountRow))
            .where(AccountRow.book_id == book_id)
        )
    }
    for first in range(1, known + 1, _CHUNK):
        yield from _chunk(session, book_id, paths, first, min(first + _CHUNK - 1, known), as_of)


def month_ends(session: Session, book_id: int, *, as_of: date, known: int) -> Iterator[MonthEnd]:
    """Yield each account's balance at the close of every month in which it moved, by account and day, from the postings."""
    days = session.execute(
        select(AccountRow.path, PostingRow.effective_on, func.sum(PostingRow.amount).label("moved"))
        .join(AccountRow, _same_account(PostingRow))
        .where(PostingRow.book_id == book_id, PostingRow.seq <= known, PostingRow.effective_on <= as_of)
        .group_by(AccountRow.path, PostingRow.effective_on)
        .order_by(AccountRow.path, PostingRow.effective_on),
        execution_options=_STREAM,
    )
    for path, own in itertools.groupby(days, key=lambda row: row.path):
        balance = 0
        months = itertools.groupby(own, key=lambda row: (row.effective_on.year, row.effective_on.month))
        for (year, month), moved in months:
            balance += sum(int(row.moved) for row in moved)
            yield MonthEnd(str(path), min(_last_day(year, month), as_of), balance)


def posted_lines(
    session: Session, book_id: int, *, as_of: date, known: int, account: str | None = None
) -> Iterator[PostedLine]:
    """Yield every posting by account and recording order with the account's running sum, debit positive."""
    wanted = (
        select(
            AccountRow.path,
            CommodityRow.code,
            PostingRow.seq,
            PostingRow.line,
            PostingRow.amount,
            PostingRow.effective_on,
            EntryRow.entry_id,
            EntryRow.kind,
            EntryRow.recorded_at,
            EntryRow.document_on,
            EntryRow.doc_ref,
        )
        .join(AccountRow, _same_account(PostingRow))
        .join(CommodityRow, _same_commodity(PostingRow))
        .join(EntryRow, and_(EntryRow.book_id == PostingRow.book_id, EntryRow.seq == PostingRow.seq))
        .where(PostingRow.book_id == book_id, PostingRow.seq <= known, PostingRow.effective_on <= as_of)
        .order_by(AccountRow.path, PostingRow.seq, PostingRow.line)
    )
    if account is not None:
        wanted = wanted.where(AccountRow.path == account)
    running, last = 0, ""
    for row in session.execute(wanted, execution_options=_STREAM):
        running = row.amount + (running if row.path == last else 0)
        last = row.path
        yield PostedLine(
            account=row.path,
            commodity=row.code,
            seq=row.seq,
            line=row.line,
            entry_id=row.entry_id,
            kind=row.kind,
            effective_on=row.effective_on,
            recorded_at=row.recorded_at,
            document_on=row.document_on,
            doc_ref=row.doc_ref,
            amount=row.amount,
            balance=running,
        )


def _chunk(
    session: Session, book_id: int, paths: dict[int, tuple[str, str]], first: int, last: int, as_of: date
) -> Iterator[ExportedEntry]:
    moves = _moves(session, book_id, first, last)
    legs: dict[int, list[ExportedLeg]] = defaultdict(list)
    for row in session.execute(
        select(PostingRow.seq, PostingRow.line, PostingRow.account_id, PostingRow.amount)
        .where(PostingRow.book_id == book_id, PostingRow.seq.between(first, last))
        .order_by(PostingRow.seq, PostingRow.line)
    ):
        path, code = paths[row.account_id]
        legs[row.seq].append(ExportedLeg(path, code, row.amount, tuple(moves.get((row.seq, row.line), ()))))
    found = session.execute(
        select(*_ENTRY, LeafRow.salt, LeafRow.canonical, LeafRow.leaf_hash)
        .join(LeafRow, and_(LeafRow.book_id == EntryRow.book_id, LeafRow.seq == EntryRow.seq))
        .where(EntryRow.book_id == book_id, EntryRow.seq.between(first, last), EntryRow.effective_on <= as_of)
        .order_by(EntryRow.seq)
    )
    for row in found:
        yield ExportedEntry(
            seq=row.seq,
            entry_id=row.entry_id,
            kind=row.kind,
            effective_on=row.effective_on,
            recorded_at=row.recorded_at,
            document_on=row.document_on,
            reverses_seq=row.reverses_seq,
            actor_id=row.actor_id,
            acting_for_id=row.acting_for_id,
            doc_ref=row.doc_ref,
            attrs=dict(row.attrs or {}),
            request_hash=bytes(row.request_hash),
            salt=bytes(row.salt),
            canonical=row.canonical,
            leaf_hash=bytes(row.leaf_hash),
            legs=tuple(legs[row.seq]),
        )


_ENTRY = (
    EntryRow.seq,
    EntryRow.entry_id,
    EntryRow.kind,
    EntryRow.effective_on,
    EntryRow.recorded_at,
    EntryRow.document_on,
    EntryRow.reverses_seq,
    EntryRow.actor_id,
    EntryRow.acting_for_id,
    EntryRow.doc_ref,
    EntryRow.attrs,
    EntryRow.request_hash,
)


def _moves(session: Session, book_id: int, first: int, last: int) -> dict[tuple[int, int], list[ExportedMove]]:
    rows = session.execute(
        select(
            LotMoveRow.seq,
            LotMoveRow.line,
            LotMoveRow.lot_id,
            LotMoveRow.qty,
            LotMoveRow.cost,
            LotRow.acquired_on,
            LotRow.qty.label("lot_qty"),
            LotRow.cost.label("lot_cost"),
        )
        .join(LotRow, and_(LotRow.book_id == LotMoveRow.book_id, LotRow.lot_id == LotMoveRow.lot_id))
        .where(LotMoveRow.book_id == book_id, LotMoveRow.seq.between(first, last))
        .order_by(LotMoveRow.seq, LotMoveRow.line, LotMoveRow.lot_id)
    )
    moves: dict[tuple[int, int], list[ExportedMove]] = defaultdict(list)
    for row in rows:
        moves[row.seq, row.line].append(
            ExportedMove(row.lot_id, row.qty, row.cost, row.acquired_on, row.lot_qty, row.lot_cost)
        )
    return moves


def _undated(session: Session, book_id: int, *, known: int) -> frozenset[str]:
    """Return the accounts of which some lot, followed in the order of business days, is drawn on before it is there."""
    moved = session.execute(
        select(AccountRow.path, LotMoveRow.lot_id, LotMoveRow.qty)
        .join(
            PostingRow,
            and_(
                PostingRow.book_id == LotMoveRow.book_id,
                PostingRow.seq == LotMoveRow.seq,
                PostingRow.line == LotMoveRow.line,
            ),
        )
        .join(AccountRow, _same_account(PostingRow))
        .where(LotMoveRow.book_id == book_id, LotMoveRow.seq <= known)
        .order_by(PostingRow.account_id, LotMoveRow.lot_id, PostingRow.effective_on, LotMoveRow.seq, LotMoveRow.line),
        execution_options=_STREAM,
    )
    found = set()
    for (path, _), steps in itertools.groupby(moved, key=lambda row: (row.path, row.lot_id)):
        if min(itertools.accumulate(row.qty for row in steps)) < 0:
            found.add(str(path))
    return frozenset(found)


def _last_day(year: int, month: int) -> date:
    return date.fromordinal(date(year + month // 12, month % 12 + 1, 1).toordinal() - 1)


def _same_account(table: type[PostingRow]) -> Any:
    return and_(AccountRow.book_id == table.book_id, AccountRow.account_id == table.account_id)


def _same_commodity(table: type[PostingRow | AccountRow]) -> Any:
    return and_(CommodityRow.book_id == table.book_id, CommodityRow.commodity_id == table.commodity_id)
