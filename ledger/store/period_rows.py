"""Reads the entries of a span of business days with their legs, and what each account moved in it, from the postings.

Takes a session first; returns frozen rows. Knows no voucher and no report that is made of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ledger.core.amounts import CommodityKind
from ledger.store.reports import in_subtree
from ledger.store.tables.journal import AccountRow, CommodityRow, EntryRow, LeafRow, PostingRow

_STREAM = {"yield_per": 5_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedLeg:
    """One leg as recorded: ``amount`` in smallest units of its commodity, debit positive."""

    path: str
    commodity: str
    is_money: bool
    scale: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedEntry:
    """An entry that moved something, with who recorded it, its leaf and its legs in order."""

    seq: int
    entry_id: UUID
    kind: str
    effective_on: date
    recorded_at: datetime
    document_on: date | None
    doc_ref: str
    attrs: dict[str, str]
    reverses_seq: int | None
    actor_id: UUID
    leaf_hash: bytes
    legs: tuple[DatedLeg, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMovement:
    """What an account moved over a span of days, debit positive, and how many postings did it."""

    path: str
    commodity: str
    is_money: bool
    scale: int
    amount: int
    postings: int


def entries_between(
    session: Session, book_id: int, *, start: date, end: date, after: int = 0, under: Collection[str] = ()
) -> Iterator[DatedEntry]:
    """Yield the entries with legs that are effective in ``[start, end)`` and recorded after the seq ``after``, in that order.

    ``under`` keeps entries of which a leg touches one of those accounts or one below it; each comes with all its legs.
    """
    wanted = (
        select(
            EntryRow,
            LeafRow.leaf_hash,
            PostingRow.line,
            PostingRow.amount,
            AccountRow.path,
            CommodityRow.code,
            CommodityRow.kind.label("commodity_kind"),
            CommodityRow.scale,
        )
        .join(PostingRow, (PostingRow.book_id == EntryRow.book_id) & (PostingRow.seq == EntryRow.seq))
        .join(LeafRow, (LeafRow.book_id == EntryRow.book_id) & (LeafRow.seq == EntryRow.seq))
        .join(AccountRow, (AccountRow.book_id == PostingRow.book_id) & (AccountRow.account_id == PostingRow.account_id))
        .join(
            CommodityRow,
            (CommodityRow.book_id == PostingRow.book_id) & (CommodityRow.commodity_id == PostingRow.commodity_id),
        )
        .where(
            EntryRow.book_id == book_id,
            EntryRow.effective_on >= start,
            EntryRow.effective_on < end,
            EntryRow.seq > after,
        )
        .order_by(EntryRow.seq, PostingRow.line)
    )
    if under:
        touching = (
            select(PostingRow.seq)
            .join(
                AccountRow,
                (AccountRow.book_id == PostingRow.book_id) & (AccountRow.account_id == PostingRow.account_id),
            )
            .where(
                PostingRow.book_id == book_id,
                PostingRow.effective_on >= start,
                PostingRow.effective_on < end,
                or_(*(in_subtree(path) for path in under)),
            )
        )
        wanted = wanted.where(EntryRow.seq.in_(touching))
    rows = session.execute(wanted, execution_options=_STREAM)
    for _, legs in groupby(rows, key=lambda row: row[0].seq):
        yield _entry(tuple(legs))


def count_entries(
    session: Session, book_id: int, *, start: date, end: date, kinds: Collection[str] | None = None
) -> int:
    """Return how many entries with legs are effective in ``[start, end)``, of the ``kinds`` or of every kind."""
    wanted = select(func.count()).where(
        EntryRow.book_id == book_id,
        EntryRow.effective_on >= start,
        EntryRow.effective_on < end,
        EntryRow.leg_count > 0,
    )
    if kinds is not None:
        wanted = wanted.where(EntryRow.kind.in_(sorted(kinds)))
    return session.scalar(wanted) or 0


def movements_between(session: Session, book_id: int, *, start: date, end: date) -> tuple[AccountMovement, ...]:
    """Return what each account that has postings effective in ``[start, end)`` moved, by path."""
    rows = session.execute(
        select(
            AccountRow.path,
            CommodityRow.code,
            CommodityRow.kind,
            CommodityRow.scale,
            func.sum(PostingRow.amount).label("amount"),
            func.count().label("postings"),
        )
        .join(AccountRow, (AccountRow.book_id == PostingRow.book_id) & (AccountRow.account_id == PostingRow.account_id))
        .join(
            CommodityRow,
            (CommodityRow.book_id == PostingRow.book_id) & (CommodityRow.commodity_id == PostingRow.commodity_id),
        )
        .where(PostingRow.book_id == book_id, PostingRow.effective_on >= start, PostingRow.effective_on < end)
        .group_by(AccountRow.path, CommodityRow.code, CommodityRow.kind, CommodityRow.scale)
    )
    found = (
        AccountMovement(
            path=row.path,
            commodity=row.code,
            is_money=row.kind == CommodityKind.MONEY.value,
            scale=row.scale,
            amount=int(row.amount),
            postings=int(row.postings),
        )
        for row in rows
    )
    return tuple(sorted(found, key=lambda each: each.path))


def _entry(rows: tuple[Any, ...]) -> DatedEntry:
    entry: EntryRow = rows[0][0]
    return DatedEntry(
        seq=entry.seq,
        entry_id=entry.entry_id,
        kind=entry.kind,
        effective_on=entry.effective_on,
        recorded_at=entry.recorded_at,
        document_on=entry.document_on,
        doc_ref=entry.doc_ref or "",
        attrs=dict(entry.attrs or {}),
        reverses_seq=entry.reverses_seq,
        actor_id=entry.actor_id,
        leaf_hash=rows[0].leaf_hash,
        legs=tuple(
            DatedLeg(
                path=row.path,
                commodity=row.code,
                is_money=row.commodity_kind == CommodityKind.MONEY.value,
                scale=row.scale,
                amount=row.amount,
            )
            for row in rows
        ),
    )
