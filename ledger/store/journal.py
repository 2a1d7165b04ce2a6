"""Reads what a batch touches under the book's lock, and writes what the fold accepted as sets of rows.

The only module that writes facts. Takes a session first and never commits. Rows are the same on both databases; how a set of
rows travels is each engine's own (``writing_postgresql``, ``writing_sqlite``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ledger.core.accounts import AccountType, LotMethod
from ledger.core.errors import NotFound
from ledger.core.holds import HoldExpiry, HoldKind, HoldPart, HoldPlacement, HoldPosition, HoldState
from ledger.core.journal import JournalDraft, JournalEntry, LotMove, PostedLeg
from ledger.core.state import AccountFacts, BookState, ReversibleEntry
from ledger.store import writing_postgresql, writing_sqlite
from ledger.store.lots import load_lots, load_serials, load_serials_elsewhere
from ledger.store.reading import as_bound, as_day, as_instant, as_uuid, driver_of, read_among, run, run_first
from ledger.store.rows import Answer, FrozenRefusal, batch_rows
from ledger.store.tables.holds import HoldPositionRow, HoldRow
from ledger.store.tables.journal import (
    AccountRow,
    CommodityRow,
    EntryRow,
    LotMoveRow,
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
    soft_locked_through: date | None


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
    answers: dict[int, Answer] = {}
    for entry_id, content, seq, error in read_among(session, _ANSWERS, book_id, entry_ids):
        answers[as_uuid(entry_id).int] = Answer(bytes(content), seq, None if error is None else json.loads(error))
    return answers


def load_state(
    session: Session, head: BookHead, drafts: Sequence[JournalDraft], *, is_closer: bool = False
) -> BookState:
    """Return the part of the book that ``drafts`` touch: accounts, balances, lots, holds, and entries they reverse."""
    wanted = frozenset(draft.reverses for draft in drafts if draft.reverses is not None)
    reversible = _load_reversible(session, head.book_id, wanted) if wanted else {}
    acted_on = [draft.hold.hold_id for draft in drafts if draft.hold and not isinstance(draft.hold, HoldPlacement)]
    holds = load_holds(session, head.book_id, HoldRow.hold_id.in_(acted_on)) if acted_on else {}
    paths = _touched_paths(drafts)
    paths |= {leg.account for undone in reversible.values() for leg in undone.legs}
    paths |= {hold.account for hold in holds.values()}
    accounts, posted, held = _load_accounts(session, head.book_id, sorted(paths))
    keeps_lots = any(account.lot_method is not None for account in accounts.values())
    lots = load_lots(session, head.book_id, accounts, drafts, reversible.values(), holds.values()) if keeps_lots else {}
    arriving = [block for draft in drafts for leg in draft.postings for block in leg.serials]
    arriving += [block for undone in reversible.values() for move in undone.lot_moves for block in move.serials]
    return BookState(
        next_seq=head.next_seq,
        last_recorded_at=head.last_recorded_at,
        locked_through=head.locked_through,
        soft_locked_through=head.soft_locked_through,
        is_closer=is_closer,
        functional_currency=head.functional_currency,
        accounts=accounts,
        posted=posted,
        held=held,
        lots=lots,
        reversible=reversible,
        serials_elsewhere=load_serials_elsewhere(session, head.book_id, arriving, lots) if arriving else (),
        holds=holds,
        wanted=wanted,
    )


def _touched_paths(drafts: Sequence[JournalDraft]) -> set[str]:
    paths = {leg.account for draft in drafts for leg in draft.postings}
    for draft in drafts:
        if draft.cost_legs is not None:
            paths |= {draft.cost_legs.cost_account, draft.cost_legs.gain_account, draft.cost_legs.loss_account}
        if isinstance(draft.hold, HoldPlacement):
            paths.add(draft.hold.account)
    return paths


def load_lapsed(
    session: Session, head: BookHead, drafts: Sequence[JournalDraft] | None, now: datetime
) -> tuple[HoldPosition, ...]:
    """Return the holds that have run out by ``now`` on accounts that ``drafts`` touch or, with None, anywhere in the book."""
    over = "SELECT DISTINCT hold_id FROM hold_position WHERE remaining > 0 AND expires_at <= ? AND book_id = ?"
    names = [as_uuid(row[0]) for row in run(session, over, as_bound(session, now), head.book_id).fetchall()]
    if not names:
        return ()
    found: Iterable[HoldPosition] = load_holds(session, head.book_id, HoldRow.hold_id.in_(names)).values()
    if drafts is not None and not any(draft.reverses for draft in drafts):  # what a reversal touches is not read yet
        paths = _touched_paths(drafts)
        named = {draft.hold.hold_id for draft in drafts if draft.hold and not isinstance(draft.hold, HoldPlacement)}
        expiring = {draft.hold.hold_id for draft in drafts if isinstance(draft.hold, HoldExpiry)}
        found = [h for h in found if (h.account in paths or h.hold_id in named) and h.hold_id not in expiring]
    return tuple(sorted(found, key=lambda hold: (hold.expires_at or now, hold.hold_id)))


def load_holds(session: Session, book_id: int, *conditions: ColumnElement[bool]) -> dict[UUID, HoldPosition]:
    """Return the book's holds that meet ``conditions`` (on ``HoldRow``), by hold id."""
    statement = (
        select(HoldRow, AccountRow.path, HoldPositionRow, EntryRow.effective_on)
        .join(EntryRow, (EntryRow.book_id == HoldRow.book_id) & (EntryRow.seq == HoldRow.placed_seq))
        .join(AccountRow, (AccountRow.book_id == HoldRow.book_id) & (AccountRow.account_id == HoldRow.account_id))
        .join(
            HoldPositionRow, (HoldPositionRow.book_id == HoldRow.book_id) & (HoldPositionRow.hold_id == HoldRow.hold_id)
        )
        .where(HoldRow.book_id == book_id, *conditions)
        .order_by(HoldRow.placed_seq, HoldPositionRow.lot_id)
        .execution_options(populate_existing=True)
    )
    parts: dict[UUID, list[HoldPositionRow]] = {}
    terms: dict[UUID, tuple[HoldRow, str, date]] = {}
    for row, path, part, placed_on in session.execute(statement):
        terms[row.hold_id] = (row, path, placed_on)
        parts.setdefault(row.hold_id, []).append(part)
    return {
        hold_id: HoldPosition(
            hold_id=hold_id,
            account=path,
            account_id=row.account_id,
            kind=HoldKind(row.kind),
            amount=row.amount,
            beneficiary_id=row.beneficiary_id,
            rank=row.rank,
            agreement_ref=row.agreement_ref,
            expires_at=row.expires_at,
            placed_on=placed_on,
            parts=tuple(HoldPart(part.lot_id, part.remaining, part.captured) for part in parts[hold_id]),
            state=_state_of(parts[hold_id]),
        )
        for hold_id, (row, path, placed_on) in terms.items()
    }


