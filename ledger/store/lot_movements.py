"""What moved into and out of lots: one row a move with its day, its kind and its money, as of (effective day, record point).

A reversal's moves carry the kind of the entry that it undoes, with every sign turned, so that sums over any period are right. Takes
a session first; returns frozen rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from ledger.core.journal import EntryKind
from ledger.store import disposals
from ledger.store.tables.journal import AccountRow, CommodityRow, EntryRow, LotMoveRow, LotRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LotMovement:
    """One move: ``quantity`` and ``cost`` in smallest units, in positive; ``proceeds`` of a disposal, None where none are booked.

    ``source_seq`` is the entry that first said it: the reversed one of a reversal, else the entry itself.
    """

    seq: int
    source_seq: int
    kind: EntryKind
    effective_on: date
    lot_id: int
    account: str
    commodity: str
    acquired_on: date
    quantity: int
    cost: int
    proceeds: int | None


def list_movements(
    session: Session,
    book_id: int,
    *,
    as_of: date,
    known: int,
    since: date | None = None,
    learned_after: int | None = None,
) -> tuple[LotMovement, ...]:
    """Return the moves effective by ``as_of`` and known by ``known``, in order of day, recording and lot.

    ``since`` leaves out what was effective before that day, unless it was recorded after the seq ``learned_after``.
    """
    reversed_entry = aliased(EntryRow)
    source = func.coalesce(EntryRow.reverses_seq, EntryRow.seq).label("source_seq")
    kind = func.coalesce(reversed_entry.kind, EntryRow.kind).label("source_kind")
    wanted = (
        select(LotMoveRow.seq, source, kind, EntryRow.effective_on, LotMoveRow.lot_id, LotMoveRow.qty, LotMoveRow.cost)
        .add_columns(AccountRow.path, CommodityRow.code, LotRow.acquired_on)
        .join(EntryRow, (EntryRow.book_id == LotMoveRow.book_id) & (EntryRow.seq == LotMoveRow.seq))
        .outerjoin(
            reversed_entry,
            (reversed_entry.book_id == EntryRow.book_id) & (reversed_entry.seq == EntryRow.reverses_seq),
        )
        .join(LotRow, (LotRow.book_id == LotMoveRow.book_id) & (LotRow.lot_id == LotMoveRow.lot_id))
        .join(AccountRow, (AccountRow.book_id == LotRow.book_id) & (AccountRow.account_id == LotRow.account_id))
        .join(
            CommodityRow,
            (CommodityRow.book_id == AccountRow.book_id) & (CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .where(LotMoveRow.book_id == book_id, LotMoveRow.seq <= known, EntryRow.effective_on <= as_of)
    )
    if since is not None:
        is_since = EntryRow.effective_on >= since
        wanted = wanted.where(is_since if learned_after is None else is_since | (LotMoveRow.seq > learned_after))
    rows = session.execute(wanted).all()
    first = min((row.seq for row in rows), default=1)
    proceeds = _proceeds(session, book_id, as_of=as_of, known=known, after=first - 1)
    moves: dict[tuple[int, int], LotMovement] = {}
    for row in rows:  # an entry may touch a lot by several lines: that is one move
        key = row.seq, row.lot_id
        before = moves.get(key)
        moves[key] = LotMovement(
            seq=row.seq,
            source_seq=row.source_seq,
            kind=EntryKind(row.source_kind),
            effective_on=row.effective_on,
            lot_id=row.lot_id,
            account=row.path,
            commodity=row.code,
            acquired_on=row.acquired_on,
            quantity=row.qty + (before.quantity if before else 0),
            cost=row.cost + (before.cost if before else 0),
            proceeds=proceeds.get(key),
        )
    return tuple(sorted(moves.values(), key=attrgetter("effective_on", "seq", "lot_id")))


def _proceeds(session: Session, book_id: int, *, as_of: date, known: int, after: int) -> dict[tuple[int, int], int]:
    """Return what each disposal got, by (seq, lot id); a lot taken from twice by one entry has the sum."""
    found: dict[tuple[int, int], int] = {}
    for disposal in _disposals(session, book_id, as_of=as_of, known=known, after=after):
        if disposal.proceeds is not None:
            key = disposal.seq, disposal.lot_id
            found[key] = found.get(key, 0) + disposal.proceeds
    return found


def _disposals(session: Session, book_id: int, *, as_of: date, known: int, after: int) -> Iterator[disposals.Disposal]:
    following: int | None = after
    while following is not None:
        page, following = disposals.list_disposals(
            session, book_id, as_of=as_of, known=known, after=following, limit=disposals.MAX_PAGE
        )
        yield from page
