"""The threads in which requests are worked."""

from __future__ import annotations

import asyncio
import threading

import anyio
import pytest

from api.threads import Threads, loop_here


def test_work_is_done_in_another_thread_and_its_result_comes_back() -> None:
    async def main() -> tuple[int, bool]:
        here, threads = asyncio.get_running_loop(), Threads(2)
        thread, loop = await threads.run(lambda: (threading.get_ident(), loop_here()))
        return thread, loop is here

    thread, is_same_loop = asyncio.run(main())

    assert thread != threading.get_ident()
    assert is_same_loop


@pytest.mark.parametrize("raised", [ValueError("no"), StopIteration("over")])
def test_what_the_work_raises_is_raised_to_who_waits(raised: Exception) -> None:
    def work() -> None:
        raise raised

    async def main() -> Exception:
        threads = Threads(1)
        with pytest.raises((ValueError, RuntimeError)) as told:
            await threads.run(work)
        assert await threads.run(lambda: "still there") == "still there"
        return told.value

    told = asyncio.run(main())

    assert told is raised or told.__cause__ is raised


def test_no_more_threads_work_at_once_than_the_bound_and_all_work_is_done() -> None:
    guard, now, most = threading.Lock(), 0, 0

    def work(number: int) -> int:
        nonlocal now, most
        with guard:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.001)
        with guard:
            now -= 1
        return number

    async def main() -> list[int]:
        threads = Threads(3)
        return list(await asyncio.gather(*(threads.run(work, number) for number in range(60))))

    assert asyncio.run(main()) == list(range(60))
    assert 1 < most <= 3


def test_work_that_has_begun_is_waited_for_when_its_request_is_cancelled() -> None:
    done: list[bool] = []
    begun, may_end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait(10)
        done.append(True)

    async def main() -> None:
        threads = Threads(2)
        async with anyio.create_task_group() as group:
            group.start_soon(threads.run, work)
            await asyncio.to_thread(begun.wait, 10)
            group.cancel_scope.cancel()
            may_end.set()

    asyncio.run(main())

    assert done == [True]
