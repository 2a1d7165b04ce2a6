"""Writes and reads which frozen snapshot is which close's, version by version.

Takes a session first and never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from finance.store.tables.feeds import ClosingSnapshotRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingSnapshot:
    """Version ``version`` of a close's marks of one business day; ``reason`` is empty for version 1, which a job freezes."""

    close: str
    business_day: date
    version: int
    snapshot_id: UUID
    reason: str
    frozen_by: UUID
    frozen_at: datetime


def save_closing(session: Session, organisation_id: UUID, closing: ClosingSnapshot) -> None:
    """Insert a version of a close."""
    session.execute(
        insert(ClosingSnapshotRow).values(
            organisation_id=organisation_id,
            close=closing.close,
            business_day=closing.business_day,
            version=closing.version,
            snapshot_id=closing.snapshot_id,
            reason=closing.reason,
            frozen_by=closing.frozen_by,
            frozen_at=closing.frozen_at,
        )
    )


def list_closings(
    session: Session, organisation_id: UUID, close: str, *, since: date, until: date
) -> tuple[ClosingSnapshot, ...]:
    """Return every version of a close for days from ``since`` to ``until``, both inclusive, by day and version."""
    rows = session.scalars(
        select(ClosingSnapshotRow)
        .where(
            ClosingSnapshotRow.organisation_id == organisation_id,
            ClosingSnapshotRow.close == close,
            ClosingSnapshotRow.business_day >= since,
            ClosingSnapshotRow.business_day <= until,
        )
        .order_by(ClosingSnapshotRow.business_day, ClosingSnapshotRow.version)
    )
    return tuple(_closing(row) for row in rows)


def last_closing_before(session: Session, organisation_id: UUID, close: str, day: date) -> ClosingSnapshot | None:
    """Return the newest version of the last frozen day before ``day``, ``None`` when there is none."""
    row = session.scalars(
        select(ClosingSnapshotRow)
        .where(
            ClosingSnapshotRow.organisation_id == organisation_id,
            ClosingSnapshotRow.close == close,
            ClosingSnapshotRow.business_day < day,
        )
        .order_by(ClosingSnapshotRow.business_day.desc(), ClosingSnapshotRow.version.desc())
        .limit(1)
    ).first()
    return None if row is None else _closing(row)


def _closing(row: ClosingSnapshotRow) -> ClosingSnapshot:
    return ClosingSnapshot(
        close=row.close,
        business_day=row.business_day,
        version=row.version,
        snapshot_id=row.snapshot_id,
        reason=row.reason,
        frozen_by=row.frozen_by,
        frozen_at=row.frozen_at,
    )