def _state_of(parts: Sequence[HoldPositionRow]) -> HoldState:
    """Return ``open`` while a part is, else how the part that ended last did."""
    if any(part.remaining for part in parts):
        return HoldState.OPEN
    return HoldState(max(parts, key=lambda part: part.last_seq).state)


def write(
    session: Session,
    book_id: int,
    state: BookState,
    entries: Sequence[tuple[JournalEntry, bytes]],
    leaves: Iterable[tuple[int, bytes, str, bytes]],
    refusals: Sequence[FrozenRefusal],
) -> None:
    """Write what a batch adds and moves; ``entries`` come each with its request hash, ``leaves`` are rows of ``leaf`` in order.

    The leaves are asked for only as they are sent, so that they are made while the server takes in other rows.
    """
    rows = batch_rows(book_id, state, entries, leaves, refusals)
    if driver_of(session).is_postgresql:
        writing_postgresql.write(session, rows)
    else:
        writing_sqlite.write(session, rows)


def advance(session: Session, book_id: int, state: BookState, peaks: bytes) -> None:
    """Move the book's head to where ``state`` and its tree have come."""
    head = (state.next_seq, state.next_seq - 1, peaks, as_bound(session, state.last_recorded_at), book_id)
    run(
        session,
        "UPDATE book SET next_seq = ?, tree_size = ?, tree_peaks = ?, last_recorded_at = ? WHERE book_id = ?",
        *head,
    )


