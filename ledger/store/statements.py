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

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from ledger.core.accounts import AccountType, is_path, no_such_account
from ledger.core.errors import Invalid
from ledger.store.reading import as_day, as_instant, as_uuid, read_pairs, run
from ledger.store.reports import FEW_ENTRIES, MAX_PAGE, in_subtree
from ledger.store.tables.journal import AccountRow, BookRow, CommodityRow, PostingRow

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
    if not chosen:
        return ()
    # Rows as the driver gives them: an object a row took more time than both reads.
    wanted = sorted({place.seq for place, _, _ in chosen})
    entries = {row[0]: row[1:] for row in read_pairs(session, _ENTRIES, book_id, [(seq, 0) for seq in wanted])}
    running = dict(opening)
    lines = []
    for place, account, amount in chosen:
        running[account.commodity] = running.get(account.commodity, 0) + amount * account.type.normal_side
        entry_id, kind, recorded_at, document_on, doc_ref = entries[place.seq]
        lines.append(
            BookedLine(
                place=place,
                path=account.path,
                commodity=account.commodity,
                amount=amount,
                balance=running[account.commodity],
                entry_id=as_uuid(entry_id),
                kind=kind,
                recorded_at=as_instant(recorded_at),
                document_on=None if document_on is None else as_day(document_on),
                doc_ref=doc_ref,
            )
        )
    return tuple(lines)


def balances_before(
    session: Session, book_id: int, accounts: Sequence[StatementAccount], *, known: int, upto: StatementPlace
) -> dict[str, int]:
    """Return the balance of ``accounts`` at a place, that posting included, by commodity on the normal side.

    The days before by their sums, the day itself posting by posting, less what was recorded after ``known``.
    """
    raw = {
        account.account_id: _at(session, book_id, account.account_id, known=known, upto=upto) for account in accounts
    }
    size = session.scalars(select(BookRow.tree_size).where(BookRow.book_id == book_id)).one()
    if known < size:
        # Few late entries are read by their place in the book; + 0 keeps the planner from the accounts' whole past.
        account_id = PostingRow.account_id + 0 if size - known <= FEW_ENTRIES else PostingRow.account_id
        late = (
            select(PostingRow.account_id, func.sum(PostingRow.amount))
            .where(
                PostingRow.book_id == book_id,
                account_id.in_(list(raw)),
                PostingRow.effective_on < upto.effective_on,
                PostingRow.seq > known,
            )
            .group_by(PostingRow.account_id)
        )
        for number, total in session.execute(late):
            raw[number] -= int(total)
    sums: dict[str, int] = {}
    for account in accounts:
        added = raw[account.account_id] * account.type.normal_side
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
    # A first page begins before any place: no entry has seq 0.
    day, seq, line = after or StatementPlace(date.min, 0, 0)
    values = (account.account_id, book_id, day.isoformat(), seq, as_of.isoformat(), known, seq, line, limit)
    for effective_on, at, number, amount in run(session, _POSTINGS, *values).fetchall():
        yield StatementPlace(as_day(effective_on), at, number), account, amount


_POSTINGS = (
    "SELECT effective_on, seq, line, amount FROM posting WHERE account_id = ? AND book_id = ? AND (effective_on, seq) >= (?, ?)"
    " AND effective_on <= ? AND seq <= ? AND (seq <> ? OR line > ?) ORDER BY effective_on, seq, line LIMIT ?"
)
_ENTRIES = (
    "SELECT e.seq, e.entry_id, e.kind, e.recorded_at, e.document_on, e.doc_ref FROM {pairs} CROSS JOIN entry e"
    " WHERE e.seq = k.key AND e.book_id = {book}"
)
_AT = (
    "SELECT (SELECT sum(delta) FROM balance_day WHERE account_id = ? AND book_id = ? AND effective_on < ?),"
    " (SELECT sum(amount) FROM posting WHERE account_id = ? AND book_id = ? AND effective_on = ? AND seq < ?),"
    " (SELECT sum(amount) FROM posting WHERE account_id = ? AND book_id = ? AND effective_on = ? AND seq = ? AND line <= ?)"
)


def _at(session: Session, book_id: int, account_id: int, *, known: int, upto: StatementPlace) -> int:
    """Return what an account's postings sum to up to a place, debit positive, of the place's own day only those known.

    The day's postings before the entry are summed from the index alone, which knows no lines; its own lines apart from them.
    """
    day, place = (account_id, book_id, upto.effective_on.isoformat()), upto
    if place.seq > known:
        place = StatementPlace(place.effective_on, known + 1, 0)
    sums = run(session, _AT, *day, *day, place.seq, *day, place.seq, place.line).fetchone()
    return sum(int(each or 0) for each in sums)
