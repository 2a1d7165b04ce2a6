"""Who acts, and for whom. Owns the actor that every entry names; knows nothing of keys, sessions or permissions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person (or the service itself) acting for an organisation; both are part of the entry's hashed bytes."""

    user_id: UUID
    organisation_id: UUID


SERVICE = UUID(int=0)
"""The service itself, where no person acts: a hold that runs out."""
