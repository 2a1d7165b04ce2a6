"""The example's loading beside the request: looks whether somebody asked for it and does it.

How far it is stands in the database: a process that ends leaves the rest to the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from api.deps import unit_of_work
from api.example.loading import Edge, load_example
from api.example.scenario import load_scenario
from api.store import example
from api.store.example import Happening
from api.store.example_life import ExampleState, life_of
from api.store.faults import DATABASE_ERRORS
from ledger.core.errors import DomainError
from ledger.store.database import Database

_WAITING = frozenset({Happening.ASKED, Happening.STEP})
_log = logging.getLogger("tonne.example")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleWork:
    """Loads the example when somebody asked for it."""

    database: Database
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    random_bytes: Callable[[int], bytes]

    def run_once(self) -> bool:
        """Load what was asked for and is not there; return whether there was anything. A refusal is noted and ends the loading."""
        with self.database.reader() as session:
            last = example.last_event(session)
            if last is None or last.what not in _WAITING:
                return False
            life = life_of(example.list_events(session))
        try:
            edge = Edge(database=self.database, new_id=self.new_id, random_bytes=self.random_bytes, clock=self.clock)
            load_example(edge, load_scenario(number=life.number))
        except DomainError as refused:
            self._note_failure(f"{refused.code}: {refused.message}")
        return True

    def _note_failure(self, why: str) -> None:
        with unit_of_work(self.database) as session:
            if life_of(example.list_events(session)).state is ExampleState.LOADING:
                example.add_event(session, Happening.FAILED, detail=why, now=self.clock())

    def note_bug(self) -> None:
        """Note that the loading failed on our side, so that who asked for it is not kept waiting."""
        try:
            self._note_failure("server.error: something failed on our side; the server's log says what")
        except DATABASE_ERRORS as error:
            _log.warning("a failure of the example's loading was not noted: %s", type(error).__name__)
