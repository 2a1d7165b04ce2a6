"""What enters and leaves about persons: a note kept behind a commitment, and the tombstone it leaves.

The answer to keeping one does not repeat it, so that no kept answer outlives the erasure.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.base import Schema
from api.schemas.fields import InstantString, UuidString
from ledger.persons import PersonNote

_REF = "01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a"

Commitment = Annotated[
    str, Field(description="64 hexadecimal digits; an entry's pii_commitment.", examples=["9f" * 32])
]


class PersonNoteIn(Schema):
    """Texts about persons by name, under an id the client makes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ref": _REF, "content": {"contact": "Li Na"}}]})

    ref: UuidString
    content: Annotated[dict[str, str], Field(max_length=200, examples=[{"contact": "Li Na"}])]


class PersonNoteKeptOut(Schema):
    """Where a note stands and what an entry about it carries."""

    ref: UuidString
    commitment: Commitment


class PersonNoteOut(Schema):
    """A note; once erased, ``content`` is null and ``erased_at`` and ``erased_by`` say when and by whom."""

    ref: UuidString
    commitment: Commitment
    content: dict[str, str] | None
    recorded_at: InstantString
    recorded_by: UuidString
    erased_at: InstantString | None
    erased_by: UuidString | None

    @classmethod
    def from_core(cls, note: PersonNote) -> PersonNoteOut:
        """Return the shape of ``note``."""
        return cls(
            ref=note.ref,
            commitment=note.commitment.hex(),
            content=None if note.content is None else dict(note.content),
            recorded_at=note.recorded_at,
            recorded_by=note.recorded_by,
            erased_at=note.erased_at,
            erased_by=note.erased_by,
        )
