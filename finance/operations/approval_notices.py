"""Telling those who may decide that something waits for a second person, and ending it once it was decided.

Joins the caller's transaction and commits nothing. What waits, whom it asks and where it is shown are the table's of approvals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from finance.conventions.approvals import WAITS, WaitingKind
from finance.conventions.notice_words import approval_condition, approval_waits
from finance.conventions.notices import NoticeKind
from finance.operations.notices import raise_notice, resolve_notice
from ledger.store import books

_INBOX = "/inbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What waits in one organisation: its kind, its ``ref``, the ids of its place, and a page other than its kind's."""

    kind: WaitingKind
    organisation_id: UUID
    ref: str
    place: Mapping[str, str] = field(default_factory=dict)
    page: str | None = None


def of_record(kind: WaitingKind, organisation_id: UUID, record_id: UUID | str, **place: str) -> Asked:
    """Return a record that waits; ``place`` are further ids of its page."""
    ref = str(record_id)
    return Asked(kind=kind, organisation_id=organisation_id, ref=ref, place={"id": ref, **place})


def of_book(session: Session, kind: WaitingKind, book_id: int, ref: UUID | str, **place: str) -> Asked:
    """Return what waits in a book, under a ``ref`` that is its own there."""
    book = books.load(session, book_id)
    named = {"id": str(ref), "book_id": str(book.book_uuid), **place}
    return Asked(kind=kind, organisation_id=book.tenant_id, ref=f"{book.book_uuid} {ref}", place=named)


def ask_second_person(session: Session, asked: Asked, *, said: str, maker_id: UUID | None, now: datetime) -> None:
    """Tell those who may decide; the maker is not told, and what is told already is not told again."""
    known = WAITS[asked.kind]
    waiting = approval_waits(
        asked.organisation_id,
        what=known.title_en,
        what_zh=known.title_zh,
        record_id=asked.ref,
        subject_kind=asked.kind.value,
        said=said,
        path=asked.page or known.page_of(asked.place) or _INBOX,
        scope=known.scope,
        maker_id=maker_id,
    )
    raise_notice(session, waiting, now=now)


def end_asking(session: Session, asked: Asked, *, now: datetime) -> None:
    """Say that it waits no more; nothing happens where nobody was told."""
    condition = approval_condition(asked.kind.value, asked.ref)
    resolve_notice(session, asked.organisation_id, NoticeKind.APPROVAL_WAITS, condition, now=now)
