"""Reads of holds and encumbrances from their facts: one, a page of a book's, those in an organisation's favour, sums held.

As of (effective day, record point) as every report: a move counts when its own entry and the one that placed the hold are both
effective by the day and recorded by the point, so that no hold is ever seen below zero. Takes a session first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from ledger.core.accounts import is_path
from ledger.core.holds import HoldKind, HoldPart, HoldState
from ledger.core.journal import EntryKind
from ledger.store import books
from ledger.store.books import Book
from ledger.store.tables.holds import HoldMoveRow, HoldPositionRow, HoldRow
from ledger.store.tables.journal import AccountRow, BookRow, CommodityRow, EntryRow

MAX_PAGE = 200
_MOST_ROUNDS = 10
"""Chunks of holds that one page may look through for those in the state asked for."""

_ENDED_BY = {
    EntryKind.CAPTURE.value: HoldState.CAPTURED,
    EntryKind.RELEASE.value: HoldState.RELEASED,
    EntryKind.EXPIRE.value: HoldState.EXPIRED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """A hold at a point in the book's two times; amounts in smallest units of ``commodity``."""

    hold_id: UUID
    account: str
    commodity: str
    kind: HoldKind
    amount: int
    beneficiary_id: UUID | None
    rank: int | None
    agreement_ref: str | None
    expires_at: datetime | None
    placed_seq: int
    placed_on: date
    placed_at: datetime
    parts: tuple[HoldPart, ...]
    state: HoldState

    @property
    def remaining(self) -> int:
        """Return what is still set aside."""
        return sum(part.remaining for part in self.parts)

    @property
    def captured(self) -> int:
        """Return what was used."""
        return sum(part.captured for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPoint:
    """What is looked at: effective by ``as_of`` (any day when None) among the first ``known`` entries.

    With ``now`` a hold that has run out by that instant is shown as expired, whether or not the expiry is recorded yet.
    """

    known: int
    as_of: date | None = None
    now: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFilter:
    """Which holds a list shows; None lets every one pass."""

    account: str | None = None
    kind: HoldKind | None = None
    state: HoldState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlace:
    """Where a hold stands: its book, and for whom something is set aside."""

    book: Book
    kind: HoldKind
    beneficiary_id: UUID | None


def find_holds(session: Session, book_id: int, hold_ids: Sequence[UUID], point: HoldPoint) -> tuple[HoldView, ...]:
    """Return those of ``hold_ids`` that stand in the book at ``point``, by id."""
    return _views(session, book_id, point, _terms(book_id, point).where(HoldRow.hold_id.in_(hold_ids)))


def list_holds(
    session: Session, book_id: int, point: HoldPoint, wanted: HoldFilter, *, after: UUID | None = None, limit: int
) -> tuple[tuple[HoldView, ...], UUID | None]:
    """Return a page of the book's holds by id, after the id ``after``, and the id to read on after; None at the end.

    At most ``limit`` (1 to 200); fewer, or none, where many holds are in another state than the one asked for.
    """
    if wanted.account is not None and not is_path(wanted.account):
        return (), None  # a text that is no path may not be a text to PostgreSQL either
    limit = max(1, min(limit, MAX_PAGE))
    found: list[HoldView] = []
    for _ in range(_MOST_ROUNDS):
        terms = _terms(book_id, point).where(*_conditions(book_id, point, wanted)).limit(MAX_PAGE)
        if after is not None:
            terms = terms.where(HoldRow.hold_id > after)
        chunk = _views(session, book_id, point, terms)
        for view in chunk:
            if len(found) == limit:
                return tuple(found), found[-1].hold_id
            if wanted.state is None or view.state is wanted.state:
                found.append(view)
        if len(chunk) < MAX_PAGE:
            return tuple(found), None
        after = chunk[-1].hold_id
    return tuple(found), after


def list_in_favour(
    session: Session, organisation_id: UUID, now: datetime, *, after: tuple[UUID, UUID] | None = None, limit: int
) -> tuple[tuple[tuple[Book, HoldView], ...], tuple[UUID, UUID] | None]:
    """Return a page of what is set aside for an organisation in any book, by hold and book id, as it stands ``now``.

    Beside it the place to read on after, (hold id, book uuid), or None at the end.
    """
    limit = max(1, min(limit, MAX_PAGE))
    named = (
        select(HoldRow.hold_id, BookRow.book_uuid)
        .join(BookRow, BookRow.book_id == HoldRow.book_id)
        .where(HoldRow.beneficiary_id == organisation_id)
        .order_by(HoldRow.hold_id, BookRow.book_uuid)
        .limit(limit)
    )
    if after is not None:
        named = named.where(
            (HoldRow.hold_id > after[0]) | ((HoldRow.hold_id == after[0]) & (BookRow.book_uuid > after[1]))
        )
    places = [(row.hold_id, row.book_uuid) for row in session.execute(named)]
    shown: dict[tuple[UUID, UUID], tuple[Book, HoldView]] = {}
    for book_uuid in {each[1] for each in places}:
        book = books.find(session, book_uuid)
        assert book is not None, "a hold stands in a book"
        here = [hold_id for hold_id, its_book in places if its_book == book_uuid]
        for view in find_holds(session, book.book_id, here, HoldPoint(known=book.tree_size, now=now)):
            shown[view.hold_id, book_uuid] = (book, view)
    return tuple(shown[place] for place in places), places[-1] if len(places) == limit else None


def find_places(session: Session, hold_id: UUID) -> tuple[HoldPlace, ...]:
    """Return every book in which a hold of that id stands; ids are made by clients, so there may be several."""
    rows = session.execute(
        select(BookRow.book_uuid, HoldRow.kind, HoldRow.beneficiary_id)
        .select_from(EntryRow)  # by its id's index: the hold's own key begins with the book
        .join(HoldRow, (HoldRow.book_id == EntryRow.book_id) & (HoldRow.hold_id == EntryRow.entry_id))
        .join(BookRow, BookRow.book_id == HoldRow.book_id)
        .where(EntryRow.entry_id == hold_id)
        .order_by(BookRow.book_uuid)
    ).all()
    found = [(books.find(session, row.book_uuid), row) for row in rows]
    return tuple(
        HoldPlace(book=book, kind=HoldKind(row.kind), beneficiary_id=row.beneficiary_id)
        for book, row in found
        if book is not None
    )


def held_as_of(session: Session, book_id: int, *, as_of: date, known: int) -> dict[str, int]:
    """Return what is set aside on each account at the close of ``as_of`` from the first ``known`` entries; none left out."""
    moves = _counted_moves(book_id, as_of=as_of, known=known).subquery()
    rows = session.execute(
        select(AccountRow.path, func.sum(moves.c.amount).label("held"))
        .join(moves, moves.c.account_id == AccountRow.account_id)
        .where(AccountRow.book_id == book_id)
        .group_by(AccountRow.path)
    )
    return {row.path: int(row.held) for row in rows if row.held}


def held_of_lots(session: Session, book_id: int, *, as_of: date, known: int) -> dict[int, int]:
    """Return what is set aside of each lot that holds name, as ``held_as_of`` does of accounts."""
    moves = _counted_moves(book_id, as_of=as_of, known=known).where(HoldMoveRow.lot_id != 0).subquery()
    rows = session.execute(select(moves.c.lot_id, func.sum(moves.c.amount).label("held")).group_by(moves.c.lot_id))
    return {row.lot_id: int(row.held) for row in rows if row.held}


def _counted_moves(book_id: int, *, as_of: date, known: int) -> Select[int, int, int]:
    placing = aliased(EntryRow)
    return (
        select(HoldMoveRow.lot_id, HoldMoveRow.amount, HoldRow.account_id)
        .join(HoldRow, (HoldRow.book_id == HoldMoveRow.book_id) & (HoldRow.hold_id == HoldMoveRow.hold_id))
        .join(EntryRow, (EntryRow.book_id == HoldMoveRow.book_id) & (EntryRow.seq == HoldMoveRow.seq))
        .join(placing, (placing.book_id == HoldRow.book_id) & (placing.seq == HoldRow.placed_seq))
        .where(
            HoldMoveRow.book_id == book_id,
            HoldMoveRow.seq <= known,
            EntryRow.effective_on <= as_of,
            placing.effective_on <= as_of,
        )
    )


def _terms(book_id: int, point: HoldPoint) -> Select[HoldRow, str, str, date, datetime]:
    """Return the read of holds' terms by id, with account, commodity and the entry that placed each."""
    terms = (
        select(HoldRow, AccountRow.path, CommodityRow.code, EntryRow.effective_on, EntryRow.recorded_at)
        .join(AccountRow, (AccountRow.book_id == HoldRow.book_id) & (AccountRow.account_id == HoldRow.account_id))
        .join(
            CommodityRow,
            (CommodityRow.book_id == AccountRow.book_id) & (CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .join(EntryRow, (EntryRow.book_id == HoldRow.book_id) & (EntryRow.seq == HoldRow.placed_seq))
        .where(HoldRow.book_id == book_id, HoldRow.placed_seq <= point.known)
        .order_by(HoldRow.hold_id)
    )
    return terms if point.as_of is None else terms.where(EntryRow.effective_on <= point.as_of)


def _conditions(book_id: int, point: HoldPoint, wanted: HoldFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.account is not None:
        yield AccountRow.path == wanted.account
    if wanted.kind is not None:
        yield HoldRow.kind == wanted.kind.value
    if wanted.state is HoldState.OPEN and point.now is not None:
        # As it stands now the projection knows what is open, so that no ended hold is looked at.
        yield HoldRow.hold_id.in_(
            select(HoldPositionRow.hold_id).where(HoldPositionRow.book_id == book_id, HoldPositionRow.remaining > 0)
        )


def _views(
    session: Session, book_id: int, point: HoldPoint, terms: Select[HoldRow, str, str, date, datetime]
) -> tuple[HoldView, ...]:
    rows = session.execute(terms).all()
    moved = (
        select(HoldMoveRow.hold_id, HoldMoveRow.lot_id, HoldMoveRow.amount, EntryRow.kind)
        .join(EntryRow, (EntryRow.book_id == HoldMoveRow.book_id) & (EntryRow.seq == HoldMoveRow.seq))
        .where(
            HoldMoveRow.book_id == book_id,
            HoldMoveRow.hold_id.in_([row[0].hold_id for row in rows]),
            HoldMoveRow.seq <= point.known,
        )
        .order_by(HoldMoveRow.seq, HoldMoveRow.lot_id)
    )
    if point.as_of is not None:
        moved = moved.where(EntryRow.effective_on <= point.as_of)
    moves: dict[UUID, list[tuple[int, int, str]]] = {}
    for move in session.execute(moved) if rows else ():
        moves.setdefault(move.hold_id, []).append((move.lot_id, move.amount, move.kind))
    return tuple(_view(row, moves[row[0].hold_id], point.now) for row in rows)


def _view(row: Any, moves: Sequence[tuple[int, int, str]], now: datetime | None) -> HoldView:
    hold: HoldRow = row[0]
    remaining: dict[int, int] = {}
    captured: dict[int, int] = {}
    for lot_id, amount, kind in moves:
        remaining[lot_id] = remaining.get(lot_id, 0) + amount
        if kind == EntryKind.CAPTURE.value:
            captured[lot_id] = captured.get(lot_id, 0) - amount
    view = HoldView(
        hold_id=hold.hold_id,
        account=row.path,
        commodity=row.code,
        kind=HoldKind(hold.kind),
        amount=hold.amount,
        beneficiary_id=hold.beneficiary_id,
        rank=hold.rank,
        agreement_ref=hold.agreement_ref,
        expires_at=hold.expires_at,
        placed_seq=hold.placed_seq,
        placed_on=row.effective_on,
        placed_at=row.recorded_at,
        parts=tuple(HoldPart(lot, left, captured.get(lot, 0)) for lot, left in sorted(remaining.items())),
        state=HoldState.OPEN if any(remaining.values()) else _ENDED_BY[moves[-1][2]],
    )
    has_run_out = now is not None and view.expires_at is not None and view.expires_at <= now
    if view.state is HoldState.OPEN and has_run_out:
        return replace(view, state=HoldState.EXPIRED, parts=tuple(part._replace(remaining=0) for part in view.parts))
    return view
