"""What leaves about what waits for a person: one shape for every mechanism of two persons.

Shapes only; who is asked is decided elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, JsonValue

from api.schemas.base import Array, Schema
from api.schemas.fields import InstantString, UuidString

_MOST_DIFFERENCES = 200


class ChangeOut(Schema):
    """One place in what is proposed: what stands there, and what would."""

    place: Annotated[str, Field(examples=["price_cny_per_t"])]
    old: JsonValue
    new: JsonValue


class WaitingOut(Schema):
    """One thing that waits: what, by whom, since when, the digest that a decision names, and exactly what it changes.

    ``approve``, ``reject`` and ``withdraw`` are POST routes; ``sha256`` is null where the record itself is named.
    At most 200 changes are shown.
    """

    kind: Annotated[str, Field(examples=["order"])]
    title_en: str
    title_zh: str
    subject: str
    asked_by: UuidString | None
    since: InstantString
    sha256: str | None
    changes: Array[ChangeOut]
    effect_en: str
    effect_zh: str
    approve: Annotated[str, Field(examples=["/v1/orders/01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a/approve"])]
    approve_body: Annotated[
        dict[str, str] | None,
        Field(
            description="What to send to approve; null where it is decided on its own page.",
            examples=[{"sha256": "0f"}],
        ),
    ]
    asks_reason: Annotated[bool, Field(description="Whether approve_body still needs a reason.")]
    reject: str | None
    reject_body: Annotated[
        dict[str, str], Field(description="What to send to reject, with a reason.", examples=[{"sha256": "0f"}])
    ]
    withdraw: Annotated[
        str | None, Field(description="Where who asked takes it back, with a reason; null where that is no such route.")
    ]
    page: Annotated[
        str | None,
        Field(
            description="The page of the web application that shows it whole; null where there is none.",
            examples=["/orders/01939c3e-7b3a-7cc1-9a53-0f9d6c2b1e4a"],
        ),
    ]


class InboxOut(Schema):
    """Everything that waits, the oldest first."""

    waiting: Array[WaitingOut]


def changes_between(before: str | None, after: str | None) -> tuple[ChangeOut, ...]:
    """Return each leaf that differs between two JSON documents, by its dotted place; a missing one is null."""
    old = _leaves("", None if before is None else json.loads(before))
    new = _leaves("", None if after is None else json.loads(after))
    places = [*new, *(place for place in old if place not in new)]
    changed = (place for place in places if place not in old or place not in new or old[place] != new[place])
    found = [ChangeOut(place=place, old=old.get(place), new=new.get(place)) for place in changed]
    return tuple(found[:_MOST_DIFFERENCES])


def _leaves(place: str, value: JsonValue) -> dict[str, JsonValue]:
    if isinstance(value, Mapping):
        parts = [(f"{place}.{name}" if place else name, each) for name, each in value.items()]
    elif isinstance(value, list):
        parts = [(f"{place}[{number}]", each) for number, each in enumerate(value)]
    else:
        return {place: value} if place else {}
    found: dict[str, JsonValue] = {}
    for name, each in parts:
        found.update(_leaves(name, each))
    return found
