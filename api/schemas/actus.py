"""What leaves about a facility in the words of ACTUS: contract terms and events by the dictionary's names."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import InstantString, UuidString


class ActusTrancheOut(Schema):
    """One tranche; ``terms`` is null where ACTUS has no words for its contract, and ``not_expressible`` says for what."""

    tranche_id: str
    terms: dict[str, Any] | None
    not_expressible: Annotated[str | None, Field(examples=["drawdowns: expected one drawdown"])]
    events: Array[dict[str, str | None]]


class ActusOut(Schema):
    """A facility's drawn tranches as known at ``known_at``."""

    facility_id: UuidString
    known_at: InstantString
    tranches: Array[ActusTrancheOut]
