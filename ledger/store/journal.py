"""Reads what a batch touches under the book's lock, and writes what the fold accepted as sets of rows.

The only module that writes facts. Takes a session first and never commits. Rows are the same on both databases; how a set of
rows travels is each engine's own (``writing_postgresql``, ``writing_sqlite``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.core.accounts import AccountType, LotMethod
from ledger.core.errors import NotFound
from ledger.core.fold import AccountFacts, BookState, ReversibleEntry
from ledger.core.journal import JournalDraft, JournalEntry, LotMove, PostedLeg
from ledger.core.lots import LotPosition
from ledger.store import writing_postgresql, writing_sqlite
from ledger.store.reading import as_day, as_uuid, read_among
from ledger.store.rows import Answer, BatchRows, FrozenRefusal, batch_rows
from ledger.store.tables import (
    AccountRow,
    BookRow,
    CommodityRow,
    EntryRow,
    LotMoveRow,
    LotPositionRow,
    LotRow,
    PostingRow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookHead:
    """A book's identity and the order it has reached."""

    book_id: int
    book_uuid: UUID
    tenant_id: UUID
    code: str
    functional_currency: str
    next_seq: int
    tree_size: int
    tree_peaks: bytes
    last_recorded_at: datetime
    locked_through: date | None


def lock_book(session: Session, book_id: int) -> BookHead:
    """Return the book's head with its row locked until the transaction ends; every writer of the book comes through here.

    On SQLite the transaction holds the write lock already (BEGIN IMMEDIATE).
    """
    return _head(session, book_id, for_update=True)


def load_head(session: Session, book_id: int) -> BookHead:
    """Return the book's head without locking it."""
    return _head(session, book_id, for_update=False)


def load_answers(session: Session, book_id: int, entry_ids: Sequence[UUID]) -> dict[int, Answer]:
    """Return the recorded answers to those of ``entry_ids`` that have one (an entry, or a frozen refusal), by the id's ``int``."""
    accepted = "SELECT entry_id, request_hash, seq FROM entry WHERE entry_id {among} AND book_id = {book}"
    refused = "SELECT entry_id, request_hash, error FROM request WHERE entry_id {among} AND book_id = {book}"
    answers = {
        as_uuid(entry_id).int: Answer(bytes(content), seq, None)
        for entry_id, content, seq in read_among(session, accepted, book_id, entry_ids)
    }
    for entry_id, content, error in read_among(session, refused, book_id, entry_ids):
        answers[as_uuid(entry_id).int] = Answer(bytes(content), None, json.loads(error))
    return answers


def load_state(session: Session, head: BookHead, drafts: Sequence[JournalDraft]) -> BookState:
    """Return the part of the book that ``drafts`` touch: accounts, balances, lots, and entries they reverse."""
    wanted = frozenset(draft.reverses for draft in drafts if draft.reverses is not None)
    reversible = _load_reversible(session, head.book_id, wanted) if wanted else {}
    paths = {leg.account for draft in drafts for leg in draft.postings}
    for draft in drafts:
        if draft.cost_legs is not None:
            paths |= {draft.cost_legs.cost_account, draft.cost_legs.gain_account, draft.cost_legs.loss_account}
    for undone in reversible.values():
        paths |= {leg.account for leg in undone.legs}
    accounts, posted, held = _load_accounts(session, head.book_id, sorted(paths))
    lot_keeping = [account.account_id for account in accounts.values() if account.lot_method is not None]
    return BookState(
        next_seq=head.next_seq,
        last_recorded_at=head.last_recorded_at,
        locked_through=head.locked_through,
        functional_currency=head.functional_currency,
        accounts=accounts,
        posted=posted,
        held=held,
        lots=_load_lots(session, head.book_id, lot_keeping, reversible.values()) if lot_keeping else {},
        reversible=reversible,
        wanted=wanted,
    )


def save(
    session: Session,
    head: BookHead,
    state: BookState,
    entries: Sequence[tuple[JournalEntry, bytes]],
    leaves: Sequence[tuple[bytes, str, bytes]],
    refusals: Sequence[FrozenRefusal],
    peaks: bytes,
) -> None:
    """Write what a batch adds and moves.

    ``entries`` come each with its request hash, ``leaves`` are (salt, canonical text, hash) in the same order.
    """
    _write(session, batch_rows(head.book_id, state, entries, leaves, refusals))
    session.execute(
        update(BookRow)
        .where(BookRow.book_id == head.book_id)
        .values(
            next_seq=state.next_seq,
            tree_size=state.next_seq - 1,
            tree_peaks=peaks,
            last_recorded_at=state.last_recorded_at,
        )
    )


def _write(session: Session, rows: BatchRows) -> None:
    if session.get_bind().dialect.name == "postgresql":
        writing_postgresql.write(session, rows)
    else:
        writing_sqlite.write(session, rows)


def _head(session: Session, book_id: int, *, for_update: bool) -> BookHead:
    statement = select(BookRow).where(BookRow.book_id == book_id).execution_options(populate_existing=True)
    row = session.scalars(statement.with_for_update() if for_update else statement).one_or_none()
    if row is None:
        raise NotFound("book.not_found", "no such book")
    return BookHead(
        book_id=row.book_id,
        book_uuid=row.book_uuid,
        tenant_id=row.tenant_id,
        code=row.code,
        functional_currency=row.functional_currency,
        next_seq=row.next_seq,
        tree_size=row.tree_size,
        tree_peaks=row.tree_peaks,
        last_recorded_at=row.last_recorded_at,
        locked_through=row.locked_through,
    )


