"""What enters and leaves about statements in preparation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from api.schemas.fields import InstantString, Text, UuidString
from api.schemas.proofs import Count, Hash
from finance.store.attestation_drafts import Draft, DraftEvent


class ReviewIn(Schema):
    """Which version was reviewed, by the digest of its bytes."""

    sha256: Hash


class SendBackIn(Schema):
    """Why a reviewed draft goes back."""

    reason: Annotated[Text, Field(examples=["the sampling note is missing"])]


class DraftEventOut(Schema):
    """A state that the draft came to: about which version, through whom, and why."""

    state: str
    version: Count
    reason: str
    recorded_at: InstantString
    user_id: UuidString

    @classmethod
    def from_core(cls, event: DraftEvent) -> DraftEventOut:
        """Return the shape of ``event``."""
        return cls(
            state=event.state.value,
            version=str(event.version),
            reason=event.reason,
            recorded_at=event.recorded_at,
            user_id=event.actor_id,
        )


class DraftOut(Schema):
    """A statement in preparation: its newest text with the digest that a reviewer confirms, and what befell it."""

    id: UuidString
    engagement_id: UuidString
    state: Annotated[str, Field(examples=["reviewed"])]
    version: Count
    sha256: Hash
    statement_json: str
    prepared_by: UuidString
    events: Array[DraftEventOut]

    @classmethod
    def from_core(cls, draft: Draft) -> DraftOut:
        """Return the shape of ``draft``."""
        return cls(
            id=draft.draft_id,
            engagement_id=draft.engagement_id,
            state=draft.state.value,
            version=str(draft.newest.number),
            sha256=draft.newest.sha256,
            statement_json=draft.newest.document,
            prepared_by=draft.newest.prepared_by,
            events=tuple(DraftEventOut.from_core(event) for event in draft.events),
        )


class DraftsOut(Schema):
    """The engagement's drafts, oldest first."""

    drafts: Array[DraftOut]
