"""Statements: the postings of an account, or of a subtree of accounts, by business day, each with the balance after it.

Pages are by place (business day, seq, line), never by count, and each account is read along its own index; a page costs the
same wherever it begins. Takes a session first; returns frozen rows.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Row, Select, func, literal, select, tuple_
from sqlalchemy.orm import Session

from ledger.core.accounts import AccountType, is_path, no_such_account
from ledger.core.errors import Invalid
from ledger.store.reports import FEW_ENTRIES, MAX_PAGE, in_subtree
from ledger.store.tables.journal import AccountRow, BalanceDayRow, BookRow, CommodityRow, EntryRow, PostingRow

MAX_ACCOUNTS = 1_000
"""Accounts of one subtree's statement: each is read by itself."""


class StatementPlace(NamedTuple):
    """A posting's place in a statement."""

    effective_on: date
    seq: int
    line: int


class StatementAccount(NamedTuple):
    """An account that a statement is of."""

    account_id: int
    path: str
    type: AccountType
    commodity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedLine:
    """One posting; ``amount`` debit positive, ``balance`` after it on the normal side, in smallest units.

    In a subtree's statement the balance is of all its accounts in that commodity together.
    """

    place: StatementPlace
    path: str
    commodity: str
    amount: int
    balance: int
    entry_id: UUID
    kind: str
    recorded_at: datetime
    document_on: date | None
    doc_ref: str | None


def accounts_under(session: Session, book_id: int, path: str) -> tuple[StatementAccount, ...]:
    """Return the account at ``path`` and those below it, by path.

    None of them is ``account.not_found``, more than 1,000 ``statement.accounts``.
    """
    rows = session.execute(_accounts(book_id).where(in_subtree(path)).limit(MAX_ACCOUNTS + 1))
    found = [_account(row) for row in rows]
    if not found:
        raise no_such_account(path)
    if len(found) > MAX_ACCOUNTS:
        raise Invalid(
            "statement.accounts",
            f"under: expected a path with at most {MAX_ACCOUNTS} accounts; name one further down",
            field="under",
        )
    return tuple(sorted(found, key=attrgetter("path")))


def account_at(session: Session, book_id: int, path: str) -> StatementAccount:
    """Return the account at ``path``, or raise ``account.not_found``."""
    row = session.execute(_accounts(book_id).where(AccountRow.path == path)).one_or_none() if is_path(path) else None
    if row is None:
        raise no_such_account(path)
    return _account(row)


def page(
    session: Session,
    book_id: int,
    accounts: Sequence[StatementAccount],
    *,
    as_of: date,
    known: int,
    after: StatementPlace | None,
    opening: Mapping[str, int],
    limit: int,
) -> tuple[BookedLine, ...]:
    """Return the postings of ``accounts`` effective by ``as_of`` among the first ``known`` entries, after a place.

    By (business day, seq, line), at most ``limit`` (1 to 200). ``opening`` is the balance before the page by commodity, on the
    normal side, as ``balances_before`` gives it or as the line before says.
    """
    limit = max(1, min(limit, MAX_PAGE))
    streams = [
        _postings(session, book_id, account, as_of=as_of, known=known, after=after, limit=limit) for account in accounts
    ]
    chosen = list(islice(heapq.merge(*streams), limit))
    seqs = {place.seq for place, _, _ in chosen}
    entries = {
        row.seq: row
        for row in session.execute(
            select(
                EntryRow.seq,
                EntryRow.entry_id,
                EntryRow.kind,
                EntryRow.recorded_at,
                EntryRow.document_on,
                EntryRow.doc_ref,
            ).where(EntryRow.book_id == book_id, EntryRow.seq.in_(seqs))
        )
    }
    running = dict(opening)
    lines = []
    for place, account, amount in chosen:
        running[account.commodity] = running.get(account.commodity, 0) + amount * account.type.normal_side
        entry = entries[place.seq]
        lines.append(
            BookedLine(
                place=place,
                path=account.path,
                commodity=account.commodity,
                amount=amount,
                balance=running[account.commodity],
                entry_id=entry.entry_id,
                kind=entry.kind,
                recorded_at=entry.recorded_at,
                document_on=entry.document_on,
                doc_ref=entry.doc_ref,
            )
        )
    return tuple(lines)


