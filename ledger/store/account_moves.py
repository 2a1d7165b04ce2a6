"""Reads every posting of some accounts of a book, each with its day and what its entry reverses.

For accounts that move seldom, such as those of allocation and surrender: nothing is cut to pages. Sums are their caller's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select, union_all
from sqlalchemy.orm import Session

from ledger.store.tables.journal import AccountRow, EntryRow, PostingRow

_A_QUERY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMove:
    """A posting to an account: ``amount`` in smallest units, debit positive; ``reverses_seq`` is the entry that its own reverses."""

    path: str
    seq: int
    reverses_seq: int | None
    effective_on: date
    amount: int


def moves_of(
    session: Session, book_id: int, paths: Collection[str], *, as_of: date, known: int
) -> tuple[AccountMove, ...]:
    """Return the postings to the accounts at ``paths`` effective by ``as_of`` and recorded by seq ``known``, in recording order.

    Of two postings of 10 on an account, one of them dated tomorrow, it is the one of today. An account that is not there has none.
    """
    asked, names = sorted(set(paths)), dict[int, str]()
    for start in range(0, len(asked), _A_QUERY):
        wanted = select(AccountRow.account_id, AccountRow.path).where(
            AccountRow.book_id == book_id, AccountRow.path.in_(asked[start : start + _A_QUERY])
        )
        names.update((row.account_id, row.path) for row in session.execute(wanted))
    ids, found = sorted(names), list[AccountMove]()
    for start in range(0, len(ids), _A_QUERY):
        moves = union_all(*(_moves(book_id, each, as_of) for each in ids[start : start + _A_QUERY]))
        found += [
            AccountMove(
                path=names[row.account_id],
                seq=row.seq,
                reverses_seq=row.reverses_seq,
                effective_on=row.effective_on,
                amount=row.amount,
            )
            for row in session.execute(moves)
            if row.seq <= known
        ]
    return tuple(sorted(found, key=lambda move: move.seq))


def _moves(book_id: int, account_id: int, as_of: date) -> Select[int, int, int | None, date, int]:
    """Return the question for one account, by account and day only, as the index has them.

    Asked for several accounts, for accounts by path or for a range of entries, SQLite reads the whole book instead.
    """
    return (
        select(PostingRow.account_id, PostingRow.seq, EntryRow.reverses_seq, PostingRow.effective_on, PostingRow.amount)
        .join(EntryRow, (EntryRow.book_id == PostingRow.book_id) & (EntryRow.seq == PostingRow.seq))
        .where(PostingRow.book_id == book_id, PostingRow.account_id == account_id, PostingRow.effective_on <= as_of)
    )
