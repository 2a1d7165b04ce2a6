"""Finds people of one organisation by what a person types. Reads only; who may ask is the route's."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.store.tables import UserAccountRow


def people(
    session: Session, organisation_id: UUID, typed: str, *, after: UUID | None, limit: int
) -> tuple[tuple[UUID, str, str], ...]:
    """Return id, name and address of people whose name holds ``typed`` or whose address begins with it, by id."""
    row = UserAccountRow
    wanted = select(row.user_id, row.name, row.email).where(
        row.organisation_id == organisation_id,
        or_(row.name.icontains(typed, autoescape=True), row.email.istartswith(typed, autoescape=True)),
    )
    if after is not None:
        wanted = wanted.where(row.user_id > after)
    return tuple((each[0], each[1], each[2]) for each in session.execute(wanted.order_by(row.user_id).limit(limit)))
