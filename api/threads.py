"""The threads in which requests are worked: each request goes to one of a bounded number, and a thread that is done takes what waits.

Owns the handing over between event loop and threads. Knows no request.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import anyio

Result = TypeVar("Result")

_SECONDS_TO_GET_ON = 1 / 50
"""How long a report, a hash or a file may keep short work waiting before a further thread comes to it."""

_SECONDS_ASIDE = 1 / 50
"""How long an event loop sleeps at most while threads do what it has just handed over."""


class Threads:
    """At most ``most`` threads, started when work waits and nobody is idle; the work that waits is taken in its order.

    With ``at_once`` there are no more than so many while they get on: for work that computes, in which further threads would only take
    the interpreter's lock from each other. When all of them stay with what they have, others do what waits.

    With ``is_brief`` the event loop takes that lock from them neither: it hands over all that came together and sleeps until it is
    done, 20 ms at most, and not while all of them stay with what they have.
    """

    def __init__(self, most: int, *, at_once: int | None = None, is_brief: bool = False) -> None:
        """Begin without a thread."""
        self._at_once = at_once or most
        self._is_brief = is_brief
        self._pool = ThreadPoolExecutor(self._at_once, thread_name_prefix="Tonne request")
        self._others = (
            None if at_once is None else ThreadPoolExecutor(most - at_once, thread_name_prefix="Tonne long request")
        )
        self._coming: dict[asyncio.AbstractEventLoop, list[_Task]] = {}
        self._waiting: SimpleQueue[tuple[_Batch, _Task]] = SimpleQueue()
        self._begun = 0
        self._stuck_at = -1
        """How much was begun when the loop slept and no more was begun meanwhile."""
        self._watching: asyncio.AbstractEventLoop | None = None

    async def run(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Return what ``work`` returns in a thread, or raise what it raises; work that has begun is waited for even when cancelled."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Result] = loop.create_future()
        task = _Task(answered, work, arguments)
        if loop in self._coming:
            self._coming[loop].append(task)
        else:
            self._coming[loop] = [task]
            loop.call_soon(self._hand_over, loop)
        with anyio.CancelScope(shield=True):
            result = await answered
        return result  # noqa: RET504 - inside the block a type checker takes it for one that may not come

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the threads do what came while the loop went round once."""
        tasks = self._coming.pop(loop)
        sleeps = self._is_brief and self._begun != self._stuck_at
        batch = _Batch(loop, tasks, is_awaited=sleeps)
        for each in tasks:
            self._waiting.put((batch, each))
        for _ in range(min(len(tasks), self._at_once)):
            self._pool.submit(self._do_all)
        if self._others is not None and self._watching is not loop:
            self._watching = loop
            loop.call_later(_SECONDS_TO_GET_ON, self._watch, loop, self._others, self._begun)
        if sleeps:
            begun = self._begun
            batch.await_done(_SECONDS_ASIDE)
            self._stuck_at = begun if begun == self._begun else -1

    def _do_all(self) -> None:
        """Do what waits until nothing does."""
        while True:
            try:
                batch, task = self._waiting.get_nowait()
            except Empty:
                return
            self._begun += 1
            _here.batch = batch
            task.do()
            _here.batch = None
            batch.note_done(task)

    def _watch(self, loop: asyncio.AbstractEventLoop, others: ThreadPoolExecutor, begun: int) -> None:
        """Let one more thread do what waits if none of it was begun since; look again while something waits."""
        if self._waiting.empty():
            self._watching = None
            return
        if self._begun == begun:
            others.submit(self._do_all)
        loop.call_later(_SECONDS_TO_GET_ON, self._watch, loop, others, self._begun)


@dataclass(slots=True)
class _Task:
    """Work that waits, who waits for it, and what came of it."""

    answered: asyncio.Future[Any]
    work: Callable[..., Any]
    arguments: tuple[object, ...]
    result: Any = None
    raised: BaseException | None = None

    def do(self) -> None:
        """Do the work, in a thread."""
        try:
            self.result = self.work(*self.arguments)
        except StopIteration as over:  # no waiting coroutine takes it, and would wait for ever
            self.raised = RuntimeError("the work raised StopIteration")
            self.raised.__cause__ = over
        except BaseException as raised:  # noqa: BLE001 - whatever it is, it is raised to who waits
            self.raised = raised

    def tell(self) -> None:
        """Tell who waits, in its event loop."""
        if self.answered.done():
            return
        if self.raised is None:
            self.answered.set_result(self.result)
        else:
            self.answered.set_exception(self.raised)


class _Batch:
    """What an event loop handed over together, and which of it is done without its knowing."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        tasks: Sequence[_Task],
        *,
        is_awaited: bool,
    ) -> None:
        self.loop = loop
        self._left = len(tasks)
        self._guard = threading.Lock()
        self._untold: list[_Task] = []
        self._is_awaited = is_awaited
        self._sleep = threading.Lock()  # a bare lock, taken until the loop is woken: far cheaper than an Event
        self._sleep.acquire()

    def note_done(self, task: _Task) -> None:
        """Let the loop know in time, from a thread: once for all that is done until it comes to it."""
        with self._guard:
            self._left -= 1
            self._untold.append(task)
            knows = self._is_awaited or len(self._untold) > 1
            if self._left == 0:
                self._wake()
        if not knows and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._tell)

    def wake(self) -> None:
        """End the loop's sleep, from a thread whose work needs it."""
        with self._guard:
            self._wake()

    def await_done(self, seconds: float) -> None:
        """Sleep until all is done or the loop is needed, ``seconds`` at most, and tell who waits for what is; in the event loop."""
        self._sleep.acquire(timeout=seconds)
        with self._guard:
            self._is_awaited = False
        self._tell()

    def _wake(self) -> None:
        if self._is_awaited and self._sleep.locked():
            self._sleep.release()

    def _tell(self) -> None:
        with self._guard:
            told, self._untold = self._untold, []
        for each in told:
            each.tell()


class _Here(threading.local):
    """What a thread knows of its own work."""

    batch: _Batch | None = None


_here = _Here()


def loop_here() -> asyncio.AbstractEventLoop:
    """Return the event loop that waits for what this thread is doing, awake."""
    batch = _here.batch
    assert batch is not None, "asked in a thread that works for a request"
    batch.wake()
    return batch.loop
