"""Reads what a batch touches under the book's lock, and writes what the fold accepted as sets of rows.

The only module that writes facts. Takes a session first and never commits. Rows are the same on both databases; how a set of
rows travels is each engine's own (``writing_postgresql``, ``writing_sqlite``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, any_, bindparam, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from ledger.core.accounts import AccountType, LotMethod
from ledger.core.errors import NotFound
from ledger.core.fold import AccountFacts, BookState, ReversibleEntry
from ledger.core.journal import JournalDraft, JournalEntry, LotMove, PostedLeg
from ledger.core.lots import LotPosition
from ledger.store import writing_postgresql, writing_sqlite
from ledger.store.rows import Answer, BatchRows, FrozenRefusal, batch_rows
from ledger.store.tables import (
    AccountRow,
    BalanceRow,
    BookRow,
    CommodityRow,
    EntryRow,
    LotMoveRow,
    LotPositionRow,
    LotRow,
    PostingRow,
    RequestRow,
)

_SQLITE_VARIABLES = 30_000
"""Below 32,766, the number of variables of a statement by default (https://www.sqlite.org/limits.html, item 9)."""


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


def load_answers(session: Session, book_id: int, entry_ids: Sequence[UUID]) -> dict[UUID, Answer]:
    """Return the recorded answers to those of ``entry_ids`` that have one: an entry, or a frozen refusal."""
    accepted = select(EntryRow.entry_id, EntryRow.request_hash, EntryRow.seq).where(
        EntryRow.book_id == book_id, any_of(session, EntryRow.entry_id, entry_ids)
    )
    answers = {row[0]: Answer(bytes(row[1]), row[2], None) for row in session.execute(accepted)}
    refused = select(RequestRow.entry_id, RequestRow.request_hash, RequestRow.error).where(
        RequestRow.book_id == book_id, any_of(session, RequestRow.entry_id, entry_ids)
    )
    answers.update({row[0]: Answer(bytes(row[1]), None, row[2]) for row in session.execute(refused)})
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


def any_of(session: Session, column: InstrumentedAttribute[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Return ``column`` equal to any of ``values`` as one parameter on PostgreSQL, so that long lists cost no parsing.

    SQLite takes a list of text or integers beyond its number of variables as one JSON array.
    """
    if session.get_bind().dialect.name != "postgresql":
        if len(values) <= _SQLITE_VARIABLES:
            return column.in_(values)
        each = func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(None, list(values), type_=ARRAY(column.type)))


def _load_accounts(
    session: Session, book_id: int, paths: Sequence[str]
) -> tuple[dict[str, AccountFacts], dict[int, int], dict[int, int]]:
    statement = (
        select(
            AccountRow.account_id,
            AccountRow.path,
            AccountRow.type,
            AccountRow.commodity_id,
            CommodityRow.code,
            CommodityRow.step,
            AccountRow.lot_method,
            AccountRow.opened_on,
            AccountRow.closed_on,
            BalanceRow.floor,
            BalanceRow.ceiling,
            BalanceRow.posted,
            BalanceRow.held,
        )
        .join(
            CommodityRow,
            (CommodityRow.book_id == AccountRow.book_id) & (CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .join(BalanceRow, (BalanceRow.book_id == AccountRow.book_id) & (BalanceRow.account_id == AccountRow.account_id))
        .where(AccountRow.book_id == book_id, any_of(session, AccountRow.path, paths))
    )
    accounts, posted, held = {}, {}, {}
    for row in session.execute(statement):
        accounts[row.path] = AccountFacts(
            account_id=row.account_id,
            path=row.path,
            normal_side=AccountType(row.type).normal_side,
            commodity_id=row.commodity_id,
            commodity=row.code,
            step=row.step,
            lot_method=LotMethod(row.lot_method) if row.lot_method else None,
            opened_on=row.opened_on,
            closed_on=row.closed_on,
            floor=row.floor,
            ceiling=row.ceiling,
        )
        posted[row.account_id], held[row.account_id] = row.posted, row.held
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
            any_of(session, LotPositionRow.account_id, account_ids),
            (LotPositionRow.qty > 0)
            | (AccountRow.lot_method == LotMethod.AVERAGE.value)
            | any_of(session, LotPositionRow.lot_id, given_back),
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
        EntryRow.book_id == book_id, any_of(session, EntryRow.entry_id, entry_ids)
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
