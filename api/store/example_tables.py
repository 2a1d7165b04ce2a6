"""Tables of the example: what happened to it, and which of its organisations were taken out of the installation.

Facts, only ever added to. Private to this store. The database itself lets no organisation end that is not the example's.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class ExampleEventRow(Base):
    """One thing that happened to the example, numbered from 1 without gaps: asked for, a step done, loaded, failed, removed."""

    __tablename__ = "example_event"
    __table_args__ = (
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("what IN ('asked','step','loaded','failed','removed')", "what"),
        CheckConstraint("(what = 'step') = (step <> '')", "step"),
        _STRICT,
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    what: Mapped[str]
    step: Mapped[str]
    """The step that was done; empty for everything else."""
    detail: Mapped[str]
    """Why it failed: a code and a sentence; else empty."""
    happened_at: Mapped[datetime]
    by_user_id: Mapped[UUID | None]
    """The operator who asked or removed; null for the work itself and on the terminal."""


class OrganisationEndRow(Base):
    """An organisation of the example that was removed: nobody signs in for it, no job works for it, nobody is shown it."""

    __tablename__ = "organisation_end"
    __table_args__ = (_STRICT,)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.organisation_id"), primary_key=True)
    ended_at: Mapped[datetime]