_ACCOUNTS = (
    "SELECT a.account_id, a.path, a.type, a.commodity_id, a.lot_method, a.opened_on, a.closed_on, b.floor, b.ceiling, b.posted, b.held"
    " FROM account a JOIN balance b ON b.book_id = a.book_id AND b.account_id = a.account_id"
    " WHERE a.path {among} AND a.book_id = {book}"
)
_SIDES = {each.value: each.normal_side for each in AccountType}


def _load_accounts(
    session: Session, book_id: int, paths: Sequence[str]
) -> tuple[dict[str, AccountFacts], dict[int, int], dict[int, int]]:
    kept = select(CommodityRow.commodity_id, CommodityRow.code, CommodityRow.step).where(
        CommodityRow.book_id == book_id
    )
    commodities = {row[0]: (row[1], row[2]) for row in session.execute(kept)}
    accounts, posted, held = {}, {}, {}
    days: dict[object, date] = {}  # most accounts share a few opening days
    for row in read_among(session, _ACCOUNTS, book_id, paths):
        account_id, path, kind, commodity_id, lot_method, opened, closed, floor, ceiling, now, set_aside = row
        if opened not in days:
            days[opened] = as_day(opened)
        code, step = commodities[commodity_id]
        accounts[path] = AccountFacts(
            account_id,
            path,
            _SIDES[kind],
            commodity_id,
            code,
            step,
            LotMethod(lot_method) if lot_method else None,
            days[opened],
            None if closed is None else as_day(closed),
            floor,
            ceiling,
        )
        posted[account_id], held[account_id] = now, set_aside
    return accounts, posted, held


def _load_lots(
    session: Session, book_id: int, account_ids: Sequence[int], reversible: Any
) -> dict[int, dict[int, LotPosition]]:
    """Return the accounts' open lots, their pools even when empty, and the lots that a reversal gives back to."""
    given_back = {move.lot_id for undone in reversible for move in undone.lot_moves}
    statement = (
        select(
            LotPositionRow.account_id,
            LotPositionRow.lot_id,
            LotRow.acquired_on,
            LotPositionRow.qty,
            LotPositionRow.cost,
            LotRow.qty.label("lot_qty"),
            LotRow.cost.label("lot_cost"),
        )
        .join(LotRow, (LotRow.book_id == LotPositionRow.book_id) & (LotRow.lot_id == LotPositionRow.lot_id))
        .join(
            AccountRow,
            (AccountRow.book_id == LotPositionRow.book_id) & (AccountRow.account_id == LotPositionRow.account_id),
        )
        .where(
            LotPositionRow.book_id == book_id,
            LotPositionRow.account_id.in_(account_ids),
            (LotPositionRow.qty > 0)
            | (AccountRow.lot_method == LotMethod.AVERAGE.value)
            | LotPositionRow.lot_id.in_(given_back),
        )
    )
    lots: dict[int, dict[int, LotPosition]] = {}
    for row in session.execute(statement):
        lots.setdefault(row.account_id, {})[row.lot_id] = LotPosition(
            lot_id=row.lot_id,
            acquired_on=row.acquired_on,
            quantity=row.qty,
            cost=row.cost,
            lot_quantity=row.lot_qty,
            lot_cost=row.lot_cost,
        )
    return lots


def _load_reversible(session: Session, book_id: int, entry_ids: frozenset[UUID]) -> dict[UUID, ReversibleEntry]:
    named = select(EntryRow.entry_id, EntryRow.seq, EntryRow.reverses_seq).where(
        EntryRow.book_id == book_id, EntryRow.entry_id.in_(entry_ids)
    )
    found = {}
    for entry_id, seq, reverses in session.execute(named).all():
        legs = load_legs(session, book_id, seq)
        undoing = session.execute(
            select(EntryRow.seq).where(EntryRow.book_id == book_id, EntryRow.reverses_seq == seq)
        ).scalar_one_or_none()
        found[entry_id] = ReversibleEntry(
            seq=seq,
            legs=legs,
            lot_moves=load_lot_moves(session, book_id, seq),
            is_reversed=undoing is not None,
            is_reversal=reverses is not None,
        )
    return found


def load_legs(session: Session, book_id: int, seq: int) -> tuple[PostedLeg, ...]:
    """Return the legs of the entry at ``seq`` in line order."""
    statement = (
        select(PostingRow.account_id, PostingRow.commodity_id, AccountRow.path, CommodityRow.code, PostingRow.amount)
        .join(AccountRow, (AccountRow.book_id == PostingRow.book_id) & (AccountRow.account_id == PostingRow.account_id))
        .join(
            CommodityRow,
            (CommodityRow.book_id == PostingRow.book_id) & (CommodityRow.commodity_id == PostingRow.commodity_id),
        )
        .where(PostingRow.book_id == book_id, PostingRow.seq == seq)
        .order_by(PostingRow.line)
    )
    return tuple(PostedLeg(*row) for row in session.execute(statement))


def load_lot_moves(session: Session, book_id: int, seq: int) -> tuple[LotMove, ...]:
    """Return the lot moves of the entry at ``seq`` in line and lot order."""
    statement = (
        select(LotMoveRow.line, LotMoveRow.lot_id, LotMoveRow.qty, LotMoveRow.cost)
        .where(LotMoveRow.book_id == book_id, LotMoveRow.seq == seq)
        .order_by(LotMoveRow.line, LotMoveRow.lot_id)
    )
    return tuple(LotMove(*row) for row in session.execute(statement))