def balances_before(
    session: Session, book_id: int, accounts: Sequence[StatementAccount], *, known: int, upto: StatementPlace
) -> dict[str, int]:
    """Return the balance of ``accounts`` at a place, that posting included, by commodity on the normal side.

    The days before by their sums, the day itself posting by posting, less what was recorded after ``known``.
    """
    ids = [account.account_id for account in accounts]
    day, seq, line = upto
    days = (
        select(BalanceDayRow.account_id, func.sum(BalanceDayRow.delta))
        .where(BalanceDayRow.book_id == book_id, BalanceDayRow.account_id.in_(ids), BalanceDayRow.effective_on < day)
        .group_by(BalanceDayRow.account_id)
    )
    same_day = (
        select(PostingRow.account_id, func.sum(PostingRow.amount))
        .where(
            PostingRow.book_id == book_id,
            PostingRow.account_id.in_(ids),
            PostingRow.effective_on == day,
            PostingRow.seq <= known,
            (PostingRow.seq < seq) | ((PostingRow.seq == seq) & (PostingRow.line <= line)),
        )
        .group_by(PostingRow.account_id)
    )
    size = session.scalars(select(BookRow.tree_size).where(BookRow.book_id == book_id)).one()
    # Few late entries are read by their place in the book; + 0 keeps the planner from the accounts' whole past.
    account_id = PostingRow.account_id + 0 if size - known <= FEW_ENTRIES else PostingRow.account_id
    late = (
        select(PostingRow.account_id, -func.sum(PostingRow.amount))
        .where(
            PostingRow.book_id == book_id, account_id.in_(ids), PostingRow.effective_on < day, PostingRow.seq > known
        )
        .group_by(PostingRow.account_id)
    )
    raw: dict[int, int] = {}
    for part in (days, same_day, late):
        for number, total in session.execute(part):
            raw[number] = raw.get(number, 0) + int(total)
    sums: dict[str, int] = {}
    for account in accounts:
        added = raw.get(account.account_id, 0) * account.type.normal_side
        sums[account.commodity] = sums.get(account.commodity, 0) + added
    return sums


def _accounts(book_id: int) -> Select[int, str, str, str]:
    return (
        select(AccountRow.account_id, AccountRow.path, AccountRow.type, CommodityRow.code)
        .join(
            CommodityRow,
            (CommodityRow.book_id == AccountRow.book_id) & (CommodityRow.commodity_id == AccountRow.commodity_id),
        )
        .where(AccountRow.book_id == book_id)
    )


def _account(row: Row[int, str, str, str]) -> StatementAccount:
    account_id, path, kind, code = row
    return StatementAccount(account_id, path, AccountType(kind), code)


def _postings(
    session: Session,
    book_id: int,
    account: StatementAccount,
    *,
    as_of: date,
    known: int,
    after: StatementPlace | None,
    limit: int,
) -> Iterator[tuple[StatementPlace, StatementAccount, int]]:
    wanted = (
        select(PostingRow.effective_on, PostingRow.seq, PostingRow.line, PostingRow.amount)
        .where(
            PostingRow.account_id == account.account_id,
            PostingRow.book_id == book_id,
            PostingRow.effective_on <= as_of,
            PostingRow.seq <= known,
        )
        .order_by(PostingRow.effective_on, PostingRow.seq, PostingRow.line)
        .limit(limit)
    )
    if after is not None:
        day = literal(after.effective_on, PostingRow.effective_on.type)
        wanted = wanted.where(
            tuple_(PostingRow.effective_on, PostingRow.seq) >= tuple_(day, after.seq),
            (PostingRow.effective_on > day) | (PostingRow.seq > after.seq) | (PostingRow.line > after.line),
        )
    for row in session.execute(wanted):
        yield StatementPlace(row.effective_on, row.seq, row.line), account, row.amount
