"""The names of an organisation's people: what a person sees beside a decision instead of an id.

Reads ids and names, never an address or a secret. Takes a session first.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.tables import UserAccountRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A person of one organisation, by name."""

    user_id: UUID
    name: str


def list_colleagues(session: Session, organisation_id: UUID) -> tuple[Colleague, ...]:
    """Return everybody who is or was of the organisation, by name: an old decision keeps its name."""
    found = session.execute(
        select(UserAccountRow.user_id, UserAccountRow.name)
        .where(UserAccountRow.organisation_id == organisation_id)
        .order_by(UserAccountRow.name, UserAccountRow.user_id)
    )
    return tuple(Colleague(user_id=user_id, name=name) for user_id, name in found)
