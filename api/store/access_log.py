"""What happened at the door, only ever added: sign-ins, roles given and ended, what an auditor read.

Functions take the session first, return frozen values and never commit. Holds no secret and nothing a stranger typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.person_tables import AccessEventRow

_MOST_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEvent:
    """One event: what, about whom, by whom (``None``: the operator on the server), from which network address."""

    event_id: UUID
    organisation_id: UUID | None
    user_id: UUID | None
    happened_at: datetime
    what: str
    detail: str = ""
    by: UUID | None = None
    address: str = ""


def add_event(session: Session, event: AccessEvent) -> None:
    """Keep one event."""
    session.add(
        AccessEventRow(
            event_id=event.event_id,
            organisation_id=event.organisation_id,
            user_id=event.user_id,
            happened_at=event.happened_at,
            what=event.what,
            detail=event.detail,
            by=event.by,
            address=event.address,
        )
    )


def list_events(session: Session, organisation_id: UUID, *, before: UUID | None = None) -> tuple[AccessEvent, ...]:
    """Return up to 200 events of an organisation, the newest first; ``before`` continues after an earlier answer."""
    asked = select(AccessEventRow).where(AccessEventRow.organisation_id == organisation_id)
    if before is not None:
        asked = asked.where(AccessEventRow.event_id < before)
    rows = session.scalars(asked.order_by(AccessEventRow.event_id.desc()).limit(_MOST_LISTED))
    return tuple(
        AccessEvent(
            event_id=row.event_id,
            organisation_id=row.organisation_id,
            user_id=row.user_id,
            happened_at=row.happened_at,
            what=row.what,
            detail=row.detail,
            by=row.by,
            address=row.address,
        )
        for row in rows
    )
