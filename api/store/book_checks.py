"""Whole checks of a book with its organisation's audit log: done in one reading session, kept as a fact in another.

Functions take the session first, return frozen values and never commit. What a replay is, ``ledger.checking`` and ``audit_check`` know.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store import audit, audit_check
from api.store.audit import AuditHead
from api.store.audit_check import AuditCheck
from api.store.book_check_tables import BookCheckRow
from ledger import checking
from ledger.check_pieces import Apart
from ledger.checking import BookCheck
from ledger.core.findings import Finding
from ledger.core.replay import KnownRoot
from ledger.store import check_cursors
from ledger.store.books import Book

_UNREADABLE = AuditHead(size=0, peaks=b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAudit:
    """What a replay of an audit log saw: its rows, the root worked out from their bytes, and a sentence for each finding."""

    rows: int
    root: bytes
    findings: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBook:
    """What one check saw of a book and, where it was short enough to be replayed, of the audit log."""

    organisation_id: UUID
    book_id: int
    checked_at: datetime
    started_by: UUID | None
    """Who asked; ``None`` on the server's terminal."""
    entries: int
    tree_size: int
    tree_root: bytes
    findings: tuple[Finding, ...]
    audit: CheckedAudit | None

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found, neither in the book nor in the audit log."""
        return not self.findings and (self.audit is None or self.audit.is_sound)

    @property
    def first_bad(self) -> str | None:
        """The first place that does not hold, such as ``posting seq 2`` or a sentence on the audit log; ``None`` when all does."""
        if self.findings:
            return f"{self.findings[0].table} {self.findings[0].at}"
        return self.audit.findings[0] if self.audit is not None and self.audit.findings else None


def check(
    session: Session,
    book: Book,
    *,
    known_roots: Iterable[KnownRoot] = (),
    apart: Apart | None = None,
    most_audit_rows: int | None = None,
    started_by: UUID | None,
    now: datetime,
) -> tuple[BookCheck, CheckedBook]:
    """Return what a replay of the book and of its organisation's audit log finds, as the ledger says it and as it is kept.

    A long book's entries are examined in the processes of ``apart``, where that is given. An audit log above ``most_audit_rows`` is left
    out, never said to be sound. Fails closed: a log that cannot be read is a finding.
    """
    checked = checking.check_book(session, book.book_id, known_roots=known_roots, apart=apart)
    seen = _check_audit(session, book.tenant_id, most_rows=most_audit_rows)
    kept = CheckedBook(
        organisation_id=book.tenant_id,
        book_id=book.book_id,
        checked_at=now,
        started_by=started_by,
        entries=checked.entries,
        tree_size=checked.tree_size,
        tree_root=checked.tree_root,
        findings=checked.findings,
        audit=None if seen is None else CheckedAudit(rows=seen.head.size, root=seen.head.root, findings=seen.findings),
    )
    return checked, kept


def keep(session: Session, check_id: UUID, checked: CheckedBook) -> None:
    """Keep what a check found."""
    seen = checked.audit
    session.add(
        BookCheckRow(
            check_id=check_id,
            organisation_id=checked.organisation_id,
            book_id=checked.book_id,
            checked_at=checked.checked_at,
            started_by=checked.started_by,
            entries=checked.entries,
            tree_size=checked.tree_size,
            tree_root=checked.tree_root,
            findings=json.dumps([asdict(each) for each in checked.findings]),
            audit_rows=None if seen is None else seen.rows,
            audit_root=None if seen is None else seen.root,
            audit_findings=None if seen is None else json.dumps(seen.findings),
        )
    )


def newest(session: Session, book_id: int, *, limit: int) -> tuple[CheckedBook, ...]:
    """Return the newest checks of a book, the last one first."""
    wanted = (
        select(BookCheckRow)
        .where(BookCheckRow.book_id == book_id)
        .order_by(BookCheckRow.checked_at.desc(), BookCheckRow.check_id.desc())
        .limit(limit)
    )
    return tuple(map(_checked, session.scalars(wanted)))


def _check_audit(session: Session, organisation_id: UUID, *, most_rows: int | None) -> AuditCheck | None:
    try:
        with check_cursors.reading(session):
            if most_rows is not None and audit.head_of(session, organisation_id).size > most_rows:
                return None
            return audit_check.check(session, organisation_id)
    except check_cursors.UNREADABLE as error:
        finding = f"the audit log cannot be read: {type(error).__name__}"
        return AuditCheck(organisation_id=organisation_id, head=_UNREADABLE, findings=(finding,))


def _checked(row: BookCheckRow) -> CheckedBook:
    seen = None
    if row.audit_rows is not None and row.audit_root is not None and row.audit_findings is not None:
        sentences = tuple(map(str, json.loads(row.audit_findings)))
        seen = CheckedAudit(rows=row.audit_rows, root=bytes(row.audit_root), findings=sentences)
    return CheckedBook(
        organisation_id=row.organisation_id,
        book_id=row.book_id,
        checked_at=row.checked_at,
        started_by=row.started_by,
        entries=row.entries,
        tree_size=row.tree_size,
        tree_root=bytes(row.tree_root),
        findings=tuple(Finding(**each) for each in json.loads(row.findings)),
        audit=seen,
    )
