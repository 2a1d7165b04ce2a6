"""What sources published beside prices: index rates, and the running totals by which the next answer is tested.

Facts with the file they came from, only ever added to; a source that corrects itself adds a revision.
"""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.store.database import Base

_STRICT = {"sqlite_strict": True, "sqlite_with_rowid": False}


class PublishedRateRow(Base):
    """One value of a loan index as published on a day; it counts until the next publication."""

    __tablename__ = "published_rate"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "raw_sha256"],
            ["raw_file.organisation_id", "raw_file.sha256"],
            name="fk_published_rate_raw_file",
        ),
        CheckConstraint("revision >= 1", "revision"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    index_name: Mapped[str] = mapped_column(primary_key=True)
    published_on: Mapped[date] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rate: Mapped[Fraction]
    """A fraction of one, a year."""
    feed: Mapped[str]
    known_at: Mapped[datetime]
    raw_sha256: Mapped[str]


class RunningTotalRow(Base):
    """A running total as a feed stated it for the end of a day: the next answer must continue it."""

    __tablename__ = "running_total"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "raw_sha256"],
            ["raw_file.organisation_id", "raw_file.sha256"],
            name="fk_running_total_raw_file",
        ),
        CheckConstraint("revision >= 1", "revision"),
        _STRICT,
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    feed: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    total: Mapped[int]
    """In the unit that ``name`` says: tonnes, or minor units of CNY."""
    grew_by: Mapped[int | None]
    """The day's own share as the source states it; null when it does not."""
    known_at: Mapped[datetime]
    raw_sha256: Mapped[str]
