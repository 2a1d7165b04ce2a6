"""The threads in which requests are worked: each request goes to one of a bounded number, and a thread that is done takes what waits.

Owns the handing over between event loop and threads. Knows no request.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import anyio

Result = TypeVar("Result")


class Threads:
    """At most ``most`` threads, started when work waits and nobody is idle."""

    def __init__(self, most: int) -> None:
        """Begin without a thread."""
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="Tonne request")

    async def run(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Return what ``work`` returns in a thread, or raise what it raises; work that has begun is waited for even when cancelled."""
        loop = asyncio.get_running_loop()
        with anyio.CancelScope(shield=True):
            result = await loop.run_in_executor(self._pool, _worked, loop, work, arguments)
        return result  # noqa: RET504 - inside the block a type checker takes it for one that may not come


class _Here(threading.local):
    """What a thread knows of its own work."""

    loop: asyncio.AbstractEventLoop | None = None


_here = _Here()


def loop_here() -> asyncio.AbstractEventLoop:
    """Return the event loop that waits for what this thread is doing."""
    loop = _here.loop
    assert loop is not None, "asked in a thread that works for a request"
    return loop


def _worked(loop: asyncio.AbstractEventLoop, work: Callable[..., Result], arguments: tuple[object, ...]) -> Result:
    _here.loop = loop
    try:
        return work(*arguments)
    except StopIteration as over:  # no future takes it, and who waits would wait for ever
        raise RuntimeError("the work raised StopIteration") from over
    finally:
        _here.loop = None
