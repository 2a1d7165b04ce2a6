"""Reads of a book: positions, statements, trial balance and lots, as of (effective day, record point).

A record point is a ``seq``: everything recorded up to it is known. Each report names both and the tree root there, so that it
reproduces for ever. Takes a session first; returns frozen rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, literal, select, tuple_
from sqlalchemy.orm import Session

from ledger.core import log
from ledger.core.accounts import AccountType, LotMethod, is_path, no_such_account
from ledger.core.errors import Invalid
from ledger.store import checkpoints
from ledger.store.reading import run
from ledger.store.tables.holds import HoldMoveRow
from ledger.store.tables.journal import (
    AccountRow,
    BalanceDayRow,
    BookRow,
    CommodityRow,
    EntryRow,
    LeafRow,
    LotMoveRow,
    LotRow,
    PostingRow,
)

MAX_PAGE = 200
FEW_ENTRIES = 50_000
"""Entries after a record point that are read by their place in the book, rather than along an account's whole past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPoint:
    """What was known: the first ``seq`` entries of the book, whose tree head is ``root``."""

    seq: int
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What an account holds at the close of a day, on its normal side, in smallest units."""

    account_id: int
    path: str
    type: AccountType
    commodity: str
    scale: int
    balance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One posting of an account's statement; ``amount`` in smallest units, debit positive."""

    seq: int
    line: int
    entry_id: UUID
    kind: str
    effective_on: date
    recorded_at: datetime
    doc_ref: str | None
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LotBalance:
    """What is left of a lot at a day and record point; ``cost`` in the functional currency's smallest units."""

    lot_id: int
    path: str
    commodity: str
    acquired_on: date
    acquired_quantity: int
    acquired_cost: int
    quantity: int
    cost: int
    is_pool: bool = False
    """At average cost all acquisitions of an account are one lot; what it was acquired with is then the first one's alone."""
    origin_lot_id: int | None = None
    """The lot it was part of, where it was carried inside the book."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRecord:
    """An entry as recorded, with its legs (path, commodity, scale, amount) and leaf.

    ``lot_moves`` are (line, lot_id, quantity, cost), ``hold_moves`` (hold_id, lot_id, amount), both in smallest units.
    """

    entry_id: UUID
    seq: int
    kind: str
    effective_on: date
    recorded_at: datetime
    document_on: date | None
    reverses_seq: int | None
    doc_ref: str | None
    attrs: dict[str, str]
    legs: tuple[tuple[str, str, int, int], ...]
    leaf_hash: bytes
    actor_id: UUID
    acting_for_id: UUID
    transfer_id: UUID | None
    pii_commitment: bytes | None
    lot_moves: tuple[tuple[int, int, int, int], ...]
    hold_moves: tuple[tuple[UUID, int, int], ...]


def record_point(
    session: Session, book_id: int, *, known: int | None = None, at: datetime | None = None
) -> RecordPoint:
    """Return the record point ``known`` (a seq), or the last one at the instant ``at``, or the newest.

    Refused with ``ledger.record_point`` beyond what is recorded. The root of an earlier point is recomputed from the last checkpoint
    before it and the leaves since.
    """
    size, peaks = session.execute(select(BookRow.tree_size, BookRow.tree_peaks).where(BookRow.book_id == book_id)).one()
    if at is not None and known is None:
        known = _last_by(session, book_id, at, size)
    if known is None or known == size:
        return RecordPoint(seq=size, root=log.root(peaks))
    if not 0 <= known <= size:
        raise Invalid("ledger.record_point", f"the book has {size} entries", known=str(known))
    below = checkpoints.newest(session, book_id, at_most=known)
    peaks, start = (b"", 0) if below is None else (below.tree_peaks, below.tree_size)
    leaves = session.scalars(
        select(LeafRow.leaf_hash)
        .where(LeafRow.book_id == book_id, LeafRow.seq > start, LeafRow.seq <= known)
        .order_by(LeafRow.seq)
    )
    return RecordPoint(seq=known, root=log.root(log.append_leaves(peaks, start, leaves)[0]))


def _last_by(session: Session, book_id: int, at: datetime, size: int) -> int:
    """Return the last seq recorded by an instant: times of recording only grow, so halving finds it."""
    low, high = 0, size
    while low < high:
        middle = (low + high + 1) // 2
        recorded_at = session.scalars(
            select(EntryRow.recorded_at).where(EntryRow.book_id == book_id, EntryRow.seq == middle)
        ).one()
        low, high = (middle, high) if recorded_at <= at else (low, middle - 1)
    return low


def balance_as_of(session: Session, book_id: int, path: str, *, as_of: date, known: int | None = None) -> Position:
    """Return one account's balance at the close of ``as_of`` from what the first ``known`` entries say (all when None)."""
    row = run(session, _AS_OF, as_of.isoformat(), path, book_id).fetchone() if is_path(path) else None
    if row is None:
        raise no_such_account(path)
    account_id, kind, code, scale, total = row
    raw = int(total or 0)
    if known is not None:
        raw -= _learned_later(session, book_id, account_id, as_of=as_of, known=known)
    account_type = AccountType(kind)
    return Position(
        account_id=account_id,
        path=path,
        type=account_type,
        commodity=code,
        scale=scale,
        balance=raw * account_type.normal_side,
    )


