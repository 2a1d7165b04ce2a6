"""A thread beside the requests works while there is something, outlives a bug and an absent database, and ends when told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest
from sqlalchemy.exc import OperationalError

from api.beside import Beside

_ENOUGH_S = 20


def test_it_works_without_a_pause_while_there_is_something(caplog: pytest.LogCaptureFixture) -> None:
    waiting = [True] * 50
    idle = threading.Event()

    def work() -> bool:
        if waiting:
            return waiting.pop()
        idle.set()
        return False

    assert _until(idle, work=work)
    assert not waiting
    assert not caplog.records


def test_a_bug_is_logged_and_told_and_the_thread_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    later = threading.Event()
    calls: list[int] = []

    def work() -> bool:
        calls.append(1)
        if len(calls) == 1:
            message = "a bug"
            raise ValueError(message)
        later.set()
        return False

    assert _until(later, work=work, after_bug=lambda: told.append("bug"), seconds=0)
    assert told == ["bug"]
    assert [(each.levelno, each.getMessage()) for each in caplog.records] == [(logging.ERROR, "trial: work failed")]


def test_an_absent_database_is_waited_for_and_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    later = threading.Event()
    calls: list[int] = []

    def work() -> bool:
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("SELECT 1", {}, ConnectionError("gone"))
        later.set()
        return False

    assert _until(later, work=work, after_bug=lambda: told.append("bug"), seconds=0)
    assert not told
    assert [each.levelno for each in caplog.records] == [logging.WARNING]


def _until(
    happened: threading.Event,
    *,
    work: Callable[[], bool],
    after_bug: Callable[[], None] = lambda: None,
    seconds: int = 60,
) -> bool:
    """Return whether it happened, and the thread ended when it was told to, even within its pause."""
    beside = Beside(name="trial", seconds=seconds, work=work, after_bug=after_bug)
    thread = beside.start()
    seen = happened.wait(_ENOUGH_S)
    beside.stop()
    thread.join(_ENOUGH_S)
    return seen and not thread.is_alive()
