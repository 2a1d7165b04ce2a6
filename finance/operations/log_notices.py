"""Telling everybody of a client that a book's log no longer continues what was signed of it: history was rewritten.

Joins the caller's transaction and commits nothing. Finding it out is the ledger's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from finance.conventions.notice_words import BookName, witness_refused
from finance.operations.notices import raise_notice
from ledger.core.findings import Finding
from ledger.store.books import Book

FORKED = "log.forked"
"""The refusal to sign a log that does not continue its newest checkpoint."""

_REWRITTEN = frozenset({"tree.root", "tree.shorter", "checkpoint.tree", "checkpoint.note"})


def rewritten(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return which findings of a check say that history was rewritten, each with its place: ``tree.root at seq 8``."""
    return tuple(f"{each.code} at {each.at}" for each in findings if each.code in _REWRITTEN)


def tell_rewritten(session: Session, book: Book, seen: Iterable[str], *, now: datetime) -> None:
    """Tell that a book's log contradicts a signed checkpoint, once for each thing that was seen."""
    named = BookName(book_id=book.book_uuid, code=book.code)
    for each in seen:
        raise_notice(session, witness_refused(book.tenant_id, named, size=book.tree_size, seen=each), now=now)
