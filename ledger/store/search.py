"""Finds entries, accounts, commodities and lots of given books by what a person types: bounded, by key, newest places last.

Reads only. Knows neither who asks nor which books they may see: the caller names the books.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session

from ledger.store.books import Book
from ledger.store.tables.journal import AccountRow, CommodityRow, EntryRow, LotRow

REFERENCES_LOOKED_THROUGH = 20_000
"""Newest entries of a book whose reference is compared; an id or a place is found however old, by its key."""

Place = tuple[int, int]
"""A book's number and a row's number in it: the key by which a page goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEntry:
    """An entry: its place ``seq``, its id, its day and its reference."""

    place: Place
    entry_id: UUID
    kind: str
    effective_on: date
    doc_ref: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAccount:
    """An account by its path, with the commodity it keeps."""

    place: Place
    path: str
    commodity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCommodity:
    """A currency, an instrument or another commodity of a book."""

    place: Place
    code: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLot:
    """A lot: its number, the day it was acquired and its account."""

    place: Place
    acquired_on: date
    account: str


def entries(
    session: Session, books: Sequence[Book], typed: str, *, entry_id: UUID | None, after: Place | None, limit: int
) -> tuple[FoundEntry, ...]:
    """Return entries whose id is ``entry_id``; else those whose place is the number typed or whose reference begins with ``typed``.

    Each book is asked by its own key, a stretch of it at most, so that a large one costs no more than a small one.
    """
    found: list[FoundEntry] = []
    for book in sorted(books, key=lambda each: each.book_id):
        begins = after or (0, 0)
        if begins[0] > book.book_id:
            continue
        wanted = select(EntryRow).where(
            EntryRow.book_id == book.book_id, EntryRow.seq > (begins[1] if begins[0] == book.book_id else 0)
        )
        for way in _ways(book, typed, entry_id):
            rows = session.scalars(wanted.where(way).order_by(EntryRow.seq).limit(limit))
            found.extend(_entry(row) for row in rows)
        if len(found) >= limit:
            break
    return tuple(sorted(set(found), key=lambda each: each.place)[:limit])


def _ways(book: Book, typed: str, entry_id: UUID | None) -> tuple[ColumnElement[bool], ...]:
    if entry_id is not None:
        return (EntryRow.entry_id == entry_id,)
    newest = EntryRow.seq > book.tree_size - REFERENCES_LOOKED_THROUGH
    by_reference = newest & EntryRow.doc_ref.istartswith(typed, autoescape=True)
    return (EntryRow.seq == int(typed), by_reference) if _is_place(typed) else (by_reference,)


def _entry(row: EntryRow) -> FoundEntry:
    return FoundEntry(
        place=(row.book_id, row.seq),
        entry_id=row.entry_id,
        kind=row.kind,
        effective_on=row.effective_on,
        doc_ref=row.doc_ref,
    )


def accounts(
    session: Session, books: Sequence[int], typed: str, *, after: Place | None, limit: int
) -> tuple[FoundAccount, ...]:
    """Return accounts whose path holds ``typed``, whatever the case of its Latin letters."""
    key = tuple_(AccountRow.book_id, AccountRow.account_id)
    wanted = (
        select(AccountRow, CommodityRow.code)
        .join(
            CommodityRow,
            (CommodityRow.book_id == AccountRow.book_id) & (CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .where(AccountRow.book_id.in_(books), AccountRow.path.icontains(typed, autoescape=True))
    )
    if after is not None:
        wanted = wanted.where(key > after)
    rows = session.execute(wanted.order_by(AccountRow.book_id, AccountRow.account_id).limit(limit))
    return tuple(
        FoundAccount(place=(account.book_id, account.account_id), path=account.path, commodity=code)
        for account, code in rows
    )


def commodities(
    session: Session, books: Sequence[int], typed: str, *, after: Place | None, limit: int
) -> tuple[FoundCommodity, ...]:
    """Return commodities whose code holds ``typed``."""
    key = tuple_(CommodityRow.book_id, CommodityRow.commodity_id)
    wanted = select(CommodityRow).where(
        CommodityRow.book_id.in_(books), CommodityRow.code.icontains(typed, autoescape=True)
    )
    if after is not None:
        wanted = wanted.where(key > after)
    rows = session.scalars(wanted.order_by(CommodityRow.book_id, CommodityRow.commodity_id).limit(limit))
    return tuple(FoundCommodity(place=(row.book_id, row.commodity_id), code=row.code, kind=row.kind) for row in rows)


def lots(
    session: Session, books: Sequence[int], typed: str, *, after: Place | None, limit: int
) -> tuple[FoundLot, ...]:
    """Return the lots whose number is the one typed; none for what is no number."""
    if not _is_place(typed):
        return ()
    wanted = (
        select(LotRow, AccountRow.path)
        .join(AccountRow, (AccountRow.book_id == LotRow.book_id) & (AccountRow.account_id == LotRow.account_id))
        .where(LotRow.book_id.in_(books), LotRow.lot_id == int(typed))
    )
    if after is not None:
        wanted = wanted.where(tuple_(LotRow.book_id, LotRow.lot_id) > after)
    rows = session.execute(wanted.order_by(LotRow.book_id, LotRow.lot_id).limit(limit))
    return tuple(
        FoundLot(place=(lot.book_id, lot.lot_id), acquired_on=lot.acquired_on, account=path) for lot, path in rows
    )


def _is_place(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) <= 15  # noqa: PLR2004 - as a place in a book
