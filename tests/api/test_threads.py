"""The threads in which requests are worked."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

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


def test_short_work_is_not_kept_waiting_by_long_work_that_has_all_threads_of_those_that_get_on() -> None:
    over = threading.Event()

    async def main() -> tuple[list[int], bool]:
        threads = Threads(4, at_once=2)
        long = [asyncio.create_task(threads.run(over.wait)) for _ in range(2)]
        short = await asyncio.gather(*(threads.run(lambda number=number: number) for number in range(20)))
        were_long = not any(each.done() for each in long)
        over.set()
        await asyncio.gather(*long)
        return list(short), were_long

    assert asyncio.run(asyncio.wait_for(main(), 5)) == (list(range(20)), True)


def test_no_more_threads_than_those_that_get_on_do_short_work() -> None:
    async def main() -> set[int]:
        threads = Threads(30, at_once=2)
        return set(await asyncio.gather(*(threads.run(threading.get_ident) for _ in range(200))))

    assert len(asyncio.run(main())) <= 2


def test_more_long_work_than_all_threads_take_is_done_in_the_end() -> None:
    async def main() -> list[int]:
        threads = Threads(3, at_once=1)

        def work(number: int) -> int:
            threading.Event().wait(0.05)
            return number

        return list(await asyncio.gather(*(threads.run(work, number) for number in range(12))))

    assert asyncio.run(asyncio.wait_for(main(), 10)) == list(range(12))


def test_an_event_loop_sleeps_while_its_brief_work_is_done_and_no_longer() -> None:
    async def main() -> list[str]:
        threads, seen = Threads(4, at_once=1, is_brief=True), list[str]()
        asyncio.get_running_loop().call_later(0.002, seen.append, "loop")

        def work(name: str) -> None:
            threading.Event().wait(0.003)
            seen.append(name)

        await asyncio.gather(threads.run(work, "first"), threads.run(work, "second"))
        return seen

    assert asyncio.run(main()) == ["first", "second", "loop"]


def test_an_event_loop_goes_on_beside_brief_work_that_turns_out_long() -> None:
    over = threading.Event()

    async def main() -> tuple[int, list[int]]:
        threads, beats = Threads(4, at_once=1, is_brief=True), 0
        long = asyncio.create_task(threads.run(over.wait, 10))
        short: list[int] = []
        for number in range(60):
            await asyncio.sleep(0.001)
            beats += 1
            if number % 20 == 10:
                short.append(await threads.run(lambda number=number: number))
        were_beats = 0 if long.done() else beats
        over.set()
        await long
        return were_beats, short

    assert asyncio.run(asyncio.wait_for(main(), 5)) == (60, [10, 30, 50])


def test_work_that_needs_its_event_loop_finds_it_awake() -> None:
    async def main() -> list[str]:
        threads, seen = Threads(4, at_once=1, is_brief=True), list[str]()

        def work() -> None:
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop_here()).result(10)
            seen.append("work")

        asyncio.get_running_loop().call_later(10, seen.append, "never")
        await threads.run(work)
        return seen

    assert asyncio.run(asyncio.wait_for(main(), 5)) == ["work"]


def test_each_loop_hears_of_its_own_work() -> None:
    threads = Threads(4, at_once=2, is_brief=True)

    async def main(first: int) -> list[int]:
        return list(await asyncio.gather(*(threads.run(lambda n=n: n) for n in range(first, first + 200))))

    with ThreadPoolExecutor(4) as loops:
        told = list(loops.map(lambda first: asyncio.run(main(first)), range(0, 800, 200)))

    assert told == [list(range(first, first + 200)) for first in range(0, 800, 200)]
