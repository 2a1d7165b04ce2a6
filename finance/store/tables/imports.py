"""Files that people import: what came, what its preview showed, what was decided, each a fact that is only added to.

``file_import_work`` alone changes: how far long work is. It may be lost without losing a fact.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class FileImportRow(Base):
    """One file that a person brought, by its bytes, with what it is and where it goes."""

    __tablename__ = "file_import"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "raw_sha256"], ["raw_file.organisation_id", "raw_file.sha256"]),
        Index("ix_file_import_created", "organisation_id", "created_at", "import_id"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    template: Mapped[str]
    book_id: Mapped[int | None]
    """The book it goes into; null where it concerns the whole organisation."""
    options: Mapped[str]
    """JSON: how the file is read (statement source, form of plant, verification)."""
    file_name: Mapped[str]
    raw_sha256: Mapped[str]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]


class FileImportStepRow(Base):
    """One thing that became of an import: a preview, a confirmation, its end."""

    __tablename__ = "file_import_step"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "import_id"], ["file_import.organisation_id", "file_import.import_id"]
        ),
        CheckConstraint("step_no >= 1", "step_no"),
        CheckConstraint("kind IN ('previewed', 'asked', 'confirmed', 'discarded', 'failed')", "kind"),
        CheckConstraint("length(sha256) = 64", "sha256"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    step_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    sha256: Mapped[str]
    """Of a preview: the digest of what it shows. Of every other step: the preview it answers, or of its content."""
    content: Mapped[str]
    """RFC 8785 JSON."""
    done_by: Mapped[UUID]
    done_at: Mapped[datetime]


class FileImportWorkRow(Base):
    """Work on an import that goes on beside the request: what, how far, and until when somebody has it in hand."""

    __tablename__ = "file_import_work"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "import_id"], ["file_import.organisation_id", "file_import.import_id"]
        ),
        CheckConstraint("task IN ('preview', 'confirm')", "task"),
        CheckConstraint("phase IN ('waiting', 'reading', 'writing', 'done')", "phase"),
        CheckConstraint("attempts >= 0", "attempts"),
        Index("ix_file_import_work_phase", "phase", "leased_until"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    task: Mapped[str]
    phase: Mapped[str]
    rows_total: Mapped[int | None]
    """Rows of figures in the file; null until it was read."""
    attempts: Mapped[int]
    asked_by: Mapped[UUID]
    asked_sha256: Mapped[str]
    leased_until: Mapped[datetime]
    updated_at: Mapped[datetime]
