"""Reads every posting of some accounts of a book, each with its day and what its entry reverses.

For accounts that move seldom, such as those of allocation and surrender: nothing is cut to pages. Sums are their caller's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.store.tables.journal import AccountRow, EntryRow, PostingRow

_PATHS_A_QUERY = 500


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
    asked, found = sorted(set(paths)), list[AccountMove]()
    for start in range(0, len(asked), _PATHS_A_QUERY):
        wanted = (
            select(AccountRow.path, PostingRow.seq, EntryRow.reverses_seq, PostingRow.effective_on, PostingRow.amount)
            .join(
                PostingRow,
                (PostingRow.book_id == AccountRow.book_id) & (PostingRow.account_id == AccountRow.account_id),
            )
            .join(EntryRow, (EntryRow.book_id == PostingRow.book_id) & (EntryRow.seq == PostingRow.seq))
            .where(
                AccountRow.book_id == book_id,
                AccountRow.path.in_(asked[start : start + _PATHS_A_QUERY]),
                PostingRow.effective_on <= as_of,
                PostingRow.seq <= known,
            )
        )
        found += [AccountMove(**row._asdict()) for row in session.execute(wanted)]
    return tuple(sorted(found, key=lambda move: move.seq))
