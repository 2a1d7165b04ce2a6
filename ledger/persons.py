"""Personal data beside the journal: attach it behind a salted commitment, read it, erase it.

An entry's leaf holds only the commitment, so a person's data can be erased while every proof stays valid. Each function
joins the caller's transaction and commits nothing; who may call is decided at the edge.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from ledger.core.errors import Conflict, Invalid, NotFound
from ledger.store import journal, persons
from ledger.store.persons import NoteRow

SALT_BYTES = 32
MAX_CONTENT_BYTES = 16 * 1024
_MAX_TEXT = 4000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonNote:
    """What is known about persons under ``ref``; ``content`` is None once erased, and then ``erased_at`` and ``erased_by`` say by whom.

    ``commitment`` is what an entry carries as ``pii_commitment``. Content stays out of ``repr``, so that no log repeats it.
    """

    ref: UUID
    commitment: bytes
    content: Mapping[str, str] | None = field(repr=False)
    recorded_at: datetime
    recorded_by: UUID
    erased_at: datetime | None
    erased_by: UUID | None


def commitment_of(*, salt: bytes, content: bytes) -> bytes:
    """Return SHA-256(0x02 || salt || content).

    The first byte keeps a commitment apart from the tree's leaves (0x00) and nodes (0x01, RFC 6962 section 2.1); a salt of 32
    random bytes makes it hiding: without the salt no guess of the content can be tested.
    """
    return hashlib.sha256(b"\x02" + salt + content).digest()


def attach(
    session: Session,
    book_id: int,
    *,
    ref: UUID,
    content: Mapping[str, str],
    recorded_by: UUID,
    now: datetime,
    random_bytes: Callable[[int], bytes],
) -> bytes:
    """Keep ``content`` under ``ref`` and return its 32-byte commitment, to be given to the draft that is about these persons.

    Content is texts by name (``{"name": "Li Na"}``), together at most 16 KiB. The same ref with the same content again returns
    the same commitment, so that a repeated draft is the same draft. Refused: ``person.content``; ``person.exists`` for other
    content under a ref that is taken; ``person.erased`` for one that was erased.
    """
    spelled = _spelled(content)
    journal.lock_book(session, book_id)
    standing = persons.load(session, book_id, ref)
    if standing is not None:
        return _commitment_again(standing, spelled)
    salt = random_bytes(SALT_BYTES)
    assert len(salt) == SALT_BYTES, "the random source gives as many bytes as asked"
    commitment = commitment_of(salt=salt, content=spelled.encode())
    persons.add(
        session,
        book_id,
        ref=ref,
        commitment=commitment,
        salt=salt,
        content=spelled,
        recorded_at=now,
        recorded_by=recorded_by,
    )
    return commitment


def read(session: Session, book_id: int, ref: UUID) -> PersonNote:
    """Return the note of that ref, or its tombstone; ``person.not_found`` when there never was one."""
    row = persons.load(session, book_id, ref)
    if row is None:
        raise _not_found()
    return PersonNote(
        ref=row.ref,
        commitment=row.commitment,
        content=None if row.content is None else json.loads(row.content),
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        erased_at=row.erased_at,
        erased_by=row.erased_by,
    )


def erase(session: Session, book_id: int, ref: UUID, *, erased_by: UUID, now: datetime) -> PersonNote:
    """Take salt and content away for good and return the tombstone; again changes nothing and returns the first one.

    Every leaf, root and proof stays valid, since they hold the commitment only. What the database server keeps beside its tables
    is its own: on PostgreSQL the old row is gone from the file after the next VACUUM, on SQLite after the next checkpoint of the
    write-ahead log, and backups made before still have it until they are given up.
    """
    journal.lock_book(session, book_id)
    if persons.load(session, book_id, ref) is None:
        raise _not_found()
    persons.erase(session, book_id, ref, erased_at=now, erased_by=erased_by)
    return read(session, book_id, ref)


def problem_of(row: NoteRow) -> str | None:
    """Return what is wrong with a stored note, or None: a kept note opens its commitment, a tombstone has neither salt nor content."""
    if row.content is None or row.salt is None:
        is_tombstone = row.content is None and row.salt is None and None not in (row.erased_at, row.erased_by)
        return None if is_tombstone else "a note has salt and content, or says when and by whom they were erased"
    if row.erased_at is not None or row.erased_by is not None:
        return "a note that says it was erased still has its content"
    if commitment_of(salt=row.salt, content=row.content.encode()) != row.commitment:
        return "salt and content do not open the commitment"
    return None


def _spelled(content: Mapping[str, str]) -> str:
    if not content:
        raise _wrong_content("expected at least one text by name")
    for name, text in content.items():
        if not _NAME.fullmatch(name):
            raise _wrong_content("expected names of a-z 0-9 _ that begin with a letter, at most 40 characters")
        if not (1 <= len(text) <= _MAX_TEXT and text.isprintable()):
            raise _wrong_content(f"expected 1 to {_MAX_TEXT} printable characters for each name")
    spelled = json.dumps(dict(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if len(spelled.encode()) > MAX_CONTENT_BYTES:
        raise _wrong_content("expected at most 16 KiB in all; keep documents where documents are kept")
    return spelled


def _commitment_again(standing: NoteRow, spelled: str) -> bytes:
    if standing.content is None:
        raise Conflict("person.erased", "ref: what stood under it was erased; use a new ref", field="ref")
    if standing.content != spelled:
        raise Conflict(
            "person.exists", "ref: other content stands under it; use a new ref, notes are not edited", field="ref"
        )
    return standing.commitment


def _wrong_content(expected: str) -> Invalid:
    return Invalid("person.content", f"content: {expected}", field="content")


def _not_found() -> NotFound:
    return NotFound("person.not_found", "no such note in this book, or not for you")
