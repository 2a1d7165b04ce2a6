"""How the example stands, derived from what happened to it: absent, being loaded, failed, or loaded; and which of its lives it is.

Pure. Knows no table and no scenario.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.store.example import ExampleEvent, Happening


class ExampleState(StrEnum):
    """How the example stands."""

    ABSENT = "absent"
    LOADING = "loading"
    FAILED = "failed"
    LOADED = "loaded"


_STATE = {
    Happening.ASKED: ExampleState.LOADING,
    Happening.STEP: ExampleState.LOADING,
    Happening.LOADED: ExampleState.LOADED,
    Happening.FAILED: ExampleState.FAILED,
    Happening.REMOVED: ExampleState.ABSENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleLife:
    """The example's present life; ``number`` counts from 1 and the removal ends one."""

    number: int
    state: ExampleState
    steps: tuple[str, ...]
    failure: str

    @property
    def is_loaded(self) -> bool:
        """Whether everything of it is there."""
        return self.state is ExampleState.LOADED


def life_of(events: Sequence[ExampleEvent]) -> ExampleLife:
    """Return how the example stands after ``events``, oldest first.

    After ``asked, step organisations, removed, asked`` it is the second life, loading, with no step done.
    """
    removals = [place for place, event in enumerate(events) if event.what is Happening.REMOVED]
    present = events[removals[-1] + 1 :] if removals else events
    last = present[-1] if present else None
    state = ExampleState.ABSENT if last is None else _STATE[last.what]
    return ExampleLife(
        number=len(removals) + 1,
        state=state,
        steps=tuple(event.step for event in present if event.what is Happening.STEP),
        failure=last.detail if last is not None and state is ExampleState.FAILED else "",
    )
