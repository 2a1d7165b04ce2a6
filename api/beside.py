"""A thread of this process that does what waits, beside the requests: it looks, works, and waits a little when there was nothing.

Owns the thread. What waits, and how far it is, stands in the database, so that a process that ends leaves the rest to the next.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from api.store.faults import DATABASE_ERRORS

_log = logging.getLogger("tonne.beside")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Calls ``work`` until ``stop``, every ``seconds`` when it returns that there was nothing; ``name`` stands in the server's log.

    A bug in ``work`` is logged and told to ``after_bug``, which may note it; the thread goes on.
    """

    name: str
    seconds: int
    work: Callable[[], bool]
    after_bug: Callable[[], None] = lambda: None
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> threading.Thread:
        """Begin to look for work, until ``stop``."""
        thread = threading.Thread(target=self._run, name=f"tonne-{self.name}", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Begin nothing further; what is in hand is finished, or undone by the database."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            if not self._worked():
                self._ended.wait(self.seconds)

    def _worked(self) -> bool:
        try:
            return self.work()
        except DATABASE_ERRORS as error:
            _log.warning("%s: work waits: %s", self.name, type(error).__name__)
        except Exception:  # noqa: BLE001 - the thread outlives a bug in one piece of work, which is logged
            _log.exception("%s: work failed", self.name)
            self.after_bug()
        return False
