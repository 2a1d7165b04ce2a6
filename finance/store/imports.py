"""Writes and reads imports of files with their steps, and the work that goes on beside the request.

Takes a session first and never commits. Judges nothing: the database refuses a second end and a confirmation of what was not shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import rfc8785
from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from finance.store.tables.imports import FileImportRow, FileImportStepRow, FileImportWorkRow


class StepKind(StrEnum):
    """What became of an import."""

    PREVIEWED = "previewed"
    ASKED = "asked"  # to be confirmed beside the request, since it is long
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"
    FAILED = "failed"


class Task(StrEnum):
    """What is done beside the request."""

    PREVIEW = "preview"
    CONFIRM = "confirm"


class Phase(StrEnum):
    """How far that is."""

    WAITING = "waiting"
    READING = "reading"
    WRITING = "writing"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: of a preview ``sha256`` is the digest of ``content``, of an answer to one the digest it names."""

    kind: StepKind
    sha256: str
    content: Mapping[str, Any]
    by: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Work on an import: ``rows_total`` is None until the file was read."""

    task: Task
    phase: Phase
    rows_total: int | None
    attempts: int
    asked_by: UUID
    asked_sha256: str
    leased_until: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileImport:
    """A file that was brought, with its steps in order and the work on it, if there is any."""

    organisation_id: UUID
    import_id: UUID
    template: str
    book_id: int | None
    options: Mapping[str, str]
    file_name: str
    raw_sha256: str
    created_by: UUID
    created_at: datetime
    steps: tuple[Step, ...] = ()
    work: Work | None = None

    @property
    def last(self) -> Step | None:
        """Return the newest step."""
        return self.steps[-1] if self.steps else None

    @property
    def preview(self) -> Step | None:
        """Return the newest preview."""
        return next((step for step in reversed(self.steps) if step.kind is StepKind.PREVIEWED), None)


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 over the RFC 8785 JSON of ``content``."""
    return hashlib.sha256(rfc8785.dumps(dict(content))).hexdigest()


def lock_import(session: Session, organisation_id: UUID, import_id: UUID) -> None:
    """Let one at a time decide about an import until the transaction ends; on SQLite the transaction is alone already."""
    if session.get_bind().dialect.name == "postgresql":
        digest = hashlib.sha256(b"tonne.file_import" + organisation_id.bytes + import_id.bytes).digest()
        session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(digest[:8], signed=True))))


def add_import(session: Session, found: FileImport) -> None:
    """Insert an import without steps."""
    session.execute(
        insert(FileImportRow).values(
            organisation_id=found.organisation_id,
            import_id=found.import_id,
            template=found.template,
            book_id=found.book_id,
            options=rfc8785.dumps(dict(found.options)).decode(),
            file_name=found.file_name,
            raw_sha256=found.raw_sha256,
            created_by=found.created_by,
            created_at=found.created_at,
        )
    )


def add_step(session: Session, found: FileImport, step: Step) -> FileImport:
    """Insert the next step and return the import with it."""
    session.execute(
        insert(FileImportStepRow).values(
            organisation_id=found.organisation_id,
            import_id=found.import_id,
            step_no=len(found.steps) + 1,
            kind=step.kind.value,
            sha256=step.sha256,
            content=rfc8785.dumps(dict(step.content)).decode(),
            done_by=step.by,
            done_at=step.at,
        )
    )
    return replace(found, steps=(*found.steps, step))


def save_work(session: Session, found: FileImport, work: Work | None) -> FileImport:
    """Put down what is being done beside the request, or that nothing is any more."""
    key = (
        FileImportWorkRow.organisation_id == found.organisation_id,
        FileImportWorkRow.import_id == found.import_id,
    )
    session.execute(delete(FileImportWorkRow).where(*key))
    if work is not None:
        session.execute(
            insert(FileImportWorkRow).values(
                organisation_id=found.organisation_id,
                import_id=found.import_id,
                task=work.task.value,
                phase=work.phase.value,
                rows_total=work.rows_total,
                attempts=work.attempts,
                asked_by=work.asked_by,
                asked_sha256=work.asked_sha256,
                leased_until=work.leased_until,
                updated_at=work.updated_at,
            )
        )
    return replace(found, work=work)


