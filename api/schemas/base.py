"""The base of every shape that enters or leaves: strict types, no unknown field, never changed after it is read.

Knows no resource. Rules of the field are not checked here; ``to_core`` of each schema hands over to the core that does.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


class Schema(BaseModel):
    """Strict, closed and frozen: a number is not a string, an unknown field is refused."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        json_schema_serialization_defaults_required=True,  # an answer always shows every field
    )


Array = Annotated[tuple[Item, ...], Field(strict=False)]
"""A JSON array as a tuple; its items stay strict. Add ``Field(max_length=...)`` where the count is bounded."""

Choice = Annotated[Item, Field(strict=False)]
"""A member of a closed set (a ``StrEnum``) spelled as its string; anything else is refused with the list of members."""
