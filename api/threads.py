"""The threads in which requests are worked: each request goes to one of a bounded number, and a thread that is done takes what waits.

Owns the handing over between event loop and threads. Knows no request.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

import anyio

Result = TypeVar("Result")

_SECONDS_TO_GET_ON = 1 / 50
"""How long a report, a hash or a file may keep short work waiting before a further thread comes to it."""


class Threads:
    """At most ``most`` threads, started when work waits and nobody is idle; the work that waits is taken in its order.

    With ``at_once`` there are no more than so many while they get on: for work that computes, in which further threads would only take
    the interpreter's lock from each other. When all of them stay with what they have, others do what waits.
    """

    def __init__(self, most: int, *, at_once: int | None = None) -> None:
        """Begin without a thread."""
        self._pool = ThreadPoolExecutor(at_once or most, thread_name_prefix="Tonne request")
        self._others = (
            None if at_once is None else ThreadPoolExecutor(most - at_once, thread_name_prefix="Tonne long request")
        )
        self._waiting: SimpleQueue[_Task] = SimpleQueue()
        self._begun = 0
        self._is_watched = False

    async def run(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Return what ``work`` returns in a thread, or raise what it raises; work that has begun is waited for even when cancelled."""
        loop = asyncio.get_running_loop()
        done: Future[Result] = Future()
        self._waiting.put(_Task(done, loop, work, arguments))
        self._pool.submit(self._do_next)
        if self._others is not None and not self._is_watched:
            self._is_watched = True
            loop.call_later(_SECONDS_TO_GET_ON, self._watch, loop, self._others, self._begun)
        with anyio.CancelScope(shield=True):
            result = await asyncio.wrap_future(done)
        return result  # noqa: RET504 - inside the block a type checker takes it for one that may not come

    def _do_next(self) -> bool:
        """Do what waits first and return true; false when another thread has done it."""
        try:
            task = self._waiting.get_nowait()
        except Empty:
            return False
        self._begun += 1
        task.do()
        return True

    def _do_all(self) -> None:
        while self._do_next():
            pass

    def _watch(self, loop: asyncio.AbstractEventLoop, others: ThreadPoolExecutor, begun: int) -> None:
        """Let one more thread do what waits if none of it was begun since; look again while something waits."""
        if self._waiting.empty():
            self._is_watched = False
            return
        if self._begun == begun:
            others.submit(self._do_all)
        loop.call_later(_SECONDS_TO_GET_ON, self._watch, loop, others, self._begun)


class _Task(NamedTuple):
    """Work that waits, and who waits for it."""

    done: Future[Any]
    loop: asyncio.AbstractEventLoop
    work: Callable[..., Any]
    arguments: tuple[object, ...]

    def do(self) -> None:
        _here.loop = self.loop
        try:
            self.done.set_result(self.work(*self.arguments))
        except StopIteration as over:  # no waiting coroutine takes it, and would wait for ever
            told = RuntimeError("the work raised StopIteration")
            told.__cause__ = over
            self.done.set_exception(told)
        except BaseException as raised:  # noqa: BLE001 - whatever it is, it is raised to who waits
            self.done.set_exception(raised)
        finally:
            _here.loop = None


class _Here(threading.local):
    """What a thread knows of its own work."""

    loop: asyncio.AbstractEventLoop | None = None


_here = _Here()


def loop_here() -> asyncio.AbstractEventLoop:
    """Return the event loop that waits for what this thread is doing."""
    loop = _here.loop
    assert loop is not None, "asked in a thread that works for a request"
    return loop
