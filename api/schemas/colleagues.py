"""What leaves about the caller's colleagues: ids and names."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import UuidString
from api.store.colleagues import Colleague


class ColleagueOut(Schema):
    """A person of the caller's organisation."""

    id: UuidString
    name: Annotated[str, Field(examples=["Li Na"])]

    @classmethod
    def from_core(cls, colleague: Colleague) -> ColleagueOut:
        """Return the shape of ``colleague``."""
        return cls(id=colleague.user_id, name=colleague.name)


class ColleaguesOut(Schema):
    """The people of the caller's organisation by name."""

    colleagues: Array[ColleagueOut]
