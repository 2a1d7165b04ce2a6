"""What leaves about reference sets: versions, counts by status, and the rows as they stand in their files."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Array, Schema
from finance.store.reference_files import ReferenceFile


class StatusCountOut(Schema):
    """How many rows are official, draft, secondary or assumed."""

    status: Annotated[str, Field(examples=["official"])]
    rows: int


class ReferenceSetOut(Schema):
    """One set of rules, factors or rates that ships; its version changes exactly when its content does."""

    set_id: Annotated[str, Field(examples=["factors"])]
    version: Annotated[str, Field(examples=["3fa1c2d4e5b6"])]
    rows: int
    counts: Array[StatusCountOut]

    @classmethod
    def from_core(cls, file: ReferenceFile) -> ReferenceSetOut:
        """Return the shape of ``file`` without its rows."""
        return cls(
            set_id=file.set_id,
            version=file.version,
            rows=len(file.rows),
            counts=tuple(StatusCountOut(status=status, rows=rows) for status, rows in file.counts().items()),
        )


class ReferenceSetsOut(Schema):
    """Every set, by id."""

    sets: Array[ReferenceSetOut]


class ReferenceRowsOut(Schema):
    """A set with its rows as they stand in its file, each with its source and status where the set has them."""

    set: ReferenceSetOut
    notes: Annotated[Array[str], Field(description="What the file says of its rows above them.")]
    columns: Array[str]
    rows: Array[Array[str]]