_HEAD = (
    "SELECT book_id, book_uuid, tenant_id, code, functional_currency, next_seq, tree_size, tree_peaks, last_recorded_at,"
    " locked_through, soft_locked_through FROM book WHERE book_id = ?"
)


def _head(session: Session, book_id: int, *, for_update: bool) -> BookHead:
    lock = " FOR UPDATE" if for_update and driver_of(session).is_postgresql else ""
    row = run_first(session, _HEAD + lock, book_id).fetchone()
    if row is None:
        raise NotFound("book.not_found", "no such book")
    return BookHead(
        book_id=row[0],
        book_uuid=as_uuid(row[1]),
        tenant_id=as_uuid(row[2]),
        code=row[3],
        functional_currency=row[4],
        next_seq=row[5],
        tree_size=row[6],
        tree_peaks=bytes(row[7]),
        last_recorded_at=as_instant(row[8]),
        locked_through=None if row[9] is None else as_day(row[9]),
        soft_locked_through=None if row[10] is None else as_day(row[10]),
    )


_ANSWERS = (
    "{each}SELECT e.entry_id, e.request_hash, e.seq, CAST(NULL AS TEXT) AS error FROM {keys} entry e"
    " WHERE e.entry_id = k.key AND e.book_id = {book}{end}"
    " UNION ALL {each}SELECT r.entry_id, r.request_hash, CAST(NULL AS BIGINT) AS seq, r.error FROM {keys} request r"
    " WHERE r.entry_id = k.key AND r.book_id = {book}{end}"
)
_ACCOUNTS = (
    "{each}SELECT a.account_id, a.path, a.type, a.commodity_id, c.code, c.step, a.lot_method, a.opened_on, a.closed_on, b.floor,"
    " b.ceiling, b.posted, b.held, c.kind, c.scale FROM {keys} account a CROSS JOIN balance b CROSS JOIN commodity c"
    " WHERE a.path = k.key AND a.book_id = {book} AND b.book_id = a.book_id AND b.account_id = a.account_id"
    " AND c.book_id = a.book_id AND c.commodity_id = a.commodity_id{end}"
)
_SIDES = {each.value: each.normal_side for each in AccountType}


def _load_accounts(
    session: Session, book_id: int, paths: Sequence[str]
) -> tuple[dict[str, AccountFacts], dict[int, int], dict[int, int]]:
    accounts, posted, held = {}, {}, {}
    days: dict[object, date] = {}  # most accounts share a few opening days
    for row in read_among(session, _ACCOUNTS, book_id, paths):
        account_id, path, kind, commodity_id, code, step, lot_method, opened, closed, floor, ceiling = row[:11]
        now, set_aside, commodity_kind, scale = row[11:]
        if opened not in days:
            days[opened] = as_day(opened)
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
            f"{commodity_kind}/{scale}",
        )
        posted[account_id], held[account_id] = now, set_aside
    return accounts, posted, held


def _load_reversible(session: Session, book_id: int, entry_ids: frozenset[UUID]) -> dict[UUID, ReversibleEntry]:
    named = select(EntryRow.entry_id, EntryRow.seq, EntryRow.reverses_seq, EntryRow.effective_on).where(
        EntryRow.book_id == book_id, EntryRow.entry_id.in_(entry_ids)
    )
    found = {}
    for entry_id, seq, reverses, effective_on in session.execute(named).all():
        legs = load_legs(session, book_id, seq)
        undoing = session.execute(
            select(EntryRow.seq).where(EntryRow.book_id == book_id, EntryRow.reverses_seq == seq)
        ).scalar_one_or_none()
        found[entry_id] = ReversibleEntry(
            seq=seq,
            effective_on=effective_on,
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
    serials = load_serials(session, book_id, seq)
    return tuple(LotMove(*row, serials.get((row.line, row.lot_id), ())) for row in session.execute(statement))
