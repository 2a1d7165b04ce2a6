"""Examines a book's entries in pieces: one after the other in a session, or spans of a long book in processes beside this one.

Facts are never changed once recorded, so a span that lies within what one session saw reads the same in any later one: the
processes need not share its moment. What joins the pieces, and all that is summed over the whole book, stays with the caller.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any

from sqlalchemy.orm import Session

from ledger.core.accounts import AccountType, is_path, type_of
from ledger.core.checks import AccountNames, HoldTerms, MoreFacts, Piece, PieceCheck, account_names
from ledger.core.findings import Finding, Findings
from ledger.store import check_cursors, check_rows
from ledger.store.check_cursors import Span
from ledger.store.database import Database, without_collection

_NO_END = 2**63
_SPANS_WAITING = 3
"""Spans asked for per process before the first is joined: enough to keep each busy, and what waits stays small."""


def accounts_of(session: Session, book_id: int, findings: Findings) -> dict[int, AccountNames]:
    """Return the book's accounts by number, and note those whose type is not that of their path."""
    found = {}
    for account_id, path, kind, commodity_id, commodity in check_rows.accounts(session, book_id):
        if not is_path(path) or kind != type_of(path).value:
            said = type_of(path).value if is_path(path) else "a path"
            findings.add("account.type", "account", f"account {account_id}", expected=said, found=f"{path} {kind}")
        found[account_id] = account_names(
            path=path,
            commodity_id=commodity_id,
            commodity=commodity or "",
            normal_side=AccountType(kind).normal_side,
        )
    return found


def examine(session: Session, book_id: int, check: PieceCheck, span: Span, strays: Findings) -> Iterator[Piece]:
    """Yield what the entries of a span come to, some thousands at a time; rows that belong to none are noted in ``strays``."""
    with check_cursors.reading_ahead(session) as ahead:
        entries, made = check_rows.entries(session, book_id, span, ahead)
        facts = check_rows.facts(session, book_id, span, ahead)
        while chunk := entries.next_chunk():
            last = chunk[-1][0]
            with without_collection():
                rows = {table: stream.through(last) for table, stream in facts.items()}
                legs_of = _by_seq(rows["posting"])
                leaf_of = {leaf[0]: leaf for leaf in rows["leaf"]}
                more_of = _more(rows)
                piece = check.examine(list(map(made, chunk)), legs_of, leaf_of, more_of)
            yield piece
            if len(legs_of) + len(leaf_of) + len(more_of) > len(chunk):
                known = {row[0] for row in chunk}
                for table, places in (("posting", legs_of), ("leaf", leaf_of), ("lot_move", more_of)):
                    _note_strays(table, sorted(places.keys() - known), strays)
        for table, stream in facts.items():
            _note_strays(table, [row[0] for row in stream.through(_NO_END)[:1]], strays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """With how many ``others`` this process shares a long book, span by span; each reads by what ``open_database`` gives it."""

    open_database: Callable[[], Database]
    others: int
    span: int = 20_000


_Examined = tuple[Sequence[Piece], Sequence[Finding]]


def examine_apart(
    session: Session, book_id: int, check: PieceCheck, entries: int, apart: Apart
) -> Iterator[tuple[Span, Sequence[Piece], Sequence[Finding]]]:
    """Yield spans of a book in its order, what each came to, and its rows that belong to no entry.

    All places up to the last whole span within the first ``entries``; nothing of a book shorter than two spans. This process examines
    what no other has begun, so that the others may take their time to start. What reading a span raises comes in its turn.
    """
    ends = range(apart.span, entries + 1, apart.span) if entries >= 2 * apart.span else range(0)
    rest = (Span(None if end == apart.span else end - apart.span, end) for end in ends)
    pool = ProcessPoolExecutor(max_workers=apart.others, mp_context=get_context("spawn"))
    try:
        waiting: deque[tuple[Span, Future[_Examined]]] = deque()
        while True:
            for span in islice(rest, _SPANS_WAITING * (1 + apart.others) - len(waiting)):
                waiting.append((span, pool.submit(_examine_there, apart.open_database, book_id, check.book, span)))
            if not waiting:
                return
            span, examined = waiting[0]
            free = None if examined.done() else _first_not_begun(waiting)
            if free is None:
                waiting.popleft()
                yield (span, *examined.result())
            else:
                waiting[free] = (waiting[free][0], _examined_here(session, book_id, check, waiting[free][0]))
    finally:
        pool.shutdown(cancel_futures=True)


def _first_not_begun(waiting: Iterable[tuple[Span, Future[_Examined]]]) -> int | None:
    """Return the place of the first span that no process has begun, and take it from them."""
    return next((place for place, (_, examined) in enumerate(waiting) if examined.cancel()), None)


def _examined_here(session: Session, book_id: int, check: PieceCheck, span: Span) -> Future[_Examined]:
    examined: Future[_Examined] = Future()
    try:
        examined.set_result(_examined(session, book_id, check, span))
    except check_cursors.UNREADABLE as error:
        examined.set_exception(error)
    return examined


def _examine_there(open_database: Callable[[], Database], book_id: int, book_uuid: str, span: Span) -> _Examined:
    database = open_database()
    try:
        with database.reader() as session:
            check = PieceCheck(book=book_uuid, accounts=accounts_of(session, book_id, Findings()))
            return _examined(session, book_id, check, span)
    finally:
        database.engine.dispose()


def _examined(session: Session, book_id: int, check: PieceCheck, span: Span) -> _Examined:
    strays = Findings()
    pieces = list(examine(session, book_id, check, span, strays))
    return pieces, tuple(strays)


def _note_strays(table: str, places: Sequence[int], strays: Findings) -> None:
    for seq in places:
        strays.add("entry.missing", table, f"seq {seq}", expected="an entry", found=f"a {table} without one")


def _by_seq(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        seq = row[0]
        if seq in found:
            found[seq].append(row)
        else:
            found[seq] = [row]
    return found


def _more(rows: dict[str, list[Any]]) -> dict[int, MoreFacts]:
    moves, lots, holds, hold_moves, serials = (
        rows[table] for table in ("lot_move", "lot", "hold", "hold_move", "serial_move")
    )
    if not (moves or lots or holds or hold_moves or serials):
        return {}
    by_seq = [_by_seq(each) for each in (moves, lots, map(HoldTerms._make, holds), hold_moves, serials)]
    return {
        seq: MoreFacts(*(each.get(seq, ()) for each in by_seq))
        for seq in set().union(*(each.keys() for each in by_seq))
    }