_AS_OF = (
    "SELECT a.account_id, a.type, c.code, c.scale, (SELECT sum(d.delta) FROM balance_day d"
    " WHERE d.book_id = a.book_id AND d.account_id = a.account_id AND d.effective_on <= ?)"
    " FROM account a JOIN commodity c ON c.book_id = a.book_id AND c.commodity_id = a.commodity_id WHERE a.path = ? AND a.book_id = ?"
)


def _learned_later(session: Session, book_id: int, account_id: int, *, as_of: date, known: int) -> int:
    """Return what an account's postings effective by ``as_of`` and recorded after ``known`` sum to, debit positive.

    When few entries came after the record point they are read by their place in the book; the account's index, in order of days,
    would read its whole past, which took 43 ms for an account of a million postings.
    """
    size = run(session, "SELECT tree_size FROM book WHERE book_id = ?", book_id).fetchone()[0]
    statement = _LATE_BY_PLACE if size - known <= FEW_ENTRIES else _LATE_BY_ACCOUNT
    return int(run(session, statement, book_id, account_id, as_of.isoformat(), known).fetchone()[0] or 0)


_LATE_BY_ACCOUNT = (
    "SELECT sum(amount) FROM posting WHERE book_id = ? AND account_id = ? AND effective_on <= ? AND seq > ?"
)
_LATE_BY_PLACE = _LATE_BY_ACCOUNT.replace("account_id =", "account_id + 0 =")  # which keeps the planner from its index