def has_work(session: Session, *, now: datetime) -> bool:
    """Return whether there is work that nobody has in hand."""
    due = (
        select(FileImportWorkRow.import_id)
        .where(FileImportWorkRow.phase != Phase.DONE.value, FileImportWorkRow.leased_until <= now)
        .limit(1)
    )
    return session.scalar(due) is not None


def claim_work(session: Session, *, now: datetime, until: datetime) -> FileImport | None:
    """Take the oldest work that nobody has in hand, until ``until``; ``None`` when there is none. One claimer wins."""
    due = (
        select(FileImportWorkRow)
        .where(FileImportWorkRow.phase != Phase.DONE.value, FileImportWorkRow.leased_until <= now)
        .order_by(FileImportWorkRow.updated_at, FileImportWorkRow.import_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.scalars(due).first()
    if row is None:
        return None
    organisation_id, import_id = row.organisation_id, row.import_id
    session.execute(
        update(FileImportWorkRow)
        .where(FileImportWorkRow.organisation_id == organisation_id, FileImportWorkRow.import_id == import_id)
        .values(leased_until=until, attempts=row.attempts + 1, phase=Phase.READING.value, updated_at=now)
    )
    session.expire_all()
    return find_import(session, organisation_id, import_id)


def note_phase(
    session: Session, found: FileImport, phase: Phase, *, rows_total: int | None, until: datetime, now: datetime
) -> None:
    """Say how far the work is, and keep it in hand until ``until``."""
    session.execute(
        update(FileImportWorkRow)
        .where(
            FileImportWorkRow.organisation_id == found.organisation_id, FileImportWorkRow.import_id == found.import_id
        )
        .values(phase=phase.value, rows_total=rows_total, leased_until=until, updated_at=now)
    )


def find_import(session: Session, organisation_id: UUID, import_id: UUID) -> FileImport | None:
    """Return the organisation's import with its steps, ``None`` when it has none of that id."""
    row = session.get(FileImportRow, (organisation_id, import_id))
    if row is None:
        return None
    return _import(session, row)


def list_imports(
    session: Session, organisation_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> tuple[FileImport, ...]:
    """Return the organisation's imports, the newest first, those older than ``before``; at most ``limit``."""
    wanted = (
        select(FileImportRow)
        .where(FileImportRow.organisation_id == organisation_id)
        .order_by(FileImportRow.created_at.desc(), FileImportRow.import_id.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(tuple_(FileImportRow.created_at, FileImportRow.import_id) < before)
    return tuple(_import(session, row) for row in session.scalars(wanted))


def _import(session: Session, row: FileImportRow) -> FileImport:
    steps = session.scalars(
        select(FileImportStepRow)
        .where(FileImportStepRow.organisation_id == row.organisation_id, FileImportStepRow.import_id == row.import_id)
        .order_by(FileImportStepRow.step_no)
    )
    work = session.get(FileImportWorkRow, (row.organisation_id, row.import_id), populate_existing=True)
    return FileImport(
        organisation_id=row.organisation_id,
        import_id=row.import_id,
        template=row.template,
        book_id=row.book_id,
        options=json.loads(row.options),
        file_name=row.file_name,
        raw_sha256=row.raw_sha256,
        created_by=row.created_by,
        created_at=row.created_at,
        steps=tuple(
            Step(
                kind=StepKind(one.kind),
                sha256=one.sha256,
                content=json.loads(one.content),
                by=one.done_by,
                at=one.done_at,
            )
            for one in steps
        ),
        work=None
        if work is None
        else Work(
            task=Task(work.task),
            phase=Phase(work.phase),
            rows_total=work.rows_total,
            attempts=work.attempts,
            asked_by=work.asked_by,
            asked_sha256=work.asked_sha256,
            leased_until=work.leased_until,
            updated_at=work.updated_at,
        ),
    )
