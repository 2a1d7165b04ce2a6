"""The tax-lot report: what left which lot, when, at what cost, for what, and the gain.

As of (effective day, record point). A lot carried inside the book is no disposal; a reversed disposal is shown again with every
sign turned, on the day of its reversal, so that sums over any period are right. Takes a session first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.core.accounts import AccountType
from ledger.core.amounts import split_exact
from ledger.store.tables.journal import (
    AccountRow,
    BookRow,
    CommodityRow,
    EntryRow,
    LotMoveRow,
    LotRow,
    PostingRow,
)

MAX_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """What one entry took from one lot: ``quantity`` and ``cost`` in smallest units, of the functional currency for cost.

    ``proceeds`` and ``gain`` (proceeds less cost, a loss negative) are None where the entry's legs book no cost. Of a reversal
    every amount is negative, and ``reverses_seq`` names the disposal that it undoes.
    """

    seq: int
    entry_id: UUID
    kind: str
    disposed_on: date
    doc_ref: str | None
    reverses_seq: int | None
    account: str
    commodity: str
    lot_id: int
    acquired_on: date
    quantity: int
    cost: int
    proceeds: int | None
    gain: int | None


class _Move(NamedTuple):
    lot_id: int
    quantity: int
    cost: int
    acquired_on: date
    account: str
    commodity: str


class _Money(NamedTuple):
    line: int
    type: AccountType
    amount: int


def list_disposals(
    session: Session,
    book_id: int,
    *,
    as_of: date,
    known: int,
    since: date | None = None,
    after: int = 0,
    limit: int,
) -> tuple[tuple[Disposal, ...], int | None]:
    """Return the disposals of a page of entries in recording order, after the entry ``after``, and the entry to read on after.

    ``limit`` is a number of entries, 1 to 200; an entry may take from several lots or, where it carries lots, be no disposal.
    ``since`` leaves out what was disposed of before that day.
    """
    limit = max(1, min(limit, MAX_PAGE))
    wanted = (
        select(EntryRow.seq, EntryRow.entry_id, EntryRow.kind, EntryRow.effective_on, EntryRow.doc_ref)
        .add_columns(EntryRow.reverses_seq, EntryRow.leg_count)
        .join(LotMoveRow, (LotMoveRow.book_id == EntryRow.book_id) & (LotMoveRow.seq == EntryRow.seq))
        .where(
            EntryRow.book_id == book_id,
            LotMoveRow.seq > after,
            LotMoveRow.seq <= known,
            EntryRow.effective_on <= as_of,
            (LotMoveRow.qty < 0) | EntryRow.reverses_seq.is_not(None),
        )
        .distinct()
        .order_by(EntryRow.seq)
        .limit(limit)
    )
    if since is not None:
        wanted = wanted.where(EntryRow.effective_on >= since)
    entries = session.execute(wanted).all()
    source = {entry.seq: entry.reverses_seq or entry.seq for entry in entries}
    moves = _moves(session, book_id, set(source.values()))
    money = _money(session, book_id, set(source.values()))
    found: list[Disposal] = []
    for entry in entries:
        at = source[entry.seq]
        for move, proceeds in _taken(moves.get(at, ()), money.get(at, ()), entry.leg_count):
            disposal = Disposal(
                seq=entry.seq,
                entry_id=entry.entry_id,
                kind=entry.kind,
                disposed_on=entry.effective_on,
                doc_ref=entry.doc_ref,
                reverses_seq=entry.reverses_seq,
                account=move.account,
                commodity=move.commodity,
                lot_id=move.lot_id,
                acquired_on=move.acquired_on,
                quantity=-move.quantity,
                cost=-move.cost,
                proceeds=proceeds,
                gain=None if proceeds is None else proceeds + move.cost,
            )
            found.append(disposal if entry.reverses_seq is None else _turned(disposal))
    return tuple(found), entries[-1].seq if len(entries) == limit else None


def _turned(disposal: Disposal) -> Disposal:
    return replace(
        disposal,
        quantity=-disposal.quantity,
        cost=-disposal.cost,
        proceeds=None if disposal.proceeds is None else -disposal.proceeds,
        gain=None if disposal.gain is None else -disposal.gain,
    )


def _taken(moves: Sequence[_Move], money: Sequence[_Money], leg_count: int) -> Iterable[tuple[_Move, int | None]]:
    """Yield what an entry took from each lot with its part of the proceeds; nothing when it carried the lots over."""
    out = [move for move in moves if move.quantity < 0]
    relieved = -sum(move.cost for move in out)
    proceeds = proceeds_of(money, relieved=relieved, leg_count=leg_count)
    is_even = len(out) < len(moves) and not sum(move.quantity for move in moves) and not sum(m.cost for m in moves)
    if not out or (is_even and proceeds is None):
        return
    if proceeds is None or len({move.commodity for move in out}) > 1:
        yield from ((move, None) for move in out)
        return
    shares = split_exact(proceeds, [-move.quantity for move in out])
    yield from zip(out, shares, strict=True)


def proceeds_of(money: Sequence[_Money], *, relieved: int, leg_count: int) -> int | None:
    """Return what an entry got for lots of the cost ``relieved``, or None where its legs do not say.

    The fold ends such an entry with a credit of the relieved cost and then the gain (credit) or loss (debit), each left out
    when zero: proceeds are cost plus gain. Cost 800.00 and a last credit of 100.00 are proceeds of 900.00.
    """
    by_line = {leg.line: leg for leg in money}
    last = by_line.get(leg_count)
    if last is None:
        return None
    if relieved == 0:
        return -last.amount if last.type in (AccountType.INCOME, AccountType.EXPENSE) else None
    before = by_line.get(leg_count - 1)
    if before is not None and before.amount == -relieved:
        return relieved - last.amount
    return relieved if last.amount == -relieved else None


def _moves(session: Session, book_id: int, seqs: Iterable[int]) -> dict[int, list[_Move]]:
    rows = session.execute(
        select(LotMoveRow.seq, LotMoveRow.lot_id, LotMoveRow.qty, LotMoveRow.cost, LotRow.acquired_on)
        .add_columns(AccountRow.path, CommodityRow.code)
        .join(LotRow, (LotRow.book_id == LotMoveRow.book_id) & (LotRow.lot_id == LotMoveRow.lot_id))
        .join(AccountRow, (AccountRow.book_id == LotRow.book_id) & (AccountRow.account_id == LotRow.account_id))
        .join(
            CommodityRow,
            (CommodityRow.book_id == AccountRow.book_id) & (CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .where(LotMoveRow.book_id == book_id, LotMoveRow.seq.in_(seqs))
        .order_by(LotMoveRow.seq, LotMoveRow.line, LotMoveRow.lot_id)
    )
    found: dict[int, list[_Move]] = {}
    for row in rows:
        move = _Move(row.lot_id, row.qty, row.cost, row.acquired_on, row.path, row.code)
        found.setdefault(row.seq, []).append(move)
    return found


def _money(session: Session, book_id: int, seqs: Iterable[int]) -> dict[int, list[_Money]]:
    """Return the legs in the book's functional currency of each entry."""
    rows = session.execute(
        select(PostingRow.seq, PostingRow.line, AccountRow.type, PostingRow.amount)
        .join(AccountRow, (AccountRow.book_id == PostingRow.book_id) & (AccountRow.account_id == PostingRow.account_id))
        .join(
            CommodityRow,
            (CommodityRow.book_id == PostingRow.book_id) & (CommodityRow.commodity_id == PostingRow.commodity_id),
        )
        .join(BookRow, BookRow.book_id == PostingRow.book_id)
        .where(
            PostingRow.book_id == book_id,
            PostingRow.seq.in_(seqs),
            CommodityRow.code == BookRow.functional_currency,
        )
        .order_by(PostingRow.seq, PostingRow.line)
    )
    found: dict[int, list[_Money]] = {}
    for row in rows:
        found.setdefault(row.seq, []).append(_Money(row.line, AccountType(row.type), row.amount))
    return found
