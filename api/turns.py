"""The turn to write: on SQLite one request after another in the order they came, on PostgreSQL at once.

Owns how long one waits for it, from the event loop and from a worker thread. Knows no request and no table.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import anyio

from api import errors
from api.threads import loop_here

BUSY = (
    "the database is busy or does not answer; send the same request again, with the same Idempotency-Key if it had one"
)
_SECONDS_FOR_A_TURN = 20


class Turn:
    """``async with Turn(lock)``: hold the turn; ``None`` needs none."""

    def __init__(self, lock: anyio.Lock | None) -> None:
        """Take the turn of ``lock`` when entered."""
        self._lock = lock

    async def __aenter__(self) -> None:
        """Wait for the turn, or raise ``server.busy`` after 20 seconds."""
        if self._lock is None:
            return
        try:
            with anyio.fail_after(_SECONDS_FOR_A_TURN):
                await self._lock.acquire()
        except TimeoutError:
            raise errors.Unavailable("server.busy", BUSY) from None

    async def __aexit__(self, *_: object) -> None:
        """Give the turn back."""
        if self._lock is not None:
            self._lock.release()


@contextmanager
def borrowed_turn(lock: anyio.Lock | None) -> Iterator[None]:
    """Hold the turn to write from a worker thread: a task of the event loop takes it, waits, and gives it back.

    The lock belongs to the task that took it; this thread only says when. No second thread is needed, so that forty at once never
    wait for each other.
    """
    if lock is None:
        yield
        return
    loop, done, has_turn = loop_here(), asyncio.Event(), threading.Event()

    async def hold() -> None:
        async with lock:
            has_turn.set()
            await done.wait()

    holding = asyncio.run_coroutine_threadsafe(hold(), loop)
    try:
        if not has_turn.wait(_SECONDS_FOR_A_TURN):
            raise errors.Unavailable("server.busy", BUSY)
        yield
    finally:
        loop.call_soon_threadsafe(done.set)
        del holding  # the loop keeps tasks by weak references only