def positions(
    session: Session,
    book_id: int,
    *,
    as_of: date,
    known: int | None = None,
    under: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> tuple[Position, ...]:
    """Return every account's balance at the close of ``as_of``, by path; ``under`` keeps that account and those below it.

    With a ``limit`` (1 to 200) it is a page: at most that many accounts, those that follow account number ``after`` by path.
    """
    base = _accounts(book_id)
    if under is not None:
        base = base.where(in_subtree(under))
    if limit is not None:
        base = _page(session, base, after=_path_of(session, book_id, after), limit=limit)
    accounts = base.subquery()
    days = (
        select(BalanceDayRow.account_id, func.sum(BalanceDayRow.delta).label("total"))
        .where(BalanceDayRow.book_id == book_id, BalanceDayRow.effective_on <= as_of)
        .group_by(BalanceDayRow.account_id)
    )
    if limit is not None:
        days = days.where(BalanceDayRow.account_id.in_(select(accounts.c.account_id)))
    day_sums = days.subquery()
    totals = select(accounts, func.coalesce(day_sums.c.total, 0).label("total")).outerjoin(
        day_sums, day_sums.c.account_id == accounts.c.account_id
    )
    if known is not None:
        late = (
            select(PostingRow.account_id, func.sum(PostingRow.amount).label("total"))
            .where(PostingRow.book_id == book_id, PostingRow.effective_on <= as_of, PostingRow.seq > known)
            .group_by(PostingRow.account_id)
            .subquery()
        )
        totals = totals.outerjoin(late, late.c.account_id == accounts.c.account_id)
        totals = totals.add_columns(func.coalesce(late.c.total, 0).label("late"))
    else:
        totals = totals.add_columns(literal(0).label("late"))
    rows = session.execute(totals)
    found = (_position(row, int(row.total) - int(row.late)) for row in rows)
    return tuple(sorted(found, key=attrgetter("path")))  # here, for a database may sort by a language's rules


def _page(
    session: Session, accounts: Select[int, str, str, str, int], *, after: str | None, limit: int
) -> Select[int, str, str, str, int]:
    """Return ``accounts`` cut to a page by path, in the order of its characters on both databases."""
    path = _by_characters(session)
    if after is not None:
        accounts = accounts.where(path > after)
    return accounts.order_by(path).limit(max(1, min(limit, MAX_PAGE)))


def _by_characters(session: Session) -> ColumnElement[str]:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return AccountRow.path.collate("BINARY" if is_sqlite else "C")


def _path_of(session: Session, book_id: int, account_id: int) -> str | None:
    wanted = select(AccountRow.path).where(AccountRow.book_id == book_id, AccountRow.account_id == account_id)
    return session.scalars(wanted).one_or_none()


def in_subtree(under: str) -> ColumnElement[bool]:
    """Return the condition that an account is ``under`` or below it: Assets:Carbon has Assets:Carbon:CEA25, not Assets:Carbonate."""
    if not under.isascii() or not under.isprintable():
        return false()  # no path has such a character, and PostgreSQL takes no NUL
    below = f"{under}:"  # by substr, for LIKE on SQLite takes small letters for capitals
    return (AccountRow.path == under) | (func.substr(AccountRow.path, 1, len(below)) == below)


def statement(
    session: Session,
    book_id: int,
    path: str,
    *,
    known: int | None = None,
    after: tuple[int, int] = (0, 0),
    limit: int = MAX_PAGE,
) -> tuple[StatementLine, ...]:
    """Return an account's postings in recording order after the cursor (seq, line), at most ``limit`` (0 to 200).

    By business day and with balances it is ``ledger.store.statements``.
    """
    account_id = _account(session, book_id, path).account_id
    seq, line = after
    wanted = (
        select(
            PostingRow.seq,
            PostingRow.line,
            EntryRow.entry_id,
            EntryRow.kind,
            PostingRow.effective_on,
            EntryRow.recorded_at,
            EntryRow.doc_ref,
            PostingRow.amount,
        )
        .join(EntryRow, (EntryRow.book_id == PostingRow.book_id) & (EntryRow.seq == PostingRow.seq))
        .where(
            PostingRow.book_id == book_id,
            PostingRow.account_id == account_id,
            (PostingRow.seq > seq) | ((PostingRow.seq == seq) & (PostingRow.line > line)),
        )
        .order_by(PostingRow.seq, PostingRow.line)
        .limit(max(0, min(limit, MAX_PAGE)))
    )
    if known is not None:
        wanted = wanted.where(PostingRow.seq <= known)
    return tuple(StatementLine(**row._asdict()) for row in session.execute(wanted))


def trial_balance(
    session: Session, book_id: int, *, as_of: date, known: int | None = None, under: str | None = None
) -> dict[str, tuple[int, int]]:
    """Return (debits, credits) per commodity over the accounts' balances at ``as_of``.

    Of the whole book the two are equal, in a sound one; of the accounts ``under`` a path they need not be.
    """
    totals: dict[str, tuple[int, int]] = {}
    for position in positions(session, book_id, as_of=as_of, known=known, under=under):
        raw = position.balance * position.type.normal_side
        debit, credit = totals.get(position.commodity, (0, 0))
        totals[position.commodity] = (debit + max(raw, 0), credit + max(-raw, 0))
    return totals


def lots(
    session: Session,
    book_id: int,
    *,
    as_of: date,
    known: int | None = None,
    under: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> tuple[LotBalance, ...]:
    """Return the lots that are open at the close of ``as_of``, by path, day and lot, from the moves effective and known by then.

    With a ``limit`` (1 to 200) it is a page: at most that many lots, those that follow lot ``after``.
    """
    moved = (
        select(LotMoveRow.lot_id, func.sum(LotMoveRow.qty).label("qty"), func.sum(LotMoveRow.cost).label("cost"))
        .join(EntryRow, (EntryRow.book_id == LotMoveRow.book_id) & (EntryRow.seq == LotMoveRow.seq))
        .where(LotMoveRow.book_id == book_id, EntryRow.effective_on <= as_of)
        .group_by(LotMoveRow.lot_id)
    )
    if known is not None:
        moved = moved.where(LotMoveRow.seq <= known)
    sums = moved.subquery()
    wanted = (
        select(
            LotRow.lot_id,
            LotRow.origin_lot_id,
            AccountRow.path,
            CommodityRow.code,
            LotRow.acquired_on,
            LotRow.qty.label("acquired_qty"),
            LotRow.cost.label("acquired_cost"),
            AccountRow.lot_method,
            sums.c.qty,
            sums.c.cost,
        )
        .join(sums, sums.c.lot_id == LotRow.lot_id)
        .join(AccountRow, (AccountRow.book_id == LotRow.book_id) & (AccountRow.account_id == LotRow.account_id))
        .join(
            CommodityRow,
            (CommodityRow.book_id == AccountRow.book_id) & (CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .where(LotRow.book_id == book_id, sums.c.qty != 0)
    )
    if under is not None:
        wanted = wanted.where(in_subtree(under))
    if limit is not None:
        wanted = _lots_page(session, wanted, book_id, after=after, limit=limit)
    found = (
        LotBalance(
            lot_id=row.lot_id,
            path=row.path,
            commodity=row.code,
            acquired_on=row.acquired_on,
            acquired_quantity=row.acquired_qty,
            acquired_cost=row.acquired_cost,
            quantity=int(row.qty),
            cost=int(row.cost),
            is_pool=row.lot_method == LotMethod.AVERAGE,
            origin_lot_id=row.origin_lot_id,
        )
        for row in session.execute(wanted)
    )
    return tuple(sorted(found, key=attrgetter("path", "acquired_on", "lot_id")))


def _lots_page(session: Session, lots_of: Select[Any], book_id: int, *, after: int, limit: int) -> Select[Any]:
    path = _by_characters(session)
    last = session.execute(
        select(AccountRow.path, LotRow.acquired_on)
        .join(LotRow, (LotRow.book_id == AccountRow.book_id) & (LotRow.account_id == AccountRow.account_id))
        .where(LotRow.book_id == book_id, LotRow.lot_id == after)
    ).one_or_none()
    if last is not None:
        day = literal(last.acquired_on, LotRow.acquired_on.type)
        lots_of = lots_of.where(tuple_(path, LotRow.acquired_on, LotRow.lot_id) > tuple_(last.path, day, after))
    return lots_of.order_by(path, LotRow.acquired_on, LotRow.lot_id).limit(max(1, min(limit, MAX_PAGE)))


def entry_at(session: Session, book_id: int, seq: int) -> EntryRecord | None:
    """Return the entry at ``seq`` with its legs, or None."""
    row = session.execute(
        select(EntryRow, LeafRow.leaf_hash)
        .join(LeafRow, (LeafRow.book_id == EntryRow.book_id) & (LeafRow.seq == EntryRow.seq))
        .where(EntryRow.book_id == book_id, EntryRow.seq == seq)
    ).one_or_none()
    if row is None:
        return None
    entry: EntryRow = row[0]
    legs = session.execute(
        select(AccountRow.path, CommodityRow.code, CommodityRow.scale, PostingRow.amount)
        .join(AccountRow, (AccountRow.book_id == PostingRow.book_id) & (AccountRow.account_id == PostingRow.account_id))
        .join(
            CommodityRow,
            (CommodityRow.book_id == PostingRow.book_id) & (CommodityRow.commodity_id == PostingRow.commodity_id),
        )
        .where(PostingRow.book_id == book_id, PostingRow.seq == seq)
        .order_by(PostingRow.line)
    )
    lot_moves = session.execute(
        select(LotMoveRow.line, LotMoveRow.lot_id, LotMoveRow.qty, LotMoveRow.cost)
        .where(LotMoveRow.book_id == book_id, LotMoveRow.seq == seq)
        .order_by(LotMoveRow.line, LotMoveRow.lot_id)
    )
    hold_moves = session.execute(
        select(HoldMoveRow.hold_id, HoldMoveRow.lot_id, HoldMoveRow.amount)
        .where(HoldMoveRow.book_id == book_id, HoldMoveRow.seq == seq)
        .order_by(HoldMoveRow.lot_id)
    )
    return EntryRecord(
        entry_id=entry.entry_id,
        seq=entry.seq,
        kind=entry.kind,
        effective_on=entry.effective_on,
        recorded_at=entry.recorded_at,
        document_on=entry.document_on,
        reverses_seq=entry.reverses_seq,
        doc_ref=entry.doc_ref,
        attrs=dict(entry.attrs or {}),
        legs=tuple((leg.path, leg.code, leg.scale, leg.amount) for leg in legs),
        leaf_hash=row[1],
        actor_id=entry.actor_id,
        acting_for_id=entry.acting_for_id,
        transfer_id=entry.transfer_id,
        pii_commitment=entry.pii_commitment,
        lot_moves=tuple((line, lot_id, qty, cost) for line, lot_id, qty, cost in lot_moves),
        hold_moves=tuple((hold_id, lot_id, amount) for hold_id, lot_id, amount in hold_moves),
    )


def leaves_of(session: Session, book_id: int, seqs: Sequence[int]) -> dict[UUID, tuple[int, datetime, bytes]]:
    """Return (seq, recorded_at, leaf hash) of the entries at ``seqs``, by entry id."""
    rows = session.execute(
        select(EntryRow.entry_id, EntryRow.seq, EntryRow.recorded_at, LeafRow.leaf_hash)
        .join(LeafRow, (LeafRow.book_id == EntryRow.book_id) & (LeafRow.seq == EntryRow.seq))
        .where(EntryRow.book_id == book_id, EntryRow.seq.in_(seqs))
    )
    return {row.entry_id: (row.seq, row.recorded_at, row.leaf_hash) for row in rows}


def _account(session: Session, book_id: int, path: str) -> Any:
    wanted = _accounts(book_id).where(AccountRow.path == path)
    account = session.execute(wanted).one_or_none() if is_path(path) else None
    if account is None:
        raise no_such_account(path)
    return account


def _accounts(book_id: int) -> Select[int, str, str, str, int]:
    return (
        select(AccountRow.account_id, AccountRow.path, AccountRow.type, CommodityRow.code, CommodityRow.scale)
        .select_from(AccountRow)
        .join(
            CommodityRow,
            (CommodityRow.book_id == AccountRow.book_id) & (CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .where(AccountRow.book_id == book_id)
    )


def _position(row: Any, raw: int) -> Position:
    account_type = AccountType(row.type)
    return Position(
        account_id=row.account_id,
        path=row.path,
        type=account_type,
        commodity=row.code,
        scale=row.scale,
        balance=raw * account_type.normal_side,
    )
