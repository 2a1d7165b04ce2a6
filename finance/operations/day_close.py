"""A day's close of a book in one operation: marks frozen, lots valued, totals kept; the same state again changes nothing.

Joins the caller's transaction and commits nothing, so that a caller may close many books, each in its own transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from finance.conventions.calendars import china_day
from finance.operations.market import freeze_snapshot
from finance.operations.valuations import marks_needed, value_book
from finance.store import market
from finance.store import month_close as close_store
from finance.store.month_close import DayClose
from ledger.core.errors import Invalid
from ledger.core.parties import Actor
from ledger.store import journal
from ledger.store.books import Book

_NO_SNAPSHOT = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCloseOutcome:
    """A day's close, and whether it stood already."""

    close: DayClose
    is_replay: bool


def close_day(session: Session, book: Book, day: date, *, actor: Actor, now: datetime) -> DayCloseOutcome:
    """Freeze the marks of the day that the book needs, value its lots and keep the totals; return them.

    Nothing recorded since the last close of the day: that one is returned. Otherwise the day gets another run, with marks by what is
    known now; the earlier ones stay. A day that has not begun in Asia/Shanghai is ``close.day``.
    """
    if day > china_day(now):
        raise Invalid("close.day", "day: expected a day that has begun in Asia/Shanghai", field="day")
    head = journal.lock_book(session, book.book_id)
    standing = close_store.last_day_close(session, book.book_id, day)
    if standing is not None and standing.known_seq == head.tree_size:
        return DayCloseOutcome(close=standing, is_replay=True)
    run_no = 1 if standing is None else standing.run_no + 1
    needed = marks_needed(session, book.book_id, as_of=day)
    if needed:
        close = _valued(session, book, day, run_no, needed, actor=actor, now=now)
    else:
        close = DayClose(
            book_id=book.book_id,
            day=day,
            run_no=run_no,
            known_seq=head.tree_size,
            snapshot_id=None,
            snapshot_sha256=_NO_SNAPSHOT,
            quantity_t=0,
            cost_fen=0,
            market_value_fen=0,
            unvalued={},
        )
    close_store.save_day_close(session, close, by=actor.user_id, at=now)
    return DayCloseOutcome(close=close, is_replay=False)


def _valued(
    session: Session, book: Book, day: date, run_no: int, needed: tuple[str, ...], *, actor: Actor, now: datetime
) -> DayClose:
    snapshot_id: UUID = uuid5(book.book_uuid, f"close of {day} run {run_no}")
    snapshot = market.find_snapshot(session, book.tenant_id, snapshot_id) or freeze_snapshot(
        session,
        book.tenant_id,
        snapshot_id=snapshot_id,
        as_of=day,
        known_at=now,
        instruments=needed,
        actor=actor,
        now=now,
    )
    valued = value_book(session, book.book_id, snapshot, as_of=day)
    total = valued.valuation.total
    return DayClose(
        book_id=book.book_id,
        day=day,
        run_no=run_no,
        known_seq=valued.record.seq,
        snapshot_id=snapshot_id,
        snapshot_sha256=snapshot.sha256,
        quantity_t=total.quantity_t,
        cost_fen=total.cost_units,
        market_value_fen=total.market_value_units,
        unvalued={lot.lot.lot_id: lot.unvalued_reason for lot in valued.unvalued},
    )
