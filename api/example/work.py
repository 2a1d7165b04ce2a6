"""The example's loading beside the request: a thread of the process that looks whether somebody asked for it and does it.

Owns the thread. How far it is stands in the database: a process that ends leaves the rest to the next one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
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

_SECONDS_BETWEEN_LOOKS = 2
_WAITING = frozenset({Happening.ASKED, Happening.STEP})
_log = logging.getLogger("tonne.example")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleWork:
    """Loads the example when somebody asked for it; ``start`` in a thread, or ``run_once`` by whoever has a thread already."""

    database: Database
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    random_bytes: Callable[[int], bytes]
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> threading.Thread:
        """Begin to look, until ``stop``."""
        thread = threading.Thread(target=self._run, name="tonne-example", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Begin no further loading; the step in hand is finished or undone by the database."""
        self._ended.set()

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

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self.run_once()
            except DATABASE_ERRORS as error:
                _log.warning("the example's loading waits: %s", type(error).__name__)
            except Exception:  # noqa: BLE001 - the thread outlives a bug, which is logged and noted
                _log.exception("the example's loading failed")
                self._note_bug()
            self._ended.wait(_SECONDS_BETWEEN_LOOKS)

    def _note_bug(self) -> None:
        try:
            self._note_failure("server.error: something failed on our side; the server's log says what")
        except DATABASE_ERRORS as error:
            _log.warning("a failure of the example's loading was not noted: %s", type(error).__name__)
