"""A book's log as a list, its checkpoints, and a whole check of the book: what an auditor reads first."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from sqlalchemy.orm import Session

from api.auth.ledger_kinds import BOOK
from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import ThisCall
from api.schemas.amounts import WholeNumber
from api.schemas.book_log import CheckOut, CheckpointLineOut, CheckpointsOut, ChecksOut, LogLineOut, LogOut
from api.schemas.fields import UuidString
from api.store import book_checks
from finance.operations.log_notices import rewritten, tell_rewritten
from ledger.core import log
from ledger.core.errors import Conflict
from ledger.store import log_rows

routes = Routes(tag="proofs")

_READS = asks(Scope.LEDGER_READ)
_PAGE = 100
_CHECKS = 20
MOST_CHECKED = 50_000
"""Entries of a book that is checked over HTTP, within the time a request has; ``tonne check`` has no such bound."""

Before = Annotated[WholeNumber | None, Query(description="next_before of the page before.")]


@routes.get("/books/{book_id}/log", policy=_READS)
def list_log(book_id: UuidString, call: ThisCall, before: Before = None) -> LogOut:
    """Return up to 100 entries of the book as recorded, the newest first, each with the hash of its leaf."""
    book = call.load(BOOK, book_id)
    found = log_rows.newest_lines(call.session, book.book_id, before=before, limit=_PAGE + 1)
    shown = found[:_PAGE]
    return LogOut(
        tree_size=book.tree_size,
        tree_root=log.root(book.tree_peaks).hex(),
        entries=tuple(map(LogLineOut.from_core, shown)),
        next_before=shown[-1].seq if len(found) > _PAGE else None,
    )


@routes.get("/books/{book_id}/checkpoints", policy=_READS)
def list_checkpoints(book_id: UuidString, call: ThisCall, before: Before = None) -> CheckpointsOut:
    """Return up to 100 published tree heads of the book, the newest first; whoever keeps one can prove a rolled-back book."""
    book = call.load(BOOK, book_id)
    found = log_rows.newest_checkpoints(call.session, book.book_id, before=before, limit=_PAGE + 1)
    shown = found[:_PAGE]
    return CheckpointsOut(
        checkpoints=tuple(map(CheckpointLineOut.from_core, shown)),
        next_before=shown[-1].number if len(found) > _PAGE else None,
    )


@routes.post("/books/{book_id}/check", policy=_READS, status=200, writes=False)
def check_whole_book(book_id: UuidString, call: ThisCall) -> CheckOut:
    """Replay the whole book against its leaves, tree and balances, its audit log too, and return and keep what does not hold.

    Where it contradicts a signed checkpoint, everybody of the organisation is told.
    ``check.too_large`` above 50,000 entries: ``tonne check`` does it on the server's terminal. An audit log above as many rows is left
    out (``audit_log`` is null), not said to be sound.
    """
    book = call.load(BOOK, book_id)
    if book.tree_size > MOST_CHECKED:
        raise Conflict(
            "check.too_large", f"book: above {MOST_CHECKED} entries; run tonne check on the server", field="book_id"
        )
    _, checked = book_checks.check(
        call.session, book, most_audit_rows=MOST_CHECKED, started_by=call.principal.user_id, now=call.now
    )
    seen = rewritten(checked.findings)

    def keep(session: Session) -> None:
        book_checks.keep(session, call.new_id(), checked)
        if seen:
            tell_rewritten(session, book, seen, now=call.now)

    call.record(keep)
    return CheckOut.from_core(checked)


@routes.get("/books/{book_id}/checks", policy=_READS)
def list_checks(book_id: UuidString, call: ThisCall) -> ChecksOut:
    """Return the last twenty whole checks of the book: when, who asked, the figures, and the first place that did not hold."""
    book = call.load(BOOK, book_id)
    found = book_checks.newest(call.session, book.book_id, limit=_CHECKS)
    return ChecksOut(checks=tuple(map(CheckOut.from_core, found)))
